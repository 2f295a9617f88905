//! Builders: ULPDUs of every message, messages cut into DDP segments, FPDU streams, and whole frames.
//!
//! A builder makes legal octets; [`FpduOptions`], [`DdpRepr`] and [`mutate`] make illegal ones from them.

use crate::wire::ddp::{
    AtomicRequestRepr, AtomicResponseRepr, DdpRepr, Opcode, ReadRequestRepr, TerminateRepr,
    TAGGED_LEN, UNTAGGED_LEN,
};
use crate::wire::ethernet::{Mac, Vlan};
use crate::wire::frame::{fix_checksums, Endpoint, FrameRepr, NotTcp};
use crate::wire::ip::IpRepr;
use crate::wire::mpa::{emit_fpdu, FpduOptions};
use crate::wire::tcp::{Flags, TcpOption};
use std::net::{IpAddr, Ipv4Addr};

/// One ULPDU per function.
pub mod ulpdu {
    use super::*;

    pub fn write(stag: u32, to: u64, payload: &[u8], last: bool) -> Vec<u8> {
        DdpRepr::tagged(Opcode::Write, last, stag, to).emit(payload)
    }

    pub fn read_response(stag: u32, to: u64, payload: &[u8], last: bool) -> Vec<u8> {
        DdpRepr::tagged(Opcode::ReadResponse, last, stag, to).emit(payload)
    }

    /// Any of the Send family; `inv_stag` is sent as it is.
    pub fn send(
        opcode: Opcode,
        msn: u32,
        mo: u32,
        payload: &[u8],
        last: bool,
        inv_stag: u32,
    ) -> Vec<u8> {
        DdpRepr::untagged(opcode, last, 0, msn, mo, inv_stag).emit(payload)
    }

    pub fn read_request(msn: u32, request: &ReadRequestRepr) -> Vec<u8> {
        DdpRepr::untagged(Opcode::ReadRequest, true, 1, msn, 0, 0).emit(&request.emit())
    }

    pub fn terminate(message: &TerminateRepr) -> Vec<u8> {
        DdpRepr::untagged(Opcode::Terminate, true, 2, 1, 0, 0).emit(&message.emit())
    }

    pub fn immediate(msn: u32, data: [u8; 8], solicited: bool) -> Vec<u8> {
        let op = if solicited {
            Opcode::ImmediateSe
        } else {
            Opcode::Immediate
        };
        DdpRepr::untagged(op, true, 0, msn, 0, 0).emit(&data)
    }

    pub fn atomic_request(msn: u32, request: &AtomicRequestRepr) -> Vec<u8> {
        DdpRepr::untagged(Opcode::AtomicRequest, true, 1, msn, 0, 0).emit(&request.emit())
    }

    pub fn atomic_response(msn: u32, response: &AtomicResponseRepr) -> Vec<u8> {
        DdpRepr::untagged(Opcode::AtomicResponse, true, 3, msn, 0, 0).emit(&response.emit())
    }
}

fn pieces(len: usize, room: usize) -> Vec<(usize, usize)> {
    let room = room.max(1);
    let count = len.div_ceil(room).max(1);
    (0..count)
        .map(|i| (i * room, len.min((i + 1) * room)))
        .collect()
}

/// A tagged message (Write or Read Response) as ULPDUs of at most `mulpdu` octets.
pub fn tagged_message(
    opcode: Opcode,
    stag: u32,
    to: u64,
    payload: &[u8],
    mulpdu: usize,
) -> Vec<Vec<u8>> {
    let cut = pieces(payload.len(), mulpdu.saturating_sub(TAGGED_LEN));
    let last = cut.len() - 1;
    let segment = |(i, (s, e)): (usize, (usize, usize))| {
        DdpRepr::tagged(opcode, i == last, stag, to.wrapping_add(s as u64)).emit(&payload[s..e])
    };
    cut.into_iter().enumerate().map(segment).collect()
}

