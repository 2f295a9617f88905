//! FPDU maker: messages in, FPDUs out, each with the record from which a retransmission can find it again.

use super::octets::{frame_ulpdu, Framing, Header};
use crate::wire::ddp::TerminateRepr;

/// What a message does. The payload of Sends, Writes and Responses travels beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    Send {
        solicited: bool,
        invalidate: Option<u32>,
    },
    Write {
        stag: u32,
        to: u64,
    },
    ReadRequest(ReadRequest),
    ReadResponse {
        stag: u32,
        to: u64,
    },
    Terminate(TerminateRepr),
    Immediate {
        solicited: bool,
        data: [u8; 8],
    },
    Atomic(AtomicRequest),
    AtomicResponse {
        request_id: u32,
        original: u64,
    },
}

/// Fields of a Read Request (RFC 5040 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    pub sink_stag: u32,
    pub sink_to: u64,
    pub len: u32,
    pub source_stag: u32,
    pub source_to: u64,
}

/// Fields of an Atomic Request (RFC 7306 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtomicRequest {
    pub request_id: u32,
    pub stag: u32,
    pub to: u64,
    pub kind: AtomicKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomicKind {
    FetchAdd {
        add: u64,
        mask: u64,
    },
    CompareSwap {
        compare: u64,
        compare_mask: u64,
        swap: u64,
        swap_mask: u64,
    },
}

impl Operation {
    /// RDMAP opcode.
    pub fn opcode(&self) -> u8 {
        match self {
            Operation::Write { .. } => 0,
            Operation::ReadRequest(_) => 1,
            Operation::ReadResponse { .. } => 2,
            Operation::Send {
                solicited,
                invalidate,
            } => 3 + u8::from(invalidate.is_some()) + 2 * u8::from(*solicited),
            Operation::Terminate(_) => 7,
            Operation::Immediate { solicited, .. } => 8 + u8::from(*solicited),
            Operation::Atomic(_) => 10,
            Operation::AtomicResponse { .. } => 11,
        }
    }

    /// Untagged queue, or none for a tagged message.
    pub fn queue(&self) -> Option<usize> {
        match self {
            Operation::Write { .. } | Operation::ReadResponse { .. } => None,
            Operation::Send { .. } | Operation::Immediate { .. } => Some(0),
            Operation::ReadRequest(_) | Operation::Atomic(_) => Some(1),
            Operation::Terminate(_) => Some(2),
            Operation::AtomicResponse { .. } => Some(3),
        }
    }

    /// Payload comes from a buffer, not from the operation itself.
    pub fn carries_payload(&self) -> bool {
        matches!(
            self,
            Operation::Send { .. } | Operation::Write { .. } | Operation::ReadResponse { .. }
        )
    }

    /// RDMA header, or payload that the operation itself holds.
    fn body(&self) -> Vec<u8> {
        let h = Header::default();
        match self {
            Operation::ReadRequest(r) => {
                h.u32(r.sink_stag)
                    .u64(r.sink_to)
                    .u32(r.len)
                    .u32(r.source_stag)
                    .u64(r.source_to)
                    .0
            }
            Operation::Immediate { data, .. } => data.to_vec(),
            Operation::AtomicResponse {
                request_id,
                original,
            } => h.u32(*request_id).u64(*original).0,
            Operation::Atomic(a) => {
                // FetchAdd: no comparison, its mask all ones.
                let (code, data, mask, compare, compare_mask) = match a.kind {
                    AtomicKind::FetchAdd { add, mask } => (0, add, mask, 0, u64::MAX),
                    AtomicKind::CompareSwap {
                        compare,
                        compare_mask,
                        swap,
                        swap_mask,
                    } => (2, swap, swap_mask, compare, compare_mask),
                };
                let h = h.u32(code).u32(a.request_id).u32(a.stag).u64(a.to);
                h.u64(data).u64(mask).u64(compare).u64(compare_mask).0
            }
            Operation::Terminate(t) => terminate_body(t),
            _ => Vec::new(),
        }
    }
}

/// RFC 5040 4.8: layer and type, code, M D R, then the offender's length and headers.
fn terminate_body(t: &TerminateRepr) -> Vec<u8> {
    let mdr = (u8::from(t.length_valid) << 7)
        | (u8::from(t.ddp.is_some()) << 6)
        | (u8::from(t.rdma.is_some()) << 5);
    let mut h = Header::default()
        .u8((t.term.layer << 4) | t.term.etype)
        .u8(t.term.code)
        .u8(mdr)
        .u8(0);
    if let Some((length, header)) = &t.ddp {
        h = h.u16(*length);
        h.0.extend_from_slice(header);
    }
    if let Some(header) = &t.rdma {
        h.0.extend_from_slice(header);
    }
    h.0
}

/// Whom an FPDU belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Work request of the send queue, by its number.
    Sq(u32),
    /// Answer to the peer's Read or Atomic Request with this MSN.
    Response(u32),
    Terminate,
}

