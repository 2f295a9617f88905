//! Work requests, their state in the send queue, and completions.

use crate::golden::tx::fpdu::{AtomicKind, ReadRequest};
use crate::golden::tx::sender::Ns;
use crate::golden::Sge;
use crate::wire::ddp::Term;

/// Where payload comes from; it must not change before the completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Inline(Vec<u8>),
    Gather(Vec<Sge>),
}

impl Payload {
    pub fn len(&self) -> u64 {
        match self {
            Payload::Inline(b) => b.len() as u64,
            Payload::Gather(s) => s.iter().map(|s| u64::from(s.len)).sum(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    Send {
        payload: Payload,
        solicited: bool,
        invalidate: Option<u32>,
    },
    Write {
        payload: Payload,
        stag: u32,
        to: u64,
    },
    Read(ReadRequest),
    Immediate {
        solicited: bool,
        data: [u8; 8],
    },
    Atomic {
        stag: u32,
        to: u64,
        kind: AtomicKind,
    },
}

impl Work {
    /// Ends with the peer's answer, not with the acknowledgement.
    pub fn awaits_answer(&self) -> bool {
        matches!(self, Work::Read(_) | Work::Atomic { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRequest {
    /// Comes back in the completion.
    pub id: u64,
    pub work: Work,
    /// Waits until the Reads and Atomics in front of it are done.
    pub fence: bool,
}

impl WorkRequest {
    pub fn new(id: u64, work: Work) -> Self {
        WorkRequest {
            id,
            work,
            fence: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqStatus {
    Ok,
    /// The source of the payload is not ours to read.
    LocalProtection,
    /// First in the queue when the peer's Terminate came.
    RemoteTerminate(Term),
    /// First in the queue when our own receive half found the peer's error.
    StreamError(Term),
    /// First in the queue at a reset or when the peer stayed silent.
    ConnectionLost,
    /// Behind one of those.
    Flushed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqCompletion {
    pub id: u64,
    pub wqe: u32,
    pub status: SqStatus,
    pub at: Ns,
    /// What an Atomic found.
    pub original: Option<u64>,
}

/// A request in the send queue.
#[derive(Debug, Clone)]
pub(super) struct Wqe {
    pub(super) index: u32,
    pub(super) request: WorkRequest,
    /// Stream position behind its last FPDU, once that is made.
    pub(super) end: Option<u64>,
    pub(super) answered: bool,
    pub(super) original: Option<u64>,
}
