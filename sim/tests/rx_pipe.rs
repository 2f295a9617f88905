//! The decision pipeline emits and lints.
use ferrowarp_hdl::emit::emit;
use ferrowarp_hdl::rx::pipe::Pipe;

#[test]
fn pipe_lints() {
    let out = emit(&Pipe::new(3, 4), "pipe").unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(std::env::temp_dir().join("pipe.v"), &out.verilog).unwrap();
    ferrowarp_sim::lint(&out.verilog, "pipe", &[]).unwrap();
}

#[test]
fn deliver_lints() {
    let out = emit(
        &ferrowarp_hdl::rx::deliver::Deliver::<64, 8, 3, 4>::new(4),
        "deliver",
    )
    .unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(std::env::temp_dir().join("deliver.v"), &out.verilog).unwrap();
    ferrowarp_sim::lint(&out.verilog, "deliver", &[]).unwrap();
    let out = emit(
        &ferrowarp_hdl::rx::deliver::Deliver::<512, 64, 6, 7>::new(4),
        "deliver",
    )
    .unwrap_or_else(|e| panic!("{e}"));
    ferrowarp_sim::lint(&out.verilog, "deliver", &[]).unwrap();
}
