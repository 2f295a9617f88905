//! The emitter: whole designs against golden text and under Verilator's lint.
#[path = "designs/stream.rs"]
mod stream;
#[path = "support/mod.rs"]
mod support;

use support::{golden, lint};

#[test]
fn stream_64_is_golden_and_clean() {
    let out = ferrowarp_hdl::emit::emit(&stream::Top::<64, 8, 3>::default(), "stream").unwrap();
    golden("stream_64", &out.verilog);
    lint(&out);
}

#[test]
fn stream_512_is_clean() {
    let out = ferrowarp_hdl::emit::emit(&stream::Top::<512, 64, 6>::default(), "stream").unwrap();
    lint(&out);
    assert_eq!(
        out.modules.len(),
        4,
        "top, parser, skid, rotator: the parsers and skids are shared"
    );
}
