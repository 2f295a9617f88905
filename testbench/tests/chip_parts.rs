//! Segments of several FPDUs: cut into parts by ingest, each placed as if it had come alone.
//!
//! Repeat one with `cargo nextest run -p ferrowarp-testbench --test chip_parts <name>`.

mod chip_support;

use chip_support::{chip, region, WIDTHS};
use ferrowarp_abi::code::{ack_mode, cpl_kind};
use ferrowarp_testbench::build::{counted, fpdu, send_message, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{ConnPlan, DuelError, Lockstep};
use ferrowarp_testbench::wire::ddp::Opcode;

const STAG: u32 = 0x0002_0155;
/// Protection domain of [`ConnPlan::new`].
const PD: u32 = 7;
/// Octets of a tagged FPDU besides its payload, if that is a multiple of four.
const TAGGED: usize = 2 + 14 + 4;

/// What a width allows.
struct Limits {
    /// Parts that a frame alone in the chip may have: the window less 4.
    parts: usize,
    /// The smallest payload of which a Write is cut off: 8 octets more than a beat in all.
    least: usize,
}

/// A [`Lockstep`] at each width.
fn lockstep(test: fn(&mut Lockstep, &Limits) -> Result<(), DuelError>) {
    for width in WIDTHS {
        let mut l = Lockstep::new(chip(width, 1), 1);
        let limits = Limits {
            parts: l.chip.cfg.window - 4,
            least: (width / 8 + 8).saturating_sub(TAGGED),
        };
        let all = l
            .region(region(STAG, PD, 0x40_0000))
            .and_then(|_| test(&mut l, &limits))
            .and_then(|()| l.compare_memory());
        all.unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}

fn write(to: usize, len: usize) -> Vec<u8> {
    fpdu(&ulpdu::write(STAG, to as u64, &counted(len), true))
}

/// As many FPDUs as there may be parts, of every length: all go the fast way, one report for the segment.
#[test]
fn all_go_the_fast_way() {
    lockstep(|l, limits| {
        let side = l.install(&ConnPlan::new(1))?;
        let mut to = 0;
        for len in limits.least..limits.least + 150 {
            for count in [2, 3, limits.parts] {
                l.forget();
                let (fast, pool) = (l.chip.counter("fpdu_fast")?, l.chip.counter("fpdu_pool")?);
                let from = l.chip.acks.len();
                let seq = l.spec(side).seq;
                let mut payload = Vec::new();
                for n in 0..count {
                    // no two of the same length, as long as they fit a frame
                    payload.extend(write(to, len + n * 4));
                    to += len + n * 4;
                }
                to &= 0x3F_0000 - 1;
                if payload.len() > 8900 {
                    continue;
                }
                l.data(side, &payload);
                l.settle()?;
                l.position(side)?;
                let what = format!("{count} Writes of {len} octets and more");
                let fast = l.chip.counter("fpdu_fast")? - fast;
                assert_eq!(fast, count as u32, "{what}");
                assert_eq!(l.chip.counter("fpdu_pool")?, pool, "{what}");
                let acks: Vec<_> = l.acks(side, from);
                // the connection's first FPDU is told at once
                let last = acks.last().expect("a report");
                assert!(
                    acks.len() == 1 || seq == l.plan(side).spec.seq,
                    "{what}: {acks:?}"
                );
                assert_eq!(last.mode, ack_mode::DELAYED, "{what}");
                assert_eq!(
                    (last.seq, usize::from(last.payload_len)),
                    (seq, payload.len()),
                    "{what}"
                );
                assert_eq!(
                    last.rcv_nxt,
                    seq.wrapping_add(payload.len() as u32),
                    "{what}"
                );
            }
        }
        Ok(())
    });
}

/// More FPDUs than there is room for, or too small ones: what is left in one piece goes to the assembler.
#[test]
fn more_than_there_is_room_for() {
    lockstep(|l, limits| {
        let side = l.install(&ConnPlan::new(1))?;
        for (round, len) in [limits.least.saturating_sub(1), limits.least, 0, 8, 200]
            .into_iter()
            .enumerate()
        {
            for count in limits.parts..limits.parts + 8 {
                let payload: Vec<u8> = (0..count)
                    .flat_map(|n| write(round * 0x8000 + n * 300, len))
                    .collect();
                l.data(side, &payload);
                l.settle()?;
                l.position(side)?;
            }
        }
        assert!(l.chip.counter("fpdu_pool")? > 0 && l.chip.counter("fpdu_fast")? > 0);
        Ok(())
    });
}

/// An FPDU in error ends the connection there: nothing behind it in the segment is placed, all before it is.
#[test]
fn an_error_in_every_place() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        for wrong in 0..4 {
            l.renew(side, 0x1000)?;
            l.forget();
            let payload: Vec<u8> = (0..4)
                .flat_map(|n| match n == wrong {
                    true => write(0x40_0000 - 99, 100),
                    false => write(n * 200, 100),
                })
                .collect();
            l.data(side, &payload);
            l.settle()?;
            assert!(l.ended(side));
            let errors = l
                .events(side)
                .iter()
                .filter(|e| e.kind == cpl_kind::ERROR)
                .count();
            assert_eq!(errors, 1, "FPDU {wrong} of 4");
        }
        Ok(())
    });
}

