//! Items of which a memory stores only the bits that a preset uses: [`Fifo::narrow`](super::Fifo::narrow),
//! [`Ram::narrow`](super::Ram::narrow).
//!
//! Structs have the widths of the largest preset. A field named here keeps its low bits; those above read as zero.

use super::capture::bits_of;
use super::text::range;
use rust_hdl::prelude::*;

/// The stored parts of a `width`-bit item: lowest bit and number of bits, from bit 0 up. Empty: all of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    parts: Vec<(usize, usize)>,
    width: usize,
}

impl Kept {
    /// `fields`: names and bits to keep; every one must be a field of the struct `T`, and not wider than it.
    pub fn new<T: Synth>(fields: &[(&str, usize)]) -> Self {
        let TypeKind::Composite(all) = &T::descriptor().kind else {
            panic!("narrow: only a struct has fields to narrow");
        };
        for (name, _) in fields {
            assert!(
                all.iter().any(|f| f.fieldname == *name),
                "narrow: the struct has no field `{name}`"
            );
        }
        let mut parts: Vec<(usize, usize)> = vec![];
        let mut low = 0;
        for f in all {
            let width = bits_of(&f.kind);
            let asked = fields.iter().find(|(name, _)| f.fieldname == *name);
            let n = asked.map_or(width, |(_, n)| *n);
            assert!(
                n <= width,
                "narrow: field `{}` has {width} bits, {n} asked",
                f.fieldname
            );
            match parts.last_mut() {
                _ if n == 0 => {}
                Some((lo, k)) if *lo + *k == low => *k += n,
                _ => parts.push((low, n)),
            }
            low += width;
        }
        Self { parts, width: low }
    }

    /// The low `bits` of an item of `width` bits.
    pub fn low(width: usize, bits: usize) -> Self {
        assert!(
            (1..=width).contains(&bits),
            "keeping: an item has {width} bits, {bits} asked"
        );
        Self {
            parts: vec![(0, bits)],
            width,
        }
    }

    fn all(&self) -> bool {
        self.parts.len() <= 1 && self.parts.iter().all(|p| p.1 == self.width)
    }

    /// Bits stored of an item of `width` bits.
    pub fn bits(&self, width: usize) -> usize {
        if self.all() {
            width
        } else {
            self.parts.iter().map(|p| p.1).sum()
        }
    }

    /// Text that makes `word` out of the port `din`, and the name to store.
    pub fn pack(&self, din: &str) -> (String, String) {
        if self.all() {
            return (String::new(), din.to_string());
        }
        let slice = |(lo, n): &(usize, usize)| format!("{din}[{}:{lo}]", lo + n - 1);
        let kept: Vec<String> = self.parts.iter().rev().map(slice).collect();
        let ends = self.parts.iter().map(|(lo, n)| lo + n);
        let starts = self.parts.iter().skip(1).map(|p| p.0).chain([self.width]);
        let gaps: Vec<String> = ends
            .zip(starts)
            .filter(|(a, b)| a < b)
            .map(|(a, b)| slice(&(a, b - a)))
            .collect();
        let text = format!(
            "// bits that this preset does not use are not stored\n\
             wire unused_{din} = &{{1'b0, {}}};\n\
             wire {} word = {{{}}};\n",
            gaps.join(", "),
            range(self.bits(self.width)),
            kept.join(", ")
        );
        (text, "word".to_string())
    }

    /// Text that drives the port `dout` with the stored `expr`.
    pub fn unpack(&self, dout: &str, expr: &str) -> String {
        if self.all() {
            return format!("assign {dout} = {expr};\n");
        }
        let mut out: Vec<String> = vec![];
        let (mut at, mut low) = (0, 0);
        for (lo, n) in &self.parts {
            if *lo > at {
                out.push(format!("{}'b0", lo - at));
            }
            out.push(format!("held[{}:{low}]", low + n - 1));
            (at, low) = (lo + n, low + n);
        }
        if at < self.width {
            out.push(format!("{}'b0", self.width - at));
        }
        out.reverse();
        format!(
            "wire {} held = {expr};\nassign {dout} = {{{}}};\n",
            range(low),
            out.join(", ")
        )
    }
}