/// A Send of any kind as ULPDUs of at most `mulpdu` octets.
pub fn send_message(
    opcode: Opcode,
    msn: u32,
    payload: &[u8],
    mulpdu: usize,
    inv_stag: u32,
) -> Vec<Vec<u8>> {
    let cut = pieces(payload.len(), mulpdu.saturating_sub(UNTAGGED_LEN));
    let last = cut.len() - 1;
    cut.into_iter()
        .enumerate()
        .map(|(i, (s, e))| ulpdu::send(opcode, msn, s as u32, &payload[s..e], i == last, inv_stag))
        .collect()
}

/// Frames ULPDUs one behind the other, counting Marker positions.
#[derive(Debug, Clone, Default)]
pub struct FpduStream {
    pub markers: bool,
    pub octets: Vec<u8>,
    /// Where each FPDU starts (its leading Marker, if any).
    pub starts: Vec<usize>,
}

impl FpduStream {
    pub fn new(markers: bool) -> Self {
        FpduStream {
            markers,
            ..Default::default()
        }
    }

    pub fn push(&mut self, ulpdu: &[u8]) -> &mut Self {
        self.push_with(ulpdu, &FpduOptions::default())
    }

    /// `opt.offset` is replaced by the place in this stream.
    pub fn push_with(&mut self, ulpdu: &[u8], opt: &FpduOptions) -> &mut Self {
        let offset = self.markers.then_some(self.octets.len() as u32);
        self.starts.push(self.octets.len());
        self.octets.extend(emit_fpdu(
            ulpdu,
            &FpduOptions {
                offset,
                ..opt.clone()
            },
        ));
        self
    }

    pub fn extend<'a>(&mut self, ulpdus: impl IntoIterator<Item = &'a Vec<u8>>) -> &mut Self {
        for u in ulpdus {
            self.push(u);
        }
        self
    }
}

/// One FPDU without Markers, CRC filled in.
pub fn fpdu(ulpdu: &[u8]) -> Vec<u8> {
    emit_fpdu(ulpdu, &FpduOptions::default())
}

/// Headers of a frame from `src` to `dst`.
#[derive(Debug, Clone)]
pub struct FrameSpec {
    pub src: Endpoint,
    pub dst: Endpoint,
    /// TOS, or traffic class.
    pub tos: u8,
    /// Of IPv6.
    pub flow_label: u32,
    pub vlan: Option<Vlan>,
    pub seq: u32,
    pub ack: u32,
    pub window: u16,
    pub flags: Flags,
    /// (TSval, TSecr).
    pub timestamps: Option<(u32, u32)>,
    /// What stands in front of the timestamps: two NOPs, as all stacks have it.
    pub front: Vec<TcpOption>,
    /// Further options, behind the timestamps.
    pub options: Vec<TcpOption>,
    /// Pad to 60 octets, as a MAC does.
    pub pad: bool,
}

impl Default for FrameSpec {
    fn default() -> Self {
        FrameSpec {
            src: Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 2]),
                ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
                port: 40001,
            },
            dst: Endpoint {
                mac: Mac([2, 0, 0, 0, 0, 1]),
                ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
                port: 18515,
            },
            tos: 0,
            flow_label: 0,
            vlan: None,
            seq: 0x1000,
            ack: 0x2000,
            window: 0xffff,
            flags: Flags::ACK | Flags::PSH,
            timestamps: None,
            front: vec![TcpOption::Nop, TcpOption::Nop],
            options: Vec::new(),
            pad: false,
        }
    }
}

impl FrameSpec {
    /// The same connection over IPv6: both addresses in the prefix of documentation (RFC 3849), the IPv4 ones at their end.
    pub fn ipv6(mut self) -> Self {
        for (end, prefix) in [
            (&mut self.src, 0x2001_0db8_0001_0002_8003_0004_u128),
            (&mut self.dst, 0x2001_0db8_00a1_00b2_00c3_80d4),
        ] {
            if let IpAddr::V4(ip) = end.ip {
                end.ip = IpAddr::V6((prefix << 32 | u128::from(u32::from(ip))).into());
            }
        }
        self
    }

