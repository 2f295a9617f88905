use ferrowarp_hdl::rx::{cfg::Cfg, queues::Queues,command::Command,counters::Counters};
#[test]
fn lint() {
    let cfg = Cfg { latency: 2, stage_bits: 9, slot_bits: 4, pool_bits: 9, blk_bits: 3, conn_bits: 6, bucket_bits: 4, tpt_set_bits: 3, rq_bits: 3, ord_bits: 2, max_frame: 1522, max_fpdu: 12288, window: 16 };
    let mut ok = true;
    let mut f = |e: Result<ferrowarp_hdl::emit::Emitted, ferrowarp_hdl::emit::EmitErrors>, n: &str| match e {
        Ok(e) => if let Err(x) = ferrowarp_sim::lint(&e.verilog, n, &[]) { println!("{x}"); ok = false; },
        Err(x) => { println!("{x}"); ok = false; }
    };
    f(ferrowarp_hdl::emit::emit(&Queues::new(&cfg), "queues"), "queues");
    f(ferrowarp_hdl::emit::emit(&Command::new(&cfg), "command"), "command");
    f(ferrowarp_hdl::emit::emit(&Counters::new(&cfg, 64), "counters"), "counters");
    assert!(ok);
}
