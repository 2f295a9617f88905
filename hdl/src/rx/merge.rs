//! Merge of the MAC stream and the host's inject stream in front of the receive path, whole frames only.
//!
//! | port | | |
//! |---|---|---|
//! | `mac_rx_*`  | in  | AXI4-Stream without ready; `tuser` at `tlast`: bad frame; `tkeep` full but in the last beat |
//! | `inject_*`  | in  | the same with `tready` |
//! | `go`        | in  | the receive path would take a frame now: an injected frame is never dropped for want of room |
//! | `out_*`     | out | the merged stream, no ready |
//! | `hold`      | out | what is on `out_*` is the first beat of an injected frame: it counts only with `go`; a register's output |
//! | `drop_merge`| out | pulse: a MAC frame was cut or lost because the FIFO was full |
//! | `idle`      | out | nothing in hand |
//!
//! Latency 0 in the normal case: MAC beats pass combinationally (Direct). When the MAC is between frames and sends
//! nothing this cycle, a waiting injected frame is let in from the next cycle on until its `tlast` (Inject); MAC beats that
//! come meanwhile go to a FIFO, and on through it until it is empty (Drain), then Direct again. Injected frames get nothing
//! while a MAC frame is open or the FIFO drains. If `go` is gone when the frame should begin, the MAC has its turn first.
//! What selects the source of `out_*` is a register: neither `go` nor a `tvalid` stands in front of data or `out_tvalid`.
//! Back-pressure: none to the MAC. A full FIFO ends the MAC frame under way with `tuser` and swallows its rest.
//! Depth: one frame of the greatest length and 16 beats, rounded up: what the MAC can send during an injected frame that
//! comes without pauses.

use crate::prim::{FwdRam, Reg, RegNr};
use rust_hdl::prelude::*;

/// Width of a FIFO address: 2^13 beats of 8 octets are 64 KiB.
const ADDR: usize = 13;
/// Width of a count of FIFO entries.
const COUNT: usize = ADDR + 1;

/// Who feeds the receive path.
#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Feed {
    Direct,
    Inject,
    Drain,
}

/// FIFO of beats in block RAM: a beat pushed in cycle t can be popped in t + 1. Block RAM answers too late for what
/// follows, so the oldest beat waits in an output register. Depth is 2^addr_bits, the register included.
#[derive(LogicBlock)]
pub struct BeatFifo<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub push: Signal<In, bool>,
    pub in_data: Signal<In, Bits<D>>,
    pub in_keep: Signal<In, Bits<K>>,
    pub in_last: Signal<In, bool>,
    pub in_user: Signal<In, bool>,
    pub pop: Signal<In, bool>,
    pub out_data: Signal<Out, Bits<D>>,
    pub out_keep: Signal<Out, Bits<K>>,
    pub out_last: Signal<Out, bool>,
    pub out_user: Signal<Out, bool>,
    pub valid: Signal<Out, bool>,
    /// No entry free.
    pub full: Signal<Out, bool>,
    /// One entry free.
    pub one_left: Signal<Out, bool>,
    /// One entry used.
    pub one: Signal<Out, bool>,
    data: FwdRam<Bits<D>, ADDR>,
    keep: FwdRam<Bits<K>, ADDR>,
    flag: FwdRam<Bits<2>, ADDR>,
    wp: Reg<Bits<ADDR>>,
    rp: Reg<Bits<ADDR>>,
    count: Reg<Bits<COUNT>>,
    /// Entries in the RAM, without the output register.
    stored: Reg<Bits<COUNT>>,
    held: Reg<bool>,
    head_data: RegNr<Bits<D>>,
    head_keep: RegNr<Bits<K>>,
    head_flag: RegNr<Bits<2>>,
    load: Signal<Local, bool>,
    fetch: Signal<Local, bool>,
    store: Signal<Local, bool>,
    in_flag: Signal<Local, Bits<2>>,
    rp_next: Signal<Local, Bits<ADDR>>,
    depth: Constant<Bits<COUNT>>,
    depth_less_1: Constant<Bits<COUNT>>,
}

