//! ACKER: when and what to acknowledge, and what every segment says of the receiver's side. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `install_*` | in | a connection begins, or ends (`remove`). `wnd`: the window field of every segment, scaled, at most what the receive path was given, never changed. `mss`: more octets than this are acknowledged at once |
//! | `ack_*` | in | `ack_event` of the receive path, the fields that a receiver needs |
//! | `mirror_*` | in | send state of `snd`, after `sent`, a new ACK, a larger window |
//! | `ask_*` | in | a segment goes out: `bare`, if an ACK is still wanted; else with `len` octets from `seq`, `probe` as granted |
//! | `fields_*` | out | the answers, in the order of asks. `go` low: no bare ACK is wanted any more, nothing is to be sent |
//! | `due_*` | out | a bare ACK is wanted. Said again and again while it is; may be too much, never too little |
//! | `told_*` | out | `snd_mirror` of the seams, whole: before the segment that changes it is handed on |
//!
//! `delay`, `gap`: registers, in units of `now` (the sender's time, TSval), below 2^23: longest delay of an ACK, shortest time between two challenge ACKs of a connection.
//! `count_*`: pulses of ACKs by the timer, of challenge ACKs not given. `tap_*`: every event as it leaves, with the row as it is
//! written; for tests, costs nothing unread.
//!
//! Send state is kept here too, and this is the one place where it meets Last.ACK.sent: a bare ACK's sequence number and
//! `snd_mirror` come out of the same row as its ACK number. A segment with octets moves both when it is asked for: a bare ACK
//! asked for behind it has a sequence number behind it, and the receive path knows before the builder does.
//!
//! | stage (2 cycles) | | block |
//! |---|---|---|
//! | 0 | event picked; row read | [`AckIssue`] |
//! | 1 | differences, comparisons | [`AckRules`] |
//! | 2 | choices; answers; row and blocks written, streams out | [`AckRules`] |
//!
//! **Latency** when nothing waits: ask to fields 8 or 9 cycles, from the cycle in which the one is offered to that in which the other is; report to due 10 or 11; each up to 6
//! more if the timer scan is at that connection, and 2 for each event that waits. **Rate**: an event every 2 cycles; of one connection
//! every 6. **Delay**: an ACK is due `delay` after the first octet reported that it is for, up to one unit earlier (times are whole
//! units) and one round of the scan later: 32 cycles a connection.
//! **Back-pressure**: an event is picked only if `due` and `told` (16 deep each) have room for all in flight; an ask, if `fields` has. `fields` may stand as long
//! as it likes: reports and send states go on. So nothing that the receive path tells waits for the MAC.
//! After reset no event is picked for 2^conn_bits cycles. Late events of another generation change nothing; an ask is answered:
//! a bare one with `go` low.
//!
//! **Own SACK blocks** come with reports that are RX_ONLY without DUP and want an ACK, and hold until the next such report (docs/seams.md). They go out
//! with bare ACKs only, as many as fit (4, 3 with timestamps); one that reports a duplicate once.
//! The window is a constant: what is placed is out of the receiver's hands, so the window moves with rcv_nxt, never shrinks, and there are no window updates.
//! Limits: no ECN-Echo (RFC 3168): not to be negotiated. A window that the peer took back: a bare ACK's number may lie beyond it.
//! RFC 9293 3.8.6, 3.10.7.4; 5681 4.2; 2018; 2883; 5961 7; 7323 4.3. Requirements: heads of the blocks.

