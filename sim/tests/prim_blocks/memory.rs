//! Memories against an array in Rust: latencies 1 to 3, collisions, byte enables, ignored address bits, clearing.

use crate::bench::{common, width, Cases, Dut, WIDTHS};
use std::collections::VecDeque;

/// What a read sees of a write in its cycle.
#[derive(Clone, Copy, PartialEq)]
enum Meets {
    Old,
    New,
    Inverted,
}

/// A memory of the common bench: `bits` wide, `2^n` deep behind an `a`-bit port.
struct Shape {
    name: &'static str,
    bits: usize,
    a: usize,
    n: usize,
    latency: usize,
    meets: Meets,
}

fn run(s: &Shape, dut: &mut Dut, c: &mut Cases) {
    let port = |p: &str| format!("{}__{p}", s.name);
    let mut mem: Vec<Option<u128>> = vec![None; 1 << s.n];
    let mut due: VecDeque<Option<u128>> = vec![None; s.latency].into();
    let mut compared = 0;
    for cycle in 0..1500 {
        let waddr = c.below(1 << s.n);
        let raddr = if c.chance(40) {
            waddr
        } else {
            c.below(1 << s.n)
        };
        let we = c.chance(60);
        let wdata = c.bits(s.bits);
        // what `keeping` leaves out is never seen again
        let kept = if s.name == "ramkeep" {
            0x1fff
        } else {
            u128::MAX
        };
        // bits above the depth must not matter
        let mut upper = || c.bits(s.a) >> s.n << s.n;
        let (uw, ur) = (upper(), upper());
        dut.set(&port("we"), we.into());
        dut.set(&port("waddr"), waddr as u128 | uw);
        dut.set(&port("wdata"), wdata);
        dut.set(&port("raddr"), raddr as u128 | ur);
        dut.settle();
        let old = mem[raddr];
        let hit = we && waddr == raddr;
        due.push_back(match s.meets {
            Meets::New if hit => Some(wdata),
            Meets::Inverted if hit => old.map(|v| !v & (u128::MAX >> (128 - s.bits))),
            _ => old,
        });
        let want = due.pop_front().flatten();
        if let Some(want) = want {
            assert_eq!(dut.get(&port("rdata")), want, "{} cycle {cycle}", s.name);
            compared += 1;
        }
        if we {
            mem[waddr] = Some(wdata & kept);
        }
        dut.posedge();
    }
    assert!(compared > 1000, "{}: the memory was really read", s.name);
}

/// A memory read `latency` cycles later: the queue holds `latency` reads under way.
#[test]
fn rams_are_arrays() {
    let mut c = Cases::new("memory::rams_are_arrays");
    let lib = common();
    let mut dut = Dut::new(&lib, c.seed);
    dut.reset();
    #[rustfmt::skip]
    let shapes = [
        Shape { name: "ram1", bits: 13, a: 6, n: 4, latency: 1, meets: Meets::Old },
        Shape { name: "ram2", bits: 64, a: 5, n: 5, latency: 2, meets: Meets::Old },
        Shape { name: "ram3", bits: 100, a: 6, n: 3, latency: 3, meets: Meets::Old },
        Shape { name: "rambit", bits: 1, a: 3, n: 3, latency: 1, meets: Meets::Old },
        Shape { name: "ramund", bits: 20, a: 4, n: 3, latency: 2, meets: Meets::Inverted },
        Shape { name: "ramkeep", bits: 20, a: 4, n: 4, latency: 2, meets: Meets::Old },
        Shape { name: "fwd", bits: 40, a: 6, n: 3, latency: 1, meets: Meets::New },
        Shape { name: "fwdbit", bits: 1, a: 2, n: 2, latency: 1, meets: Meets::New },
        Shape { name: "lut", bits: 9, a: 3, n: 3, latency: 0, meets: Meets::Old },
    ];
    for s in &shapes {
        run(s, &mut dut, &mut c);
    }
}

