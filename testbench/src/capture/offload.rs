//! Offload artefacts in captures: frames that the host handed to its NIC unfinished.
//!
//! * super-frames (TSO, GSO, GRO): a TCP payload longer than the MSS, IPv4 total length possibly 0. They are split at the
//!   MSS: sequence numbers and IPv4 identification count on, PSH and FIN stay on the last part only, CWR on the first.
//! * checksums not filled in: zero, or the pseudo header's sum only. They are filled.
//!
//! The TCP stream stays the same octet by octet. A wrong checksum that is neither is corruption and stays as it is.

use super::read::{Capture, CapturedFrame};
use crate::wire::frame::{fix_checksums, FrameRepr, Layout, SumState};
use crate::wire::tcp::Flags;
use std::collections::HashMap;
use std::net::IpAddr;

/// What to repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairOptions {
    pub split: bool,
    pub fill_checksums: bool,
    /// MSS of connections whose SYNs are not in the capture.
    pub default_mss: usize,
}

impl Default for RepairOptions {
    fn default() -> Self {
        RepairOptions {
            split: true,
            fill_checksums: true,
            default_mss: 1460,
        }
    }
}

/// What was found, whether repaired or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OffloadReport {
    pub super_frames: usize,
    /// Frames that the super-frames were split into.
    pub parts: usize,
    pub checksums_not_filled: usize,
    pub bad_checksums: usize,
}

impl OffloadReport {
    pub fn is_clean(&self) -> bool {
        *self == OffloadReport::default()
    }
}

impl std::fmt::Display for OffloadReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} super-frames ({} parts), {} checksums not filled in, {} bad checksums",
            self.super_frames, self.parts, self.checksums_not_filled, self.bad_checksums
        )
    }
}

type End = (IpAddr, u16);

/// Returns the repaired capture and what was found. Frames that are no TCP over IP pass unchanged.
pub fn repair(capture: &Capture, opt: &RepairOptions) -> (Capture, OffloadReport) {
    let mut report = OffloadReport::default();
    // MSS that a receiver announced, by (receiver, sender).
    let mut announced: HashMap<(End, End), usize> = HashMap::new();
    let mut out = Vec::with_capacity(capture.frames.len());
    for frame in &capture.frames {
        let Ok((repr, at)) = FrameRepr::parse(&frame.data) else {
            out.push(frame.clone());
            continue;
        };
        let (src, dst) = (
            (repr.ip.src(), repr.tcp.src_port),
            (repr.ip.dst(), repr.tcp.dst_port),
        );
        if repr.tcp.flags.has(Flags::SYN) {
            announced.insert((src, dst), usize::from(repr.tcp.mss().unwrap_or(536)));
        }
        let mss = announced
            .get(&(dst, src))
            .copied()
            .unwrap_or(opt.default_mss);
        let room = mss.saturating_sub(repr.tcp.header_len() - 20).max(1);
        let unfilled =
            at.ip_checksum == SumState::NotFilled || at.tcp_checksum == SumState::NotFilled;
        let bad = at.ip_checksum == SumState::Bad || at.tcp_checksum == SumState::Bad;
        let long = at.payload.len() > room;
        report.super_frames += usize::from(long);
        report.checksums_not_filled += usize::from(unfilled && !bad);
        report.bad_checksums += usize::from(bad && !long);
        if long && opt.split {
            let parts = split(frame, &repr, &at, room);
            report.parts += parts.len();
            out.extend(parts);
        } else if unfilled && !bad && opt.fill_checksums {
            let mut data = frame.data.clone();
            // Parsed above, so it can be fixed.
            let _ = fix_checksums(&mut data);
            out.push(CapturedFrame {
                data,
                ..frame.clone()
            });
        } else {
            out.push(frame.clone());
        }
    }
    (
        Capture {
            name: capture.name.clone(),
            frames: out,
        },
        report,
    )
}

