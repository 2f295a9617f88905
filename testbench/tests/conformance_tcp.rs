//! Receiver rows TCP-*: options, windows, reports, FIN, ECN, IP, and the hand-over of a connection.

#[macro_use]
mod conformance_bench;

use conformance_bench::*;
use ferrowarp_abi::code::{ack_flag, ack_mode, conn_state, cpl_kind};
use ferrowarp_testbench::wire::tcp::TcpOption;

fn option(kind: u8, len: usize) -> TcpOption {
    TcpOption::Unknown {
        kind,
        data: vec![7; len - 2],
    }
}

/// Unknown options at any alignment, on data and on FIN.
fn tcp_0d_options_anywhere(b: &mut Bench) {
    let c = b.open(1);
    for nops in 0..4 {
        for len in [2, 3, 5, 17, 36] {
            b.reopen(c, 0xffff_fffe);
            let mut options = vec![TcpOption::Nop; nops];
            options.push(option(254, len));
            let data = counted(33);
            let f = fpdu(&write(0, &data));
            for (flags, octets) in [(Flags::ACK, &f[..19]), (Flags::FIN | Flags::ACK, &f[19..])] {
                let spec = FrameSpec {
                    flags,
                    options: options.clone(),
                    ..b.links[c].spec()
                };
                b.skip(c, octets.len());
                b.frame(spec.frame(octets));
            }
            assert_eq!(
                b.placed(),
                image(&[(MEM, &data)]),
                "{nops} NOPs, option of {len}"
            );
            assert_eq!(b.kinds(c), [(cpl_kind::FIN, 0)]);
        }
    }
}

/// Window Scale, MSS and SACK-permitted on a segment without SYN: the data is taken, the window is reported as it stands.
fn tcp_13_window_scale_without_syn(b: &mut Bench) {
    let c = b.open(1);
    for options in [
        vec![TcpOption::WindowScale(14)],
        vec![TcpOption::Mss(9), TcpOption::SackPermitted],
        vec![TcpOption::Nop, TcpOption::WindowScale(255)],
    ] {
        let data = counted(20);
        let f = fpdu(&write(0, &data));
        let spec = FrameSpec {
            options,
            window: 0x1234,
            ..b.links[c].spec()
        };
        b.forget();
        b.skip(c, f.len());
        b.frame(spec.frame(&f));
        assert_eq!(b.placed(), image(&[(MEM, &data)]));
        assert!(b.reports(c).iter().all(|a| a.wnd == 0x1234));
        b.in_step(c);
        b.alive(c, 100);
    }
}

/// Windows of 65535 << 14 in both directions: sequence and acknowledgement ranges are unsigned 32 bits.
fn tcp_14_largest_windows(b: &mut Bench) {
    let wide = 65535u32 << 14;
    let mut plan = ConnPlan::new(1);
    plan.window = wide;
    plan.spec.ack = 0x1000;
    plan.spec.seq = 0xc000_0000;
    let c = b.open_as(plan);
    b.sent(c, 0x1000, 0x1000, wide);
    // Our right edge lies behind the wrap: a RST in the window asks for a challenge, one outside is dropped.
    for (by, want) in [
        (1i64, true),
        (1 << 29, true),
        (i64::from(wide) - 1, true),
        (i64::from(wide), false),
        (-1, false),
    ] {
        b.forget();
        let spec = FrameSpec {
            flags: Flags::RST,
            ..b.links[c].at(by)
        };
        b.frame(spec.frame(&[]));
        assert_eq!(
            b.modes(c).contains(&ack_mode::CHALLENGE),
            want,
            "RST at {by}"
        );
    }
    // The peer may acknowledge from snd_una - max_wnd on.
    for (by, good) in [
        (0u32, true),
        (1, false),
        (0u32.wrapping_sub(wide), true),
        (0u32.wrapping_sub(wide + 1), false),
    ] {
        b.forget();
        let data = counted(9);
        let f = fpdu(&write(0, &data));
        let spec = FrameSpec {
            ack: 0x1000u32.wrapping_add(by),
            ..b.links[c].spec()
        };
        b.frame(spec.frame(&f));
        let n = b.placed().len();
        assert_eq!(n == 9, good, "ack at snd_una + {by:#x}");
        if good {
            b.skip(c, f.len());
        }
        b.in_step(c);
    }
}

