//! SCHED: which connection is next: to be asked what it may send, or to send a bare ACK. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `wake_*` | in | from `snd`: something may be sent |
//! | `due_*` | in | from the acker: a bare ACK is wanted |
//! | `ask_*` | out | to `snd`, which answers with a grant |
//! | `bare_*` | out | to `compose`: a bare ACK, if it is still wanted |
//! | `done_*` | in | the grant of this connection is worked off, or was none |
//! | `went` | in | a segment with octets has been taken |
//! | `urgent` | out | bare ACKs go first: no segment with octets is to be taken meanwhile |
//!
//! Two classes ([`SchedQueue`]): a connection is queued once in each at most. In turn, by the order of their coming: fair, and
//! work-conserving with one connection and with all of them. A connection that was asked is not asked again before `done`; what
//! wakes it meanwhile is kept.
//! **Grants**: [`GRANTS`] asks at most are not done at a time. So `snd` never stands because nobody takes its grants, and
//! nothing that waits for `snd` can wait for itself; and the segment half has as many connections' DMA under way.
//! **Bare ACKs** wait for data, which may carry them: until no connection has anything to send; or until [`PATIENCE`] segments
//! with octets have gone since the first of them came, or since the last lot; or until none has gone for 255 cycles.
//! Then all that wait go, before any other segment (`urgent`): none waits longer than 16 segments, as a few are on their way when that is seen.
//!
//! **Latency**: wake to ask 5 cycles, due to bare 6, if nothing else waits. **Rate**: an ask every 3 cycles, a bare ACK every 3.
//! **Back-pressure**: `wake`, `due` and `done` are always taken, within 3 cycles or so; a class whose output stands does not hold up the
//! other. After reset nothing is taken for 2^conn_bits cycles.
//! RFC 9293 3.8.6.3 leaves room for all of this: 16 segments are far less than 500 ms. Requirements: TCP-27, TCP-28 have their part here.

use super::sched_queue::{SchedQueue, COUNT};
use super::snd_types::{CONN, SEAM_CONN};
use crate::prim::reg::Reg;
use rust_hdl::prelude::*;

/// Asks that are not done: as many as fit the FIFO of grants of `snd` while it goes on (16 deep, of which 10 are kept for events in flight).
pub const GRANTS: u64 = 6;
/// Segments with octets that go in front of bare ACKs.
pub const PATIENCE: u64 = 13;

#[derive(LogicBlock)]
pub struct Sched {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub wake_tvalid: Signal<In, bool>,
    pub wake_tready: Signal<Out, bool>,
    pub wake_conn: Signal<In, Bits<SEAM_CONN>>,
    pub wake_gen: Signal<In, Bits<8>>,
    pub due_tvalid: Signal<In, bool>,
    pub due_tready: Signal<Out, bool>,
    pub due_conn: Signal<In, Bits<SEAM_CONN>>,
    pub due_gen: Signal<In, Bits<8>>,
    pub ask_tvalid: Signal<Out, bool>,
    pub ask_tready: Signal<In, bool>,
    pub ask_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub ask_gen: Signal<Out, Bits<8>>,
    pub bare_tvalid: Signal<Out, bool>,
    pub bare_tready: Signal<In, bool>,
    pub bare_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub bare_gen: Signal<Out, Bits<8>>,
    pub done_tvalid: Signal<In, bool>,
    pub done_tready: Signal<Out, bool>,
    pub done_conn: Signal<In, Bits<SEAM_CONN>>,
    pub went: Signal<In, bool>,
    pub urgent: Signal<Out, bool>,
    datas: SchedQueue,
    bares: SchedQueue,
    /// Asks not done.
    out: Reg<Bits<3>>,
    /// Bare ACKs of the lot that is going.
    lot: Reg<Bits<COUNT>>,
    /// Segments, cycles since.
    waited: Reg<Bits<4>>,
    idle: Reg<Bits<8>>,
    release: Reg<bool>,
    ended: Signal<Local, bool>,
    quiet: Signal<Local, bool>,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
    most: Constant<Bits<3>>,
    patience: Constant<Bits<4>>,
}

