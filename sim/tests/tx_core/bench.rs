//! The transmit core in Verilator: streams in by name, frames out, and what must hold of every frame whatever it is for.

use super::frame::{decode, Frame, PORT};
use super::rx_tables::{Design, Dut};
use ferrowarp_hdl::tx::core::Core;
use ferrowarp_hdl::tx::TxCfg;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, VecDeque};
use std::sync::OnceLock;

/// log2 of the connections.
pub const CONN_BITS: usize = 4;
pub const CONNS: u32 = 1 << CONN_BITS;
/// Cycles of a time unit.
pub const TICK: u16 = 3;

/// A value of a port.
#[derive(Clone)]
pub enum Val {
    N(u128),
    Octets(Vec<u8>),
}

/// One beat of a stream: port, value.
pub type Item = Vec<(&'static str, Val)>;

fn cfg() -> TxCfg {
    TxCfg {
        conn_bits: CONN_BITS,
        max_frame: 1522,
        ipv6: false,
        markers: false,
        sack: true,
    }
}

pub struct Width {
    pub design: Design,
    pub octets: usize,
}

/// The core at a width, built once.
pub fn width(bits: usize) -> &'static Width {
    static NARROW: OnceLock<Width> = OnceLock::new();
    static WIDE: OnceLock<Width> = OnceLock::new();
    match bits {
        64 => NARROW.get_or_init(|| Width {
            design: Design::new(&*Box::new(Core::<64, 8, 3, 4>::new(&cfg())), "tx_core"),
            octets: 8,
        }),
        _ => WIDE.get_or_init(|| Width {
            design: Design::new(&*Box::new(Core::<512, 64, 6, 7>::new(&cfg())), "tx_core"),
            octets: 64,
        }),
    }
}

struct Source {
    valid: &'static str,
    ready: &'static str,
    items: VecDeque<Item>,
    offered: bool,
    set: bool,
}

/// Streams in.
pub const INSTALL: usize = 0;
pub const ACK: usize = 1;
pub const DATA: usize = 2;
pub const TURN: usize = 3;
pub const FPDU: usize = 4;
pub const PAYLOAD: usize = 5;

#[derive(Clone, Debug)]
pub struct Grant {
    pub conn: u32,
    pub gen: u8,
    pub kind: u32,
    pub from: u32,
    pub budget: u32,
    pub idle: bool,
}

pub struct Bench<'a> {
    pub dut: Dut<'a>,
    pub rng: ChaCha8Rng,
    pub clock: u64,
    /// Percent of pauses: of each stream in, of the MAC and the streams out.
    pub pauses: u32,
    pub stalls: u32,
    pub mac_stands: bool,
    octets: usize,
    sources: Vec<Source>,
    got: Vec<u8>,
    begun: u64,
    /// Frames with the cycle of their first beat.
    pub frames: VecDeque<(Frame, u64)>,
    pub grants: VecDeque<Grant>,
    pub acked: VecDeque<(u32, u32)>,
    pub dead: Vec<u32>,
    /// `snd_mirror` of a connection: una, nxt, last ACK, largest window.
    pub mirror: HashMap<u32, [u32; 4]>,
    /// Of a connection: end of the highest octet that left, probes not counted; the newest ACK number.
    sent: HashMap<u32, (u32, u32)>,
    pub counts: HashMap<&'static str, u32>,
    /// Cycle in which a stream's item was taken last.
    pub taken: [u64; 6],
}

pub fn n(v: impl Into<u128>) -> Val {
    Val::N(v.into())
}

