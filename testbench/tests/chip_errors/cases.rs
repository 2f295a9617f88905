//! What a case of the error tests is made of: the STags it may name, the ULPDUs it sends, and the code it expects.

use ferrowarp_testbench::build::{counted, ulpdu};
use ferrowarp_testbench::chip::duel::Gate;
use ferrowarp_testbench::wire::ddp::{Opcode, ReadRequestRepr, Term, TerminateRepr};

/// Regions of the cases, all at TO 0x1_0000_0ff1 with 1000 octets.
pub const BASE: u64 = 0x1_0000_0ff1;
pub const LEN: u32 = 1000;
pub const WRITE: u32 = 0x000a_0011;
pub const READ: u32 = 0x000a_0122;
pub const OTHER_PD: u32 = 0x000a_0233;
pub const OTHER_QP: u32 = 0x000a_0344;
pub const SINK: u32 = 0x000a_0455;
pub const ONE: u32 = 0x000a_0566;
pub const EMPTY: u32 = 0x000a_0677;
pub const NO_RIGHT: u32 = 0x000a_0788;
pub const INVALIDATE: u32 = 0x000a_0899;
pub const INVALIDATE_PD: u32 = 0x000a_09aa;
pub const INVALIDATE_QP: u32 = 0x000a_0abb;
pub const TOP: u32 = 0x000a_0bcc;
pub const GONE: u32 = 0x000a_0cdd;
/// Region TOP ends 3 octets before the end of the address space.
pub const TOP_BASE: u64 = u64::MAX - 2 - LEN as u64;

pub struct Case {
    pub row: &'static str,
    /// `None`: no error.
    pub code: Option<u16>,
    pub receives: Vec<u32>,
    pub read: Option<Gate>,
    pub ulpdus: Vec<Vec<u8>>,
}

pub fn case(row: &'static str, code: impl Into<Option<u16>>, ulpdus: Vec<Vec<u8>>) -> Case {
    Case {
        row,
        code: code.into(),
        receives: vec![],
        read: None,
        ulpdus,
    }
}

impl Case {
    pub fn receives(mut self, r: &[u32]) -> Self {
        self.receives = r.to_vec();
        self
    }

    pub fn read(mut self, sink_stag: u32, sink_to: u64, len: u32) -> Self {
        self.read = Some(Gate::Read {
            sq_idx: 0x77,
            sink_stag,
            sink_to,
            len,
        });
        self
    }
}

/// Octet 0 or 1 of a ULPDU changed.
pub fn with(mut u: Vec<u8>, at: usize, clear: u8, set: u8) -> Vec<u8> {
    u[at] = (u[at] & !clear) | set;
    u
}

pub fn w(stag: u32, to: u64, n: usize) -> Vec<u8> {
    ulpdu::write(stag, to, &counted(n), true)
}

pub fn s(msn: u32, n: usize) -> Vec<u8> {
    ulpdu::send(Opcode::Send, msn, 0, &counted(n), true, 0)
}

pub fn inv(op: Opcode, msn: u32, n: usize, stag: u32) -> Vec<u8> {
    ulpdu::send(op, msn, 0, &counted(n), true, stag)
}

/// A Send whose queue number is `qn`.
pub fn on_queue(mut u: Vec<u8>, qn: u32) -> Vec<u8> {
    u[6..10].copy_from_slice(&qn.to_be_bytes());
    u
}

pub fn rr(msn: u32, source_stag: u32, source_to: u64, size: u32) -> Vec<u8> {
    let r = ReadRequestRepr {
        sink_stag: 0xdead_beef,
        sink_to: 0xffff_ffff_0000_0000,
        size,
        source_stag,
        source_to,
    };
    ulpdu::read_request(msn, &r)
}

pub fn resp(stag: u32, to: u64, n: usize, last: bool) -> Vec<u8> {
    ulpdu::read_response(stag, to, &counted(n), last)
}

pub fn terminate() -> Vec<u8> {
    let t = TerminateRepr {
        term: Term::new(0x11, 0x01),
        length_valid: false,
        reserved: 0x1fff,
        ddp: None,
        rdma: None,
    };
    ulpdu::terminate(&t)
}
