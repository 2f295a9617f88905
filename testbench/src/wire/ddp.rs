//! DDP and RDMAP headers (RFC 5041, RFC 5040, RFC 7306): what stands in a ULPDU.
//!
//! Reserved bits are kept on parse, so that a test can send them and a receiver can be seen to ignore them.

use super::{be16, be32, be64, need, WireError};

/// RDMAP opcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opcode {
    Write,
    ReadRequest,
    ReadResponse,
    Send,
    SendInv,
    SendSe,
    SendSeInv,
    Terminate,
    Immediate,
    ImmediateSe,
    AtomicRequest,
    AtomicResponse,
    /// 12 to 15.
    Unassigned(u8),
}

impl Opcode {
    pub fn from_bits(v: u8) -> Opcode {
        use Opcode::*;
        match v & 0xf {
            0 => Write,
            1 => ReadRequest,
            2 => ReadResponse,
            3 => Send,
            4 => SendInv,
            5 => SendSe,
            6 => SendSeInv,
            7 => Terminate,
            8 => Immediate,
            9 => ImmediateSe,
            10 => AtomicRequest,
            11 => AtomicResponse,
            v => Unassigned(v),
        }
    }

    pub fn bits(self) -> u8 {
        use Opcode::*;
        match self {
            Write => 0,
            ReadRequest => 1,
            ReadResponse => 2,
            Send => 3,
            SendInv => 4,
            SendSe => 5,
            SendSeInv => 6,
            Terminate => 7,
            Immediate => 8,
            ImmediateSe => 9,
            AtomicRequest => 10,
            AtomicResponse => 11,
            Unassigned(v) => v & 0xf,
        }
    }

    /// Travels in the tagged model.
    pub fn is_tagged(self) -> bool {
        matches!(self, Opcode::Write | Opcode::ReadResponse)
    }

    /// DDP queue of an untagged opcode.
    pub fn queue(self) -> Option<u32> {
        use Opcode::*;
        match self {
            Send | SendInv | SendSe | SendSeInv | Immediate | ImmediateSe => Some(0),
            ReadRequest | AtomicRequest => Some(1),
            Terminate => Some(2),
            AtomicResponse => Some(3),
            Write | ReadResponse | Unassigned(_) => None,
        }
    }

    pub fn is_send(self) -> bool {
        matches!(
            self,
            Opcode::Send | Opcode::SendInv | Opcode::SendSe | Opcode::SendSeInv
        )
    }

    /// Asks for a solicited event at the receiver.
    pub fn is_solicited(self) -> bool {
        matches!(
            self,
            Opcode::SendSe | Opcode::SendSeInv | Opcode::ImmediateSe
        )
    }

    pub fn invalidates(self) -> bool {
        matches!(self, Opcode::SendInv | Opcode::SendSeInv)
    }

    /// Short name, as in the tables of `traces/README.md`.
    pub fn name(self) -> &'static str {
        use Opcode::*;
        match self {
            Write => "Write",
            ReadRequest => "ReadReq",
            ReadResponse => "ReadResp",
            Send => "Send",
            SendInv => "SendInv",
            SendSe => "SendSE",
            SendSeInv => "SendSEInv",
            Terminate => "Terminate",
            Immediate => "Imm",
            ImmediateSe => "ImmSE",
            AtomicRequest => "AtomicReq",
            AtomicResponse => "AtomicResp",
            Unassigned(_) => "Unassigned",
        }
    }
}

/// The two control octets, all bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub tagged: bool,
    pub last: bool,
    /// DDP reserved bits, 4.
    pub ddp_reserved: u8,
    pub dv: u8,
    pub rv: u8,
    /// RDMAP reserved bits, 2.
    pub rdmap_reserved: u8,
    pub opcode: Opcode,
}

impl Control {
    /// DV = RV = 1, reserved zero, T as the opcode asks.
    pub fn new(opcode: Opcode, last: bool) -> Self {
        Control {
            tagged: opcode.is_tagged(),
            last,
            ddp_reserved: 0,
            dv: 1,
            rv: 1,
            rdmap_reserved: 0,
            opcode,
        }
    }

    fn parse(a: u8, b: u8) -> Self {
        Control {
            tagged: a & 0x80 != 0,
            last: a & 0x40 != 0,
            ddp_reserved: (a >> 2) & 0xf,
            dv: a & 3,
            rv: b >> 6,
            rdmap_reserved: (b >> 4) & 3,
            opcode: Opcode::from_bits(b),
        }
    }

    fn octets(self) -> [u8; 2] {
        let a = (u8::from(self.tagged) << 7)
            | (u8::from(self.last) << 6)
            | ((self.ddp_reserved & 0xf) << 2)
            | (self.dv & 3);
        let b = ((self.rv & 3) << 6) | ((self.rdmap_reserved & 3) << 4) | self.opcode.bits();
        [a, b]
    }
}

