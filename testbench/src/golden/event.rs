//! What the golden endpoint reports.

use crate::wire::ddp::{AtomicRequestRepr, Opcode, ReadRequestRepr, Term, TerminateRepr};
use std::collections::BTreeMap;

/// Octets placed in host memory, in the order of placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    pub addr: u64,
    pub data: Vec<u8>,
}

/// A receive completion: a Send of any kind, or Immediate Data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub opcode: Opcode,
    pub msn: u32,
    /// Octets of the message (MO of the last segment plus its payload); Immediate Data has 8.
    pub len: u32,
    /// Index given with the receive buffer.
    pub rqe_idx: u16,
    /// STag that this message invalidated.
    pub inv_stag: Option<u32>,
    pub imm: Option<[u8; 8]>,
}

impl Completion {
    pub fn solicited(&self) -> bool {
        self.opcode.is_solicited()
    }
}

/// Ordered events of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The first valid FPDU: opens the Responder's transmit gate (MPA-29).
    FirstFpdu,
    Receive(Completion),
    /// A Read Request to be answered, checks passed.
    ReadRequest {
        msn: u32,
        request: ReadRequestRepr,
    },
    /// One of our Reads got its whole Response.
    ReadDone {
        sq_idx: u16,
        sink_stag: u32,
        len: u32,
    },
    /// An Atomic Request to be carried out and answered, checks passed.
    AtomicRequest {
        msn: u32,
        request: AtomicRequestRepr,
    },
    /// An Atomic Request was executed; the Response carries `original`.
    Atomic {
        msn: u32,
        request_id: u32,
        original: u64,
    },
    /// One of our atomics got its Response.
    AtomicDone {
        sq_idx: u16,
        request_id: u32,
        original: u64,
    },
    /// The peer sent a Terminate.
    TerminateReceived(TerminateRepr),
    /// An FPDU was dropped for its CRC and stays unacknowledged; the octet given is its first.
    CrcDrop {
        seq: u32,
    },
    /// FIN in order.
    Fin,
    Reset,
    Error(GoldenError),
}

/// The error that ends a stream. Only the first is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenError {
    /// What the device must send.
    pub term: Term,
    /// What is acceptable as well: another rule broken by the same segment, or the table leaves it open.
    pub accept: Vec<Term>,
    /// Row of the conformance table.
    pub row: &'static str,
    /// True when no Terminate is owed (the connection itself went).
    pub local: bool,
    /// TCP sequence number of the offending FPDU.
    pub seq: u32,
    /// ULPDU length of the offender.
    pub segment_len: u16,
    /// DDP header, and Read Request header if it is one, as received; as many octets as were there.
    pub header: Vec<u8>,
    /// The offender is a Read Request with a whole header.
    pub is_read_request: bool,
}

impl GoldenError {
    /// The Terminate message that belongs to this error (header inclusion by RFC 5040 Figure 10, CONFORMANCE.md RDM-55).
    pub fn terminate(&self) -> TerminateRepr {
        let t = self.term;
        // Local catastrophic errors of RDMAP and DDP, and everything from MPA, name no segment.
        let with_ddp = t.layer != 2 && t.etype != 0 && !self.header.is_empty();
        let with_rdma = with_ddp && t.layer == 0 && t.etype == 1 && self.is_read_request;
        let ddp_len = if self.header.first().is_some_and(|c| c & 0x80 != 0) {
            14
        } else {
            18
        };
        let cut = ddp_len.min(self.header.len());
        TerminateRepr {
            term: t,
            length_valid: with_ddp,
            reserved: 0,
            ddp: with_ddp.then(|| (self.segment_len, self.header[..cut].to_vec())),
            rdma: with_rdma.then(|| self.header[cut..].to_vec()),
        }
    }

    /// True for the value asked for and for those accepted instead.
    pub fn accepts(&self, t: Term) -> bool {
        self.term == t || self.accept.contains(&t)
    }
}

impl std::fmt::Display for GoldenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ({}) at sequence {:#010x}",
            self.term, self.row, self.seq
        )
    }
}

/// FPDUs that were accepted, by opcode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpCounts(pub BTreeMap<Opcode, u64>);

impl OpCounts {
    pub fn add(&mut self, op: Opcode) {
        *self.0.entry(op).or_default() += 1;
    }

    pub fn get(&self, op: Opcode) -> u64 {
        self.0.get(&op).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub fn merge(&mut self, other: &OpCounts) {
        for (op, n) in &other.0 {
            *self.0.entry(*op).or_default() += n;
        }
    }
}

impl std::fmt::Display for OpCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (op, n)) in self.0.iter().enumerate() {
            write!(f, "{}{}:{n}", if i == 0 { "" } else { " " }, op.name())?;
        }
        Ok(())
    }
}
