//! A whole TCP over IPv4 over Ethernet frame.

use super::ethernet::{EthernetRepr, Mac, Vlan, ETHERTYPE_IPV4};
use super::ipv4::{Ipv4Repr, PROTO_TCP};
use super::tcp::{Flags, TcpOption, TcpRepr};
use super::{checksum, WireError};
use std::net::Ipv4Addr;
use std::ops::Range;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub mac: Mac,
    pub ip: Ipv4Addr,
    pub port: u16,
}

/// All headers of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRepr {
    pub eth: EthernetRepr,
    pub ip: Ipv4Repr,
    pub tcp: TcpRepr,
}

/// Where the parts of a parsed frame stand, and the state of its checksums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub ip: usize,
    pub tcp: usize,
    /// TCP payload; Ethernet padding is left out.
    pub payload: Range<usize>,
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

/// A frame that is no TCP over IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTcp {
    /// EtherType is not IPv4.
    EtherType(u16),
    Protocol(u8),
    Fragment,
    Wire(WireError),
}

impl From<WireError> for NotTcp {
    fn from(e: WireError) -> Self {
        NotTcp::Wire(e)
    }
}

impl FrameRepr {
    /// A frame from `src` to `dst`; the IPv4 total length is filled in by [`FrameRepr::emit`].
    pub fn new(
        src: Endpoint,
        dst: Endpoint,
        vlan: Option<Vlan>,
        seq: u32,
        ack: u32,
        flags: Flags,
        options: Vec<TcpOption>,
    ) -> Self {
        FrameRepr {
            eth: EthernetRepr {
                dst: dst.mac,
                src: src.mac,
                vlan,
                ethertype: ETHERTYPE_IPV4,
            },
            ip: Ipv4Repr::new(src.ip, dst.ip, PROTO_TCP, 0),
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
            ip: self.ip.src,
            port: self.tcp.src_port,
        }
    }

    pub fn destination(&self) -> Endpoint {
        Endpoint {
            mac: self.eth.dst,
            ip: self.ip.dst,
            port: self.tcp.dst_port,
        }
    }

    /// Parses a frame without FCS. An IPv4 total length of zero means "to the end of the frame" (super-frames over 64 KiB).
    pub fn parse(data: &[u8]) -> Result<(Self, Layout), NotTcp> {
        let eth = EthernetRepr::parse(data)?;
        if eth.ethertype != ETHERTYPE_IPV4 {
            return Err(NotTcp::EtherType(eth.ethertype));
        }
        let l3 = eth.header_len();
        let ip = Ipv4Repr::parse(&data[l3..])?;
        if ip.protocol != PROTO_TCP {
            return Err(NotTcp::Protocol(ip.protocol));
        }
        if ip.is_fragment() {
            return Err(NotTcp::Fragment);
        }
        let l4 = l3 + ip.header_len();
        let end = match usize::from(ip.total_len) {
            0 => data.len(),
            n => l3 + n,
        };
        if end > data.len() || end < l4 {
            return Err(WireError::Truncated {
                what: "IPv4 total length",
                need: end,
                have: data.len(),
            }
            .into());
        }
        let tcp = TcpRepr::parse(&data[l4..end])?;
        let payload = l4 + usize::from(data[l4 + 12] >> 4) * 4..end;
        let ip_field = &data[l3 + 10..l3 + 12];
        let ip_checksum = match checksum::checksum(&data[l3..l4]) {
            0 => SumState::Good,
            _ if ip_field == [0, 0] => SumState::NotFilled,
            _ => SumState::Bad,
        };
        let segment = &data[l4..end];
        let field = super::be16(segment, 16);
        let pseudo =
            [segment.len(), 0].map(|n| checksum::fold(checksum::pseudo_ipv4(ip.src, ip.dst, n)));
        let tcp_checksum = if checksum::tcp_ipv4(ip.src, ip.dst, segment) == 0 {
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
        ip.total_len = (ip.header_len() + self.tcp.header_len() + payload.len()) as u16;
        let mut out = Vec::with_capacity(18 + usize::from(ip.total_len));
        self.eth.emit(&mut out);
        ip.emit(&mut out);
        let l4 = out.len();
        self.tcp.emit(&mut out);
        out.extend_from_slice(payload);
        let sum = checksum::tcp_ipv4(ip.src, ip.dst, &out[l4..]);
        out[l4 + 16..l4 + 18].copy_from_slice(&sum.to_be_bytes());
        out
    }
}

/// Writes correct IPv4 and TCP checksums into a frame, as it stands. Lengths are not touched.
pub fn fix_checksums(frame: &mut [u8]) -> Result<(), NotTcp> {
    let (repr, at) = FrameRepr::parse(frame)?;
    frame[at.ip + 10..at.ip + 12].fill(0);
    let sum = checksum::checksum(&frame[at.ip..at.tcp]);
    frame[at.ip + 10..at.ip + 12].copy_from_slice(&sum.to_be_bytes());
    frame[at.tcp + 16..at.tcp + 18].fill(0);
    let sum = checksum::tcp_ipv4(repr.ip.src, repr.ip.dst, &frame[at.tcp..at.payload.end]);
    frame[at.tcp + 16..at.tcp + 18].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends() -> (Endpoint, Endpoint) {
        (
            Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 1]),
                ip: Ipv4Addr::new(10, 0, 0, 1),
                port: 40001,
            },
            Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 2]),
                ip: Ipv4Addr::new(10, 0, 0, 2),
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
        let partial = checksum::fold(checksum::pseudo_ipv4(a.ip, b.ip, 26));
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
    fn tcp_7b_ethernet_padding_is_no_payload() {
        let (a, b) = ends();
        let mut f = FrameRepr::new(a, b, None, 1, 2, Flags::ACK, vec![]).emit(b"");
        f.resize(60, 0xee);
        assert_eq!(FrameRepr::parse(&f).map(|(_, l)| l.payload), Ok(54..54));
    }
}
