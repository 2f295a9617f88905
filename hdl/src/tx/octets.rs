//! Octet arithmetic of the frame builder, as text: which octet stands where. All combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`HeaderRow`] | a segment's fields, `row` | that beat of the frame's header; IP length and checksums 0 |
//! | [`LateFields`] | `data`, `row`, `tag`, `v6`, the three fields | the beat with them |
//! | [`Head`] | `hdr`, `len`, `mark`, `at` word | length field and header; with `mark` a Marker at that word |
//! | [`Prefix`] | `octets`, `h` of them | them with their end at the end of a beat |
//! | [`MarkInsert`] | `data`, `mark`, `at` word, `ptr` | the beat with a Marker there, what was behind it a word higher |
//! | [`CrcStart`] | `at`, lane (0..2K-1) of the FPDU's first octet | CRC register behind the first beat if all were zeros |
//! | [`CrcPad`] | `state`, `pad` | the CRC register `pad` zero octets later |
//! | [`CrcPlace`] | `crc`, octet j for the lanes j modulo 4, `mask` | those octets in the lanes of the mask, zero elsewhere |
//! | [`PayloadCheck`] | a payload beat and what it should be | `$error` in simulation |
//! | [`CrcLanes`] | `at`, `first`, `second` | lanes of four octets from lane `at` on: in that beat, in the next |

use super::types::{HDR, HEAD, PREFIX, ROW};
use crate::prim::crc32c::crc_advance;
use crate::prim::text::{body, check, hex, range};
use crate::prim::POLY;
use rust_hdl::prelude::*;

/// Octet `i`, first on the wire, of a number `name` of `n` octets.
fn octet(name: &str, n: usize, i: usize) -> String {
    let low = 8 * (n - 1 - i);
    format!("{name}[{}:{low}]", low + 7)
}

fn octets(name: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| octet(name, n, i)).collect()
}

fn fixed(bytes: &[u8]) -> Vec<String> {
    bytes.iter().map(|b| format!("8'h{b:02x}")).collect()
}

/// Octets of a header's options at most.
pub const OPTIONS: usize = 40;

/// A frame's header up to the end of its options.
fn header(tag: bool, v6: bool) -> Vec<String> {
    let mut h = octets("dst_mac", 6);
    h.extend(octets("src_mac", 6));
    if tag {
        h.extend(fixed(&[0x81, 0x00]));
        h.extend(["{4'd0, vid[11:8]}".into(), "vid[7:0]".into()]);
    }
    if v6 {
        h.extend(fixed(&[0x86, 0xdd]));
        h.extend(["{4'd6, dscp[5:2]}".into(), "{dscp[1:0], ect, 5'd0}".into()]);
        // flow label, length, next header
        h.extend(fixed(&[0, 0, 0, 0, 6]));
        h.push("ttl".into());
        h.extend(octets("src", 16));
        h.extend(octets("dst", 16));
    } else {
        h.extend(fixed(&[0x08, 0x00, 0x45]));
        h.push("{dscp, ect, 1'b0}".into());
        // length, identification 0 and Don't Fragment: RFC 6864
        h.extend(fixed(&[0, 0, 0, 0, 0x40, 0]));
        h.push("ttl".into());
        h.extend(fixed(&[6, 0, 0]));
        h.extend((0..4).map(|i| octet("src", 4, i)));
        h.extend((0..4).map(|i| octet("dst", 4, i)));
    }
    h.extend(octets("sport", 2));
    h.extend(octets("dport", 2));
    h.extend(octets("seq", 4));
    h.extend(octets("ack", 4));
    h.push("{words, 4'd0}".into());
    h.push("flags".into());
    h.extend(octets("wnd", 2));
    // checksum and urgent pointer
    h.extend(fixed(&[0; 4]));
    h.extend((0..OPTIONS).map(|i| format!("options[{}:{}]", 8 * i + 7, 8 * i)));
    h
}

fn shapes(ipv6: bool) -> Vec<(bool, bool)> {
    let mut all = vec![(false, false), (true, false)];
    if ipv6 {
        all.extend([(false, true), (true, true)]);
    }
    all
}

/// Beats that the longest header can reach.
pub fn header_rows(k: usize) -> usize {
    128 / k
}