/// A bad CRC in every place: what is before it counts, it is repaired by TCP, and the third one ends the connection.
#[test]
fn mpa_76_77_a_bad_crc_in_every_place() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        for bad in 0..4 {
            for repeats in [1, 2] {
                l.renew(side, 0x1000)?;
                l.forget();
                let fpdus: Vec<_> = (0..4).map(|n| write(n * 200, 100 + 4 * n)).collect();
                let mut payload = fpdus.concat();
                let at: usize = fpdus[..=bad].iter().map(Vec::len).sum();
                payload[at - 1] ^= 1;
                l.data(side, &payload);
                l.settle()?;
                l.position(side)?;
                for _ in 1..repeats {
                    let rest = payload[at - fpdus[bad].len()..].to_vec();
                    l.data(side, &rest);
                    l.settle()?;
                    l.position(side)?;
                }
                l.data(side, &fpdus[bad..].concat());
                l.settle()?;
                l.position(side)?;
                assert!(!l.ended(side), "FPDU {bad} of 4, {repeats} times");
            }
        }
        l.renew(side, 0x1000)?;
        l.forget();
        let mut payload = [write(0, 100), write(200, 100)].concat();
        let at = payload.len();
        payload[at - 1] ^= 1;
        l.data(side, &payload);
        l.settle()?;
        for _ in 0..2 {
            l.data(side, &payload[at / 2..]);
            l.settle()?;
        }
        assert!(l.ended(side));
        Ok(())
    });
}

/// A segment that begins in the middle of an FPDU whose payload looks like length fields: it is cut where no FPDU ends,
/// and yet every octet is placed.
#[test]
fn cuts_where_no_fpdu_ends() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        for field in [14u16, 80, 100, 300] {
            let lengths: Vec<u8> = field.to_be_bytes().repeat(300);
            let stream = [0, 1000]
                .map(|to| fpdu(&ulpdu::write(STAG, to, &lengths, true)))
                .concat();
            for cut in (1..80).chain([601, 602, 640, 700]) {
                for piece in [&stream[..cut], &stream[cut..]] {
                    l.data(side, piece);
                }
                l.settle()?;
                l.position(side)?;
            }
        }
        Ok(())
    });
}

/// A Send with Invalidate takes an STag away, and the Write behind it in the same segment comes too late.
#[test]
fn rdm_47_invalidated_in_the_same_segment() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        let other = 0x0003_0177;
        l.region(region(other, PD, 4000))?;
        l.post(side, 500)?;
        let write = |to: u64| fpdu(&ulpdu::write(other, to, &counted(120), true));
        let send = fpdu(&ulpdu::send(
            Opcode::SendInv,
            1,
            0,
            &counted(90),
            true,
            other,
        ));
        l.data(side, &[write(0), send, write(500)].concat());
        l.settle()?;
        assert!(l.ended(side));
        Ok(())
    });
}

