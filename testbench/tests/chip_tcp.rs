//! TCP receive rules by requirement id, in lockstep with the golden endpoint; what is to be acknowledged and how is asserted
//! from the rows themselves.

mod chip_support;

use chip_support::one::{modes, Done, One, SEQ};
use ferrowarp_abi::code::{ack_flag, ack_mode, cpl_kind, term};
use ferrowarp_testbench::build::{counted, mutate, FrameSpec};
use ferrowarp_testbench::chip::duel::{ConnPlan, DuelError};
use ferrowarp_testbench::chip::AckEvent;
use ferrowarp_testbench::wire::tcp::{Flags, TcpOption};

const WINDOW: u32 = 1000;

fn plan() -> ConnPlan {
    let mut plan = ConnPlan::new(3);
    plan.window = WINDOW;
    plan.spec.ack = 0xffff_f000;
    plan
}

fn run(test: fn(&mut One) -> Done) {
    One::run(11, &plan(), test);
}

fn run_ipv6(test: fn(&mut One) -> Done) {
    let mut plan = plan();
    plan.spec = plan.spec.ipv6();
    One::run(11, &plan, test);
}

/// A good Write goes through.
fn alive(b: &mut One) -> Done {
    let f = b.write(30);
    let before = b.l.chip.writes.len();
    let frame = b.spec().frame(&f);
    let a = b.send(frame)?;
    assert_eq!(b.l.chip.writes.len(), before + 1, "the connection is dead");
    assert_eq!(a.last().map(|a| a.mode), Some(ack_mode::DELAYED));
    Ok(())
}

#[test]
fn tcp_20_checksum_forms() {
    run(|b| checksum_forms(b, 50));
}

#[test]
fn tcp_20_checksum_forms_ipv6() {
    run_ipv6(|b| checksum_forms(b, 70));
}

/// `at`: where the checksum is.
fn checksum_forms(b: &mut One, at: usize) -> Done {
    for want in [0u16, 0xffff] {
        b.fresh()?;
        let f = b.write(30);
        let mut frame = None;
        for window in 0..=u16::MAX {
            let got = FrameSpec { window, ..b.spec() }.frame(&f);
            if got[at..at + 2] == [0, 0] {
                frame = Some(got);
                break;
            }
        }
        // Two forms of the same sum. The golden endpoint takes zero for "not filled in" and is left out.
        let mut frame = frame.unwrap_or_else(|| panic!("no window gives a zero checksum"));
        frame[at..at + 2].copy_from_slice(&want.to_be_bytes());
        let (now, before) = (b.l.chip.cycle(), b.l.chip.writes.len());
        b.l.chip.send(now, frame);
        b.l.chip.drain(300, 10_000)?;
        assert_eq!(
            b.l.chip.writes.len(),
            before + 1,
            "checksum field {want:#06x}"
        );
        let data = b.l.chip.writes.pop().map(|w| w.data);
        assert_eq!(data, Some(counted(30)));
    }
    Ok(())
}

#[test]
fn tcp_21_22_34_acceptability() {
    run(|b| {
        let w = i64::from(WINDOW);
        // (octets in front of rcv_nxt, length, what to answer).
        let cases: [(i64, usize, &[u8]); 8] = [
            (-1, 0, &[ack_mode::NOW]),
            (0, 0, &[]),
            (w - 1, 0, &[]),
            (w, 0, &[ack_mode::NOW]),
            (-1, 1, &[ack_mode::NOW]),
            (w - 1, 1, &[ack_mode::NOW]),
            (w, 1, &[ack_mode::NOW]),
            (-500, 400, &[ack_mode::NOW]),
        ];
        for (at, len, want) in cases {
            b.fresh()?;
            alive(b)?;
            let a = send_at(b, at, len)?;
            assert_eq!(modes(&a), want, "{len} octets at {at}");
            let flags = a.first().map_or(0, |a| a.flags);
            assert_eq!(
                flags & ack_flag::DUP != 0,
                at < 0,
                "{len} octets at {at}: dup"
            );
            assert_eq!(
                flags & ack_flag::OOO != 0,
                at == w - 1 && len == 1,
                "{len} octets at {at}: ooo"
            );
            // Beside an octet that is kept everything is acknowledged at once.
            if at != w - 1 || len == 0 {
                alive(b)?;
            }
        }
        b.fresh()?;
        // One octet, the first of an FPDU, in order.
        let f = b.write(30);
        let frame = b.spec().frame(&f[..1]);
        assert_eq!(modes(&b.send(frame)?), [ack_mode::DELAYED]);
        let frame = b.spec().frame(&f[1..]);
        assert_eq!(modes(&b.send(frame)?), [ack_mode::DELAYED]);
        Ok(())
    });
}

