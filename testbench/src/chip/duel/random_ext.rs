//! Random messages of RFC 7306 for a setup: Immediate Data, Atomic Requests, Atomic Responses, good ones and bad ones.
//!
//! They are drawn from a generator of their own: what else a seed gives stays as it is without them.

use super::plan::{ConnPlan, Gate, OpPlan};
use crate::build::ulpdu;
use crate::chip::{Region, StagRights};
use crate::wire::ddp::{AtomicRequestRepr, AtomicResponseRepr, DdpRepr, Opcode};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BOTH: StagRights = StagRights {
    remote_write: true,
    remote_read: true,
    read_sink: false,
    remote_invalidate: false,
};

/// Messages of RFC 7306 of one connection.
pub(super) struct Extension {
    pub(super) rng: ChaCha8Rng,
    /// Share of the operations that get one in front.
    share: f64,
    /// The one that is bad, counted down.
    bad_in: Option<usize>,
    /// Next MSN of our Atomics' Responses, on queue 3.
    asked: u32,
}

/// The MSNs that the peer uses next, on queues 0 and 1.
pub(super) struct Msn<'a> {
    pub(super) send: &'a mut u32,
    pub(super) request: &'a mut u32,
}

/// Takes a region in, with a place in memory; its STag.
pub(super) type Register<'a> = &'a mut dyn FnMut(Region) -> Region;

