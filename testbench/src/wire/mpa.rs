//! MPA (RFC 5044, RFC 6581): startup frames and FPDUs with PAD, Markers and CRC32C.
//!
//! An FPDU's place in the stream matters only with Markers: `offset` is then its distance from SeqStart (mod 2^32), the
//! octet where MPA starts in that direction. Without Markers it is `None`.

use super::{be16, need, WireError};
use thiserror::Error;

pub const KEY_REQUEST: &[u8; 16] = b"MPA ID Req Frame";
pub const KEY_REPLY: &[u8; 16] = b"MPA ID Rep Frame";
/// Distance of two Markers in the TCP stream.
pub const MARKER_SPACING: u32 = 512;
/// Largest ULPDU by RFC 5044 section 3; Linux siw sends up to 65154 in its GSO mode.
pub const MAX_ULPDU: usize = 64768;
/// Largest Private Data.
pub const MAX_PRIVATE_DATA: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartupKind {
    Request,
    Reply,
}

/// A Request or Reply frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupRepr {
    pub kind: StartupKind,
    /// M: the sender of this frame wants Markers in its receive direction.
    pub markers: bool,
    /// C: CRC wanted.
    pub crc: bool,
    /// R: rejected (Reply).
    pub reject: bool,
    /// S: Private Data starts with IRD and ORD (RFC 6581).
    pub enhanced: bool,
    /// The four reserved flag bits.
    pub reserved: u8,
    pub rev: u8,
    /// All octets behind PD_Length, the enhanced ones included.
    pub private_data: Vec<u8>,
}

/// The RFC 6581 octets in front of the Private Data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enhanced {
    /// A: peer-to-peer model, an RTR frame comes first.
    pub peer_to_peer: bool,
    /// B: zero-length Send serves as RTR.
    pub rtr_send: bool,
    pub ird: u16,
    /// C: zero-length Write serves as RTR.
    pub rtr_write: bool,
    /// D: zero-length Read serves as RTR.
    pub rtr_read: bool,
    pub ord: u16,
}

/// IRD or ORD value that means "not negotiated".
pub const NOT_NEGOTIATED: u16 = 0x3fff;

impl Enhanced {
    pub fn to_octets(self) -> [u8; 4] {
        let a = (u16::from(self.peer_to_peer) << 15)
            | (u16::from(self.rtr_send) << 14)
            | (self.ird & 0x3fff);
        let b = (u16::from(self.rtr_write) << 15)
            | (u16::from(self.rtr_read) << 14)
            | (self.ord & 0x3fff);
        let (a, b) = (a.to_be_bytes(), b.to_be_bytes());
        [a[0], a[1], b[0], b[1]]
    }
}

impl StartupRepr {
    /// Parses one frame at the start of `stream`; returns it with its length. `Truncated` asks for more octets.
    pub fn parse(stream: &[u8]) -> Result<(Self, usize), WireError> {
        let seen = &stream[..stream.len().min(16)];
        let kind = if KEY_REQUEST.starts_with(seen) && seen.len() == 16 {
            StartupKind::Request
        } else if KEY_REPLY.starts_with(seen) && seen.len() == 16 {
            StartupKind::Reply
        } else if KEY_REQUEST.starts_with(seen) || KEY_REPLY.starts_with(seen) {
            return Err(WireError::Truncated {
                what: "MPA startup frame",
                need: 20,
                have: stream.len(),
            });
        } else {
            return Err(WireError::Malformed {
                what: "MPA startup frame",
                field: "key",
                value: u64::from(seen[0]),
            });
        };
        let h = need("MPA startup frame", stream, 20)?;
        let pd = usize::from(be16(h, 18));
        if pd > MAX_PRIVATE_DATA {
            return Err(WireError::Malformed {
                what: "MPA startup frame",
                field: "PD_Length",
                value: pd as u64,
            });
        }
        let all = need("MPA Private Data", stream, 20 + pd)?;
        let f = h[16];
        let repr = StartupRepr {
            kind,
            markers: f & 0x80 != 0,
            crc: f & 0x40 != 0,
            reject: f & 0x20 != 0,
            enhanced: f & 0x10 != 0,
            reserved: f & 0x0f,
            rev: h[17],
            private_data: all[20..].to_vec(),
        };
        Ok((repr, 20 + pd))
    }

    pub fn emit(&self) -> Vec<u8> {
        let mut out = match self.kind {
            StartupKind::Request => KEY_REQUEST.to_vec(),
            StartupKind::Reply => KEY_REPLY.to_vec(),
        };
        let bit = |b: bool, m: u8| if b { m } else { 0 };
        out.push(
            bit(self.markers, 0x80)
                | bit(self.crc, 0x40)
                | bit(self.reject, 0x20)
                | bit(self.enhanced, 0x10)
                | (self.reserved & 0xf),
        );
        out.push(self.rev);
        out.extend_from_slice(&(self.private_data.len() as u16).to_be_bytes());
        out.extend_from_slice(&self.private_data);
        out
    }