/// Octets that are no FPDU.
fn send_at(b: &mut One, at: i64, len: usize) -> Result<Vec<AckEvent>, DuelError> {
    let f = b.at(at).frame(&vec![0xee; len]);
    b.send(f)
}

/// Old octets with other content in front of new ones: the old stay (also MPA-5B, DDP-40).
#[test]
fn tcp_23_left_edge_overlap() {
    run(|b| {
        for k in [1usize, 2, 3, 4, 7, 8, 9, 31, 44, 52, 63, 64, 65, 100, 104] {
            b.fresh()?;
            let a = b.write(80);
            let frame = b.spec().frame(&a);
            b.send(frame)?;
            let next = b.write(70);
            let mut seg = vec![0xbb; k.min(a.len())];
            seg.extend_from_slice(&next);
            let frame = b.at(-(k.min(a.len()) as i64)).frame(&seg);
            b.send(frame)?;
            alive(b)?;
            // And an overlap that ends inside of an FPDU.
            let next = b.write(70);
            let frame = b.spec().frame(&next[..40]);
            b.send(frame)?;
            let mut seg = vec![0xcc; 40];
            seg.extend_from_slice(&next[40..]);
            let frame = b.at(-40).frame(&seg);
            b.send(frame)?;
            alive(b)?;
        }
        Ok(())
    });
}

/// Over the right edge of the window: what is in front of it is taken, the rest comes again. In order, with old octets in
/// front, ahead of a gap, with a FIN; all of it beyond the edge is refused.
#[test]
fn tcp_24_right_edge() {
    run(|b| {
        let w = WINDOW as usize;
        let old = 60;
        for beyond in [1usize, 2, 50, 400] {
            for front in [0, 1, old] {
                b.fresh()?;
                alive(b)?;
                // An FPDU at least that long.
                let f = b.write(w + beyond - 20);
                let seg = [&vec![0xdd; front][..], &f[..w + beyond]].concat();
                let frame = b.at(-(front as i64)).frame(&seg);
                assert_eq!(
                    modes(&b.send(frame)?),
                    [ack_mode::DELAYED],
                    "{beyond}, {front}"
                );
                let frame = b.spec().frame(&f[w..]);
                assert_eq!(
                    modes(&b.send(frame)?),
                    [ack_mode::DELAYED],
                    "{beyond}, {front}"
                );
            }
        }
        // Ahead of a gap: held up to the edge. What is kept takes a while to be read again.
        b.l.quiet = 2500;
        for beyond in [1usize, 77] {
            b.fresh()?;
            let (x, y) = (b.write(100), b.write(w));
            let hole = x.len();
            let kept = w - hole;
            let frame = b.at(hole as i64).frame(&y[..kept + beyond]);
            let a = b.send(frame)?;
            let edge = SEQ.wrapping_add(WINDOW);
            let blocks = [(SEQ.wrapping_add(hole as u32), edge)];
            assert_eq!(a.last().map(|a| a.blocks().to_vec()), Some(blocks.to_vec()));
            let frame = b.spec().frame(&x);
            b.send(frame)?;
            assert_eq!(b.spec().seq, edge);
            let frame = b.spec().frame(&y[kept..]);
            b.send(frame)?;
            alive(b)?;
        }
        // The FIN alone is beyond the edge, or octets with it: no FIN yet. In front of the edge it counts.
        for (len, told) in [(w, false), (w + 9, false), (w - 1, true)] {
            b.fresh()?;
            let f = b.write(w + 50);
            let frame = FrameSpec {
                flags: Flags::ACK | Flags::FIN,
                ..b.spec()
            }
            .frame(&f[..len]);
            b.send(frame)?;
            let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
            assert_eq!(kinds.contains(&cpl_kind::FIN), told, "{len} octets and FIN");
        }
        // An FPDU that just fills the window is inside of it: it goes the fast way.
        b.fresh()?;
        let f = b.write(w - 20);
        assert_eq!(f.len(), w);
        let fast = b.l.chip.counter("fpdu_fast")?;
        let frame = b.spec().frame(&f);
        assert_eq!(modes(&b.send(frame)?), [ack_mode::DELAYED]);
        assert_eq!(b.l.chip.counter("fpdu_fast")? - fast, 1);
        // All of it.
        for (at, len) in [(w, 1), (w, 400), (w + 1, 0), (w + 1000, 3)] {
            b.fresh()?;
            let a = send_at(b, at as i64, len)?;
            assert_eq!(modes(&a), [ack_mode::NOW], "{len} octets at {at}");
            alive(b)?;
        }
        Ok(())
    });
}

