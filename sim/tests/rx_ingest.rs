use ferrowarp_hdl::emit::emit;
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::rx::ingest::Ingest;

fn cfg(max_frame: usize) -> Cfg {
    Cfg {
        latency: 2,
        stage_bits: 8,
        slot_bits: 4,
        pool_bits: 8,
        blk_bits: 2,
        conn_bits: 4,
        bucket_bits: 4,
        tpt_set_bits: 4,
        rq_bits: 2,
        ord_bits: 2,
        max_frame,
        max_fpdu: 4096,
        window: 16,
    }
}

fn verilog<const D: usize, const K: usize, const LK: usize>() -> String {
    let block = Box::new(Ingest::<D, K, LK>::new(&cfg(400)));
    emit(&*block, "ingest").unwrap_or_else(|e| panic!("{e}")).verilog
}

#[test]
fn all_widths_are_emitted_and_clean() {
    for (width, text) in [
        (64, verilog::<64, 8, 3>()),
        (128, verilog::<128, 16, 4>()),
        (256, verilog::<256, 32, 5>()),
        (512, verilog::<512, 64, 6>()),
    ] {
        ferrowarp_sim::lint(&text, "ingest", &[]).unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}
