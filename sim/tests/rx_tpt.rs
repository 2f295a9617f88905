#[test]
fn lint() {
    let cfg = ferrowarp_hdl::rx::cfg::Cfg { latency: 2, stage_bits: 9, slot_bits: 4, pool_bits: 9, blk_bits: 3, conn_bits: 6, bucket_bits: 4, tpt_set_bits: 3, rq_bits: 3, ord_bits: 3, max_frame: 1522, max_fpdu: 12288, window: 16 };
    let e = ferrowarp_hdl::emit::emit(&ferrowarp_hdl::rx::tpt::Tpt::new(&cfg), "rx_tpt").unwrap_or_else(|e| panic!("{e}"));
    std::fs::write("/tmp/tpt.v", &e.verilog).unwrap();
    let e2 = ferrowarp_hdl::emit::emit(&ferrowarp_hdl::rx::lookup::Lookup::new(&cfg), "rx_lookup").unwrap_or_else(|e| panic!("{e}"));
    std::fs::write("/tmp/lookup.v", &e2.verilog).unwrap();
    ferrowarp_sim::lint(&e.verilog, "rx_tpt", &[]).unwrap_or_else(|e| panic!("{e}"));
    ferrowarp_sim::lint(&e2.verilog, "rx_lookup", &[]).unwrap_or_else(|e| panic!("{e}"));
}