/// Without SACK-permitted in both SYNs octets ahead of a gap are kept, and no block is reported, a duplicate's neither.
#[test]
fn tcp_1a_no_blocks_without_sack_permitted() {
    run(|b| {
        for sack in [false, true, false] {
            b.l.negotiate(b.side, |plan| plan.sack = sack);
            b.fresh()?;
            let f: Vec<_> = (0..4).map(|_| b.write(60)).collect();
            let n = f[0].len() as i64;
            for (at, blocks) in [(1, 1), (3, 2), (3, 3), (0, 1), (2, 0)] {
                let frame = FrameSpec {
                    seq: SEQ.wrapping_add((at * n) as u32),
                    ..b.spec()
                }
                .frame(&f[at as usize]);
                let a = b.send(frame)?;
                assert_eq!(modes(&a), [ack_mode::NOW], "{at}, SACK {sack}");
                let want = if sack { blocks } else { 0 };
                assert_eq!(a.last().map(|a| a.sack_n), Some(want), "{at}, SACK {sack}");
            }
            assert_eq!(b.spec().seq, SEQ.wrapping_add(4 * n as u32));
            alive(b)?;
        }
        Ok(())
    });
}

#[test]
fn tcp_25_28_out_of_order_is_kept_and_asked_for() {
    run(|b| {
        b.fresh()?;
        let (x, y) = (b.write(60), b.write(60));
        let frame = b.at(x.len() as i64).frame(&y);
        let a = b.send(frame)?;
        // The segment is reported when it comes, what to acknowledge when it is kept.
        assert_eq!(modes(&a), [ack_mode::NOW]);
        assert!(a[0].flags & ack_flag::OOO != 0 && a[0].mode == ack_mode::NONE);
        let end = SEQ.wrapping_add(x.len() as u32);
        assert_eq!(a[1].rcv_nxt, SEQ);
        assert_eq!(a[1].blocks(), [(end, end.wrapping_add(y.len() as u32))]);
        let frame = b.spec().frame(&x);
        let a = b.send(frame)?;
        assert_eq!(modes(&a), [ack_mode::NOW]);
        assert_eq!(a.last().map(|a| a.sack_n), Some(0));
        alive(b)
    });
}

#[test]
fn tcp_30_31_psh_and_urg_do_not_matter() {
    run(|b| {
        b.fresh()?;
        for flags in [
            Flags::ACK,
            Flags::ACK | Flags::PSH,
            Flags::ACK | Flags::URG,
            Flags::ACK | Flags::PSH | Flags::URG,
        ] {
            let f = b.write(50);
            for part in [&f[..20], &f[20..]] {
                let frame = FrameSpec { flags, ..b.spec() }.frame(part);
                let frame = mutate(&frame, true, |d| d[53] = 9).unwrap_or_else(|e| panic!("{e:?}"));
                let a = b.send(frame)?;
                assert_eq!(modes(&a), [ack_mode::DELAYED]);
            }
        }
        Ok(())
    });
}

#[test]
fn tcp_33_acknowledgement_range() {
    run(|b| {
        b.fresh()?;
        let una = b.spec().ack;
        for (by, good) in [
            (1i64, false),
            (0, true),
            (-65535, true),
            (-65536, false),
            (1 << 31, false),
        ] {
            let f = b.write(40);
            let frame = FrameSpec {
                ack: una.wrapping_add(by as u32),
                ..b.spec()
            }
            .frame(&f);
            let a = b.send(frame)?;
            let want = if good {
                ack_mode::DELAYED
            } else {
                ack_mode::CHALLENGE
            };
            assert_eq!(modes(&a), [want], "ack = snd_una {by:+}");
        }
        // No ACK flag.
        let f = b.write(40);
        let frame = FrameSpec {
            flags: Flags::PSH,
            ..b.spec()
        }
        .frame(&f);
        assert_eq!(modes(&b.send(frame)?), [ack_mode::CHALLENGE]);
        alive(b)
    });
}

