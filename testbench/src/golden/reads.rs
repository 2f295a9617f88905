//! RDMA Reads and atomics: Responses to ours, Requests of the peer.

use super::config::{ConnConfig, Host};
use super::ddp::{Asked, DdpState, Segment};
use super::event::Event;
use super::refuse::{read_refusal, refuse, tagged_refusal, Refusal};
use super::tpt::Access;
use super::Output;
use crate::wire::ddp::{AtomicRequestRepr, AtomicResponseRepr, ReadRequestRepr, Term};

impl DdpState {
    pub(super) fn read_response(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        stag: u32,
        to: u64,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let n = seg.payload.len() as u64;
        let last = seg.ddp.control.last;
        let Some(Asked::Read(read, done)) = self.asked.front_mut() else {
            return refuse((0x02, 0x06), &[(0x10, 0x00), (0x11, 0x00)], "RDM-31");
        };
        if n > 0 && stag != read.sink_stag {
            return refuse((0x11, 0x00), &[(0x11, 0x01), (0x02, 0x06)], "RDM-30");
        }
        let left = u64::from(read.len) - *done;
        let wrong_place = n > 0 && to != read.sink_to.wrapping_add(*done);
        if wrong_place || n > left || last != (n == left) {
            return refuse((0x11, 0x01), &[(0x11, 0x00), (0x02, 0x06)], "RDM-30");
        }
        if n > 0 {
            match host
                .tpt
                .check(stag, to, n, cfg.pd, cfg.qp, Access::ReadSink)
            {
                Ok(pieces) => host.place(&pieces, seg.payload, out),
                Err(faults) => return tagged_refusal(&faults, "RDM-30"),
            }
        }
        *done += n;
        if last {
            let event = Event::ReadDone {
                sq_idx: read.sq_idx,
                sink_stag: read.sink_stag,
                len: read.len,
            };
            self.asked.pop_front();
            out.events.push(event);
        }
        Ok(())
    }

    /// MO, length and IRD rules shared by Read and Atomic Requests.
    pub(super) fn request_rules(
        &self,
        cfg: &ConnConfig,
        seg: &Segment,
        mo: u32,
        header: usize,
        row: &'static str,
    ) -> Result<(), Refusal> {
        if mo != 0 {
            return refuse((0x12, 0x04), &[(0x12, 0x05)], row);
        }
        if seg.payload.len() != header || !seg.ddp.control.last {
            return refuse((0x12, 0x05), &[(0x12, 0x04), (0x02, 0xff)], row);
        }
        if self.inbound_reads >= cfg.ird {
            return refuse((0x12, 0x02), &[(0x12, 0x03), (0x02, 0x07)], "RDM-33");
        }
        Ok(())
    }

    pub(super) fn read_request(
        &mut self,
        host: &Host,
        cfg: &ConnConfig,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        self.request_rules(cfg, seg, mo, ReadRequestRepr::LEN, "RDM-0A")?;
        let Ok(r) = ReadRequestRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "RDM-0A");
        };
        if r.size > 0 && cfg.check_read_source {
            if let Err(f) = host.tpt.check(
                r.source_stag,
                r.source_to,
                u64::from(r.size),
                cfg.pd,
                cfg.qp,
                Access::RemoteRead,
            ) {
                return read_refusal(&f);
            }
        }
        self.inbound_reads += 1;
        out.events.push(Event::ReadRequest { msn, request: r });
        Ok(())
    }

    pub(super) fn atomic_request(
        &mut self,
        host: &mut Host,
        cfg: &ConnConfig,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        self.request_rules(cfg, seg, mo, AtomicRequestRepr::LEN, "EXT-06")?;
        let Ok(a) = AtomicRequestRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "EXT-06");
        };
        if !matches!(
            a.aopcode(),
            AtomicRequestRepr::FETCH_ADD | AtomicRequestRepr::CMP_SWAP
        ) {
            return refuse((0x02, 0x06), &[(0x02, 0xff)], "EXT-08");
        }
        let pieces = match host
            .tpt
            .check(a.stag, a.to, 8, cfg.pd, cfg.qp, Access::RemoteAtomic)
        {
            Ok(p) => p,
            // Of several faults any may be told: outside of its region the target may be unaligned, too.
            Err(f) => {
                return read_refusal(&f).map_err(|mut r: Refusal| {
                    r.accept.push(Term::new(0x02, 0x07));
                    r
                })
            }
        };
        let addr = pieces[0].0;
        if addr % 8 != 0 || pieces.len() != 1 {
            return refuse((0x02, 0x07), &[], "EXT-0A");
        }
        if !cfg.execute_atomics {
            self.inbound_reads += 1;
            out.events.push(Event::AtomicRequest { msn, request: a });
            return Ok(());
        }
        let original = match host.mem.read(addr, 8).ok().and_then(|d| d.try_into().ok()) {
            Some(d) => u64::from_le_bytes(d),
            None => return refuse((0x00, 0x00), &[], "RDM-56"),
        };
        let new = match a.aopcode() {
            AtomicRequestRepr::FETCH_ADD => masked_add(original, a.data, a.mask),
            _ if original & a.compare_mask == a.compare & a.compare_mask => {
                (original & !a.mask) | (a.data & a.mask)
            }
            _ => original,
        };
        if new != original {
            host.place(&pieces, &new.to_le_bytes(), out);
        }
        self.inbound_reads += 1;
        out.events.push(Event::Atomic {
            msn,
            request_id: a.request_id,
            original,
        });
        Ok(())
    }

    pub(super) fn atomic_response(
        &mut self,
        seg: &Segment,
        msn: u32,
        mo: u32,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        if mo != 0 || seg.payload.len() != AtomicResponseRepr::LEN || !seg.ddp.control.last {
            return refuse((0x12, 0x05), &[(0x12, 0x04)], "EXT-0F");
        }
        let Ok(r) = AtomicResponseRepr::parse(seg.payload) else {
            return refuse((0x12, 0x05), &[], "EXT-0F");
        };
        let sq_idx = match self.asked.front() {
            Some(Asked::Atomic(a)) if (a.msn, a.request_id) == (msn, r.request_id) => a.sq_idx,
            _ => return refuse((0x12, 0x03), &[(0x02, 0x06)], "EXT-19"),
        };
        self.asked.pop_front();
        out.events.push(Event::AtomicDone {
            sq_idx,
            request_id: r.request_id,
            original: r.original,
        });
        Ok(())
    }
}

/// Add with the carry stopped behind every bit set in `mask` (RFC 7306 5.1.1).
fn masked_add(a: u64, b: u64, mask: u64) -> u64 {
    let mut carry = 0;
    let mut out = 0;
    for i in 0..64 {
        let sum = ((a >> i) & 1) + ((b >> i) & 1) + carry;
        out |= (sum & 1) << i;
        carry = if mask >> i & 1 == 1 { 0 } else { sum >> 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::masked_add;

    #[test]
    fn ext_0b_masked_add() {
        assert_eq!(masked_add(37, 5, 0), 42);
        assert_eq!(masked_add(u64::MAX, 1, 0), 0);
        assert_eq!(masked_add(0xffff_ffff, 1, 0x8000_0000_8000_0000), 0);
        assert_eq!(
            masked_add(
                0x00ff_00ff_00ff_00ff,
                0x0101_0101_0101_0101,
                0x8080_8080_8080_8080
            ),
            0x0100_0100_0100_0100
        );
        assert_eq!(masked_add(0xf0f0, 0xff00, u64::MAX), 0xf0f0 ^ 0xff00);
    }
}