/// Rows in slices: random reads and writes as close as the rule allows, then reads and writes that break it.
#[test]
fn rows_in_slices_are_rows() {
    let mut c = Cases::new("memory::rows_in_slices_are_rows");
    let lib = common();
    for (name, bits, a, n, parts, latency, undefined) in [
        ("parts2", 21, 6, 4, 2, 2, true),
        ("parts2late", 40, 5, 4, 2, 3, false),
        ("parts3", 100, 7, 3, 3, 3, false),
    ] {
        let mut dut = Dut::new(&lib, c.seed);
        dut.reset();
        let port = |p: &str| format!("{name}__{p}");
        let mut mem: Vec<Option<u128>> = vec![None; 1 << n];
        let mut due: VecDeque<Option<u128>> = vec![None; latency].into();
        let (mut since_read, mut since_write) = (parts, parts);
        let (mut compared, mut met) = (0, 0);
        for cycle in 0..3000 {
            let waddr = c.below(1 << n);
            let raddr = if c.chance(50) { waddr } else { c.below(1 << n) };
            let we = since_write >= parts && c.chance(60);
            let re = since_read >= parts && c.chance(60);
            let wdata = c.bits(bits);
            let strobe = if re { 1 << (a - 1) } else { 0 };
            dut.set(&port("we"), we.into());
            dut.set(&port("waddr"), waddr as u128 | (c.bits(a) >> n << n));
            dut.set(&port("wdata"), wdata);
            dut.set(&port("raddr"), raddr as u128 | strobe);
            dut.settle();
            let hit = we && waddr == raddr;
            met += usize::from(re && hit);
            let all = u128::MAX >> (128 - bits);
            due.push_back(match mem[raddr] {
                _ if !re => None,
                Some(v) if hit && undefined => Some(!v & all),
                old => old,
            });
            if let Some(want) = due.pop_front().flatten() {
                assert_eq!(dut.get(&port("rdata")), want, "{name} cycle {cycle}");
                compared += 1;
            }
            if we {
                mem[waddr] = Some(wdata);
            }
            since_write = if we { 1 } else { since_write + 1 };
            since_read = if re { 1 } else { since_read + 1 };
            dut.posedge();
        }
        assert!(
            compared > 500 && met > 20,
            "{name}: {compared} reads, {met} meet"
        );

        // Two writes in a row: of the first its first part stays. Two reads in a row: neither can be used.
        let first = u128::MAX >> (128 - bits.div_ceil(parts));
        let ones = u128::MAX >> (128 - bits);
        let step = |dut: &mut Dut, we: Option<(u128, u128)>, re: Option<u128>| {
            dut.set(&port("we"), we.is_some().into());
            dut.set(&port("waddr"), we.map_or(0, |w| w.0));
            dut.set(&port("wdata"), we.map_or(0, |w| w.1));
            dut.set(&port("raddr"), re.map_or(0, |r| r | 1 << (a - 1)));
            dut.settle();
            let got = dut.get(&port("rdata"));
            dut.posedge();
            got
        };
        for _ in 0..parts {
            step(&mut dut, None, None);
        }
        step(&mut dut, Some((1, ones)), None);
        step(&mut dut, Some((2, ones)), None);
        let read = |dut: &mut Dut, at: &[u128]| {
            for _ in 0..4 {
                step(dut, None, None);
            }
            let mut got = vec![];
            for i in 0..at.len() + latency {
                got.push(step(dut, None, at.get(i).copied()));
            }
            got.split_off(latency)
        };
        assert_eq!(read(&mut dut, &[2]), [ones], "{name}: the last write");
        assert_eq!(read(&mut dut, &[1]), [first], "{name}: a write cut off");
        let close = read(&mut dut, &[2, 2]);
        assert!(close.iter().all(|v| *v != ones), "{name}: {close:x?}");
    }
}

