//! Capture of header bytes out of a beat stream into registers.
//!
//! | block | takes | shows |
//! |---|---|---|
//! | [`FieldCapture`]   | fields at fixed byte positions of the frame, or all of them some octets later | `hdr`: a struct of the fields, or a plain vector |
//! | [`PayloadCapture`] | 48 bytes from an even run-time position | `header`: byte `p` at bits `8p+7 : 8p`; `header_next` |
//!
//! Inputs: `en` (this beat counts), `beat` (index in the frame, 0 first), `data`. No back-pressure. Latency 1: a byte
//! shows in the cycle after its beat, on `header_next` in the cycle of its beat. A byte whose beat does not come keeps the value of an earlier frame: the user
//! judges by the frame's length. No reset: the content is meaningless before the first capture.

use super::text::{body, range, BEAT_BITS};
use rust_hdl::prelude::*;
use std::collections::BTreeMap;

/// A field of a frame: its name, the byte position of its first octet and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub byte: usize,
    pub bytes: usize,
}

/// Where [`FieldCapture`] puts a field: bits `lsb + 8 * bytes - 1 : lsb` of `hdr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    pub byte: usize,
    pub bytes: usize,
    pub lsb: usize,
}

/// Width in bits of a value of this type.
pub(super) fn bits_of(t: &TypeDescriptor) -> usize {
    match &t.kind {
        TypeKind::Bits(n) | TypeKind::Signed(n) => *n,
        TypeKind::Enum(v) => clog2(v.len()),
        TypeKind::Composite(f) => f.iter().map(|x| bits_of(&x.kind)).sum(),
    }
}

/// Captures fields at fixed positions.
///
/// With `H` a `LogicStruct`, every struct field must be in the table with its width. With `H = Bits<N>`, the table's
/// fields are packed from bit 0 up, in table order, and fill N exactly. Either way a field holds its octets in network
/// order: the first octet on the wire is the most significant.
#[derive(LogicBlock, Clone, Debug)]
pub struct FieldCapture<H: Synth, const D: usize> {
    pub clock: Signal<In, Clock>,
    pub en: Signal<In, bool>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub data: Signal<In, Bits<D>>,
    pub moved: Signal<In, bool>,
    pub hdr: Signal<Out, H>,
    _places: Vec<Place>,
    _known: usize,
    _by: usize,
}

impl<H: Synth, const D: usize> FieldCapture<H, D> {
    const OK: () = assert!(
        D % 8 == 0 && (D / 8).is_power_of_two(),
        "FieldCapture: D must be a power of two of bytes"
    );

    /// A capture of the fields in `table`. Panics at elaboration if table and `H` disagree.
    pub fn new(table: &[Field]) -> Self {
        Self::movable(table, 0, 0)
    }

    /// All fields lie `by` octets later when `moved`. That is known from frame octet `known` on: `moved` tells it from
    /// the cycle behind that octet's beat until the fields are no longer needed.
    pub fn movable(table: &[Field], known: usize, by: usize) -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            en: Default::default(),
            beat: Default::default(),
            data: Default::default(),
            moved: Default::default(),
            hdr: Default::default(),
            _places: Self::layout(table),
            _known: known,
            _by: by,
        }
    }

    /// Where each field lies in `hdr`.
    pub fn layout(table: &[Field]) -> Vec<Place> {
        let mut lsb = 0;
        let mut places = vec![];
        let mut put = |f: &Field| {
            places.push(Place {
                name: f.name.to_string(),
                byte: f.byte,
                bytes: f.bytes,
                lsb,
            });
            lsb += f.bytes * 8;
        };
        match &H::descriptor().kind {
            TypeKind::Composite(fields) => {
                for x in fields {
                    let name = &x.fieldname;
                    let Some(f) = table.iter().find(|f| f.name == name) else {
                        panic!("FieldCapture: struct field `{name}` is not in the table: add its byte position");
                    };
                    let width = bits_of(&x.kind);
                    assert!(
                        f.bytes * 8 == width,
                        "FieldCapture: field `{name}` has {width} bits in the struct and {} bytes in the table",
                        f.bytes
                    );
                    put(f);
                }
            }
            _ => table.iter().for_each(&mut put),
        }
        assert!(
            lsb == H::BITS,
            "FieldCapture: the table holds {lsb} bits, the output {}",
            H::BITS
        );
        places
    }
}