use super::ack_issue::AckIssue;
use super::ack_rules::AckRules;
use super::ack_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear};
use rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Acker {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub now: Signal<In, Bits<32>>,
    // registers
    pub delay: Signal<In, Bits<SHORT>>,
    pub gap: Signal<In, Bits<SHORT>>,
    // install, remove
    pub install_tvalid: Signal<In, bool>,
    pub install_tready: Signal<Out, bool>,
    pub install_remove: Signal<In, bool>,
    pub install_conn: Signal<In, Bits<SEAM_CONN>>,
    pub install_gen: Signal<In, Bits<8>>,
    pub install_rcv_nxt: Signal<In, Bits<32>>,
    pub install_wnd: Signal<In, Bits<16>>,
    pub install_mss: Signal<In, Bits<14>>,
    pub install_timestamps: Signal<In, bool>,
    pub install_sack: Signal<In, bool>,
    pub install_ts_recent: Signal<In, Bits<32>>,
    pub install_snd_una: Signal<In, Bits<32>>,
    pub install_snd_nxt: Signal<In, Bits<32>>,
    pub install_max_wnd: Signal<In, Bits<32>>,
    // ack_event
    pub ack_tvalid: Signal<In, bool>,
    pub ack_tready: Signal<Out, bool>,
    pub ack_conn: Signal<In, Bits<SEAM_CONN>>,
    pub ack_gen: Signal<In, Bits<8>>,
    pub ack_flags: Signal<In, Bits<11>>,
    pub ack_ts_recent: Signal<In, Bits<32>>,
    pub ack_rcv_nxt: Signal<In, Bits<32>>,
    pub ack_ack_mode: Signal<In, Bits<2>>,
    pub ack_own_sack_n: Signal<In, Bits<3>>,
    pub ack_own_sack: Signal<In, Bits<256>>,
    // send state
    pub mirror_tvalid: Signal<In, bool>,
    pub mirror_tready: Signal<Out, bool>,
    pub mirror_conn: Signal<In, Bits<SEAM_CONN>>,
    pub mirror_gen: Signal<In, Bits<8>>,
    pub mirror_snd_una: Signal<In, Bits<32>>,
    pub mirror_snd_nxt: Signal<In, Bits<32>>,
    pub mirror_max_wnd: Signal<In, Bits<32>>,
    // a segment goes out
    pub ask_tvalid: Signal<In, bool>,
    pub ask_tready: Signal<Out, bool>,
    pub ask_conn: Signal<In, Bits<SEAM_CONN>>,
    pub ask_gen: Signal<In, Bits<8>>,
    pub ask_bare: Signal<In, bool>,
    pub ask_seq: Signal<In, Bits<32>>,
    pub ask_len: Signal<In, Bits<16>>,
    pub ask_probe: Signal<In, bool>,
    // its fields
    pub fields_tvalid: Signal<Out, bool>,
    pub fields_tready: Signal<In, bool>,
    pub fields: Signal<Out, AckFields>,
    // a bare ACK is wanted
    pub due_tvalid: Signal<Out, bool>,
    pub due_tready: Signal<In, bool>,
    pub due_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub due_gen: Signal<Out, Bits<8>>,
    // snd_mirror
    pub told_tvalid: Signal<Out, bool>,
    pub told_tready: Signal<In, bool>,
    pub told_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub told_gen: Signal<Out, Bits<8>>,
    pub told_snd_una: Signal<Out, Bits<32>>,
    pub told_snd_nxt: Signal<Out, Bits<32>>,
    pub told_last_ack_sent: Signal<Out, Bits<32>>,
    pub told_max_wnd: Signal<Out, Bits<32>>,
    // counter pulses
    pub count_delayed: Signal<Out, bool>,
    pub count_refused: Signal<Out, bool>,
    // what leaves the pipeline, for whoever watches
    pub tap_valid: Signal<Out, bool>,
    pub tap_ev: Signal<Out, AckEv>,
    pub tap_row: Signal<Out, AckRow>,

    clear: RamClear<CONN>,
    open: Reg<bool>,
    room: Reg<bool>,
    issue: AckIssue,
    rules: AckRules,
    rows: Ram<AckRow, CONN>,
    /// One, with SACK.
    blocks: Vec<Ram<Bits<256>, CONN>>,
    e1: Reg<AckEv>,
    e2: Reg<AckEv>,
    row2: RegNr<AckRow>,
    behind: RegNr<Bits<32>>,
    moved: Signal<Local, AckEv>,
    second: Signal<Local, bool>,
    some: Signal<Local, bool>,
    fits: Signal<Local, Bits<3>>,
    store: Signal<Local, bool>,
    row: Signal<Local, AckRow>,
    answers: Fifo<AckFields, 4>,
    dues: Fifo<Who, 4>,
    tells: Fifo<AckTold, 4>,
    cmd: Signal<Local, AckEv>,
    start: Signal<Local, AckEv>,
    ack: Signal<Local, AckEv>,
    mirror: Signal<Local, AckEv>,
    ask: Signal<Local, AckEv>,
    flags: Signal<Local, Bits<11>>,
    unused_flags: Signal<Local, Bits<11>>,
    unused_n: Signal<Local, Bits<3>>,
    unused_blocks: Signal<Local, Bits<256>>,
    _sack: usize,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
    beyond: Constant<Bits<SEAM_CONN>>,
}

