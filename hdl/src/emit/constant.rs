//! Constants of any width.
use rust_hdl::prelude::VerilogLiteral;

/// A constant: bit 0 first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    bits: Vec<bool>,
}

impl Constant {
    pub fn from_usize(value: usize, width: usize) -> Option<Self> {
        Self::from_hex(&format!("{value:x}"), width)
    }

    /// `None` if the value needs more than `width` bits or is negative.
    pub fn from_literal(literal: &VerilogLiteral, width: usize) -> Option<Self> {
        Self::from_hex(&literal_hex(literal), width)
    }

    pub fn from_hex(hex: &str, width: usize) -> Option<Self> {
        let mut bits = Vec::with_capacity(hex.len() * 4);
        for digit in hex.chars().rev() {
            let value = digit.to_digit(16)?;
            bits.extend((0..4).map(|b| value >> b & 1 == 1));
        }
        if bits.iter().skip(width).any(|b| *b) {
            return None;
        }
        bits.resize(width, false);
        Some(Self { bits })
    }

    pub fn width(&self) -> usize {
        self.bits.len()
    }

    /// Bits `low..low + width`; the caller has checked the range.
    pub fn slice(&self, low: usize, width: usize) -> Self {
        Self {
            bits: self.bits[low..low + width].to_vec(),
        }
    }

    pub fn verilog(&self) -> String {
        if self.width() == 1 {
            return format!("1'b{}", u8::from(self.bits[0]));
        }
        let mut hex: String = self
            .bits
            .chunks(4)
            .rev()
            .map(|c| c.iter().rev().fold(0, |v, b| v * 2 + u32::from(*b)))
            .filter_map(|v| char::from_digit(v, 16))
            .collect();
        let zeros = hex.len() - hex.trim_start_matches('0').len();
        hex.drain(..zeros.min(hex.len() - 1));
        format!("{}'h{hex}", self.width())
    }
}

/// The digits of a literal; rust-hdl prints it as `32'h1f`.
pub fn literal_hex(literal: &VerilogLiteral) -> String {
    let text = format!("{literal:x}");
    text.split_once("'h")
        .map_or_else(String::new, |(_, h)| h.to_string())
}

/// The width that Rust's type gave a literal; 1 for `true` and `false`.
pub fn literal_width(literal: &VerilogLiteral) -> usize {
    let text = format!("{literal:x}");
    text.split('\'')
        .next()
        .and_then(|w| w.parse().ok())
        .unwrap_or(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_any_width() {
        let text = |hex, width| Constant::from_hex(hex, width).map(|c| c.verilog());
        assert_eq!(text("1f", 5), Some("5'h1f".into()));
        assert_eq!(text("1f", 4), None, "does not fit");
        assert_eq!(text("0", 8), Some("8'h0".into()));
        assert_eq!(text("1", 1), Some("1'b1".into()));
        assert_eq!(text("-1", 8), None);
        let wide = "f".repeat(33);
        assert_eq!(text(&wide, 132), Some(format!("132'h{wide}")));
        let cut = Constant::from_hex("abcd", 16).map(|c| c.slice(4, 8).verilog());
        assert_eq!(cut, Some("8'hbc".into()));
    }
}
