//! The bench of the conformance tests: the Verilated chip, connections to it, and what came out of it since the last look.
//!
//! It judges nothing and holds no model of the protocol: what a row expects stands in its test. Every test runs at 64 and 512
//! bits on a chip of its own; the models are the small ones of the duels, built once.
// Each file of tests uses a part of it.
#![allow(dead_code)]

use ferrowarp_abi::code::{ack_mode, cpl_kind, dma_class};
use ferrowarp_abi::table::ConnState;
pub use ferrowarp_testbench::build::{counted, fpdu, ulpdu, FrameSpec};
pub use ferrowarp_testbench::chip::duel::ConnPlan;
use ferrowarp_testbench::chip::duel::{record, small_cfg, small_model};
pub use ferrowarp_testbench::chip::{AckEvent, AtomicRequest, CplEvent, DmaWrite, ReadRequest};
use ferrowarp_testbench::chip::{Chip, Mirror, Post, ReadIssue, Region, StagRights, RQ_NIC};
use ferrowarp_testbench::wire::checksum;
pub use ferrowarp_testbench::wire::ddp::Opcode;
use ferrowarp_testbench::wire::ddp::{ReadRequestRepr, Term, TerminateRepr};
use ferrowarp_testbench::wire::mpa::{emit_fpdu, CrcField, FpduOptions};
pub use ferrowarp_testbench::wire::tcp::Flags;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Octets of memory that were written.
pub type Image = BTreeMap<u64, u8>;

/// Protection domain and number of every connection unless told.
pub const PD: u32 = 7;
/// A region with all rights but invalidation, at TO `BASE`, of `LEN` octets; its memory is at `MEM`.
pub const STAG: u32 = 0x0001_0155;
pub const BASE: u64 = 0x1_0000_0ff1;
pub const LEN: u32 = 70_000;
pub const MEM: u64 = 0x10_0000_1003;

pub fn ok<T, E: Display>(r: Result<T, E>) -> T {
    r.unwrap_or_else(|e| panic!("{e}"))
}

