//! CRC32C of a byte stream, one beat at a time (RFC 5044 section 4.4, RFC 3385). All combinational.
//!
//! | block | in | out |
//! |---|---|---|
//! | [`CrcData`]    | `data`, bytes that do not count are zero | `crc`, what the beat adds to the state |
//! | [`CrcShift`]   | `state` | `shifted`, the state moved over one beat of zeros: state times x^D |
//! | [`CrcResidue`] | `state`, `pad` 0..K-1 | `ok`, the state is that of a good FPDU followed by `pad` zero bytes |
//! | [`CrcWant`]    | `pad` | `want`, that state |
//!
//! **Bit order.** Bytes in lane order, each byte least significant bit first, reflected polynomial `0x82F63B78`:
//! `state = (state >> 1) ^ (((state ^ bit) & 1) ? POLY : 0)`. That step ([`crc_step`]) is the only definition here; every
//! XOR equation below is derived from it. CRC-32C's last inversion is not applied: the state is the raw register.
//!
//! **Streaming.** `state' = shift(state) ^ data(beat)`: one 32-bit register, and the wide part (`CrcData`) has no loop, so
//! it may be pipelined. From state 0, zero bytes in front of an FPDU change nothing, so an FPDU may start in any lane:
//! the start value 0xFFFFFFFF is 0xFF XORed into the FPDU's first four bytes. Behind the CRC field (sent least
//! significant octet first) the beat is masked to zero, and a good FPDU leaves [`crc_residue`]`(pad)`, which depends
//! only on the number of masked bytes.

use super::text::{body, hex, range};
use rust_hdl::prelude::*;

/// The reflected CRC32C polynomial.
pub const POLY: u32 = 0x82F6_3B78;

/// One bit into the raw CRC register: the bit-serial definition.
pub const fn crc_step(state: u32, bit: bool) -> u32 {
    let feedback = (state ^ bit as u32) & 1 == 1;
    (state >> 1) ^ if feedback { POLY } else { 0 }
}

/// The raw register after `bits` zero bits.
pub fn crc_advance(state: u32, bits: usize) -> u32 {
    (0..bits).fold(state, |s, _| crc_step(s, false))
}

/// The raw register, started at zero, after the `d`-bit beat in which only bit `i` is one; one entry for each `i`.
pub fn data_columns(d: usize) -> Vec<u32> {
    (0..d)
        .map(|i| crc_advance(crc_step(0, true), d - 1 - i))
        .collect()
}

/// The raw register after `d` zero bits, from each of the 32 one-bit states.
pub fn shift_columns(d: usize) -> [u32; 32] {
    std::array::from_fn(|i| crc_advance(1 << i, d))
}

/// The raw register after a good FPDU, its CRC field, and `pad` zero bytes.
///
/// The CRC field is the inverted register, so the register ends as the image of 32 one bits, whatever the FPDU was.
pub fn crc_residue(pad: usize) -> u32 {
    crc_advance((0..32).fold(0, |s, _| crc_step(s, true)), 8 * pad)
}

/// `assign name[j] = XOR of the source bits that reach register bit j`, as a reduction of a masked vector.
fn equations(name: &str, source: &str, columns: &[u32]) -> String {
    (0..32)
        .map(|j| {
            let mask = hex(columns.len(), |i| columns[i] >> j & 1 == 1);
            format!("assign {name}[{j}] = ^({source} & {mask});\n")
        })
        .collect()
}

/// Contribution of one beat to the CRC state.
#[derive(LogicBlock, Clone, Debug)]
pub struct CrcData<const D: usize> {
    pub data: Signal<In, Bits<D>>,
    pub crc: Signal<Out, Bits<32>>,
}

impl<const D: usize> CrcData<D> {
    const OK: () = assert!(D >= 8 && D % 8 == 0, "CrcData: D must be a number of bytes");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            data: Default::default(),
            crc: Default::default(),
        }
    }
}

impl<const D: usize> Default for CrcData<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize> Logic for CrcData<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.crc.connect();
    }
    fn hdl(&self) -> Verilog {
        body(equations("crc", "data", &data_columns(D)))
    }
}

