//! A whole TCP over IPv4 or IPv6 over Ethernet frame.

use super::ethernet::{EthernetRepr, Mac, Vlan, ETHERTYPE_IPV4, ETHERTYPE_IPV6};
use super::ip::IpRepr;
use super::ipv4::{Ipv4Repr, PROTO_TCP};
use super::ipv6::{Ipv6Repr, EXTENSION_HEADERS};
use super::tcp::{Flags, TcpOption, TcpRepr};
use super::{checksum, WireError};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub mac: Mac,
    pub ip: IpAddr,
    pub port: u16,
}

impl Endpoint {
    /// Address and port; for people, an IPv6 address has brackets there.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }
}

/// All headers of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRepr {
    pub eth: EthernetRepr,
    pub ip: IpRepr,
    pub tcp: TcpRepr,
}

/// Where the parts of a parsed frame stand, and the state of its checksums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub ip: usize,
    pub tcp: usize,
    /// TCP payload; Ethernet padding is left out.
    pub payload: Range<usize>,
    /// Of IPv6, which has none, always good.
    pub ip_checksum: SumState,
    pub tcp_checksum: SumState,
}

/// What a checksum field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumState {
    Good,
    /// Zero, or the pseudo header's sum only: the sender left it to hardware.
    NotFilled,
    Bad,
}

/// A frame that is no TCP over IPv4 or IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTcp {
    /// EtherType is neither IPv4 nor IPv6.
    EtherType(u16),
    Protocol(u8),
    /// IPv6 with an extension header.
    Extension(u8),
    Fragment,
    Wire(WireError),
}

impl From<WireError> for NotTcp {
    fn from(e: WireError) -> Self {
        NotTcp::Wire(e)
    }
}

impl FrameRepr {
    /// A frame from `src` to `dst`; the IP length is filled in by [`FrameRepr::emit`].
    pub fn new(
        src: Endpoint,
        dst: Endpoint,
        vlan: Option<Vlan>,
        seq: u32,
        ack: u32,
        flags: Flags,
        options: Vec<TcpOption>,
    ) -> Self {
        let ip = IpRepr::new(src.ip, dst.ip, PROTO_TCP);
        FrameRepr {
            eth: EthernetRepr {
                dst: dst.mac,
                src: src.mac,
                vlan,
                ethertype: ip.ethertype(),
            },
            ip,
            tcp: TcpRepr {
                src_port: src.port,
                dst_port: dst.port,
                seq,
                ack,
                flags,
                window: 0xffff,
                urgent: 0,
                options,
            },
        }
    }

    pub fn source(&self) -> Endpoint {
        Endpoint {
            mac: self.eth.src,
            ip: self.ip.src(),
            port: self.tcp.src_port,
        }
    }

    pub fn destination(&self) -> Endpoint {
        Endpoint {
            mac: self.eth.dst,
            ip: self.ip.dst(),
            port: self.tcp.dst_port,
        }
    }

    /// Parses a frame without FCS. An IPv4 total length of zero means "to the end of the frame" (super-frames over 64 KiB);
    /// an IPv6 payload length of zero means what it says (a jumbogram has an extension header).
    pub fn parse(data: &[u8]) -> Result<(Self, Layout), NotTcp> {
        let eth = EthernetRepr::parse(data)?;
        let l3 = eth.header_len();
        let (ip, end) = match eth.ethertype {
            ETHERTYPE_IPV4 => {
                let ip = Ipv4Repr::parse(&data[l3..])?;
                if ip.protocol != PROTO_TCP {
                    return Err(NotTcp::Protocol(ip.protocol));
                }
                if ip.is_fragment() {
                    return Err(NotTcp::Fragment);
                }
                let end = match usize::from(ip.total_len) {
                    0 => data.len(),
                    n => l3 + n,
                };
                (IpRepr::V4(ip), end)
            }
            ETHERTYPE_IPV6 => {
                let ip = Ipv6Repr::parse(&data[l3..])?;
                if ip.next_header != PROTO_TCP {
                    return Err(match ip.next_header {
                        n if EXTENSION_HEADERS.contains(&n) => NotTcp::Extension(n),
                        n => NotTcp::Protocol(n),
                    });
                }
                let end = l3 + super::ipv6::HEADER_LEN + usize::from(ip.payload_len);
                (IpRepr::V6(ip), end)
            }
            other => return Err(NotTcp::EtherType(other)),
        };
        let l4 = l3 + ip.header_len();
        if end > data.len() || end < l4 {
            return Err(WireError::Truncated {
                what: "IP length",
                need: end,
                have: data.len(),
            }
            .into());
        }
        let tcp = TcpRepr::parse(&data[l4..end])?;
        let payload = l4 + usize::from(data[l4 + 12] >> 4) * 4..end;
        let ip_checksum = match &ip {
            IpRepr::V6(_) => SumState::Good,
            IpRepr::V4(_) if checksum::checksum(&data[l3..l4]) == 0 => SumState::Good,
            IpRepr::V4(_) if data[l3 + 10..l3 + 12] == [0, 0] => SumState::NotFilled,
            IpRepr::V4(_) => SumState::Bad,
        };
        let segment = &data[l4..end];
        let field = super::be16(segment, 16);
        let (src, dst) = (ip.src(), ip.dst());
        let pseudo = [segment.len(), 0].map(|n| checksum::fold(checksum::pseudo(src, dst, n)));
        let tcp_checksum = if checksum::tcp(src, dst, segment) == 0 {
            SumState::Good
        } else if field == 0 || pseudo.contains(&field) {
            SumState::NotFilled
        } else {
            SumState::Bad
        };
        Ok((
            FrameRepr { eth, ip, tcp },
            Layout {
                ip: l3,
                tcp: l4,
                payload,
                ip_checksum,
                tcp_checksum,
            },
        ))
    }