/// One beat of a header.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct HeaderRow<const D: usize> {
    pub dst_mac: Signal<In, Bits<48>>,
    pub src_mac: Signal<In, Bits<48>>,
    pub tag: Signal<In, bool>,
    pub vid: Signal<In, Bits<12>>,
    pub v6: Signal<In, bool>,
    pub src: Signal<In, Bits<128>>,
    pub dst: Signal<In, Bits<128>>,
    pub sport: Signal<In, Bits<16>>,
    pub dport: Signal<In, Bits<16>>,
    pub ttl: Signal<In, Bits<8>>,
    pub dscp: Signal<In, Bits<6>>,
    pub ect: Signal<In, bool>,
    pub seq: Signal<In, Bits<32>>,
    pub ack: Signal<In, Bits<32>>,
    /// Of the TCP header.
    pub words: Signal<In, Bits<4>>,
    pub flags: Signal<In, Bits<8>>,
    pub wnd: Signal<In, Bits<16>>,
    /// Octet 0 at bits 7:0.
    pub options: Signal<In, Bits<320>>,
    pub row: Signal<In, Bits<4>>,
    pub data: Signal<Out, Bits<D>>,
    _ipv6: bool,
}

impl<const D: usize> HeaderRow<D> {
    pub fn new(ipv6: bool) -> Self {
        Self {
            _ipv6: ipv6,
            ..Default::default()
        }
    }
}

impl<const D: usize> Logic for HeaderRow<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.data.connect();
    }
    fn hdl(&self) -> Verilog {
        let k = D / 8;
        let mut s = format!(
            "reg {} beat;\nassign data = beat;\nalways @(*)\n  case (shape)\n",
            range(D)
        );
        for (tag, v6) in shapes(self._ipv6) {
            let h = header(tag, v6);
            for (row, part) in h.chunks(k).enumerate() {
                let mut part = part.to_vec();
                part.resize(k, "8'd0".into());
                part.reverse();
                s += &format!(
                    "    6'b{}{}{row:04b}: beat = {{{}}};\n",
                    v6 as u8,
                    tag as u8,
                    part.join(", ")
                );
            }
        }
        s += &format!("    default: beat = {D}'d0;\n  endcase\n");
        let v6 = if self._ipv6 { "v6" } else { "1'b0" };
        let mut head = format!("wire [5:0] shape = {{{v6}, tag, row}};\n");
        if !self._ipv6 {
            head += "// IPv4 alone\nwire unused_v6 = &{1'b0, v6, src[127:32], dst[127:32]};\n";
        }
        body(head + &s)
    }
}

/// Puts IP length, IP checksum and TCP checksum into their beats.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct LateFields<const D: usize> {
    pub data: Signal<In, Bits<D>>,
    pub row: Signal<In, Bits<ROW>>,
    pub tag: Signal<In, bool>,
    pub v6: Signal<In, bool>,
    pub ip_len: Signal<In, Bits<16>>,
    pub ip_sum: Signal<In, Bits<16>>,
    pub tcp_sum: Signal<In, Bits<16>>,
    pub dout: Signal<Out, Bits<D>>,
    _ipv6: bool,
}

impl<const D: usize> LateFields<D> {
    pub fn new(ipv6: bool) -> Self {
        Self {
            _ipv6: ipv6,
            ..Default::default()
        }
    }
}

impl<const D: usize> Logic for LateFields<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let k = D / 8;
        let v6 = if self._ipv6 { "v6" } else { "1'b0" };
        let mut s = format!("wire [1:0] shape = {{{v6}, tag}};\n");
        if !self._ipv6 {
            s += "// IPv4 alone\nwire unused_v6 = v6;\n";
        }
        s += &format!(
            "reg {} beat;\nassign dout = beat;\nalways @(*) begin\n  beat = data;\n",
            range(D)
        );
        for (tag, v6) in shapes(self._ipv6) {
            let ip = 14 + 4 * usize::from(tag);
            let fields = match v6 {
                true => vec![(ip + 4, "ip_len"), (ip + 56, "tcp_sum")],
                false => vec![
                    (ip + 2, "ip_len"),
                    (ip + 10, "ip_sum"),
                    (ip + 36, "tcp_sum"),
                ],
            };
            for (at, name) in fields {
                let low = at % k * 8;
                s += &format!(
                    "  if (shape == 2'b{}{} && row == {ROW}'d{}) beat[{}:{low}] = {{{name}[7:0], {name}[15:8]}};\n",
                    v6 as u8,
                    tag as u8,
                    at / k,
                    low + 15
                );
            }
        }
        body(s + "end\n")
    }
}

