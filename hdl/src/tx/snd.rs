//! SND: the TCP sender. Contexts in tables, events through one pipeline: read, compute, write back. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `install_*` | in | a connection begins, or ends (`remove`). `snd_nxt` beyond `snd_una`: octets are out already. Window not to be scaled any more |
//! | `ack_*` | in | `ack_event` of the receive path, the fields that a sender needs |
//! | `data_*` | in | octets exist up to `end`, which never goes back |
//! | `ask_*` -> `grant_*` | in, out | what may be sent now. One grant of a connection at a time, then `sent` or nothing |
//! | `sent_*` | in | what leaves, when it is handed to the builder: `len` octets (at least 1, within `end`) from `from`; `probe` as granted |
//! | `wake_*` | out | something may be sent: after any event but an ask. May be said again, and may be too much; never too little |
//! | `mirror_*` | out | `snd_mirror` but for `last_ack_sent`: after `sent`, a new ACK, a larger window |
//! | `acked_*` | out | `snd_una` has moved: completions, record ring |
//! | `dead_*` | out | given up (R2): nothing more of this connection; `probe`: its window was closed |
//!
//! `grant_kind`: 0 nothing, 1 new octets, 2 octets sent before (at `from`), 3 a probe of one octet. `grant_idle`: nothing is outstanding.
//! Registers: `tick` cycles a time unit; `rto_init`, `rto_min` (at least 1), `rto_max`, `r2` in units. `now`: time, TSval.
//! `count_*`: pulses of timeouts, fast retransmits, probes, third timeouts of a row (R1). `tap_*`: every event as it leaves, with the
//! context as it is written; for tests, costs nothing unread.
//!
//! **Stages**, two cycles each (`snd_issue` says what goes first, and holds what is of a connection in flight):
//!
//! | stage | | block |
//! |---|---|---|
//! | 0 | event picked; core read | `snd_issue` |
//! | 1 | distances of sequence numbers; rate read | `snd_seq` |
//! | 2 | core with the event in it; distances of times | `snd_seq`, `snd_decide` |
//! | 3 | the decision; scoreboard is there | `snd_decide`, `snd_sack` |
//! | 4, 5 | cwnd, RTT, RTO, scoreboard | `snd_state`, `snd_cc`, `snd_rtt`, `snd_sack` |
//! | 4 to 6 | what may be sent; timer | `snd_grant`, `snd_timer` |
//! | 6 | streams out, core and rate written | |
//! | 8 | scoreboard written | `snd_sack` |
//!
//! **Latency** from the cycle in which an event is offered to that in which its answer is: 16 or 17 cycles, of an ACK one more; up to 14 more if the timer scan
//! is at that connection. **Rate**: an event every 2 cycles; of one connection every 14.
//! **Back-pressure**: an event is picked only if each output FIFO (16 deep) has room for all in flight (7, and 2 that the registered count
//! does not know). A stalled output stops every event, the input FIFOs fill, `tready` falls. Late events of another generation change nothing; an
//! ask gets "nothing". After reset no event is picked for 2^conn_bits cycles (`ready`).
//! Tables: read latency 2, no collisions (an event's rows are written before the next of its connection is read). Times of one unit's
//! precision: G of RFC 6298 is 1.
//! RFC 9293 3.8, 3.10.7.4; 6298; 5681; 6582; 6675; 3042; 7323 4. Rows: TCP-40 to TCP-53, TCP-55 to TCP-59 in the blocks' heads.

