//! Cuts WQEs into FPDUs, keeps what is cut until it is acknowledged, and completes WQEs in their order.
//!
//! | stream | | |
//! |---|---|---|
//! | `cmd_*`, `idle` | in, out | a connection begins: `seq` of its first FPDU, `mss`, first `msn`; or ends (`remove`): its WQEs are completed with WR_FLUSH_ERR |
//! | `wqe_*` | in | [`Wqe`], a beat a slot |
//! | `acked_*`, `dead_*` | in | of `snd` |
//! | `fail_tvalid fail_tready fail` | in | [`Fail`]: play cannot make an FPDU |
//! | `data_*` | out | octets exist up to `end`: to `snd` |
//! | `done_tvalid done_tready done` | out | [`Done`], one a WQE, in order |
//! | `freed_*` | out | slots of a completed WQE: to the send queue |
//! | `rec_we rec_addr rec`, `win_we win_conn win` | out | the records and which there are: play's tables. Both are written before `data` tells of them |
//!
//! **Cut**: an FPDU is as long as MULPDU (EMSS - 6 - EMSS mod 4, at least 128, at most what half of the read buffer holds) or as what is left of the message; without octets a message is one FPDU.
//! Inline octets of more than one FPDU are cut at multiples of 16. MSN counts Sends, MO and TO from the message's first octet, L is set in the last FPDU.
//! No Markers so far. `fence` has nothing to wait for: Reads are refused by the send queue.
//! Nothing is asked of the host: an FPDU is cut when there is a record free, whether it may be sent or not.
//!
//! **Waiting**: a connection that has something to cut is once in a FIFO as deep as the table; a turn cuts 4 FPDUs at most. One whose records are all in use leaves the FIFO and comes back when
//! some are acknowledged: no connection waits for another one's peer.
//!
//! **Ends of WQEs**: acknowledged whole: SUCCESS. The first of these stops the queue, no octet behind it is cut or sent again: a malformed WQE, one that could not be fetched (LOC_QP_OP_ERR), a region that refuses (LOC_PROT_ERR);
//! its completion comes when all before it are acknowledged, and all behind it are completed with WR_FLUSH_ERR at once. `dead`: the oldest WQE RETRY_EXC_ERR (if it has no error of its own), all others WR_FLUSH_ERR.
//! What comes from the queue later is WR_FLUSH_ERR too.
//!
//! **Latency**: a few cycles more than an event takes; doorbell to `data` stands at [`Work`](super::work::Work). **Rate**: events one after the other, 5 cycles each and: 3 an FPDU and 3 a WQE that is cut, 4 an FPDU and 5 a WQE that is
//! acknowledged. Of 1460 octets each: 16 cycles with both. **Back-pressure**: every input waits for the events in front of it, and those wait for `done` and `freed` alone; `data` has 4 places, and cutting waits for one.
//! RFC 5041 5.2 (segmentation), 5044 4.1, 5 (MULPDU), 5040 5.

use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, Ram, RamClear};
use rust_hdl::prelude::*;

/// Most FPDUs of a turn.
const TURN: u64 = 4;

/// What is kept of a WQE, at its first slot.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CutWqe {
    pub op: Bits<5>,
    pub octets: bool,
    pub signaled: bool,
    pub more: Bits<2>,
    pub len: Bits<32>,
    pub idx: Bits<16>,
    pub status: Bits<8>,
}

/// What is kept of an FPDU here.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CutEnd {
    pub len: Bits<14>,
    pub last: bool,
}