/// Length field, DDP header, and maybe a Marker.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct Head {
    pub hdr: Signal<In, Bits<HDR>>,
    pub len: Signal<In, Bits<16>>,
    pub mark: Signal<In, bool>,
    /// Word in front of which it lies, 0 to 12. It also is its FPDUPTR, in words.
    pub at: Signal<In, Bits<4>>,
    pub dout: Signal<Out, Bits<HEAD>>,
}

impl Logic for Head {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let words = HEAD / 32;
        let mut s = format!(
            "wire {} plain = {{32'd0, hdr, len[7:0], len[15:8]}};\n",
            range(HEAD)
        );
        for i in 0..words {
            let (lo, hi) = (32 * i, 32 * i + 31);
            let word = format!("plain[{hi}:{lo}]");
            let below = match i {
                0 => "32'd0".to_string(),
                _ => format!("plain[{}:{}]", hi - 32, lo - 32),
            };
            // reserved, FPDUPTR: octet 3 of it is the low one
            let marker = format!("32'h{:08x}", (4 * i as u32) << 24);
            s += &format!(
                "assign dout[{hi}:{lo}] = !mark || at > 4'd{i} ? {word} : at == 4'd{i} ? {marker} : {below};\n"
            );
        }
        body(s)
    }
}

/// A Marker in a beat.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct MarkInsert<const D: usize> {
    pub data: Signal<In, Bits<D>>,
    pub mark: Signal<In, bool>,
    pub at: Signal<In, Bits<4>>,
    pub ptr: Signal<In, Bits<16>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize> Logic for MarkInsert<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let mut s = "wire [31:0] marker = {ptr[7:0], ptr[15:8], 16'd0};\n".to_string();
        for i in 0..D / 32 {
            let (lo, hi) = (32 * i, 32 * i + 31);
            let below = match i {
                0 => "32'd0".to_string(),
                _ => format!("data[{}:{}]", hi - 32, lo - 32),
            };
            // no word lies behind the sixteenth
            let before = match i {
                15 => "!mark".to_string(),
                _ => format!("!mark || at > 4'd{i}"),
            };
            s += &format!(
                "assign dout[{hi}:{lo}] = {before} ? data[{hi}:{lo}] : at == 4'd{i} ? marker : {below};\n"
            );
        }
        body(s)
    }
}

/// A prefix with its end at the end of a beat.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct Prefix<const K: usize> {
    pub octets: Signal<In, Bits<HEAD>>,
    /// Octets of it, a multiple of 4.
    pub h: Signal<In, Bits<6>>,
    pub dout: Signal<Out, Bits<PREFIX>>,
}

impl<const K: usize> Logic for Prefix<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let words = K.ilog2() as usize - 2;
        let mut s = format!(
            "wire {w} p0 = {{{z}'d0, octets}};\n\
             wire [{t}:0] up = {words}'d0 - h[{hi}:2];\n\
             // whole words; more than a beat does not matter\n\
             wire unused_h = &{{1'b0, h[1:0]{more}}};\n",
            w = range(PREFIX),
            z = PREFIX - HEAD,
            t = words - 1,
            hi = words + 1,
            more = if words < 4 {
                format!(", h[5:{}]", words + 2)
            } else {
                String::new()
            },
        );
        for i in 0..words {
            let by = 32usize << i;
            s += &format!(
                "wire {} p{} = up[{i}] ? {{p{i}[{}:0], {by}'d0}} : p{i};\n",
                range(PREFIX),
                i + 1,
                PREFIX - 1 - by
            );
        }
        body(s + &format!("assign dout = p{words};\n"))
    }
}

/// The CRC register one zero bit earlier.
fn crc_back(state: u32) -> u32 {
    if state >> 31 == 1 {
        (state ^ POLY) << 1 | 1
    } else {
        state << 1
    }
}

/// The register behind a first beat of `k` zero octets whose octet `at` is the FPDU's first.
pub fn crc_start(k: usize, at: usize) -> u32 {
    match at <= k {
        true => crc_advance(u32::MAX, 8 * (k - at)),
        false => (0..8 * (at - k)).fold(u32::MAX, |s, _| crc_back(s)),
    }
}

/// Start value of an FPDU's CRC.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct CrcStart<const K: usize> {
    pub at: Signal<In, Bits<7>>,
    pub state: Signal<Out, Bits<32>>,
}

