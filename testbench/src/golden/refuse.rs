//! Error codes of the conformance table, by fault.

use super::tpt::Fault;
use crate::wire::ddp::Term;

/// One error before the connection's particulars are added.
pub(super) struct Refusal {
    pub(super) term: Term,
    pub(super) accept: Vec<Term>,
    pub(super) row: &'static str,
}

/// First what the device sends, then what is accepted instead, then the row.
pub(super) fn refuse<T>(
    term: (u8, u8),
    accept: &[(u8, u8)],
    row: &'static str,
) -> Result<T, Refusal> {
    let accept = accept.iter().map(|t| Term::new(t.0, t.1)).collect();
    Err(Refusal {
        term: Term::new(term.0, term.1),
        accept,
        row,
    })
}

pub(super) fn tagged_refusal<T>(faults: &[Fault], right_row: &'static str) -> Result<T, Refusal> {
    let code = |f: &Fault| -> Codes {
        match f {
            Fault::InvalidStag => (&[(0x11, 0x00)], "DDP-35"),
            Fault::NotAssociated => (&[(0x11, 0x02)], "DDP-37"),
            Fault::NoRight => (&[(0x01, 0x02), (0x11, 0x00), (0x11, 0x02)], right_row),
            Fault::Wrap => (&[(0x11, 0x03), (0x01, 0x04), (0x11, 0x01)], "DDP-38"),
            Fault::Bounds => (&[(0x11, 0x01)], "DDP-36"),
        }
    };
    by_fault(faults, code)
}

pub(super) fn read_refusal<T>(faults: &[Fault]) -> Result<T, Refusal> {
    let code = |f: &Fault| -> Codes {
        match f {
            Fault::InvalidStag => (&[(0x01, 0x00), (0x02, 0x00)], "RDM-25"),
            Fault::NotAssociated => (&[(0x01, 0x03)], "RDM-26"),
            Fault::NoRight => (&[(0x01, 0x02)], "RDM-29"),
            Fault::Wrap => (&[(0x01, 0x04)], "RDM-28"),
            Fault::Bounds => (&[(0x01, 0x01)], "RDM-27"),
        }
    };
    by_fault(faults, code)
}

/// First code: what the device sends; the others are accepted. Then the row.
type Codes = (&'static [(u8, u8)], &'static str);

fn by_fault<T>(faults: &[Fault], code: impl Fn(&Fault) -> Codes) -> Result<T, Refusal> {
    let Some(first) = faults.first() else {
        return refuse((0x10, 0x00), &[], "DDP-39");
    };
    let (codes, row) = code(first);
    let mut accept: Vec<(u8, u8)> = codes[1..].to_vec();
    accept.extend(faults[1..].iter().flat_map(|f| code(f).0.iter().copied()));
    refuse(codes[0], &accept, row)
}
