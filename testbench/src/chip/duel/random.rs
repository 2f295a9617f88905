//! Random setups from a seed.

use super::noise::Noise;
use super::plan::{ConnPlan, Gate, OpPlan, Setup};
use super::random_ext::{Extension, Msn};
use crate::build::{fpdu, send_message, tagged_message, ulpdu, FpduStream};
use crate::chip::{Region, StagRights};
use crate::wire::ddp::{Opcode, ReadRequestRepr, Term, TerminateRepr};
use crate::wire::ethernet::Vlan;
use crate::wire::mpa::{emit_fpdu, CrcField, FpduOptions};
use crate::wire::tcp::TcpOption;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// How a peer cuts its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cutting {
    /// At every FPDU, which fits a segment.
    Aligned,
    /// At every MSS, wherever FPDUs start.
    Packed,
    /// Anywhere.
    Random,
    /// One octet a segment ([`Limits::alone`]).
    Octets,
}

/// Limits of a random setup.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub conns: usize,
    pub ops: usize,
    /// Longest ordinary message; a few reach `huge`.
    pub big: usize,
    pub huge: usize,
    /// Longest segment and ULPDU that the chip takes.
    pub mss: usize,
    pub mulpdu: usize,
    /// So many octets at the start and the end of a message travel alone, where every octet is to be a segment.
    pub alone: usize,
    /// About half of the connections are IPv6.
    pub ipv6: bool,
    /// About a third of them have Markers.
    pub markers: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            conns: 4,
            ops: 14,
            big: 8192,
            huge: 66_000,
            mss: 8900,
            mulpdu: 65535,
            alone: usize::MAX,
            ipv6: true,
            markers: true,
        }
    }
}

struct Maker {
    seed: u64,
    rng: ChaCha8Rng,
    regions: Vec<Region>,
    next_pa: u64,
    limits: Limits,
}

/// A setup that depends on nothing but `seed` and `limits`.
pub fn setup(seed: u64, limits: Limits) -> Setup {
    let mut m = Maker {
        seed,
        rng: ChaCha8Rng::seed_from_u64(seed),
        regions: Vec::new(),
        next_pa: 0x10_0000_0000,
        limits,
    };
    let mut s = Setup::new(seed);
    s.sink_stall = *[0.0, 0.0, 0.1, 0.5, 0.8].choose(&mut m.rng).unwrap_or(&0.0);
    s.event_stall = *[0.0, 0.0, 0.3, 0.9].choose(&mut m.rng).unwrap_or(&0.0);
    s.gap = *[0, 0, 20, 200].choose(&mut m.rng).unwrap_or(&0);
    if m.rng.gen_bool(0.4) {
        s.noise = Noise {
            loss: 0.03,
            repeat: 0.1,
            flip: 0.1,
            bad_fcs: 0.05,
            stranger: 0.3,
            malformed: if limits.ipv6 { 0.1 } else { 0.0 },
            ..Noise::default()
        };
    }
    let mut slots: Vec<u16> = (0..64).collect();
    slots.shuffle(&mut m.rng);
    let n = m.rng.gen_range(1..=limits.conns);
    // Of its own, so that a seed gives the same operations with IPv6 and without.
    let mut ip = ChaCha8Rng::seed_from_u64(seed ^ 0x8200);
    for slot in &slots[..n] {
        let mut conn = m.conn(*slot);
        if limits.ipv6 && ip.gen_bool(0.5) {
            conn.spec = conn.spec.ipv6();
            conn.spec.tos = ip.gen();
            conn.spec.flow_label = ip.gen_range(0..1 << 20);
        }
        s.conns.push(conn);
    }
    s.regions = m.regions;
    // By streams of their own: the rest of a case is the same with and without.
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x7323);
    for conn in &mut s.conns {
        conn.timestamps = conn.spec.timestamps.is_some() && rng.gen_bool(0.7);
        conn.sack = rng.gen_bool(0.8);
        if rng.gen_bool(0.4) {
            // Any other layout.
            conn.spec.front = match rng.gen_range(0..4) {
                0 => vec![],
                1 => vec![TcpOption::Nop; rng.gen_range(1..20)],
                2 => vec![TcpOption::Mss(536), TcpOption::SackPermitted],
                _ => vec![TcpOption::Unknown {
                    kind: rng.gen_range(9..=254),
                    data: vec![8; rng.gen_range(0..=26)],
                }],
            };
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x512);
    for conn in &mut s.conns {
        if limits.markers && rng.gen_bool(0.3) {
            // An installation later than SeqStart now and then.
            let behind = rng.gen_bool(0.3).then(|| 4 * rng.gen_range(0..1000));
            conn.markers = Some(behind.unwrap_or(0));
            let near = *[0.0, 0.3].choose(&mut rng).unwrap_or(&0.0);
            conn.insert_markers(near, &mut rng);
        }
    }
    s
}

