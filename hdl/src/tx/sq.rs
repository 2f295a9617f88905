//! Send queues: doorbells in, WQEs out, read from the rings in host memory ahead of their use.
//!
//! | stream | | |
//! |---|---|---|
//! | `cmd_*` | in | a ring begins: connection, generation, base address (64 octets aligned), log2 of its slots (0 to 15), doorbell page, PCIe function, QPN; its first slot is number 0. `remove`: it ends |
//! | `cmd_done` | out | pulse, in the commands' order: the ring is in; or nothing of it is under way any more, and its memory may go |
//! | `db_*` | in | a doorbell was written: `db_page` of which page, `db_pi`, `db_qpn` as docs/queues.md has them |
//! | `freed_*` | in | so many slots of the oldest WQEs are completed: they may be overwritten on chip and in the ring |
//! | `dma_rd_req_*`, `dma_rd_cpl_*` | out, in | class CTX, tags 0 to 7 |
//! | `wqe_*` | out | [`Wqe`]: one beat a slot |
//! | `slot_we slot_addr slot_row` | out | writes of the slot store: address {connection, slot, 2 bits}, 16 octets; before the slot's beat of `wqe` |
//! | `count_doorbell count_bad` | out | pulses: a doorbell ignored; a queue stopped |
//!
//! The low bits of a QPN are its connection's number; all of it is compared. **Doorbells** are absolute: one with the present index changes nothing,
//! a later one counts. Ignored and counted: another page or QPN than the ring's, no such ring, an index in front of what was fetched or more than the ring's slots beyond what was freed.
//!
//! **Fetch**: up to 4 slots a read, 8 reads under way over all queues, any number of them of one queue. At most `2^slot_bits` slots of a connection are on chip, from fetch to
//! completion: that is the queue's credit, and room in the slot store. A queue that has slots to fetch and credit is once in a FIFO as deep as the table; each turn is one read. No queue waits for another one's
//! credit. Reads are worked off in the order in which they were asked for: 8 reads of 4 slots cover 1 us at 32 M slots a second.
//!
//! **Latency**: doorbell taken to `dma_rd_req` 14 cycles, last octets of a fetch to the first `wqe` 20 cycles. **Rate**: an event (command, doorbell, freed, fetch) 7 cycles, every second one a fetch if there is one to do; a slot in 14 ([`SqParse`]).
//! **Back-pressure**: doorbells and `freed` wait for the events in front of them and for nothing else: a fetch is begun only when there is a place for it. `dma_rd_cpl` is always taken.
//! After reset nothing is taken for 2^conn_bits cycles. WQEs pushed into the doorbell page are not there yet.

use super::land::ReadLand;
use super::sq_parse::{Fetch, RingName, SqParse};
use super::work_types::*;
use crate::prim::reg::{Reg, RegNr};
use crate::prim::{Fifo, LutRam, Ram, RamClear};
use rust_hdl::prelude::*;

/// log2 of the reads under way, and their number.
const FETCHES: usize = 3;
const N_FETCH: usize = 1 << FETCHES;
/// A WQE fetch's `dma_class`.
const CLASS: u64 = 4;

/// A ring, as installed.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Ring {
    pub valid: bool,
    pub gen: Bits<8>,
    pub base: Bits<64>,
    pub log: Bits<4>,
    pub page: Bits<20>,
    pub func: Bits<8>,
    pub qpn: Bits<20>,
}