impl<const D: usize, const K: usize> BeatFifo<D, K> {
    /// A FIFO of `2^addr_bits` beats.
    pub fn new(addr_bits: usize) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            push: Default::default(),
            in_data: Default::default(),
            in_keep: Default::default(),
            in_last: Default::default(),
            in_user: Default::default(),
            pop: Default::default(),
            out_data: Default::default(),
            out_keep: Default::default(),
            out_last: Default::default(),
            out_user: Default::default(),
            valid: Default::default(),
            full: Default::default(),
            one_left: Default::default(),
            one: Default::default(),
            data: FwdRam::new(addr_bits),
            keep: FwdRam::new(addr_bits),
            flag: FwdRam::new(addr_bits),
            wp: Default::default(),
            rp: Default::default(),
            count: Default::default(),
            stored: Default::default(),
            held: Default::default(),
            head_data: Default::default(),
            head_keep: Default::default(),
            head_flag: Default::default(),
            load: Default::default(),
            fetch: Default::default(),
            store: Default::default(),
            in_flag: Default::default(),
            rp_next: Default::default(),
            depth: Constant::new((1u64 << addr_bits).to_bits()),
            depth_less_1: Constant::new(((1u64 << addr_bits) - 1).to_bits()),
        }
    }
}

impl<const D: usize, const K: usize> Logic for BeatFifo<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.load.next = !self.held.q.val() | self.pop.val();
        self.fetch.next = self.load.val() & self.stored.q.val().any();
        // into the empty FIFO: past the RAM
        self.store.next = self.push.val() & (!self.load.val() | self.fetch.val());
        self.data.we.next = self.store.val();
        self.keep.we.next = self.store.val();
        self.flag.we.next = self.store.val();
        self.data.waddr.next = self.wp.q.val();
        self.keep.waddr.next = self.wp.q.val();
        self.flag.waddr.next = self.wp.q.val();
        self.data.wdata.next = self.in_data.val();
        self.keep.wdata.next = self.in_keep.val();
        self.in_flag.next = (bit_cast::<2, 1>(self.in_user.val().into()) << 1)
            | bit_cast::<2, 1>(self.in_last.val().into());
        self.flag.wdata.next = self.in_flag.val();

        if self.load.val() {
            self.held.d.next = self.fetch.val() | self.push.val();
            self.head_data.d.next = self.in_data.val();
            self.head_keep.d.next = self.in_keep.val();
            self.head_flag.d.next = self.in_flag.val();
            if self.stored.q.val().any() {
                self.head_data.d.next = self.data.rdata.val();
                self.head_keep.d.next = self.keep.rdata.val();
                self.head_flag.d.next = self.flag.rdata.val();
            }
        }
        if self.store.val() & !self.fetch.val() {
            self.stored.d.next = self.stored.q.val() + 1;
        }
        if self.fetch.val() & !self.store.val() {
            self.stored.d.next = self.stored.q.val() - 1;
        }
        self.rp_next.next = self.rp.q.val();
        if self.fetch.val() {
            self.rp_next.next = self.rp.q.val() + 1;
        }
        self.rp.d.next = self.rp_next.val();
        if self.store.val() {
            self.wp.d.next = self.wp.q.val() + 1;
        }
        if self.push.val() & !self.pop.val() {
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.pop.val() & !self.push.val() {
            self.count.d.next = self.count.q.val() - 1;
        }
        self.data.raddr.next = self.rp_next.val();
        self.keep.raddr.next = self.rp_next.val();
        self.flag.raddr.next = self.rp_next.val();

        self.out_data.next = self.head_data.q.val();
        self.out_keep.next = self.head_keep.q.val();
        self.out_last.next = self.head_flag.q.val().get_bit(0);
        self.out_user.next = self.head_flag.q.val().get_bit(1);
        self.valid.next = self.held.q.val();
        self.one.next = self.count.q.val() == 1;
        self.full.next = self.count.q.val() == self.depth.val();
        self.one_left.next = self.count.q.val() == self.depth_less_1.val();
    }
}

