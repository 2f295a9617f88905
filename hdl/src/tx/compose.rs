//! COMPOSE: joins what the segment half cuts with what the acker says, into segment jobs. Not in the chip's top yet.
//!
//! | stream | | |
//! |---|---|---|
//! | `offer_*` -> `grant_*` | in, out | grants of `snd` to the segment half; one of nothing ends here |
//! | `turn_*` | in | a segment that the segment half has cut, in the order of its FPDU jobs; `last`: the grant is worked off. `len` 0: nothing is sent |
//! | `bare_*`, `urgent` | in | of the scheduler: a bare ACK; while `urgent` no turn is taken |
//! | `ask_*`, `fields_*` | out, in | to the acker, and its answers, in order |
//! | `sent_*` | out | to `snd`: what leaves |
//! | `worked` | in | `snd` has worked off one `sent` |
//! | `seg_*` | out | segment jobs for the builder: ACK, and PSH as the turn says; SACK blocks with bare ACKs only |
//! | `done_*` | out | to the scheduler: this connection may be asked again |
//! | `went` | out | pulse: a turn with octets is taken |
//!
//! A turn is told to `snd` and asked of the acker in the same cycle, so both know of it before its job goes out; the acker tells the
//! receive path. A grant is done when its last turn's `sent` is worked off by `snd`, so that the next grant begins behind it.
//! Bare ACKs go in front of turns. One that is no longer wanted ends here.
//! A turn of a connection that has gone meanwhile becomes a segment all the same, since its FPDU jobs are on their way: whoever removes
//! a connection waits until it has no grant (docs/decisions/0014-acker.md).
//!
//! **Latency**: turn or bare to `ask` and `sent` 1 cycle; `fields` to `seg` 0; with the acker's 8 or 9 a turn is a job after 9 or 10 cycles, if
//! nothing waits. **Rate**: one every 2 cycles. **Back-pressure**: each output by itself; 16 asks may be under way. `dones` is
//! deeper than grants there are.
//! The fields of `seg` hold while it waits: TSval is the time of the ask.

use super::ack_types::AckFields;
use super::sched::GRANTS;
use super::snd_types::{Grant, Send, CONN, SEAM_CONN};
use super::types::TxSeg;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::Fifo;
use rust_hdl::prelude::*;

/// Bits of a count of `sent`: more than are ever under way, and one.
const LAP: usize = 6;

/// A segment that is asked for.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Note {
    pub bare: bool,
    pub conn: Bits<CONN>,
    pub seq: Bits<32>,
    pub n_fpdu: Bits<4>,
    pub psh: bool,
}

/// The last turn of a grant.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Last {
    pub conn: Bits<CONN>,
    /// `sent` up to it.
    pub count: Bits<LAP>,
}

/// What was taken last.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Taken {
    pub bare: bool,
    pub conn: Bits<CONN>,
    pub gen: Bits<8>,
    pub seq: Bits<32>,
    pub len: Bits<16>,
    pub probe: bool,
}