impl<H: Synth, const D: usize> Logic for FieldCapture<H, D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.hdr.connect();
    }
    fn hdl(&self) -> Verilog {
        let k = D / 8;
        let (known, by) = (self._known / k, self._by);
        let is = |beat: usize| format!("beat == {BEAT_BITS}'d{beat}");
        let mut used = vec![false; D];
        // the octets taken under each condition
        let mut lines: BTreeMap<String, String> = BTreeMap::new();
        let mut twice = vec![false; H::BITS];
        for p in &self._places {
            for b in 0..p.bytes {
                let (at, to) = (p.byte + b, p.byte + b + by);
                let (beat, later) = (at / k, to / k);
                let hi = p.lsb + 8 * (p.bytes - b) - 1;
                let q = format!("q[{hi}:{}]", hi - 7);
                let mut take = |to: &str, when: String, from: &str, octet: usize| {
                    let lane = octet % k * 8;
                    used[lane..lane + 8].fill(true);
                    *lines.entry(when).or_default() +=
                        &format!("  {to} <= {from}[{}:{lane}]; // {}\n", lane + 7, p.name);
                };
                if by == 0 {
                    take(&q, is(beat), "data", at);
                } else if beat == later && beat > known {
                    take(&q, is(beat), "view", at);
                } else if beat > known {
                    let when =
                        format!("beat == (moved ? {BEAT_BITS}'d{later} : {BEAT_BITS}'d{beat})");
                    take(&q, when, "view", at);
                } else if later > known {
                    // taken as if nothing had moved; if it has, taken again
                    let when = format!("({}) || (moved && {})", is(beat), is(later));
                    take(&q, when, "view", at);
                } else {
                    take(&q, is(beat), "data", at);
                    take(&format!("m{}", hi - 7), is(later), "data", to);
                    twice[hi - 7..hi + 1].fill(true);
                }
            }
        }
        let mut s = format!("reg {} q;\n", range(H::BITS)) + &self.output(&twice);
        if by == 0 {
            s += "wire unused_moved = moved;\n";
            s += &ignore_lanes(&used);
        } else {
            // the beat as it would be if nothing had moved; of the beat that tells, as it is
            s += &format!(
                "wire {} view = (moved && !({})) ? {{data[{}:0], data[{}:{}]}} : data;\n\
                 // lanes without a field\n\
                 wire unused_view = &{{1'b0, view}};\n",
                range(D),
                is(known),
                8 * by - 1,
                D - 1,
                8 * by
            );
        }
        for (when, text) in &lines {
            s += &format!("always @(posedge clock) if (en && ({when})) begin\n{text}end\n");
        }
        body(s)
    }
}

impl<H: Synth, const D: usize> FieldCapture<H, D> {
    /// Drives `hdr`. The fields marked `twice` share the beat that tells whether they have moved: both views are taken.
    fn output(&self, twice: &[bool]) -> String {
        if !twice.contains(&true) {
            return "assign hdr = q;\n".to_string();
        }
        let part = |i: usize| {
            if twice[i] {
                format!("m{i}")
            } else {
                format!("q[{}:{i}]", i + 7)
            }
        };
        let octets: Vec<usize> = (0..H::BITS).step_by(8).collect();
        let regs: String = octets
            .iter()
            .filter(|i| twice[**i])
            .map(|i| format!("reg [7:0] m{i};\n"))
            .collect();
        let view: Vec<String> = octets.iter().rev().map(|i| part(*i)).collect();
        regs + &format!("assign hdr = moved ? {{{}}} : q;\n", view.join(", "))
    }
}

/// Ties off the byte lanes in which no field ever lies.
fn ignore_lanes(used: &[bool]) -> String {
    let idle: Vec<String> = (0..used.len())
        .step_by(8)
        .filter(|i| !used[*i])
        .map(|i| format!("data[{}:{i}]", i + 7))
        .collect();
    if idle.is_empty() {
        return String::new();
    }
    format!(
        "// no field lies in these lanes\nwire unused_lanes = &{{1'b0, {}}};\n",
        idle.join(", ")
    )
}

/// Bytes that [`PayloadCapture`] takes.
pub const CAPTURE_BYTES: usize = 48;