impl<const K: usize> Logic for CrcStart<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.state.connect();
    }
    fn hdl(&self) -> Verilog {
        let bits = (2 * K).ilog2() as usize;
        let mut s = String::from("reg [31:0] table_out;\nassign state = table_out;\n");
        let index = if bits == 7 {
            "at".to_string()
        } else {
            s += &format!("wire unused_at = &{{1'b0, at[6:{bits}]}};\n");
            format!("at[{}:0]", bits - 1)
        };
        s += &format!("always @(*)\n  case ({index})\n");
        for at in 1..2 * K {
            s += &format!(
                "    {bits}'d{at}: table_out = 32'h{:08x};\n",
                crc_start(K, at)
            );
        }
        body(
            s + &format!(
                "    default: table_out = 32'h{:08x};\n  endcase\n",
                crc_start(K, 0)
            ),
        )
    }
}

/// The CRC register after 0 to 3 zero octets.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct CrcPad {
    pub state: Signal<In, Bits<32>>,
    pub pad: Signal<In, Bits<2>>,
    pub dout: Signal<Out, Bits<32>>,
}

impl Logic for CrcPad {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let mut s = String::new();
        for pad in 1..4 {
            s += &format!("wire [31:0] by{pad};\n");
            for j in 0..32 {
                let mask = hex(32, |i| crc_advance(1 << i, 8 * pad) >> j & 1 == 1);
                s += &format!("assign by{pad}[{j}] = ^(state & {mask});\n");
            }
        }
        body(s + "assign dout = pad[1] ? (pad[0] ? by3 : by2) : (pad[0] ? by1 : state);\n")
    }
}

/// Lanes of four octets.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct CrcLanes<const K: usize> {
    pub at: Signal<In, Bits<6>>,
    pub first: Signal<In, bool>,
    pub second: Signal<In, bool>,
    pub mask: Signal<Out, Bits<K>>,
}

impl<const K: usize> Logic for CrcLanes<K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.mask.connect();
    }
    fn hdl(&self) -> Verilog {
        let lk = K.ilog2() as usize;
        let mut s = String::new();
        if lk < 6 {
            s += &format!("wire unused_at = &{{1'b0, at[5:{lk}]}};\n");
        }
        body(
            s + &format!(
                "wire {} lanes = {{{}'d0, 4'hf}} << at[{}:0];\n\
                 assign mask = (first ? lanes[{}:0] : {K}'d0) | (second ? {{{}'d0, lanes[{}:{K}]}} : {K}'d0);\n",
                range(K + 3),
                K - 1,
                lk - 1,
                K - 1,
                K - 3,
                K + 2
            ),
        )
    }
}

/// Octets of the CRC field in their lanes.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct CrcPlace<const D: usize, const K: usize> {
    pub crc: Signal<In, Bits<32>>,
    pub mask: Signal<In, Bits<K>>,
    pub dout: Signal<Out, Bits<D>>,
}

impl<const D: usize, const K: usize> Logic for CrcPlace<D, K> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.dout.connect();
    }
    fn hdl(&self) -> Verilog {
        let lanes: Vec<String> = (0..K)
            .rev()
            .map(|i| {
                let low = i % 4 * 8;
                format!("{{8{{mask[{i}]}}}} & crc[{}:{low}]", low + 7)
            })
            .collect();
        body(format!("assign dout = {{{}}};\n", lanes.join(", ")))
    }
}

/// Simulation only: a payload's packet has the length that its job says.
#[derive(LogicBlock, Clone, Debug, Default)]
pub struct PayloadCheck<const K: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, bool>,
    pub take: Signal<In, bool>,
    pub last: Signal<In, bool>,
    pub keep: Signal<In, Bits<K>>,
    pub tkeep: Signal<In, Bits<K>>,
    pub tlast: Signal<In, bool>,
}

impl<const K: usize> Logic for PayloadCheck<K> {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        body(check(
            "take && (tlast != last || tkeep != keep)",
            "a payload packet is not as long as its FPDU job says",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prim::crc32c::crc_step;

    #[test]
    fn start_value_stands_for_the_ones_in_front() {
        // Two beats, the FPDU from octet `at` on: shifted in from the table's value or bit by bit.
        let k = 8;
        for at in 0..2 * k {
            let data: Vec<u8> = (0..2 * k)
                .map(|i| if i < at { 0 } else { i as u8 * 11 + 1 })
                .collect();
            let serial = |state: u32, bytes: &[u8]| {
                bytes.iter().fold(state, |s, b| {
                    (0..8).fold(s, |s, i| crc_step(s, b >> i & 1 == 1))
                })
            };
            let want = serial(u32::MAX, &data[at..]);
            let first = crc_start(k, at) ^ serial(0, &data[..k]);
            assert_eq!(serial(first, &data[k..]), want, "octet {at}");
        }
    }
}
