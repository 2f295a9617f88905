//! The acker in Verilator beside the reference: events in with gaps, streams out with stalls, everything compared.

use super::model::{Ask, Event, Fields, Install, Mirror, Mode, Model, Report, Told};
use super::rx_tables::{Design, Dut};
use ferrowarp_hdl::tx::acker::Acker;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::OnceLock;

/// log2 of the connections.
pub const CONN_BITS: usize = 4;

/// Cycles of a time unit.
pub const TICK: u64 = 7;

/// Time after reset: 24 and 32 bits of it wrap soon.
const START: u32 = 0u32.wrapping_sub(3000);

pub fn design() -> &'static Design {
    static DESIGN: OnceLock<Design> = OnceLock::new();
    DESIGN.get_or_init(|| Design::new(&Acker::new(CONN_BITS, true), "tx_acker"))
}

/// Without SACK blocks.
fn plain_design() -> &'static Design {
    static DESIGN: OnceLock<Design> = OnceLock::new();
    DESIGN.get_or_init(|| Design::new(&Acker::new(CONN_BITS, false), "tx_acker_plain"))
}

pub struct Bench<'a> {
    pub dut: Dut<'a>,
    /// It knows no SACK blocks, whatever it is told.
    plain: bool,
    pub model: Model,
    pub rng: ChaCha8Rng,
    pub clock: u64,
    /// Percent of idle cycles in front of an event, of stalls at an output.
    pub gaps: u32,
    pub stalls: u32,
    pub frozen: Option<&'static str>,
    cmds: VecDeque<Install>,
    reports: VecDeque<Report>,
    mirrors: VecDeque<Mirror>,
    asks: VecDeque<Ask>,
    offered: [bool; 4],
    /// Taken and not yet seen at the end of the pipeline.
    under_way: [VecDeque<Event>; 4],
    due_fields: VecDeque<Fields>,
    due_dues: VecDeque<(u32, u8)>,
    due_told: VecDeque<(u32, u8, Told)>,
    /// What came out, with its cycle.
    pub fields: Vec<(Fields, u64)>,
    pub dues: Vec<(u32, u64)>,
    pub told: Vec<(u32, Told)>,
    /// Connection and cycle of each event but the timer scan's.
    pub taps: Vec<(u32, u64)>,
    /// First cycle in which a stream has offered its present item.
    since: [Option<u64>; 3],
    pub counts: [u32; 2],
    want_counts: [u32; 2],
    pub events: u64,
}