#[derive(LogicBlock, Default)]
pub struct Compose {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub offer_tvalid: Signal<In, bool>,
    pub offer_tready: Signal<Out, bool>,
    pub offer: Signal<In, Grant>,
    pub grant_tvalid: Signal<Out, bool>,
    pub grant_tready: Signal<In, bool>,
    pub grant: Signal<Out, Grant>,
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
    pub bare_tvalid: Signal<In, bool>,
    pub bare_tready: Signal<Out, bool>,
    pub bare_conn: Signal<In, Bits<SEAM_CONN>>,
    pub bare_gen: Signal<In, Bits<8>>,
    pub urgent: Signal<In, bool>,
    pub ask_tvalid: Signal<Out, bool>,
    pub ask_tready: Signal<In, bool>,
    pub ask_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub ask_gen: Signal<Out, Bits<8>>,
    pub ask_bare: Signal<Out, bool>,
    pub ask_seq: Signal<Out, Bits<32>>,
    pub ask_len: Signal<Out, Bits<16>>,
    pub ask_probe: Signal<Out, bool>,
    pub fields_tvalid: Signal<In, bool>,
    pub fields_tready: Signal<Out, bool>,
    pub fields: Signal<In, AckFields>,
    pub sent_tvalid: Signal<Out, bool>,
    pub sent_tready: Signal<In, bool>,
    pub sent_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub sent_gen: Signal<Out, Bits<8>>,
    pub sent_from: Signal<Out, Bits<32>>,
    pub sent_len: Signal<Out, Bits<32>>,
    pub sent_probe: Signal<Out, bool>,
    pub worked: Signal<In, bool>,
    pub seg_tvalid: Signal<Out, bool>,
    pub seg_tready: Signal<In, bool>,
    pub seg: Signal<Out, TxSeg>,
    pub done_tvalid: Signal<Out, bool>,
    pub done_tready: Signal<In, bool>,
    pub done_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub went: Signal<Out, bool>,
    notes: Fifo<Note, 4>,
    dones: Fifo<Last, 3>,
    taken: RegNr<Taken>,
    asking: Reg<bool>,
    telling: Reg<bool>,
    given: Reg<Bits<LAP>>,
    worked_off: Reg<Bits<LAP>>,
    done_full: Reg<bool>,
    done_held: RegNr<Bits<CONN>>,
    free: Signal<Local, bool>,
    after: Signal<Local, Bits<LAP>>,
    open: Signal<Local, bool>,
    turn: Signal<Local, bool>,
    bare: Signal<Local, bool>,
    some: Signal<Local, bool>,
    behind: Signal<Local, Bits<LAP>>,
    ended: Signal<Local, bool>,
    nothing: Signal<Local, bool>,
    unwanted: Signal<Local, bool>,
    goes: Signal<Local, bool>,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
    unused_room: Signal<Local, Bits<8>>,
    unused_behind: Signal<Local, Bits<LAP>>,
    unused_full: Signal<Local, bool>,
}

const _: () = assert!(GRANTS < 8, "compose: a FIFO of 8 ends of grants");