/// A connection. Slots and records are counted on; their low bits are places.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct CutRow {
    pub valid: bool,
    pub gen: Bits<8>,
    /// Ended: what comes is flushed.
    pub ended: bool,
    /// WQE `fail_slot` ends with `fail_status` when it is the oldest.
    pub failing: bool,
    pub fail_slot: Bits<COUNT>,
    pub fail_status: Bits<8>,
    /// Is in the FIFO of those to be cut.
    pub queued: bool,
    /// Octets of payload and DDP header that fit.
    pub mulpdu: Bits<14>,
    /// Oldest WQE, the one being cut, behind the newest slot.
    pub done: Bits<COUNT>,
    pub cut: Bits<COUNT>,
    pub come: Bits<COUNT>,
    /// Oldest record, behind the newest; where they begin and end.
    pub head: Bits<REC>,
    pub tail: Bits<REC>,
    pub head_seq: Bits<32>,
    pub tail_seq: Bits<32>,
    /// Octets cut of the message; number of the next one.
    pub mo: Bits<32>,
    pub msn: Bits<32>,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum CutState {
    Idle,
    Read,
    Wait,
    Have,
    // a WQE's row, then on to `goal`
    Row0,
    Row1,
    Row2,
    // cutting
    Look,
    Size,
    Put,
    // acknowledged
    End0,
    End1,
    End2,
    Free,
    Tell,
    // all that is left
    Check,
    Flush,
    Save,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum CutEvent {
    Command,
    Acked,
    Dead,
    Fail,
    Come,
    Work,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum CutGoal {
    Cut,
    Tell,
    Flush,
}

/// Cuts and completes.
#[derive(LogicBlock)]
pub struct Cut {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    /// The command taken last is carried out, since this was low.
    pub idle: Signal<Out, bool>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_remove: Signal<In, bool>,
    pub cmd_conn: Signal<In, Bits<CONN>>,
    pub cmd_gen: Signal<In, Bits<8>>,
    pub cmd_seq: Signal<In, Bits<32>>,
    pub cmd_mss: Signal<In, Bits<14>>,
    pub cmd_msn: Signal<In, Bits<32>>,
    pub wqe_tvalid: Signal<In, bool>,
    pub wqe_tready: Signal<Out, bool>,
    pub wqe: Signal<In, Wqe>,
    pub acked_tvalid: Signal<In, bool>,
    pub acked_tready: Signal<Out, bool>,
    pub acked_conn: Signal<In, Bits<SEAM_CONN>>,
    pub acked_gen: Signal<In, Bits<8>>,
    pub acked_snd_una: Signal<In, Bits<32>>,
    pub dead_tvalid: Signal<In, bool>,
    pub dead_tready: Signal<Out, bool>,
    pub dead_conn: Signal<In, Bits<SEAM_CONN>>,
    pub dead_gen: Signal<In, Bits<8>>,
    pub fail_tvalid: Signal<In, bool>,
    pub fail_tready: Signal<Out, bool>,
    pub fail: Signal<In, Fail>,
    pub data_tvalid: Signal<Out, bool>,
    pub data_tready: Signal<In, bool>,
    pub data_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub data_gen: Signal<Out, Bits<8>>,
    pub data_end: Signal<Out, Bits<32>>,
    pub done_tvalid: Signal<Out, bool>,
    pub done_tready: Signal<In, bool>,
    pub done: Signal<Out, Done>,
    pub freed_tvalid: Signal<Out, bool>,
    pub freed_tready: Signal<In, bool>,
    pub freed_conn: Signal<Out, Bits<SEAM_CONN>>,
    pub freed_gen: Signal<Out, Bits<8>>,
    pub freed_n: Signal<Out, Bits<3>>,
    pub rec_we: Signal<Out, bool>,
    pub rec_addr: Signal<Out, Bits<REC_ADDR>>,
    pub rec: Signal<Out, Record>,
    pub win_we: Signal<Out, bool>,
    pub win_conn: Signal<Out, Bits<CONN>>,
    pub win: Signal<Out, Window>,

    clear: RamClear<CONN>,
    rows: Ram<CutRow, CONN>,
    wqes: Ram<CutWqe, REC_ADDR>,
    ends: Ram<CutEnd, REC_ADDR>,
    work: Fifo<Bits<CONN>, CONN>,
    /// {end, generation, connection}
    datas: Fifo<Bits<56>, 2>,
    dones: Fifo<Done, 2>,
    /// {n, generation, connection}
    freeds: Fifo<Bits<27>, 2>,
    place: Reg<bool>,
    turn: Reg<bool>,
    state: Reg<CutState>,
    event: RegNr<CutEvent>,
    goal: RegNr<CutGoal>,
    conn: RegNr<Bits<CONN>>,
    gen: RegNr<Bits<8>>,
    value: RegNr<Bits<32>>,
    mss: RegNr<Bits<14>>,
    msn: RegNr<Bits<32>>,
    remove: RegNr<bool>,
    bad: RegNr<Fail>,
    came: RegNr<Wqe>,
    c: RegNr<CutRow>,
    w: RegNr<CutWqe>,
    end_of: RegNr<CutEnd>,
    n: RegNr<Bits<3>>,
    works: Signal<Local, bool>,
    waits: Signal<Local, bool>,
    other: Signal<Local, bool>,
    take: Signal<Local, bool>,
    same: Signal<Local, bool>,
    plain_mulpdu: Signal<Local, Bits<14>>,
    fail_rec: Signal<Local, Bits<REC>>,
    fail_old: Signal<Local, Bits<COUNT>>,
    fail_new: Signal<Local, Bits<COUNT>>,
    new_slot: Signal<Local, Bits<COUNT>>,
    row_slot: RegNr<Bits<COUNT>>,
    row_no: RegNr<Bits<REC>>,
    slot_addr: Signal<Local, Bits<REC_ADDR>>,
    come_addr: Signal<Local, Bits<REC_ADDR>>,
    end_addr: Signal<Local, Bits<REC_ADDR>>,
    rec_addr_now: Signal<Local, Bits<REC_ADDR>>,
    arrived: Signal<Local, Bits<COUNT>>,
    whole: Signal<Local, bool>,
    slots: Signal<Local, Bits<COUNT>>,
    used: Signal<Local, Bits<REC>>,
    full: Signal<Local, bool>,
    untagged: Signal<Local, bool>,
    left: RegNr<Bits<32>>,
    most: RegNr<Bits<14>>,
    fits: Signal<Local, bool>,
    payload: RegNr<Bits<14>>,
    last: RegNr<bool>,
    size: Signal<Local, Bits<14>>,
    gap: RegNr<Bits<32>>,
    frees: Signal<Local, bool>,
    status: RegNr<Bits<8>>,
    said: Signal<Local, Done>,
    room: Signal<Local, bool>,
    push_work: Signal<Local, bool>,
    progress: RegNr<bool>,
    row: Signal<Local, CutRow>,
    saved: Signal<Local, CutRow>,
    new_wqe: Signal<Local, CutWqe>,
    put_end: Signal<Local, CutEnd>,
    made: Signal<Local, Record>,
    shown: Signal<Local, Window>,
    unused_room: Signal<Local, Bits<8>>,
    unused_full: Signal<Local, bool>,
    unused_conn: Signal<Local, Bits<SEAM_CONN>>,
    no_row: Constant<CutRow>,
    slot_mask: Constant<Bits<REC_ADDR>>,
    rec_mask: Constant<Bits<REC_ADDR>>,
    recs: Constant<Bits<REC>>,
    longest: Constant<Bits<14>>,
    turn_max: Constant<Bits<3>>,
    _slot_bits: usize,
    _rec_bits: usize,
}

impl Cut {
    pub fn new(cfg: &WorkCfg) -> Self {
        assert!(
            (2..=6).contains(&cfg.slot_bits) && (2..=12).contains(&cfg.rec_bits),
            "transmit: slot_bits is 2 to 6, rec_bits 2 to 12"
        );
        // ULPDU of the longest FPDU.
        let longest = cfg.max_fpdu() as u64 - 6;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            idle: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_remove: Default::default(),
            cmd_conn: Default::default(),
            cmd_gen: Default::default(),
            cmd_seq: Default::default(),
            cmd_mss: Default::default(),
            cmd_msn: Default::default(),
            wqe_tvalid: Default::default(),
            wqe_tready: Default::default(),
            wqe: Default::default(),
            acked_tvalid: Default::default(),
            acked_tready: Default::default(),
            acked_conn: Default::default(),
            acked_gen: Default::default(),
            acked_snd_una: Default::default(),
            dead_tvalid: Default::default(),
            dead_tready: Default::default(),
            dead_conn: Default::default(),
            dead_gen: Default::default(),
            fail_tvalid: Default::default(),
            fail_tready: Default::default(),
            fail: Default::default(),
            data_tvalid: Default::default(),
            data_tready: Default::default(),
            data_conn: Default::default(),
            data_gen: Default::default(),
            data_end: Default::default(),
            done_tvalid: Default::default(),
            done_tready: Default::default(),
            done: Default::default(),
            freed_tvalid: Default::default(),
            freed_tready: Default::default(),
            freed_conn: Default::default(),
            freed_gen: Default::default(),
            freed_n: Default::default(),
            rec_we: Default::default(),
            rec_addr: Default::default(),
            rec: Default::default(),
            win_we: Default::default(),
            win_conn: Default::default(),
            win: Default::default(),
            clear: RamClear::new(cfg.conn_bits),
            rows: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            wqes: Ram::new(cfg.conn_bits + cfg.slot_bits, 2).collisions_undefined(),
            ends: Ram::new(cfg.conn_bits + cfg.rec_bits, 2).collisions_undefined(),
            work: Fifo::sized(cfg.conn_bits),
            datas: Default::default(),
            dones: Default::default(),
            freeds: Default::default(),
            place: Default::default(),
            turn: Default::default(),
            state: Reg::new(CutState::Idle),
            event: Default::default(),
            goal: Default::default(),
            conn: Default::default(),
            gen: Default::default(),
            value: Default::default(),
            mss: Default::default(),
            msn: Default::default(),
            remove: Default::default(),
            bad: Default::default(),
            came: Default::default(),
            c: Default::default(),
            w: Default::default(),
            end_of: Default::default(),
            n: Default::default(),
            works: Default::default(),
            waits: Default::default(),
            other: Default::default(),
            take: Default::default(),
            same: Default::default(),
            plain_mulpdu: Default::default(),
            fail_rec: Default::default(),
            fail_old: Default::default(),
            fail_new: Default::default(),
            new_slot: Default::default(),
            row_slot: Default::default(),
            row_no: Default::default(),
            slot_addr: Default::default(),
            come_addr: Default::default(),
            end_addr: Default::default(),
            rec_addr_now: Default::default(),
            arrived: Default::default(),
            whole: Default::default(),
            slots: Default::default(),
            used: Default::default(),
            full: Default::default(),
            untagged: Default::default(),
            left: Default::default(),
            most: Default::default(),
            fits: Default::default(),
            payload: Default::default(),
            last: Default::default(),
            size: Default::default(),
            gap: Default::default(),
            frees: Default::default(),
            status: Default::default(),
            said: Default::default(),
            room: Default::default(),
            push_work: Default::default(),
            progress: Default::default(),
            row: Default::default(),
            saved: Default::default(),
            new_wqe: Default::default(),
            put_end: Default::default(),
            made: Default::default(),
            shown: Default::default(),
            unused_room: Default::default(),
            unused_full: Default::default(),
            unused_conn: Default::default(),
            no_row: Constant::new(CutRow::default()),
            slot_mask: Constant::new(((1u64 << cfg.slot_bits) - 1).to_bits()),
            rec_mask: Constant::new(((1u64 << cfg.rec_bits) - 1).to_bits()),
            recs: Constant::new((1u64 << cfg.rec_bits).to_bits()),
            longest: Constant::new(longest.to_bits()),
            turn_max: Constant::new((TURN - 1).to_bits()),
            _slot_bits: cfg.slot_bits,
            _rec_bits: cfg.rec_bits,
        }
    }
}

impl Logic for Cut {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();
        self.idle.next = self.state.q.val() == CutState::Idle;
        self.unused_room.next = self.work.room.val()
            ^ self.datas.room.val()
            ^ self.dones.room.val()
            ^ self.freeds.room.val();
        self.unused_conn.next = self.acked_conn.val() ^ self.dead_conn.val();
        self.unused_full.next = self.work.full.val() | self.datas.full.val();

        // One event after the other; a turn of cutting at the latest behind one of the others.
        self.place.d.next = self.datas.room.val() >= 2;
        self.take.next = (self.state.q.val() == CutState::Idle) & self.clear.done.val();
        self.works.next = self.work.valid.val() & self.place.q.val();
        self.waits.next = self.works.val() & self.turn.q.val();
        self.other.next = false;
        self.cmd_tready.next = false;
        self.wqe_tready.next = false;
        self.acked_tready.next = false;
        self.dead_tready.next = false;
        self.fail_tready.next = false;
        self.work.pop.next = false;
        self.c.d.next = self.c.q.val();
        if self.take.val() {
            self.event.d.next = CutEvent::Work;
            self.conn.d.next = self.work.dout.val();
            self.gen.d.next = self.acked_gen.val();
            self.value.d.next = self.acked_snd_una.val();
            self.mss.d.next = self.cmd_mss.val();
            self.msn.d.next = self.cmd_msn.val();
            self.remove.d.next = self.cmd_remove.val();
            self.bad.d.next = self.fail.val();
            self.came.d.next = self.wqe.val();
            self.n.d.next = 0.into();
            self.progress.d.next = false;
            if self.cmd_tvalid.val() {
                self.cmd_tready.next = true;
                self.event.d.next = CutEvent::Command;
                self.conn.d.next = self.cmd_conn.val();
                self.gen.d.next = self.cmd_gen.val();
                self.value.d.next = self.cmd_seq.val();
                self.other.next = true;
            } else {
                if self.dead_tvalid.val() & !self.waits.val() {
                    self.dead_tready.next = true;
                    self.event.d.next = CutEvent::Dead;
                    self.conn.d.next = self.dead_conn.val().get_bits::<CONN>(0);
                    self.gen.d.next = self.dead_gen.val();
                    self.other.next = true;
                } else {
                    if self.acked_tvalid.val() & !self.waits.val() {
                        self.acked_tready.next = true;
                        self.event.d.next = CutEvent::Acked;
                        self.conn.d.next = self.acked_conn.val().get_bits::<CONN>(0);
                        self.other.next = true;
                    } else {
                        if self.fail_tvalid.val() & !self.waits.val() {
                            self.fail_tready.next = true;
                            self.event.d.next = CutEvent::Fail;
                            self.conn.d.next = self.fail.val().conn;
                            self.gen.d.next = self.fail.val().gen;
                            self.other.next = true;
                        } else {
                            if self.wqe_tvalid.val() & !self.waits.val() {
                                self.wqe_tready.next = true;
                                self.event.d.next = CutEvent::Come;
                                self.conn.d.next = self.wqe.val().conn;
                                self.gen.d.next = self.wqe.val().gen;
                                self.other.next = true;
                            } else {
                                self.work.pop.next = self.works.val();
                            }
                        }
                    }
                }
            }
            if self.other.val() | self.works.val() {
                self.state.d.next = CutState::Read;
            }
            self.turn.d.next = self.other.val();
        }
        self.rows.raddr.next = self.conn.q.val();

        // What the event means.
        self.row.next = self.rows.rdata.val();
        self.same.next = self.row.val().valid & (self.row.val().gen == self.gen.q.val());
        self.plain_mulpdu.next =
            self.mss.q.val() - (bit_cast::<14, 2>(self.mss.q.val().get_bits::<2>(0)) + 6);
        self.fail_rec.next = self.bad.q.val().rec - self.row.val().head;
        self.new_slot.next = self.row.val().done
            + ((bit_cast::<COUNT, SLOT_NO>(self.bad.q.val().slot) - self.row.val().done)
                & bit_cast::<COUNT, REC_ADDR>(self.slot_mask.val()));
        self.fail_new.next = self.new_slot.val() - self.row.val().done;
        self.fail_old.next = self.row.val().fail_slot - self.row.val().done;

        // Addresses.
        for k in (self._slot_bits)..(self._slot_bits + 1) {
            self.slot_addr.next = (bit_cast::<REC_ADDR, CONN>(self.conn.q.val())
                << k.to_bits::<4>())
                | (bit_cast::<REC_ADDR, COUNT>(self.row_slot.q.val()) & self.slot_mask.val());
            self.come_addr.next = (bit_cast::<REC_ADDR, CONN>(self.conn.q.val())
                << k.to_bits::<4>())
                | (bit_cast::<REC_ADDR, COUNT>(
                    self.row.val().come - bit_cast::<COUNT, 2>(self.came.q.val().back),
                ) & self.slot_mask.val());
        }
        for k in (self._rec_bits)..(self._rec_bits + 1) {
            self.end_addr.next = (bit_cast::<REC_ADDR, CONN>(self.conn.q.val())
                << k.to_bits::<4>())
                | (bit_cast::<REC_ADDR, REC>(self.row_no.q.val()) & self.rec_mask.val());
            self.rec_addr_now.next = (bit_cast::<REC_ADDR, CONN>(self.conn.q.val())
                << k.to_bits::<4>())
                | (bit_cast::<REC_ADDR, REC>(self.c.q.val().tail) & self.rec_mask.val());
        }
        self.wqes.raddr.next = self.slot_addr.val();
        self.wqes.we.next = false;
        self.wqes.waddr.next = self.come_addr.val();
        self.new_wqe.next.op = self.came.q.val().op;
        self.new_wqe.next.octets = self.came.q.val().octets;
        self.new_wqe.next.signaled = self.came.q.val().signaled;
        self.new_wqe.next.more = self.came.q.val().more;
        self.new_wqe.next.len = self.came.q.val().len;
        self.new_wqe.next.idx = self.came.q.val().idx;
        self.new_wqe.next.status = self.came.q.val().status;
        if self.came.q.val().status.any() {
            self.new_wqe.next.more = self.came.q.val().back;
        }
        self.wqes.wdata.next = self.new_wqe.val();
        self.ends.raddr.next = self.end_addr.val();

        // Of the WQE that was read.
        self.slots.next = bit_cast::<COUNT, 2>(self.w.q.val().more) + 1;
        self.arrived.next = self.c.q.val().come - self.row_slot.q.val();
        self.whole.next = self.arrived.val() >= self.slots.val();
        self.untagged.next = self.w.q.val().op.any();
        self.used.next = self.c.q.val().tail - self.c.q.val().head;
        self.full.next = self.used.val() == self.recs.val();

        // Of the next FPDU.
        self.fits.next = self.left.q.val() <= bit_cast::<32, 14>(self.most.q.val());
        // Length field, header, payload, PAD, CRC.
        self.size.next = (self.payload.q.val() + 23) & !bits::<14>(3);
        if self.untagged.val() {
            self.size.next = (self.payload.q.val() + 27) & !bits::<14>(3);
        }
        self.made.next.seq = self.c.q.val().tail_seq;
        self.made.next.len = self.size.val();
        self.made.next.payload = self.payload.q.val();
        self.made.next.mo = self.c.q.val().mo;
        self.made.next.msn = self.c.q.val().msn;
        self.made.next.slot = self.c.q.val().cut.get_bits::<SLOT_NO>(0);
        self.made.next.last = self.last.q.val();
        self.rec.next = self.made.val();
        self.rec_addr.next = self.rec_addr_now.val();
        self.rec_we.next = false;
        self.put_end.next.len = self.size.val();
        self.put_end.next.last = self.last.q.val();
        self.ends.waddr.next = self.rec_addr_now.val();
        self.ends.wdata.next = self.put_end.val();
        self.ends.we.next = false;

        // Of the oldest record.
        self.frees.next = (self.used.val().any() & !self.gap.q.val().get_bit(31))
            & (self.gap.q.val() >= bit_cast::<32, 14>(self.end_of.q.val().len));

        // A completion.
        self.said.next.conn = self.conn.q.val();
        self.said.next.gen = self.c.q.val().gen;
        self.said.next.idx = self.w.q.val().idx;
        self.said.next.op = self.w.q.val().op;
        self.said.next.signaled = self.w.q.val().signaled;
        self.said.next.status = self.status.q.val();
        self.dones.din.next = self.said.val();
        self.dones.push.next = false;
        self.freeds.din.next = (bit_cast::<27, COUNT>(self.slots.val()) << 24)
            | (bit_cast::<27, 8>(self.c.q.val().gen) << 16)
            | bit_cast::<27, CONN>(self.conn.q.val());
        self.freeds.push.next = false;
        self.room.next = !self.dones.full.val() & !self.freeds.full.val();

        self.push_work.next = false;
        self.datas.push.next = false;
        self.rows.we.next = false;
        self.win_we.next = false;
        match self.state.q.val() {
            CutState::Idle => {}
            CutState::Read => {
                self.state.d.next = CutState::Wait;
            }
            CutState::Wait => {
                self.state.d.next = CutState::Have;
            }
            CutState::Have => {
                self.c.d.next = self.row.val();
                self.row_slot.d.next = self.row.val().cut;
                self.row_no.d.next = self.row.val().head;
                self.goal.d.next = CutGoal::Cut;
                self.status.d.next = 0.into();
                match self.event.q.val() {
                    CutEvent::Command => {
                        if self.remove.q.val() {
                            // Nothing of this connection any more.
                            self.state.d.next = CutState::Flush;
                            self.status.d.next = 5.into();
                            if !self.same.val() {
                                self.state.d.next = CutState::Idle;
                            }
                        } else {
                            self.c.d.next = self.no_row.val();
                            self.c.d.next.queued = self.row.val().queued;
                            self.c.d.next.valid = true;
                            self.c.d.next.gen = self.gen.q.val();
                            self.c.d.next.head_seq = self.value.q.val();
                            self.c.d.next.tail_seq = self.value.q.val();
                            self.c.d.next.msn = self.msn.q.val();
                            self.c.d.next.mulpdu = self.plain_mulpdu.val();
                            if self.plain_mulpdu.val() > self.longest.val() {
                                self.c.d.next.mulpdu = self.longest.val();
                            }
                            if self.mss.q.val() < 136 {
                                self.c.d.next.mulpdu = 128.into();
                            }
                            self.state.d.next = CutState::Save;
                        }
                    }
                    CutEvent::Acked => {
                        self.state.d.next = CutState::End0;
                        if !self.same.val() | self.row.val().ended {
                            self.state.d.next = CutState::Idle;
                        }
                    }
                    CutEvent::Dead => {
                        self.status.d.next = 12.into();
                        self.state.d.next = CutState::Flush;
                        if self.row.val().failing
                            & (self.row.val().fail_slot == self.row.val().done)
                        {
                            self.status.d.next = self.row.val().fail_status;
                        }
                        if !self.same.val() | self.row.val().ended {
                            self.state.d.next = CutState::Idle;
                        }
                    }
                    CutEvent::Fail => {
                        self.state.d.next = CutState::Check;
                        if (!self.same.val() | self.row.val().ended)
                            | (self.fail_rec.val() >= (self.row.val().tail - self.row.val().head))
                        {
                            self.state.d.next = CutState::Idle;
                        } else {
                            // What comes behind it is never sent.
                            self.c.d.next.tail = self.bad.q.val().rec;
                            if !self.row.val().failing | (self.fail_new.val() < self.fail_old.val())
                            {
                                self.c.d.next.failing = true;
                                self.c.d.next.fail_slot = self.new_slot.val();
                                self.c.d.next.fail_status = self.bad.q.val().status;
                            }
                        }
                    }
                    CutEvent::Come => {
                        self.wqes.we.next = self.same.val()
                            & (!self.came.q.val().back.any() | self.came.q.val().status.any());
                        self.c.d.next.come = self.row.val().come + 1;
                        self.state.d.next = CutState::Save;
                        self.status.d.next = 5.into();
                        if self.row.val().ended {
                            self.state.d.next = CutState::Flush;
                        }
                        if !self.same.val() {
                            self.state.d.next = CutState::Idle;
                        }
                    }
                    _ => {
                        self.c.d.next.queued = false;
                        self.state.d.next = CutState::Row0;
                        if (!self.row.val().valid | self.row.val().failing)
                            | (self.row.val().ended | (self.row.val().come == self.row.val().cut))
                        {
                            self.state.d.next = CutState::Save;
                        }
                    }
                }
            }
            CutState::Row0 => {
                self.state.d.next = CutState::Row1;
            }
            CutState::Row1 => {
                self.state.d.next = CutState::Row2;
            }
            CutState::Row2 => {
                self.w.d.next = self.wqes.rdata.val();
                match self.goal.q.val() {
                    CutGoal::Cut => {
                        self.state.d.next = CutState::Look;
                    }
                    _ => {
                        self.state.d.next = CutState::Tell;
                    }
                }
            }

            // The next FPDU of this WQE.
            CutState::Look => {
                self.left.d.next = self.w.q.val().len - self.c.q.val().mo;
                self.most.d.next = self.c.q.val().mulpdu - 14;
                if self.untagged.val() {
                    self.most.d.next = self.c.q.val().mulpdu - 18;
                }
                self.state.d.next = CutState::Size;
                if !self.whole.val() | self.full.val() {
                    self.state.d.next = CutState::Save;
                }
                if self.whole.val() & self.w.q.val().status.any() {
                    self.c.d.next.failing = true;
                    self.c.d.next.fail_slot = self.c.q.val().cut;
                    self.c.d.next.fail_status = self.w.q.val().status;
                    self.state.d.next = CutState::Check;
                }
            }
            CutState::Size => {
                self.last.d.next = self.fits.val();
                self.payload.d.next = self.left.q.val().get_bits::<14>(0);
                if !self.fits.val() {
                    self.payload.d.next = self.most.q.val();
                    if self.w.q.val().octets {
                        self.payload.d.next = self.most.q.val() & !bits::<14>(15);
                    }
                }
                self.state.d.next = CutState::Put;
            }
            CutState::Put => {
                self.rec_we.next = true;
                self.ends.we.next = true;
                self.progress.d.next = true;
                self.c.d.next.tail = self.c.q.val().tail + 1;
                self.c.d.next.tail_seq =
                    self.c.q.val().tail_seq + bit_cast::<32, 14>(self.size.val());
                self.c.d.next.mo = self.c.q.val().mo + bit_cast::<32, 14>(self.payload.q.val());
                self.n.d.next = self.n.q.val() + 1;
                self.state.d.next = CutState::Look;
                if self.last.q.val() {
                    self.c.d.next.mo = 0.into();
                    self.c.d.next.cut = self.c.q.val().cut + self.slots.val();
                    self.row_slot.d.next = self.c.q.val().cut + self.slots.val();
                    if self.untagged.val() {
                        self.c.d.next.msn = self.c.q.val().msn + 1;
                    }
                    self.state.d.next = CutState::Row0;
                    if self.arrived.val() == self.slots.val() {
                        self.state.d.next = CutState::Save;
                    }
                }
                if self.n.q.val() == self.turn_max.val() {
                    self.state.d.next = CutState::Save;
                }
            }

            // The oldest record.
            CutState::End0 => {
                self.row_no.d.next = self.c.q.val().head;
                self.row_slot.d.next = self.c.q.val().done;
                self.gap.d.next = self.value.q.val() - self.c.q.val().head_seq;
                self.state.d.next = CutState::End1;
            }
            CutState::End1 => {
                self.state.d.next = CutState::End2;
            }
            CutState::End2 => {
                self.state.d.next = CutState::Free;
            }
            CutState::Free => {
                self.goal.d.next = CutGoal::Tell;
                self.end_of.d.next = self.ends.rdata.val();
                self.state.d.next = CutState::Check;
            }
            CutState::Check => {
                // Also: is the oldest WQE the one that failed?
                self.state.d.next = CutState::Save;
                if self.c.q.val().failing & (self.c.q.val().fail_slot == self.c.q.val().done) {
                    self.status.d.next = self.c.q.val().fail_status;
                    self.state.d.next = CutState::Flush;
                } else {
                    if (self.event.q.val() == CutEvent::Acked) & self.frees.val() {
                        self.c.d.next.head = self.c.q.val().head + 1;
                        self.c.d.next.head_seq =
                            self.c.q.val().head_seq + bit_cast::<32, 14>(self.end_of.q.val().len);
                        self.progress.d.next = true;
                        self.state.d.next = CutState::End0;
                        if self.end_of.q.val().last {
                            self.state.d.next = CutState::Row0;
                        }
                    }
                }
            }
            CutState::Tell => {
                // A WQE that has not come whole waits for the rest of it.
                if !self.whole.val() {
                    self.state.d.next = CutState::Save;
                } else {
                    if self.room.val() {
                        self.dones.push.next = true;
                        self.freeds.push.next = true;
                        self.c.d.next.done = self.c.q.val().done + self.slots.val();
                        self.row_slot.d.next = self.c.q.val().done + self.slots.val();
                        self.state.d.next = CutState::End0;
                        if self.goal.q.val() == CutGoal::Flush {
                            self.status.d.next = 5.into();
                            self.state.d.next = CutState::Row0;
                            if self.arrived.val() == self.slots.val() {
                                self.state.d.next = CutState::Save;
                            }
                        }
                    }
                }
            }
            CutState::Flush => {
                self.c.d.next.ended = true;
                self.c.d.next.head = self.c.q.val().tail;
                self.goal.d.next = CutGoal::Flush;
                self.row_slot.d.next = self.c.q.val().done;
                self.state.d.next = CutState::Row0;
                if self.c.q.val().come == self.c.q.val().done {
                    self.state.d.next = CutState::Save;
                }
            }
            _ => {
                self.rows.we.next = true;
                self.win_we.next = true;
                self.datas.push.next =
                    (self.event.q.val() == CutEvent::Work) & self.progress.q.val();
                // Another turn: something has come that is not cut, and it can be.
                self.push_work.next = (self.c.q.val().valid & !self.c.q.val().queued)
                    & (!self.c.q.val().failing & !self.c.q.val().ended)
                    & ((self.c.q.val().come != self.c.q.val().cut) & !self.full.val());
                // Nothing can be done about a WQE that has come in part.
                if (self.event.q.val() == CutEvent::Work) & !self.progress.q.val() {
                    self.push_work.next = false;
                }
                self.state.d.next = CutState::Idle;
            }
        }

        self.work.push.next = self.push_work.val();
        self.work.din.next = self.conn.q.val();
        self.rows.waddr.next = self.conn.q.val();
        self.shown.next.valid = self.c.q.val().valid & !self.c.q.val().ended;
        self.shown.next.gen = self.c.q.val().gen;
        self.shown.next.head = self.c.q.val().head;
        self.shown.next.tail = self.c.q.val().tail;
        self.win_conn.next = self.conn.q.val();
        self.saved.next = self.c.q.val();
        self.saved.next.queued = self.c.q.val().queued | self.push_work.val();
        if (self.event.q.val() == CutEvent::Command) & self.remove.q.val() {
            self.saved.next.valid = false;
            self.shown.next.valid = false;
        }
        if self.clear.active.val() {
            self.rows.we.next = true;
            self.rows.waddr.next = self.clear.addr.val();
            self.saved.next = self.no_row.val();
            self.win_we.next = true;
            self.win_conn.next = self.clear.addr.val();
            self.shown.next.valid = false;
        }
        self.rows.wdata.next = self.saved.val();
        self.win.next = self.shown.val();

        self.datas.din.next = (bit_cast::<56, 32>(self.c.q.val().tail_seq) << 24)
            | (bit_cast::<56, 8>(self.c.q.val().gen) << 16)
            | bit_cast::<56, CONN>(self.conn.q.val());
        self.data_tvalid.next = self.datas.valid.val();
        self.datas.pop.next = self.datas.valid.val() & self.data_tready.val();
        self.data_conn.next =
            bit_cast::<SEAM_CONN, CONN>(self.datas.dout.val().get_bits::<CONN>(0));
        self.data_gen.next = self.datas.dout.val().get_bits::<8>(16);
        self.data_end.next = self.datas.dout.val().get_bits::<32>(24);
        self.done_tvalid.next = self.dones.valid.val();
        self.dones.pop.next = self.dones.valid.val() & self.done_tready.val();
        self.done.next = self.dones.dout.val();
        self.freed_tvalid.next = self.freeds.valid.val();
        self.freeds.pop.next = self.freeds.valid.val() & self.freed_tready.val();
        self.freed_conn.next =
            bit_cast::<SEAM_CONN, CONN>(self.freeds.dout.val().get_bits::<CONN>(0));
        self.freed_gen.next = self.freeds.dout.val().get_bits::<8>(16);
        self.freed_n.next = self.freeds.dout.val().get_bits::<3>(24);
    }
}
