//! FIFOs and the skid buffer against a queue in Rust: order, flags, room, latency, throughput, misuse.

use crate::bench::{common, Cases, Dut};
use ferrowarp_sim::SimError;
use std::collections::VecDeque;

/// Name, item bits, depth, and whether a push into the empty FIFO shows at once.
const FIFOS: [(&str, usize, usize, bool); 11] = [
    ("fifo1", 17, 2, false),
    ("fifo2", 1, 4, false),
    ("fifo4", 100, 16, false),
    ("fifo7", 8, 128, false),
    ("fifo9", 8, 512, false),
    ("headed1", 17, 2, false),
    ("headed3", 70, 8, false),
    ("by1", 17, 2, true),
    ("by3", 70, 8, true),
    ("byhead1", 17, 2, true),
    ("byhead3", 70, 8, true),
];

/// Compares every output of a FIFO with the queue; `pushed` is the item on `din` if it is pushed in this cycle.
fn compare(dut: &Dut, name: &str, depth: usize, q: &VecDeque<u128>, pushed: Option<u128>) {
    let out = |p: &str| dut.get(&format!("{name}__{p}"));
    assert_eq!(out("full") == 1, q.len() == depth, "{name} full");
    let room = (depth - q.len()).min(255) as u128;
    assert_eq!(out("room"), room, "{name} room");
    let head = q.front().copied().or(pushed);
    assert_eq!(out("valid") == 1, head.is_some(), "{name} valid");
    if let Some(head) = head {
        assert_eq!(out("dout"), head, "{name} dout");
    }
}

#[test]
fn fifos_are_queues() {
    let mut c = Cases::new("fifo::fifos_are_queues");
    let lib = common();
    for (name, bits, depth, bypass) in FIFOS {
        let mut dut = Dut::new(&lib, c.seed);
        dut.reset();
        let mut q = VecDeque::new();
        let (mut was_full, mut was_empty, mut both_at_full) = (0, 0, 0);
        let cycles = 2000 + 12 * depth;
        for cycle in 0..cycles {
            // phases that fill, drain and balance
            let (push, pop) = match cycle * 6 / cycles {
                0 => (95, 20),
                1 => (10, 90),
                2 => (50, 50),
                3 => (100, 60),
                4 => (30, 100),
                _ => (90, 90),
            };
            let push = c.chance(push) && q.len() < depth;
            let din = c.bits(bits);
            let shown = (bypass && push).then_some(din);
            let pop = c.chance(pop) && (!q.is_empty() || shown.is_some());
            was_full += usize::from(q.len() == depth);
            was_empty += usize::from(q.is_empty());
            both_at_full += usize::from(pop && q.len() == depth);
            dut.set(&format!("{name}__din"), din);
            dut.set(&format!("{name}__push"), push.into());
            dut.set(&format!("{name}__pop"), pop.into());
            dut.settle();
            compare(&dut, name, depth, &q, shown);
            dut.posedge();
            if push {
                q.push_back(din);
            }
            if pop {
                q.pop_front();
            }
        }
        assert!(
            was_full > 5 && was_empty > 5 && both_at_full > 2,
            "{name}: full {was_full}, empty {was_empty}, popped at full {both_at_full}"
        );
    }
}

/// The text of the assertion that the next clock edge raises.
fn edge_error(dut: &mut Dut) -> String {
    dut.settle();
    match dut.0.posedge() {
        Err(SimError::Assertion { text, .. }) => text,
        other => panic!("an assertion was expected, got {other:?}"),
    }
}

#[test]
fn fifo_misuse_is_reported_and_ignored() {
    let lib = common();
    for (name, _, depth, _) in FIFOS {
        let mut dut = Dut::new(&lib, 5);
        dut.reset();
        let port = |p: &str| format!("{name}__{p}");
        let mut q = VecDeque::new();
        dut.set(&port("pop"), 1);
        let text = edge_error(&mut dut);
        assert!(text.contains("pop from an empty FIFO"), "{name}: {text}");
        dut.set(&port("pop"), 0);
        for i in 0..depth {
            dut.set(&port("din"), i as u128 & 1);
            dut.set(&port("push"), 1);
            dut.settle();
            dut.posedge();
            q.push_back(i as u128 & 1);
        }
        // full: an item that would be seen is pushed, alone and together with a pop
        dut.set(&port("din"), 1 - q[0]);
        let text = edge_error(&mut dut);
        assert!(text.contains("push into a full FIFO"), "{name}: {text}");
        dut.set(&port("pop"), 1);
        edge_error(&mut dut);
        q.pop_front();
        dut.set(&port("push"), 0);
        while !q.is_empty() {
            dut.settle();
            compare(&dut, name, depth, &q, None);
            dut.posedge();
            q.pop_front();
        }
        dut.set(&port("pop"), 0);
        dut.settle();
        compare(&dut, name, depth, &q, None);
    }
}