    /// The frame without FCS, lengths and checksums filled in. Not padded to 60 octets.
    pub fn emit(&self, payload: &[u8]) -> Vec<u8> {
        let mut ip = self.ip.clone();
        let behind = self.tcp.header_len() + payload.len();
        ip.set_payload_len(behind);
        let mut out = Vec::with_capacity(18 + ip.header_len() + behind);
        self.eth.emit(&mut out);
        ip.emit(&mut out);
        let l4 = out.len();
        self.tcp.emit(&mut out);
        out.extend_from_slice(payload);
        let sum = checksum::tcp(ip.src(), ip.dst(), &out[l4..]);
        out[l4 + 16..l4 + 18].copy_from_slice(&sum.to_be_bytes());
        out
    }
}

/// Writes correct IPv4 (if it is) and TCP checksums into a frame, as it stands. Lengths are not touched.
pub fn fix_checksums(frame: &mut [u8]) -> Result<(), NotTcp> {
    let (repr, at) = FrameRepr::parse(frame)?;
    if let IpRepr::V4(_) = repr.ip {
        frame[at.ip + 10..at.ip + 12].fill(0);
        let sum = checksum::checksum(&frame[at.ip..at.tcp]);
        frame[at.ip + 10..at.ip + 12].copy_from_slice(&sum.to_be_bytes());
    }
    frame[at.tcp + 16..at.tcp + 18].fill(0);
    let sum = checksum::tcp(repr.ip.src(), repr.ip.dst(), &frame[at.tcp..at.payload.end]);
    frame[at.tcp + 16..at.tcp + 18].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// The same ends with IPv6 addresses.
    fn ends_v6() -> (Endpoint, Endpoint) {
        let (mut a, mut b) = ends();
        a.ip = "2001:db8:1:2:3:4:5:6".parse().expect("an address");
        b.ip = "fe80::ffff:a00:1".parse().expect("an address");
        (a, b)
    }

    fn ends() -> (Endpoint, Endpoint) {
        (
            Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 1]),
                ip: Ipv4Addr::new(10, 0, 0, 1).into(),
                port: 40001,
            },
            Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 2]),
                ip: Ipv4Addr::new(10, 0, 0, 2).into(),
                port: 18515,
            },
        )
    }

    #[test]
    fn round_trip_and_second_opinion() {
        let (a, b) = ends();
        for vlan in [
            None,
            Some(Vlan {
                pcp: 0,
                dei: false,
                vid: 42,
            }),
        ] {
            for n in [0usize, 1, 2, 999] {
                let opts = vec![
                    TcpOption::Nop,
                    TcpOption::Nop,
                    TcpOption::Timestamps { val: 3, ecr: 4 },
                ];
                let r = FrameRepr::new(a, b, vlan, 1, 2, Flags::ACK, opts);
                let payload: Vec<u8> = (0..n).map(|i| i as u8).collect();
                let f = r.emit(&payload);
                let (p, at) = FrameRepr::parse(&f).expect("own frame");
                assert_eq!((p.tcp, p.eth), (r.tcp.clone(), r.eth));
                assert_eq!(&f[at.payload.clone()], &payload[..]);
                assert_eq!(
                    (at.ip_checksum, at.tcp_checksum),
                    (SumState::Good, SumState::Good)
                );
                // etherparse computes the checksum in its own way
                let e = etherparse::SlicedPacket::from_ethernet(&f).expect("etherparse");
                let (
                    Some(etherparse::NetSlice::Ipv4(ip)),
                    Some(etherparse::TransportSlice::Tcp(t)),
                ) = (e.net, e.transport)
                else {
                    panic!("not TCP for etherparse");
                };
                assert_eq!(
                    t.to_header().calc_checksum_ipv4_raw(
                        ip.header().source(),
                        ip.header().destination(),
                        t.payload()
                    ),
                    Ok(t.checksum())
                );
                assert_eq!(
                    ip.header().to_header().calc_header_checksum(),
                    ip.header().header_checksum()
                );
            }
        }
    }

    #[test]
    fn tcp_20_checksum_states() {
        let (a, b) = ends();
        let good = FrameRepr::new(a, b, None, 1, 2, Flags::ACK, vec![]).emit(b"abcdef");
        let mut f = good.clone();
        f[50] ^= 1;
        assert_eq!(
            FrameRepr::parse(&f).map(|(_, l)| l.tcp_checksum),
            Ok(SumState::Bad)
        );
        fix_checksums(&mut f).expect("fixable");
        assert_eq!(
            FrameRepr::parse(&f).map(|(_, l)| l.tcp_checksum),
            Ok(SumState::Good)
        );
        let partial = checksum::fold(checksum::pseudo(a.ip, b.ip, 26));
        let mut f = good.clone();
        f[50..52].copy_from_slice(&partial.to_be_bytes());
        assert_eq!(
            FrameRepr::parse(&f).map(|(_, l)| l.tcp_checksum),
            Ok(SumState::NotFilled)
        );
        fix_checksums(&mut f).expect("fixable");
        assert_eq!(f, good);
    }

    #[test]
    fn tcp_20_ipv6_round_trip_and_second_opinion() {
        let (a, b) = ends_v6();
        for n in [0usize, 1, 2, 999] {
            let payload: Vec<u8> = (0..n).map(|i| i as u8).collect();
            let mut r = FrameRepr::new(a, b, None, 1, 2, Flags::ACK, vec![]);
            r.ip.set_tos(0xa3);
            let mut f = r.emit(&payload);
            let (p, at) = FrameRepr::parse(&f).expect("own frame");
            assert_eq!((p.source(), p.destination()), (a, b));
            assert_eq!((at.tcp, at.payload.clone()), (54, 74..74 + n));
            assert_eq!(
                (at.ip_checksum, at.tcp_checksum),
                (SumState::Good, SumState::Good)
            );
            let e = etherparse::SlicedPacket::from_ethernet(&f).expect("etherparse");
            let (Some(etherparse::NetSlice::Ipv6(ip)), Some(etherparse::TransportSlice::Tcp(t))) =
                (e.net, e.transport)
            else {
                panic!("not TCP for etherparse");
            };
            assert_eq!(ip.header().traffic_class(), 0xa3);
            assert_eq!(
                t.to_header().calc_checksum_ipv6_raw(
                    ip.header().source(),
                    ip.header().destination(),
                    t.payload()
                ),
                Ok(t.checksum())
            );
            let good = f.clone();
            f[70] ^= 0x10;
            assert_eq!(
                FrameRepr::parse(&f).map(|(_, l)| l.tcp_checksum),
                Ok(SumState::Bad)
            );
            fix_checksums(&mut f).expect("fixable");
            assert_eq!(f, good);
        }
    }

    /// A payload length of zero, and one that says more than there is.
    #[test]
    fn tcp_7b_ipv6_payload_length_is_taken_at_its_word() {
        let (a, b) = ends_v6();
        let good = FrameRepr::new(a, b, None, 1, 2, Flags::ACK, vec![]).emit(b"abcdef");
        for bad in [0u16, 19, 27] {
            let mut f = good.clone();
            f[18..20].copy_from_slice(&bad.to_be_bytes());
            assert!(
                matches!(FrameRepr::parse(&f), Err(NotTcp::Wire(_))),
                "{bad}"
            );
        }
        let mut f = good.clone();
        f.extend([0xee; 9]);
        assert_eq!(FrameRepr::parse(&f).map(|(_, l)| l.payload), Ok(74..80));
        f[20] = 60;
        assert_eq!(FrameRepr::parse(&f), Err(NotTcp::Extension(60)));
    }

    #[test]
    fn tcp_7b_ethernet_padding_is_no_payload() {
        let (a, b) = ends();
        let mut f = FrameRepr::new(a, b, None, 1, 2, Flags::ACK, vec![]).emit(b"");
        f.resize(60, 0xee);
        assert_eq!(FrameRepr::parse(&f).map(|(_, l)| l.payload), Ok(54..54));
    }
}