use super::snd_cc::SndCc;
use super::snd_decide::SndDecide;
use super::snd_grant::SndGrant;
use super::snd_issue::SndIssue;
use super::snd_rtt::SndRtt;
use super::snd_sack::{Board, SndSack};
use super::snd_seq::SndSeq;
use super::snd_state::SndState;
use super::snd_timer::SndTimer;
use super::snd_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear};
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Snd {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    /// The contexts are cleared: events are taken.
    pub ready: Signal<Out, bool>,
    /// Time, for TSval too.
    pub now: Signal<Out, Bits<32>>,
    // registers
    pub tick: Signal<In, Bits<16>>,
    pub rto_init: Signal<In, Bits<32>>,
    pub rto_min: Signal<In, Bits<32>>,
    pub rto_max: Signal<In, Bits<32>>,
    pub r2: Signal<In, Bits<32>>,
    // install, remove
    pub install_tvalid: Signal<In, bool>,
    pub install_tready: Signal<Out, bool>,
    pub install_remove: Signal<In, bool>,
    pub install_conn: Signal<In, Bits<SEAM_CONN>>,
    pub install_gen: Signal<In, Bits<8>>,
    pub install_snd_una: Signal<In, Bits<32>>,
    pub install_snd_nxt: Signal<In, Bits<32>>,
    pub install_snd_wnd: Signal<In, Bits<32>>,
    pub install_wl1: Signal<In, Bits<32>>,
    pub install_wl2: Signal<In, Bits<32>>,
    pub install_scale: Signal<In, Bits<4>>,
    pub install_mss: Signal<In, Bits<14>>,
    pub install_timestamps: Signal<In, bool>,
    pub install_sack: Signal<In, bool>,
    pub install_lost_syn: Signal<In, bool>,
    // ack_event
    pub ack_tvalid: Signal<In, bool>,
    pub ack_tready: Signal<Out, bool>,
    pub ack_conn: Signal<In, Bits<SEAM_CONN>>,
    pub ack_gen: Signal<In, Bits<8>>,
    pub ack_seq: Signal<In, Bits<32>>,
    pub ack_ack: Signal<In, Bits<32>>,
    pub ack_wnd: Signal<In, Bits<16>>,
    pub ack_payload_len: Signal<In, Bits<16>>,
    pub ack_flags: Signal<In, Bits<11>>,
    pub ack_ack_mode: Signal<In, Bits<2>>,
    pub ack_tsecr: Signal<In, Bits<32>>,
    pub ack_peer_sack_n: Signal<In, Bits<3>>,
    pub ack_peer_sack: Signal<In, Bits<256>>,
    // octets exist up to `end`
    pub data_tvalid: Signal<In, bool>,
    pub data_tready: Signal<Out, bool>,
    pub data_conn: Signal<In, Bits<SEAM_CONN>>,
    pub data_gen: Signal<In, Bits<8>>,
    pub data_end: Signal<In, Bits<32>>,
    // may this connection send
    pub ask_tvalid: Signal<In, bool>,
    pub ask_tready: Signal<Out, bool>,
    pub ask_conn: Signal<In, Bits<SEAM_CONN>>,
    pub ask_gen: Signal<In, Bits<8>>,
    // what was sent
    pub sent_tvalid: Signal<In, bool>,
    pub sent_tready: Signal<Out, bool>,
    pub sent_conn: Signal<In, Bits<SEAM_CONN>>,
    pub sent_gen: Signal<In, Bits<8>>,
    pub sent_from: Signal<In, Bits<32>>,
    pub sent_len: Signal<In, Bits<32>>,
    pub sent_probe: Signal<In, bool>,
    // answers to `ask`
    pub grant_tvalid: Signal<Out, bool>,
    pub grant_tready: Signal<In, bool>,
    pub grant_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub grant_gen: Signal<Out, Bits<8>>,
    pub grant_kind: Signal<Out, Send>,
    pub grant_from: Signal<Out, Bits<32>>,
    pub grant_budget: Signal<Out, Bits<32>>,
    pub grant_idle: Signal<Out, bool>,
    // something may be sent
    pub wake_tvalid: Signal<Out, bool>,
    pub wake_tready: Signal<In, bool>,
    pub wake_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub wake_gen: Signal<Out, Bits<8>>,
    // send state for the receive path
    pub mirror_tvalid: Signal<Out, bool>,
    pub mirror_tready: Signal<In, bool>,
    pub mirror_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub mirror_gen: Signal<Out, Bits<8>>,
    pub mirror_snd_una: Signal<Out, Bits<32>>,
    pub mirror_snd_nxt: Signal<Out, Bits<32>>,
    pub mirror_max_wnd: Signal<Out, Bits<32>>,
    // acknowledged up to here
    pub acked_tvalid: Signal<Out, bool>,
    pub acked_tready: Signal<In, bool>,
    pub acked_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub acked_gen: Signal<Out, Bits<8>>,
    pub acked_snd_una: Signal<Out, Bits<32>>,
    // given up
    pub dead_tvalid: Signal<Out, bool>,
    pub dead_tready: Signal<In, bool>,
    pub dead_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub dead_gen: Signal<Out, Bits<8>>,
    pub dead_probe: Signal<Out, bool>,
    // counter pulses
    pub count_timeout: Signal<Out, bool>,
    pub count_fast: Signal<Out, bool>,
    pub count_probe: Signal<Out, bool>,
    pub count_r1: Signal<Out, bool>,
    // what leaves the pipeline, for whoever watches
    pub tap_valid: Signal<Out, bool>,
    pub tap_ev: Signal<Out, Ev>,
    pub tap_core: Signal<Out, Core>,
    pub tap_rate: Signal<Out, Rate>,
    pub tap_board_valid: Signal<Out, bool>,
    pub tap_board: Signal<Out, Board>,

    clear: RamClear<CONN>,
    open: Reg<bool>,
    scale: Reg<Bits<16>>,
    time: Reg<Bits<32>>,
    issue: SndIssue,
    cores: Ram<Core, CONN>,
    rates: Ram<Rate, CONN>,
    e1: Reg<Ev>,
    e2: Reg<Ev>,
    e3: Reg<Ev>,
    e4: Reg<Ev>,
    e5: Reg<Ev>,
    e6: Reg<Ev>,
    behind: RegNr<Bits<32>>,
    moved: Signal<Local, Ev>,
    second: Signal<Local, bool>,
    seq: SndSeq,
    decide: SndDecide,
    rtt: SndRtt,
    cc: SndCc,
    state: SndState,
    timer: SndTimer,
    sack: SndSack,
    offer: SndGrant,
    rate3: RegNr<Rate>,
    core5: RegNr<Core>,
    core6: RegNr<Core>,
    rate5: RegNr<Rate>,
    rate6: RegNr<Rate>,
    mix5: Signal<Local, Rate>,
    mix6: Signal<Local, Rate>,
    row: Signal<Local, Rate>,
    core_row: Signal<Local, Core>,
    act4: RegNr<Act>,
    act5: RegNr<Act>,
    act6: RegNr<Act>,
    grants: Fifo<Grant, 4>,
    wakes: Fifo<Told, 4>,
    mirrors: Fifo<Mirrored, 4>,
    ackeds: Fifo<Told, 4>,
    deads: Fifo<Told, 4>,
    pulse_timeout: Reg<bool>,
    pulse_fast: Reg<bool>,
    pulse_probe: Reg<bool>,
    pulse_r1: Reg<bool>,
    write: Signal<Local, bool>,
    tell: Signal<Local, bool>,
    counted: Signal<Local, bool>,
    some: Signal<Local, bool>,
    told: Signal<Local, Told>,
    something: Signal<Local, bool>,
    piped: Signal<Local, bool>,
    cmd: Signal<Local, Ev>,
    ack: Signal<Local, Ev>,
    data: Signal<Local, Ev>,
    ask: Signal<Local, Ev>,
    sent: Signal<Local, Ev>,
    flags: Signal<Local, Bits<11>>,
    unused_flags: Signal<Local, Bits<11>>,
    unused_act: Signal<Local, Act>,
    unused_ev: Signal<Local, Ev>,
    unused_wake: Signal<Local, Told>,
    beyond: Constant<Bits<SEAM_CONN>>,
}