/// `full`, `room`, and of the plain FIFO everything, come from registers: inputs don't move them within a cycle.
#[test]
fn registered_outputs_do_not_follow_inputs() {
    let lib = common();
    let mut dut = Dut::new(&lib, 7);
    dut.reset();
    let snapshot = |dut: &mut Dut, on: u128| {
        for n in ["fifo4", "by3"] {
            dut.set(&format!("{n}__push"), on);
            dut.set(&format!("{n}__pop"), on);
            dut.set(&format!("{n}__din"), on * 0x55);
        }
        dut.set("skid__din", on * 0x55);
        dut.set("skid__din_valid", on);
        dut.set("skid__dout_ready", on);
        dut.settle();
        let ports = [
            "fifo4__full",
            "fifo4__room",
            "fifo4__valid",
            "fifo4__dout",
            "by3__full",
        ];
        let more = [
            "by3__room",
            "skid__din_ready",
            "skid__dout",
            "skid__dout_valid",
        ];
        ports
            .iter()
            .chain(&more)
            .map(|p| dut.get(p))
            .collect::<Vec<_>>()
    };
    for _ in 0..3 {
        let idle = snapshot(&mut dut, 0);
        assert_eq!(snapshot(&mut dut, 1), idle);
        snapshot(&mut dut, 0);
        for (port, value) in [("fifo4__push", 1), ("by3__push", 1), ("skid__din_valid", 1)] {
            dut.set(port, value);
        }
        dut.settle();
        dut.posedge();
    }
}

#[test]
fn skid_buffer_keeps_order_under_any_stall() {
    let mut c = Cases::new("fifo::skid_buffer_keeps_order_under_any_stall");
    let lib = common();
    for (name, bits) in [("skid", 33), ("skidbit", 1)] {
        let mut dut = Dut::new(&lib, c.seed);
        let port = |p: &str| format!("{name}__{p}");
        dut.set("reset", 1);
        dut.settle();
        dut.posedge();
        dut.settle();
        assert!(!dut.bit(&port("din_ready")), "nothing is taken in reset");
        dut.reset();
        let mut q: VecDeque<u128> = VecDeque::new();
        let mut waiting = None; // the source holds an item until it is taken
        let mut shown = None; // an item that the sink did not take must stay
        let mut moved = 0;
        for cycle in 0..3000 {
            let (source, sink) = match cycle / 500 {
                0 => (50, 50),
                1 => (100, 30),
                2 => (30, 100),
                3 => (100, 100),
                4 => (90, 60),
                _ => (60, 90),
            };
            if waiting.is_none() && c.chance(source) {
                waiting = Some(c.bits(bits));
            }
            let ready = c.chance(sink);
            dut.set(&port("din"), waiting.unwrap_or(c.bits(bits)));
            dut.set(&port("din_valid"), waiting.is_some().into());
            dut.set(&port("dout_ready"), ready.into());
            dut.settle();
            let valid = dut.bit(&port("dout_valid"));
            // one cycle of latency: what was taken before this cycle is shown now
            assert_eq!(valid, !q.is_empty(), "{name} cycle {cycle}");
            let out = dut.get(&port("dout"));
            if valid {
                assert_eq!(out, q[0], "{name} cycle {cycle}");
                assert!(shown.is_none_or(|s| s == out), "{name} cycle {cycle} held");
            }
            shown = (valid && !ready).then_some(out);
            let taken = waiting.is_some() && dut.bit(&port("din_ready"));
            if (1510..2000).contains(&cycle) {
                assert!(
                    taken && valid,
                    "{name}: a bubble at full speed, cycle {cycle}"
                );
            }
            dut.posedge();
            if valid && ready {
                q.pop_front();
                moved += 1;
            }
            if taken {
                q.push_back(waiting.take().unwrap_or_default());
            }
            assert!(q.len() <= 2, "{name}");
        }
        assert!(moved > 1200, "{name}: {moved} items");
    }
}