impl Acker {
    /// For `2^conn_bits` connections; `sack`: the receive path may keep octets ahead of a gap and tell of blocks.
    pub fn new(conn_bits: usize, sack: bool) -> Self {
        let none = if sack {
            &[][..]
        } else {
            &[("sack", 0), ("sack_n", 0)]
        };
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            now: Default::default(),
            delay: Default::default(),
            gap: Default::default(),
            install_tvalid: Default::default(),
            install_tready: Default::default(),
            install_remove: Default::default(),
            install_conn: Default::default(),
            install_gen: Default::default(),
            install_rcv_nxt: Default::default(),
            install_wnd: Default::default(),
            install_mss: Default::default(),
            install_timestamps: Default::default(),
            install_sack: Default::default(),
            install_ts_recent: Default::default(),
            install_snd_una: Default::default(),
            install_snd_nxt: Default::default(),
            install_max_wnd: Default::default(),
            ack_tvalid: Default::default(),
            ack_tready: Default::default(),
            ack_conn: Default::default(),
            ack_gen: Default::default(),
            ack_flags: Default::default(),
            ack_ts_recent: Default::default(),
            ack_rcv_nxt: Default::default(),
            ack_ack_mode: Default::default(),
            ack_own_sack_n: Default::default(),
            ack_own_sack: Default::default(),
            mirror_tvalid: Default::default(),
            mirror_tready: Default::default(),
            mirror_conn: Default::default(),
            mirror_gen: Default::default(),
            mirror_snd_una: Default::default(),
            mirror_snd_nxt: Default::default(),
            mirror_max_wnd: Default::default(),
            ask_tvalid: Default::default(),
            ask_tready: Default::default(),
            ask_conn: Default::default(),
            ask_gen: Default::default(),
            ask_bare: Default::default(),
            ask_seq: Default::default(),
            ask_len: Default::default(),
            ask_probe: Default::default(),
            fields_tvalid: Default::default(),
            fields_tready: Default::default(),
            fields: Default::default(),
            due_tvalid: Default::default(),
            due_tready: Default::default(),
            due_conn: Default::default(),
            due_gen: Default::default(),
            told_tvalid: Default::default(),
            told_tready: Default::default(),
            told_conn: Default::default(),
            told_gen: Default::default(),
            told_snd_una: Default::default(),
            told_snd_nxt: Default::default(),
            told_last_ack_sent: Default::default(),
            told_max_wnd: Default::default(),
            count_delayed: Default::default(),
            count_refused: Default::default(),
            tap_valid: Default::default(),
            tap_ev: Default::default(),
            tap_row: Default::default(),
            clear: RamClear::new(conn_bits),
            open: Default::default(),
            room: Default::default(),
            issue: AckIssue::new(conn_bits, sack),
            rules: Default::default(),
            rows: Ram::new(conn_bits, 2).collisions_undefined(),
            // Blocks are read for an answer: a cycle later.
            blocks: (0..usize::from(sack))
                .map(|_| Ram::new(conn_bits, 3).collisions_undefined())
                .collect(),
            e1: Default::default(),
            e2: Default::default(),
            row2: Default::default(),
            behind: Default::default(),
            moved: Default::default(),
            second: Default::default(),
            some: Default::default(),
            fits: Default::default(),
            store: Default::default(),
            row: Default::default(),
            answers: Fifo::new().narrow(none),
            dues: Default::default(),
            tells: Default::default(),
            cmd: Default::default(),
            start: Default::default(),
            ack: Default::default(),
            mirror: Default::default(),
            ask: Default::default(),
            flags: Default::default(),
            unused_flags: Default::default(),
            unused_n: Default::default(),
            unused_blocks: Default::default(),
            _sack: sack.into(),
            unused_conn: Default::default(),
            beyond: Constant::new(((0xF_FFFFu64 << conn_bits) & 0xF_FFFF).to_bits()),
        }
    }
}

