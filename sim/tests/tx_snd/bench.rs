//! The engine in Verilator beside the reference: events in with gaps, streams out with stalls, everything compared.

use super::model::{gap, Ack, Conn, Event, Grant, Install, Kind, Model, Phase, Regs, Said, Sent};
use super::rx_tables::{Design, Dut};
use ferrowarp_hdl::tx::snd::Snd;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::OnceLock;

/// log2 of the connections.
pub const CONN_BITS: usize = 5;

/// Time after reset: it wraps soon.
const START: u32 = 0u32.wrapping_sub(20_000);

pub fn design() -> &'static Design {
    static DESIGN: OnceLock<Design> = OnceLock::new();
    DESIGN.get_or_init(|| Design::new(&Snd::starting_at(CONN_BITS, START), "tx_snd"))
}

/// Event numbers of `tap_ev.kind`.
const INSTALL: u128 = 1;
const REMOVE: u128 = 2;
const ACK: u128 = 3;
const BLOCK: u128 = 4;
const DATA: u128 = 5;
const SENT: u128 = 6;
const ASK: u128 = 7;
const TICK: u128 = 8;

/// What the engine has said, for whoever plays the rest of the chip.
#[derive(Clone, Debug, PartialEq)]
pub enum Out {
    Grant(Grant),
    Wake(u32),
    Acked(u32, u32),
    Mirror(u32, [u32; 3]),
    Dead(u32, bool),
}

pub struct Bench<'a> {
    pub dut: Dut<'a>,
    pub model: Model,
    pub rng: ChaCha8Rng,
    /// Cycles.
    pub clock: u64,
    /// Percent of idle cycles in front of an event, of stalls at an output.
    pub gaps: u32,
    pub stalls: u32,
    /// An output that takes nothing.
    pub frozen: Option<&'static str>,
    cmds: VecDeque<Install>,
    acks: VecDeque<Ack>,
    datas: VecDeque<(u32, u8, u32)>,
    sents: VecDeque<Sent>,
    asks: VecDeque<(u32, u8)>,
    offered: [bool; 5],
    /// Taken and not yet seen at the end of the pipeline, by kind.
    under_way: [VecDeque<Event>; 5],
    /// What must come out.
    due: Due,
    pub outs: VecDeque<Out>,
    /// Cycle of each event at the tap, newest last: kind, connection, cycle.
    pub taps: VecDeque<(u128, u32, u64)>,
    pub keep_taps: bool,
    pub counts: [u32; 4],
    want_counts: [u32; 4],
    pub events: u64,
    pub now: u32,
    last: Option<Event>,
}

#[derive(Default)]
struct Due {
    grants: VecDeque<(Grant, bool)>,
    wakes: VecDeque<(u32, u8)>,
    mirrors: VecDeque<(u32, u8, [u32; 3])>,
    ackeds: VecDeque<(u32, u8, u32)>,
    deads: VecDeque<(u32, u8, bool)>,
    /// Scoreboards as the reference has them, written two stages behind the tap.
    boards: VecDeque<Conn>,
}