impl Maker {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.gen_range(0..from.len())]
    }

    fn size(&mut self) -> usize {
        match self.rng.gen_range(0..20) {
            0 => 0,
            1..=6 => self.rng.gen_range(1..=64),
            7..=13 => self.rng.gen_range(1..=1500),
            14..=18 => self.rng.gen_range(1..=self.limits.big),
            _ => self.rng.gen_range(1..=self.limits.huge),
        }
    }

    fn data(&mut self, n: usize) -> Vec<u8> {
        let mut d = vec![0; n];
        self.rng.fill(&mut d[..]);
        d
    }

    /// A region of at least `len` octets for connection `c`.
    fn region(&mut self, c: &ConnPlan, len: usize, rights: StagRights) -> Region {
        let n = self.regions.len() as u32;
        let index = (self.rng.gen_range(1..0x7ffff) << 5) | (n % 32);
        let len = (len + self.rng.gen_range(0..300)).max(1) as u32;
        let pa = self.next_pa + self.rng.gen_range(0..256);
        self.next_pa += u64::from(len).next_multiple_of(4096) + 0x4000;
        let base = match self.rng.gen_range(0..3) {
            0 => 0,
            1 => pa,
            _ => u64::MAX - u64::from(len) - self.rng.gen_range(0..1000),
        };
        let bound_to = self.rng.gen_bool(0.5).then_some(c.qpn);
        let r = Region {
            stag: index << 8 | self.rng.gen_range(0..256),
            rights,
            pd: c.pd,
            bound_to,
            base,
            len,
            pa,
        };
        self.regions.push(r);
        r
    }

    /// Takes in a region made elsewhere: gives it an index, and memory as many octets behind a page as its `pa` says.
    fn register(&mut self, mut r: Region) -> Region {
        let n = self.regions.len() as u32;
        r.stag = (r.stag | 0x2000) & !0x1f00 | (n % 32) << 8;
        r.pa += self.next_pa;
        self.next_pa += u64::from(r.len).next_multiple_of(4096) + 0x4000;
        self.regions.push(r);
        r
    }

    fn conn(&mut self, slot: u16) -> ConnPlan {
        let mut c = ConnPlan::new(slot);
        c.gen = self.rng.gen();
        c.crc = self.rng.gen_bool(0.75);
        c.pd = self.rng.gen_range(0..1 << 24);
        c.qpn = self.rng.gen_range(0..1 << 20);
        c.ird = self.rng.gen_range(1..8);
        c.window = self.pick(&[3000, 16384, 40_000, 65535, 200_000]);
        c.mss = self
            .pick(&[536, 1448, 1460, 1460, 8900])
            .min(self.limits.mss);
        c.fin = self.rng.gen_bool(0.3);
        c.spec.seq = if self.rng.gen_bool(0.3) {
            u32::MAX - self.rng.gen_range(0..5000)
        } else {
            self.rng.gen()
        };
        c.spec.ack = self.rng.gen();
        c.spec.vlan = self.rng.gen_bool(0.3).then_some(Vlan {
            pcp: 3,
            dei: false,
            vid: self.rng.gen_range(1..4095),
        });
        c.spec.timestamps = self.rng.gen_bool(0.3).then_some((self.rng.gen(), 77));
        c.inject = self.rng.gen_bool(0.15);
        c.spec.pad = self.rng.gen_bool(0.5);
        if self.rng.gen_bool(0.3) {
            c.first_msn = [
                u32::MAX - self.rng.gen_range(0..3),
                u32::MAX - self.rng.gen_range(0..3),
            ];
        }
        let cutting = self.pick(&[
            Cutting::Aligned,
            Cutting::Aligned,
            Cutting::Packed,
            Cutting::Random,
            Cutting::Random,
            Cutting::Octets,
        ]);
        let mulpdu = match cutting {
            Cutting::Aligned => (c.mss - 16).min(c.mss - 6),
            _ => self
                .pick(&[128, 1000, c.mss - 6, 9000, 65535])
                .min(self.limits.mulpdu),
        };
        if cutting == Cutting::Octets {
            // Repeating a whole window of frames with one octet each would take for ever.
            c.window = 250;
        }
        let (mut smsn, mut rmsn) = (c.first_msn[0], c.first_msn[1]);
        let count = self.rng.gen_range(3..=self.limits.ops);
        let budget = match cutting {
            Cutting::Octets => 2500,
            _ => 150_000,
        };
        let bad_at = self
            .rng
            .gen_bool(0.25)
            .then(|| self.rng.gen_range(1..count));
        let mut total = 0;
        let mut extension = Extension::new(self.seed, slot);
        let mut extra = BTreeSet::new();
        for i in 0..count {
            let mut n = self.size();
            if total + n > budget {
                n = self.rng.gen_range(0..64);
            }
            if bad_at == Some(i) {
                let op = self.bad(&c, smsn, rmsn);
                c.ops.push(op);
            }
            let mut msn = Msn {
                send: &mut smsn,
                request: &mut rmsn,
            };
            let mut register = |r: Region| self.register(r);
            if let Some(op) = extension.next(&c, &mut msn, &mut register) {
                extra.insert(c.ops.len());
                c.ops.push(op);
            }
            let op = self.op(&c, n, mulpdu, &mut smsn, &mut rmsn, i + 1 == count);
            total += op.octets.len();
            if total > 4 * budget {
                break;
            }
            c.ops.push(op);
        }
        for (i, op) in c.ops.iter_mut().enumerate() {
            let rng = if extra.contains(&i) {
                &mut extension.rng
            } else {
                &mut self.rng
            };
            let len = op.octets.len();
            match cutting {
                Cutting::Aligned => {}
                Cutting::Packed => op.cuts.clear(),
                Cutting::Random => {
                    let k = rng.gen_range(0..4 + len / 2000);
                    op.cuts = (0..k).map(|_| rng.gen_range(0..=len)).collect();
                    // Around the borders it hurts most.
                    for s in op.starts.clone() {
                        if rng.gen_bool(0.2) {
                            op.cuts.insert((s + rng.gen_range(0..24)).min(len));
                            op.cuts.insert(s.saturating_sub(rng.gen_range(0..6)));
                        }
                    }
                }
                Cutting::Octets => {
                    let alone = self.limits.alone;
                    op.cuts = (0..=len)
                        .filter(|c| *c <= alone || len - c <= alone)
                        .collect();
                }
            }
        }
        c
    }

    fn op(
        &mut self,
        c: &ConnPlan,
        n: usize,
        mulpdu: usize,
        smsn: &mut u32,
        rmsn: &mut u32,
        last: bool,
    ) -> OpPlan {
        let data = self.data(n);
        match self.rng.gen_range(0..20) {
            0..=7 => {
                let rights = StagRights {
                    remote_write: true,
                    remote_read: self.rng.gen(),
                    ..Default::default()
                };
                let r = self.region(c, n, rights);
                let to = r.base + u64::from(self.rng.gen_range(0..=r.len - n as u32));
                let stag = if n == 0 { self.rng.gen() } else { r.stag };
                OpPlan::new(
                    format!("Write {n}"),
                    Gate::Open,
                    &tagged_message(Opcode::Write, stag, to, &data, mulpdu),
                )
            }
            8..=13 => {
                let op = self.pick(&[Opcode::Send, Opcode::SendSe]);
                let u = send_message(op, *smsn, &data, mulpdu, self.rng.gen());
                *smsn = smsn.wrapping_add(1);
                let len = (n + self.rng.gen_range(0..40)) as u32;
                OpPlan::new(format!("{op:?} {n}"), Gate::Receive { len }, &u)
            }
            14 | 15 => {
                let op = self.pick(&[Opcode::SendInv, Opcode::SendSeInv]);
                let rights = StagRights {
                    remote_write: true,
                    remote_invalidate: true,
                    ..Default::default()
                };
                let r = self.region(c, 100, rights);
                let u = send_message(op, *smsn, &data, mulpdu, r.stag);
                *smsn = smsn.wrapping_add(1);
                OpPlan::new(format!("{op:?} {n}"), Gate::Receive { len: n as u32 }, &u)
            }
            16 | 17 => {
                let rights = StagRights {
                    read_sink: true,
                    ..Default::default()
                };
                let r = self.region(c, n, rights);
                let to = r.base + u64::from(self.rng.gen_range(0..=r.len - n as u32));
                let gate = Gate::Read {
                    sq_idx: self.rng.gen(),
                    sink_stag: r.stag,
                    sink_to: to,
                    len: n as u32,
                };
                OpPlan::new(
                    format!("ReadResponse {n}"),
                    gate,
                    &tagged_message(Opcode::ReadResponse, r.stag, to, &data, mulpdu),
                )
            }
            _ if last && self.rng.gen_bool(0.5) => {
                let t = TerminateRepr {
                    term: Term::new(
                        self.pick(&[0x11, 0x12, 0x01, 0x20]),
                        self.rng.gen_range(0..6),
                    ),
                    length_valid: false,
                    reserved: self.rng.gen_range(0..0x2000),
                    ddp: None,
                    rdma: None,
                };
                OpPlan::new("Terminate", Gate::Open, &[ulpdu::terminate(&t)])
            }
            _ => {
                let rights = StagRights {
                    remote_read: true,
                    ..Default::default()
                };
                let r = self.region(c, n, rights);
                let request = ReadRequestRepr {
                    sink_stag: self.rng.gen(),
                    sink_to: self.rng.gen(),
                    size: n as u32,
                    source_stag: if n == 0 { self.rng.gen() } else { r.stag },
                    source_to: r.base + u64::from(self.rng.gen_range(0..=r.len - n as u32)),
                };
                let u = ulpdu::read_request(*rmsn, &request);
                *rmsn = rmsn.wrapping_add(1);
                OpPlan::new(format!("ReadRequest {n}"), Gate::Request, &[u])
            }
        }
    }

    /// An operation that must end the stream.
    fn bad(&mut self, c: &ConnPlan, smsn: u32, rmsn: u32) -> OpPlan {
        let n = self.rng.gen_range(1..200usize);
        let data = self.data(n);
        let write = StagRights {
            remote_write: true,
            ..Default::default()
        };
        let one = |what: &str, u: Vec<u8>| OpPlan::new(format!("bad: {what}"), Gate::Open, &[u]);
        match self.rng.gen_range(0..9) {
            0 => {
                let r = self.region(c, n, write);
                one("key", ulpdu::write(r.stag ^ 1, r.base, &data, true))
            }
            1 => {
                let r = self.region(c, n, write);
                one(
                    "bounds",
                    ulpdu::write(
                        r.stag,
                        r.base + u64::from(r.len) - n as u64 + 1,
                        &data,
                        true,
                    ),
                )
            }
            2 => {
                let r = self.region(
                    c,
                    n,
                    StagRights {
                        remote_read: true,
                        ..Default::default()
                    },
                );
                one("right", ulpdu::write(r.stag, r.base, &data, true))
            }
            3 => {
                // No gate: the MSN is wrong whether a receive is posted or not.
                one(
                    "MSN",
                    ulpdu::send(
                        Opcode::Send,
                        smsn.wrapping_add(self.rng.gen_range(1..9)),
                        0,
                        &data,
                        true,
                        0,
                    ),
                )
            }
            4 => one(
                "unasked Response",
                ulpdu::read_response(self.rng.gen(), 0, &data, true),
            ),
            5 => {
                let request = ReadRequestRepr {
                    size: 10,
                    source_stag: self.rng.gen(),
                    ..ZERO
                };
                OpPlan::new(
                    "bad: source STag",
                    Gate::Request,
                    &[ulpdu::read_request(rmsn, &request)],
                )
            }
            6 => {
                let mut u = ulpdu::write(1, 2, &data, true);
                u[1] = (u[1] & 0xf0) | self.rng.gen_range(8..16);
                one("opcode", u)
            }
            7 => {
                let mut u = ulpdu::write(1, 2, &data, true);
                u[0] = (u[0] & !3) | self.pick(&[0, 2, 3]);
                one("DDP version", u)
            }
            _ if c.crc => {
                let r = self.region(c, n, write);
                let u = ulpdu::write(r.stag, r.base, &data, true);
                let good = fpdu(&u);
                let mut crc = [0; 4];
                crc.copy_from_slice(&good[good.len() - 4..]);
                crc[self.rng.gen_range(0..4)] ^= 1 << self.rng.gen_range(0..8);
                let f = emit_fpdu(
                    &u,
                    &FpduOptions {
                        crc: CrcField::Octets(crc),
                        ..Default::default()
                    },
                );
                OpPlan::raw("bad: CRC", Gate::Open, f, vec![0])
            }
            _ => {
                let mut s = FpduStream::new(false);
                s.push(&ulpdu::write(1, 2, &data, true)[..self.rng.gen_range(2..14)]);
                OpPlan::raw("bad: short", Gate::Open, s.octets, s.starts)
            }
        }
    }
}

const ZERO: ReadRequestRepr = ReadRequestRepr {
    sink_stag: 0,
    sink_to: 0,
    size: 0,
    source_stag: 0,
    source_to: 0,
};