impl Extension {
    /// For connection `slot` of the setup with this seed.
    pub(super) fn new(seed: u64, slot: u16) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7306 ^ u64::from(slot) << 32);
        Extension {
            share: *[0.0, 0.0, 0.4, 1.0].choose(&mut rng).unwrap_or(&0.0),
            bad_in: rng.gen_bool(0.3).then(|| rng.gen_range(0..8)),
            asked: 1,
            rng,
        }
    }

    /// The next message, if one comes here.
    pub(super) fn next(
        &mut self,
        c: &ConnPlan,
        msn: &mut Msn,
        register: Register,
    ) -> Option<OpPlan> {
        if !self.rng.gen_bool(self.share) {
            return None;
        }
        match &mut self.bad_in {
            Some(0) => {
                self.bad_in = None;
                return Some(self.bad(c, msn, register));
            }
            Some(n) => *n -= 1,
            None => {}
        }
        Some(match self.rng.gen_range(0..3) {
            0 => {
                let solicited = self.rng.gen();
                let mut u = ulpdu::immediate(*msn.send, self.rng.gen(), solicited);
                self.noise(&mut u);
                *msn.send = msn.send.wrapping_add(1);
                let len = self.rng.gen_range(0..20);
                OpPlan::new("Immediate", Gate::Receive { len }, &[u])
            }
            1 => {
                let request = self.request(c, BOTH, register);
                let mut u = ulpdu::atomic_request(*msn.request, &request);
                self.noise(&mut u);
                *msn.request = msn.request.wrapping_add(1);
                OpPlan::new("AtomicRequest", Gate::Request, &[u])
            }
            _ => {
                let (gate, response) = self.response();
                let mut u = ulpdu::atomic_response(self.asked, &response);
                self.noise(&mut u);
                self.asked += 1;
                OpPlan::new("AtomicResponse", gate, &[u])
            }
        })
    }

    /// What a receiver has to ignore: reserved bits, Invalidate STag.
    fn noise(&mut self, u: &mut [u8]) {
        u[0] |= self.rng.gen_range(0..16u8) << 2;
        u[1] |= self.rng.gen_range(0..4u8) << 4;
        self.rng.fill(&mut u[2..6]);
    }

    /// A request to a region of its own.
    fn request(
        &mut self,
        c: &ConnPlan,
        rights: StagRights,
        register: Register,
    ) -> AtomicRequestRepr {
        let len = self.rng.gen_range(16..200);
        let r = register(Region {
            stag: self.rng.gen(),
            rights,
            pd: c.pd,
            bound_to: self.rng.gen_bool(0.5).then_some(c.qpn),
            base: *[0, u64::MAX - 1000, self.rng.gen::<u64>() >> 1]
                .choose(&mut self.rng)
                .unwrap_or(&0),
            len,
            pa: self.rng.gen_range(0..8),
        });
        let first = r.pa.next_multiple_of(8) - r.pa;
        let places = (u64::from(len) - first) / 8;
        let op_word: u32 = self.rng.gen::<u32>() & !15;
        AtomicRequestRepr {
            op_word: op_word | *[0, 2].choose(&mut self.rng).unwrap_or(&0),
            request_id: self.rng.gen(),
            stag: r.stag,
            to: r.base + first + 8 * self.rng.gen_range(0..places),
            data: self.rng.gen(),
            mask: self.rng.gen(),
            compare: self.rng.gen(),
            compare_mask: self.rng.gen(),
        }
    }

    /// A Response to an Atomic of ours that is issued for it.
    fn response(&mut self) -> (Gate, AtomicResponseRepr) {
        let (sq_idx, request_id) = (self.rng.gen(), self.rng.gen());
        let gate = Gate::Atomic {
            sq_idx,
            msn: self.asked,
            request_id,
        };
        let original = self.rng.gen();
        let response = AtomicResponseRepr {
            request_id,
            original,
        };
        (gate, response)
    }

    /// One that must end the stream.
    fn bad(&mut self, c: &ConnPlan, msn: &Msn, register: Register) -> OpPlan {
        let (smsn, rmsn) = (*msn.send, *msn.request);
        let other = self.rng.gen_range(1..9);
        let request = |what: &str, m: u32, r: AtomicRequestRepr| {
            let u = ulpdu::atomic_request(m, &r);
            OpPlan::new(format!("bad: {what}"), Gate::Request, &[u])
        };
        let rights = |remote_write, remote_read| StagRights {
            remote_write,
            remote_read,
            ..StagRights::default()
        };
        match self.rng.gen_range(0..15) {
            0 => {
                let n = *[0, 4, 7, 9, 16].choose(&mut self.rng).unwrap_or(&0);
                let u = DdpRepr::untagged(Opcode::Immediate, true, 0, smsn, 0, 0).emit(&vec![7; n]);
                OpPlan::new("bad: Immediate length", Gate::Receive { len: 30 }, &[u])
            }
            1 => {
                let (last, mo) = *[(false, 0), (true, 8)]
                    .choose(&mut self.rng)
                    .unwrap_or(&(false, 0));
                let u = DdpRepr::untagged(Opcode::ImmediateSe, last, 0, smsn, mo, 0).emit(&[7; 8]);
                OpPlan::new("bad: Immediate form", Gate::Receive { len: 30 }, &[u])
            }
            2 => {
                let u = ulpdu::immediate(smsn.wrapping_add(other), [1; 8], false);
                OpPlan::new("bad: Immediate MSN", Gate::Open, &[u])
            }
            3 => {
                let mut r = self.request(c, BOTH, register);
                r.to = r.to.wrapping_add(u64::from(other) % 7 + 1);
                request("alignment", rmsn, r)
            }
            4 => {
                let mut r = self.request(c, BOTH, register);
                r.op_word |= 1;
                request("atomic operation", rmsn, r)
            }
            5 => {
                let r = self.request(c, rights(true, false), register);
                request("atomic right to read", rmsn, r)
            }
            6 => {
                let r = self.request(c, rights(false, true), register);
                request("atomic right to write", rmsn, r)
            }
            7 => {
                let mut r = self.request(c, BOTH, register);
                r.stag ^= 1 << self.rng.gen_range(0..8);
                request("atomic key", rmsn, r)
            }
            8 => {
                let mut r = self.request(c, BOTH, register);
                // Behind the region, as aligned as before.
                r.to = r.to.wrapping_add(200 << self.rng.gen_range(0..50));
                request("atomic bounds", rmsn, r)
            }
            9 => {
                let r = self.request(c, BOTH, register);
                request("atomic MSN", rmsn.wrapping_add(other), r)
            }
            10 => {
                let mut u = ulpdu::atomic_request(rmsn, &self.request(c, BOTH, register));
                let n = if self.rng.gen() {
                    u.len() - 1
                } else {
                    u.len() + 4
                };
                u.resize(n, 0);
                OpPlan::new("bad: atomic length", Gate::Request, &[u])
            }
            11 => {
                let (gate, mut response) = self.response();
                response.request_id ^= 1 << self.rng.gen_range(0..32);
                let u = ulpdu::atomic_response(self.asked, &response);
                OpPlan::new("bad: atomic id", gate, &[u])
            }
            12 => {
                let (gate, response) = self.response();
                let u = ulpdu::atomic_response(self.asked.wrapping_add(other), &response);
                OpPlan::new("bad: atomic Response MSN", gate, &[u])
            }
            13 => {
                let (gate, response) = self.response();
                let mut u = ulpdu::atomic_response(self.asked, &response);
                u.resize(u.len() - 1, 0);
                OpPlan::new("bad: atomic Response length", gate, &[u])
            }
            _ => {
                let mut u = ulpdu::immediate(smsn, [1; 8], false);
                u[1] = u[1] & 0xf0 | self.rng.gen_range(12..16);
                OpPlan::new("bad: opcode", Gate::Open, &[u])
            }
        }
    }
}
