//! Markers (RFC 5044 section 4.3) put into FPDUs that were made without, so that a test made for the one is one for the other.

use crate::wire::mpa::{crc_octets, MARKER_SPACING};

/// Octets with Markers among them, and where everything went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    pub octets: Vec<u8>,
    /// Where each FPDU starts, with the Marker in front of it if there is one.
    pub starts: Vec<usize>,
    /// Where each Marker stands.
    pub markers: Vec<usize>,
    /// Where each of the old octets stands, the end included; an FPDU's first one counts from its Marker.
    places: Vec<usize>,
}

impl Marked {
    /// Where the octet stands that stood at `at`.
    pub fn place(&self, at: usize) -> usize {
        self.places[at.min(self.places.len() - 1)]
    }
}

/// Whole FPDUs that start at `starts`, the first one `offset` octets behind SeqStart. A good CRC stays good, a bad one bad.
pub fn mark(octets: &[u8], starts: &[usize], offset: u32) -> Marked {
    let mut m = Marked::default();
    let ends = starts.iter().skip(1).copied().chain([octets.len()]);
    for (start, end) in starts.iter().zip(ends) {
        let plain = &octets[*start..end];
        assert!(
            plain.len() % 4 == 0 && plain.len() >= 8,
            "{} octets are no FPDU",
            plain.len()
        );
        let begin = m.octets.len();
        m.starts.push(begin);
        let (body, crc) = plain.split_at(plain.len() - 4);
        let good = crc_octets(body);
        let mut field = None;
        for (i, word) in plain.chunks(4).enumerate() {
            let at = m.octets.len();
            if offset.wrapping_add(at as u32) % MARKER_SPACING == 0 {
                m.markers.push(at);
                let pointer = field.map_or(0, |f| at - f) as u16;
                m.octets.extend([0, 0]);
                m.octets.extend(pointer.to_be_bytes());
            }
            let at = m.octets.len();
            field.get_or_insert(at);
            m.places.extend(if i == 0 {
                [begin, at + 1, at + 2, at + 3]
            } else {
                [at, at + 1, at + 2, at + 3]
            });
            if 4 * (i + 1) < plain.len() {
                m.octets.extend(word);
            } else {
                let new = crc_octets(&m.octets[begin..]);
                m.octets.extend((0..4).map(|k| new[k] ^ good[k] ^ crc[k]));
            }
        }
    }
    m.places.push(m.octets.len());
    m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{counted, FpduStream};
    use crate::wire::mpa::{emit_fpdu, CrcField, FpduOptions};

    #[test]
    fn the_same_as_made_with_markers() {
        let (mut plain, mut want) = (FpduStream::new(false), FpduStream::new(true));
        for n in [14usize, 470, 18, 1000, 2, 508, 490, 23, 3000] {
            plain.push(&counted(n));
            want.push(&counted(n));
        }
        let m = mark(&plain.octets, &plain.starts, 0);
        assert_eq!((&m.octets, &m.starts), (&want.octets, &want.starts));
        for (old, new) in plain.starts.iter().zip(&want.starts) {
            assert_eq!(m.place(*old), *new);
        }
        // Payload octets, far from length fields and CRCs.
        for at in 100..400 {
            assert_eq!(m.octets[m.place(at)], plain.octets[at], "octet {at}");
        }
        assert_eq!(m.place(plain.octets.len()), m.octets.len());
    }

    #[test]
    fn a_bad_crc_stays_bad() {
        let opt = FpduOptions {
            crc: CrcField::Octets([1, 2, 3, 4]),
            ..Default::default()
        };
        let f = emit_fpdu(&counted(600), &opt);
        let m = mark(&f, &[0], 300);
        let parsed = crate::wire::mpa::parse_fpdu(&m.octets, Some(300));
        assert!(parsed.is_ok_and(|p| !p.crc_ok() && p.markers_ok && p.ulpdu == counted(600)));
    }
}
