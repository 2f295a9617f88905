//! The primitives as a kernel uses them: children by name, clock and reset wired by the emitter, outputs left unread,
//! arrays of ports, struct payloads. The block counts octets of one field in a RAM that is cleared after reset.

use crate::bench::{Cases, Dut, Header, FIELDS};
use ferrowarp_hdl::emit::emit;
use ferrowarp_hdl::prim::*;
use ferrowarp_sim::ModelBuilder;
use rust_hdl::prelude::*;

/// What travels through the FIFO.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
struct Item {
    proto: Bits<8>,
    last: bool,
}

#[derive(LogicBlock, Default)]
struct Tally {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub en: Signal<In, bool>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub data: Signal<In, Bits<64>>,
    pub last: Signal<In, bool>,
    pub ask: Signal<In, Bits<8>>,
    pub count: Signal<Out, Bits<16>>,
    pub idle: Signal<Out, bool>,
    pub nibbles: Signal<Out, Bits<8>>,
    capture: Capture,
    ended: Reg<bool>,
    fifo: Fifo<Item, 2>,
    item: Signal<Local, Item>,
    read: FwdRam<Bits<16>, 8>,
    clear: RamClear<8>,
    pack: Pack<2, 4, 8>,
    busy: Reg<bool>,
    at: Reg<Bits<8>>,
}

/// [`FieldCapture`] with the table filled in, so that it has a `Default`.
#[derive(LogicBlock)]
struct Capture {
    pub clock: Signal<In, Clock>,
    pub en: Signal<In, bool>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub data: Signal<In, Bits<64>>,
    pub proto: Signal<Out, Bits<8>>,
    fields: FieldCapture<Header, 64>,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            en: Default::default(),
            beat: Default::default(),
            data: Default::default(),
            proto: Default::default(),
            fields: FieldCapture::new(FIELDS),
        }
    }
}

impl Logic for Capture {
    #[hdl_gen]
    fn update(&mut self) {
        self.fields.en.next = self.en.val();
        self.fields.beat.next = self.beat.val();
        self.fields.data.next = self.data.val();
        self.fields.moved.next = false;
        self.proto.next = self.fields.hdr.val().proto;
    }
}

impl Logic for Tally {
    #[hdl_gen]
    fn update(&mut self) {
        self.capture.en.next = self.en.val();
        self.capture.beat.next = self.beat.val();
        self.capture.data.next = self.data.val();
        self.ended.d.next = self.en.val() & self.last.val();

        self.item.next.proto = self.capture.proto.val();
        self.item.next.last = self.ended.q.val();
        self.fifo.din.next = self.item.val();
        self.fifo.push.next = self.ended.q.val();

        // One item takes two cycles: read, then write the sum back.
        self.fifo.pop.next = false;
        self.busy.d.next = false;
        self.at.d.next = self.fifo.dout.val().proto;
        self.read.we.next = false;
        self.read.waddr.next = self.at.q.val();
        self.read.wdata.next = self.read.rdata.val() + 1;
        self.read.raddr.next = self.ask.val();
        if self.clear.active.val() {
            self.read.we.next = true;
            self.read.waddr.next = self.clear.addr.val();
            self.read.wdata.next = 0.into();
        } else if self.busy.q.val() {
            self.read.we.next = true;
        } else if self.fifo.valid.val() & self.fifo.dout.val().last {
            self.fifo.pop.next = true;
            self.read.raddr.next = self.fifo.dout.val().proto;
            self.busy.d.next = true;
        }
        self.count.next = self.read.rdata.val();
        self.idle.next = !(self.busy.q.val() | (self.fifo.valid.val() | self.clear.active.val()));

        self.pack.din[0].next = self.at.q.val().get_bits::<4>(4);
        self.pack.din[1].next = self.at.q.val().get_bits::<4>(0);
        self.nibbles.next = self.pack.dout.val();
    }
}

#[test]
fn a_kernel_counts_fields() {
    let mut c = Cases::new("kernel::a_kernel_counts_fields");
    let out = emit(&Tally::default(), "tally").unwrap_or_else(|e| panic!("{e}"));
    let lib = ModelBuilder::new(&out.verilog, "tally")
        .build()
        .expect("builds");
    let mut dut = Dut::new(&lib, c.seed);
    dut.reset();
    let mut counts = [0u128; 256];
    for _ in 0..300 {
        dut.settle();
        dut.posedge();
    }
    for _ in 0..200 {
        let mut frame = c.bytes(32);
        frame[23] &= 7; // few values, so that they repeat
        counts[frame[23] as usize] += 1;
        for (i, beat) in frame.chunks(8).enumerate() {
            dut.set("en", 1);
            dut.set("beat", i as u128);
            dut.set_bytes("data", beat);
            dut.set("last", u128::from(i == 3));
            dut.settle();
            dut.posedge();
        }
    }
    dut.set("en", 0);
    for _ in 0..20 {
        dut.settle();
        dut.posedge();
    }
    for (ask, want) in counts.iter().enumerate() {
        dut.set("ask", ask as u128);
        dut.settle();
        assert!(dut.bit("idle"));
        dut.posedge();
        dut.settle();
        assert_eq!(dut.get("count"), *want, "proto {ask}");
    }
}