/// The test of one or more rows: its name, which carries their ids, and what it does with a bench of its own.
pub type Row = (&'static str, fn(&mut Bench));

macro_rules! row {
    ($test:ident) => {
        (stringify!($test), $test)
    };
}

/// Runs the rows of a file, or those that `FERROWARP_ROW` names: in one process, as the model takes longer than they do.
/// Rows behind one that failed are run, too.
pub fn rows(target: &str, width: usize, all: &[Row]) {
    let only = std::env::var("FERROWARP_ROW").ok();
    let (mut played, mut failed) = (0, Vec::new());
    for (name, test) in all {
        if only.as_ref().is_some_and(|o| o != name) {
            continue;
        }
        println!("{name}, {width} bits");
        played += 1;
        let play = || test(&mut Bench::new(width));
        if std::panic::catch_unwind(play).is_err() {
            failed.push(format!(
                "FERROWARP_ROW={name} cargo nextest run -p ferrowarp-testbench --test {target} rows_{width}"
            ));
        }
    }
    assert!(played > 0, "FERROWARP_ROW={only:?} is no row of {target}");
    assert!(failed.is_empty(), "failed; repeat:\n{}", failed.join("\n"));
}

/// What a region may be used for.
pub fn rights(write: bool, read: bool, sink: bool, invalidate: bool) -> StagRights {
    StagRights {
        remote_write: write,
        remote_read: read,
        read_sink: sink,
        remote_invalidate: invalidate,
    }
}

pub fn image(parts: &[(u64, &[u8])]) -> Image {
    let mut all = Image::new();
    for (at, data) in parts {
        all.extend(data.iter().enumerate().map(|(i, b)| (at + i as u64, *b)));
    }
    all
}

/// One connection and its peer.
pub struct Link {
    pub plan: ConnPlan,
    /// Next sequence number of the peer.
    pub seq: u32,
    /// Looked at so far.
    events: usize,
    acks: usize,
    requests: usize,
    atomics: usize,
}

impl Link {
    /// Headers of the peer's next segment.
    pub fn spec(&self) -> FrameSpec {
        self.at(0)
    }

    /// As `spec`, `by` octets further on.
    pub fn at(&self, by: i64) -> FrameSpec {
        FrameSpec {
            seq: self.seq.wrapping_add(by as u32),
            ..self.plan.spec.clone()
        }
    }
}

pub struct Bench {
    pub chip: Chip,
    pub width: usize,
    pub links: Vec<Link>,
    next_idx: u16,
    next_pa: u64,
    writes: usize,
}

impl Bench {
    /// A chip with the region `STAG` and no connection.
    pub fn new(width: usize) -> Self {
        let chip = ok(Chip::new(
            &ok(small_model(width)),
            &small_cfg(width),
            width / 8,
            21,
        ));
        let mut b = Bench {
            chip,
            width,
            links: Vec::new(),
            next_idx: 100,
            next_pa: 0x20_0000_0003,
            writes: 0,
        };
        b.region(
            STAG,
            rights(true, true, true, false),
            PD,
            None,
            BASE,
            LEN,
            MEM,
        );
        b
    }

    #[allow(clippy::too_many_arguments)]
    pub fn region(
        &mut self,
        stag: u32,
        rights: StagRights,
        pd: u32,
        bound_to: Option<u32>,
        base: u64,
        len: u32,
        pa: u64,
    ) {
        ok(self.chip.register_region(&Region {
            stag,
            rights,
            pd,
            bound_to,
            base,
            len,
            pa,
        }));
    }

    /// Installs connection `n` as planned by default; its number in `links`.
    pub fn open(&mut self, n: u16) -> usize {
        self.open_as(ConnPlan::new(n))
    }

    pub fn open_as(&mut self, plan: ConnPlan) -> usize {
        ok(self.chip.install(plan.conn, &record(&plan)));
        let seq = plan.spec.seq;
        self.links.push(Link {
            plan,
            seq,
            events: self.chip.events.len(),
            acks: self.chip.acks.len(),
            requests: self.chip.read_requests.len(),
            atomics: self.chip.atomic_requests.len(),
        });
        self.links.len() - 1
    }

    /// Takes connection `c` out and installs it with the next generation, from `seq` on.
    pub fn reopen(&mut self, c: usize, seq: u32) {
        let p = &self.links[c].plan;
        ok(self.chip.remove(p.conn, p.gen));
        let p = &mut self.links[c].plan;
        p.gen = p.gen.wrapping_add(1);
        p.spec.seq = seq;
        let rec = record(p);
        ok(self.chip.install(p.conn, &rec));
        self.links[c].seq = seq;
        self.forget();
    }

    /// Posts a receive of `len` octets; its index and address.
    pub fn post(&mut self, c: usize, len: u32) -> (u16, u64) {
        let conn = u32::from(self.links[c].plan.conn);
        let at = self.buffer(conn, len);
        self.inputs();
        at
    }

    /// Posts host buffers for plain frames.
    pub fn post_nic(&mut self, count: usize) {
        for _ in 0..count {
            self.buffer(RQ_NIC, 0x4000);
        }
        self.inputs();
    }

    fn buffer(&mut self, rq: u32, len: u32) -> (u16, u64) {
        let (idx, addr) = (self.next_idx, self.next_pa);
        self.next_idx += 1;
        self.next_pa += 0x3001 + u64::from(len).next_multiple_of(0x1000);
        self.chip.post(Post { rq, idx, addr, len });
        (idx, addr)
    }

    /// Issues a Read into the region `stag`.
    pub fn read(&mut self, c: usize, sq_idx: u16, sink_stag: u32, sink_to: u64, len: u32) {
        let p = &self.links[c].plan;
        self.chip.issue_read(ReadIssue {
            conn: p.conn,
            gen: p.gen,
            sq_idx,
            sink_stag,
            sink_to,
            len,
            atomic: false,
        });
        self.inputs();
    }

    /// Issues an Atomic whose Response has `msn` on queue 3.
    pub fn atomic(&mut self, c: usize, sq_idx: u16, msn: u32, request_id: u32) {
        let p = &self.links[c].plan;
        self.chip.issue_read(ReadIssue {
            conn: p.conn,
            gen: p.gen,
            sq_idx,
            sink_stag: request_id,
            sink_to: msn.into(),
            len: 8,
            atomic: true,
        });
        self.inputs();
    }

    /// `n` Read or Atomic Requests of the peer were answered.
    pub fn answer(&mut self, c: usize, n: u8) {
        let (conn, gen) = (self.links[c].plan.conn, self.links[c].plan.gen);
        self.chip.read_done(conn, gen, n);
        self.inputs();
    }

    /// What we have sent and the peer has acknowledged.
    pub fn sent(&mut self, c: usize, snd_una: u32, snd_nxt: u32, max_wnd: u32) {
        let (conn, gen) = (self.links[c].plan.conn, self.links[c].plan.gen);
        self.chip.mirror(Mirror {
            conn,
            gen,
            snd_una,
            snd_nxt,
            max_wnd,
            last_ack_sent: self.links[c].plan.spec.seq,
        });
        self.inputs();
    }

    /// Waits until the chip has taken what host and transmit path told it.
    fn inputs(&mut self) {
        while !self.chip.inputs_taken() {
            ok(self.chip.tick());
        }
        for _ in 0..40 {
            ok(self.chip.tick());
        }
    }

    /// Plays a frame as it is.
    pub fn frame(&mut self, frame: Vec<u8>) {
        let now = self.chip.cycle();
        self.chip.send(now, frame);
    }

    /// The peer's next octets in one segment.
    pub fn send(&mut self, c: usize, octets: &[u8]) {
        let f = self.links[c].spec().frame(octets);
        self.skip(c, octets.len());
        self.frame(f);
    }

    /// The peer's next octets in segments of `size`, with time between them: what comes too fast may be dropped.
    pub fn send_cut(&mut self, c: usize, octets: &[u8], size: usize) {
        let now = self.chip.cycle();
        for (i, part) in octets.chunks(size).enumerate() {
            let f = self.links[c].spec().frame(part);
            self.skip(c, part.len());
            self.chip.send(now + 60 * i as u64, f);
        }
    }

    /// The peer's next octets with other flags.
    pub fn send_flags(&mut self, c: usize, flags: Flags, octets: &[u8]) {
        let spec = FrameSpec {
            flags,
            ..self.links[c].spec()
        };
        self.skip(c, octets.len());
        self.frame(spec.frame(octets));
    }

    /// Octets at `by` from the peer's next, without counting them.
    pub fn send_at(&mut self, c: usize, by: i64, octets: &[u8]) {
        let f = self.links[c].at(by).frame(octets);
        self.frame(f);
    }

    pub fn skip(&mut self, c: usize, octets: usize) {
        let seq = &mut self.links[c].seq;
        *seq = seq.wrapping_add(octets as u32);
    }

    pub fn settle(&mut self) {
        ok(self.chip.drain(800, 400_000));
    }

    /// Waits, then the payload placed since the last look.
    pub fn placed(&mut self) -> Image {
        self.settle();
        let mut all = Image::new();
        for w in &self.chip.writes[self.writes..] {
            if w.class == dma_class::PAYLOAD {
                all.extend(
                    w.data
                        .iter()
                        .enumerate()
                        .map(|(i, b)| (w.addr + i as u64, *b)),
                );
            } else {
                assert_eq!(
                    w.class,
                    dma_class::NIC,
                    "a write of an unknown class: {w:?}"
                );
            }
        }
        self.writes = self.chip.writes.len();
        all
    }

    /// Waits, then the plain frames given to the host since the last look.
    pub fn plain(&mut self) -> Vec<Vec<u8>> {
        self.settle();
        let nic = |w: &&DmaWrite| w.class == dma_class::NIC;
        let new = &self.chip.writes[self.writes..];
        assert!(new.iter().all(|w| nic(&w)), "payload was placed: {new:?}");
        let all = new.iter().map(|w| w.data.clone()).collect();
        self.writes = self.chip.writes.len();
        all
    }

    /// Waits, then the events of a connection since the last look at events.
    pub fn told(&mut self, c: usize) -> Vec<CplEvent> {
        self.settle();
        let (conn, gen) = (self.links[c].plan.conn, self.links[c].plan.gen);
        let all = self.chip.events[self.links[c].events..]
            .iter()
            .filter(|e| e.conn == conn && e.gen == gen && e.kind != cpl_kind::NIC)
            .cloned()
            .collect();
        self.links[c].events = self.chip.events.len();
        all
    }

    /// As `told`: kind and code of each.
    pub fn kinds(&mut self, c: usize) -> Vec<(u8, u16)> {
        self.told(c).iter().map(|e| (e.kind, e.term)).collect()
    }

    /// Waits, then the reports of a connection's segments since the last look at them.
    pub fn reports(&mut self, c: usize) -> Vec<AckEvent> {
        self.settle();
        let (conn, gen) = (self.links[c].plan.conn, self.links[c].plan.gen);
        let all = self.chip.acks[self.links[c].acks..]
            .iter()
            .filter(|a| a.conn == conn && a.gen == gen)
            .copied()
            .collect();
        self.links[c].acks = self.chip.acks.len();
        all
    }

    /// As `reports`: how to acknowledge, where at all.
    pub fn modes(&mut self, c: usize) -> Vec<u8> {
        let all = self.reports(c);
        all.iter()
            .map(|a| a.mode)
            .filter(|m| *m != ack_mode::NONE)
            .collect()
    }

    /// Waits, then the Read Requests handed on since the last look.
    pub fn requests(&mut self, c: usize) -> Vec<ReadRequest> {
        self.settle();
        let conn = self.links[c].plan.conn;
        let all = self.chip.read_requests[self.links[c].requests..]
            .iter()
            .filter(|r| r.conn == conn)
            .copied()
            .collect();
        self.links[c].requests = self.chip.read_requests.len();
        all
    }

    /// Waits, then the Atomic Requests handed on since the last look.
    pub fn atomics(&mut self, c: usize) -> Vec<AtomicRequest> {
        self.settle();
        let conn = self.links[c].plan.conn;
        let all = self.chip.atomic_requests[self.links[c].atomics..]
            .iter()
            .filter(|r| r.conn == conn)
            .copied()
            .collect();
        self.links[c].atomics = self.chip.atomic_requests.len();
        all
    }

    /// Starts a new look at everything.
    pub fn forget(&mut self) {
        self.settle();
        self.writes = self.chip.writes.len();
        for l in &mut self.links {
            l.events = self.chip.events.len();
            l.acks = self.chip.acks.len();
            l.requests = self.chip.read_requests.len();
            l.atomics = self.chip.atomic_requests.len();
        }
    }

    pub fn state(&mut self, c: usize) -> ConnState {
        let (conn, gen) = (self.links[c].plan.conn, self.links[c].plan.gen);
        ok(self.chip.query(conn, gen))
    }

    /// The chip expects the peer's next octet as the peer does.
    pub fn in_step(&mut self, c: usize) {
        self.settle();
        let got = self.state(c).rcv_nxt;
        assert_eq!(got, self.links[c].seq, "rcv_nxt of connection {c}");
    }

    /// The peer goes on where the chip is: what was not taken is sent again.
    pub fn back(&mut self, c: usize) -> usize {
        self.settle();
        let at = self.state(c).rcv_nxt;
        let lost = self.links[c].seq.wrapping_sub(at) as usize;
        self.links[c].seq = at;
        lost
    }

    /// A Write of `n` octets to `BASE + at` goes through and nothing else happens.
    pub fn alive(&mut self, c: usize, at: u64) {
        self.forget();
        let data = counted(23);
        self.send(c, &fpdu(&write(at, &data)));
        assert_eq!(
            self.placed(),
            image(&[(MEM + at, &data)]),
            "connection {c} is dead"
        );
        assert!(self.told(c).is_empty());
        self.in_step(c);
    }
}

/// Where the IP header of a frame without VLAN tag begins.
pub const IP: usize = 14;

/// Changes a frame without options and makes both checksums right again, by offsets and not by a parser.
pub fn changed(frame: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut f = frame.to_vec();
    change(&mut f);
    let total = usize::from(u16::from_be_bytes([f[IP + 2], f[IP + 3]]));
    let l4 = IP + usize::from(f[IP] & 15) * 4;
    f[IP + 10..IP + 12].fill(0);
    let sum = checksum::checksum(&f[IP..l4]);
    f[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
    let end = (IP + total).min(f.len());
    if end >= l4 + 20 {
        f[l4 + 16..l4 + 18].fill(0);
        let ip = |at: usize| std::net::Ipv4Addr::new(f[at], f[at + 1], f[at + 2], f[at + 3]);
        let sum = checksum::tcp_ipv4(ip(IP + 12), ip(IP + 16), &f[l4..end]);
        f[l4 + 16..l4 + 18].copy_from_slice(&sum.to_be_bytes());
    }
    f
}

/// A Write to `BASE + at`.
pub fn write(at: u64, data: &[u8]) -> Vec<u8> {
    ulpdu::write(STAG, BASE + at, data, true)
}

/// A whole Send in one segment.
pub fn send(msn: u32, data: &[u8]) -> Vec<u8> {
    ulpdu::send(Opcode::Send, msn, 0, data, true, 0)
}

/// A Read Request from `source_stag`, with the sink that row RDM-21 names.
pub fn request(msn: u32, source_stag: u32, source_to: u64, size: u32) -> Vec<u8> {
    let r = ReadRequestRepr {
        sink_stag: 0xdead_beef,
        sink_to: 0xffff_ffff_0000_0000,
        size,
        source_stag,
        source_to,
    };
    ulpdu::read_request(msn, &r)
}

/// A Terminate with the two octets of a code and no headers.
pub fn terminate(code: u16) -> Vec<u8> {
    ulpdu::terminate(&TerminateRepr {
        term: Term::new((code >> 8) as u8, code as u8),
        length_valid: false,
        reserved: 0,
        ddp: None,
        rdma: None,
    })
}

/// An FPDU with these octets for its CRC.
pub fn fpdu_crc(ulpdu: &[u8], crc: [u8; 4]) -> Vec<u8> {
    let opt = FpduOptions {
        crc: CrcField::Octets(crc),
        ..Default::default()
    };
    emit_fpdu(ulpdu, &opt)
}
