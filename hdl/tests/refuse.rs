//! Everything that the emitter refuses, with the message that says how to put it right.
#[path = "designs/bad.rs"]
#[allow(dead_code)]
mod bad;
#[path = "designs/stream.rs"]
#[allow(dead_code)]
mod stream;

use ferrowarp_hdl::emit::{emit, EmitErrors, Problem};
use rust_hdl::prelude::*;

fn errors<B: Block + Default>() -> EmitErrors {
    match emit(&B::default(), "top") {
        Err(errors) => errors,
        Ok(out) => panic!("accepted:\n{}", out.verilog),
    }
}

/// The block is refused, for this and nothing else.
#[track_caller]
fn only<B: Block + Default>(wanted: Problem) {
    let found: Vec<Problem> = errors::<B>().0.into_iter().map(|e| e.problem).collect();
    assert_eq!(found, [wanted]);
}

fn s(text: &str) -> String {
    text.to_string()
}

#[test]
fn names() {
    only::<bad::ConstGeneric>(Problem::UnknownName(s("SIZE")));
    only::<bad::NestedRead>(Problem::NestedField(s("h.val().inner.x")));
    only::<bad::NestedWrite>(Problem::NestedField(s("g.next.inner.x")));
    only::<bad::Collision>(Problem::NameCollision(s("rx.tdata"), s("rx_tdata")));
    only::<bad::LoopVariable>(Problem::NameCollision(s("i"), s("loop variable i")));
    only::<bad::KeywordPort>(Problem::Keyword(s("always")));
    only::<bad::TwoEnums>(Problem::AmbiguousLabel(s("Two_A")));
    only::<bad::RunTimeIndex>(Problem::IndexNotConstant(s("v[en.val()asusize]")));
}

#[test]
fn drivers() {
    let found: Vec<_> = errors::<bad::NotDriven>()
        .0
        .into_iter()
        .map(|e| e.problem)
        .collect();
    assert_eq!(
        found,
        [Problem::NotDriven(s("o")), Problem::NotDriven(s("x_a"))]
    );
    only::<bad::TwoDrivers>(Problem::DrivenTwice(s("x_a")));
    only::<bad::LinkTwice>(Problem::DrivenTwice(s("x_a")));
    only::<bad::ConditionalLink>(Problem::ConditionalLink(s("x_a")));
    let found: Vec<_> = errors::<bad::DrivesInput>()
        .0
        .into_iter()
        .map(|e| e.problem)
        .collect();
    assert_eq!(
        found,
        [
            Problem::MustNotDrive(s("a")),
            Problem::MustNotDrive(s("x_o"))
        ]
    );
    only::<bad::DeadRegister>(Problem::NotDriven(s("r_d")));
    only::<bad::NoKernel>(Problem::NoLogic);
    only::<bad::TextWithoutOutput>(Problem::TextWithoutPort(s("out")));
    let found: Vec<_> = errors::<bad::NoClock>()
        .0
        .into_iter()
        .map(|e| e.problem)
        .collect();
    let missing = |port| Problem::NoClockOrReset {
        child: s("r"),
        port: s(port),
    };
    assert_eq!(found, [missing("clock"), missing("reset")]);
}

#[test]
fn custom_text() {
    let found = |hdl| {
        emit(&bad::Text::new(hdl), "top")
            .map_err(|e| e.0[0].problem.clone())
            .map(|_| ())
    };
    let wrapper = |code: &str| {
        Verilog::Wrapper(Wrapper {
            code: code.into(),
            cores: String::new(),
        })
    };
    assert_eq!(found(wrapper("assign {out} = {a};")), Ok(()));
    let text = emit(&bad::Text::new(wrapper("assign {out} = &{8{a}};")), "top")
        .unwrap()
        .verilog;
    assert!(
        text.contains("assign out = &{8{a}};"),
        "a replication is no placeholder: {text}"
    );
    assert_eq!(
        found(wrapper("assign {out} = {bus.a};")),
        Err(Problem::TextUnknownPort(s("bus.a")))
    );
    assert_eq!(found(Verilog::Custom(s("always @* out = a;"))), Ok(()));
    assert_eq!(
        found(Verilog::Custom(s("assign out = a;"))),
        Err(Problem::AssignInCustom(s("out")))
    );
}

#[test]
fn latches() {
    only::<bad::Latch>(Problem::Latch(s("o")));
    only::<bad::LatchInMatch>(Problem::Latch(s("o")));
    only::<bad::LatchField>(Problem::Latch(s("g")));
}

#[test]
fn order_of_reads_and_writes() {
    only::<bad::ReadFirst>(Problem::WrittenAfterRead(s("l")));
    only::<bad::TestFirst>(Problem::WrittenAfterRead(s("l")));
    only::<bad::Rewritten>(Problem::WrittenAfterRead(s("l")));
    only::<bad::ReadsItself>(Problem::ReadBeforeWrite(s("l")));
    only::<bad::ReadsItselfSliced>(Problem::ReadBeforeWrite(s("l")));
}

#[test]
fn loops() {
    only::<bad::LoopInside>(Problem::CombLoop(s("x_a <- y_o <- y_a <- x_o <- x_a")));
    only::<bad::LoopOutside>(Problem::CombLoop(s("x_o <- x_a <- x_o")));
}

#[test]
fn widths() {
    only::<bad::WrappedWidth>(Problem::WidthMismatch {
        left: s("wide"),
        left_bits: 9,
        right: s("a + 8'h1"),
        right_bits: 8,
    });
    only::<bad::LiteralTooWide>(Problem::LiteralTooWide {
        value: s("100"),
        bits: 8,
    });
    only::<bad::SliceTooFar>(Problem::OutOfRange {
        name: s("a"),
        low: 8,
        width: 1,
        bits: 8,
    });
    only::<bad::NoBits>(Problem::ZeroWidth(s("single")));
}

#[test]
fn a_message_names_the_module_the_signal_and_the_fix() {
    let text = errors::<bad::Latch>().to_string();
    assert!(
        text.contains("top: `o` is a latch: assign a default before the first `if` or `match`"),
        "{text}"
    );
    assert!(
        emit(&bad::Inverter::default(), "module").is_err(),
        "a keyword as the name of the top"
    );
}

#[test]
fn a_problem_of_a_child_carries_its_path() {
    #[derive(LogicBlock, Default)]
    struct Parent {
        child: [bad::Latch; 2],
    }
    impl Logic for Parent {
        fn update(&mut self) {}
    }
    let paths: Vec<_> = errors::<Parent>().0.into_iter().map(|e| e.module).collect();
    assert!(paths.contains(&s("top.child[1]")), "{paths:?}");
}
