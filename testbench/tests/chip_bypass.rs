//! FPDUs that the assembler leaves in the staging RAM (`Cfg::bypass`, 512 bits): behind two segments that changed places, each
//! in a segment of its own. In lockstep with the golden endpoint; the counters say which of them were copied into the pool.
//! And every reason to copy one nevertheless.

use ferrowarp_abi::code::{cpl_kind, term};
use ferrowarp_testbench::build::{counted, fpdu, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{
    small_cfg, small_model, ConnPlan, DuelError, Gate, Lockstep,
};
use ferrowarp_testbench::chip::{Chip, Region, Sink, StagRights};
use ferrowarp_testbench::marking::mark;
use ferrowarp_testbench::wire::ddp::Opcode;
use ferrowarp_testbench::wire::tcp::{seq_diff, Flags};

const WIDTH: usize = 512;
const STAG: u32 = 0x0001_0155;
const SEQ: u32 = 0xffff_fd00;
const LEN: u32 = 500_000;

type Done = Result<(), DuelError>;
/// From, to.
type Span = (usize, usize);

struct Bench {
    l: Lockstep,
    side: usize,
    pa: u64,
    stream: Vec<u8>,
    to: u64,
    marks: bool,
    /// asm_segments, fpdu_fast, fpdu_pool when the connection began.
    before: [u32; 3],
}

fn run(test: fn(&mut Bench) -> Done) {
    let lib = small_model(WIDTH).unwrap_or_else(|e| panic!("{e}"));
    let chip = Chip::new(&lib, &small_cfg(WIDTH), WIDTH / 8, 31).unwrap_or_else(|e| panic!("{e}"));
    let mut l = Lockstep::new(chip, 31);
    l.quiet = 1500;
    let play = || {
        let mut plan = ConnPlan::new(3);
        plan.window = 200_000;
        plan.spec.seq = SEQ;
        let region = Region {
            stag: STAG,
            rights: StagRights {
                remote_write: true,
                read_sink: true,
                ..Default::default()
            },
            pd: plan.pd,
            bound_to: None,
            base: 0,
            len: LEN,
            pa: 0,
        };
        let side = l.install(&plan)?;
        let pa = l.region(region)?.pa;
        let mut b = Bench {
            side,
            pa,
            stream: Vec::new(),
            to: 0,
            marks: false,
            before: [0; 3],
            l,
        };
        test(&mut b)?;
        b.l.compare_memory()
    };
    play().unwrap_or_else(|e| panic!("{e}"));
}

impl Bench {
    /// The connection anew, its stream empty.
    fn fresh(&mut self) -> Done {
        self.l
            .renew_marked(self.side, SEQ, self.marks.then_some(0))?;
        self.l.forget();
        self.stream.clear();
        self.before = self.counts();
        Ok(())
    }

    fn counts(&mut self) -> [u32; 3] {
        ["asm_segments", "fpdu_fast", "fpdu_pool"].map(|n| self.count(n))
    }

    fn count(&mut self, name: &str) -> u32 {
        let c = self.l.chip.counter(name);
        c.unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Frames for which there was no room.
    fn dropped(&mut self) -> u32 {
        let names = ["drop_credit", "drop_slot", "drop_full"];
        names.map(|n| self.count(n)).iter().sum()
    }

    /// Segments that the assembler got, FPDUs placed from the staging RAM and from the pool, since [`Bench::fresh`].
    fn ways(&mut self) -> [u32; 3] {
        let now = self.counts();
        [0, 1, 2].map(|i| now[i] - self.before[i])
    }

    /// Appends an FPDU to the stream.
    fn put(&mut self, unit: &[u8]) -> Span {
        let from = self.stream.len();
        let f = fpdu(unit);
        if self.marks {
            self.stream.extend(mark(&f, &[0], from as u32).octets);
        } else {
            self.stream.extend(f);
        }
        (from, self.stream.len())
    }

    /// The same, a Write to the next free place.
    fn write(&mut self, payload: &[u8]) -> Span {
        let u = ulpdu::write(STAG, self.to, payload, true);
        self.to = (self.to + payload.len() as u64) % (u64::from(LEN) - 20_000);
        self.put(&u)
    }

    fn writes(&mut self, n: usize, len: usize) -> Vec<Span> {
        (0..n).map(|_| self.write(&counted(len))).collect()
    }

    fn frame(&self, (from, to): Span, flags: Flags) -> Vec<u8> {
        FrameSpec {
            seq: SEQ.wrapping_add(from as u32),
            flags,
            ..self.l.spec(self.side)
        }
        .frame(&self.stream[from..to])
    }

    /// Sends these octets of the stream, a segment each, without a pause.
    fn play(&mut self, segments: &[Span]) {
        for s in segments {
            let frame = self.frame(*s, Flags::ACK);
            self.l.frame(frame);
        }
    }

    /// The same to the chip alone.
    fn play_chip(&mut self, segments: &[Span]) {
        let now = self.l.chip.cycle();
        for s in segments {
            let frame = self.frame(*s, Flags::ACK);
            self.l.chip.send(now, frame);
        }
    }

    /// Waits, and compares results and position.
    fn settle(&mut self) -> Done {
        self.l.settle()?;
        self.l.position(self.side)
    }

    fn done(&self) -> usize {
        seq_diff(self.l.spec(self.side).seq, SEQ) as usize
    }

    /// Kind and code of the events.
    fn events(&self) -> Vec<(u8, u16)> {
        let events = self.l.events(self.side);
        events.iter().map(|e| (e.kind, e.term)).collect()
    }
}

/// Three segments, the second and the third of which change places; then the rest.
fn swapped(w: &[Span]) -> Vec<Span> {
    let mut order = w.to_vec();
    order.swap(1, 2);
    order
}

/// The two that changed places are copied, those behind them are not, though the assembler has them.
#[test]
fn behind_a_swap() {
    run(|b| {
        for len in [0, 1, 40, 63, 200, 700, 1400] {
            b.fresh()?;
            let w = b.writes(9, len);
            b.play(&swapped(&w));
            b.settle()?;
            let [segments, fast, pool] = b.ways();
            assert_eq!((fast, pool), (7, 2), "{len} octets");
            assert!(segments >= 6, "{len} octets: {segments} to the assembler");
            // Nothing is left: the fast way again.
            let w = b.writes(1, len);
            b.play(&w);
            b.settle()?;
            assert_eq!(b.ways(), [segments, fast + 1, 2]);
        }
        Ok(())
    });
}

/// Frames at the pace of the wire, of which now and then two change places: the DMA port stays close behind.
#[test]
fn the_backlog_goes() {
    run(|b| {
        b.fresh()?;
        let mut w = b.writes(84, 1400);
        for i in (2..83).step_by(9) {
            w.swap(i, i + 1);
        }
        // As many as the frame slots bear at a time.
        for part in w.chunks(28) {
            b.play(part);
            b.settle()?;
            let last = b.l.chip.sent.last().map_or(0, |s| s.last);
            let end = b.l.chip.writes.last().map_or(0, |w| w.last_data);
            println!("{} cycles behind the wire", end - last);
            // If all were copied: more than 350 cycles.
            assert!(end < last + 230, "{} cycles behind the wire", end - last);
        }
        assert_eq!(b.ways()[2], 18, "copied");
        Ok(())
    });
}

/// In the middle of an FPDU lies what would be one too, in a segment of its own (MPA-52).
#[test]
fn mpa_52_not_while_a_part_is_held() {
    run(|b| {
        for len in [30, 200] {
            b.fresh()?;
            let mut w = b.writes(3, 200);
            let inner = fpdu(&ulpdu::write(STAG, 490_000, &counted(len), true));
            let x = b.write(&[vec![5; 100], inner.clone(), vec![6; 100]].concat());
            let at = x.0 + 16 + 100;
            w.extend([(x.0, at), (at, at + inner.len()), (at + inner.len(), x.1)]);
            w.extend(b.writes(3, 200));
            b.play(&swapped(&w));
            b.settle()?;
            assert_eq!(b.ways()[1..], [4, 3]);
        }
        Ok(())
    });
}

/// Several FPDUs in a segment are copied, all of them (ingest cuts such a segment into parts).
#[test]
fn mpa_52_not_with_others_in_the_segment() {
    run(|b| {
        for len in [100, 300] {
            b.fresh()?;
            let w = b.writes(10, len);
            let mut order = swapped(&w[..4]);
            order.extend([(w[4].0, w[5].1), (w[6].0, w[8].1), w[9]]);
            b.play(&order);
            b.settle()?;
            assert_eq!(b.ways()[1..], [3, 7]);
        }
        Ok(())
    });
}

/// Something is kept ahead of a gap, inside of an FPDU that comes whole later (TCP-25).
#[test]
fn tcp_25_not_while_something_is_kept() {
    run(|b| {
        for (from, to) in [(50, 100), (0, 100), (100, 0), (0, 0)] {
            b.fresh()?;
            let w = b.writes(6, 200);
            let (a, e) = w[3];
            b.play(&[w[0], (a + from, e - to), w[1], w[2], w[3], w[4], w[5]]);
            b.settle()?;
            assert_eq!(b.ways()[1..], [3, 3]);
            let last = b.l.acks(b.side, 0);
            assert_eq!(last.last().map(|a| a.sack_n), Some(0));
        }
        Ok(())
    });
}

/// A segment that begins with old octets (TCP-23), which by themselves would be the begin of an FPDU. Without CRC.
#[test]
fn tcp_23_not_with_old_octets() {
    run(|b| {
        b.l.negotiate(b.side, |p| p.crc = false);
        b.fresh()?;
        // One over two segments keeps the assembler busy, and `rcv_nxt` goes on with it.
        let (v, p) = (b.writes(1, 200)[0], b.write(&counted(1400)));
        let mut w = vec![v, (p.0, p.0 + 700), (p.0 + 700, p.1)];
        // X ends with a header that, up to the end of Y, would be a Write.
        let len = 40 + 220 + 4 - 20;
        let header = fpdu(&ulpdu::write(STAG, 490_000, &vec![9; len], true));
        let x = b.write(&[vec![1; 200], header[..40].to_vec()].concat());
        let y = b.write(&counted(200));
        assert_eq!(header.len(), y.1 - (x.1 - 44));
        w.extend([x, (x.1 - 44, y.1)]);
        w.extend(b.writes(2, 200));
        b.play(&w);
        b.settle()?;
        assert_eq!(b.ways()[1..], [4, 2]);
        Ok(())
    });
}

/// A bad CRC: copied, judged, dropped; then it comes again (MPA-76). Without CRC nobody looks.
#[test]
fn mpa_54_76_not_with_a_bad_crc() {
    run(|b| {
        for crc in [true, false] {
            b.l.negotiate(b.side, |p| p.crc = crc);
            b.fresh()?;
            let w = b.writes(9, 200);
            let at = w[4].1 - 1;
            b.stream[at] ^= 1;
            b.play(&swapped(&w));
            b.settle()?;
            b.stream[at] ^= 1;
            if crc {
                assert_eq!(b.done(), w[4].0);
                b.play(&w[4..]);
                b.settle()?;
            } else {
                assert_eq!(b.ways()[1..], [7, 2]);
            }
            assert_eq!(b.done(), w[8].1);
            assert!(b.events().is_empty());
        }
        Ok(())
    });
}

/// Errors that the pipeline finds in one: the event, and those behind it only give their slots back. More rounds than slots.
#[test]
fn ddp_35_errors_and_the_slots_behind_them() {
    run(|b| {
        for round in 0..12 {
            b.fresh()?;
            let mut w = b.writes(4, 200);
            // The event tells 46 octets of the header, and of what is behind it.
            let len = [200, 31, 7][round % 3];
            let u = ulpdu::write(STAG + 0x100, 0, &counted(len), true);
            w.push(b.put(&u));
            w.extend(b.writes(4, 200));
            b.play(&swapped(&w));
            b.settle()?;
            assert_eq!(b.events(), [(cpl_kind::ERROR, 0x1100)]);
        }
        assert_eq!(b.dropped(), 0);
        Ok(())
    });
}

/// Sends take their receives in order, among FPDUs of the pool; one has none.
#[test]
fn ddp_31_sends_and_one_without_a_receive() {
    run(|b| {
        for posted in [2, 4] {
            b.fresh()?;
            for _ in 0..posted {
                b.l.post(b.side, 300)?;
            }
            let mut w = b.writes(1, 200);
            for msn in 1..=4 {
                let u = ulpdu::send(Opcode::Send, msn, 0, &counted(100 + msn as usize), true, 0);
                w.push(b.put(&u));
                w.extend(b.writes(1, 200));
            }
            b.play(&swapped(&w));
            b.settle()?;
            let mut want = vec![(cpl_kind::RECV, 0); posted];
            if posted == 2 {
                want.push((cpl_kind::ERROR, 0x1202));
            }
            assert_eq!(b.events(), want);
        }
        Ok(())
    });
}

/// Responses to Reads that were issued one after the other.
#[test]
fn read_responses() {
    run(|b| {
        b.fresh()?;
        let mut w = b.writes(3, 200);
        for i in 0..3u64 {
            b.l.issue(
                b.side,
                Gate::Read {
                    sq_idx: 7 + i as u16,
                    sink_stag: STAG,
                    sink_to: 400_000 + 1000 * i,
                    len: 300,
                },
            )?;
            let to = 400_000 + 1000 * i;
            for (from, last) in [(0, false), (150, true)] {
                let u = ulpdu::read_response(STAG, to + from, &counted(150), last);
                w.push(b.put(&u));
            }
        }
        b.play(&swapped(&w));
        b.settle()?;
        assert_eq!(b.events(), [(cpl_kind::READ_DONE, 0); 3]);
        assert_eq!(b.ways()[1..], [7, 2]);
        Ok(())
    });
}

/// The last one carries the FIN (TCP-68).
#[test]
fn tcp_68_not_with_a_fin() {
    run(|b| {
        b.fresh()?;
        let w = b.writes(6, 200);
        b.play(&swapped(&w)[..5]);
        let frame = b.frame(w[5], Flags::ACK | Flags::FIN);
        b.l.frame(frame);
        b.l.settle()?;
        assert_eq!(b.events(), [(cpl_kind::FIN, 0)]);
        assert_eq!(b.ways()[1..], [3, 3]);
        Ok(())
    });
}

/// Of a stream with Markers every FPDU is copied, those without a Marker in them too.
#[test]
fn not_with_markers() {
    run(|b| {
        b.marks = true;
        b.fresh()?;
        let w = b.writes(24, 60);
        b.play(&swapped(&w));
        b.settle()?;
        assert_eq!(b.ways(), [24, 0, 24]);
        assert_eq!(b.done(), w[23].1);
        Ok(())
    });
}

/// A segment that ends behind the window is cut there (TCP-24).
#[test]
fn tcp_24_not_beyond_the_window() {
    run(|b| {
        b.l.negotiate(b.side, |p| p.window = 600);
        b.fresh()?;
        let w = b.writes(6, 200);
        b.play(&swapped(&w)[..5]);
        // It may differ from the golden endpoint here, which knows where the window ends before the chip does.
        let _ = b.l.settle();
        // What is missing of the fifth comes again.
        b.play(&w[4..]);
        b.settle()?;
        assert_eq!(b.done(), w[5].1);
        assert!(b.events().is_empty());
        Ok(())
    });
}

/// The connection is removed while some of them are on their way, and its place taken by another one.
#[test]
fn removed_on_the_way() {
    run(|b| {
        for delay in (0..400).step_by(9) {
            b.to = 0;
            b.fresh()?;
            let w = b.writes(10, 300);
            b.play_chip(&swapped(&w));
            let end = b.l.chip.cycle() + delay;
            while b.l.chip.cycle() < end {
                b.l.chip.tick()?;
            }
            // The same once more, now for both.
            b.to = 0;
            b.l.renew(b.side, SEQ)?;
            b.l.forget();
            while b.l.chip.frames_left() > 0 {
                b.l.chip.tick()?;
            }
            b.l.chip.drain(1500, 100_000)?;
            b.fresh()?;
            let w = b.writes(10, 300);
            b.play(&swapped(&w));
            b.settle()?;
        }
        assert_eq!(b.dropped(), 0);
        Ok(())
    });
}

/// A DMA port that hardly takes anything: slots run out, frames are lost and come again; each FPDU is placed once, in order.
#[test]
fn a_slow_port_and_no_slots() {
    run(|b| {
        b.to = 0;
        b.fresh()?;
        // More than the ring of beats holds, too.
        let w = b.writes(120, 1400);
        let from = b.l.chip.writes.len();
        let mut sent = swapped(&w);
        sent.swap(10, 11);
        sent.swap(20, 21);
        let mut rounds = 0;
        let (conn, gen) = (b.l.plan(b.side).conn, b.l.plan(b.side).gen);
        while !sent.is_empty() {
            b.l.chip.sink = Sink::Random(0.9);
            b.play_chip(&sent);
            b.l.chip.drain(5000, 1_000_000)?;
            b.l.chip.sink = Sink::Open;
            let at = seq_diff(b.l.chip.query(conn, gen)?.rcv_nxt, SEQ) as usize;
            sent = w.iter().filter(|s| s.1 > at).copied().collect();
            rounds += 1;
            assert!(rounds < 30, "{} segments left", sent.len());
        }
        assert!(b.dropped() > 0);
        assert!(rounds > 1);
        let placed: Vec<_> = b.l.chip.writes[from..]
            .iter()
            .map(|w| (w.addr, w.data.clone()))
            .collect();
        let want: Vec<_> = (0..120u64)
            .map(|i| (b.pa + 1400 * i, counted(1400)))
            .collect();
        assert!(placed == want, "{} writes", placed.len());
        b.l.copy_to_golden(from);
        // Judged above; this takes them into the chip's memory.
        let _ = b.l.settle();
        Ok(())
    });
}

/// Slots and codes that the tests above take for granted.
#[test]
fn what_the_tests_need() {
    assert_eq!(term::MPA_CRC, 0x2002);
    assert!(small_cfg(WIDTH).bypass(6) && !small_cfg(64).bypass(3));
}
