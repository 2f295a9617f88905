//! What the peer's messages need on our side: regions per STag, receive buffers per Send and Immediate Data.

use super::{PlanOptions, Receive, Region, RegionOverride};
use crate::capture::{Connection, Side};
use crate::golden::Rights;
use crate::wire::ddp::{
    AtomicRequestRepr, Buffer, DdpRepr, Opcode, ReadRequestRepr, Term, TerminateRepr, TAGGED_LEN,
    UNTAGGED_LEN,
};
use std::collections::BTreeMap;

/// A segment of the peer that our end refused, as its Terminate names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refused {
    term: Term,
    segment: Named,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    Tagged {
        stag: u32,
        to: u64,
    },
    /// By its own header: siw does not copy the MSN of a Read Request.
    Read(ReadRequestRepr),
    Untagged {
        qn: u32,
        msn: u32,
    },
}

impl Refused {
    /// Octets of the refused access that may be there: a bounds or length error needs a region one octet short, so that
    /// the replay meets the same error; any other error means that nothing was there.
    fn rest(&self, len: u64) -> u64 {
        let short = matches!(
            (self.term.octet(), self.term.code),
            (0x11, 1) | (0x01, 1) | (0x12, 5)
        );
        if short {
            len.saturating_sub(1)
        } else {
            0
        }
    }
}

#[derive(Debug, Clone)]
struct Range {
    start: u64,
    /// One past the last octet; 128 bits because 2^64 is a legal end.
    end: u128,
    rights: Rights,
}

/// Collected needs, in order of appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Wants {
    stags: Vec<(u32, Range)>,
    /// Message length by MSN, in order of arrival.
    sends: Vec<(u32, u32)>,
    pub(super) notes: Vec<String>,
}

const READ_SINK: Rights = Rights {
    read_sink: true,
    ..Rights::NONE
};
const REMOTE_WRITE: Rights = Rights {
    remote_write: true,
    ..Rights::NONE
};
const REMOTE_READ: Rights = Rights {
    remote_read: true,
    ..Rights::NONE
};
const ATOMIC: Rights = Rights {
    remote_read: true,
    remote_write: true,
    remote_atomic: true,
    ..Rights::NONE
};
const INVALIDATE: Rights = Rights {
    remote_invalidate: true,
    ..Rights::NONE
};

