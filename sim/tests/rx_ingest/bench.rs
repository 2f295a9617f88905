//! The bench: drives the model cycle by cycle, predicts every output of every cycle, and reads all of the staging back.

use crate::design::{cfg, Design, Pace, Seen, Source};
use crate::expect::{Expect, Frame, Now};
use crate::model::{Beat, Merge};
use ferrowarp_hdl::emit::FieldInfo;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::{Model, ModelLib, PortId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};

const NAMES: &[&str] = &[
    "mac_rx_tdata",
    "mac_rx_tkeep",
    "mac_rx_tvalid",
    "mac_rx_tlast",
    "mac_rx_tuser",
    "inject_tdata",
    "inject_tkeep",
    "inject_tvalid",
    "inject_tready",
    "inject_tlast",
    "inject_tuser",
    "admit",
    "frame_start",
    "launch_valid",
    "launch_tuple",
    "launch_upper",
    "tpt_pending",
    "tpt_valid",
    "tpt_stag",
    "done_valid",
    "done",
    "done_pop",
    "hdrb_valid",
    "hdrb",
    "hdrb_pop",
    "scan_valid",
    "scan",
    "scan_pop",
    "rd_addr",
    "rd_next",
    "rd_lo",
    "rd_hi",
    "free_valid_0",
    "free_slot_0",
    "free_valid_1",
    "free_slot_1",
    "free_valid_2",
    "free_slot_2",
    "drop_slot",
    "drop_credit",
    "drop_full",
    "drop_merge",
    "frame_bad",
    "idle",
];
const FREE: [(&str, &str); 3] = [
    ("free_valid_0", "free_slot_0"),
    ("free_valid_1", "free_slot_1"),
    ("free_valid_2", "free_slot_2"),
];

/// A frame in the staging RAM that is not yet read back in full.
struct Stored {
    frame: Frame,
    next: usize,
}

/// What a read should give: an octet each of `rd_lo` and `rd_hi`, where a frame lies.
type Window = Vec<Option<u8>>;

pub struct Bench {
    dut: Model,
    ports: HashMap<&'static str, PortId>,
    fields: HashMap<String, Vec<FieldInfo>>,
    k: usize,
    pub rng: ChaCha8Rng,
    pub log: Vec<(u64, Seen)>,
    pub cycle: u64,
    pub mac: Source,
    pub inject: Source,
    merge: Merge,
    pub expect: Expect,
    stored: Vec<Stored>,
    readable: Vec<usize>,
    reads: VecDeque<Window>,
}

impl Bench {
    pub fn new(design: &Design, lib: &ModelLib, seed: u64) -> Self {
        let ipv6 = design.ipv6;
        let mut dut = lib.instance_seeded(seed);
        for (valid, _) in FREE {
            let id = dut.port(valid).unwrap_or_else(|e| panic!("{e}"));
            dut.set_u64(id, 0);
        }
        dut.reset(2).expect("no assertion in reset");
        let ports = NAMES
            .iter()
            .map(|n| (*n, dut.port(n).unwrap_or_else(|e| panic!("{e}"))))
            .collect();
        let c = Cfg {
            ipv6,
            ..cfg(design.k)
        };
        Bench {
            dut,
            ports,
            fields: design.fields.clone(),
            k: design.k,
            rng: ChaCha8Rng::seed_from_u64(seed),
            log: vec![],
            cycle: 0,
            mac: Source::default(),
            inject: Source::default(),
            merge: Merge::new(c.max_frame, design.k),
            expect: Expect::new(&c, design.k),
            stored: vec![],
            readable: vec![],
            reads: VecDeque::from([vec![], vec![]]),
        }
    }

    /// Cuts a frame into beats, garbage behind its end.
    pub fn beats(&mut self, frame: &[u8], bad: bool) -> Vec<Beat> {
        let n = frame.len().div_ceil(self.k);
        (0..n)
            .map(|i| {
                let part = &frame[i * self.k..frame.len().min((i + 1) * self.k)];
                let mut data = part.to_vec();
                data.resize_with(self.k, || self.rng.gen());
                let last = i == n - 1;
                Beat {
                    data,
                    octets: part.len(),
                    last,
                    // `tuser` counts at tlast only
                    bad: if last { bad } else { self.rng.gen() },
                }
            })
            .collect()
    }

