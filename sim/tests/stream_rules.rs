//! The stream rules that the emitter puts into every module fire when a stream is rude, and only then.

use ferrowarp_hdl::emit::emit;
use ferrowarp_sim::{Model, ModelBuilder, SimError};
use rust_hdl::prelude::*;

/// Shows what the bench tells it to, right or wrong.
#[derive(LogicBlock, Default)]
struct Talker {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub say: Signal<In, bool>,
    pub what: Signal<In, Bits<8>>,
    pub out_valid: Signal<Out, bool>,
    pub out_ready: Signal<In, bool>,
    pub out_data: Signal<Out, Bits<8>>,
    unused: Signal<Local, bool>,
}

impl Logic for Talker {
    #[hdl_gen]
    fn update(&mut self) {
        self.out_valid.next = self.say.val();
        self.out_data.next = self.what.val();
        self.unused.next = self.out_ready.val();
    }
}

fn talker() -> Model {
    let text = emit(&Talker::default(), "talker").unwrap_or_else(|e| panic!("{e}"));
    let lib = ModelBuilder::new(&text.verilog, "talker")
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    let mut dut = lib.instance();
    dut.reset(2).unwrap_or_else(|e| panic!("{e}"));
    dut
}

/// A cycle with these inputs: `say`, `what`, `out_ready`.
fn cycle(dut: &mut Model, say: bool, what: u64, ready: bool) -> Result<(), SimError> {
    for (name, value) in [
        ("say", say.into()),
        ("what", what),
        ("out_ready", ready.into()),
    ] {
        let id = dut.input(name)?;
        dut.set_u64(id, value);
    }
    dut.tick()
}

#[test]
fn a_polite_stream_is_let_through() -> Result<(), SimError> {
    let mut dut = talker();
    for (say, what, ready) in [
        (false, 1, false),
        (true, 2, false),
        (true, 2, true),
        (true, 3, true),
        (false, 4, true),
        (true, 5, false),
        (true, 5, true),
    ] {
        cycle(&mut dut, say, what, ready)?;
    }
    Ok(())
}

#[test]
fn a_rude_stream_is_an_error() -> Result<(), SimError> {
    for (second, words) in [
        ((false, 2), "out_valid drops before out_ready"),
        ((true, 3), "what out_valid offers changes before out_ready"),
    ] {
        let mut dut = talker();
        cycle(&mut dut, true, 2, false)?;
        match cycle(&mut dut, second.0, second.1, false) {
            Err(SimError::Assertion { text, .. }) => assert!(text.contains(words), "{text}"),
            other => panic!("{words}: {other:?}"),
        }
    }
    Ok(())
}
