//! The cache, parallel builds, missing tools, lint.

use ferrowarp_sim::{lint, ModelBuilder, ModelLib, SimError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A text of its own for each test and run, so that the cache can't hold it.
fn fresh_text(salt: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_nanos());
    format!("// {salt} {now}\nmodule fresh(input wire clock, input wire [63:0] a, output reg [63:0] q); always @(posedge clock) q <= a; endmodule\n")
}

/// Keeps unique test models from piling up in the cache.
fn forget(lib: &ModelLib) {
    let _ = std::fs::remove_dir_all(lib.dir());
    let _ = std::fs::remove_file(lib.dir().with_extension("lock"));
}

/// A folder of its own beside the real cache, removed on drop.
struct Scratch(PathBuf);
impl Scratch {
    fn new(name: &str) -> Self {
        let dir = format!("test-{name}-{}", std::process::id());
        Scratch(ModelBuilder::default_cache_dir().join(dir))
    }
}
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_second_build_is_a_cache_hit_in_milliseconds() -> Result<(), SimError> {
    let builder = ModelBuilder::new(&fresh_text("hit"), "fresh");
    builder.build()?;
    let start = Instant::now();
    let lib = builder.build()?;
    let taken = start.elapsed();
    assert!(taken < Duration::from_millis(100), "{taken:?}");
    lib.instance().tick()?;
    assert!(lib.dir().join("fresh.v").is_file());
    forget(&lib);
    Ok(())
}

#[test]
fn parallel_builds_of_one_text_agree() -> Result<(), SimError> {
    let builder = ModelBuilder::new(&fresh_text("parallel"), "fresh");
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| builder.build().and_then(|lib| lib.instance().tick())))
            .collect();
        jobs.into_iter()
            .try_for_each(|j| j.join().expect("builder thread"))
    })?;
    forget(&builder.build()?);
    Ok(())
}

#[test]
fn two_texts_two_models() -> Result<(), SimError> {
    let text = fresh_text("two");
    let one = ModelBuilder::new(&text, "fresh").build()?;
    let inverted = text.replace("q <= a", "q <= ~a");
    let two = ModelBuilder::new(&inverted, "fresh").build()?;
    forget(&one);
    forget(&two);
    let (mut one, mut two) = (one.instance(), two.instance());
    one.tick()?;
    two.tick()?;
    let q = one.output("q")?;
    assert_eq!((one.get_u64(q), two.get_u64(q)), (0, u64::MAX));
    Ok(())
}

#[test]
fn an_empty_cache_builds_its_own_runtime() -> Result<(), SimError> {
    let scratch = Scratch::new("runtime");
    let text = fresh_text("runtime");
    let lib = ModelBuilder::new(&text, "fresh")
        .cache_dir(&scratch.0)
        .build()?;
    lib.instance().tick()
}

#[test]
fn a_missing_verilator_names_make_setup() {
    let error = ModelBuilder::new(&fresh_text("missing"), "fresh")
        .tools("/nonexistent/verilator", "g++")
        .expect_err("not there");
    let text = error.to_string();
    assert!(matches!(
        error,
        SimError::ToolMissing {
            tool: "verilator",
            ..
        }
    ));
    assert!(text.contains("make setup"), "{text}");
    let error = ModelBuilder::new("", "fresh").tools("verilator", "/nonexistent/c++");
    assert!(matches!(
        error,
        Err(SimError::ToolMissing {
            tool: "C++ compiler",
            ..
        })
    ));
}

#[test]
fn a_cache_folder_that_cannot_be_made_is_an_error() {
    let error = ModelBuilder::new(&fresh_text("unwritable"), "fresh")
        .cache_dir("/proc/none")
        .build()
        .expect_err("not writable");
    assert!(error.to_string().contains("FERROWARP_CACHE"), "{error}");
}

#[test]
fn bad_arguments_are_errors() {
    let text = fresh_text("arguments");
    let build = |b: ModelBuilder| b.build().map(|_| ());
    for bad in [
        build(ModelBuilder::new(&text, "fresh").threads(0)),
        build(ModelBuilder::new(&text, "fresh").waive(&["-o x"])),
        build(ModelBuilder::new(&text, "")),
        build(ModelBuilder::new(&text, "../fresh")),
    ] {
        assert!(matches!(bad, Err(SimError::Argument(_))), "{bad:?}");
    }
    let wrong_top = build(ModelBuilder::new(&text, "other"));
    assert!(
        matches!(wrong_top, Err(SimError::Verilog { .. })),
        "{wrong_top:?}"
    );
    let inout = "module pad(inout wire p, input wire a); assign p = a; endmodule";
    let inout = build(ModelBuilder::new(inout, "pad"));
    assert!(inout.expect_err("inout").to_string().contains("inout"));
}

#[test]
fn lint_finds_widths_latches_and_unused() -> Result<(), SimError> {
    let head = "module l(input wire [3:0] a, input wire [3:0] b, output reg [3:0] q);";
    let good = format!("{head} always @(*) q = a + b; endmodule");
    lint(&good, "l", &[])?;
    let latch = format!("{head} always @(*) if (a[0]) q = b; endmodule");
    let width = format!("{head} wire [7:0] s = a; always @(*) q = s[3:0] & b; endmodule");
    for (text, word) in [(&latch, "LATCH"), (&width, "WIDTH")] {
        let error = lint(text, "l", &["UNUSEDSIGNAL"]).expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
    }
    let unused = format!("{head} always @(*) q = a; endmodule");
    assert!(lint(&unused, "l", &[]).is_err());
    lint(&unused, "l", &["UNUSEDSIGNAL"])
}

#[test]
fn two_threads_give_the_same_answer() -> Result<(), SimError> {
    let text = fresh_text("threads");
    let mut dut = ModelBuilder::new(&text, "fresh")
        .threads(2)
        .build()?
        .instance();
    let (a, q) = (dut.input("a")?, dut.output("q")?);
    for i in 0..100 {
        dut.set_u64(a, i);
        dut.tick()?;
        assert_eq!(dut.get_u64(q), i);
    }
    Ok(())
}