#[test]
fn lanes_keep_what_they_store() {
    let mut c = Cases::new("memory::lanes_keep_what_they_store");
    let lib = common();
    let mut dut = Dut::new(&lib, c.seed);
    dut.reset();
    let mut mem = [[None; 3]; 8];
    let mut due: VecDeque<[Option<u128>; 3]> = vec![[None; 3]; 2].into();
    for cycle in 0..1500 {
        let waddr = c.below(8);
        let raddr = if c.chance(40) { waddr } else { c.below(8) };
        let (we, data) = (c.bits(3), c.bits(24));
        dut.set("lanes__we", we);
        dut.set("lanes__waddr", waddr as u128 | 8);
        dut.set("lanes__wdata", data);
        dut.set("lanes__raddr", raddr as u128);
        dut.settle();
        due.push_back(mem[raddr]);
        let got = dut.get("lanes__rdata");
        for (i, want) in due.pop_front().into_iter().flatten().enumerate() {
            if let Some(want) = want {
                assert_eq!(got >> (8 * i) & 0xff, want, "cycle {cycle} lane {i}");
            }
        }
        for i in (0..3).filter(|i| we >> i & 1 == 1) {
            mem[waddr][i] = Some(data >> (8 * i) & 0b1011_0110);
        }
        dut.posedge();
    }
}

#[test]
fn byte_enables_write_their_bytes() {
    let mut c = Cases::new("memory::byte_enables_write_their_bytes");
    for d in WIDTHS {
        let k = d / 8;
        let lib = width(d);
        let mut dut = Dut::new(&lib, c.seed);
        dut.reset();
        for (name, a, latency, undefined) in [
            ("be1", 5, 1, false),
            ("be2", 3, 2, true),
            ("be3", 4, 3, false),
        ] {
            let port = |p: &str| format!("{name}__{p}");
            let mut mem: Vec<Vec<Option<u8>>> = vec![vec![None; k]; 8];
            let mut due: VecDeque<Vec<Option<u8>>> = vec![vec![None; k]; latency].into();
            for cycle in 0..600 {
                let waddr = c.below(8);
                let raddr = if c.chance(40) { waddr } else { c.below(8) };
                let we = match c.below(4) {
                    0 => 0,
                    1 => u128::MAX >> (128 - k),
                    _ => c.bits(k),
                };
                let data = c.bytes(k);
                let upper = c.bits(a) >> 3 << 3;
                dut.set(&port("we"), we);
                dut.set(&port("waddr"), waddr as u128 | upper);
                dut.set_bytes(&port("wdata"), &data);
                dut.set(&port("raddr"), raddr as u128 | upper);
                dut.settle();
                let flip = undefined && we != 0 && waddr == raddr;
                due.push_back(
                    mem[raddr]
                        .iter()
                        .map(|b| b.map(|b| if flip { !b } else { b }))
                        .collect(),
                );
                let got = dut.get_bytes(&port("rdata"), k);
                for (i, want) in due.pop_front().into_iter().flatten().enumerate() {
                    if let Some(want) = want {
                        assert_eq!(got[i], want, "width {d} {name} cycle {cycle} byte {i}");
                    }
                }
                for i in (0..k).filter(|i| we >> i & 1 == 1) {
                    mem[waddr][i] = Some(data[i]);
                }
                dut.posedge();
            }
        }
    }
}

#[test]
fn clearing_visits_every_address_once() {
    let lib = common();
    for (name, n) in [("clear5", 5), ("clear4", 4)] {
        let mut dut = Dut::new(&lib, 3);
        for round in 0..2 {
            dut.reset();
            for addr in 0..1u128 << n {
                dut.settle();
                assert!(dut.bit(&format!("{name}__active")), "{name} round {round}");
                assert!(!dut.bit(&format!("{name}__done")));
                assert_eq!(dut.get(&format!("{name}__addr")), addr);
                dut.posedge();
            }
            for _ in 0..40 {
                dut.settle();
                assert!(dut.bit(&format!("{name}__done")));
                assert!(!dut.bit(&format!("{name}__active")));
                dut.posedge();
            }
        }
    }
}