/// The model specific part of a DDP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buffer {
    Tagged {
        stag: u32,
        to: u64,
    },
    Untagged {
        /// Invalidate STag, or reserved.
        inv_stag: u32,
        qn: u32,
        msn: u32,
        mo: u32,
    },
}

/// A DDP segment's header: control octets and buffer fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DdpRepr {
    pub control: Control,
    pub buffer: Buffer,
}

pub const TAGGED_LEN: usize = 14;
pub const UNTAGGED_LEN: usize = 18;

impl DdpRepr {
    pub fn tagged(opcode: Opcode, last: bool, stag: u32, to: u64) -> Self {
        let mut control = Control::new(opcode, last);
        control.tagged = true;
        DdpRepr {
            control,
            buffer: Buffer::Tagged { stag, to },
        }
    }

    pub fn untagged(opcode: Opcode, last: bool, qn: u32, msn: u32, mo: u32, inv_stag: u32) -> Self {
        let mut control = Control::new(opcode, last);
        control.tagged = false;
        DdpRepr {
            control,
            buffer: Buffer::Untagged {
                inv_stag,
                qn,
                msn,
                mo,
            },
        }
    }

    pub fn header_len(&self) -> usize {
        match self.buffer {
            Buffer::Tagged { .. } => TAGGED_LEN,
            Buffer::Untagged { .. } => UNTAGGED_LEN,
        }
    }

    /// Reads the control octets only.
    pub fn parse_control(ulpdu: &[u8]) -> Result<Control, WireError> {
        let c = need("DDP control", ulpdu, 2)?;
        Ok(Control::parse(c[0], c[1]))
    }

    /// Parses the header; the T bit says which. The payload starts at `header_len`.
    pub fn parse(ulpdu: &[u8]) -> Result<Self, WireError> {
        let control = Self::parse_control(ulpdu)?;
        let buffer = if control.tagged {
            let h = need("tagged DDP header", ulpdu, TAGGED_LEN)?;
            Buffer::Tagged {
                stag: be32(h, 2),
                to: be64(h, 6),
            }
        } else {
            let h = need("untagged DDP header", ulpdu, UNTAGGED_LEN)?;
            Buffer::Untagged {
                inv_stag: be32(h, 2),
                qn: be32(h, 6),
                msn: be32(h, 10),
                mo: be32(h, 14),
            }
        };
        Ok(DdpRepr { control, buffer })
    }

    /// Header and payload as one ULPDU. T on the wire is `control.tagged`, whatever the buffer fields are.
    pub fn emit(&self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(UNTAGGED_LEN + payload.len());
        out.extend_from_slice(&self.control.octets());
        match self.buffer {
            Buffer::Tagged { stag, to } => {
                out.extend_from_slice(&stag.to_be_bytes());
                out.extend_from_slice(&to.to_be_bytes());
            }
            Buffer::Untagged {
                inv_stag,
                qn,
                msn,
                mo,
            } => {
                for v in [inv_stag, qn, msn, mo] {
                    out.extend_from_slice(&v.to_be_bytes());
                }
            }
        }
        out.extend_from_slice(payload);
        out
    }
}

/// RDMA Read Request header, 28 octets behind the untagged DDP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequestRepr {
    pub sink_stag: u32,
    pub sink_to: u64,
    pub size: u32,
    pub source_stag: u32,
    pub source_to: u64,
}

impl ReadRequestRepr {
    pub const LEN: usize = 28;

    pub fn parse(d: &[u8]) -> Result<Self, WireError> {
        let h = need("Read Request header", d, Self::LEN)?;
        Ok(ReadRequestRepr {
            sink_stag: be32(h, 0),
            sink_to: be64(h, 4),
            size: be32(h, 12),
            source_stag: be32(h, 16),
            source_to: be64(h, 20),
        })
    }

    pub fn emit(&self) -> Vec<u8> {
        let mut out = self.sink_stag.to_be_bytes().to_vec();
        out.extend_from_slice(&self.sink_to.to_be_bytes());
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.source_stag.to_be_bytes());
        out.extend_from_slice(&self.source_to.to_be_bytes());
        out
    }
}

/// An error triplet of the registry: layer (4 bits) and type (4 bits) in one octet, then the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    pub layer: u8,
    pub etype: u8,
    pub code: u8,
}

impl Term {
    /// From the two octets, as the conformance table writes them: `Term::new(0x11, 0x01)`.
    pub const fn new(layer_etype: u8, code: u8) -> Self {
        Term {
            layer: layer_etype >> 4,
            etype: layer_etype & 0xf,
            code,
        }
    }

    /// First octet of the Terminate control word.
    pub fn octet(self) -> u8 {
        (self.layer << 4) | (self.etype & 0xf)
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#04x}/{:#04x}", self.octet(), self.code)
    }
}

/// Terminate message behind the untagged DDP header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminateRepr {
    pub term: Term,
    /// M: the length is valid.
    pub length_valid: bool,
    /// The 13 reserved bits.
    pub reserved: u16,
    /// With D: length of the offending segment and its DDP header.
    pub ddp: Option<(u16, Vec<u8>)>,
    /// With R: the offending Read Request header.
    pub rdma: Option<Vec<u8>>,
}