impl Bench<'_> {
    pub fn new(delay: u32, gap: u32, seed: u64) -> Self {
        Self::on(false, delay, gap, seed)
    }

    pub fn on(plain: bool, delay: u32, gap: u32, seed: u64) -> Self {
        let mut dut = if plain { plain_design() } else { design() }.start(seed);
        dut.set("delay", delay.into());
        dut.set("gap", gap.into());
        let mut b = Bench {
            dut,
            plain,
            model: Model {
                conns: Default::default(),
                delay,
                gap,
            },
            rng: ChaCha8Rng::seed_from_u64(seed),
            clock: 0,
            gaps: 0,
            stalls: 0,
            frozen: None,
            cmds: VecDeque::new(),
            reports: VecDeque::new(),
            mirrors: VecDeque::new(),
            asks: VecDeque::new(),
            offered: [false; 4],
            under_way: Default::default(),
            due_fields: VecDeque::new(),
            due_dues: VecDeque::new(),
            due_told: VecDeque::new(),
            fields: vec![],
            dues: vec![],
            told: vec![],
            taps: vec![],
            since: [None; 3],
            counts: [0; 2],
            want_counts: [0; 2],
            events: 0,
        };
        for _ in 0..40 {
            b.cycle();
        }
        assert!(b.dut.bit("ready"), "the rows are cleared");
        b
    }

    pub fn now(&self) -> u32 {
        START.wrapping_add((self.clock / TICK) as u32)
    }

    pub fn install(&mut self, i: Install) {
        self.cmds.push_back(i);
    }
    pub fn report(&mut self, r: Report) {
        self.reports.push_back(r);
    }
    pub fn mirror(&mut self, m: Mirror) {
        self.mirrors.push_back(m);
    }
    pub fn ask(&mut self, a: Ask) {
        self.asks.push_back(a);
    }

    /// Events that are not at the end of the pipeline yet.
    pub fn waiting(&self) -> usize {
        self.cmds.len()
            + self.reports.len()
            + self.mirrors.len()
            + self.asks.len()
            + self.under_way.iter().map(VecDeque::len).sum::<usize>()
    }

    /// Runs until every event is through and everything is said.
    pub fn settle(&mut self) {
        for _ in 0..20_000 {
            let due = self.due_fields.len() + self.due_told.len() + self.due_dues.len();
            if self.waiting() == 0 && due == 0 {
                return;
            }
            self.cycle();
        }
        panic!("events are stuck: {:?}", self.under_way);
    }

    pub fn pass(&mut self, units: u32) {
        let until = self.now().wrapping_add(units);
        while self.now() != until {
            self.cycle();
        }
    }

    /// Asks and gives the answer.
    pub fn answer(&mut self, a: Ask) -> Fields {
        self.ask(a);
        self.settle();
        self.fields.pop().expect("an answer").0
    }

    fn offer(&mut self) {
        let some = [
            !self.cmds.is_empty(),
            !self.reports.is_empty(),
            !self.mirrors.is_empty(),
            !self.asks.is_empty(),
        ];
        for (offered, some) in self.offered.iter_mut().zip(some) {
            *offered = some && (*offered || !self.rng.gen_ratio(self.gaps, 100));
        }
        let d = &mut self.dut;
        d.set("install_tvalid", self.offered[0].into());
        if let Some(i) = self.cmds.front() {
            d.set("install_remove", i.remove.into());
            d.set("install_conn", i.conn.into());
            d.set("install_gen", i.gen.into());
            d.set("install_rcv_nxt", i.rcv_nxt.into());
            d.set("install_wnd", i.wnd.into());
            d.set("install_mss", i.mss.into());
            d.set("install_timestamps", i.ts.into());
            d.set("install_sack", i.sack.into());
            d.set("install_ts_recent", i.recent.into());
            d.set("install_snd_una", i.una.into());
            d.set("install_snd_nxt", i.nxt.into());
            d.set("install_max_wnd", i.max_wnd.into());
        }
        d.set("ack_tvalid", self.offered[1].into());
        if let Some(r) = self.reports.front() {
            d.set("ack_conn", r.conn.into());
            d.set("ack_gen", r.gen.into());
            let flags =
                u128::from(r.rst) << 1 | u128::from(r.dup) << 6 | u128::from(r.rx_only) << 10;
            d.set("ack_flags", flags);
            d.set("ack_ts_recent", r.recent.into());
            d.set("ack_rcv_nxt", r.rcv_nxt.into());
            let mode = [Mode::None, Mode::Delayed, Mode::Now, Mode::Challenge]
                .iter()
                .position(|m| *m == r.mode);
            d.set("ack_ack_mode", mode.unwrap_or(0) as u128);
            d.set("ack_own_sack_n", r.blocks.len() as u128);
            let mut bits = vec![0u8; 32];
            for (i, (l, r)) in r.blocks.iter().enumerate() {
                bits[8 * i..8 * i + 4].copy_from_slice(&l.to_le_bytes());
                bits[8 * i + 4..8 * i + 8].copy_from_slice(&r.to_le_bytes());
            }
            d.set_bits("ack_own_sack", &bits);
        }
        d.set("mirror_tvalid", self.offered[2].into());
        if let Some(m) = self.mirrors.front() {
            d.set("mirror_conn", m.conn.into());
            d.set("mirror_gen", m.gen.into());
            d.set("mirror_snd_una", m.una.into());
            d.set("mirror_snd_nxt", m.max.into());
            d.set("mirror_max_wnd", m.max_wnd.into());
        }
        d.set("ask_tvalid", self.offered[3].into());
        if let Some(a) = self.asks.front() {
            d.set("ask_conn", a.conn.into());
            d.set("ask_gen", a.gen.into());
            d.set("ask_bare", a.data.is_none().into());
            let (seq, len) = a.data.unwrap_or((0xDEAD_BEEF, 99));
            d.set("ask_seq", seq.into());
            d.set("ask_len", len.into());
            d.set("ask_probe", a.probe.into());
        }
        for p in ["fields", "due", "told"] {
            let ready = !self.rng.gen_ratio(self.stalls, 100) && self.frozen != Some(p);
            self.dut.set(&format!("{p}_tready"), ready.into());
        }
    }

    pub fn cycle(&mut self) {
        self.offer();
        let now = self.now();
        self.dut.set("now", now.into());
        self.dut.settle();
        for (i, p) in ["install", "ack", "mirror", "ask"].iter().enumerate() {
            if self.offered[i] && self.dut.bit(&format!("{p}_tready")) {
                self.offered[i] = false;
                self.taken(i);
            }
        }
        for (i, p) in ["delayed", "refused"].iter().enumerate() {
            self.counts[i] += u32::from(self.dut.bit(&format!("count_{p}")));
        }
        if self.dut.bit("tap_valid") {
            self.tap();
        }
        self.streams();
        assert_eq!(self.counts, self.want_counts, "counters");
        self.dut.posedge();
        self.clock += 1;
    }

    fn taken(&mut self, i: usize) {
        let known = |conn: u32| conn < 1 << CONN_BITS;
        let q = &mut self.under_way[i];
        match i {
            0 => {
                if let Some(c) = self.cmds.pop_front().filter(|c| known(c.conn)) {
                    q.push_back(Event::Install(c.clone()));
                    if !c.remove {
                        q.push_back(Event::Start(c));
                    }
                }
            }
            1 => {
                let mut r = self.reports.pop_front().expect("it was offered");
                if self.plain {
                    r.blocks.clear();
                }
                q.extend(Some(r).filter(|r| known(r.conn)).map(Event::Report));
            }
            2 => q.extend(
                self.mirrors
                    .pop_front()
                    .filter(|m| known(m.conn))
                    .map(Event::Mirror),
            ),
            _ => q.extend(self.asks.pop_front().map(Event::Ask)),
        }
    }

    /// An event leaves the pipeline.
    fn tap(&mut self) {
        let ev = self.dut.get_bits("tap_ev");
        let field = |name: &str| design().field_of("tap_ev", &ev, name);
        let (kind, conn, now) = (field("kind"), field("conn") as u32, field("now") as u32);
        let queue = match kind {
            1..=3 => 0,
            4 => 2,
            5 => 1,
            6 | 7 => 3,
            8 => 4,
            k => panic!("event of kind {k}"),
        };
        let event = match queue {
            4 => Event::Tick(conn),
            q => {
                self.events += 1;
                self.taps.push((conn, self.clock));
                // An installation is offered until its second event is in its queue.
                if q == 0 && self.under_way[0].is_empty() {
                    let i = self.cmds.front().expect("an installation").clone();
                    assert!(!i.remove);
                    Event::Install(i)
                } else if q == 0 && kind == 2 {
                    match self.under_way[0].pop_front() {
                        // The first one has been seen already.
                        Some(Event::Install(_)) => {
                            self.under_way[0].pop_front().expect("the second event")
                        }
                        Some(e) => e,
                        None => panic!("half an installation"),
                    }
                } else {
                    self.under_way[q].pop_front().expect("an event was given")
                }
            }
        };
        let said = self.model.apply(&event, now);
        let gen = self.model.conns.get(&conn).map_or(0, |c| c.i.gen);
        self.due_fields.extend(said.fields);
        if said.due {
            self.due_dues.push_back((conn, gen));
        }
        if let Some(t) = said.told {
            self.due_told.push_back((conn, gen, t));
        }
        self.want_counts[0] += u32::from(said.expired);
        self.want_counts[1] += u32::from(said.refused);
        self.compare(conn, &event);
    }

    /// The row as written against the reference's.
    fn compare(&self, conn: u32, event: &Event) {
        let row = self.dut.get_bits("tap_row");
        let of = |name: &str| design().field_of("tap_row", &row, name) as u32;
        let Some(c) = self.model.conns.get(&conn) else {
            assert_eq!(of("valid"), 0, "connection {conn} is not installed");
            return;
        };
        let mut want = vec![
            ("valid", 1),
            ("gen", c.i.gen.into()),
            ("rcv_nxt", c.rcv_nxt),
            ("last_ack", c.last_ack),
            ("recent", c.recent),
            ("owed", c.owed),
            ("waits", c.deadline.is_some().into()),
            ("quiet", c.challenged.is_some().into()),
            ("n", c.blocks.len() as u32),
            ("dup", c.dup.into()),
        ];
        if let Some(d) = c.deadline {
            want.push(("deadline", d & 0xFF_FFFF));
        }
        if c.started {
            want.extend([
                ("seq", c.seq),
                ("una", c.una),
                ("max", c.max),
                ("max_wnd", c.max_wnd),
            ]);
        }
        for (name, want) in want {
            assert!(
                of(name) == want,
                "connection {conn}, {name}: 0x{:x} in the acker, 0x{want:x} in the reference, behind {event:?}\n{c:#?}",
                of(name)
            );
        }
    }

    fn streams(&mut self) {
        let mut moves = [None; 3];
        for (i, p) in ["fields", "due", "told"].iter().enumerate() {
            if self.dut.bit(&format!("{p}_tvalid")) {
                let since = *self.since[i].get_or_insert(self.clock);
                if self.dut.bit(&format!("{p}_tready")) {
                    moves[i] = Some(since);
                    self.since[i] = None;
                }
            }
        }
        if let Some(since) = moves[0] {
            let bits = self.dut.get_bits("fields");
            let of = |name: &str| design().field_of("fields", &bits, name) as u32;
            // An answer comes out in the cycle of the tap or behind it.
            let want = self.due_fields.front().cloned().expect("an answer is due");
            self.due_fields.pop_front();
            let mut got = Fields {
                go: of("go") == 1,
                ..Fields::default()
            };
            if got.go {
                got.ack = of("ack");
                got.wnd = of("wnd") as u16;
                got.ts = (of("ts") == 1).then(|| (of("tsval"), of("tsecr")));
                got.seq = want.seq.map(|_| of("seq"));
                let at = blocks_of(&bits, "sack");
                got.sack = at.into_iter().take(of("sack_n") as usize).collect();
            }
            assert_eq!(got, want);
            self.fields.push((got, since));
        }
        let who = |b: &Self, p: &str| {
            (
                b.dut.get(&format!("{p}_conn")) as u32,
                b.dut.get(&format!("{p}_gen")) as u8,
            )
        };
        if let Some(since) = moves[1] {
            let got = who(self, "due");
            assert_eq!(Some(got), self.due_dues.pop_front(), "due");
            self.dues.push((got.0, since));
        }
        if moves[2].is_some() {
            let (conn, gen) = who(self, "told");
            let got = ["snd_una", "snd_nxt", "last_ack_sent", "max_wnd"]
                .map(|n| self.dut.get(&format!("told_{n}")) as u32);
            assert_eq!(Some((conn, gen, got)), self.due_told.pop_front(), "told");
            self.told.push((conn, got));
        }
    }
}

/// The four blocks of a `fields` value.
fn blocks_of(bits: &Vec<u8>, name: &str) -> Vec<(u32, u32)> {
    let all = design().bits_of("fields", bits, name);
    let word = |i: usize| {
        all[32 * i..32 * i + 32]
            .iter()
            .rev()
            .fold(0, |v, b| v << 1 | u32::from(*b))
    };
    (0..4).map(|i| (word(2 * i), word(2 * i + 1))).collect()
}
