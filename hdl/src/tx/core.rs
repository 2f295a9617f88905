//! Transmit core: sender, scheduler, acker, composer and frame builder in one. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `install_*` | in | a connection begins or ends: what [`Snd`] and [`Acker`] need of it. It is in force when taken: install here, then in the receive path; remove there, then here |
//! | `ack_*` | in | `ack_event` of the receive path |
//! | `snd_mirror_*` | out | to the receive path, before the segment that changes it leaves |
//! | `tmpl_wr tmpl_conn tmpl` | in | header templates, see [`Build`] |
//! | `data_*`, `grant_*`, `turn_*`, `acked_*`, `dead_*` | | to and from the segment half, see [`Snd`] and [`Compose`] |
//! | `fpdu_*`, `payload_*` | in | FPDU jobs and payload, in the order of turns |
//! | `mac_tx_*` | out | frames |
//!
//! Registers: `tick`, `rto_init`, `rto_min`, `rto_max`, `r2` of [`Snd`]; `delay`, `gap` of [`Acker`]. `count_*`: pulses.
//! `snd_mirror_snd_nxt` may be ahead of what `snd` has worked off: it counts what is on its way to the builder.
//!
//! **Latency** when nothing waits: an `ack_event` that wants an ACK at once, to the frame's first beat: 36 or 37 cycles at 512 bits, 42 to 47 at 64 (a cycle for each
//! beat of the header): acker 10 or 11, scheduler 6, acker again 10, builder the rest; 6 more if a timer scan is at that connection. wake to grant: 5 and 17.
//! **Back-pressure**: nothing here waits for itself. `ack_event` waits for neither the MAC nor turns: the acker takes it, and `snd` stands only if one of its streams does. `grant` never has
//! more than [`GRANTS`](super::sched::GRANTS) in it, `wake` and `mirror` are always taken; so **`acked` and `dead` must be taken by the segment half whatever its turns and FPDU jobs wait for**, and `snd_mirror` by
//! the receive path whatever its reports wait for. FPDU jobs and payload of a turn must come without another turn being taken.
//! `ready`: all tables are cleared.