impl Bench<'_> {
    /// `tick` cycles are one time unit.
    pub fn new(regs: Regs, tick: u16, seed: u64) -> Self {
        let mut dut = design().start(seed);
        dut.set("tick", tick.into());
        dut.set("rto_init", regs.rto_init.into());
        dut.set("rto_min", regs.rto_min.into());
        dut.set("rto_max", regs.rto_max.into());
        dut.set("r2", regs.r2.into());
        let mut b = Bench {
            dut,
            model: Model::new(regs),
            rng: ChaCha8Rng::seed_from_u64(seed),
            clock: 0,
            gaps: 0,
            stalls: 0,
            frozen: None,
            cmds: VecDeque::new(),
            acks: VecDeque::new(),
            datas: VecDeque::new(),
            sents: VecDeque::new(),
            asks: VecDeque::new(),
            offered: [false; 5],
            under_way: Default::default(),
            due: Due::default(),
            outs: VecDeque::new(),
            taps: VecDeque::new(),
            keep_taps: false,
            counts: [0; 4],
            want_counts: [0; 4],
            events: 0,
            now: START,
            last: None,
        };
        for _ in 0..100 {
            b.cycle();
        }
        assert!(b.dut.bit("ready"), "the contexts are cleared");
        b
    }

    pub fn install(&mut self, i: Install) {
        self.cmds.push_back(i);
    }
    pub fn ack(&mut self, a: Ack) {
        self.acks.push_back(a);
    }
    pub fn data(&mut self, conn: u32, gen: u8, end: u32) {
        self.datas.push_back((conn, gen, end));
    }
    pub fn sent(&mut self, s: Sent) {
        self.sents.push_back(s);
    }
    pub fn ask(&mut self, conn: u32, gen: u8) {
        self.asks.push_back((conn, gen));
    }

    /// Events that are not at the end of the pipeline yet.
    pub fn waiting(&self) -> usize {
        self.cmds.len()
            + self.acks.len()
            + self.datas.len()
            + self.sents.len()
            + self.asks.len()
            + self.under_way.iter().map(VecDeque::len).sum::<usize>()
    }

    /// Runs until every event is through and everything is said.
    pub fn settle(&mut self) {
        for _ in 0..20_000 {
            let due = self.due.grants.len()
                + self.due.wakes.len()
                + self.due.mirrors.len()
                + self.due.ackeds.len()
                + self.due.deads.len();
            if self.waiting() == 0 && due == 0 && self.counts == self.want_counts {
                return;
            }
            self.cycle();
        }
        panic!("events are stuck: {:?}", self.under_way);
    }

    /// Runs for `units` of time.
    pub fn pass(&mut self, units: u32) {
        let until = self.now.wrapping_add(units);
        while self.now != until {
            self.cycle();
        }
    }

    /// Waits until `found` finds something among what was said; forgets what came before.
    pub fn until<T>(&mut self, cycles: u64, what: &str, found: impl Fn(&Out) -> Option<T>) -> T {
        for _ in 0..cycles {
            while let Some(out) = self.outs.pop_front() {
                if let Some(t) = found(&out) {
                    return t;
                }
            }
            self.cycle();
        }
        panic!("{what}: not within {cycles} cycles");
    }

    /// Asks and gives the answer.
    pub fn grant(&mut self, conn: u32, gen: u8) -> Grant {
        self.outs.clear();
        self.ask(conn, gen);
        self.until(2000, "a grant", |o| match o {
            Out::Grant(g) if g.conn == conn => Some(*g),
            _ => None,
        })
    }

    fn offer(&mut self) {
        for i in 0..5 {
            let some = match i {
                0 => !self.cmds.is_empty(),
                1 => !self.acks.is_empty(),
                2 => !self.datas.is_empty(),
                3 => !self.sents.is_empty(),
                _ => !self.asks.is_empty(),
            };
            let go = some && (self.offered[i] || !self.rng.gen_ratio(self.gaps, 100));
            self.offered[i] = go;
        }
        let d = &mut self.dut;
        d.set("install_tvalid", self.offered[0].into());
        if let Some(i) = self.cmds.front() {
            d.set("install_remove", i.remove.into());
            d.set("install_conn", i.conn.into());
            d.set("install_gen", i.gen.into());
            d.set("install_snd_una", i.una.into());
            d.set("install_snd_nxt", i.nxt.into());
            d.set("install_snd_wnd", i.wnd.into());
            d.set("install_wl1", i.wl1.into());
            d.set("install_wl2", i.wl2.into());
            d.set("install_scale", i.scale.into());
            d.set("install_mss", i.mss.into());
            d.set("install_timestamps", i.ts.into());
            d.set("install_sack", i.sack.into());
            d.set("install_lost_syn", i.lost_syn.into());
        }
        d.set("ack_tvalid", self.offered[1].into());
        if let Some(a) = self.acks.front() {
            d.set("ack_conn", a.conn.into());
            d.set("ack_gen", a.gen.into());
            d.set("ack_seq", a.seq.into());
            d.set("ack_ack", a.ack.into());
            d.set("ack_wnd", a.wnd.into());
            d.set("ack_payload_len", a.len.into());
            let void = [0, 0x400, 0x002, 0][usize::from(a.void)];
            let ts = u128::from(a.tsecr.is_some()) << 8;
            d.set("ack_flags", u128::from(a.fin) | ts | void);
            d.set("ack_ack_mode", if a.void == 3 { 3 } else { 1 });
            d.set("ack_tsecr", a.tsecr.unwrap_or(0xDEAD_BEEF).into());
            d.set("ack_peer_sack_n", a.sack.len() as u128);
            let mut bits = vec![0u8; 32];
            for (i, (l, r)) in a.sack.iter().enumerate() {
                bits[8 * i..8 * i + 4].copy_from_slice(&l.to_le_bytes());
                bits[8 * i + 4..8 * i + 8].copy_from_slice(&r.to_le_bytes());
            }
            d.set_bits("ack_peer_sack", &bits);
        }
        d.set("data_tvalid", self.offered[2].into());
        if let Some((conn, gen, end)) = self.datas.front() {
            d.set("data_conn", (*conn).into());
            d.set("data_gen", (*gen).into());
            d.set("data_end", (*end).into());
        }
        d.set("sent_tvalid", self.offered[3].into());
        if let Some(s) = self.sents.front() {
            d.set("sent_conn", s.conn.into());
            d.set("sent_gen", s.gen.into());
            d.set("sent_from", s.from.into());
            d.set("sent_len", s.len.into());
            d.set("sent_probe", s.probe.into());
        }
        d.set("ask_tvalid", self.offered[4].into());
        if let Some((conn, gen)) = self.asks.front() {
            d.set("ask_conn", (*conn).into());
            d.set("ask_gen", (*gen).into());
        }
        for p in ["grant", "wake", "mirror", "acked", "dead"] {
            let ready = !self.rng.gen_ratio(self.stalls, 100) && self.frozen != Some(p);
            self.dut.set(&format!("{p}_tready"), ready.into());
        }
    }

    /// One clock cycle.
    pub fn cycle(&mut self) {
        self.offer();
        self.dut.settle();
        self.now = self.dut.get("now") as u32;
        for (i, p) in ["install", "ack", "data", "sent", "ask"].iter().enumerate() {
            if self.offered[i] && self.dut.bit(&format!("{p}_tready")) {
                self.offered[i] = false;
                self.taken(i);
            }
        }
        for (i, p) in ["timeout", "fast", "probe", "r1"].iter().enumerate() {
            self.counts[i] += u32::from(self.dut.bit(&format!("count_{p}")));
        }
        if self.dut.bit("tap_valid") {
            self.tap();
        }
        if self.dut.bit("tap_board_valid") {
            self.board();
        }
        self.streams();
        self.dut.posedge();
        self.clock += 1;
    }

    fn taken(&mut self, i: usize) {
        let known = |conn: u32| conn < 1 << CONN_BITS;
        let q = &mut self.under_way[i];
        match i {
            0 => q.extend(
                self.cmds
                    .pop_front()
                    .filter(|c| known(c.conn))
                    .map(Event::Install),
            ),
            1 => {
                let Some(a) = self.acks.pop_front().filter(|a| known(a.conn)) else {
                    return;
                };
                if a.void == 0 {
                    for b in a.sack.iter().skip(1).rev() {
                        q.push_back(Event::Block(a.conn, a.gen, *b));
                    }
                    q.push_back(Event::Ack(a));
                }
            }
            2 => q.extend(
                self.datas
                    .pop_front()
                    .filter(|d| known(d.0))
                    .map(|(c, g, e)| Event::Data(c, g, e)),
            ),
            3 => q.extend(
                self.sents
                    .pop_front()
                    .filter(|s| known(s.conn))
                    .map(Event::Sent),
            ),
            _ => q.extend(
                self.asks
                    .pop_front()
                    .filter(|a| known(a.0))
                    .map(|(c, g)| Event::Ask(c, g)),
            ),
        }
    }

    /// An event leaves the pipeline.
    fn tap(&mut self) {
        let ev = self.dut.get_bits("tap_ev");
        let field = |name: &str| design().field_of("tap_ev", &ev, name);
        let (kind, conn, now) = (field("kind"), field("conn") as u32, field("now") as u32);
        let mut next = |i: usize| {
            self.under_way[i]
                .pop_front()
                .unwrap_or_else(|| panic!("event {kind} of {conn} was never given"))
        };
        let event = match kind {
            INSTALL | REMOVE => next(0),
            ACK | BLOCK => next(1),
            DATA => next(2),
            SENT => next(3),
            ASK => next(4),
            TICK => Event::Tick(conn),
            k => panic!("event of kind {k}"),
        };
        self.events += 1;
        if self.keep_taps {
            self.taps.push_back((kind, conn, self.clock));
        }
        let was = self.model.conns.get(&conn).is_some_and(|c| c.dead);
        let said = self.model.apply(&event, now);
        self.expect(conn, &said);
        self.last = Some(event.clone());
        let live = self.compare(conn, &event);
        self.due
            .boards
            .extend(live.filter(|c| c.sack && (!was || matches!(event, Event::Install(_)))));
    }

    fn expect(&mut self, conn: u32, said: &Said) {
        let c = self.model.conns.get(&conn);
        let gen = c.map_or(0, |c| c.gen);
        let live = c.is_some_and(|c| !c.dead);
        if let Some(g) = said.grant {
            self.due.grants.push_back((g, live && g.gen == gen));
        }
        if said.wake {
            self.due.wakes.push_back((conn, gen));
        }
        if let Some(m) = said.mirror {
            self.due.mirrors.push_back((conn, gen, m));
        }
        if let Some(a) = said.acked {
            self.due.ackeds.push_back((conn, gen, a));
        }
        if let Some(d) = said.dead {
            self.due.deads.push_back((conn, gen, d));
        }
        // Pulses come a few cycles ahead of the tap.
        for (n, s) in [said.timeout, said.fast, said.probe, said.r1]
            .iter()
            .enumerate()
        {
            self.want_counts[n] += u32::from(*s);
            assert!(self.counts[n] >= self.want_counts[n], "counter {n} lags");
            assert!(
                self.counts[n] <= self.want_counts[n] + 3,
                "counter {n} is ahead"
            );
        }
    }

    /// The context as written against the reference's.
    fn compare(&self, conn: u32, event: &Event) -> Option<Conn> {
        let core = self.dut.get_bits("tap_core");
        let rate = self.dut.get_bits("tap_rate");
        let of_core = |name: &str| design().field_of("tap_core", &core, name) as u32;
        let of_rate = |name: &str| design().field_of("tap_rate", &rate, name) as u32;
        let Some(c) = self.model.conns.get(&conn) else {
            assert_eq!(of_core("valid"), 0, "connection {conn} is not installed");
            return None;
        };
        let gen = match event {
            Event::Install(i) => i.gen,
            Event::Ack(a) => a.gen,
            Event::Sent(s) => s.gen,
            Event::Block(_, g, _) | Event::Data(_, g, _) | Event::Ask(_, g) => *g,
            Event::Tick(_) => c.gen,
        };
        if gen != c.gen {
            return None;
        }
        let mut want: Vec<(&str, u32, u32)> = vec![
            ("valid", of_core("valid"), 1),
            ("dead", of_core("dead"), c.dead.into()),
            ("una", of_core("una"), c.una),
            ("max", of_core("max"), c.max),
            ("end", of_core("end"), c.end),
            ("wnd", of_core("wnd"), c.wnd),
        ];
        if !c.dead {
            want.extend([
                ("nxt", of_core("nxt"), c.nxt),
                ("wl1", of_core("wl1"), c.wl1),
                ("wl2", of_core("wl2"), c.wl2),
                ("max_wnd", of_core("max_wnd"), c.max_wnd),
                ("cwnd", of_rate("cwnd"), c.cwnd),
                ("ssth", of_rate("ssth"), c.ssthresh),
                ("count", of_rate("count"), c.count),
                ("recover", of_rate("recover"), c.recover),
                ("rto", of_rate("rto"), c.rto),
                ("persist", of_rate("persist"), c.persist.unwrap_or(0)),
                ("last", of_rate("last"), c.last),
                ("tries", of_rate("tries"), c.tries),
                ("armed", of_rate("armed"), c.timer.is_some().into()),
                ("timing", of_rate("timing"), c.timed.is_some().into()),
                ("sampled", of_rate("sampled"), c.rtt.is_some().into()),
                ("again", of_rate("again"), c.again.into()),
                ("probe", of_rate("probe"), c.probe.into()),
                (
                    "phase",
                    of_rate("phase"),
                    match c.phase {
                        Phase::Open => 0,
                        Phase::Recovery => 1,
                        Phase::Loss => 2,
                    },
                ),
                ("dups", of_rate("dups"), c.dups),
            ]);
            if let Some(t) = c.timer {
                want.push(("deadline", of_rate("deadline"), t));
            }
            if let Some((seq, at)) = c.timed {
                want.push(("timed_seq", of_rate("timed_seq"), seq));
                want.push(("timed_at", of_rate("timed_at"), at));
            }
            if let Some((srtt, rttvar)) = c.rtt {
                want.push(("srtt", of_rate("srtt"), srtt));
                want.push(("rttvar", of_rate("rttvar"), rttvar));
            }
            if c.tries > 0 {
                want.push(("since", of_rate("since"), c.since));
            }
            if c.dups > 0 {
                want.push(("mark", of_rate("mark"), c.mark));
            }
        }
        for (name, got, want) in want {
            assert!(
                got == want,
                "connection {conn}, {name}: 0x{got:x} in the engine, 0x{want:x} in the reference, behind {event:?}\n{c:#?}"
            );
        }
        Some(c.clone())
    }

    /// A scoreboard as written.
    fn board(&mut self) {
        let bits = self.dut.get_bits("tap_board");
        let field = |name: &str| design().field_of("tap_board", &bits, name) as u32;
        let c = self.due.boards.pop_front().expect("a scoreboard is due");
        let got: Vec<(i64, i64)> = (0..4)
            .filter(|i| field(&format!("ok{i}")) == 1)
            .map(|i| {
                (
                    field(&format!("left{i}")).into(),
                    field(&format!("right{i}")).into(),
                )
            })
            .collect();
        assert_eq!(got, c.board.held, "{c:#?}");
        let hole = (field("hole_len") > 0).then(|| {
            let at = c.una.wrapping_add(field("hole"));
            (at, field("hole_len"))
        });
        assert_eq!(hole, c.board.hole, "{c:#?}");
        assert_eq!(field("lost") == 1, c.board.lost_first, "{c:#?}");
        let pipe = gap(c.max, c.una) - gap(field("sacked").wrapping_add(field("gap")), 0);
        assert_eq!(pipe, c.board.pipe(c.una, c.max), "pipe {c:#?}");
    }

    fn streams(&mut self) {
        let moves = |b: &Self, p: &str| {
            b.dut.bit(&format!("{p}_tvalid")) && b.dut.bit(&format!("{p}_tready"))
        };
        let head = |b: &Self, p: &str| {
            (
                b.dut.get(&format!("{p}_conn")) as u32,
                b.dut.get(&format!("{p}_gen")) as u8,
            )
        };
        if moves(self, "grant") {
            let (conn, gen) = head(self, "grant");
            let (want, live) = self.due.grants.pop_front().expect("a grant is due");
            let got = Grant {
                conn,
                gen,
                kind: [Kind::Nothing, Kind::New, Kind::Again, Kind::Probe]
                    [self.dut.get("grant_kind") as usize],
                from: self.dut.get("grant_from") as u32,
                budget: self.dut.get("grant_budget") as u32,
                idle: self.dut.bit("grant_idle"),
            };
            if want.kind == Kind::Nothing {
                assert_eq!(
                    (got.conn, got.gen, got.kind),
                    (want.conn, want.gen, want.kind)
                );
                assert!(!live || got.idle == want.idle, "{got:?}, not {want:?}");
            } else {
                assert_eq!(got, want, "{:#?}", self.model.conns.get(&conn));
            }
            self.outs.push_back(Out::Grant(got));
        }
        if moves(self, "wake") {
            let got = head(self, "wake");
            let want = self.due.wakes.pop_front();
            assert!(
                Some(got) == want,
                "wake {got:?}, not {want:?}; last event {:?}\n{:#?}",
                self.last,
                self.model.conns.get(&got.0)
            );
            self.outs.push_back(Out::Wake(got.0));
        }
        if moves(self, "mirror") {
            let (conn, gen) = head(self, "mirror");
            let got = ["snd_una", "snd_nxt", "max_wnd"]
                .map(|n| self.dut.get(&format!("mirror_{n}")) as u32);
            assert_eq!(
                Some((conn, gen, got)),
                self.due.mirrors.pop_front(),
                "mirror"
            );
            self.outs.push_back(Out::Mirror(conn, got));
        }
        if moves(self, "acked") {
            let (conn, gen) = head(self, "acked");
            let got = self.dut.get("acked_snd_una") as u32;
            assert_eq!(Some((conn, gen, got)), self.due.ackeds.pop_front(), "acked");
            self.outs.push_back(Out::Acked(conn, got));
        }
        if moves(self, "dead") {
            let (conn, gen) = head(self, "dead");
            let got = self.dut.bit("dead_probe");
            assert_eq!(
                Some((conn, gen, got)),
                self.due.deads.pop_front(),
                "dead: {:#?} at {}",
                self.model.conns.get(&conn),
                self.now
            );
            self.outs.push_back(Out::Dead(conn, got));
        }
    }
}
