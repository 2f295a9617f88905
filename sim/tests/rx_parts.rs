//! Parts against a plain Rust model: where a segment is cut, and what the parts say of themselves, at every width.
mod rx_tables;

use ferrowarp_hdl::rx::parts::Parts;
use rx_tables::{Bits, Cases, Design, Dut, Fields};
use std::collections::VecDeque;

/// Parts that may be under way: the window.
const WINDOW: usize = 16;
/// Parts of a frame at most.
const MOST: usize = 15;
/// Octets of an FPDU that a header entry holds, in front and behind.
const HDR: (usize, usize) = (20, 28);

/// A frame on its way in.
struct Frame {
    octets: Vec<u8>,
    /// Payload: first octet and octets.
    h: usize,
    plen: usize,
    seq: u32,
    flags: u8,
    /// Launched: the chip looks for its connection.
    tcp: bool,
    slot: u8,
}

/// A part, as the pipeline shall see it.
#[derive(Clone, Debug)]
struct Expected {
    first: bool,
    last: bool,
    index: usize,
    off: usize,
    len: usize,
    octets: Vec<u8>,
}

/// What a cut segment is made of: FPDUs of these lengths, the rest whatever is left; cut short at `most` octets.
fn stream(cases: &mut Cases, most: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < most {
        // Around the shortest that is cut, of any kind, and far too long.
        let ulpdu = match cases.below(10) {
            0..=4 => 14 + cases.below(150),
            5 => cases.below(20),
            6 => 60 + cases.below(30),
            7 | 8 => cases.below(1400),
            _ => cases.below(65536),
        };
        let len = (ulpdu + 2).next_multiple_of(4) + 4;
        let mut fpdu = cases.bytes(len.min(most));
        fpdu[..2].copy_from_slice(&(ulpdu as u16).to_be_bytes());
        all.extend(fpdu);
    }
    all.truncate(most);
    all
}

fn frame(cases: &mut Cases, slot: u8) -> Frame {
    // IPv4 or IPv6, with a VLAN tag or without, options: two octets behind a multiple of four.
    let h = 54 + 4 * cases.below(20);
    let plen = match cases.below(8) {
        0 => cases.below(3),
        1 => 20 + cases.below(60),
        _ => cases.below(3000),
    };
    let mut octets = cases.bytes(h);
    let payload = if plen < 8 {
        cases.bytes(plen)
    } else {
        stream(cases, plen)
    };
    octets.extend(&payload);
    // Ethernet's padding, and what stands behind the IP packet for no reason.
    let pad = if cases.chance(10) { cases.below(30) } else { 0 };
    octets.resize(octets.len().max(60) + pad, 0);
    let flags = match cases.below(12) {
        0 => 1 << cases.below(3) | 0x10,
        _ => 0x18 & cases.bits(8) as u8,
    };
    Frame {
        octets,
        h,
        plen,
        seq: cases.bits(32) as u32,
        flags,
        tcp: cases.chance(93),
        slot,
    }
}

struct Bench<'a> {
    design: &'a Design,
    dut: Dut<'a>,
    k: usize,
    cases: Cases,
    /// FrameDones that wait, and what is expected of them, part by part; the header's rest and CRC verdicts of those parts.
    done: VecDeque<(Bits, Frame)>,
    expected: VecDeque<Expected>,
    verdicts: VecDeque<u16>,
    /// Frames and parts that began and were not popped.
    open: usize,
    cuts: usize,
    parts: usize,
}