/// Sends of several segments, packed: each has its MSN, each its event.
#[test]
fn sends_in_one_segment() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        for round in 0..8 {
            l.post(side, 500)?;
            l.post(side, 500)?;
            let first = 2 * round + 1;
            let payload: Vec<u8> = [first, first + 1]
                .into_iter()
                .flat_map(|msn| send_message(Opcode::Send, msn, &counted(330), 110, 0))
                .flat_map(|u| fpdu(&u))
                .collect();
            l.data(side, &payload);
            l.settle()?;
            l.position(side)?;
        }
        Ok(())
    });
}

/// A frame that is shorter than its IP packet, in the middle of any part: it counts once, and no slot is lost.
#[test]
fn short_frames_leave_nothing_behind() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        let payload = [write(0, 120), write(200, 130), write(400, 140)].concat();
        let frame = l.spec(side).frame(&payload);
        let before = l.chip.counter("tcp_malformed")?;
        let lengths: Vec<usize> = (60..frame.len()).step_by(3).collect();
        for &len in &lengths {
            l.frame(frame[..len].to_vec());
            l.settle()?;
            l.position(side)?;
        }
        let counted = l.chip.counter("tcp_malformed")? - before;
        assert_eq!(counted as usize, lengths.len());
        l.data(side, &payload);
        l.settle()?;
        l.position(side)?;
        assert_eq!(l.chip.counter("drop_slot")?, 0);
        Ok(())
    });
}

/// A plain frame that looks like a segment of FPDUs reaches the host in one piece.
#[test]
fn a_plain_frame_is_not_cut() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        let payload = [write(0, 120), write(200, 130), write(400, 140)].concat();
        let stranger = FrameSpec {
            ack: 1,
            ..ConnPlan::new(9).spec.clone()
        }
        .frame(&payload);
        for _ in 0..40 {
            l.frame(stranger.clone());
            l.data(side, &payload);
            l.settle()?;
            l.position(side)?;
        }
        // nobody posted a buffer for it: dropped whole, once each
        assert_eq!(l.chip.counter("nic_drop")?, 40);
        assert_eq!(l.chip.counter("drop_slot")?, 0);
        Ok(())
    });
}

/// A segment's last part reports all of it. The connection's first FPDU makes a report of its own, so one goes in front.
#[test]
fn a_segment_is_reported_once() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        let first = l.spec(side).frame(&write(0, 40));
        l.frame(first);
        l.settle()?;
        let (from, fast) = (l.chip.acks.len(), l.chip.counter("fpdu_fast")?);
        let payload = [write(0, 120), write(200, 130), write(400, 140)].concat();
        let spec = l.spec(side);
        l.frame(spec.frame(&payload));
        l.settle()?;
        let acks = l.acks(side, from);
        assert_eq!(acks.len(), 1, "{acks:x?}");
        assert_eq!(acks[0].mode, ack_mode::DELAYED);
        assert_eq!(acks[0].rcv_nxt, spec.seq.wrapping_add(payload.len() as u32));
        assert_eq!(l.chip.counter("fpdu_fast")? - fast, 3);
        Ok(())
    });
}

/// The same segment again: answered like any duplicate, by one report.
#[test]
fn a_duplicate_is_reported_once() {
    lockstep(|l, _| {
        let side = l.install(&ConnPlan::new(1))?;
        let payload = [write(0, 120), write(200, 130), write(400, 140)].concat();
        let frame = l.spec(side).frame(&payload);
        l.frame(frame.clone());
        l.settle()?;
        let (from, dups) = (l.chip.acks.len(), l.chip.counter("tcp_dup")?);
        l.frame(frame);
        l.settle()?;
        let modes: Vec<_> = l.acks(side, from).iter().map(|a| a.mode).collect();
        assert_eq!(modes, [ack_mode::NOW]);
        assert_eq!(l.chip.counter("tcp_dup")? - dups, 1);
        Ok(())
    });
}