    /// A frame with any TCP payload.
    pub fn frame(&self, payload: &[u8]) -> Vec<u8> {
        let mut options = Vec::new();
        if let Some((val, ecr)) = self.timestamps {
            options.extend(self.front.iter().cloned());
            options.push(TcpOption::Timestamps { val, ecr });
        }
        options.extend(self.options.iter().cloned());
        let mut r = FrameRepr::new(
            self.src, self.dst, self.vlan, self.seq, self.ack, self.flags, options,
        );
        r.tcp.window = self.window;
        r.ip.set_tos(self.tos);
        if let IpRepr::V6(ip) = &mut r.ip {
            ip.flow_label = self.flow_label;
        }
        let mut f = r.emit(payload);
        if self.pad && f.len() < 60 {
            f.resize(60, 0);
        }
        f
    }

    /// A frame with one FPDU.
    pub fn fpdu(&self, ulpdu: &[u8]) -> Vec<u8> {
        self.frame(&fpdu(ulpdu))
    }

    /// A whole RDMA Write of `len` counted octets (see [`counted`]) in one FPDU.
    pub fn write(&self, stag: u32, to: u64, len: usize) -> Vec<u8> {
        self.fpdu(&ulpdu::write(stag, to, &counted(len), true))
    }

    /// A whole Send of `len` counted octets in one FPDU.
    pub fn send(&self, msn: u32, len: usize) -> Vec<u8> {
        self.fpdu(&ulpdu::send(Opcode::Send, msn, 0, &counted(len), true, 0))
    }

    /// A whole Read Response of `len` counted octets in one FPDU.
    pub fn read_response(&self, stag: u32, to: u64, len: usize) -> Vec<u8> {
        self.fpdu(&ulpdu::read_response(stag, to, &counted(len), true))
    }
}

/// `len` octets of which any two neighbours and any two 256 apart differ.
pub fn counted(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8) ^ ((i >> 8) as u8).wrapping_mul(29))
        .collect()
}

/// Changes a frame and, if `fix`, makes the IP and TCP checksums right again.
pub fn mutate(
    frame: &[u8],
    fix: bool,
    change: impl FnOnce(&mut Vec<u8>),
) -> Result<Vec<u8>, NotTcp> {
    let mut f = frame.to_vec();
    change(&mut f);
    if fix {
        fix_checksums(&mut f)?;
    }
    Ok(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::SumState;

    #[test]
    fn ddp_11_the_split_of_rfc_5041() {
        let data = counted(2048);
        let sizes = |v: Vec<Vec<u8>>, h: usize| v.iter().map(|u| u.len() - h).collect::<Vec<_>>();
        assert_eq!(
            sizes(send_message(Opcode::Send, 1, &data, 1500, 0), 18),
            [1482, 566]
        );
        assert_eq!(
            sizes(tagged_message(Opcode::Write, 1, 0, &data, 1500), 14),
            [1486, 562]
        );
        assert_eq!(send_message(Opcode::Send, 1, &[], 1500, 0).len(), 1);
    }

    #[test]
    fn frame_lengths_of_the_smallest_messages() {
        let s = FrameSpec::default();
        assert_eq!(
            (s.write(1, 0, 4).len(), s.send(1, 1).len()),
            (14 + 40 + 24, 14 + 40 + 28)
        );
        let tagged = FrameSpec {
            vlan: Some(Vlan {
                pcp: 0,
                dei: false,
                vid: 5,
            }),
            timestamps: Some((1, 2)),
            ..s
        };
        assert_eq!(tagged.write(1, 0, 4).len(), 18 + 52 + 24);
    }

    #[test]
    fn mutate_keeps_or_breaks_the_checksum() {
        let f = FrameSpec::default().write(1, 0, 64);
        for fix in [true, false] {
            let m = mutate(&f, fix, |d| d[70] ^= 1).expect("frame");
            let (_, at) = FrameRepr::parse(&m).expect("frame");
            assert_eq!(at.tcp_checksum == SumState::Good, fix);
        }
    }
}