/// However a segment is made up, it asks for at most one acknowledgement.
fn tcp_29_one_acknowledgement_a_segment(b: &mut Bench) {
    let c = b.open(1);
    let f: Vec<Vec<u8>> = (0..6u64)
        .map(|i| fpdu(&write(i * 100, &counted(60))))
        .collect();
    let all = f.concat();
    b.reopen(c, 0xffff_ff00);
    // In order: one FPDU, three, halves, an octet; then old, straddling and early ones.
    let mut at = 0;
    for n in [f[0].len(), 200, 1, 40, 43] {
        b.send(c, &all[at..at + n]);
        at += n;
        assert_eq!(b.modes(c).len(), 1, "{n} octets");
    }
    let tests: [(i64, usize); 6] = [(-1, 0), (-1, 1), (-60, 60), (-20, 40), (50, 20), (0, 20)];
    for (by, n) in tests {
        let from = (at as i64 + by) as usize;
        b.send_at(c, by, &all[from..from + n]);
        assert!(b.modes(c).len() <= 1, "{n} octets at {by}");
        let next = b.state(c).rcv_nxt;
        at = next.wrapping_sub(0xffff_ff00) as usize;
        b.links[c].seq = next;
    }
}

/// A window of zero: RST resets, URG and ACK are processed, data is not taken.
fn tcp_2f_zero_window(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.window = 0;
    let c = b.open_as(plan);
    let una = b.links[c].plan.spec.ack;
    b.sent(c, una, una + 100, 65535);
    for flags in [Flags::ACK, Flags::ACK | Flags::URG] {
        b.forget();
        let spec = FrameSpec {
            flags,
            ack: una + 100,
            ..b.links[c].spec()
        };
        b.frame(spec.frame(&[]));
        assert_eq!(
            b.reports(c).iter().map(|a| a.ack).collect::<Vec<_>>(),
            [una + 100]
        );
    }
    b.send_at(c, 0, &fpdu(&write(0, b"no room")));
    assert!(b.placed().is_empty());
    assert_eq!(b.modes(c), [ack_mode::NOW]);
    b.in_step(c);
    let spec = FrameSpec {
        flags: Flags::RST,
        ..b.links[c].spec()
    };
    b.frame(spec.frame(&[]));
    assert_eq!(
        b.kinds(c).iter().map(|k| k.0).collect::<Vec<_>>(),
        [cpl_kind::RST]
    );
    assert_ne!(b.state(c).st, conn_state::OPEN);
}

/// ISN FFFFFF00 and others around the wrap: FPDUs fast, packed and cut.
fn tcp_32_sequence_wrap(b: &mut Bench) {
    let c = b.open(1);
    for isn in [0xffff_ff00u32, 0xffff_ffff, 0, 0x7fff_ff80, 0x8000_0000] {
        for size in [52usize, 1460, 37] {
            b.reopen(c, isn);
            let mut all = Vec::new();
            let data = counted(30);
            for i in 0..12u64 {
                all.extend(fpdu(&write(i * 30, &data)));
            }
            b.send_cut(c, &all, size);
            assert_eq!(b.placed().len(), 360, "ISN {isn:#x} in segments of {size}");
            b.in_step(c);
        }
    }
}