/// The CRC state moved over one beat of zero bytes.
#[derive(LogicBlock, Clone, Debug)]
pub struct CrcShift<const D: usize> {
    pub state: Signal<In, Bits<32>>,
    pub shifted: Signal<Out, Bits<32>>,
}

impl<const D: usize> CrcShift<D> {
    const OK: () = assert!(
        D >= 8 && D % 8 == 0,
        "CrcShift: D must be a number of bytes"
    );

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            state: Default::default(),
            shifted: Default::default(),
        }
    }
}

impl<const D: usize> Default for CrcShift<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize> Logic for CrcShift<D> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.shifted.connect();
    }
    fn hdl(&self) -> Verilog {
        body(equations("shifted", "state", &shift_columns(D)))
    }
}

/// Judges the state after the beat that ends an FPDU.
#[derive(LogicBlock, Clone, Debug)]
pub struct CrcResidue<const K: usize, const LK: usize> {
    pub state: Signal<In, Bits<32>>,
    pub pad: Signal<In, Bits<LK>>,
    pub ok: Signal<Out, bool>,
}

impl<const K: usize, const LK: usize> CrcResidue<K, LK> {
    const OK: () = assert!(1 << LK == K && LK >= 1, "CrcResidue: LK must be log2 K");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            state: Default::default(),
            pad: Default::default(),
            ok: Default::default(),
        }
    }
}

impl<const K: usize, const LK: usize> Default for CrcResidue<K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

/// Text of a table `want`: the state of a good FPDU for each `pad`.
fn residues<const K: usize, const LK: usize>() -> String {
    let mut s = format!(
        "reg {} of_pad;\nalways @(*)\n  case (pad)\n    default: of_pad = 32'h{:08x};\n",
        range(32),
        crc_residue(0)
    );
    for pad in 1..K {
        s += &format!("    {LK}'d{pad}: of_pad = 32'h{:08x};\n", crc_residue(pad));
    }
    s + "  endcase\n"
}

impl<const K: usize, const LK: usize> Logic for CrcResidue<K, LK> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.ok.connect();
    }
    fn hdl(&self) -> Verilog {
        body(residues::<K, LK>() + "assign ok = state == of_pad;\n")
    }
}

/// The state that a good FPDU leaves, for whoever compares it elsewhere.
#[derive(LogicBlock, Clone, Debug)]
pub struct CrcWant<const K: usize, const LK: usize> {
    pub pad: Signal<In, Bits<LK>>,
    pub want: Signal<Out, Bits<32>>,
}

impl<const K: usize, const LK: usize> CrcWant<K, LK> {
    const OK: () = assert!(1 << LK == K && LK >= 1, "CrcWant: LK must be log2 K");

    pub fn new() -> Self {
        let () = Self::OK;
        Self {
            pad: Default::default(),
            want: Default::default(),
        }
    }
}

impl<const K: usize, const LK: usize> Default for CrcWant<K, LK> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const K: usize, const LK: usize> Logic for CrcWant<K, LK> {
    fn update(&mut self) {}
    fn connect(&mut self) {
        self.want.connect();
    }
    fn hdl(&self) -> Verilog {
        body(residues::<K, LK>() + "assign want = of_pad;\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(state: u32, bytes: &[u8]) -> u32 {
        bytes.iter().fold(state, |s, b| {
            (0..8).fold(s, |s, i| crc_step(s, b >> i & 1 == 1))
        })
    }

    #[test]
    fn check_value() {
        // RFC 3720 B.4 and WIRE section 2: "123456789" gives 0xE3069283.
        assert_eq!(!serial(u32::MAX, b"123456789"), 0xE306_9283);
    }

    #[test]
    fn residue_of_the_check_value() {
        let mut bytes = b"123456789".to_vec();
        bytes.extend(0xE306_9283u32.to_le_bytes());
        for pad in 0..64 {
            assert_eq!(serial(u32::MAX, &bytes), crc_residue(pad), "pad {pad}");
            bytes.push(0);
        }
    }
}