use super::ack_types::SHORT;
use super::acker::Acker;
use super::build::Build;
use super::compose::Compose;
use super::sched::Sched;
use super::snd::Snd;
use super::snd_types::{Ev, Kind, Send, CONN as NARROW, SEAM_CONN};
use super::types::{Template, TxCfg, TxFpdu, CONN};
use crate::prim::reg::Reg;
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Core<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub now: Signal<Out, Bits<32>>,
    // registers
    pub tick: Signal<In, Bits<16>>,
    pub rto_init: Signal<In, Bits<32>>,
    pub rto_min: Signal<In, Bits<32>>,
    pub rto_max: Signal<In, Bits<32>>,
    pub r2: Signal<In, Bits<32>>,
    pub delay: Signal<In, Bits<SHORT>>,
    pub gap: Signal<In, Bits<SHORT>>,
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
    /// Largest window the peer has offered.
    pub install_max_wnd: Signal<In, Bits<32>>,
    pub install_rcv_nxt: Signal<In, Bits<32>>,
    /// The window field of every segment.
    pub install_rcv_wnd: Signal<In, Bits<16>>,
    /// More octets than this are acknowledged at once: the largest segment we expect.
    pub install_rcv_mss: Signal<In, Bits<14>>,
    pub install_ts_recent: Signal<In, Bits<32>>,
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
    pub ack_tsecr: Signal<In, Bits<32>>,
    pub ack_ts_recent: Signal<In, Bits<32>>,
    pub ack_peer_sack_n: Signal<In, Bits<3>>,
    pub ack_peer_sack: Signal<In, Bits<256>>,
    pub ack_rcv_nxt: Signal<In, Bits<32>>,
    pub ack_ack_mode: Signal<In, Bits<2>>,
    pub ack_own_sack_n: Signal<In, Bits<3>>,
    pub ack_own_sack: Signal<In, Bits<256>>,
    // snd_mirror
    pub snd_mirror_tvalid: Signal<Out, bool>,
    pub snd_mirror_tready: Signal<In, bool>,
    pub snd_mirror_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub snd_mirror_gen: Signal<Out, Bits<8>>,
    pub snd_mirror_snd_una: Signal<Out, Bits<32>>,
    pub snd_mirror_snd_nxt: Signal<Out, Bits<32>>,
    pub snd_mirror_last_ack_sent: Signal<Out, Bits<32>>,
    pub snd_mirror_max_wnd: Signal<Out, Bits<32>>,
    // the segment half
    pub data_tvalid: Signal<In, bool>,
    pub data_tready: Signal<Out, bool>,
    pub data_conn: Signal<In, Bits<SEAM_CONN>>,
    pub data_gen: Signal<In, Bits<8>>,
    pub data_end: Signal<In, Bits<32>>,
    pub grant_tvalid: Signal<Out, bool>,
    pub grant_tready: Signal<In, bool>,
    pub grant_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub grant_gen: Signal<Out, Bits<8>>,
    pub grant_kind: Signal<Out, Send>,
    pub grant_from: Signal<Out, Bits<32>>,
    pub grant_budget: Signal<Out, Bits<32>>,
    pub grant_idle: Signal<Out, bool>,
    pub turn_tvalid: Signal<In, bool>,
    pub turn_tready: Signal<Out, bool>,
    pub turn_conn: Signal<In, Bits<SEAM_CONN>>,
    pub turn_gen: Signal<In, Bits<8>>,
    pub turn_seq: Signal<In, Bits<32>>,
    pub turn_len: Signal<In, Bits<16>>,
    pub turn_n_fpdu: Signal<In, Bits<4>>,
    pub turn_psh: Signal<In, bool>,
    pub turn_probe: Signal<In, bool>,
    pub turn_last: Signal<In, bool>,
    pub acked_tvalid: Signal<Out, bool>,
    pub acked_tready: Signal<In, bool>,
    pub acked_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub acked_gen: Signal<Out, Bits<8>>,
    pub acked_snd_una: Signal<Out, Bits<32>>,
    pub dead_tvalid: Signal<Out, bool>,
    pub dead_tready: Signal<In, bool>,
    pub dead_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub dead_gen: Signal<Out, Bits<8>>,
    pub dead_probe: Signal<Out, bool>,
    // the builder
    pub tmpl_wr: Signal<In, bool>,
    pub tmpl_conn: Signal<In, Bits<CONN>>,
    pub tmpl: Signal<In, Template>,
    pub fpdu_valid: Signal<In, bool>,
    pub fpdu_ready: Signal<Out, bool>,
    pub fpdu: Signal<In, TxFpdu>,
    pub payload_tvalid: Signal<In, bool>,
    pub payload_tready: Signal<Out, bool>,
    pub payload_tdata: Signal<In, Bits<D>>,
    pub payload_tkeep: Signal<In, Bits<K>>,
    pub payload_tlast: Signal<In, bool>,
    pub mac_tx_tvalid: Signal<Out, bool>,
    pub mac_tx_tready: Signal<In, bool>,
    pub mac_tx_tdata: Signal<Out, Bits<D>>,
    pub mac_tx_tkeep: Signal<Out, Bits<K>>,
    pub mac_tx_tlast: Signal<Out, bool>,
    pub mac_tx_tuser: Signal<Out, bool>,
    // counter pulses
    pub count_timeout: Signal<Out, bool>,
    pub count_fast: Signal<Out, bool>,
    pub count_probe: Signal<Out, bool>,
    pub count_r1: Signal<Out, bool>,
    pub count_delayed: Signal<Out, bool>,
    pub count_refused: Signal<Out, bool>,
    sender: Snd,
    sched: Sched,
    acker: Acker,
    compose: Compose,
    build: Build<D, K, LK, C>,
    // what the other one has taken already
    snd_has: Reg<bool>,
    acker_has: Reg<bool>,
    snd_told: Reg<bool>,
    acker_told: Reg<bool>,
    snd_ok: Signal<Local, bool>,
    acker_ok: Signal<Local, bool>,
    snd_new: Signal<Local, bool>,
    acker_new: Signal<Local, bool>,
    ev: Signal<Local, Ev>,
    unused_ev: Signal<Local, Ev>,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Core<D, K, LK, C> {
    pub fn new(cfg: &TxCfg) -> Self {
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
            delay: Default::default(),
            gap: Default::default(),
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
            install_max_wnd: Default::default(),
            install_rcv_nxt: Default::default(),
            install_rcv_wnd: Default::default(),
            install_rcv_mss: Default::default(),
            install_ts_recent: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack_conn: Default::default(),
            ack_gen: Default::default(),
            ack_seq: Default::default(),
            ack_ack: Default::default(),
            ack_wnd: Default::default(),
            ack_payload_len: Default::default(),
            ack_flags: Default::default(),
            ack_tsecr: Default::default(),
            ack_ts_recent: Default::default(),
            ack_peer_sack_n: Default::default(),
            ack_peer_sack: Default::default(),
            ack_rcv_nxt: Default::default(),
            ack_ack_mode: Default::default(),
            ack_own_sack_n: Default::default(),
            ack_own_sack: Default::default(),
            snd_mirror_tvalid: Default::default(),
            snd_mirror_tready: Default::default(),
            snd_mirror_conn: Default::default(),
            snd_mirror_gen: Default::default(),
            snd_mirror_snd_una: Default::default(),
            snd_mirror_snd_nxt: Default::default(),
            snd_mirror_last_ack_sent: Default::default(),
            snd_mirror_max_wnd: Default::default(),
            data_tvalid: Default::default(),
            data_tready: Default::default(),
            data_conn: Default::default(),
            data_gen: Default::default(),
            data_end: Default::default(),
            grant_tvalid: Default::default(),
            grant_tready: Default::default(),
            grant_conn: Default::default(),
            grant_gen: Default::default(),
            grant_kind: Default::default(),
            grant_from: Default::default(),
            grant_budget: Default::default(),
            grant_idle: Default::default(),
            turn_tvalid: Default::default(),
            turn_tready: Default::default(),
            turn_conn: Default::default(),
            turn_gen: Default::default(),
            turn_seq: Default::default(),
            turn_len: Default::default(),
            turn_n_fpdu: Default::default(),
            turn_psh: Default::default(),
            turn_probe: Default::default(),
            turn_last: Default::default(),
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
            tmpl_wr: Default::default(),
            tmpl_conn: Default::default(),
            tmpl: Default::default(),
            fpdu_valid: Default::default(),
            fpdu_ready: Default::default(),
            fpdu: Default::default(),
            payload_tvalid: Default::default(),
            payload_tready: Default::default(),
            payload_tdata: Default::default(),
            payload_tkeep: Default::default(),
            payload_tlast: Default::default(),
            mac_tx_tvalid: Default::default(),
            mac_tx_tready: Default::default(),
            mac_tx_tdata: Default::default(),
            mac_tx_tkeep: Default::default(),
            mac_tx_tlast: Default::default(),
            mac_tx_tuser: Default::default(),
            count_timeout: Default::default(),
            count_fast: Default::default(),
            count_probe: Default::default(),
            count_r1: Default::default(),
            count_delayed: Default::default(),
            count_refused: Default::default(),
            sender: Snd::new(cfg.conn_bits),
            sched: Sched::new(cfg.conn_bits),
            acker: Acker::new(cfg.conn_bits, cfg.sack),
            compose: Default::default(),
            build: Build::new(cfg),
            snd_has: Default::default(),
            acker_has: Default::default(),
            snd_told: Default::default(),
            acker_told: Default::default(),
            snd_ok: Default::default(),
            acker_ok: Default::default(),
            snd_new: Default::default(),
            acker_new: Default::default(),
            ev: Default::default(),
            unused_ev: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Core<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next =
            self.sender.ready.val() & (self.sched.ready.val() & self.acker.ready.val());
        self.now.next = self.sender.now.val();
        self.acker.now.next = self.sender.now.val();
        self.acker.delay.next = self.delay.val();
        self.acker.gap.next = self.gap.val();
        self.sender.tick.next = self.tick.val();
        self.sender.rto_init.next = self.rto_init.val();
        self.sender.rto_min.next = self.rto_min.val();
        self.sender.rto_max.next = self.rto_max.val();
        self.sender.r2.next = self.r2.val();

        // An installation goes to both; each takes it once.
        self.snd_ok.next = self.snd_has.q.val() | self.sender.install_tready.val();
        self.acker_ok.next = self.acker_has.q.val() | self.acker.install_tready.val();
        self.sender.install_tvalid.next = self.install_tvalid.val() & !self.snd_has.q.val();
        self.acker.install_tvalid.next = self.install_tvalid.val() & !self.acker_has.q.val();
        self.install_tready.next = self.snd_ok.val() & self.acker_ok.val();
        if self.install_tvalid.val() {
            self.snd_has.d.next = self.snd_ok.val() & !self.acker_ok.val();
            self.acker_has.d.next = self.acker_ok.val() & !self.snd_ok.val();
        }
        self.sender.install_remove.next = self.install_remove.val();
        self.sender.install_conn.next = self.install_conn.val();
        self.sender.install_gen.next = self.install_gen.val();
        self.sender.install_snd_una.next = self.install_snd_una.val();
        self.sender.install_snd_nxt.next = self.install_snd_nxt.val();
        self.sender.install_snd_wnd.next = self.install_snd_wnd.val();
        self.sender.install_wl1.next = self.install_wl1.val();
        self.sender.install_wl2.next = self.install_wl2.val();
        self.sender.install_scale.next = self.install_scale.val();
        self.sender.install_mss.next = self.install_mss.val();
        self.sender.install_timestamps.next = self.install_timestamps.val();
        self.sender.install_sack.next = self.install_sack.val();
        self.sender.install_lost_syn.next = self.install_lost_syn.val();
        self.acker.install_remove.next = self.install_remove.val();
        self.acker.install_conn.next = self.install_conn.val();
        self.acker.install_gen.next = self.install_gen.val();
        self.acker.install_rcv_nxt.next = self.install_rcv_nxt.val();
        self.acker.install_wnd.next = self.install_rcv_wnd.val();
        self.acker.install_mss.next = self.install_rcv_mss.val();
        self.acker.install_timestamps.next = self.install_timestamps.val();
        self.acker.install_sack.next = self.install_sack.val();
        self.acker.install_ts_recent.next = self.install_ts_recent.val();
        self.acker.install_snd_una.next = self.install_snd_una.val();
        self.acker.install_snd_nxt.next = self.install_snd_nxt.val();
        self.acker.install_max_wnd.next = self.install_max_wnd.val();

        // So does a report.
        self.snd_new.next = self.snd_told.q.val() | self.sender.ack_tready.val();
        self.acker_new.next = self.acker_told.q.val() | self.acker.ack_tready.val();
        self.sender.ack_tvalid.next = self.ack_tvalid.val() & !self.snd_told.q.val();
        self.acker.ack_tvalid.next = self.ack_tvalid.val() & !self.acker_told.q.val();
        self.ack_tready.next = self.snd_new.val() & self.acker_new.val();
        if self.ack_tvalid.val() {
            self.snd_told.d.next = self.snd_new.val() & !self.acker_new.val();
            self.acker_told.d.next = self.acker_new.val() & !self.snd_new.val();
        }
        self.sender.ack_conn.next = self.ack_conn.val();
        self.sender.ack_gen.next = self.ack_gen.val();
        self.sender.ack_seq.next = self.ack_seq.val();
        self.sender.ack_ack.next = self.ack_ack.val();
        self.sender.ack_wnd.next = self.ack_wnd.val();
        self.sender.ack_payload_len.next = self.ack_payload_len.val();
        self.sender.ack_flags.next = self.ack_flags.val();
        self.sender.ack_ack_mode.next = self.ack_ack_mode.val();
        self.sender.ack_tsecr.next = self.ack_tsecr.val();
        self.sender.ack_peer_sack_n.next = self.ack_peer_sack_n.val();
        self.sender.ack_peer_sack.next = self.ack_peer_sack.val();
        self.acker.ack_conn.next = self.ack_conn.val();
        self.acker.ack_gen.next = self.ack_gen.val();
        self.acker.ack_flags.next = self.ack_flags.val();
        self.acker.ack_ts_recent.next = self.ack_ts_recent.val();
        self.acker.ack_rcv_nxt.next = self.ack_rcv_nxt.val();
        self.acker.ack_ack_mode.next = self.ack_ack_mode.val();
        self.acker.ack_own_sack_n.next = self.ack_own_sack_n.val();
        self.acker.ack_own_sack.next = self.ack_own_sack.val();

        // Send state.
        self.acker.mirror_tvalid.next = self.sender.mirror_tvalid.val();
        self.acker.mirror_conn.next = self.sender.mirror_conn.val();
        self.acker.mirror_gen.next = self.sender.mirror_gen.val();
        self.acker.mirror_snd_una.next = self.sender.mirror_snd_una.val();
        self.acker.mirror_snd_nxt.next = self.sender.mirror_snd_nxt.val();
        self.acker.mirror_max_wnd.next = self.sender.mirror_max_wnd.val();
        self.sender.mirror_tready.next = self.acker.mirror_tready.val();
        self.snd_mirror_tvalid.next = self.acker.told_tvalid.val();
        self.snd_mirror_conn.next = self.acker.told_conn.val();
        self.snd_mirror_gen.next = self.acker.told_gen.val();
        self.snd_mirror_snd_una.next = self.acker.told_snd_una.val();
        self.snd_mirror_snd_nxt.next = self.acker.told_snd_nxt.val();
        self.snd_mirror_last_ack_sent.next = self.acker.told_last_ack_sent.val();
        self.snd_mirror_max_wnd.next = self.acker.told_max_wnd.val();
        self.acker.told_tready.next = self.snd_mirror_tready.val();

        // Who is next.
        self.sched.wake_tvalid.next = self.sender.wake_tvalid.val();
        self.sched.wake_conn.next = self.sender.wake_conn.val();
        self.sched.wake_gen.next = self.sender.wake_gen.val();
        self.sender.wake_tready.next = self.sched.wake_tready.val();
        self.sched.due_tvalid.next = self.acker.due_tvalid.val();
        self.sched.due_conn.next = self.acker.due_conn.val();
        self.sched.due_gen.next = self.acker.due_gen.val();
        self.acker.due_tready.next = self.sched.due_tready.val();
        self.sender.ask_tvalid.next = self.sched.ask_tvalid.val();
        self.sender.ask_conn.next = self.sched.ask_conn.val();
        self.sender.ask_gen.next = self.sched.ask_gen.val();
        self.sched.ask_tready.next = self.sender.ask_tready.val();
        self.compose.bare_tvalid.next = self.sched.bare_tvalid.val();
        self.compose.bare_conn.next = self.sched.bare_conn.val();
        self.compose.bare_gen.next = self.sched.bare_gen.val();
        self.sched.bare_tready.next = self.compose.bare_tready.val();
        self.sched.done_tvalid.next = self.compose.done_tvalid.val();
        self.sched.done_conn.next = self.compose.done_conn.val();
        self.compose.done_tready.next = self.sched.done_tready.val();
        self.sched.went.next = self.compose.went.val();
        self.compose.urgent.next = self.sched.urgent.val();

        // Grants, turns.
        self.compose.offer_tvalid.next = self.sender.grant_tvalid.val();
        self.compose.offer.next.conn = self.sender.grant_conn.val().get_bits::<NARROW>(0);
        self.compose.offer.next.gen = self.sender.grant_gen.val();
        self.compose.offer.next.kind = self.sender.grant_kind.val();
        self.compose.offer.next.from = self.sender.grant_from.val();
        self.compose.offer.next.budget = self.sender.grant_budget.val();
        self.compose.offer.next.idle = self.sender.grant_idle.val();
        self.sender.grant_tready.next = self.compose.offer_tready.val();
        self.grant_tvalid.next = self.compose.grant_tvalid.val();
        self.compose.grant_tready.next = self.grant_tready.val();
        self.grant_conn.next = bit_cast::<SEAM_CONN, NARROW>(self.compose.grant.val().conn);
        self.grant_gen.next = self.compose.grant.val().gen;
        self.grant_kind.next = self.compose.grant.val().kind;
        self.grant_from.next = self.compose.grant.val().from;
        self.grant_budget.next = self.compose.grant.val().budget;
        self.grant_idle.next = self.compose.grant.val().idle;
        self.compose.turn_tvalid.next = self.turn_tvalid.val();
        self.compose.turn_conn.next = self.turn_conn.val();
        self.compose.turn_gen.next = self.turn_gen.val();
        self.compose.turn_seq.next = self.turn_seq.val();
        self.compose.turn_len.next = self.turn_len.val();
        self.compose.turn_n_fpdu.next = self.turn_n_fpdu.val();
        self.compose.turn_psh.next = self.turn_psh.val();
        self.compose.turn_probe.next = self.turn_probe.val();
        self.compose.turn_last.next = self.turn_last.val();
        self.turn_tready.next = self.compose.turn_tready.val();
        self.acker.ask_tvalid.next = self.compose.ask_tvalid.val();
        self.acker.ask_conn.next = self.compose.ask_conn.val();
        self.acker.ask_gen.next = self.compose.ask_gen.val();
        self.acker.ask_bare.next = self.compose.ask_bare.val();
        self.acker.ask_seq.next = self.compose.ask_seq.val();
        self.acker.ask_len.next = self.compose.ask_len.val();
        self.acker.ask_probe.next = self.compose.ask_probe.val();
        self.compose.ask_tready.next = self.acker.ask_tready.val();
        self.compose.fields_tvalid.next = self.acker.fields_tvalid.val();
        self.compose.fields.next = self.acker.fields.val();
        self.acker.fields_tready.next = self.compose.fields_tready.val();
        self.sender.sent_tvalid.next = self.compose.sent_tvalid.val();
        self.sender.sent_conn.next = self.compose.sent_conn.val();
        self.sender.sent_gen.next = self.compose.sent_gen.val();
        self.sender.sent_from.next = self.compose.sent_from.val();
        self.sender.sent_len.next = self.compose.sent_len.val();
        self.sender.sent_probe.next = self.compose.sent_probe.val();
        self.compose.sent_tready.next = self.sender.sent_tready.val();
        self.ev.next = self.sender.tap_ev.val();
        self.unused_ev.next = self.ev.val();
        self.compose.worked.next = self.sender.tap_valid.val() & (self.ev.val().kind == Kind::Sent);

        // The rest of the segment half.
        self.sender.data_tvalid.next = self.data_tvalid.val();
        self.sender.data_conn.next = self.data_conn.val();
        self.sender.data_gen.next = self.data_gen.val();
        self.sender.data_end.next = self.data_end.val();
        self.data_tready.next = self.sender.data_tready.val();
        self.acked_tvalid.next = self.sender.acked_tvalid.val();
        self.acked_conn.next = self.sender.acked_conn.val();
        self.acked_gen.next = self.sender.acked_gen.val();
        self.acked_snd_una.next = self.sender.acked_snd_una.val();
        self.sender.acked_tready.next = self.acked_tready.val();
        self.dead_tvalid.next = self.sender.dead_tvalid.val();
        self.dead_conn.next = self.sender.dead_conn.val();
        self.dead_gen.next = self.sender.dead_gen.val();
        self.dead_probe.next = self.sender.dead_probe.val();
        self.sender.dead_tready.next = self.dead_tready.val();

        // The builder.
        self.build.tmpl_wr.next = self.tmpl_wr.val();
        self.build.tmpl_conn.next = self.tmpl_conn.val();
        self.build.tmpl.next = self.tmpl.val();
        self.build.fpdu_valid.next = self.fpdu_valid.val();
        self.build.fpdu.next = self.fpdu.val();
        self.build.payload_tvalid.next = self.payload_tvalid.val();
        self.build.payload_tdata.next = self.payload_tdata.val();
        self.build.payload_tkeep.next = self.payload_tkeep.val();
        self.build.payload_tlast.next = self.payload_tlast.val();
        self.build.mac_tx_tready.next = self.mac_tx_tready.val();
        self.fpdu_ready.next = self.build.fpdu_ready.val();
        self.payload_tready.next = self.build.payload_tready.val();
        self.mac_tx_tvalid.next = self.build.mac_tx_tvalid.val();
        self.mac_tx_tdata.next = self.build.mac_tx_tdata.val();
        self.mac_tx_tkeep.next = self.build.mac_tx_tkeep.val();
        self.mac_tx_tlast.next = self.build.mac_tx_tlast.val();
        self.mac_tx_tuser.next = self.build.mac_tx_tuser.val();
        self.build.seg_valid.next = self.compose.seg_tvalid.val();
        self.build.seg.next = self.compose.seg.val();
        self.compose.seg_tready.next = self.build.seg_ready.val();

        self.count_timeout.next = self.sender.count_timeout.val();
        self.count_fast.next = self.sender.count_fast.val();
        self.count_probe.next = self.sender.count_probe.val();
        self.count_r1.next = self.sender.count_r1.val();
        self.count_delayed.next = self.acker.count_delayed.val();
        self.count_refused.next = self.acker.count_refused.val();
    }
}