impl TerminateRepr {
    /// Parses the message; headers that D or R announce but that are cut short come back as far as they go.
    pub fn parse(d: &[u8]) -> Result<Self, WireError> {
        let h = need("Terminate control", d, 4)?;
        let term = Term::new(h[0], h[1]);
        let (m, dd, r) = (h[2] & 0x80 != 0, h[2] & 0x40 != 0, h[2] & 0x20 != 0);
        let reserved = be16(h, 2) & 0x1fff;
        let mut rest = &d[4..];
        let mut ddp = None;
        if dd && rest.len() >= 2 {
            let len = be16(rest, 0);
            rest = &rest[2..];
            let want = if rest.first().is_some_and(|c| c & 0x80 != 0) {
                TAGGED_LEN
            } else {
                UNTAGGED_LEN
            };
            let (head, tail) = rest.split_at(want.min(rest.len()));
            ddp = Some((len, head.to_vec()));
            rest = tail;
        }
        let rdma =
            (r && !rest.is_empty()).then(|| rest[..rest.len().min(ReadRequestRepr::LEN)].to_vec());
        Ok(TerminateRepr {
            term,
            length_valid: m,
            reserved,
            ddp,
            rdma,
        })
    }

    pub fn emit(&self) -> Vec<u8> {
        let flags = (u16::from(self.length_valid) << 15)
            | (u16::from(self.ddp.is_some()) << 14)
            | (u16::from(self.rdma.is_some()) << 13)
            | (self.reserved & 0x1fff);
        let mut out = vec![self.term.octet(), self.term.code];
        out.extend_from_slice(&flags.to_be_bytes());
        if let Some((len, head)) = &self.ddp {
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(head);
        }
        if let Some(r) = &self.rdma {
            out.extend_from_slice(r);
        }
        out
    }
}

/// Atomic Request header (RFC 7306 5.2.1), 52 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomicRequestRepr {
    /// 28 reserved bits, then AOpCode in the low four.
    pub op_word: u32,
    pub request_id: u32,
    pub stag: u32,
    pub to: u64,
    pub data: u64,
    pub mask: u64,
    pub compare: u64,
    pub compare_mask: u64,
}

impl AtomicRequestRepr {
    pub const LEN: usize = 52;
    pub const FETCH_ADD: u8 = 0;
    pub const CMP_SWAP: u8 = 2;

    pub fn aopcode(&self) -> u8 {
        (self.op_word & 0xf) as u8
    }

    pub fn parse(d: &[u8]) -> Result<Self, WireError> {
        let h = need("Atomic Request header", d, Self::LEN)?;
        Ok(AtomicRequestRepr {
            op_word: be32(h, 0),
            request_id: be32(h, 4),
            stag: be32(h, 8),
            to: be64(h, 12),
            data: be64(h, 20),
            mask: be64(h, 28),
            compare: be64(h, 36),
            compare_mask: be64(h, 44),
        })
    }

    pub fn emit(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::LEN);
        for v in [self.op_word, self.request_id, self.stag] {
            out.extend_from_slice(&v.to_be_bytes());
        }
        for v in [
            self.to,
            self.data,
            self.mask,
            self.compare,
            self.compare_mask,
        ] {
            out.extend_from_slice(&v.to_be_bytes());
        }
        out
    }
}

/// Atomic Response header (RFC 7306 5.2.2), 12 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomicResponseRepr {
    pub request_id: u32,
    pub original: u64,
}

impl AtomicResponseRepr {
    pub const LEN: usize = 12;

    pub fn parse(d: &[u8]) -> Result<Self, WireError> {
        let h = need("Atomic Response header", d, Self::LEN)?;
        Ok(AtomicResponseRepr {
            request_id: be32(h, 0),
            original: be64(h, 4),
        })
    }

    pub fn emit(&self) -> Vec<u8> {
        let mut out = self.request_id.to_be_bytes().to_vec();
        out.extend_from_slice(&self.original.to_be_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_pairs_of_the_wire_table() {
        let pairs = [
            (Opcode::Write, true, [0xc1, 0x40]),
            (Opcode::ReadResponse, false, [0x81, 0x42]),
            (Opcode::SendSeInv, true, [0x41, 0x46]),
        ];
        for (op, last, want) in pairs {
            assert_eq!(Control::new(op, last).octets(), want);
        }
        for v in 0..16 {
            assert_eq!(Opcode::from_bits(v).bits(), v);
        }
        for a in 0..=255u8 {
            assert_eq!(Control::parse(a, !a).octets(), [a, !a]);
        }
    }

    #[test]
    fn ddp_3f_short_headers_are_refused() {
        assert!(DdpRepr::parse(&[0xc1]).is_err());
        assert!(DdpRepr::parse(&[0xc1; 13]).is_err());
        assert!(DdpRepr::parse(&[0x41; 17]).is_err());
        assert!(DdpRepr::parse(&[0xc1; 14]).is_ok());
    }
}