/// The merge.
#[derive(LogicBlock)]
pub struct Merge<const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub mac_rx_tdata: Signal<In, Bits<D>>,
    pub mac_rx_tkeep: Signal<In, Bits<K>>,
    pub mac_rx_tvalid: Signal<In, bool>,
    pub mac_rx_tlast: Signal<In, bool>,
    pub mac_rx_tuser: Signal<In, bool>,
    pub inject_tdata: Signal<In, Bits<D>>,
    pub inject_tkeep: Signal<In, Bits<K>>,
    pub inject_tvalid: Signal<In, bool>,
    pub inject_tready: Signal<Out, bool>,
    pub inject_tlast: Signal<In, bool>,
    pub inject_tuser: Signal<In, bool>,
    pub go: Signal<In, bool>,
    pub out_tdata: Signal<Out, Bits<D>>,
    pub out_tkeep: Signal<Out, Bits<K>>,
    pub out_tvalid: Signal<Out, bool>,
    pub out_tlast: Signal<Out, bool>,
    pub out_tuser: Signal<Out, bool>,
    pub hold: Signal<Out, bool>,
    pub drop_merge: Signal<Out, bool>,
    pub idle: Signal<Out, bool>,
    fifo: BeatFifo<D, K>,
    feed: Reg<Feed>,
    /// The injected frame's first beat has been taken.
    begun: Reg<bool>,
    /// A MAC frame is open on the port.
    open: Reg<bool>,
    /// The rest of the MAC frame on the port is thrown away.
    swallow: Reg<bool>,
    dropped: Reg<bool>,
    mac_valid: Signal<Local, bool>,
    push: Signal<Local, bool>,
    want: Signal<Local, bool>,
    cut: Signal<Local, bool>,
    ready: Signal<Local, bool>,
    take: Signal<Local, bool>,
    /// The injected frame goes on.
    stay: Signal<Local, bool>,
}

impl<const D: usize, const K: usize> Merge<D, K> {
    /// A merge for frames of up to `max_frame` octets.
    pub fn new(max_frame: usize) -> Self {
        let beats = max_frame.div_ceil(K) + 16;
        let addr_bits = beats.next_power_of_two().ilog2() as usize;
        assert!(
            addr_bits <= ADDR,
            "merge: max_frame {max_frame} needs {beats} beats, the FIFO can have {}",
            1 << ADDR
        );
        Self {
            clock: Default::default(),
            reset: Default::default(),
            mac_rx_tdata: Default::default(),
            mac_rx_tkeep: Default::default(),
            mac_rx_tvalid: Default::default(),
            mac_rx_tlast: Default::default(),
            mac_rx_tuser: Default::default(),
            inject_tdata: Default::default(),
            inject_tkeep: Default::default(),
            inject_tvalid: Default::default(),
            inject_tready: Default::default(),
            inject_tlast: Default::default(),
            inject_tuser: Default::default(),
            go: Default::default(),
            out_tdata: Default::default(),
            out_tkeep: Default::default(),
            out_tvalid: Default::default(),
            out_tlast: Default::default(),
            out_tuser: Default::default(),
            hold: Default::default(),
            drop_merge: Default::default(),
            idle: Default::default(),
            fifo: BeatFifo::new(addr_bits),
            feed: Reg::new(Feed::Direct),
            begun: Default::default(),
            open: Default::default(),
            swallow: Default::default(),
            dropped: Default::default(),
            mac_valid: Default::default(),
            push: Default::default(),
            want: Default::default(),
            cut: Default::default(),
            ready: Default::default(),
            take: Default::default(),
            stay: Default::default(),
        }
    }
}

