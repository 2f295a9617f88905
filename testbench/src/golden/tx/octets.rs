//! The octets of DDP segments and FPDUs, written from RFC 5040, 5041, 5044 and 7306 alone: nothing of `crate::wire` emits here.
//!
//! An FPDU: length of the ULPDU, ULPDU, zero PAD to a multiple of 4, CRC32C with its least significant octet first. With
//! Markers, four octets (zero, zero, distance back to the length field) stand at each stream position that is a multiple of
//! 512 from SeqStart on; the one right in front of the length field belongs to the FPDU and its CRC, too.

/// Distance of Markers in the stream.
const MARKER_EVERY: u32 = 512;
/// Largest ULPDU (RFC 5044 3.1).
const MULPDU_MAX: usize = 64768;
/// A smaller MSS gets FPDUs of this ULPDU all the same, cut into several segments.
const MULPDU_MIN: usize = 128;

/// Largest ULPDU whose FPDU fits `emss` octets of payload, Markers and the worst PAD counted.
pub fn mulpdu(emss: usize, markers: bool) -> usize {
    let marks = if markers {
        4 * emss.div_ceil(MARKER_EVERY as usize)
    } else {
        0
    };
    let overhead = 6 + marks + emss % 4;
    emss.saturating_sub(overhead).clamp(MULPDU_MIN, MULPDU_MAX)
}

/// How FPDUs of a stream are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// False: the CRC field is zero.
    pub crc: bool,
    /// The peer asked for Markers.
    pub markers: bool,
}

/// CRC-32C (polynomial 0x1EDC6F41, bits reflected), four octets as they go out.
pub fn crc32c(parts: &[&[u8]]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for octet in parts.iter().copied().flatten() {
        crc = (crc >> 8) ^ CRC_TABLE[usize::from(crc as u8 ^ octet)];
    }
    (!crc).to_le_bytes()
}

const CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut v = i as u32;
        let mut bit = 0;
        while bit < 8 {
            v = (v >> 1) ^ if v & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        table[i] = v;
        i += 1;
    }
    table
}

/// Frames one ULPDU that starts `offset` octets behind SeqStart.
pub fn frame_ulpdu(ulpdu: &[u8], offset: u32, framing: Framing) -> Vec<u8> {
    let mut body = Vec::with_capacity(ulpdu.len() + 9);
    body.extend_from_slice(&(ulpdu.len() as u16).to_be_bytes());
    body.extend_from_slice(ulpdu);
    while body.len() % 4 != 0 {
        body.push(0);
    }
    let mut out = Vec::with_capacity(body.len() + 12);
    let mut length_at = 0;
    let mut done = 0;
    // Parts of the FPDU are multiples of 4 from SeqStart on, as Markers are: none is split by one. The last round puts a
    // Marker between PAD and CRC, if one is due there.
    loop {
        let here = offset.wrapping_add(out.len() as u32) % MARKER_EVERY;
        if framing.markers && here == 0 {
            let back = (out.len() - length_at) as u16;
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(&back.to_be_bytes());
            if done == 0 {
                length_at = out.len();
            }
            continue;
        }
        if done == body.len() {
            break;
        }
        let until = if framing.markers {
            (MARKER_EVERY - here) as usize
        } else {
            body.len()
        };
        let part = &body[done..(done + until).min(body.len())];
        out.extend_from_slice(part);
        done += part.len();
    }
    let crc = if framing.crc { crc32c(&[&out]) } else { [0; 4] };
    out.extend_from_slice(&crc);
    out
}

/// A big-endian writer for headers.
#[derive(Debug, Default)]
pub(super) struct Header(pub Vec<u8>);

impl Header {
    pub fn u8(mut self, v: u8) -> Self {
        self.0.push(v);
        self
    }

    pub fn u16(mut self, v: u16) -> Self {
        self.0.extend_from_slice(&v.to_be_bytes());
        self
    }

    pub fn u32(mut self, v: u32) -> Self {
        self.0.extend_from_slice(&v.to_be_bytes());
        self
    }

    pub fn u64(mut self, v: u64) -> Self {
        self.0.extend_from_slice(&v.to_be_bytes());
        self
    }

    /// DDP control (T, L, DV 1) and RDMAP control (RV 1, opcode).
    pub fn control(self, tagged: bool, last: bool, opcode: u8) -> Self {
        let ddp = (u8::from(tagged) << 7) | (u8::from(last) << 6) | 1;
        self.u8(ddp).u8(0x40 | opcode)
    }

    pub fn tagged(last: bool, opcode: u8, stag: u32, to: u64) -> Self {
        Header::default()
            .control(true, last, opcode)
            .u32(stag)
            .u64(to)
    }

    /// `first` is the Invalidate STag of Sends with Invalidate, else 0.
    pub fn untagged(last: bool, opcode: u8, first: u32, qn: u32, msn: u32, mo: u32) -> Self {
        Header::default()
            .control(false, last, opcode)
            .u32(first)
            .u32(qn)
            .u32(msn)
            .u32(mo)
    }
}
