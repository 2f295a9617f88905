//! What a model does when the Verilog complains, never settles, or reads state that nobody wrote;
//! waves; watchdog.

use ferrowarp_sim::{ModelBuilder, SimError};

const CHECKED: &str = r#"
module checked(input wire clock, input wire reset, input wire [7:0] a, output reg [7:0] n);
  always @(posedge clock) begin
    if (reset) n <= 8'd0; else n <= n + 8'd1;
    if (!reset) begin
      assert (a != 8'd7) else $error("a is %0d", a);
      assert (a != 8'd8);
      if (a == 8'd9) $fatal(1, "nine");
      if (a == 8'd10) $display("ten at n=%0d", n);
      if (a == 8'd11) $finish;
      if (a == 8'd12) $stop;
    end
  end
endmodule
"#;

#[test]
fn assertions_become_errors_with_cycle_and_text() -> Result<(), SimError> {
    let mut dut = ModelBuilder::new(CHECKED, "checked").build()?.instance();
    let a = dut.input("a")?;
    dut.reset(3)?;
    dut.tick()?;
    let mut fire = |value| {
        dut.set_u64(a, value);
        let cycle = dut.cycle();
        let result = dut.tick();
        dut.set_u64(a, 0);
        (cycle, result)
    };
    let expected = [
        (7, "checked.v:6: Assertion failed in TOP.checked: a is 7"),
        (8, "checked.v:7: Assertion failed in TOP.checked"),
        (9, "nine"),
        (12, "checked.v:11: $stop"),
    ];
    for (value, words) in expected {
        let (at, result) = fire(value);
        match result {
            Err(SimError::Assertion { cycle, text }) => {
                assert_eq!(cycle, at);
                assert!(text.contains(words), "{text}");
                assert_eq!(text.lines().count(), 1, "{text}");
            }
            other => panic!("a = {value}: {other:?}"),
        }
    }
    assert!(matches!(fire(11).1, Err(SimError::Finished { .. })));
    // A failed assertion does not stop the model: the test bench decides.
    assert!(fire(0).1.is_ok());
    Ok(())
}

#[test]
fn display_is_kept_for_the_test_bench() -> Result<(), SimError> {
    let mut dut = ModelBuilder::new(CHECKED, "checked").build()?.instance();
    let a = dut.input("a")?;
    dut.reset(1)?;
    dut.set_u64(a, 10);
    dut.tick()?;
    dut.tick()?;
    assert_eq!(dut.take_output(), "ten at n=0\nten at n=1\n");
    assert_eq!(dut.take_output(), "");
    dut.set_u64(a, 7);
    assert!(dut.tick().is_err());
    assert_eq!(dut.take_output(), "", "the error text is in the error only");
    Ok(())
}

#[test]
fn a_combinational_loop_is_an_error_not_an_abort() -> Result<(), SimError> {
    let text = "module ring(input wire clock, input wire go, output wire q);
      wire a; assign a = ~(a & go); assign q = a ^ clock; endmodule";
    // The loop is the point of this test.
    let lib = ModelBuilder::new(text, "ring")
        .waive(&["UNOPTFLAT"])
        .build()?;
    let mut dut = lib.instance();
    let go = dut.input("go")?;
    dut.tick()?;
    dut.set_u64(go, 1);
    match dut.settle() {
        Err(SimError::Aborted { cycle: 1, text }) => assert!(text.contains("converge"), "{text}"),
        other => panic!("{other:?}"),
    }
    dut.set_u64(go, 0);
    assert!(matches!(dut.settle(), Err(SimError::Aborted { .. })));
    drop(dut);
    lib.instance().tick()
}

const RAM: &str = "
module ram(input wire clock, input wire we, input wire [7:0] address, input wire [71:0] d, output reg [71:0] q, output reg [15:0] never);
  reg [71:0] memory [0:255];
  always @(posedge clock) begin
    if (we) memory[address] <= d;
    q <= memory[address];
    if (we & ~we) never <= 16'd0;
  end
endmodule";

#[test]
fn unwritten_state_is_random_and_follows_the_seed() -> Result<(), SimError> {
    let lib = ModelBuilder::new(RAM, "ram").build()?;
    let contents = |seed| -> Result<Vec<u128>, SimError> {
        let mut dut = lib.instance_seeded(seed);
        let (address, q) = (dut.input("address")?, dut.output("q")?);
        let mut all = vec![u128::from(dut.get_u64(dut.output("never")?))];
        for i in 0..256 {
            dut.set_u64(address, i);
            dut.tick()?;
            all.push(dut.get_u128(q));
        }
        Ok(all)
    };
    let one = contents(1)?;
    assert_eq!(one, contents(1)?);
    let distinct: std::collections::BTreeSet<_> = one[1..].iter().collect();
    assert!(distinct.len() > 250, "random words, not zeros");
    for other in [0, 2, 1 << 31, 1 << 40, u64::MAX] {
        assert_ne!(one, contents(other)?, "seed {other}");
    }
    // The same seed in other threads at the same time.
    let same = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..8).all(|_| contents(1).is_ok_and(|c| c == one))))
            .collect();
        jobs.into_iter().all(|j| j.join().is_ok_and(|ok| ok))
    });
    assert!(same);
    Ok(())
}

#[test]
fn an_instance_moves_between_threads() -> Result<(), SimError> {
    let lib = ModelBuilder::new(CHECKED, "checked").build()?;
    let mut dut = lib.instance();
    dut.reset(1)?;
    let moved = std::thread::spawn(move || -> Result<u64, SimError> {
        dut.tick()?;
        let a = dut.input("a")?;
        dut.set_u64(a, 7);
        assert!(matches!(dut.tick(), Err(SimError::Assertion { .. })));
        Ok(dut.get_u64(dut.output("n")?))
    });
    assert_eq!(moved.join().expect("thread")?, 2);
    Ok(())
}

#[test]
fn the_watchdog_names_what_never_came() -> Result<(), SimError> {
    let mut dut = ModelBuilder::new(CHECKED, "checked").build()?.instance();
    let n = dut.output("n")?;
    dut.reset(1)?;
    assert_eq!(dut.run_until(100, "n = 5", |m| m.get_u64(n) == 5)?, 5);
    let error = dut
        .run_until(20, "n = 300", |m| m.get_u64(n) == 300)
        .expect_err("never");
    assert_eq!(error.to_string(), "no progress after 20 cycles: n = 300");
    Ok(())
}

#[test]
fn wave_covers_every_cycle_in_picoseconds() -> Result<(), SimError> {
    let plain = ModelBuilder::new(CHECKED, "checked");
    let dir = ModelBuilder::default_cache_dir().join("test-waves");
    let path = dir.join(format!("checked.{}.fst", std::process::id()));
    let mut dut = plain.build()?.instance();
    let refused = dut.open_wave(&path, 8000);
    assert!(matches!(refused, Err(SimError::NoTrace { .. })));

    let mut dut = plain.trace(true).build()?.instance();
    dut.open_wave(&path, 8000)?;
    dut.reset(2)?;
    for _ in 0..98 {
        dut.tick()?;
    }
    drop(dut);
    let fst = std::fs::read(&path).expect("wave file");
    // Header block: kind 0, length 329, then first and last time, big endian.
    let word = |at: usize| u64::from_be_bytes(fst[at..at + 8].try_into().expect("8 bytes"));
    assert_eq!((fst[0], word(1)), (0, 329));
    assert_eq!((word(9), word(17)), (0, 99 * 8000 + 4000));
    assert_eq!(fst[73] as i8, -12, "timescale is 1 ps");
    std::fs::remove_file(&path).expect("remove");
    Ok(())
}

#[test]
fn a_wave_that_cannot_be_written_is_an_error() -> Result<(), SimError> {
    let lib = ModelBuilder::new(CHECKED, "checked").trace(true).build()?;
    let error = lib.instance().open_wave("/proc/none/a.fst", 8000);
    assert!(matches!(error, Err(SimError::Io { .. })), "{error:?}");
    let error = lib.instance().open_wave("a.fst", 0);
    assert!(matches!(error, Err(SimError::Argument(_))), "{error:?}");
    Ok(())
}

#[test]
fn wrong_names_and_directions_are_named() -> Result<(), SimError> {
    let dut = ModelBuilder::new(CHECKED, "checked").build()?.instance();
    let error = dut.port("b").expect_err("no such port").to_string();
    assert_eq!(
        error,
        "module `checked` has no port `b`; it has: clock, reset, a, n"
    );
    assert!(matches!(dut.input("n"), Err(SimError::PortShape { .. })));
    assert!(matches!(dut.output("a"), Err(SimError::PortShape { .. })));
    Ok(())
}