#[test]
fn tcp_1c_syn_of_an_installed_connection() {
    run(|b| {
        b.fresh()?;
        for (at, flags) in [
            (0, Flags::SYN),
            (0, Flags::SYN | Flags::ACK),
            (5, Flags::SYN),
            (-9, Flags::SYN),
            (70_000, Flags::SYN | Flags::ACK),
        ] {
            let frame = FrameSpec { flags, ..b.at(at) }.frame(&[]);
            assert_eq!(modes(&b.send(frame)?), [ack_mode::CHALLENGE], "SYN at {at}");
        }
        alive(b)
    });
}

#[test]
fn tcp_63_66_rst() {
    run(|b| {
        let w = i64::from(WINDOW);
        for (at, want) in [
            (-1, None),
            (1, Some(ack_mode::CHALLENGE)),
            (w - 1, Some(ack_mode::CHALLENGE)),
            (w, None),
        ] {
            b.fresh()?;
            alive(b)?;
            let frame = FrameSpec {
                flags: Flags::RST,
                ..b.at(at)
            }
            .frame(&[]);
            let a = b.send(frame)?;
            assert_eq!(
                modes(&a).contains(&ack_mode::CHALLENGE),
                want.is_some(),
                "RST at {at}: {a:?}"
            );
            assert!(b.l.events(b.side).is_empty());
            alive(b)?;
        }
        for data in [&[][..], b"closed by the peer"] {
            for flags in [Flags::RST, Flags::RST | Flags::ACK] {
                b.fresh()?;
                let f = b.write(40);
                let frame = b.spec().frame(&f[..10]);
                b.send(frame)?;
                let frame = FrameSpec { flags, ..b.spec() }.frame(data);
                b.send(frame)?;
                let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
                assert_eq!(kinds, [cpl_kind::RST]);
                let frame = b.spec().frame(&f[10..]);
                let a = b.send(frame)?;
                assert!(modes(&a).is_empty(), "acknowledged after RST: {a:?}");
            }
        }
        Ok(())
    });
}

/// Segments count in sequence order: a RST that overtakes none of them on the wire overtakes none in the chip either, though
/// the assembler still works on them when it comes (RFC 9293 3.10.7.4).
#[test]
fn tcp_66_rst_behind_queued_segments() {
    run(|b| {
        for (writes, flags) in [(2, Flags::RST), (12, Flags::RST | Flags::ACK)] {
            for fin in [false, true] {
                b.fresh()?;
                let before = b.l.chip.writes.len();
                let mut body = Vec::new();
                for _ in 0..writes {
                    body.extend(b.write(20));
                }
                // Not at an FPDU's begin: the assembler's.
                let (head, tail) = body.split_at(10);
                for octets in [head, tail] {
                    let frame = b.spec().frame(octets);
                    b.l.frame(frame);
                }
                if fin {
                    let flags = Flags::FIN | Flags::ACK;
                    let frame = FrameSpec { flags, ..b.spec() }.frame(&[]);
                    b.l.frame(frame);
                }
                let spec = b.spec();
                let rst = FrameSpec {
                    flags,
                    ..spec.clone()
                };
                let frame = rst.frame(b"void");
                b.l.frame(frame);
                // Neither a second one nor data behind it counts.
                let frame = rst.frame(&[]);
                b.l.chip.send(b.l.chip.cycle(), frame);
                let f = b.write(20);
                b.l.chip.send(b.l.chip.cycle(), spec.frame(&f));
                b.l.settle()?;
                assert_eq!(b.l.chip.writes.len() - before, writes, "Writes placed");
                let kinds: Vec<u8> = b.l.events(b.side).iter().map(|e| e.kind).collect();
                let want: &[u8] = match fin {
                    true => &[cpl_kind::FIN, cpl_kind::RST],
                    false => &[cpl_kind::RST],
                };
                assert_eq!(kinds, want);
                let acks = b.reports();
                let told: Vec<_> = acks
                    .iter()
                    .filter(|a| a.flags & ack_flag::RST != 0)
                    .collect();
                assert_eq!(told.len(), 1, "RST reported: {acks:?}");
                assert_eq!(told[0].flags, ack_flag::RST | ack_flag::RX_ONLY);
                assert_eq!(told[0].rcv_nxt, spec.seq);
            }
        }
        Ok(())
    });
}