impl<const D: usize, const K: usize> Logic for Merge<D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.mac_valid.next = self.mac_rx_tvalid.val() & !self.swallow.q.val();
        if self.mac_rx_tvalid.val() {
            self.open.d.next = !self.mac_rx_tlast.val();
        }

        // MAC beats that cannot pass. `full` is only met by the first beat of a frame: the last entry always ends one.
        self.want.next = (self.feed.q.val() != Feed::Direct) & self.mac_valid.val();
        self.push.next = self.want.val() & !self.fifo.full.val();
        self.cut.next = self.want.val() & self.fifo.one_left.val() & !self.mac_rx_tlast.val();
        self.fifo.push.next = self.push.val();
        self.fifo.in_data.next = self.mac_rx_tdata.val();
        self.fifo.in_keep.next = self.mac_rx_tkeep.val();
        self.fifo.in_last.next = self.mac_rx_tlast.val() | self.cut.val();
        self.fifo.in_user.next = self.mac_rx_tuser.val() | self.cut.val();
        self.dropped.d.next = self.cut.val() | (self.want.val() & self.fifo.full.val());
        if self.mac_rx_tvalid.val() & self.mac_rx_tlast.val() {
            self.swallow.d.next = false;
        } else {
            if self.cut.val() | (self.want.val() & self.fifo.full.val()) {
                self.swallow.d.next = true;
            }
        }
        self.drop_merge.next = self.dropped.q.val();

        self.out_tdata.next = self.mac_rx_tdata.val();
        self.out_tkeep.next = self.mac_rx_tkeep.val();
        self.out_tlast.next = self.mac_rx_tlast.val();
        self.out_tuser.next = self.mac_rx_tuser.val();
        self.out_tvalid.next = false;
        self.fifo.pop.next = false;
        self.hold.next = (self.feed.q.val() == Feed::Inject) & !self.begun.q.val();
        self.ready.next =
            (self.feed.q.val() == Feed::Inject) & (self.begun.q.val() | self.go.val());
        self.take.next = self.inject_tvalid.val() & self.ready.val();
        self.stay.next =
            (self.take.val() | self.begun.q.val()) & !(self.take.val() & self.inject_tlast.val());
        self.begun.d.next = self.stay.val();
        match self.feed.q.val() {
            Feed::Direct => {
                self.out_tvalid.next = self.mac_valid.val();
                if !self.open.q.val()
                    & !self.mac_rx_tvalid.val()
                    & self.inject_tvalid.val()
                    & self.go.val()
                {
                    self.feed.d.next = Feed::Inject;
                }
            }
            Feed::Inject => {
                self.out_tdata.next = self.inject_tdata.val();
                self.out_tkeep.next = self.inject_tkeep.val();
                self.out_tlast.next = self.inject_tlast.val();
                self.out_tuser.next = self.inject_tuser.val();
                self.out_tvalid.next = self.inject_tvalid.val();
                if !self.stay.val() {
                    self.feed.d.next = Feed::Direct;
                    if self.fifo.valid.val() | self.push.val() {
                        self.feed.d.next = Feed::Drain;
                    }
                }
            }
            Feed::Drain => {
                self.out_tdata.next = self.fifo.out_data.val();
                self.out_tkeep.next = self.fifo.out_keep.val();
                self.out_tlast.next = self.fifo.out_last.val();
                self.out_tuser.next = self.fifo.out_user.val();
                self.out_tvalid.next = self.fifo.valid.val();
                self.fifo.pop.next = self.fifo.valid.val();
                if (self.fifo.one.val() | !self.fifo.valid.val()) & !self.push.val() {
                    self.feed.d.next = Feed::Direct;
                }
            }
        }
        self.inject_tready.next = self.ready.val();
        self.idle.next = (self.feed.q.val() == Feed::Direct) & !self.open.q.val();
    }
}