impl Bench<'_> {
    fn cycle(&mut self, push: bool) {
        // The pipeline's side.
        let shown = self.done.front().map(|(bits, _)| bits.clone());
        self.dut.set("done_valid", shown.is_some().into());
        if let Some(bits) = shown {
            self.dut.set_bits("done", &bits);
        }
        self.dut.set("push", push.into());
        self.dut.settle();
        let take = self.dut.bit("out_valid") && self.cases.chance(60);
        self.dut.set("pop", take.into());
        self.dut.set("hdrb_pop", 0);
        self.dut.set("oks_pop", 0);
        if take {
            self.judge();
        }
        self.dut.settle();
        let gone = self.dut.bit("done_pop");
        self.dut.posedge();
        self.dut.set("pop", 0);
        if gone {
            self.done.pop_front();
        }
        for port in ["cut_valid", "verdict", "r_valid"] {
            self.dut.set(port, 0);
        }
    }

    /// Compares the part that is offered.
    fn judge(&mut self) {
        let want = self.expected.pop_front().expect("a part without a frame");
        let (_, f) = self.done.front().expect("a part without a frame");
        let out = self.dut.get_bits("out");
        let part = self.dut.get_bits("part");
        let field = |name: &str| self.design.field_of("part", &part, name) as usize;
        assert_eq!(field("extra"), usize::from(!want.first), "{want:?}");
        assert_eq!(field("more"), usize::from(!want.last), "{want:?}");
        assert_eq!(field("index"), want.index, "{want:?}");
        assert_eq!(
            (field("off"), field("len")),
            (want.off, want.len),
            "{want:?}"
        );
        assert_eq!((field("seq"), field("plen")), (f.seq as usize, f.plen));
        let field = |name: &str| self.design.field_of("out", &out, name) as usize;
        assert_eq!(
            field("slot"),
            usize::from(f.slot.wrapping_add(want.index as u8))
        );
        assert_eq!(
            field("seq"),
            f.seq.wrapping_add(want.off as u32) as usize,
            "{want:?}"
        );
        assert_eq!(field("plen"), f.plen - want.off, "{want:?}");
        let octets = |bits: Vec<bool>| -> Vec<u8> {
            let octet = |o: &[bool]| o.iter().rev().fold(0, |v, b| v << 1 | u8::from(*b));
            bits.chunks(8).map(octet).collect()
        };
        if want.first {
            // As the FrameDone says: its header and its read are the parser's.
            assert_eq!(field("tpt"), usize::from(f.slot % 2 == 1));
        } else {
            assert_eq!(field("tpt"), 1, "{want:?}");
            let n = want.len.min(HDR.0);
            let got = octets(self.design.bits_of("out", &out, "hdr_a"));
            assert_eq!(got[..n], want.octets[..n], "{want:?}");
            let got = self.dut.get_bits("hdrb");
            let n = want.len.min(HDR.0 + HDR.1).saturating_sub(HDR.0);
            assert_eq!(got[..n], want.octets[HDR.0.min(want.len)..][..n]);
            self.dut.set("hdrb_pop", 1);
        }
        if want.last {
            let oks = self.verdicts.pop_front().expect("a frame without verdicts");
            assert_eq!(self.dut.get("oks"), u128::from(oks));
            self.dut.set("oks_pop", 1);
        }
        self.open -= 1;
        self.parts += 1;
    }

    fn play(&mut self, f: Frame) {
        while self.open >= WINDOW {
            self.cycle(false);
        }
        self.open += 1;
        let k = self.k;
        let end = f.h + f.plen;
        let beats = f.octets.len().div_ceil(k);
        let mut looks = f.tcp.then_some(f.h);
        // Octet before which a cut is planned.
        let mut plan: Option<usize> = None;
        // First octet of every part, and which TPT reads are to come.
        let mut begins = vec![f.h];
        let mut tags: VecDeque<usize> = VecDeque::new();
        let mut goods = 0u16;
        let mut spills = None;
        for b in 0..beats {
            while self.cases.chance(15) {
                self.cycle(false);
            }
            let last = b + 1 == beats;
            let room = self.open + 1 < WINDOW && self.cases.chance(97);
            let spare = self.cases.chance(98);
            let mut data = [0; 64];
            let octets = &f.octets[b * k..f.octets.len().min(b * k + k)];
            data[..octets.len()].copy_from_slice(octets);
            let dut = &mut self.dut;
            dut.set("r_valid", 1);
            dut.set("r_last", last.into());
            dut.set("r_beat", b as u128);
            dut.set("m_beat", b as u128);
            dut.set_bits("r_data", &data[..k].to_vec());
            // Later than the payload's first octet nothing of this changes.
            dut.set("at", end as u128 - 1);
            dut.set("h", f.h as u128);
            dut.set("tcp", (f.tcp && b >= f.h / k).into());
            dut.set("seq", f.seq.into());
            dut.set("flags", f.flags.into());
            dut.set("room", room.into());
            dut.set("spare", spare.into());

            // A length field in this beat, and a cut before it?
            let count = begins.len() - 1;
            let mut cut = None;
            if let Some(at) = looks.filter(|at| at / k == b) {
                if plan.take().is_some() {
                    assert!(!last, "the model cuts a last beat");
                    cut = Some(at);
                    begins.push(at);
                    tags.push_back(at);
                    self.open += 1;
                }
                let ulpdu = usize::from(data[at % k]) << 8 | usize::from(data[at % k + 1]);
                let len = (ulpdu + 2).next_multiple_of(4) + 4;
                let behind = at + len;
                let good = !last
                    && room
                    && spare
                    && f.flags & 7 == 0
                    && len >= 20.max(k + 8)
                    && behind + 24 <= end
                    && (behind + 7) / k < (end - 1) / k
                    && count + 1 < MOST;
                looks = good.then_some(behind);
                plan = good.then_some(behind);
            }
            let tag = tags.front().copied().filter(|at| (at + 7) / k == b);

            self.dut.settle();
            let dut = &self.dut;
            assert_eq!(dut.bit("split"), cut.is_some(), "beat {b} of {beats}");
            assert_eq!(dut.get("splits"), count as u128);
            assert_eq!(dut.bit("cut"), cut.is_some(), "beat {b} of {beats}");
            if let Some(at) = cut {
                assert_eq!(dut.get("cut_at"), at as u128);
                self.cuts += 1;
            }
            assert_eq!(dut.bit("spill"), spills == Some(b), "beat {b}");
            if let Some(at) = cut.filter(|at| at % k == k - 2) {
                spills = Some(at / k + 1);
            }
            assert_eq!(dut.bit("tpt_valid"), tag.is_some(), "beat {b}");
            if let Some(at) = tag {
                tags.pop_front();
                let stag = u32::from_be_bytes(f.octets[at + 4..at + 8].try_into().expect("4"));
                assert_eq!(dut.get("tpt_stag"), u128::from(stag));
            }
            let coming = plan.is_some_and(|at| at / k > b) || !tags.is_empty();
            assert!(
                dut.bit("pending") || !coming,
                "beat {b}: a read comes unannounced"
            );
            if cut.is_some() {
                let good = self.cases.chance(70);
                goods |= u16::from(good) << (begins.len() - 2);
                self.dut.set("cut_valid", 1);
                self.dut.set("cut_ok", good.into());
            }
            if last {
                self.dut.set("verdict", 1);
            }
            self.cycle(last);
        }
        assert!(tags.is_empty(), "a part without its TPT read");
        let mut bits = self.design.pack("done", &Fields::new());
        for (name, value) in [
            ("slot", f.slot as u128),
            ("h", f.h as u128),
            ("plen", f.plen as u128),
            ("seq", f.seq as u128),
            ("flags", f.flags as u128),
            ("tcp", f.tcp as u128),
            ("tpt", (f.slot % 2) as u128),
        ] {
            self.design.put("done", &mut bits, name, value);
        }
        let n = begins.len();
        for (index, from) in begins.iter().enumerate() {
            let to = begins.get(index + 1).copied().unwrap_or(end);
            self.expected.push_back(Expected {
                first: index == 0,
                last: index + 1 == n,
                index,
                off: from - f.h,
                len: to - from,
                octets: f.octets[*from..to].to_vec(),
            });
        }
        self.verdicts.push_back(goods);
        self.done.push_back((bits, f));
    }
}

fn soak<const D: usize, const K: usize, const LK: usize>(test: &'static str) {
    let design = Design::new(&Parts::<D, K, LK>::new(), "rx_parts");
    let cases = Cases::new(test);
    let mut bench = Bench {
        design: &design,
        dut: design.start(cases.seed),
        k: K,
        cases,
        done: VecDeque::new(),
        expected: VecDeque::new(),
        verdicts: VecDeque::new(),
        open: 0,
        cuts: 0,
        parts: 0,
    };
    for n in 0..1500 {
        let f = frame(&mut bench.cases, n as u8);
        bench.play(f);
    }
    let mut left = 1000;
    while bench.open > 0 {
        bench.cycle(false);
        left -= 1;
        assert!(left > 0, "{} parts do not come out", bench.open);
    }
    assert!(bench.done.is_empty() && bench.expected.is_empty());
    println!("{} parts, {} cuts", bench.parts, bench.cuts);
    assert!(bench.cuts > 500, "{} cuts", bench.cuts);
}

#[test]
fn parts_64() {
    soak::<64, 8, 3>("parts_64");
}

#[test]
fn parts_128() {
    soak::<128, 16, 4>("parts_128");
}

#[test]
fn parts_512() {
    soak::<512, 64, 6>("parts_512");
}