fn split(frame: &CapturedFrame, repr: &FrameRepr, at: &Layout, room: usize) -> Vec<CapturedFrame> {
    let payload = &frame.data[at.payload.clone()];
    let count = payload.len().div_ceil(room);
    let parts = payload.chunks(room).enumerate().map(|(i, part)| {
        let mut r = repr.clone();
        r.tcp.seq = repr.tcp.seq.wrapping_add((i * room) as u32);
        r.ip.count_on(i as u16);
        let mut off = 0;
        if i + 1 < count {
            off |= (Flags::PSH | Flags::FIN).0;
        }
        if i > 0 {
            off |= Flags::CWR.0;
        }
        r.tcp.flags = Flags(r.tcp.flags.0 & !off);
        CapturedFrame {
            number: frame.number,
            time: frame.time,
            data: r.emit(part),
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::checksum::{fold, pseudo};
    use crate::wire::ethernet::Mac;
    use crate::wire::frame::Endpoint;
    use crate::wire::tcp::TcpOption;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn super_frame(len: usize, zero_length: bool) -> (Vec<u8>, Vec<u8>) {
        let a = Endpoint {
            mac: Mac([2, 0, 0, 0, 0, 1]),
            ip: Ipv4Addr::new(10, 0, 0, 1).into(),
            port: 40001,
        };
        let b = Endpoint {
            mac: Mac([2, 0, 0, 0, 0, 2]),
            ip: Ipv4Addr::new(10, 0, 0, 2).into(),
            port: 18515,
        };
        let opts = vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::Timestamps { val: 1, ecr: 2 },
        ];
        let payload: Vec<u8> = (0..len).map(|i| (i * 31) as u8).collect();
        let mut f = FrameRepr::new(
            a,
            b,
            None,
            0xffff_ff00,
            2,
            Flags::ACK | Flags::PSH | Flags::FIN,
            opts,
        )
        .emit(&payload);
        if zero_length {
            f[16..18].fill(0);
        }
        let partial = fold(pseudo(a.ip, b.ip, if zero_length { 0 } else { 32 + len }));
        f[50..52].copy_from_slice(&partial.to_be_bytes());
        f[24..26].fill(0);
        (f, payload)
    }

    #[test]
    fn super_frames_split_to_the_same_stream() {
        for (len, zero_length) in [
            (1449, false),
            (1448 * 3, false),
            (60_000, false),
            (65_300, true),
            (100_000, true),
        ] {
            let (data, payload) = super_frame(len, zero_length);
            let c = Capture {
                name: "t".into(),
                frames: vec![CapturedFrame {
                    number: 9,
                    time: Duration::from_secs(1),
                    data,
                }],
            };
            let (fixed, report) = repair(&c, &RepairOptions::default());
            assert_eq!((report.super_frames, report.parts), (1, len.div_ceil(1448)));
            let mut stream = Vec::new();
            for (i, f) in fixed.frames.iter().enumerate() {
                let (r, at) = FrameRepr::parse(&f.data).expect("frame");
                assert_eq!(
                    (at.ip_checksum, at.tcp_checksum),
                    (SumState::Good, SumState::Good)
                );
                assert!(f.data.len() <= 1514);
                assert_eq!(r.tcp.seq, 0xffff_ff00u32.wrapping_add(stream.len() as u32));
                assert_eq!(r.tcp.flags.has(Flags::FIN), i + 1 == fixed.frames.len());
                assert_eq!(r.tcp.timestamps(), Some((1, 2)));
                stream.extend_from_slice(&f.data[at.payload]);
            }
            assert_eq!(stream, payload);
            let (same, _) = repair(
                &c,
                &RepairOptions {
                    split: false,
                    fill_checksums: false,
                    ..Default::default()
                },
            );
            assert_eq!(same, c);
        }
    }

    #[test]
    fn unfilled_checksums_are_filled_and_bad_ones_left() {
        let (data, _) = super_frame(100, false);
        let mut broken = data.clone();
        broken[50] ^= 0x55;
        let frame = |data| CapturedFrame {
            number: 1,
            time: Duration::ZERO,
            data,
        };
        let c = Capture {
            name: "t".into(),
            frames: vec![frame(data), frame(broken.clone())],
        };
        let (fixed, report) = repair(&c, &RepairOptions::default());
        assert_eq!(
            (
                report.checksums_not_filled,
                report.bad_checksums,
                report.super_frames
            ),
            (1, 1, 0)
        );
        let (_, at) = FrameRepr::parse(&fixed.frames[0].data).expect("frame");
        assert_eq!(
            (at.ip_checksum, at.tcp_checksum),
            (SumState::Good, SumState::Good)
        );
        assert_eq!(fixed.frames[1].data, broken);
    }
}