impl Wants {
    pub(super) fn of(conn: &Connection, we: Side, options: &PlanOptions) -> Wants {
        let mut w = Wants::default();
        let refused = refused_by_us(conn, we);
        if refused.is_some() {
            w.notes.push("our end sent a Terminate in the capture: what the segment it names needs is left out".into());
        }
        // Our own Reads: the sinks must be there before the Responses.
        for f in conn.fpdus(we) {
            if let Some((_, r)) = read_request(&f.fpdu.ulpdu) {
                w.add(
                    r.sink_stag,
                    r.sink_to,
                    u64::from(r.size),
                    READ_SINK,
                    options,
                );
            }
        }
        let mut sends: BTreeMap<u32, u32> = BTreeMap::new();
        let mut order = Vec::new();
        for f in conn.fpdus(we.other()) {
            let u = &f.fpdu.ulpdu;
            if conn.crc && !f.fpdu.crc_ok() {
                continue;
            }
            let Ok(ddp) = DdpRepr::parse(u) else { continue };
            let payload = &u[ddp.header_len()..];
            let op = ddp.control.opcode;
            match ddp.buffer {
                Buffer::Tagged { stag, to } => {
                    let mut len = payload.len() as u64;
                    if let Some(r) = refused
                        .as_ref()
                        .filter(|r| r.segment == (Named::Tagged { stag, to }))
                    {
                        len = r.rest(len);
                    }
                    if op.is_tagged() {
                        let rights = match op {
                            Opcode::ReadResponse => READ_SINK,
                            _ => REMOTE_WRITE,
                        };
                        w.add(stag, to, len, rights, options);
                    }
                }
                Buffer::Untagged {
                    inv_stag,
                    qn,
                    msn,
                    mo,
                } if op.queue() == Some(0) => {
                    let mut len = mo.saturating_add(payload.len() as u32);
                    if let Some(r) = refused
                        .as_ref()
                        .filter(|r| r.segment == (Named::Untagged { qn, msn }))
                    {
                        len = r.rest(u64::from(len)) as u32;
                        if len == 0 {
                            continue;
                        }
                    }
                    let known = sends.entry(msn).or_insert_with(|| {
                        order.push(msn);
                        0
                    });
                    *known = len.max(*known);
                    if op.invalidates() && ddp.control.last {
                        w.want_invalidate(inv_stag);
                    }
                }
                Buffer::Untagged { qn, msn, .. } if op == Opcode::AtomicRequest => {
                    let named = Named::Untagged { qn, msn };
                    let refused = refused.as_ref().is_some_and(|r| r.segment == named);
                    if let Some(r) = atomic_request(u).filter(|_| !refused) {
                        w.add(r.stag, r.to, 8, ATOMIC, options);
                    }
                }
                Buffer::Untagged { .. } => {
                    let Some((_, r)) = read_request(u) else {
                        continue;
                    };
                    let mut len = u64::from(r.size);
                    if let Some(refused) = refused.as_ref().filter(|f| f.segment == Named::Read(r))
                    {
                        len = refused.rest(len);
                    }
                    w.add(r.source_stag, r.source_to, len, REMOTE_READ, options);
                }
            }
        }
        w.sends = order.into_iter().map(|msn| (msn, sends[&msn])).collect();
        w
    }

    /// Each note once.
    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    fn entry(&mut self, stag: u32) -> Option<&mut Range> {
        self.stags
            .iter_mut()
            .find(|(s, _)| *s == stag)
            .map(|(_, r)| r)
    }

    fn fits_table(&mut self, stag: u32) -> bool {
        if stag == 0 {
            self.note("STag 0 is reserved: not registered".into());
            return false;
        }
        if let Some((other, _)) = self
            .stags
            .iter()
            .find(|(s, _)| s >> 8 == stag >> 8 && *s != stag)
        {
            self.note(format!(
                "STag {stag:#010x} shares its index with {other:#010x}: not registered"
            ));
            return false;
        }
        true
    }

    fn add(&mut self, stag: u32, to: u64, len: u64, rights: Rights, options: &PlanOptions) {
        let end = u128::from(to) + u128::from(len);
        if len == 0 || end > 1 << 64 {
            return;
        }
        if let Some(r) = self.entry(stag) {
            let (start, end) = (r.start.min(to), r.end.max(end));
            // An empty range came from an invalidate only.
            let empty = r.end == u128::from(r.start);
            let (start, end) = if empty {
                (to, u128::from(to) + u128::from(len))
            } else {
                (start, end)
            };
            r.rights = r.rights.union(rights);
            if end - u128::from(start) <= u128::from(options.max_region) {
                (r.start, r.end) = (start, end);
            } else {
                self.note(format!(
                    "STag {stag:#010x}: offset {to:#x} is too far from the others: left out"
                ));
            }
        } else if len <= options.max_region && self.fits_table(stag) {
            self.stags.push((
                stag,
                Range {
                    start: to,
                    end,
                    rights,
                },
            ));
        }
    }

    fn want_invalidate(&mut self, stag: u32) {
        if let Some(r) = self.entry(stag) {
            r.rights = r.rights.union(INVALIDATE);
        } else if self.fits_table(stag) {
            self.stags.push((
                stag,
                Range {
                    start: 0,
                    end: 0,
                    rights: INVALIDATE,
                },
            ));
        }
    }