    pub fn send(&mut self, frame: &[u8], bad: bool) {
        let beats = self.beats(frame, bad);
        self.mac.beats.extend(beats);
    }

    pub fn send_inject(&mut self, frame: &[u8], bad: bool) {
        let beats = self.beats(frame, bad);
        self.inject.beats.extend(beats);
    }

    fn set(&mut self, port: &str, value: u64) {
        self.dut.set_u64(self.ports[port], value);
    }

    fn get(&self, port: &str) -> u64 {
        self.dut.get_u64(self.ports[port])
    }

    fn bytes(&self, port: &str) -> Vec<u8> {
        let id = self.ports[port];
        let mut b = vec![0; self.dut.info(id).width.div_ceil(8) as usize];
        self.dut.get_bytes(id, &mut b);
        b
    }

    /// A field of a struct port, as octets from bit 0 up.
    fn field_bytes(&self, port: &str, field: &str) -> Vec<u8> {
        let f = self.fields[port]
            .iter()
            .find(|f| f.name == field)
            .unwrap_or_else(|| panic!("{port} has no field {field}"));
        let b = self.bytes(port);
        let bit = |i: usize| (b[(f.low + i) / 8] >> ((f.low + i) % 8)) & 1;
        (0..f.width.div_ceil(8))
            .map(|i| (8 * i..f.width.min(8 * i + 8)).fold(0, |v, j| v | (bit(j) << (j % 8))))
            .collect()
    }

    fn field(&self, port: &str, field: &str) -> u64 {
        let mut b = self.field_bytes(port, field);
        b.resize(8, 0);
        u64::from_le_bytes(b.try_into().expect("eight octets"))
    }

    fn same(&self, what: &str, got: impl Into<u128>, want: impl Into<u128>) {
        let (got, want) = (got.into(), want.into());
        assert!(
            got == want,
            "cycle {}: {what} is {got:#x}, the reference says {want:#x}",
            self.cycle
        );
    }

    fn check(&self, port: &str, want: impl Into<u128>) {
        let got = self.dut.get_u128(self.ports[port]);
        self.same(port, got, want);
    }

    fn drive(&mut self, names: [&str; 5], beat: Option<&Beat>) {
        let [data, keep, valid, last, user] = names;
        self.set(valid, beat.is_some().into());
        if let Some(b) = beat {
            self.dut.set_bytes(self.ports[data], &b.data);
            self.set(keep, u64::MAX >> (64 - b.octets));
            self.set(last, b.last.into());
            self.set(user, b.bad.into());
        } else {
            // whatever lies on an idle stream must not matter
            for port in [keep, last, user] {
                let garbage = self.rng.gen();
                self.set(port, garbage);
            }
        }
    }

