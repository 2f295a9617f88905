//! FPDUs out of an in-order octet stream, whatever the cuts (MPA-52).

use crate::wire::mpa::{fpdu_len, parse_fpdu, peek_length, Fpdu};

/// Octets of the stream that are not yet part of a complete FPDU.
#[derive(Debug, Clone)]
pub struct Deframer {
    markers: bool,
    /// Distance of position 0 from SeqStart.
    base: u32,
    max_fpdu: usize,
    /// Stream position of `buf[0]`.
    pos: u64,
    buf: Vec<u8>,
    /// Octets consumed at the front of `buf`.
    used: usize,
    /// Octets needed before it is worth looking again.
    need: usize,
}

/// What stands at the front of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// An FPDU that starts at this stream position.
    Fpdu { start: u64, fpdu: Fpdu },
    /// An FPDU longer than the receiver takes; the stream stays where it is.
    TooLong { start: u64, length: usize },
}

impl Deframer {
    /// `max_fpdu` counts ULPDU_Length field, ULPDU, PAD and CRC, not the Markers.
    pub fn new(markers: bool, max_fpdu: usize) -> Self {
        Deframer {
            markers,
            base: 0,
            max_fpdu,
            pos: 0,
            buf: Vec::new(),
            used: 0,
            need: 0,
        }
    }

    /// Position 0 is `offset` octets behind SeqStart.
    pub fn behind(mut self, offset: u32) -> Self {
        self.base = offset;
        self
    }

    pub fn push(&mut self, data: &[u8]) {
        if self.used > 0 && self.used * 2 > self.buf.len() {
            self.buf.drain(..self.used);
            self.used = 0;
        }
        self.buf.extend_from_slice(data);
    }

    /// Stream position of the first octet not delivered in an FPDU.
    pub fn pos(&self) -> u64 {
        self.pos
    }

    /// Octets of an incomplete FPDU at hand.
    pub fn pending(&self) -> usize {
        self.buf.len() - self.used
    }

    fn offset(&self) -> Option<u32> {
        self.markers
            .then_some((self.pos as u32).wrapping_add(self.base))
    }

    /// The next complete FPDU. The caller judges CRC and Markers.
    pub fn next_fpdu(&mut self) -> Option<Framed> {
        let data = &self.buf[self.used..];
        if data.len() < self.need {
            return None;
        }
        let length = match peek_length(data, self.offset()) {
            Ok(n) => n,
            Err(e) => {
                self.need = e.need;
                return None;
            }
        };
        if fpdu_len(length, None) > self.max_fpdu {
            return Some(Framed::TooLong {
                start: self.pos,
                length,
            });
        }
        match parse_fpdu(data, self.offset()) {
            Err(e) => {
                self.need = e.need;
                None
            }
            Ok(fpdu) => {
                let start = self.pos;
                self.used += fpdu.wire_len;
                self.pos += fpdu.wire_len as u64;
                self.need = 0;
                Some(Framed::Fpdu { start, fpdu })
            }
        }
    }

    /// Forgets everything from `pos` on (an FPDU start); the octets will come again.
    pub fn rewind(&mut self, pos: u64) {
        self.buf.clear();
        self.used = 0;
        self.need = 0;
        self.pos = pos;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mpa::{emit_fpdu, FpduOptions};

    fn stream(markers: bool) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut s = Vec::new();
        let mut all = Vec::new();
        for (i, n) in [
            42usize, 488, 21, 18, 1018, 82, 1448, 23, 526, 508, 19, 20, 21, 22,
        ]
        .into_iter()
        .enumerate()
        {
            let u: Vec<u8> = (0..n).map(|k| (k + 7 * i) as u8).collect();
            let offset = markers.then_some(s.len() as u32);
            s.extend(emit_fpdu(
                &u,
                &FpduOptions {
                    offset,
                    ..Default::default()
                },
            ));
            all.push(u);
        }
        (s, all)
    }

    fn drain(d: &mut Deframer) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        while let Some(Framed::Fpdu { fpdu, .. }) = d.next_fpdu() {
            assert!(fpdu.crc_ok() && fpdu.markers_ok);
            out.push(fpdu.ulpdu);
        }
        out
    }

    #[test]
    fn mpa_52_6f_any_cut_gives_the_same_fpdus() {
        for markers in [false, true] {
            let (s, want) = stream(markers);
            for cut in 0..s.len() {
                let mut d = Deframer::new(markers, 70_000);
                d.push(&s[..cut]);
                let mut got = drain(&mut d);
                d.push(&s[cut..]);
                got.extend(drain(&mut d));
                assert_eq!(got, want, "markers {markers} cut {cut}");
                assert_eq!(d.pending(), 0);
            }
            for step in [1usize, 2, 3, 5, 7, 509, 1460] {
                let mut d = Deframer::new(markers, 70_000);
                let got: Vec<_> = s
                    .chunks(step)
                    .flat_map(|c| {
                        d.push(c);
                        drain(&mut d)
                    })
                    .collect();
                assert_eq!(got, want, "markers {markers} step {step}");
            }
        }
    }

    #[test]
    fn too_long_is_told_from_the_length_alone() {
        let mut d = Deframer::new(false, 1000);
        d.push(&[0x10]);
        assert_eq!(d.next_fpdu(), None);
        d.push(&[0x00]);
        assert_eq!(
            d.next_fpdu(),
            Some(Framed::TooLong {
                start: 0,
                length: 0x1000
            })
        );
    }
}
