//! Markers of RFC 5044 section 4.3, for peers and model. `place` is where an FPDU begins, its Marker in front included, counted
//! from SeqStart.

use super::model::fpdu_len;

/// Octets of the Marker in front of an FPDU.
pub fn leading(place: u32) -> usize {
    if place % 512 == 0 {
        4
    } else {
        0
    }
}

/// Octets on the wire of an FPDU of `total` octets.
pub fn marked_len(place: u32, total: usize) -> usize {
    let mut at = 0;
    for _ in 0..total / 4 {
        at += leading(place.wrapping_add(at as u32)) + 4;
    }
    at
}

/// How Markers are made: octets that do not count, and what is added to each pointer.
#[derive(Clone, Copy, Default)]
pub struct Marking {
    pub reserved: u16,
    pub low_bits: u16,
    pub wrong: u16,
}

/// A good FPDU with this ULPDU among Markers.
pub fn marked_fpdu(ulpdu: &[u8], place: u32, how: Marking) -> Vec<u8> {
    let mut plain = (ulpdu.len() as u16).to_be_bytes().to_vec();
    plain.extend(ulpdu);
    plain.resize(fpdu_len(ulpdu.len()), 0xee);
    let mut out = vec![];
    let mut field = None;
    let words = plain.len() / 4;
    for (i, word) in plain.chunks(4).enumerate() {
        if leading(place.wrapping_add(out.len() as u32)) > 0 {
            let pointer = field.map_or(0, |f| out.len() - f) as u16;
            out.extend(how.reserved.to_be_bytes());
            out.extend((pointer.wrapping_add(how.wrong) | how.low_bits).to_be_bytes());
        }
        field.get_or_insert(out.len());
        match i + 1 == words {
            true => out.extend(crc32c::crc32c(&out).to_le_bytes()),
            false => out.extend(word),
        }
    }
    out
}

/// The FPDU without its Markers, and whether they point to its first octet.
pub fn strip(place: u32, wire: &[u8]) -> (Vec<u8>, bool) {
    let (mut at, mut field, mut right) = (0, None, true);
    let mut plain = vec![];
    while at < wire.len() {
        if leading(place.wrapping_add(at as u32)) > 0 {
            let pointer = u16::from_be_bytes([wire[at + 2], wire[at + 3]]) & !3;
            // An FPDU may be longer than a pointer can say.
            right &= pointer == field.map_or(0, |f| at - f) as u16;
            at += 4;
        }
        field.get_or_insert(at);
        plain.extend(&wire[at..at + 4]);
        at += 4;
    }
    (plain, right)
}