impl Logic for Acker {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();

        // Events.
        self.cmd.next.kind = AckKind::Install;
        if self.install_remove.val() {
            self.cmd.next.kind = AckKind::Remove;
        }
        self.cmd.next.conn = self.install_conn.val().get_bits::<CONN>(0);
        self.cmd.next.gen = self.install_gen.val();
        self.cmd.next.pos = self.install_rcv_nxt.val();
        self.cmd.next.stamp = self.install_ts_recent.val();
        self.cmd.next.wide = bit_cast::<32, 16>(self.install_wnd.val())
            | (bit_cast::<32, 14>(self.install_mss.val()) << 16)
            | (bit_cast::<32, 1>(self.install_timestamps.val().into()) << 30)
            | (bit_cast::<32, 1>(self.install_sack.val().into()) << 31);
        self.cmd.next.mode = 0.into();
        self.cmd.next.counts = false;
        self.cmd.next.n = 0.into();
        self.cmd.next.dup = false;
        self.cmd.next.odd = false;
        self.cmd.next.now = 0.into();
        self.start.next = self.cmd.val();
        self.start.next.kind = AckKind::Start;
        self.start.next.pos = self.install_snd_una.val();
        self.start.next.stamp = self.install_snd_nxt.val();
        self.start.next.wide = self.install_max_wnd.val();
        self.issue.cmd.next = self.cmd.val();
        self.issue.start.next = self.start.val();
        self.issue.cmd_tvalid.next = self.install_tvalid.val();
        self.install_tready.next = self.issue.cmd_tready.val();
        self.issue.cmd_void.next = (self.install_conn.val() & self.beyond.val()).any();

        self.flags.next = self.ack_flags.val();
        self.unused_flags.next = self.flags.val();
        self.ack.next.kind = AckKind::Report;
        self.ack.next.conn = self.ack_conn.val().get_bits::<CONN>(0);
        self.ack.next.gen = self.ack_gen.val();
        self.ack.next.pos = self.ack_rcv_nxt.val();
        self.ack.next.stamp = self.ack_ts_recent.val();
        self.ack.next.wide = 0.into();
        self.ack.next.mode = self.ack_ack_mode.val();
        // RX_ONLY without DUP, and an ACK is wanted: else nothing has been looked at.
        self.ack.next.counts = false;
        self.ack.next.n = 0.into();
        self.unused_n.next = self.ack_own_sack_n.val();
        for _i in 0..self._sack {
            self.ack.next.counts = (self.flags.val().get_bit(10) & !self.flags.val().get_bit(6))
                & self.ack_ack_mode.val().any();
            self.ack.next.n = self.ack_own_sack_n.val();
        }
        self.ack.next.dup = false;
        self.ack.next.odd = self.flags.val().get_bit(1);
        self.ack.next.now = 0.into();
        self.issue.ack.next = self.ack.val();
        self.issue.ack_blocks.next = self.ack_own_sack.val();
        self.issue.ack_tvalid.next = self.ack_tvalid.val();
        self.ack_tready.next = self.issue.ack_tready.val();
        self.issue.ack_void.next = (self.ack_conn.val() & self.beyond.val()).any();