    /// Puts the caller's regions in place of those derived, for STags that the connection uses.
    pub(super) fn replace(&mut self, regions: &[RegionOverride]) {
        for o in regions {
            if let Some(r) = self.entry(o.stag) {
                *r = Range {
                    start: o.base,
                    end: u128::from(o.base) + u128::from(o.len),
                    rights: o.rights,
                };
                self.note(format!("STag {:#010x}: region as given", o.stag));
            }
        }
    }

    /// Gives everything an address of its own, guards kept apart.
    pub(super) fn layout(&self, options: &PlanOptions) -> (Vec<Region>, Vec<Receive>) {
        let mut next = options.first_addr;
        let mut take = |low: u64, len: u64| {
            let addr = next + low;
            // A guard of 4 KiB on both sides, and page alignment.
            next = (addr + len + 3 * 4096) & !4095;
            addr
        };
        let regions = self
            .stags
            .iter()
            .map(|(stag, r)| {
                // A region known from an invalidate only gets one page: its length was never on the wire.
                let len = match (r.end - u128::from(r.start)) as u64 {
                    0 => 4096,
                    n => n,
                };
                let addr = take(r.start & 4095, len);
                Region {
                    stag: *stag,
                    base: r.start,
                    len,
                    rights: r.rights,
                    addr,
                }
            })
            .collect();
        let receives = self
            .sends
            .iter()
            .enumerate()
            .map(|(i, (msn, len))| {
                let len = (*len).max(1);
                Receive {
                    idx: i as u16,
                    msn: *msn,
                    addr: take(0, u64::from(len)),
                    len,
                }
            })
            .collect();
        (regions, receives)
    }
}

/// MSN and header of a well-formed Read Request.
pub(super) fn read_request(ulpdu: &[u8]) -> Option<(u32, ReadRequestRepr)> {
    let ddp = DdpRepr::parse(ulpdu).ok()?;
    let Buffer::Untagged { msn, .. } = ddp.buffer else {
        return None;
    };
    if ddp.control.opcode != Opcode::ReadRequest {
        return None;
    }
    ReadRequestRepr::parse(&ulpdu[UNTAGGED_LEN..])
        .ok()
        .map(|r| (msn, r))
}

/// Header of a well-formed Atomic Request.
pub(super) fn atomic_request(ulpdu: &[u8]) -> Option<AtomicRequestRepr> {
    let ddp = DdpRepr::parse(ulpdu).ok()?;
    if ddp.control.tagged || ddp.control.opcode != Opcode::AtomicRequest {
        return None;
    }
    AtomicRequestRepr::parse(&ulpdu[UNTAGGED_LEN..]).ok()
}

/// The segment named by the first Terminate that our end sent. Linux siw reverses the bits of the M, D, R octet and swaps
/// layer and type.
fn refused_by_us(conn: &Connection, we: Side) -> Option<Refused> {
    let fpdus = conn.fpdus(we);
    let term = fpdus.iter().find(|f| f.opcode == Some(Opcode::Terminate))?;
    let mut body = term.fpdu.ulpdu.get(UNTAGGED_LEN..)?.to_vec();
    if body.get(2)? & 0xe0 == 0 {
        body[2] = body[2].reverse_bits();
        body[0] = body[0].rotate_left(4);
    }
    let t = TerminateRepr::parse(&body).ok()?;
    let (_, header) = t.ddp?;
    if header.len() < TAGGED_LEN {
        return None;
    }
    let read = t
        .rdma
        .as_deref()
        .and_then(|r| ReadRequestRepr::parse(r).ok());
    let segment = match (read, DdpRepr::parse(&header).ok()?.buffer) {
        (Some(r), Buffer::Untagged { .. }) => Named::Read(r),
        (_, Buffer::Tagged { stag, to }) => Named::Tagged { stag, to },
        (_, Buffer::Untagged { qn, msn, .. }) => Named::Untagged { qn, msn },
    };
    Some(Refused {
        term: t.term,
        segment,
    })
}