    /// IRD and ORD, when S is set, the revision is 2 and four octets are there.
    pub fn enhanced_data(&self) -> Option<Enhanced> {
        if !self.enhanced || self.rev < 2 || self.private_data.len() < 4 {
            return None;
        }
        let (a, b) = (be16(&self.private_data, 0), be16(&self.private_data, 2));
        Some(Enhanced {
            peer_to_peer: a & 0x8000 != 0,
            rtr_send: a & 0x4000 != 0,
            ird: a & 0x3fff,
            rtr_write: b & 0x8000 != 0,
            rtr_read: b & 0x4000 != 0,
            ord: b & 0x3fff,
        })
    }

    /// The ULP's share of the Private Data.
    pub fn ulp_private_data(&self) -> &[u8] {
        &self.private_data[if self.enhanced_data().is_some() { 4 } else { 0 }..]
    }
}

/// CRC32C of `data` as it stands on the wire: least significant octet first.
pub fn crc_octets(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).to_le_bytes()
}

/// What goes into the CRC field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcField {
    /// The right value.
    Good,
    /// These octets, whatever is right.
    Octets([u8; 4]),
}

/// How to frame a ULPDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FpduOptions {
    /// Distance from SeqStart when Markers are in use.
    pub offset: Option<u32>,
    pub crc: CrcField,
    /// Value of the PAD octets; the CRC covers what is sent.
    pub pad: u8,
    /// ULPDU_Length to send instead of the true one.
    pub length: Option<u16>,
    /// Added to each FPDUPTR, to make wrong ones.
    pub pointer_error: u16,
}

impl Default for FpduOptions {
    fn default() -> Self {
        FpduOptions {
            offset: None,
            crc: CrcField::Good,
            pad: 0,
            length: None,
            pointer_error: 0,
        }
    }
}

/// PAD octets of a ULPDU.
pub fn pad_len(ulpdu: usize) -> usize {
    (4 - (2 + ulpdu) % 4) % 4
}

fn marker_here(offset: Option<u32>, at: usize) -> bool {
    offset.is_some_and(|o| o.wrapping_add(at as u32) % MARKER_SPACING == 0)
}

/// Octets on the wire of an FPDU with a ULPDU of `ulpdu` octets, Markers included.
pub fn fpdu_len(ulpdu: usize, offset: Option<u32>) -> usize {
    let words = (2 + ulpdu + pad_len(ulpdu)) / 4 + 1;
    if offset.is_none() {
        return words * 4;
    }
    let mut at = 0;
    for _ in 0..words {
        if marker_here(offset, at) {
            at += 4;
        }
        at += 4;
    }
    at
}

/// Frames one ULPDU. RFC 5044 4: leading Marker, length, ULPDU, PAD, Marker before the CRC, CRC.
pub fn emit_fpdu(ulpdu: &[u8], opt: &FpduOptions) -> Vec<u8> {
    let mut body = opt
        .length
        .unwrap_or(ulpdu.len() as u16)
        .to_be_bytes()
        .to_vec();
    body.extend_from_slice(ulpdu);
    body.resize(body.len() + pad_len(ulpdu.len()), opt.pad);
    let mut out = Vec::with_capacity(body.len() + 8 + body.len() / 100);
    let mut header_at = None;
    for word in body.chunks_exact(4) {
        emit_marker(&mut out, header_at, opt);
        header_at.get_or_insert(out.len());
        out.extend_from_slice(word);
    }
    emit_marker(&mut out, header_at, opt);
    let crc = match opt.crc {
        CrcField::Good => crc_octets(&out),
        CrcField::Octets(o) => o,
    };
    out.extend_from_slice(&crc);
    out
}

fn emit_marker(out: &mut Vec<u8>, header_at: Option<usize>, opt: &FpduOptions) {
    if marker_here(opt.offset, out.len()) {
        let ptr = header_at
            .map_or(0, |h| (out.len() - h) as u16)
            .wrapping_add(opt.pointer_error);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&ptr.to_be_bytes());
    }
}

/// A parsed FPDU. CRC and Markers are reported, not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fpdu {
    pub ulpdu: Vec<u8>,
    pub pad: Vec<u8>,
    pub crc_sent: [u8; 4],
    pub crc_computed: [u8; 4],
    /// False when an FPDUPTR contradicts the place of the ULPDU_Length field (its low two bits are ignored).
    pub markers_ok: bool,
    /// Octets in the stream, Markers included.
    pub wire_len: usize,
}

impl Fpdu {
    pub fn crc_ok(&self) -> bool {
        self.crc_sent == self.crc_computed
    }
}

/// More octets are needed: at least `need` in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the FPDU ends behind the octets at hand: {need} needed")]
pub struct Incomplete {
    pub need: usize,
}

/// ULPDU_Length of the FPDU at the start of `data`, as soon as it can be read.
pub fn peek_length(data: &[u8], offset: Option<u32>) -> Result<usize, Incomplete> {
    let at = if marker_here(offset, 0) { 4 } else { 0 };
    if data.len() < at + 2 {
        return Err(Incomplete { need: at + 2 });
    }
    Ok(usize::from(be16(data, at)))
}