fn beyond(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// A connection as the host installs it.
#[derive(Clone, Debug)]
pub struct Setup {
    pub conn: u32,
    pub gen: u8,
    pub snd: u32,
    pub rcv: u32,
    pub peer_wnd: u32,
    pub ts: bool,
    pub sack: bool,
}

pub const MSS: u32 = 1000;
/// Octets that are acknowledged at once, the window field.
pub const RCV_MSS: u32 = 1460;
pub const WND: u16 = 0x4321;
/// Windows of the peer are scaled by this.
pub const SCALE: u32 = 2;

impl Bench<'_> {
    pub fn new(bits: usize, delay: u32, gap: u32, seed: u64) -> Bench<'static> {
        let w = width(bits);
        let mut dut = w.design.start(seed);
        dut.set("tick", TICK.into());
        dut.set("rto_init", 4000);
        dut.set("rto_min", 1500);
        dut.set("rto_max", 20_000);
        dut.set("r2", 1_000_000);
        dut.set("delay", delay.into());
        dut.set("gap", gap.into());
        let names = [
            ("install_tvalid", "install_tready"),
            ("ack_tvalid", "ack_tready"),
            ("data_tvalid", "data_tready"),
            ("turn_tvalid", "turn_tready"),
            ("fpdu_valid", "fpdu_ready"),
            ("payload_tvalid", "payload_tready"),
        ];
        let mut b = Bench {
            dut,
            rng: ChaCha8Rng::seed_from_u64(seed),
            clock: 0,
            pauses: 0,
            stalls: 0,
            mac_stands: false,
            octets: w.octets,
            sources: names
                .iter()
                .map(|(valid, ready)| Source {
                    valid,
                    ready,
                    items: VecDeque::new(),
                    offered: false,
                    set: false,
                })
                .collect(),
            got: vec![],
            begun: 0,
            frames: VecDeque::new(),
            grants: VecDeque::new(),
            acked: VecDeque::new(),
            dead: vec![],
            mirror: HashMap::new(),
            sent: HashMap::new(),
            counts: HashMap::new(),
            taken: [0; 6],
        };
        for _ in 0..40 {
            b.cycle();
        }
        assert!(b.dut.bit("ready"));
        b
    }

    pub fn put(&mut self, stream: usize, item: Item) {
        self.sources[stream].items.push_back(item);
    }

    pub fn waiting(&self, stream: usize) -> usize {
        self.sources[stream].items.len()
    }

    pub fn install(&mut self, s: &Setup) {
        let mac = |last: u8| u128::from(0x0200_0000_0000u64 | u64::from(last));
        let ip = |last: u32| u128::from(0x0A00_0000u32 | last);
        let tmpl = [
            ("dst_mac", mac(1)),
            ("src_mac", mac(2)),
            ("tag", 0),
            ("vid", 0),
            ("v6", 0),
            ("src", ip(2)),
            ("dst", ip(256 + s.conn)),
            ("sport", u128::from(PORT) + u128::from(s.conn)),
            ("dport", 9000),
            ("ttl", 64),
            ("dscp", 0),
        ];
        let fields = tmpl.iter().map(|(n, v)| (n.to_string(), *v)).collect();
        let value = width(self.octets * 8).design.pack("tmpl", &fields);
        self.dut.set_bits("tmpl", &value);
        self.dut.set("tmpl_conn", s.conn.into());
        self.dut.set("tmpl_wr", 1);
        self.cycle();
        self.dut.set("tmpl_wr", 0);
        self.put(
            INSTALL,
            vec![
                ("install_remove", n(0u8)),
                ("install_conn", n(s.conn)),
                ("install_gen", n(s.gen)),
                ("install_snd_una", n(s.snd)),
                ("install_snd_nxt", n(s.snd)),
                ("install_snd_wnd", n(s.peer_wnd)),
                ("install_wl1", n(s.rcv)),
                ("install_wl2", n(s.snd)),
                ("install_scale", n(SCALE)),
                ("install_mss", n(MSS)),
                ("install_timestamps", n(u8::from(s.ts))),
                ("install_sack", n(u8::from(s.sack))),
                ("install_lost_syn", n(0u8)),
                ("install_max_wnd", n(s.peer_wnd)),
                ("install_rcv_nxt", n(s.rcv)),
                ("install_rcv_wnd", n(WND)),
                ("install_rcv_mss", n(RCV_MSS)),
                ("install_ts_recent", n(0x5555u32)),
            ],
        );
        while self.waiting(INSTALL) > 0 {
            self.cycle();
        }
        self.sent.insert(s.conn, (s.snd, s.rcv));
        self.mirror.remove(&s.conn);
    }

    pub fn run(&mut self, cycles: u64) {
        for _ in 0..cycles {
            self.cycle();
        }
    }

    fn offer(&mut self) {
        for s in &mut self.sources {
            let go = !s.items.is_empty() && (s.offered || !self.rng.gen_ratio(self.pauses, 100));
            s.offered = go;
            self.dut.set(s.valid, go.into());
            if go && !s.set {
                s.set = true;
                for (port, v) in &s.items[0] {
                    match v {
                        Val::N(v) => self.dut.set(port, *v),
                        Val::Octets(b) => self.dut.set_bits(port, b),
                    }
                }
            }
        }
        for p in ["snd_mirror", "grant", "acked", "dead"] {
            let ready = !self.rng.gen_ratio(self.stalls, 100);
            self.dut.set(&format!("{p}_tready"), ready.into());
        }
        let ready = !self.rng.gen_ratio(self.stalls, 100) && !self.mac_stands;
        self.dut.set("mac_tx_tready", ready.into());
    }

    pub fn cycle(&mut self) {
        self.offer();
        self.dut.settle();
        for (i, s) in self.sources.iter_mut().enumerate() {
            if s.offered && self.dut.bit(s.ready) {
                s.items.pop_front();
                (s.offered, s.set) = (false, false);
                self.taken[i] = self.clock;
            }
        }
        for c in ["timeout", "fast", "probe", "delayed", "refused"] {
            *self.counts.entry(c).or_default() += u32::from(self.dut.bit(&format!("count_{c}")));
        }
        let moves = |b: &Self, p: &str| {
            b.dut.bit(&format!("{p}_tvalid")) && b.dut.bit(&format!("{p}_tready"))
        };
        let get = |b: &Self, p: &str| b.dut.get(p) as u32;
        if moves(self, "snd_mirror") {
            let row = ["snd_una", "snd_nxt", "last_ack_sent", "max_wnd"]
                .map(|f| get(self, &format!("snd_mirror_{f}")));
            self.mirror.insert(get(self, "snd_mirror_conn"), row);
        }
        if moves(self, "grant") {
            self.grants.push_back(Grant {
                conn: get(self, "grant_conn"),
                gen: get(self, "grant_gen") as u8,
                kind: get(self, "grant_kind"),
                from: get(self, "grant_from"),
                budget: get(self, "grant_budget"),
                idle: self.dut.bit("grant_idle"),
            });
        }
        if moves(self, "acked") {
            let at = (get(self, "acked_conn"), get(self, "acked_snd_una"));
            self.acked.push_back(at);
        }
        if moves(self, "dead") {
            self.dead.push(get(self, "dead_conn"));
        }
        if self.dut.bit("mac_tx_tvalid") {
            if self.got.is_empty() && self.begun == 0 {
                self.begun = self.clock;
            }
            if self.dut.bit("mac_tx_tready") {
                let keep = (self.dut.get("mac_tx_tkeep") as u64).count_ones() as usize;
                let data = self.dut.get_bits("mac_tx_tdata");
                self.got.extend(&data[..keep]);
                if self.dut.bit("mac_tx_tlast") {
                    self.leaves();
                }
            }
        } else {
            assert!(self.got.is_empty(), "a gap inside of a frame");
        }
        self.dut.posedge();
        self.clock += 1;
    }

    /// What holds of every frame.
    fn leaves(&mut self) {
        let octets = std::mem::take(&mut self.got);
        let begun = std::mem::take(&mut self.begun);
        let f = decode(&octets);
        assert_eq!(f.wnd, WND);
        let end = f.seq.wrapping_add(f.payload.len() as u32);
        let (mut sent, ack) = self.sent[&f.conn];
        let told = self.mirror.get(&f.conn);
        // A probe's octet that the peer has taken.
        if let Some(t) = told.filter(|t| beyond(t[0], sent) && beyond(f.seq, sent)) {
            sent = t[0];
        }
        assert!(!beyond(ack, f.ack), "the ACK number goes back: {f:?}");
        let mut high = sent;
        if f.payload.is_empty() {
            assert_eq!(f.seq, sent, "a bare ACK is SND.NXT's: {f:?}");
        } else {
            assert!(!beyond(f.seq, sent), "octets are left out: {f:?}");
            // One octet in front of others may be a probe.
            if beyond(end, sent) && f.payload.len() > 1 {
                high = end;
            }
            assert!(f.sack.is_empty());
        }
        if f.ack != ack || beyond(end, sent) {
            let told = told.expect("the receive path knows");
            assert!(!beyond(f.ack, told[2]), "ACK: {told:x?} {f:x?}");
            assert!(!beyond(end, told[1]), "SND.NXT: {told:x?} {f:x?}");
        }
        self.sent.insert(f.conn, (high, f.ack));
        self.frames.push_back((f, begun));
    }
}