impl Sched {
    /// For `2^conn_bits` connections.
    pub fn new(conn_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            wake_tvalid: Default::default(),
            wake_tready: Default::default(),
            wake_conn: Default::default(),
            wake_gen: Default::default(),
            due_tvalid: Default::default(),
            due_tready: Default::default(),
            due_conn: Default::default(),
            due_gen: Default::default(),
            ask_tvalid: Default::default(),
            ask_tready: Default::default(),
            ask_conn: Default::default(),
            ask_gen: Default::default(),
            bare_tvalid: Default::default(),
            bare_tready: Default::default(),
            bare_conn: Default::default(),
            bare_gen: Default::default(),
            done_tvalid: Default::default(),
            done_tready: Default::default(),
            done_conn: Default::default(),
            went: Default::default(),
            urgent: Default::default(),
            datas: SchedQueue::new(conn_bits, true),
            bares: SchedQueue::new(conn_bits, false),
            out: Default::default(),
            lot: Default::default(),
            waited: Default::default(),
            idle: Default::default(),
            release: Default::default(),
            ended: Default::default(),
            quiet: Default::default(),
            unused_conn: Default::default(),
            most: Constant::new(GRANTS.to_bits()),
            patience: Constant::new(PATIENCE.to_bits()),
        }
    }
}

impl Logic for Sched {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.datas.ready.val() & self.bares.ready.val();
        self.unused_conn.next = (self.wake_conn.val() ^ self.due_conn.val()) ^ self.done_conn.val();

        // Data.
        self.datas.tell_tvalid.next = self.wake_tvalid.val();
        self.datas.tell.next.conn = self.wake_conn.val().get_bits::<CONN>(0);
        self.datas.tell.next.gen = self.wake_gen.val();
        self.wake_tready.next = self.datas.tell_tready.val();
        self.datas.done_tvalid.next = self.done_tvalid.val();
        self.datas.done_conn.next = self.done_conn.val().get_bits::<CONN>(0);
        self.done_tready.next = self.datas.done_tready.val();
        self.ended.next = self.done_tvalid.val() & self.datas.done_tready.val();
        if self.datas.took.val() & !self.ended.val() {
            self.out.d.next = self.out.q.val() + 1;
        }
        if self.ended.val() & !self.datas.took.val() {
            self.out.d.next = self.out.q.val() - 1;
        }
        self.datas.go.next = self.out.q.val() < self.most.val();
        self.ask_tvalid.next = self.datas.out_tvalid.val();
        self.datas.out_tready.next = self.ask_tready.val();
        self.ask_conn.next = bit_cast::<SEAM_CONN, CONN>(self.datas.out.val().conn);
        self.ask_gen.next = self.datas.out.val().gen;

        // Bare ACKs.
        self.bares.tell_tvalid.next = self.due_tvalid.val();
        self.bares.tell.next.conn = self.due_conn.val().get_bits::<CONN>(0);
        self.bares.tell.next.gen = self.due_gen.val();
        self.due_tready.next = self.bares.tell_tready.val();
        self.bares.done_tvalid.next = false;
        self.bares.done_conn.next = 0.into();
        self.bare_tvalid.next = self.bares.out_tvalid.val();
        self.bares.out_tready.next = self.bare_tready.val();
        self.bare_conn.next = bit_cast::<SEAM_CONN, CONN>(self.bares.out.val().conn);
        self.bare_gen.next = self.bares.out.val().gen;

        self.quiet.next = !self.out.q.val().any() & !self.datas.len.val().any();
        self.release.d.next = (self.bares.len.val().any() & !self.lot.q.val().any())
            & (self.quiet.val()
                | (self.waited.q.val() >= self.patience.val())
                | self.idle.q.val().all());
        self.bares.go.next = self.lot.q.val().any();
        if self.lot.q.val().any() {
            if self.bares.took.val() {
                self.lot.d.next = self.lot.q.val() - 1;
            }
        } else {
            if self.release.q.val() {
                self.lot.d.next = self.bares.len.val();
            }
        }
        if self.went.val() & !self.waited.q.val().all() {
            self.waited.d.next = self.waited.q.val() + 1;
        }
        if !self.idle.q.val().all() {
            self.idle.d.next = self.idle.q.val() + 1;
        }
        if self.went.val() {
            self.idle.d.next = 0.into();
        }
        if !self.bares.len.val().any() | (self.release.q.val() & !self.lot.q.val().any()) {
            self.waited.d.next = 0.into();
            self.idle.d.next = 0.into();
        }
        self.urgent.next = self.lot.q.val().any() | self.bares.out_tvalid.val();
    }
}