/// Parses the FPDU at the start of `data`.
pub fn parse_fpdu(data: &[u8], offset: Option<u32>) -> Result<Fpdu, Incomplete> {
    let n = peek_length(data, offset)?;
    let wire_len = fpdu_len(n, offset);
    if data.len() < wire_len {
        return Err(Incomplete { need: wire_len });
    }
    let padded = 2 + n + pad_len(n);
    let mut clean = Vec::with_capacity(padded + 4);
    let mut header_at = None;
    let mut markers_ok = true;
    let mut at = 0;
    let mut crc_at = 0;
    while at < wire_len {
        if marker_here(offset, at) {
            let want = header_at.map_or(0, |h: usize| at - h);
            // Beyond MAX_ULPDU a distance may need more than the 16 bits there are: the low ones count.
            markers_ok &= be16(data, at + 2) & !3 == want as u16;
            at += 4;
        }
        header_at.get_or_insert(at);
        if clean.len() == padded {
            crc_at = at;
        }
        // Without Markers the whole rest is one run.
        let run = if offset.is_none() { wire_len - at } else { 4 };
        if offset.is_none() {
            crc_at = wire_len - 4;
        }
        clean.extend_from_slice(&data[at..at + run]);
        at += run;
    }
    let crc_sent = [
        data[crc_at],
        data[crc_at + 1],
        data[crc_at + 2],
        data[crc_at + 3],
    ];
    Ok(Fpdu {
        ulpdu: clean[2..2 + n].to_vec(),
        pad: clean[2 + n..padded].to_vec(),
        crc_sent,
        crc_computed: crc_octets(&data[..crc_at]),
        markers_ok,
        wire_len,
    })
}

/// Largest ULPDU that fits one segment of `emss` payload octets (RFC 5044 4.5), limited to 128..=64768.
pub fn mulpdu(emss: usize, markers: bool) -> usize {
    let markers = if markers { 4 * emss.div_ceil(512) } else { 0 };
    emss.saturating_sub(6 + markers + emss % 4)
        .clamp(128, MAX_ULPDU)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mpa_70_71_crc32c_check_values() {
        assert_eq!(crc_octets(b"123456789"), [0x83, 0x92, 0x06, 0xe3]);
        assert_eq!(crc_octets(&[0; 32]), [0xaa, 0x36, 0x91, 0x8a]);
    }

    #[test]
    fn mpa_45_46_mulpdu_table() {
        let table = [
            (536, 522, 530),
            (1220, 1202, 1214),
            (1428, 1410, 1422),
            (1440, 1422, 1434),
            (1448, 1430, 1442),
            (1460, 1442, 1454),
            (4052, 4014, 4046),
            (8948, 8870, 8942),
            (8960, 8882, 8954),
        ];
        for (emss, with, without) in table {
            assert_eq!(
                (mulpdu(emss, true), mulpdu(emss, false)),
                (with, without),
                "EMSS {emss}"
            );
        }
        assert_eq!((mulpdu(40, false), mulpdu(100_000, false)), (128, 64768));
    }

    #[test]
    fn every_offset_and_length_round_trips() {
        for off in (0..512u32)
            .step_by(4)
            .map(Some)
            .chain([None, Some(u32::MAX - 99)])
        {
            for n in (1..24).chain([470, 486, 490, 494, 500, 1000, 1430]) {
                let u: Vec<u8> = (0..n).map(|i| i as u8).collect();
                let f = emit_fpdu(
                    &u,
                    &FpduOptions {
                        offset: off,
                        ..Default::default()
                    },
                );
                assert_eq!(f.len(), fpdu_len(n, off));
                let p = parse_fpdu(&f, off).expect("whole");
                assert!(p.crc_ok() && p.markers_ok, "offset {off:?} length {n}");
                assert_eq!(p.ulpdu, u);
                assert!(parse_fpdu(&f[..f.len() - 1], off).is_err());
            }
        }
    }

    #[test]
    fn mpa_43_44_pad_is_covered_by_the_crc() {
        let u = [7u8; 15];
        let f = emit_fpdu(
            &u,
            &FpduOptions {
                pad: 0xff,
                ..Default::default()
            },
        );
        assert!(parse_fpdu(&f, None).is_ok_and(|p| p.crc_ok() && p.pad == [0xff; 3]));
        let zero = emit_fpdu(&u, &FpduOptions::default());
        let mut wrong = f.clone();
        let n = wrong.len();
        wrong[n - 4..].copy_from_slice(&zero[n - 4..]);
        assert!(parse_fpdu(&wrong, None).is_ok_and(|p| !p.crc_ok()));
    }

    #[test]
    fn mpa_22_private_data_limit() {
        let mut f = KEY_REQUEST.to_vec();
        f.extend_from_slice(&[0x40, 1, 2, 1]);
        assert!(matches!(
            StartupRepr::parse(&f),
            Err(WireError::Malformed {
                field: "PD_Length",
                ..
            })
        ));
        assert!(matches!(
            StartupRepr::parse(&f[..7]),
            Err(WireError::Truncated { .. })
        ));
        f[3] ^= 1;
        assert!(matches!(
            StartupRepr::parse(&f),
            Err(WireError::Malformed { field: "key", .. })
        ));
    }
}