/// Captures [`CAPTURE_BYTES`] bytes from byte `2 * hh` of the frame on.
///
/// Each beat is rotated once by `hh`, so every header half word has a fixed lane and only its beat is compared. `hh` must
/// be stable from the first captured beat to the last.
#[derive(LogicBlock, Clone, Debug)]
pub struct PayloadCapture<const D: usize> {
    pub clock: Signal<In, Clock>,
    pub en: Signal<In, bool>,
    pub beat: Signal<In, Bits<BEAT_BITS>>,
    pub data: Signal<In, Bits<D>>,
    pub hh: Signal<In, Bits<8>>,
    pub header: Signal<Out, Bits<384>>,
    /// `header` with this cycle's beat already in it (combinational).
    pub header_next: Signal<Out, Bits<384>>,
    _ahead: bool,
}

impl<const D: usize> PayloadCapture<D> {
    const OK: () = assert!(
        D == 64 || D == 128 || D == 256 || D == 512,
        "PayloadCapture: D must be 64, 128, 256 or 512"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            clock: Default::default(),
            en: Default::default(),
            beat: Default::default(),
            data: Default::default(),
            hh: Default::default(),
            header: Default::default(),
            header_next: Default::default(),
            _ahead: false,
        }
    }

    /// `beat` is that of the next cycle, and counts from the beat of `hh`, whose upper bits are zero: which half words a
    /// beat holds is then in registers when it comes.
    pub fn ahead(mut self) -> Self {
        self._ahead = true;
        self
    }
}

impl<const D: usize> Default for PayloadCapture<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize> Logic for PayloadCapture<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.header.connect();
        self.header_next.connect();
    }
    fn hdl(&self) -> Verilog {
        let lanes = D / 16;
        let ll = lanes.ilog2() as usize;
        let halves = CAPTURE_BYTES / 2;
        // `late[j]`: rotated lane j comes from the next beat, since the window starts above lane 0.
        let mut s = format!(
            "wire {r} rot0 = data;\n\
             wire {l} first = hh[{m}:0];\n\
             wire {b} rel = beat - {{{z}'b0, hh[7:{ll}]}};\n\
             wire {n} late;\n\
             reg [383:0] q;\n\
             wire [383:0] n;\n\
             assign header = q;\n\
             assign header_next = n;\n",
            r = range(D),
            l = range(ll),
            m = ll - 1,
            b = range(BEAT_BITS),
            z = BEAT_BITS - (8 - ll),
            n = range(lanes),
        );
        for i in 0..ll {
            let b = 16usize << i;
            s += &format!(
                "wire {r} rot{n} = first[{i}] ? {{rot{i}[{}:0], rot{i}[{}:{b}]}} : rot{i};\n",
                b - 1,
                D - 1,
                n = i + 1,
                r = range(D)
            );
        }
        for j in 0..lanes {
            s += &match lanes - 1 - j {
                top if top == lanes - 1 => format!("assign late[{j}] = 1'b0;\n"),
                top => format!("assign late[{j}] = first > {ll}'d{top};\n"),
            };
        }
        let last = (halves - 1) / lanes + 1;
        for q in 0..=last {
            s += &match self._ahead {
                false => format!("wire at{q} = en && (rel == {BEAT_BITS}'d{q});\n"),
                true => format!(
                    "reg is{q};\n\
                     always @(posedge clock) is{q} <= rel == {BEAT_BITS}'d{q};\n\
                     wire at{q} = en && is{q};\n"
                ),
            };
        }
        for i in 0..halves {
            let (q, j) = (i / lanes, i % lanes);
            let (hi, lo) = (i * 16 + 15, i * 16);
            s += &format!(
                "assign n[{hi}:{lo}] = (late[{j}] ? at{} : at{q}) ? rot{ll}[{}:{}] : q[{hi}:{lo}];\n",
                q + 1,
                j * 16 + 15,
                j * 16
            );
        }
        s += "always @(posedge clock) q <= n;\n";
        if halves < lanes {
            s += &format!(
                "// the header is narrower than the beat\n\
                 wire unused_rot = &{{1'b0, rot{ll}[{}:{}], late[{}:{halves}]}};\n",
                D - 1,
                halves * 16,
                lanes - 1
            );
        }
        body(s)
    }
}