impl Logic for Compose {
    #[hdl_gen]
    fn update(&mut self) {
        self.unused_conn.next = self.turn_conn.val() ^ self.bare_conn.val();
        self.unused_room.next = self.notes.room.val() ^ self.dones.room.val();
        self.unused_full.next = self.dones.full.val();

        // One is taken: a bare ACK, or a turn.
        self.open.next = !self.notes.full.val() & (!self.asking.q.val() & !self.telling.q.val());
        self.bare_tready.next = self.open.val();
        self.turn_tready.next = self.open.val() & (!self.bare_tvalid.val() & !self.urgent.val());
        self.bare.next = self.bare_tvalid.val() & self.open.val();
        self.turn.next = (self.turn_tvalid.val() & self.open.val())
            & (!self.bare_tvalid.val() & !self.urgent.val());
        self.some.next = self.turn.val() & self.turn_len.val().any();
        self.went.next = self.some.val();
        if self.ask_tready.val() {
            self.asking.d.next = false;
        }
        if self.sent_tready.val() {
            self.telling.d.next = false;
        }
        self.after.next = self.given.q.val();
        if self.some.val() {
            self.after.next = self.given.q.val() + 1;
            self.telling.d.next = true;
        }
        self.given.d.next = self.after.val();
        if self.some.val() | self.bare.val() {
            self.asking.d.next = true;
            self.taken.d.next.bare = self.bare_tvalid.val();
            self.taken.d.next.conn = self.turn_conn.val().get_bits::<CONN>(0);
            self.taken.d.next.gen = self.turn_gen.val();
            if self.bare_tvalid.val() {
                self.taken.d.next.conn = self.bare_conn.val().get_bits::<CONN>(0);
                self.taken.d.next.gen = self.bare_gen.val();
            }
            self.taken.d.next.seq = self.turn_seq.val();
            self.taken.d.next.len = self.turn_len.val();
            self.taken.d.next.probe = self.turn_probe.val();
        }
        self.notes.push.next = self.some.val() | self.bare.val();
        self.notes.din.next.bare = self.bare_tvalid.val();
        self.notes.din.next.conn = self.turn_conn.val().get_bits::<CONN>(0);
        if self.bare_tvalid.val() {
            self.notes.din.next.conn = self.bare_conn.val().get_bits::<CONN>(0);
        }
        self.notes.din.next.seq = self.turn_seq.val();
        self.notes.din.next.n_fpdu = self.turn_n_fpdu.val();
        self.notes.din.next.psh = self.turn_psh.val();

        self.ask_tvalid.next = self.asking.q.val();
        self.ask_conn.next = bit_cast::<SEAM_CONN, CONN>(self.taken.q.val().conn);
        self.ask_gen.next = self.taken.q.val().gen;
        self.ask_bare.next = self.taken.q.val().bare;
        self.ask_seq.next = self.taken.q.val().seq;
        self.ask_len.next = self.taken.q.val().len;
        self.ask_probe.next = self.taken.q.val().probe;
        self.sent_tvalid.next = self.telling.q.val();
        self.sent_conn.next = bit_cast::<SEAM_CONN, CONN>(self.taken.q.val().conn);
        self.sent_gen.next = self.taken.q.val().gen;
        self.sent_from.next = self.taken.q.val().seq;
        self.sent_len.next = bit_cast::<32, 16>(self.taken.q.val().len);
        self.sent_probe.next = self.taken.q.val().probe;

        // Ends of grants: when `snd` knows all that was sent; of nothing at once.
        self.dones.push.next = self.turn.val() & self.turn_last.val();
        self.dones.din.next.conn = self.turn_conn.val().get_bits::<CONN>(0);
        self.dones.din.next.count = self.after.val();
        if self.worked.val() {
            self.worked_off.d.next = self.worked_off.q.val() + 1;
        }
        self.behind.next = self.worked_off.q.val() - self.dones.dout.val().count;
        self.unused_behind.next = self.behind.val();
        self.ended.next = self.dones.valid.val() & !self.behind.val().get_bit(5);
        self.nothing.next = self.offer.val().kind == Send::Nothing;
        self.free.next = !self.done_full.q.val() | self.done_tready.val();
        if self.free.val() {
            self.done_full.d.next =
                self.ended.val() | (self.offer_tvalid.val() & self.nothing.val());
            self.done_held.d.next = self.offer.val().conn;
            if self.ended.val() {
                self.done_held.d.next = self.dones.dout.val().conn;
            }
        }
        self.done_tvalid.next = self.done_full.q.val();
        self.done_conn.next = bit_cast::<SEAM_CONN, CONN>(self.done_held.q.val());
        self.dones.pop.next = self.ended.val() & self.free.val();
        self.grant_tvalid.next = self.offer_tvalid.val() & !self.nothing.val();
        self.grant.next = self.offer.val();
        self.offer_tready.next = self.grant_tready.val();
        if self.nothing.val() {
            self.offer_tready.next = self.free.val() & !self.ended.val();
        }

        // Answers become jobs.
        self.unwanted.next = self.notes.dout.val().bare & !self.fields.val().go;
        self.seg_tvalid.next =
            (self.fields_tvalid.val() & self.notes.valid.val()) & !self.unwanted.val();
        self.goes.next = (self.fields_tvalid.val() & self.notes.valid.val())
            & (self.seg_tready.val() | self.unwanted.val());
        self.fields_tready.next =
            self.notes.valid.val() & (self.seg_tready.val() | self.unwanted.val());
        self.notes.pop.next = self.goes.val();
        self.seg.next.conn = bit_cast::<20, CONN>(self.notes.dout.val().conn);
        self.seg.next.seq = self.notes.dout.val().seq;
        self.seg.next.n_fpdu = self.notes.dout.val().n_fpdu;
        self.seg.next.flags = 0x10.into(); // ACK
        if self.notes.dout.val().psh {
            self.seg.next.flags = 0x18.into(); // PSH, ACK
        }
        if self.notes.dout.val().bare {
            self.seg.next.seq = self.fields.val().seq;
            self.seg.next.n_fpdu = 0.into();
            self.seg.next.flags = 0x10.into();
        }
        self.seg.next.ack = self.fields.val().ack;
        self.seg.next.wnd = self.fields.val().wnd;
        self.seg.next.ect = false;
        self.seg.next.ts = self.fields.val().ts;
        self.seg.next.tsval = self.fields.val().tsval;
        self.seg.next.tsecr = self.fields.val().tsecr;
        self.seg.next.sack_n = self.fields.val().sack_n;
        self.seg.next.sack = self.fields.val().sack;
    }
}