    /// One clock cycle; `pace` decides what comes and goes.
    pub fn step(&mut self, pace: Pace) {
        let t = self.cycle;
        let mac = self
            .mac
            .offer(&mut self.rng, pace.mac_gap, pace.mac_between);
        let inject = self
            .inject
            .offer(&mut self.rng, pace.inject_gap, pace.inject_between);
        let admit = self.expect.window_open() && !self.rng.gen_ratio(pace.refuse, 100);
        self.drive(
            [
                "mac_rx_tdata",
                "mac_rx_tkeep",
                "mac_rx_tvalid",
                "mac_rx_tlast",
                "mac_rx_tuser",
            ],
            mac.as_ref(),
        );
        self.drive(
            [
                "inject_tdata",
                "inject_tkeep",
                "inject_tvalid",
                "inject_tlast",
                "inject_tuser",
            ],
            inject.as_ref(),
        );
        self.set("admit", admit.into());

        let go = self.expect.go(admit);
        let merged = self.merge.step(mac.as_ref(), inject.as_ref(), go);
        let from_inject = inject.is_some() && merged.inject_ready;
        let now = self.expect.port(t, merged.out.as_ref(), admit, from_inject);
        if merged.lost {
            self.expect.lost(t);
        }
        let pops = ["done", "hdrb", "scan"].map(|name| {
            let pop = self.expect.visible(name, t) && self.rng.gen_ratio(pace.pop, 100);
            self.set(&format!("{name}_pop"), pop.into());
            pop
        });
        let freed = self.choose_frees(pace.free);
        let window = self.choose_read(t);
        self.reads.push_back(window);

        self.dut.settle().expect("no assertion while settling");
        if mac.is_some() {
            self.mac.take();
        }
        self.same(
            "inject_tready",
            self.get("inject_tready"),
            merged.inject_ready,
        );
        if from_inject {
            self.inject.take();
        }
        self.same("frame_start", self.get("frame_start"), now.start);
        self.check_early(&now);
        for name in [
            "drop_slot",
            "drop_credit",
            "drop_full",
            "drop_merge",
            "frame_bad",
        ] {
            let want = self.expect.pulse(t, name);
            self.check(name, want);
        }
        self.check_fifos(t);
        if self.expect.in_hand() {
            self.check("idle", false);
        }
        self.check_read();
        if let Some(frame) = now.ended {
            self.stored.push(Stored { frame, next: 0 });
        }
        for (name, pop) in ["done", "hdrb", "scan"].iter().zip(pops) {
            if pop {
                self.expect.pop(name);
            }
        }
        self.expect.edge(&freed);
        self.dut.posedge().expect("no assertion at the clock edge");
        self.cycle += 1;
    }

    /// Launch and TPT request of this cycle.
    fn check_early(&mut self, now: &Now) {
        let t = self.cycle;
        self.check("launch_valid", now.launch.is_some());
        if let Some((tuple, upper)) = now.launch {
            self.check("launch_tuple", tuple);
            let number = |field: &str| {
                let octets = self.field_bytes("launch_upper", field);
                octets
                    .iter()
                    .rev()
                    .fold(0u128, |n, b| n << 8 | u128::from(*b))
            };
            let (src, dst) = upper.unwrap_or((0, 0));
            self.same("launch_upper.v6", number("v6"), upper.is_some());
            self.same("launch_upper.src", number("src"), src);
            self.same("launch_upper.dst", number("dst"), dst);
            self.log.push((t, Seen::Launch));
        }
        self.check("tpt_valid", now.stag.is_some());
        if let Some(stag) = now.stag {
            self.check("tpt_stag", stag);
            self.log.push((t, Seen::Tpt));
        }
        self.check("tpt_pending", now.pending);
        if now.start {
            self.log.push((t, Seen::FirstBeat));
        }
        if now.ended.is_some() {
            self.log.push((t, Seen::LastBeat));
        }
    }