#[test]
fn tcp_60_mpa_80_84_fin() {
    run(|b| {
        let fin = Flags::FIN | Flags::ACK;
        // Alone, with an FPDU, behind half an FPDU, with half an FPDU.
        for (half, with_data, code) in [
            (false, false, 0),
            (false, true, 0),
            (true, false, term::MPA_CLOSED),
            (true, true, term::MPA_CLOSED),
        ] {
            b.fresh()?;
            alive(b)?;
            let f = b.write(40);
            let part = if half { &f[..25] } else { &f[..] };
            if with_data {
                let frame = FrameSpec {
                    flags: fin,
                    ..b.spec()
                }
                .frame(part);
                b.send(frame)?;
            } else {
                let frame = b.spec().frame(part);
                b.send(frame)?;
                let frame = FrameSpec {
                    flags: fin,
                    ..b.spec()
                }
                .frame(&[]);
                let a = b.send(frame)?;
                assert_eq!(modes(&a), [ack_mode::NOW]);
                assert!(a.iter().any(|a| a.flags & ack_flag::FIN != 0));
                let behind = b.spec().seq;
                assert!(
                    a.iter()
                        .all(|a| a.mode == ack_mode::NONE || a.rcv_nxt == behind),
                    "the FIN is not acknowledged: {a:?}"
                );
            }
            let events = b.l.events(b.side);
            assert_eq!(
                events.iter().map(|e| (e.kind, e.term)).collect::<Vec<_>>(),
                [(cpl_kind::FIN, code)]
            );
            // Again, and data behind it: nothing more happens.
            let g = b.write(10);
            let frame = FrameSpec {
                flags: fin,
                ..b.at(-1)
            }
            .frame(&[]);
            assert_eq!(
                modes(&b.send(frame)?),
                [ack_mode::NOW],
                "a repeated FIN is acknowledged again"
            );
            let frame = b.spec().frame(&g);
            b.send(frame)?;
            assert_eq!(b.l.events(b.side).len(), 1);
        }
        // In front of missing octets: dropped.
        b.fresh()?;
        let frame = FrameSpec {
            flags: fin,
            ..b.at(4)
        }
        .frame(&[]);
        assert_eq!(modes(&b.send(frame)?), [ack_mode::NOW]);
        assert!(b.l.events(b.side).is_empty());
        alive(b)
    });
}

#[test]
fn tcp_0d_0e_0f_options_and_data_offset() {
    run(|b| {
        b.fresh()?;
        for len in 2..=38usize {
            let f = b.write(40 + len);
            let options = vec![TcpOption::Unknown {
                kind: 254,
                data: vec![7; len - 2],
            }];
            let frame = FrameSpec {
                options,
                ..b.spec()
            }
            .frame(&f);
            assert_eq!(
                modes(&b.send(frame)?),
                [ack_mode::DELAYED],
                "option of {len} octets"
            );
        }
        // Illegal lengths: the option is skipped with the header.
        for len in [0u8, 1, 39] {
            let f = b.write(40);
            let options = vec![TcpOption::Unknown {
                kind: 254,
                data: vec![7; 2],
            }];
            let frame = FrameSpec {
                options,
                ..b.spec()
            }
            .frame(&f);
            let frame = mutate(&frame, true, |d| d[55] = len).unwrap_or_else(|e| panic!("{e:?}"));
            assert_eq!(
                modes(&b.send(frame)?),
                [ack_mode::DELAYED],
                "option length {len}"
            );
        }
        for offset in [0u8, 1, 4, 15] {
            let f = b.write(2);
            let frame = b.spec().frame(&f);
            // The checksums are made right by hand: nothing but the offset is wrong.
            let mut bad = frame.clone();
            let old = u16::from_be_bytes([bad[46], bad[47]]);
            bad[46] = bad[46] & 0x0f | offset << 4;
            let new = u16::from_be_bytes([bad[46], bad[47]]);
            let sum = u32::from(!u16::from_be_bytes([bad[50], bad[51]]))
                + u32::from(!old)
                + u32::from(new);
            let sum = (sum & 0xffff) + (sum >> 16);
            let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
            bad[50..52].copy_from_slice(&sum.to_be_bytes());
            let (now, before) = (b.l.chip.cycle(), b.l.chip.writes.len());
            b.l.chip.send(now, bad);
            b.l.chip.drain(200, 10_000)?;
            assert_eq!(b.l.chip.writes.len(), before, "data offset {offset}");
            b.l.position(b.side)?;
        }
        alive(b)
    });
}