/// FIN with data, in front of missing octets, and again.
fn tcp_68_fin_in_every_place(b: &mut Bench) {
    let c = b.open(1);
    let fin = Flags::FIN | Flags::ACK;
    let data = counted(40);
    let f = fpdu(&write(0, &data));
    b.reopen(c, 0xffff_ffe0);
    // Early: nothing ends yet.
    let spec = FrameSpec {
        flags: fin,
        ..b.links[c].at(20)
    };
    b.frame(spec.frame(&f[20..]));
    assert!(b.told(c).is_empty() && b.placed().is_empty());
    assert_eq!(b.modes(c), [ack_mode::NOW]);
    // The missing octets, then FIN with the rest again.
    b.send(c, &f[..20]);
    b.settle();
    if b.state(c).rcv_nxt == b.links[c].seq {
        b.send_flags(c, fin, &f[20..]);
    } else {
        b.skip(c, f.len() - 20);
    }
    assert_eq!(b.placed(), image(&[(MEM, &data)]));
    assert_eq!(b.kinds(c), [(cpl_kind::FIN, 0)]);
    b.skip(c, 1);
    b.in_step(c);
    assert_eq!(b.state(c).st, conn_state::FIN);
    // Again, alone and with the data: acknowledged, and no second event.
    b.forget();
    for (by, octets) in [(-1i64, &[][..]), (-1 - f.len() as i64, &f[..])] {
        let spec = FrameSpec {
            flags: fin,
            ..b.links[c].at(by)
        };
        b.frame(spec.frame(octets));
        assert_eq!(b.modes(c), [ack_mode::NOW]);
        assert!(b.told(c).is_empty() && b.placed().is_empty());
    }
}

/// Terminate and FIN in one segment, one hard behind the other, or later: the Terminate is told first, and what is counted is
/// what may be acknowledged. Of a FIN that is counted the transmit path is told.
fn tcp_6a_terminate_then_fin(b: &mut Bench) {
    let c = b.open(1);
    let fin = Flags::FIN | Flags::ACK;
    let t = fpdu(&terminate(0x1205));
    for way in 0..3 {
        b.reopen(c, 0xffff_fff0);
        let end = b.links[c].seq.wrapping_add(t.len() as u32);
        if way == 0 {
            b.send_flags(c, fin, &t);
        } else {
            b.send(c, &t);
            if way == 2 {
                b.settle();
            }
            b.send_flags(c, fin, &[]);
        }
        b.settle();
        let counted = b.state(c).rcv_nxt;
        let told: Vec<_> = b
            .reports(c)
            .into_iter()
            .filter(|a| a.mode != ack_mode::NONE)
            .collect();
        let last = told
            .last()
            .map(|a| (a.rcv_nxt, a.flags & ack_flag::FIN != 0));
        // In the Terminate's segment it is taken; one that comes when the Terminate is through is the driver's. Hard behind
        // either may be.
        let taken = counted == end.wrapping_add(1);
        assert!(taken || counted == end, "way {way}: {counted:#x}");
        assert!(way == 1 || taken == (way == 0), "way {way}: {counted:#x}");
        assert_eq!(last, Some((counted, taken)), "way {way}: {told:x?}");
        if taken {
            assert_eq!(told.last().map(|a| a.mode), Some(ack_mode::NOW));
            // Again: acknowledged again.
            b.send_flags(c, fin, &[]);
            assert_eq!(b.modes(c), [ack_mode::NOW]);
        }
        let e = b.kinds(c);
        assert_eq!(e.first(), Some(&(cpl_kind::TERMINATE, 0x1205)));
        assert!(
            e.len() <= 2
                && e.iter()
                    .all(|k| k.0 != cpl_kind::ERROR && k.0 != cpl_kind::RST),
            "{e:x?}"
        );
    }
}

/// A frame with the ECN field of the IP header set.
fn ecn(b: &Bench, c: usize, by: i64, bits: u8, flags: Flags, octets: &[u8]) -> Vec<u8> {
    let spec = FrameSpec {
        flags,
        ..b.links[c].at(by)
    };
    changed(&spec.frame(octets), |f| f[IP + 1] |= bits)
}