/// Where it stands: slots filled, fetched, freed.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct RingAt {
    pub pi: Bits<16>,
    pub fetched: Bits<16>,
    pub freed: Bits<16>,
    /// Is in the FIFO of those that have something to fetch.
    pub queued: bool,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum SqState {
    Idle,
    Read,
    Wait,
    Have,
    Act,
    Move,
    Write,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum SqEvent {
    Command,
    Freed,
    Bell,
    Work,
}

/// The send queues.
#[derive(LogicBlock)]
pub struct Sq<const D: usize, const K: usize, const LK: usize, const C: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub ready: Signal<Out, bool>,
    pub cmd_tvalid: Signal<In, bool>,
    pub cmd_tready: Signal<Out, bool>,
    pub cmd_remove: Signal<In, bool>,
    pub cmd_conn: Signal<In, Bits<SEAM_CONN>>,
    pub cmd_gen: Signal<In, Bits<8>>,
    pub cmd_base: Signal<In, Bits<64>>,
    pub cmd_log: Signal<In, Bits<4>>,
    pub cmd_page: Signal<In, Bits<20>>,
    pub cmd_func: Signal<In, Bits<8>>,
    pub cmd_qpn: Signal<In, Bits<20>>,
    pub cmd_done: Signal<Out, bool>,
    pub db_tvalid: Signal<In, bool>,
    pub db_tready: Signal<Out, bool>,
    pub db_page: Signal<In, Bits<20>>,
    pub db_pi: Signal<In, Bits<16>>,
    pub db_qpn: Signal<In, Bits<20>>,
    pub freed_tvalid: Signal<In, bool>,
    pub freed_tready: Signal<Out, bool>,
    pub freed_conn: Signal<In, Bits<SEAM_CONN>>,
    pub freed_gen: Signal<In, Bits<8>>,
    pub freed_n: Signal<In, Bits<3>>,
    pub dma_rd_req_tvalid: Signal<Out, bool>,
    pub dma_rd_req_tready: Signal<In, bool>,
    pub dma_rd_req: Signal<Out, RdReq>,
    pub dma_rd_cpl_tvalid: Signal<In, bool>,
    pub dma_rd_cpl_tready: Signal<Out, bool>,
    pub dma_rd_cpl_tdata: Signal<In, Bits<D>>,
    pub dma_rd_cpl_tkeep: Signal<In, Bits<K>>,
    pub dma_rd_cpl_tag: Signal<In, Bits<10>>,
    pub dma_rd_cpl_end_of_tag: Signal<In, bool>,
    pub dma_rd_cpl_status: Signal<In, Bits<3>>,
    pub wqe_tvalid: Signal<Out, bool>,
    pub wqe_tready: Signal<In, bool>,
    pub wqe: Signal<Out, Wqe>,
    pub slot_we: Signal<Out, bool>,
    pub slot_addr: Signal<Out, Bits<SLOT_ADDR>>,
    pub slot_row: Signal<Out, Bits<128>>,
    pub count_doorbell: Signal<Out, bool>,
    pub count_bad: Signal<Out, bool>,

    clear: RamClear<CONN>,
    rings: Ram<Ring, CONN>,
    names: Ram<RingName, CONN>,
    ats: Ram<RingAt, CONN>,
    work: Fifo<Bits<CONN>, CONN>,
    requests: Fifo<RdReq, 2>,
    land: ReadLand<D, K, LK, C>,
    parse: SqParse<D, K, LK>,
    infos: LutRam<Fetch, FETCHES>,
    busy: Vec<Reg<bool>>,
    ended: Vec<Reg<bool>>,
    failed: Vec<RegNr<bool>>,
    conns: Vec<RegNr<Bits<CONN>>>,
    /// Next fetch, oldest one.
    put: Reg<Bits<FETCHES>>,
    get: Reg<Bits<FETCHES>>,
    place: Reg<bool>,

    state: Reg<SqState>,
    event: RegNr<SqEvent>,
    conn: RegNr<Bits<CONN>>,
    upper: RegNr<bool>,
    gen: RegNr<Bits<8>>,
    pi: RegNr<Bits<16>>,
    page: RegNr<Bits<20>>,
    qpn: RegNr<Bits<20>>,
    n_freed: RegNr<Bits<3>>,
    ring: RegNr<Ring>,
    at: RegNr<RingAt>,
    named: RegNr<bool>,
    same_gen: RegNr<bool>,
    ahead: RegNr<Bits<16>>,
    used: RegNr<Bits<16>>,
    avail: RegNr<Bits<16>>,
    spare: RegNr<Bits<17>>,
    n_avail: RegNr<Bits<3>>,
    n_room: RegNr<Bits<3>>,
    n_end: RegNr<Bits<3>>,
    n: RegNr<Bits<3>>,
    new_at: RegNr<RingAt>,
    mask: Signal<Local, Bits<16>>,
    to_end: Signal<Local, Bits<16>>,
    room: Signal<Local, Bits<16>>,
    take: Signal<Local, bool>,
    fetches: Signal<Local, bool>,
    /// A fetch goes before the next doorbell.
    turn: Reg<bool>,
    wants: Signal<Local, bool>,
    write_at: Signal<Local, RingAt>,
    write_ring: Signal<Local, Ring>,
    name: Signal<Local, RingName>,
    fetch: Signal<Local, Fetch>,
    req: Signal<Local, RdReq>,
    issue: Signal<Local, bool>,
    draining: Reg<bool>,
    drain: RegNr<Bits<CONN>>,
    pending: Signal<Local, bool>,
    done: Reg<bool>,
    ignored: Reg<bool>,
    unused_room: Signal<Local, Bits<8>>,
    unused_full: Signal<Local, bool>,
    unused_tag: Signal<Local, Bits<10>>,
    no_data: Constant<Bits<D>>,
    no_keep: Constant<Bits<K>>,
    no_ring: Constant<Ring>,
    no_at: Constant<RingAt>,
    none: Constant<Bits<TAG>>,
    read_class: Constant<Bits<3>>,
    slots: Constant<Bits<16>>,
    conn_mask: Constant<Bits<20>>,
    above: Constant<Bits<20>>,
    _n: usize,
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Sq<D, K, LK, C> {
    pub fn new(cfg: &WorkCfg) -> Self {
        let conn_mask = (1u64 << cfg.conn_bits) - 1;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            ready: Default::default(),
            cmd_tvalid: Default::default(),
            cmd_tready: Default::default(),
            cmd_remove: Default::default(),
            cmd_conn: Default::default(),
            cmd_gen: Default::default(),
            cmd_base: Default::default(),
            cmd_log: Default::default(),
            cmd_page: Default::default(),
            cmd_func: Default::default(),
            cmd_qpn: Default::default(),
            cmd_done: Default::default(),
            db_tvalid: Default::default(),
            db_tready: Default::default(),
            db_page: Default::default(),
            db_pi: Default::default(),
            db_qpn: Default::default(),
            freed_tvalid: Default::default(),
            freed_tready: Default::default(),
            freed_conn: Default::default(),
            freed_gen: Default::default(),
            freed_n: Default::default(),
            dma_rd_req_tvalid: Default::default(),
            dma_rd_req_tready: Default::default(),
            dma_rd_req: Default::default(),
            dma_rd_cpl_tvalid: Default::default(),
            dma_rd_cpl_tready: Default::default(),
            dma_rd_cpl_tdata: Default::default(),
            dma_rd_cpl_tkeep: Default::default(),
            dma_rd_cpl_tag: Default::default(),
            dma_rd_cpl_end_of_tag: Default::default(),
            dma_rd_cpl_status: Default::default(),
            wqe_tvalid: Default::default(),
            wqe_tready: Default::default(),
            wqe: Default::default(),
            slot_we: Default::default(),
            slot_addr: Default::default(),
            slot_row: Default::default(),
            count_doorbell: Default::default(),
            count_bad: Default::default(),
            clear: RamClear::new(cfg.conn_bits),
            rings: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            names: Ram::new(cfg.conn_bits, 2),
            ats: Ram::new(cfg.conn_bits, 2).collisions_undefined(),
            work: Fifo::sized(cfg.conn_bits),
            requests: Default::default(),
            land: ReadLand::new(FETCHES + 8, FETCHES),
            parse: SqParse::new(cfg),
            infos: Default::default(),
            busy: (0..N_FETCH).map(|_| Reg::default()).collect(),
            ended: (0..N_FETCH).map(|_| Reg::default()).collect(),
            failed: (0..N_FETCH).map(|_| RegNr::default()).collect(),
            conns: (0..N_FETCH).map(|_| RegNr::default()).collect(),
            put: Default::default(),
            get: Default::default(),
            place: Default::default(),
            state: Reg::new(SqState::Idle),
            event: Default::default(),
            conn: Default::default(),
            upper: Default::default(),
            gen: Default::default(),
            pi: Default::default(),
            page: Default::default(),
            qpn: Default::default(),
            n_freed: Default::default(),
            ring: Default::default(),
            at: Default::default(),
            named: Default::default(),
            same_gen: Default::default(),
            ahead: Default::default(),
            used: Default::default(),
            avail: Default::default(),
            spare: Default::default(),
            n_avail: Default::default(),
            n_room: Default::default(),
            n_end: Default::default(),
            n: Default::default(),
            new_at: Default::default(),
            mask: Default::default(),
            to_end: Default::default(),
            room: Default::default(),
            take: Default::default(),
            fetches: Default::default(),
            turn: Default::default(),
            wants: Default::default(),
            write_at: Default::default(),
            write_ring: Default::default(),
            name: Default::default(),
            fetch: Default::default(),
            req: Default::default(),
            issue: Default::default(),
            draining: Default::default(),
            drain: Default::default(),
            pending: Default::default(),
            done: Default::default(),
            ignored: Default::default(),
            unused_room: Default::default(),
            unused_full: Default::default(),
            unused_tag: Default::default(),
            no_data: Constant::new(0u64.to_bits()),
            no_keep: Constant::new(0u64.to_bits()),
            no_ring: Constant::new(Ring::default()),
            no_at: Constant::new(RingAt::default()),
            none: Constant::new(0u64.to_bits()),
            read_class: Constant::new(CLASS.to_bits()),
            slots: Constant::new((1u64 << cfg.slot_bits).to_bits()),
            conn_mask: Constant::new(conn_mask.to_bits()),
            above: Constant::new((0xf_ffff & !conn_mask).to_bits()),
            _n: N_FETCH,
        }
    }
}

