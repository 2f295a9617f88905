//! Entries of rings to the DMA write port: a request and a packet each, in order.
//!
//! | port | | |
//! |---|---|---|
//! | `body_push body` | in | an entry's words, its phase bit 0 |
//! | `fate_push fate` | in | later, in the same order: where it goes, or that it falls away; or that a command is done |
//! | `bodies fates` | out | free places |
//! | `wr_req_*`, `wr_data_*` | out stream | address, octets, function; the packet, packed from lane 0, the phase bit in its last bit |
//! | `cmd_done` | out | pulse: everything in front of the command has gone |
//!
//! Latency: request 1 cycle behind `fate_push`, data a cycle behind the request. An entry takes a cycle more than it has beats.
//! Back-pressure: both `tready`; the pusher looks at the free places. Depth: 16, what the events in flight may push and some for a DMA port that stalls.

use crate::prim::reg::Reg;
use crate::prim::Fifo;
use rust_hdl::prelude::*;

/// What becomes of an event behind the decision.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Fate {
    pub put: bool,
    /// Has a body that nobody takes.
    pub drop: bool,
    /// Is a command.
    pub command: bool,
    pub addr: Bits<64>,
    pub func: Bits<8>,
    pub phase: bool,
}

/// `E` bits an entry, `D` bits and `K` octets a beat.
#[derive(LogicBlock)]
pub struct RingOut<const E: usize, const D: usize, const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub body_push: Signal<In, bool>,
    pub body: Signal<In, Bits<E>>,
    pub fate_push: Signal<In, bool>,
    pub fate: Signal<In, Fate>,
    pub bodies: Signal<Out, Bits<8>>,
    pub fates: Signal<Out, Bits<8>>,
    pub wr_req_tvalid: Signal<Out, bool>,
    pub wr_req_tready: Signal<In, bool>,
    pub wr_req_addr: Signal<Out, Bits<64>>,
    pub wr_req_len: Signal<Out, Bits<17>>,
    pub wr_req_func: Signal<Out, Bits<8>>,
    pub wr_data_tvalid: Signal<Out, bool>,
    pub wr_data_tready: Signal<In, bool>,
    pub wr_data_tdata: Signal<Out, Bits<D>>,
    pub wr_data_tkeep: Signal<Out, Bits<K>>,
    pub wr_data_tlast: Signal<Out, bool>,
    pub cmd_done: Signal<Out, bool>,
    body_fifo: Fifo<Bits<E>, 4>,
    fate_fifo: Fifo<Fate, 4>,
    /// Of the oldest entry: the request was taken, beats that were.
    asked: Reg<bool>,
    beat: Reg<Bits<2>>,
    oldest: Signal<Local, Fate>,
    entry: Signal<Local, Bits<E>>,
    unused_part: Signal<Local, Bits<E>>,
    sends: Signal<Local, bool>,
    moves: Signal<Local, bool>,
    ends: Signal<Local, bool>,
    gone: Signal<Local, bool>,
    phase_at: Constant<Bits<9>>,
    beat_shift: Constant<Bits<4>>,
    last_beat: Constant<Bits<2>>,
    octets: Constant<Bits<17>>,
    lanes: Constant<Bits<K>>,
}

impl<const E: usize, const D: usize, const K: usize> RingOut<E, D, K> {
    const OK: () = assert!(
        K * 8 == D && (E == 128 || E == 256) && D >= 64,
        "RingOut: K = D/8, E is 128 or 256"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        let lanes = (E / 8).min(K);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            body_push: Default::default(),
            body: Default::default(),
            fate_push: Default::default(),
            fate: Default::default(),
            bodies: Default::default(),
            fates: Default::default(),
            wr_req_tvalid: Default::default(),
            wr_req_tready: Default::default(),
            wr_req_addr: Default::default(),
            wr_req_len: Default::default(),
            wr_req_func: Default::default(),
            wr_data_tvalid: Default::default(),
            wr_data_tready: Default::default(),
            wr_data_tdata: Default::default(),
            wr_data_tkeep: Default::default(),
            wr_data_tlast: Default::default(),
            cmd_done: Default::default(),
            body_fifo: Default::default(),
            fate_fifo: Default::default(),
            asked: Default::default(),
            beat: Default::default(),
            oldest: Default::default(),
            entry: Default::default(),
            unused_part: Default::default(),
            sends: Default::default(),
            moves: Default::default(),
            ends: Default::default(),
            gone: Default::default(),
            phase_at: Constant::new((E as u64 - 1).to_bits()),
            beat_shift: Constant::new(u64::from(D.ilog2()).to_bits()),
            last_beat: Constant::new((E.div_ceil(D) as u64 - 1).to_bits()),
            octets: Constant::new((E as u64 / 8).to_bits()),
            lanes: Constant::new((u64::MAX >> (64 - lanes)).to_bits()),
        }
    }
}

impl<const E: usize, const D: usize, const K: usize> Default for RingOut<E, D, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const E: usize, const D: usize, const K: usize> Logic for RingOut<E, D, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.body_fifo.push.next = self.body_push.val();
        self.body_fifo.din.next = self.body.val();
        self.fate_fifo.push.next = self.fate_push.val();
        self.fate_fifo.din.next = self.fate.val();
        self.bodies.next = self.body_fifo.room.val();
        self.fates.next = self.fate_fifo.room.val();

        self.oldest.next = self.fate_fifo.dout.val();
        self.sends.next = self.fate_fifo.valid.val() & self.oldest.val().put;
        self.wr_req_tvalid.next = self.sends.val() & !self.asked.q.val();
        self.wr_req_addr.next = self.oldest.val().addr;
        self.wr_req_len.next = self.octets.val();
        self.wr_req_func.next = self.oldest.val().func;
        self.entry.next = self.body_fifo.dout.val()
            | (bit_cast::<E, 1>(self.oldest.val().phase.into()) << self.phase_at.val());
        self.unused_part.next =
            self.entry.val() >> (bit_cast::<9, 2>(self.beat.q.val()) << self.beat_shift.val());
        self.wr_data_tvalid.next = self.sends.val() & self.asked.q.val();
        self.wr_data_tdata.next = bit_cast::<D, E>(self.unused_part.val());
        self.wr_data_tkeep.next = self.lanes.val();
        self.ends.next = self.beat.q.val() == self.last_beat.val();
        self.wr_data_tlast.next = self.ends.val();
        self.moves.next = self.sends.val() & self.asked.q.val() & self.wr_data_tready.val();
        if self.sends.val() & self.wr_req_tready.val() {
            self.asked.d.next = true;
        }
        if self.moves.val() {
            self.beat.d.next = self.beat.q.val() + 1;
            if self.ends.val() {
                self.beat.d.next = 0.into();
                self.asked.d.next = false;
            }
        }
        self.gone.next = (self.moves.val() & self.ends.val())
            | (self.fate_fifo.valid.val() & self.oldest.val().drop);
        self.body_fifo.pop.next = self.gone.val();
        self.cmd_done.next = self.fate_fifo.valid.val() & self.oldest.val().command;
        self.fate_fifo.pop.next = self.gone.val() | self.cmd_done.val();
    }
}