        self.mirror.next = self.cmd.val();
        self.mirror.next.kind = AckKind::Mirror;
        self.mirror.next.conn = self.mirror_conn.val().get_bits::<CONN>(0);
        self.mirror.next.gen = self.mirror_gen.val();
        self.mirror.next.pos = self.mirror_snd_una.val();
        self.mirror.next.stamp = self.mirror_snd_nxt.val();
        self.mirror.next.wide = self.mirror_max_wnd.val();
        self.issue.mirror.next = self.mirror.val();
        self.issue.mirror_tvalid.next = self.mirror_tvalid.val();
        self.mirror_tready.next = self.issue.mirror_tready.val();
        self.issue.mirror_void.next = (self.mirror_conn.val() & self.beyond.val()).any();

        self.ask.next = self.cmd.val();
        self.ask.next.kind = AckKind::Data;
        if self.ask_bare.val() {
            self.ask.next.kind = AckKind::Bare;
        }
        self.unused_conn.next = self.ask_conn.val();
        self.ask.next.conn = self.unused_conn.val().get_bits::<CONN>(0);
        self.ask.next.gen = self.ask_gen.val();
        self.ask.next.pos = self.ask_seq.val();
        self.ask.next.stamp = 0.into();
        self.ask.next.wide = bit_cast::<32, 16>(self.ask_len.val());
        self.ask.next.odd = self.ask_probe.val();
        self.issue.ask.next = self.ask.val();
        self.issue.ask_tvalid.next = self.ask_tvalid.val();
        self.ask_tready.next = self.issue.ask_tready.val();
        self.issue.now.next = self.now.val();

        // What is in flight, and what is picked meanwhile, finds room.
        self.open.d.next =
            self.clear.done.val() & ((self.dues.room.val() > 6) & (self.tells.room.val() > 6));
        self.room.d.next = self.answers.room.val() > 6;
        self.issue.open.next = self.open.q.val();
        self.issue.room.next = self.room.q.val();

        // Stage 0 to 2.
        self.second.next = self.issue.second.val();
        self.behind.d.next = self.issue.ev.val().pos + self.issue.ev.val().wide;
        self.moved.next = self.issue.ev.val();
        if self.issue.ev.val().kind == AckKind::Data {
            self.moved.next.pos = self.behind.q.val();
        }
        if self.second.val() {
            self.e1.d.next = self.moved.val();
            self.e2.d.next = self.e1.q.val();
            self.row2.d.next = self.rows.rdata.val();
        }
        self.rows.raddr.next = self.issue.ev.val().conn;
        self.rules.second.next = self.second.val();
        self.rules.ev1.next = self.e1.q.val();
        self.rules.row1.next = self.rows.rdata.val();
        self.rules.ev2.next = self.e2.q.val();
        self.rules.row2.next = self.row2.q.val();
        self.rules.delay.next = self.delay.val();
        self.rules.gap.next = self.gap.val();