impl<const D: usize, const K: usize, const LK: usize, const C: usize> Logic for Sq<D, K, LK, C> {
    #[hdl_gen]
    fn update(&mut self) {
        self.ready.next = self.clear.done.val();
        self.cmd_tready.next = false;
        self.db_tready.next = false;
        self.freed_tready.next = false;
        self.ignored.d.next = false;
        self.count_doorbell.next = self.ignored.q.val();
        self.count_bad.next = self.parse.count_bad.val();
        self.unused_room.next = self.work.room.val() ^ self.requests.room.val();
        self.unused_full.next = self.work.full.val();

        // One event after the other: command, freed, doorbell, fetch; a fetch at the latest behind one of the others.
        // What was asked for in this cycle is not seen yet.
        self.place.d.next = (self.requests.room.val() >= 2)
            & !((self.state.q.val() == SqState::Write) & (self.event.q.val() == SqEvent::Work));
        for i in 0..self._n {
            if self.put.q.val() == i.to_bits::<FETCHES>() {
                if self.busy[i].q.val() {
                    self.place.d.next = false;
                }
            }
        }
        self.take.next = (self.state.q.val() == SqState::Idle) & self.clear.done.val();
        self.work.pop.next = false;
        self.fetches.next = self.work.valid.val() & self.place.q.val();
        if self.take.val() {
            self.event.d.next = SqEvent::Work;
            self.conn.d.next = self.work.dout.val();
            self.upper.d.next = false;
            self.gen.d.next = self.freed_gen.val();
            self.n_freed.d.next = self.freed_n.val();
            self.pi.d.next = self.db_pi.val();
            self.page.d.next = self.db_page.val();
            self.qpn.d.next = self.db_qpn.val();
            if self.cmd_tvalid.val() & !self.draining.q.val() {
                self.event.d.next = SqEvent::Command;
                self.conn.d.next = self.cmd_conn.val().get_bits::<CONN>(0);
                self.upper.d.next = (self.cmd_conn.val() & self.above.val()).any();
                self.gen.d.next = self.cmd_gen.val();
                self.state.d.next = SqState::Read;
            } else {
                if self.freed_tvalid.val() & !(self.fetches.val() & self.turn.q.val()) {
                    self.event.d.next = SqEvent::Freed;
                    self.conn.d.next = self.freed_conn.val().get_bits::<CONN>(0);
                    self.upper.d.next = (self.freed_conn.val() & self.above.val()).any();
                    self.freed_tready.next = true;
                    self.state.d.next = SqState::Read;
                } else {
                    if self.db_tvalid.val() & !(self.fetches.val() & self.turn.q.val()) {
                        self.event.d.next = SqEvent::Bell;
                        self.conn.d.next =
                            (self.db_qpn.val() & self.conn_mask.val()).get_bits::<CONN>(0);
                        self.db_tready.next = true;
                        self.state.d.next = SqState::Read;
                    } else {
                        if self.fetches.val() {
                            self.work.pop.next = true;
                            self.state.d.next = SqState::Read;
                        }
                    }
                }
            }
        }
        self.rings.raddr.next = self.conn.q.val();
        self.ats.raddr.next = self.conn.q.val();
        self.names.raddr.next = self.parse.head_conn.val();

        // What it finds.
        self.mask.next = !(bits::<16>(0xffff) << self.ring.q.val().log);
        self.to_end.next = self.mask.val() - (self.at.q.val().fetched & self.mask.val());
        self.room.next = self.slots.val() - self.used.q.val();
        self.write_ring.next.valid = !self.cmd_remove.val();
        self.write_ring.next.gen = self.cmd_gen.val();
        self.write_ring.next.base = self.cmd_base.val();
        self.write_ring.next.log = self.cmd_log.val();
        self.write_ring.next.page = self.cmd_page.val();
        self.write_ring.next.func = self.cmd_func.val();
        self.write_ring.next.qpn = self.cmd_qpn.val();
        self.rings.we.next = false;
        self.rings.waddr.next = self.conn.q.val();
        self.ats.we.next = false;
        self.ats.waddr.next = self.conn.q.val();
        self.work.push.next = false;
        self.work.din.next = self.conn.q.val();
        self.issue.next = false;
        self.parse.fresh_valid.next = false;
        self.parse.fresh_conn.next = self.conn.q.val();
        self.done.d.next = false;
        self.write_at.next = self.new_at.q.val();
        self.wants.next = (self.ring.q.val().valid & !self.upper.q.val())
            & ((self.new_at.q.val().pi != self.new_at.q.val().fetched)
                & ((self.new_at.q.val().fetched - self.new_at.q.val().freed) != self.slots.val()));
        match self.state.q.val() {
            SqState::Idle => {}
            SqState::Read => {
                self.state.d.next = SqState::Wait;
            }
            SqState::Wait => {
                self.state.d.next = SqState::Have;
            }
            SqState::Have => {
                self.ring.d.next = self.rings.rdata.val();
                self.at.d.next = self.ats.rdata.val();
                self.named.d.next = (self.rings.rdata.val().page == self.page.q.val())
                    & (self.rings.rdata.val().qpn == self.qpn.q.val());
                self.same_gen.d.next = self.rings.rdata.val().gen == self.gen.q.val();
                self.ahead.d.next = self.pi.q.val() - self.ats.rdata.val().fetched;
                self.used.d.next = self.ats.rdata.val().fetched - self.ats.rdata.val().freed;
                self.avail.d.next = self.ats.rdata.val().pi - self.ats.rdata.val().fetched;
                self.state.d.next = SqState::Act;
            }
            SqState::Act => {
                self.turn.d.next = self.event.q.val() != SqEvent::Work;
                self.spare.d.next = (bits::<17>(1) << self.ring.q.val().log)
                    - bit_cast::<17, 16>(self.used.q.val());
                self.n_avail.d.next = 4.into();
                if self.avail.q.val() < 4 {
                    self.n_avail.d.next = self.avail.q.val().get_bits::<3>(0);
                }
                self.n_room.d.next = 4.into();
                if self.room.val() < 4 {
                    self.n_room.d.next = self.room.val().get_bits::<3>(0);
                }
                self.n_end.d.next = 4.into();
                if self.to_end.val() < 4 {
                    self.n_end.d.next = self.to_end.val().get_bits::<3>(0) + 1;
                }
                self.state.d.next = SqState::Move;
            }
            SqState::Move => {
                self.n.d.next = self.n_avail.q.val();
                if (self.n_room.q.val() <= self.n_avail.q.val())
                    & (self.n_room.q.val() <= self.n_end.q.val())
                {
                    self.n.d.next = self.n_room.q.val();
                }
                if (self.n_end.q.val() <= self.n_avail.q.val())
                    & (self.n_end.q.val() <= self.n_room.q.val())
                {
                    self.n.d.next = self.n_end.q.val();
                }
                self.new_at.d.next = self.at.q.val();
                match self.event.q.val() {
                    SqEvent::Command => {
                        self.new_at.d.next = self.no_at.val();
                        self.new_at.d.next.queued = self.at.q.val().queued;
                    }
                    SqEvent::Freed => {
                        if self.same_gen.q.val() & self.ring.q.val().valid {
                            self.new_at.d.next.freed =
                                self.at.q.val().freed + bit_cast::<16, 3>(self.n_freed.q.val());
                        }
                    }
                    SqEvent::Bell => {
                        if (self.named.q.val() & self.ring.q.val().valid)
                            & (bit_cast::<17, 16>(self.ahead.q.val()) <= self.spare.q.val())
                        {
                            self.new_at.d.next.pi = self.pi.q.val();
                        } else {
                            self.ignored.d.next = true;
                        }
                    }
                    _ => {
                        self.new_at.d.next.queued = false;
                    }
                }
                self.state.d.next = SqState::Write;
            }
            _ => {
                // A fetch, now that it is known how much.
                if self.event.q.val() == SqEvent::Work {
                    self.write_at.next.fetched =
                        self.at.q.val().fetched + bit_cast::<16, 3>(self.n.q.val());
                    self.issue.next = self.ring.q.val().valid & self.n.q.val().any();
                    if !self.ring.q.val().valid {
                        self.write_at.next.fetched = self.at.q.val().fetched;
                    }
                    // Its next turn, if there may be more to do.
                    if (self.n.q.val() != self.n_avail.q.val()) | (self.n.q.val() == 4) {
                        if self.issue.val() {
                            self.write_at.next.queued = true;
                            self.work.push.next = true;
                        }
                    }
                } else {
                    if self.wants.val() & !self.new_at.q.val().queued {
                        if self.event.q.val() != SqEvent::Command {
                            self.write_at.next.queued = true;
                            self.work.push.next = true;
                        }
                    }
                }
                self.ats.we.next = true;
                self.state.d.next = SqState::Idle;
                if self.event.q.val() == SqEvent::Command {
                    self.rings.we.next = !self.upper.q.val();
                    self.ats.we.next = !self.upper.q.val();
                    self.parse.fresh_valid.next = !self.cmd_remove.val() & !self.upper.q.val();
                    if (!self.parse.fresh_ready.val() & !self.cmd_remove.val())
                        & !self.upper.q.val()
                    {
                        self.state.d.next = SqState::Write;
                    } else {
                        self.cmd_tready.next = true;
                        self.done.d.next = !self.cmd_remove.val();
                        self.draining.d.next = self.cmd_remove.val();
                        self.drain.d.next = self.conn.q.val();
                    }
                }
            }
        }
        if self.clear.active.val() {
            self.rings.we.next = true;
            self.rings.waddr.next = self.clear.addr.val();
            self.write_ring.next = self.no_ring.val();
            self.ats.we.next = true;
            self.ats.waddr.next = self.clear.addr.val();
            self.write_at.next = self.no_at.val();
        }
        self.rings.wdata.next = self.write_ring.val();
        self.name.next.valid = self.write_ring.val().valid;
        self.name.next.gen = self.write_ring.val().gen;
        self.name.next.qpn = self.write_ring.val().qpn;
        self.names.we.next = self.rings.we.val();
        self.names.waddr.next = self.rings.waddr.val();
        self.names.wdata.next = self.name.val();
        self.ats.wdata.next = self.write_at.val();

        // The read.
        self.fetch.next.conn = self.conn.q.val();
        self.fetch.next.gen = self.ring.q.val().gen;
        self.fetch.next.idx = self.at.q.val().fetched;
        self.fetch.next.n = self.n.q.val();
        self.infos.we.next = self.issue.val();
        self.infos.waddr.next = self.put.q.val();
        self.infos.wdata.next = self.fetch.val();
        self.land.open.next = self.issue.val();
        self.land.open_tag.next = bit_cast::<TAG, FETCHES>(self.put.q.val());
        self.land.open_at.next = bit_cast::<AT, FETCHES>(self.put.q.val()) << 8;
        self.req.next.addr = self.ring.q.val().base
            + (bit_cast::<64, 16>(self.at.q.val().fetched & self.mask.val()) << 6);
        self.req.next.len = bit_cast::<17, 3>(self.n.q.val()) << 6;
        self.req.next.tag = bit_cast::<10, FETCHES>(self.put.q.val());
        self.req.next.conn = bit_cast::<SEAM_CONN, CONN>(self.conn.q.val());
        self.req.next.gen = self.ring.q.val().gen;
        self.req.next.func = self.ring.q.val().func;
        self.req.next.class = self.read_class.val();
        self.requests.din.next = self.req.val();
        self.requests.push.next = self.issue.val();
        self.dma_rd_req_tvalid.next = self.requests.valid.val();
        self.dma_rd_req.next = self.requests.dout.val();
        self.requests.pop.next = self.requests.valid.val() & self.dma_rd_req_tready.val();
        if self.issue.val() {
            self.put.d.next = self.put.q.val() + 1;
        }

        // What comes back.
        self.unused_tag.next = self.dma_rd_cpl_tag.val();
        self.land.cpl_tvalid.next = self.dma_rd_cpl_tvalid.val();
        self.dma_rd_cpl_tready.next = self.land.cpl_tready.val();
        self.land.cpl_tdata.next = self.dma_rd_cpl_tdata.val();
        self.land.cpl_tkeep.next = self.dma_rd_cpl_tkeep.val();
        self.land.cpl_tag.next = bit_cast::<TAG, 10>(self.dma_rd_cpl_tag.val());
        self.land.cpl_end_of_tag.next = self.dma_rd_cpl_end_of_tag.val();
        self.land.cpl_status.next = self.dma_rd_cpl_status.val();
        self.land.own_valid.next = false;
        self.land.own_data.next = self.no_data.val();
        self.land.own_keep.next = self.no_keep.val();
        self.land.own_tag.next = self.none.val();
        self.land.own_end.next = false;
        self.infos.raddr.next = self.get.q.val();
        self.parse.info.next = self.infos.rdata.val();
        self.parse.slot.next = self.get.q.val();
        self.parse.full.next = false;
        self.parse.bad.next = false;
        self.pending.next = false;
        for i in 0..self._n {
            if self.busy[i].q.val() & (self.conns[i].q.val() == self.drain.q.val()) {
                self.pending.next = true;
            }
            if self.issue.val() & (self.put.q.val() == i.to_bits::<FETCHES>()) {
                self.busy[i].d.next = true;
                self.conns[i].d.next = self.conn.q.val();
            }
            if self.land.full.val() & (self.land.full_tag.val() == i.to_bits::<TAG>()) {
                self.ended[i].d.next = true;
                self.failed[i].d.next = self.land.full_bad.val();
            }
            if self.get.q.val() == i.to_bits::<FETCHES>() {
                self.parse.full.next = self.ended[i].q.val();
                self.parse.bad.next = self.failed[i].q.val();
                if self.parse.taken.val() {
                    self.busy[i].d.next = false;
                    self.ended[i].d.next = false;
                }
            }
        }
        if self.parse.taken.val() {
            self.get.d.next = self.get.q.val() + 1;
        }
        if self.draining.q.val() & !self.pending.val() {
            self.draining.d.next = false;
            self.done.d.next = true;
        }
        self.cmd_done.next = self.done.q.val();
        self.parse.data.next = self.land.data.val();
        self.land.row.next = self.parse.row.val();
        self.parse.head.next = self.names.rdata.val();
        self.wqe_tvalid.next = self.parse.wqe_tvalid.val();
        self.wqe.next = self.parse.wqe.val();
        self.parse.wqe_tready.next = self.wqe_tready.val();
        self.slot_we.next = self.parse.slot_we.val();
        self.slot_addr.next = self.parse.slot_addr.val();
        self.slot_row.next = self.parse.slot_row.val();
    }
}
