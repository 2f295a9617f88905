//! The emitter on whole designs: golden text, lint, names, sharing, and behaviour at 64 and 512 bits.
#[path = "designs/stream.rs"]
mod stream;
#[path = "support/mod.rs"]
mod support;
#[path = "designs/traps.rs"]
#[allow(dead_code)]
mod traps;

use ferrowarp_hdl::emit::{emit, Dir, Emitted, FieldInfo};
use rust_hdl::prelude::*;
use support::bench::Bench;
use support::{golden, lint};

#[test]
fn stream_64_is_golden() {
    let out = emit(&stream::Top::<64, 8, 3>::default(), "stream").unwrap();
    golden("stream_64", &out.verilog);
    let again = emit(&stream::Top::<64, 8, 3>::default(), "stream").unwrap();
    assert_eq!(
        out.verilog, again.verilog,
        "the text is the same on every run"
    );
}

#[test]
fn stream_64_behaves() {
    stream_behaves::<8>(&emit(&stream::Top::<64, 8, 3>::default(), "stream").unwrap());
}

#[test]
fn stream_512_behaves() {
    stream_behaves::<64>(&emit(&stream::Top::<512, 64, 6>::default(), "stream").unwrap());
}

/// The skid buffer and the counters of one parser, cycle by cycle.
#[derive(Default)]
struct Model {
    full: bool,
    held: (Vec<u8>, bool),
    state: u8,
    beat: u8,
    good: u16,
    header: Vec<u8>,
}

fn stream_behaves<const K: usize>(out: &Emitted) {
    lint(out);
    let Some(mut b) = Bench::build(&format!("stream_{}", K * 8), std::slice::from_ref(out)) else {
        return;
    };
    let mut seed = 7u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as u8
    };
    let hex = |bytes: &[u8]| -> String {
        let text: String = bytes.iter().rev().map(|v| format!("{v:02x}")).collect();
        let digits = text.trim_start_matches('0');
        if digits.is_empty() {
            "0".into()
        } else {
            digits.into()
        }
    };
    b.set("stream_reset", 1);
    b.tick("stream");
    b.set("stream_reset", 0);
    let mut models = [
        Model {
            good: 5,
            ..Default::default()
        },
        Model {
            good: 5,
            ..Default::default()
        },
    ];
    for cycle in 0..300 {
        for (lane, m) in models.iter_mut().enumerate() {
            let about = format!("in cycle {cycle}");
            let port = |name: &str| format!("stream_{name}");
            let (valid, ready, last) = (random() & 3 != 0, random() & 3 != 0, random() & 3 == 0);
            let mut data: Vec<u8> = (0..K).map(|_| random()).collect();
            if random() & 1 == 0 {
                data[..3].copy_from_slice(&[0x00, 0x08, 17]);
            }
            b.set_hex(&port(&format!("rx_{lane}_tdata")), &hex(&data));
            b.set(&port(&format!("rx_{lane}_tlast")), last.into());
            b.set(&port(&format!("rx_{lane}_tvalid")), valid.into());
            b.set(&port(&format!("tx_{lane}_tready")), ready.into());
            b.eval();
            let (beat, beat_last) = if m.full {
                m.held.clone()
            } else {
                (data.clone(), last)
            };
            let fire = (m.full || valid) && ready;
            b.expect(
                &port(&format!("rx_{lane}_tready")),
                (!m.full).into(),
                &about,
            );
            b.expect(
                &port(&format!("tx_{lane}_tvalid")),
                (m.full || valid).into(),
                &about,
            );
            let mut rotated = beat.clone();
            rotated.rotate_left(42 % K);
            b.expect_hex(&port(&format!("tx_{lane}_tdata")), &hex(&rotated), &about);
            // Registers take their next values together: compute them all from the old ones.
            let ok = m.header.starts_with(&[0x00, 0x08, 17]);
            let idle = m.beat == 0;
            match m.state {
                0 if fire => {
                    m.header = beat[..7].to_vec();
                    m.state = 1;
                }
                1 => {
                    m.good += u16::from(ok);
                    m.state = 2;
                }
                2 if idle => m.state = 0,
                _ => {}
            }
            if fire {
                m.beat = if beat_last { 0 } else { m.beat.wrapping_add(1) };
            }
            if m.full {
                m.full = !ready;
            } else {
                m.held = (data, last);
                m.full = valid && !ready;
            }
        }
        b.tick("stream");
        let about = format!("after cycle {cycle}");
        b.expect(
            "stream_good",
            u128::from(models[0].good) | u128::from(models[1].good) << 16,
            &about,
        );
        if !models[0].header.is_empty() {
            b.expect_hex("stream_src", &hex(&models[0].header[3..7]), &about);
        }
    }
    assert!(models[0].good > 20, "the model saw frames");
    b.run();
}

#[test]
fn modules_are_listed_and_shared() {
    let out = emit(&stream::Top::<64, 8, 3>::default(), "chip").unwrap();
    let list: Vec<_> = out
        .modules
        .iter()
        .map(|m| (m.name.as_str(), m.path.as_str(), m.instances, m.custom_text))
        .collect();
    let wanted = [
        ("chip_p_skid", "chip.p[0].skid", 2, false),
        ("chip_p_rot", "chip.p[0].rot", 2, true),
        ("chip_p", "chip.p[0]", 2, false),
        ("chip", "chip", 1, false),
    ];
    assert_eq!(list, wanted);
    assert_eq!(out.top, "chip");
    let hdr = out.modules[2]
        .ports
        .iter()
        .find(|p| p.name == "hdr")
        .unwrap();
    assert_eq!((hdr.dir, hdr.width), (Dir::Output, 56));
    assert_eq!(
        hdr.fields[1],
        FieldInfo {
            name: "proto".into(),
            low: 16,
            width: 8
        }
    );
}

/// Adds a constant that is different in each instance.
#[derive(LogicBlock)]
struct Adder {
    a: Signal<In, Bits<8>>,
    o: Signal<Out, Bits<8>>,
    by: Constant<Bits<8>>,
}

impl Logic for Adder {
    #[hdl_gen]
    fn update(&mut self) {
        self.o.next = self.a.val() + self.by.val();
    }
}

#[derive(LogicBlock)]
struct Adders {
    a: Signal<In, Bits<8>>,
    o: [Signal<Out, Bits<8>>; 3],
    add: Vec<Adder>,
}

impl Logic for Adders {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..3 {
            self.add[i].a.next = self.a.val();
            self.o[i].next = self.add[i].o.val();
        }
    }
}

#[test]
fn blocks_with_different_constants_are_different_modules() {
    let adder = |by: u64| Adder {
        a: Default::default(),
        o: Default::default(),
        by: Constant::new(by.into()),
    };
    let adders = Adders {
        a: Default::default(),
        o: Default::default(),
        add: [1, 2, 1].map(adder).into(),
    };
    let out = emit(&adders, "adders").unwrap();
    let names: Vec<_> = out
        .modules
        .iter()
        .map(|m| (m.name.as_str(), m.instances))
        .collect();
    assert_eq!(
        names,
        [("adders_add", 2), ("adders_add_1", 1), ("adders", 1)]
    );
    lint(&out);
}

#[test]
fn connect_all_changes_nothing() {
    let mut block = traps::Registers::default();
    let before = emit(&block, "registers").unwrap().verilog;
    block.connect_all();
    assert_eq!(emit(&block, "registers").unwrap().verilog, before);
}