        // First half of stage 2: answers.
        self.some.next = self.e2.q.val().kind != AckKind::None;
        self.answers.push.next = !self.second.val()
            & ((self.e2.q.val().kind == AckKind::Data) | (self.e2.q.val().kind == AckKind::Bare));
        self.answers.din.next.go = self.rules.go.val();
        self.answers.din.next.seq = self.row2.q.val().seq;
        self.answers.din.next.ack = self.row2.q.val().rcv_nxt;
        self.answers.din.next.wnd = self.row2.q.val().wnd;
        self.answers.din.next.ts = self.row2.q.val().ts;
        self.answers.din.next.tsval = self.e2.q.val().now;
        self.answers.din.next.tsecr = self.row2.q.val().recent;
        self.fits.next = self.row2.q.val().n;
        if self.row2.q.val().ts & (self.row2.q.val().n > 3) {
            self.fits.next = 3.into();
        }
        if !self.row2.q.val().sack | (self.e2.q.val().kind == AckKind::Data) {
            self.fits.next = 0.into();
        }
        self.answers.din.next.sack_n = self.fits.val();
        self.answers.din.next.sack = 0.into();
        for i in 0..self._sack {
            self.blocks[i].raddr.next = self.issue.ev.val().conn;
            self.answers.din.next.sack = self.blocks[i].rdata.val();
            if self.row2.q.val().skip {
                self.answers.din.next.sack = self.blocks[i].rdata.val() >> 64;
            }
        }

        // Second half: rows, blocks, what is said.
        self.store.next = (self.second.val() & (self.e2.q.val().kind == AckKind::Report))
            & (self.e2.q.val().counts & self.e2.q.val().n.any());
        self.issue.block_pop.next = self.store.val();
        self.unused_blocks.next = self.issue.blocks.val();
        for i in 0..self._sack {
            self.blocks[i].we.next = self.store.val() & self.rules.live.val();
            self.blocks[i].waddr.next = self.e2.q.val().conn;
            self.blocks[i].wdata.next = self.issue.blocks.val();
        }
        self.row.next = self.rules.after.val();
        self.rows.we.next = (self.second.val() & self.some.val()) | self.clear.active.val();
        self.rows.waddr.next = self.e2.q.val().conn;
        if self.clear.active.val() {
            self.rows.waddr.next = self.clear.addr.val();
            self.row.next.valid = false;
        }
        self.rows.wdata.next = self.row.val();

        self.dues.push.next = (self.second.val() & self.some.val()) & self.rules.due.val();
        self.dues.din.next.conn = self.e2.q.val().conn;
        self.dues.din.next.gen = self.rules.after.val().gen;
        self.tells.push.next = (self.second.val() & self.some.val()) & self.rules.tell.val();
        self.tells.din.next.conn = self.e2.q.val().conn;
        self.tells.din.next.gen = self.rules.after.val().gen;
        self.tells.din.next.una = self.rules.after.val().una;
        self.tells.din.next.max = self.rules.after.val().max;
        self.tells.din.next.last_ack = self.rules.after.val().last_ack;
        self.tells.din.next.max_wnd = self.rules.after.val().max_wnd;
        self.count_delayed.next = self.rules.expired.val();
        self.count_refused.next = self.rules.refused.val();

        // Streams out.
        self.fields_tvalid.next = self.answers.valid.val();
        self.answers.pop.next = self.answers.valid.val() & self.fields_tready.val();
        self.fields.next = self.answers.dout.val();
        self.due_tvalid.next = self.dues.valid.val();
        self.dues.pop.next = self.dues.valid.val() & self.due_tready.val();
        self.due_conn.next = bit_cast::<SEAM_CONN, CONN>(self.dues.dout.val().conn);
        self.due_gen.next = self.dues.dout.val().gen;
        self.told_tvalid.next = self.tells.valid.val();
        self.tells.pop.next = self.tells.valid.val() & self.told_tready.val();
        self.told_conn.next = bit_cast::<SEAM_CONN, CONN>(self.tells.dout.val().conn);
        self.told_gen.next = self.tells.dout.val().gen;
        self.told_snd_una.next = self.tells.dout.val().una;
        self.told_snd_nxt.next = self.tells.dout.val().max;
        self.told_last_ack_sent.next = self.tells.dout.val().last_ack;
        self.told_max_wnd.next = self.tells.dout.val().max_wnd;

        self.tap_valid.next = self.second.val() & self.some.val();
        self.tap_ev.next = self.e2.q.val();
        self.tap_row.next = self.rules.after.val();
    }
}