/// Where an FPDU stands in the stream, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FpduRecord {
    /// Stream position: octets of the FPDU stream in front of it, modulo nothing.
    pub pos: u64,
    /// Sequence number of its first octet.
    pub seq: u32,
    /// Octets on the wire, Markers and CRC included.
    pub len: u32,
    pub origin: Origin,
    pub opcode: u8,
    /// Payload octets of the message in front of it.
    pub offset: u32,
    pub payload: u32,
    /// MSN of an untagged message.
    pub msn: Option<u32>,
    pub last: bool,
}

/// A finished FPDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fpdu {
    pub record: FpduRecord,
    pub octets: Vec<u8>,
}

/// A message of which FPDUs are being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub origin: Origin,
    pub operation: Operation,
    pub msn: Option<u32>,
    /// Octets of payload in all, and those already in FPDUs.
    pub len: u32,
    pub done: u32,
    finished: bool,
}

impl Message {
    pub fn finished(&self) -> bool {
        self.finished
    }
}

/// How the stream of FPDUs begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MakerConfig {
    /// Sequence number of the first octet made.
    pub first_seq: u32,
    /// Octets between SeqStart and that octet; counts for Markers.
    pub offset: u32,
    pub mulpdu: usize,
    pub framing: Framing,
    /// Next MSN of each queue.
    pub first_msn: [u32; 4],
}

impl Default for MakerConfig {
    fn default() -> Self {
        MakerConfig {
            first_seq: 0,
            offset: 0,
            mulpdu: 1454,
            framing: Framing {
                crc: true,
                markers: false,
            },
            first_msn: [1; 4],
        }
    }
}

/// Makes the FPDUs of one stream, in order.
#[derive(Debug, Clone)]
pub struct FpduMaker {
    cfg: MakerConfig,
    pos: u64,
    msn: [u32; 4],
}

impl FpduMaker {
    pub fn new(cfg: MakerConfig) -> Self {
        FpduMaker {
            cfg,
            pos: 0,
            msn: cfg.first_msn,
        }
    }

    /// Octets made so far.
    pub fn pos(&self) -> u64 {
        self.pos
    }

    /// The path became narrower or wider: counts from the next FPDU on.
    pub fn set_mulpdu(&mut self, mulpdu: usize) {
        self.cfg.mulpdu = mulpdu;
    }

    /// Opens a message; an untagged one takes its MSN now. `len` is not used where the operation holds its own octets.
    pub fn begin(&mut self, origin: Origin, operation: Operation, len: u32) -> Message {
        let msn = operation.queue().map(|q| {
            let msn = self.msn[q];
            self.msn[q] = msn.wrapping_add(1);
            msn
        });
        let len = if operation.carries_payload() { len } else { 0 };
        Message {
            origin,
            operation,
            msn,
            len,
            done: 0,
            finished: false,
        }
    }

    /// Payload octets that the next FPDU of `m` takes.
    pub fn room(&self, m: &Message) -> u32 {
        let header = if m.operation.queue().is_some() {
            18
        } else {
            14
        };
        (m.len - m.done).min(self.cfg.mulpdu.saturating_sub(header).max(1) as u32)
    }

    /// The next FPDU of a message; `payload` has [`FpduMaker::room`] octets. None behind the last one.
    pub fn next(&mut self, m: &mut Message, payload: &[u8]) -> Option<Fpdu> {
        if m.finished || payload.len() != self.room(m) as usize {
            return None;
        }
        let offset = m.done;
        m.done += payload.len() as u32;
        let last = m.done == m.len;
        m.finished = last;
        let opcode = m.operation.opcode();
        let header = match (&m.operation, m.msn) {
            (Operation::Write { stag, to } | Operation::ReadResponse { stag, to }, _) => {
                Header::tagged(last, opcode, *stag, to.wrapping_add(u64::from(offset)))
            }
            (op, msn) => {
                let invalidate = match op {
                    Operation::Send { invalidate, .. } => invalidate.unwrap_or(0),
                    _ => 0,
                };
                let qn = op.queue().unwrap_or(0) as u32;
                Header::untagged(last, opcode, invalidate, qn, msn.unwrap_or(0), offset)
            }
        };
        let mut ulpdu = header.0;
        ulpdu.extend(m.operation.body());
        ulpdu.extend_from_slice(payload);
        let at = self.cfg.offset.wrapping_add(self.pos as u32);
        let octets = frame_ulpdu(&ulpdu, at, self.cfg.framing);
        let record = FpduRecord {
            pos: self.pos,
            seq: self.cfg.first_seq.wrapping_add(self.pos as u32),
            len: octets.len() as u32,
            origin: m.origin,
            opcode,
            offset,
            payload: payload.len() as u32,
            msn: m.msn,
            last,
        };
        self.pos += octets.len() as u64;
        Some(Fpdu { record, octets })
    }

    /// All FPDUs of a message at once.
    pub fn make(&mut self, origin: Origin, operation: Operation, payload: &[u8]) -> Vec<Fpdu> {
        let mut m = self.begin(origin, operation, payload.len() as u32);
        let mut out = Vec::new();
        while !m.finished {
            let from = m.done as usize;
            let to = from + self.room(&m) as usize;
            match self.next(&mut m, &payload[from..to]) {
                Some(f) => out.push(f),
                None => break,
            }
        }
        out
    }
}