    fn check_fifos(&mut self, t: u64) {
        for (name, valid, seen) in [
            ("done", "done_valid", Seen::Done),
            ("hdrb", "hdrb_valid", Seen::HdrB),
            ("scan", "scan_valid", Seen::Scan),
        ] {
            self.check(valid, self.expect.visible(name, t));
            if self.expect.fresh(name, t) {
                self.log.push((t, seen));
            }
        }
        if let Some(f) = self.expect.head("done", t) {
            let p = &f.parsed;
            let same = |field: &str, want: u64| {
                self.same(&format!("done.{field}"), self.field("done", field), want);
            };
            same("slot", f.slot as u64);
            same("start", f.start as u64);
            same("len", f.octets.len() as u64);
            same("bad", f.bad.into());
            same("tcp", p.tuple.is_some().into());
            same("tpt", f.tpt.into());
            if p.tuple.is_some() {
                same("hdr_ok", p.hdr_ok.into());
            }
            if p.hdr_ok {
                same("h", p.h as u64);
                same("plen", p.plen as u64);
                same("seq", p.seq.into());
                same("ack", p.ack.into());
                same("wnd", p.wnd.into());
                same("flags", p.flags.into());
                same("ce", p.ce.into());
                same("ts", p.ts.into());
                let n = p.header.len().min(20);
                assert_eq!(
                    self.field_bytes("done", "hdr_a")[..n],
                    p.header[..n],
                    "cycle {t}: done.hdr_a"
                );
            }
            if p.hdr_ok && p.ts {
                same("tsval", p.tsval.into());
                same("tsecr", p.tsecr.into());
            }
        }
        if let Some(p) = self.expect.head("hdrb", t).map(|f| &f.parsed) {
            let n = p.header.len().max(20);
            assert_eq!(
                self.bytes("hdrb")[..n - 20],
                *p.header.get(20..).unwrap_or(&[]),
                "cycle {t}: hdrb"
            );
        }
        if let Some(p) = self.expect.head("scan", t).map(|f| &f.parsed) {
            let same = |field: &str, want: bool| {
                self.same(&format!("scan.{field}"), self.field("scan", field), want);
            };
            if p.tuple.is_some() {
                same("ip_ok", p.ip_ok);
            }
            if p.hdr_ok {
                same("tcp_ok", p.tcp_ok);
                if p.plen >= 4 {
                    same("crc_ok", p.crc_ok);
                }
            }
        }
    }

    /// Frees up to three slots whose frames have been read back, in any order, on any ports.
    fn choose_frees(&mut self, chance: u32) -> Vec<usize> {
        let mut freed = vec![];
        for (valid, slot) in FREE {
            let go = !self.readable.is_empty() && self.rng.gen_ratio(chance, 1000);
            self.set(valid, go.into());
            let garbage = self.rng.gen();
            self.set(slot, garbage);
            if go {
                let i = self.rng.gen_range(0..self.readable.len());
                let s = self.readable.swap_remove(i);
                self.set(slot, s as u64);
                freed.push(s);
            }
        }
        freed
    }

    /// Presents a read address: two beats of some stored frame, or anything.
    fn choose_read(&mut self, t: u64) -> Window {
        let ready: Vec<usize> = (0..self.stored.len())
            .filter(|i| self.stored[*i].frame.end + 2 <= t)
            .collect();
        if ready.is_empty() {
            let any = self.rng.gen();
            self.set("rd_addr", any);
            let any = self.rng.gen();
            self.set("rd_next", any);
            return vec![];
        }
        let i = ready[self.rng.gen_range(0..ready.len())];
        let k = self.k;
        let s = &mut self.stored[i];
        // not reduced to the ring: the port must wrap
        let address = (s.frame.start + s.next) * k + self.rng.gen_range(0..k);
        let window = (0..2 * k)
            .map(|j| s.frame.octets.get(s.next * k + j).copied())
            .collect();
        s.next += 2;
        if s.next * k >= s.frame.octets.len() {
            let s = self.stored.swap_remove(i);
            self.readable.push(s.frame.slot);
        }
        self.set("rd_addr", address as u64);
        self.set("rd_next", (address / k + 1) as u64);
        window
    }

    fn check_read(&mut self) {
        let want = self.reads.pop_front().unwrap_or_default();
        let got = [self.bytes("rd_lo"), self.bytes("rd_hi")].concat();
        for (i, w) in want.iter().enumerate() {
            if let Some(w) = w {
                assert!(
                    got[i] == *w,
                    "cycle {}: staging octet {i} of the window is {:#x}, the frame has {w:#x}",
                    self.cycle,
                    got[i]
                );
            }
        }
    }

    /// Runs until everything that was sent has come out, then checks that nothing is left.
    pub fn drain(&mut self, pace: Pace, limit: u64) {
        let stop = self.cycle + limit;
        while !self.mac.beats.is_empty()
            || !self.inject.beats.is_empty()
            || self.expect.in_hand()
            || !self.stored.is_empty()
            || !self.readable.is_empty()
        {
            self.step(pace);
            assert!(self.cycle < stop, "not drained after {limit} cycles");
        }
        for _ in 0..40 {
            self.step(Pace::STEADY);
        }
        self.check("idle", true);
    }
}