impl Snd {
    /// An engine of `2^conn_bits` connections.
    pub fn new(conn_bits: usize) -> Self {
        Self::starting_at(conn_bits, 0)
    }

    /// The same, with another time after reset.
    pub fn starting_at(conn_bits: usize, time: u32) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            now: Default::default(),
            tick: Default::default(),
            rto_init: Default::default(),
            rto_min: Default::default(),
            rto_max: Default::default(),
            r2: Default::default(),
            install_tvalid: Default::default(),
            install_tready: Default::default(),
            install_remove: Default::default(),
            install_conn: Default::default(),
            install_gen: Default::default(),
            install_snd_una: Default::default(),
            install_snd_nxt: Default::default(),
            install_snd_wnd: Default::default(),
            install_wl1: Default::default(),
            install_wl2: Default::default(),
            install_scale: Default::default(),
            install_mss: Default::default(),
            install_timestamps: Default::default(),
            install_sack: Default::default(),
            install_lost_syn: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack_conn: Default::default(),
            ack_gen: Default::default(),
            ack_seq: Default::default(),
            ack_ack: Default::default(),
            ack_wnd: Default::default(),
            ack_payload_len: Default::default(),
            ack_flags: Default::default(),
            ack_ack_mode: Default::default(),
            ack_tsecr: Default::default(),
            ack_peer_sack_n: Default::default(),
            ack_peer_sack: Default::default(),
            data_tvalid: Default::default(),
            data_tready: Default::default(),
            data_conn: Default::default(),
            data_gen: Default::default(),
            data_end: Default::default(),
            ask_tvalid: Default::default(),
            ask_tready: Default::default(),
            ask_conn: Default::default(),
            ask_gen: Default::default(),
            sent_tvalid: Default::default(),
            sent_tready: Default::default(),
            sent_conn: Default::default(),
            sent_gen: Default::default(),
            sent_from: Default::default(),
            sent_len: Default::default(),
            sent_probe: Default::default(),
            grant_tvalid: Default::default(),
            grant_tready: Default::default(),
            grant_conn: Default::default(),
            grant_gen: Default::default(),
            grant_kind: Default::default(),
            grant_from: Default::default(),
            grant_budget: Default::default(),
            grant_idle: Default::default(),
            wake_tvalid: Default::default(),
            wake_tready: Default::default(),
            wake_conn: Default::default(),
            wake_gen: Default::default(),
            mirror_tvalid: Default::default(),
            mirror_tready: Default::default(),
            mirror_conn: Default::default(),
            mirror_gen: Default::default(),
            mirror_snd_una: Default::default(),
            mirror_snd_nxt: Default::default(),
            mirror_max_wnd: Default::default(),
            acked_tvalid: Default::default(),
            acked_tready: Default::default(),
            acked_conn: Default::default(),
            acked_gen: Default::default(),
            acked_snd_una: Default::default(),
            dead_tvalid: Default::default(),
            dead_tready: Default::default(),
            dead_conn: Default::default(),
            dead_gen: Default::default(),
            dead_probe: Default::default(),
            count_timeout: Default::default(),
            count_fast: Default::default(),
            count_probe: Default::default(),
            count_r1: Default::default(),
            tap_valid: Default::default(),
            tap_ev: Default::default(),
            tap_core: Default::default(),
            tap_rate: Default::default(),
            tap_board_valid: Default::default(),
            tap_board: Default::default(),
            clear: RamClear::new(conn_bits),
            open: Default::default(),
            scale: Default::default(),
            time: Reg::new(u64::from(time).to_bits()),
            issue: SndIssue::new(conn_bits),
            cores: Ram::new(conn_bits, 2).collisions_undefined(),
            rates: Ram::new(conn_bits, 2).collisions_undefined(),
            e1: Default::default(),
            e2: Default::default(),
            e3: Default::default(),
            e4: Default::default(),
            e5: Default::default(),
            e6: Default::default(),
            behind: Default::default(),
            moved: Default::default(),
            second: Default::default(),
            seq: Default::default(),
            decide: Default::default(),
            rtt: Default::default(),
            cc: Default::default(),
            state: Default::default(),
            timer: Default::default(),
            sack: SndSack::new(conn_bits),
            offer: Default::default(),
            rate3: Default::default(),
            core5: Default::default(),
            core6: Default::default(),
            rate5: Default::default(),
            rate6: Default::default(),
            mix5: Default::default(),
            mix6: Default::default(),
            row: Default::default(),
            core_row: Default::default(),
            act4: Default::default(),
            act5: Default::default(),
            act6: Default::default(),
            grants: Default::default(),
            wakes: Default::default(),
            mirrors: Default::default(),
            ackeds: Default::default(),
            deads: Default::default(),
            pulse_timeout: Default::default(),
            pulse_fast: Default::default(),
            pulse_probe: Default::default(),
            pulse_r1: Default::default(),
            write: Default::default(),
            tell: Default::default(),
            counted: Default::default(),
            some: Default::default(),
            told: Default::default(),
            something: Default::default(),
            piped: Default::default(),
            cmd: Default::default(),
            ack: Default::default(),
            data: Default::default(),
            ask: Default::default(),
            sent: Default::default(),
            flags: Default::default(),
            unused_flags: Default::default(),
            unused_act: Default::default(),
            unused_ev: Default::default(),
            unused_wake: Default::default(),
            beyond: Constant::new(((0xF_FFFFu64 << conn_bits) & 0xF_FFFF).to_bits()),
        }
    }
}