/// CE, ECE and CWR are passed on with the segment that carried them, and with no other.
fn tcp_71_congestion_bits_are_passed_on(b: &mut Bench) {
    let c = b.open(1);
    let all = ack_flag::CE | ack_flag::ECE | ack_flag::CWR;
    for cut in [false, true] {
        for (bits, flags, want) in [
            (3, Flags::ACK, ack_flag::CE),
            (0, Flags::ACK, 0),
            (1, Flags::ACK, 0),
            (2, Flags::ACK, 0),
            (2, Flags::ACK | Flags::CWR, ack_flag::CWR),
            (3, Flags::ACK | Flags::ECE, ack_flag::CE | ack_flag::ECE),
        ] {
            let f = fpdu(&write(0, &counted(30)));
            let (x, y) = f.split_at(if cut { 25 } else { f.len() });
            b.forget();
            let frame = ecn(b, c, 0, bits, flags, x);
            b.skip(c, x.len());
            b.frame(frame);
            let got = b.reports(c).iter().fold(0, |all, a| all | a.flags);
            assert_eq!(got & all, want, "ECN {bits}, flags {flags:?}");
            if !y.is_empty() {
                b.send(c, y);
            }
            b.in_step(c);
        }
    }
}

/// CE counts for a segment of the window alone: what lies outside of it, or was taken before, may be anyone's.
fn tcp_74_congestion_outside_of_the_window(b: &mut Bench) {
    let mut plan = ConnPlan::new(1);
    plan.window = 1000;
    let c = b.open_as(plan);
    b.alive(c, 0);
    let cases: [(i64, usize, bool); 11] = [
        (1000, 30, false),
        (971, 30, true),
        (5000, 30, false),
        (1 << 30, 30, false),
        (-30, 30, false),
        (-500, 30, false),
        (-1, 0, false),
        (1000, 0, false),
        (970, 30, true),
        (999, 0, true),
        (0, 0, true),
    ];
    for (by, len, want) in cases {
        b.forget();
        let frame = ecn(b, c, by, 3, Flags::ACK, &vec![0xee; len]);
        b.frame(frame);
        let got = b.reports(c);
        // What is kept is reported a second time, with its SACK block: one of the two without what is over the edge (TCP-24).
        let kept = [(971, 30), (970, 30)].contains(&(by, len));
        assert_eq!(got.len(), 1 + usize::from(kept), "{len} octets at {by}");
        let ce = got[0].flags & ack_flag::CE != 0;
        assert_eq!(ce, want, "{len} octets at {by}: {got:x?}");
    }
    // Taken in part: the new octets are the window's.
    b.forget();
    let frame = ecn(b, c, -10, 3, Flags::ACK, &[0xee; 11]);
    b.frame(frame);
    let got = b.reports(c).iter().fold(0, |all, a| all | a.flags);
    assert_ne!(got & ack_flag::CE, 0);
}

/// An empty segment at the window's edges, the four cases with length 0: at RCV.NXT + RCV.WND it is outside, and a window of
/// zero takes the one at RCV.NXT alone.
fn tcp_21_empty_segment_at_the_right_edge(b: &mut Bench) {
    for (n, window) in [(1, 1000u32), (2, 1), (3, 0), (4, 65535 << 14)] {
        let mut plan = ConnPlan::new(n);
        plan.window = window;
        let c = b.open_as(plan);
        let w = i64::from(window);
        for (by, good) in [
            (-1, false),
            (0, true),
            (w - 1, w > 0),
            (w, false),
            (w + 1, false),
        ] {
            if by == 0 && !good {
                continue; // a window of zero: the first case of it
            }
            b.forget();
            b.send_at(c, by, &[]);
            let want: &[u8] = if good { &[] } else { &[ack_mode::NOW] };
            assert_eq!(b.modes(c), want, "window {window}, empty at {by}");
            b.in_step(c);
        }
    }
}

const ROWS: &[Row] = &[
    row!(tcp_0d_options_anywhere),
    row!(tcp_13_window_scale_without_syn),
    row!(tcp_14_largest_windows),
    row!(tcp_29_one_acknowledgement_a_segment),
    row!(tcp_21_empty_segment_at_the_right_edge),
    row!(tcp_2f_zero_window),
    row!(tcp_32_sequence_wrap),
    row!(tcp_68_fin_in_every_place),
    row!(tcp_6a_terminate_then_fin),
    row!(tcp_71_congestion_bits_are_passed_on),
    row!(tcp_74_congestion_outside_of_the_window),
];

#[test]
fn rows_64() {
    rows("conformance_tcp", 64, ROWS);
}

#[test]
fn rows_512() {
    rows("conformance_tcp", 512, ROWS);
}
