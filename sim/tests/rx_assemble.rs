//! Assembler test (first: lint)
use ferrowarp_hdl::emit::emit;
use ferrowarp_hdl::rx::{assemble::Assembler, cfg::Cfg};
use ferrowarp_sim::lint;

fn cfg() -> Cfg {
    Cfg { latency: 2, stage_bits: 8, slot_bits: 6, pool_bits: 12, blk_bits: 3, conn_bits: 4, bucket_bits: 4,
        tpt_set_bits: 4, rq_bits: 4, ord_bits: 2, max_frame: 9018, max_fpdu: 12288, window: 16 }
}

#[test]
fn lints() {
    let mut c = cfg();
    let e = |r: Result<ferrowarp_hdl::emit::Emitted, ferrowarp_hdl::emit::EmitErrors>, n: &str| {
        let v = r.unwrap_or_else(|e| panic!("{e}")).verilog;
        std::fs::write(format!("/tmp/asm_{n}.v"), &v).unwrap();
        lint(&v, "assembler", &[]).unwrap_or_else(|e| panic!("{n}: {e}"));
    };
    e(emit(&Assembler::<64, 8, 3>::new(&c), "assembler"), "64");
    e(emit(&Assembler::<128, 16, 4>::new(&c), "assembler"), "128");
    c.latency = 3;
    e(emit(&Assembler::<256, 32, 5>::new(&c), "assembler"), "256");
    e(emit(&Assembler::<512, 64, 6>::new(&c), "assembler"), "512");
}