impl Logic for Snd {
    #[hdl_gen]
    fn update(&mut self) {
        // Time.
        self.scale.d.next = self.scale.q.val() + 1;
        if self.scale.q.val() >= self.tick.val() {
            self.scale.d.next = 1.into();
            self.time.d.next = self.time.q.val() + 1;
        }
        self.now.next = self.time.q.val();
        self.ready.next = self.clear.done.val();

        // Events.
        self.cmd.next.kind = Kind::Install;
        if self.install_remove.val() {
            self.cmd.next.kind = Kind::Remove;
        }
        self.cmd.next.conn = self.install_conn.val().get_bits::<CONN>(0);
        self.cmd.next.gen = self.install_gen.val();
        self.cmd.next.pos = self.install_snd_nxt.val();
        self.cmd.next.seq = self.install_wl1.val();
        self.cmd.next.from = self.install_snd_una.val();
        self.cmd.next.stamp = self.install_wl2.val();
        self.cmd.next.wnd = self.install_snd_wnd.val();
        self.cmd.next.pure = false;
        self.cmd.next.ts = self.install_timestamps.val();
        self.cmd.next.blk = self.install_sack.val();
        self.cmd.next.odd = self.install_lost_syn.val();
        self.cmd.next.left = bit_cast::<32, 14>(self.install_mss.val())
            | (bit_cast::<32, 4>(self.install_scale.val()) << 14);
        self.cmd.next.right = 0.into();
        self.cmd.next.now = 0.into();
        self.issue.cmd.next = self.cmd.val();
        self.issue.cmd_tvalid.next = self.install_tvalid.val();
        self.install_tready.next = self.issue.cmd_tready.val();
        self.issue.cmd_void.next = (self.install_conn.val() & self.beyond.val()).any();

        self.flags.next = self.ack_flags.val();
        self.unused_flags.next = self.flags.val();
        self.ack.next.kind = Kind::Ack;
        self.ack.next.conn = self.ack_conn.val().get_bits::<CONN>(0);
        self.ack.next.gen = self.ack_gen.val();
        self.ack.next.pos = self.ack_ack.val();
        self.ack.next.seq = self.ack_seq.val();
        self.ack.next.from = 0.into();
        self.ack.next.stamp = self.ack_tsecr.val();
        self.ack.next.wnd = bit_cast::<32, 16>(self.ack_wnd.val());
        self.ack.next.pure = !self.ack_payload_len.val().any() & !self.flags.val().get_bit(0);
        self.ack.next.ts = self.flags.val().get_bit(8);
        self.ack.next.blk = self.ack_peer_sack_n.val().any();
        self.ack.next.odd = false;
        self.ack.next.left = 0.into();
        self.ack.next.right = 0.into();
        self.ack.next.now = 0.into();
        self.issue.ack.next = self.ack.val();
        self.issue.ack_tvalid.next = self.ack_tvalid.val();
        self.issue.ack_blocks.next = self.ack_peer_sack_n.val();
        self.issue.ack_sack.next = self.ack_peer_sack.val();
        self.ack_tready.next = self.issue.ack_tready.val();
        // Without a sender's news: RX_ONLY, RST, a challenge's.
        self.issue.ack_void.next = (self.ack_conn.val() & self.beyond.val()).any()
            | self.flags.val().get_bit(10)
            | self.flags.val().get_bit(1)
            | self.ack_ack_mode.val().all();

        self.data.next.kind = Kind::Data;
        self.data.next.conn = self.data_conn.val().get_bits::<CONN>(0);
        self.data.next.gen = self.data_gen.val();
        self.data.next.pos = self.data_end.val();
        self.data.next.seq = 0.into();
        self.data.next.from = 0.into();
        self.data.next.stamp = 0.into();
        self.data.next.wnd = 0.into();
        self.data.next.pure = false;
        self.data.next.ts = false;
        self.data.next.blk = false;
        self.data.next.odd = false;
        self.data.next.left = 0.into();
        self.data.next.right = 0.into();
        self.data.next.now = 0.into();
        self.issue.data.next = self.data.val();
        self.issue.data_tvalid.next = self.data_tvalid.val();
        self.data_tready.next = self.issue.data_tready.val();
        self.issue.data_void.next = (self.data_conn.val() & self.beyond.val()).any();

        self.ask.next = self.data.val();
        self.ask.next.kind = Kind::Ask;
        self.ask.next.conn = self.ask_conn.val().get_bits::<CONN>(0);
        self.ask.next.gen = self.ask_gen.val();
        self.ask.next.pos = 0.into();
        self.issue.ask.next = self.ask.val();
        self.issue.ask_tvalid.next = self.ask_tvalid.val();
        self.ask_tready.next = self.issue.ask_tready.val();
        self.issue.ask_void.next = (self.ask_conn.val() & self.beyond.val()).any();

        self.sent.next = self.data.val();
        self.sent.next.kind = Kind::Sent;
        self.sent.next.conn = self.sent_conn.val().get_bits::<CONN>(0);
        self.sent.next.gen = self.sent_gen.val();
        self.sent.next.from = self.sent_from.val();
        self.sent.next.pos = self.sent_len.val();
        self.sent.next.odd = self.sent_probe.val();
        self.issue.sent.next = self.sent.val();
        self.issue.sent_tvalid.next = self.sent_tvalid.val();
        self.sent_tready.next = self.issue.sent_tready.val();
        self.issue.sent_void.next = (self.sent_conn.val() & self.beyond.val()).any();
        self.issue.now.next = self.time.q.val();

        // What is in flight, and what is picked meanwhile, finds room.
        self.open.d.next = self.clear.done.val()
            & ((self.grants.room.val() > 9) & (self.wakes.room.val() > 9))
            & ((self.mirrors.room.val() > 9) & (self.ackeds.room.val() > 9))
            & (self.deads.room.val() > 9);
        self.issue.open.next = self.open.q.val();

        // Stage 0 to 6.
        self.second.next = self.issue.second.val();
        self.behind.d.next = self.issue.ev.val().pos + self.issue.ev.val().from;
        self.moved.next = self.issue.ev.val();
        if self.issue.ev.val().kind == Kind::Sent {
            self.moved.next.pos = self.behind.q.val();
        }
        if self.second.val() {
            self.e1.d.next = self.moved.val();
            self.e2.d.next = self.e1.q.val();
            self.e3.d.next = self.e2.q.val();
            self.e4.d.next = self.e3.q.val();
            self.e5.d.next = self.e4.q.val();
            self.e6.d.next = self.e5.q.val();
            self.rate3.d.next = self.rates.rdata.val();
            self.core5.d.next = self.state.core4.val();
            self.core6.d.next = self.core5.q.val();
            self.act4.d.next = self.decide.act.val();
            self.act5.d.next = self.act4.q.val();
            self.act6.d.next = self.act5.q.val();
        }
        self.cores.raddr.next = self.issue.ev.val().conn;
        self.rates.raddr.next = self.e1.q.val().conn;

        // 1, 2
        self.seq.second.next = self.second.val();
        self.seq.ev.next = self.e1.q.val();
        self.seq.ev2.next = self.e2.q.val();
        self.seq.core.next = self.cores.rdata.val();

        // 2, 3
        self.decide.second.next = self.second.val();
        self.decide.ev2.next = self.e2.q.val();
        self.decide.seen.next = self.seq.seen.val();
        self.decide.core2.next = self.seq.old.val();
        self.decide.rate2.next = self.rates.rdata.val();
        self.decide.ev3.next = self.e3.q.val();
        self.decide.core3.next = self.seq.core3.val();
        self.decide.rate3.next = self.rate3.q.val();
        self.decide.news.next = self.sack.news.val();
        self.decide.lost.next = self.sack.lost.val();
        self.sack.second.next = self.second.val();
        self.sack.ev2.next = self.e2.q.val();
        self.sack.core2.next = self.seq.old.val();
        self.sack.ev3.next = self.e3.q.val();
        self.sack.core3.next = self.seq.core3.val();
        self.sack.seen3.next = self.decide.seen3.val();
        self.sack.loss.next = self.rate3.q.val().phase == Phase::Loss;
        self.sack.act.next = self.decide.act.val();
        self.decide.r2.next = self.r2.val();

        self.rtt.now.next = self.e2.q.val().now;
        self.rtt.since.next = self.rates.rdata.val().timed_at;
        if self.seq.old.val().ts {
            self.rtt.since.next = self.e2.q.val().stamp;
        }
        self.rtt.srtt.next = self.rate3.q.val().srtt;
        self.rtt.rttvar.next = self.rate3.q.val().rttvar;
        self.rtt.rto.next = self.rate3.q.val().rto;
        self.rtt.sampled.next = self.rate3.q.val().sampled;
        self.rtt.sample.next = self.decide.act.val().sample;
        self.rtt.timeout.next = self.decide.act.val().timeout;
        self.rtt.install.next = self.decide.act.val().install;
        self.rtt.first_rto.next = self.rto_init.val();
        self.rtt.floor.next = self.rto_min.val();
        self.rtt.ceiling.next = self.rto_max.val();

        self.cc.cwnd.next = self.rate3.q.val().cwnd;
        self.cc.ssth.next = self.rate3.q.val().ssth;
        self.cc.count.next = self.rate3.q.val().count;
        self.cc.mss.next = self.seq.core3.val().mss;
        self.cc.sack.next = self.seq.core3.val().sack;
        self.cc.acked.next = self.decide.seen3.val().delta;
        self.cc.flight.next = self.decide.halved.val();
        self.cc.left.next = self.decide.left.val();
        self.cc.act.next = self.decide.act.val();
        self.cc.lost_syn.next = (self.e3.q.val().kind == Kind::Install) & self.e3.q.val().odd;

        // 4
        self.state.second.next = self.second.val();
        self.state.ev.next = self.e3.q.val();
        self.state.core.next = self.seq.core3.val();
        self.state.rate.next = self.rate3.q.val();
        self.state.act.next = self.decide.act.val();
        self.mix5.next = self.state.rate4.val();
        self.mix5.next.srtt = self.rtt.srtt_new.val();
        self.mix5.next.rttvar = self.rtt.rttvar_new.val();
        if self.second.val() {
            self.rate5.d.next = self.mix5.val();
        }
        self.counted.next = self.second.val() & (self.e3.q.val().kind != Kind::None);
        self.pulse_timeout.d.next = self.counted.val() & self.decide.act.val().timeout;
        self.pulse_fast.d.next = self.counted.val() & self.decide.act.val().enter;
        self.pulse_probe.d.next = self.counted.val() & self.decide.act.val().probe;
        self.pulse_r1.d.next =
            self.counted.val() & (self.decide.act.val().timeout & (self.rate3.q.val().tries == 2));
        self.count_timeout.next = self.pulse_timeout.q.val();
        self.count_fast.next = self.pulse_fast.q.val();
        self.count_probe.next = self.pulse_probe.q.val();
        self.count_r1.next = self.pulse_r1.q.val();

        // 5
        self.mix6.next = self.rate5.q.val();
        self.mix6.next.cwnd = self.cc.cwnd_new.val();
        self.mix6.next.ssth = self.cc.ssth_new.val();
        self.mix6.next.count = self.cc.count_new.val();
        self.mix6.next.rto = self.rtt.rto_new.val();
        if self.second.val() {
            self.rate6.d.next = self.mix6.val();
        }
        self.timer.core4.next = self.state.core4.val();
        self.timer.rate4.next = self.state.rate4.val();
        self.timer.act.next = self.act4.q.val();
        self.timer.rto.next = self.rtt.rto_new.val();
        self.timer.now.next = self.e5.q.val().now;
        self.timer.ceiling.next = self.rto_max.val();
        self.offer.core4.next = self.state.core4.val();
        self.offer.rate4.next = self.state.rate4.val();
        self.offer.board.next = self.sack.sums.val();
        self.offer.cwnd.next = self.cc.cwnd_new.val();

        // 6
        self.row.next = self.rate6.q.val();
        self.row.next.armed = self.timer.armed.val();
        self.row.next.deadline = self.timer.deadline.val();
        self.row.next.persist = self.timer.persist.val();
        self.some.next = self.e6.q.val().kind != Kind::None;
        self.write.next = (self.second.val() & self.some.val())
            & (self.act6.q.val().live | (self.e6.q.val().kind == Kind::Remove));
        self.unused_act.next = self.act6.q.val();
        self.sack.write6.next = (self.some.val() & self.act6.q.val().live)
            & (self.core6.q.val().sack & self.core6.q.val().valid);
        self.sack.conn6.next = self.e6.q.val().conn;
        self.cores.we.next = self.write.val() | self.clear.active.val();
        self.cores.waddr.next = self.e6.q.val().conn;
        self.core_row.next = self.core6.q.val();
        if self.clear.active.val() {
            self.cores.waddr.next = self.clear.addr.val();
            self.core_row.next.valid = false;
        }
        self.cores.wdata.next = self.core_row.val();
        self.rates.we.next = self.write.val();
        self.rates.waddr.next = self.e6.q.val().conn;
        self.rates.wdata.next = self.row.val();

        self.tell.next = !self.second.val() & self.some.val();
        // In SACK recovery the scoreboard is not ready yet: whoever asks will know.
        self.piped.next = (self.core6.q.val().sack & self.core6.q.val().wnd.any())
            & ((self.rate6.q.val().phase == Phase::Recovery) & !self.core6.q.val().dead);
        self.something.next = (self.act6.q.val().live & self.core6.q.val().valid)
            & ((self.offer.kind.val() != Send::Nothing) | self.piped.val());
        self.grants.push.next = self.tell.val() & (self.e6.q.val().kind == Kind::Ask);
        self.grants.din.next.kind = Send::Nothing;
        if self.act6.q.val().live {
            self.grants.din.next.kind = self.offer.kind.val();
        }
        self.grants.din.next.conn = self.e6.q.val().conn;
        self.grants.din.next.gen = self.e6.q.val().gen;
        self.grants.din.next.from = self.offer.from.val();
        self.grants.din.next.budget = self.offer.budget.val();
        self.grants.din.next.idle = self.offer.idle.val();
        self.wakes.push.next = (self.tell.val() & self.something.val())
            & ((self.e6.q.val().kind != Kind::Ask)
                & ((self.e6.q.val().kind != Kind::Tick)
                    | self.act6.q.val().timeout
                    | self.act6.q.val().probe));
        self.told.next.conn = self.e6.q.val().conn;
        self.told.next.gen = self.core6.q.val().gen;
        self.told.next.value = self.core6.q.val().una;
        self.wakes.din.next = self.told.val();
        self.wakes.din.next.value = 0.into();
        self.ackeds.push.next = self.tell.val() & self.act6.q.val().new;
        self.ackeds.din.next = self.told.val();
        self.deads.push.next = self.tell.val() & self.act6.q.val().dead;
        self.deads.din.next = self.told.val();
        self.deads.din.next.value = self.core6.q.val().wnd;
        self.mirrors.push.next = self.tell.val() & self.act6.q.val().mirror;
        self.mirrors.din.next.conn = self.e6.q.val().conn;
        self.mirrors.din.next.gen = self.core6.q.val().gen;
        self.mirrors.din.next.una = self.core6.q.val().una;
        self.mirrors.din.next.max = self.core6.q.val().max;
        self.mirrors.din.next.max_wnd = self.core6.q.val().max_wnd;

        // Streams out.
        self.grant_tvalid.next = self.grants.valid.val();
        self.grants.pop.next = self.grants.valid.val() & self.grant_tready.val();
        self.grant_conn.next = bit_cast::<SEAM_CONN, CONN>(self.grants.dout.val().conn);
        self.grant_gen.next = self.grants.dout.val().gen;
        self.grant_kind.next = self.grants.dout.val().kind;
        self.grant_from.next = self.grants.dout.val().from;
        self.grant_budget.next = self.grants.dout.val().budget;
        self.grant_idle.next = self.grants.dout.val().idle;
        self.wake_tvalid.next = self.wakes.valid.val();
        self.wakes.pop.next = self.wakes.valid.val() & self.wake_tready.val();
        self.wake_conn.next = bit_cast::<SEAM_CONN, CONN>(self.wakes.dout.val().conn);
        self.wake_gen.next = self.wakes.dout.val().gen;
        self.unused_wake.next = self.wakes.dout.val();
        self.mirror_tvalid.next = self.mirrors.valid.val();
        self.mirrors.pop.next = self.mirrors.valid.val() & self.mirror_tready.val();
        self.mirror_conn.next = bit_cast::<SEAM_CONN, CONN>(self.mirrors.dout.val().conn);
        self.mirror_gen.next = self.mirrors.dout.val().gen;
        self.mirror_snd_una.next = self.mirrors.dout.val().una;
        self.mirror_snd_nxt.next = self.mirrors.dout.val().max;
        self.mirror_max_wnd.next = self.mirrors.dout.val().max_wnd;
        self.acked_tvalid.next = self.ackeds.valid.val();
        self.ackeds.pop.next = self.ackeds.valid.val() & self.acked_tready.val();
        self.acked_conn.next = bit_cast::<SEAM_CONN, CONN>(self.ackeds.dout.val().conn);
        self.acked_gen.next = self.ackeds.dout.val().gen;
        self.acked_snd_una.next = self.ackeds.dout.val().value;
        self.dead_tvalid.next = self.deads.valid.val();
        self.deads.pop.next = self.deads.valid.val() & self.dead_tready.val();
        self.dead_conn.next = bit_cast::<SEAM_CONN, CONN>(self.deads.dout.val().conn);
        self.dead_gen.next = self.deads.dout.val().gen;
        self.dead_probe.next = !self.deads.dout.val().value.any();

        self.tap_valid.next = self.second.val() & self.some.val();
        self.tap_ev.next = self.e6.q.val();
        self.tap_core.next = self.core6.q.val();
        self.tap_rate.next = self.row.val();
        self.tap_board_valid.next = self.sack.tap_valid.val();
        self.tap_board.next = self.sack.tap.val();
        self.unused_ev.next = self.e6.q.val();
    }
}
