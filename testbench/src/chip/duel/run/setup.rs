//! Takes a [`Setup`] into chip and golden endpoint, and out of the chip again.

use super::{Duel, Player};
use crate::chip::duel::judge::Expected;
use crate::chip::duel::noise::Wire;
use crate::chip::duel::plan::{ConnPlan, Gate, Setup};
use crate::chip::duel::strangers::Strangers;
use crate::chip::duel::DuelError;
use crate::chip::{addresses, Chip, Post, ReadIssue, Region, Sink};
use crate::golden::{self, ConnConfig, Golden, Rights, Rqe, Sge, TptEntry, Translation};
use crate::sack_book::SackBook;
use crate::tcp_peer::TcpPeer;
use ferrowarp_abi::table::InstallRecord;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn plan_error(e: impl std::fmt::Display) -> DuelError {
    DuelError::Plan(e.to_string())
}

/// The golden endpoint's entry of a region.
pub(in crate::chip::duel) fn golden_entry(r: &Region) -> TptEntry {
    TptEntry {
        stag: r.stag,
        pd: r.pd,
        qp: r.bound_to,
        rights: Rights {
            local_write: true,
            remote_read: r.rights.remote_read,
            remote_write: r.rights.remote_write,
            // As the chip has it: no right of its own.
            remote_atomic: r.rights.remote_read && r.rights.remote_write,
            read_sink: r.rights.read_sink,
            remote_invalidate: r.rights.remote_invalidate,
        },
        base: r.base,
        len: u64::from(r.len),
        translation: Translation::Contiguous(r.pa),
    }
}

/// What the transmit path tells the chip of an Atomic of ours.
pub(in crate::chip::duel) fn atomic_issue(
    conn: u16,
    gen: u8,
    sq_idx: u16,
    msn: u32,
    request_id: u32,
) -> ReadIssue {
    ReadIssue {
        conn,
        gen,
        sq_idx,
        sink_stag: request_id,
        sink_to: msn.into(),
        len: 8,
        atomic: true,
    }
}

/// The chip's install record of a plan.
pub fn record(plan: &ConnPlan) -> InstallRecord {
    let (v6, src, dst) = addresses(plan.spec.src.ip, plan.spec.dst.ip);
    InstallRecord {
        v6,
        src,
        dst,
        sport: plan.spec.src.port,
        dport: plan.spec.dst.port,
        vlan: plan.spec.vlan.map(|v| v.vid),
        gen: plan.gen,
        func: 0,
        ird: plan.ird,
        crc_en: plan.crc,
        sack: plan.sack,
        ts_recent: plan.ts_recent(),
        pd: plan.pd,
        qpn: plan.qpn,
        markers_from: plan
            .markers
            .map(|behind| plan.spec.seq.wrapping_sub(behind)),
        rcv_wnd: plan.window,
        rcv_nxt: plan.spec.seq,
        smsn: plan.first_msn[0],
        rmsn: plan.first_msn[1],
        snd_una: plan.spec.ack,
        snd_nxt: plan.spec.ack,
        max_wnd: 65535,
    }
}

impl<'a> Duel<'a> {
    /// Installs connections and regions in chip and golden endpoint.
    pub fn new(chip: &'a mut Chip, setup: &Setup) -> Result<Self, DuelError> {
        let mut golden = Golden::new(setup.seed);
        for r in &setup.regions {
            golden
                .host
                .mem
                .add(&format!("stag {:#010x}", r.stag), r.pa, r.len as usize)
                .map_err(plan_error)?;
            golden
                .host
                .tpt
                .insert(golden_entry(r))
                .map_err(plan_error)?;
            chip.register_region(r)?;
        }
        // Receive buffers lie far from the regions.
        let mut at = 0x70_0000_0000u64;
        let mut players = Vec::new();
        for plan in &setup.conns {
            let index = golden.install(ConnConfig {
                qp: plan.qpn,
                pd: plan.pd,
                rcv_nxt: plan.spec.seq,
                rcv_wnd: plan.window,
                crc: plan.crc,
                markers: plan.markers.is_some(),
                marker_offset: plan.markers.unwrap_or(0),
                max_fpdu: chip.cfg.max_fpdu,
                ird: usize::MAX,
                rfc7306: true,
                execute_atomics: false,
                first_msn: [plan.first_msn[0], plan.first_msn[1], 1, 1],
                ..ConnConfig::default()
            });
            let mut buffers = Vec::new();
            let mut reads = Vec::new();
            for gate in plan.ops.iter().flat_map(|op| &op.gates) {
                match *gate {
                    Gate::Receive { len } => {
                        let i = buffers.len();
                        let addr = at + u64::from(i as u32 * 7 % 64);
                        at += 0x4000 + u64::from(len).next_multiple_of(0x1000);
                        let name = format!("receive {i} of connection {}", plan.conn);
                        golden
                            .host
                            .mem
                            .add(&name, addr, len as usize)
                            .map_err(plan_error)?;
                        let idx = (i * 3 + usize::from(plan.conn)) as u16;
                        golden.conns[index].post_recv(Rqe {
                            idx,
                            sges: vec![Sge {
                                addr,
                                len,
                                lkey: None,
                            }],
                        });
                        buffers.push(Post {
                            rq: u32::from(plan.conn),
                            idx,
                            addr,
                            len,
                        });
                    }
                    Gate::Read {
                        sq_idx,
                        sink_stag,
                        sink_to,
                        len,
                    } => {
                        golden.conns[index].issue_read(golden::ReadIssue {
                            sq_idx,
                            sink_stag,
                            sink_to,
                            len,
                        });
                        reads.push(ReadIssue {
                            conn: plan.conn,
                            gen: plan.gen,
                            sq_idx,
                            sink_stag,
                            sink_to,
                            len,
                            atomic: false,
                        });
                    }
                    Gate::Atomic {
                        sq_idx,
                        msn,
                        request_id,
                    } => {
                        golden.conns[index].issue_atomic(golden::AtomicIssue {
                            sq_idx,
                            msn,
                            request_id,
                        });
                        reads.push(atomic_issue(plan.conn, plan.gen, sq_idx, msn, request_id));
                    }
                    _ => {}
                }
            }
            chip.install(plan.conn, &record(plan))?;
            chip.mirror(plan.mirror(plan.spec.seq));
            players.push(Player {
                golden: index,
                peer: TcpPeer::new(plan.spec.clone(), plan.mss, plan.window),
                wire: Wire::new(setup.noise),
                expected: Expected::default(),
                next_op: 0,
                after_error: 0,
                buffers,
                posted: 0,
                posts_usable: 0,
                received: 0,
                sends_released: 0,
                reads,
                reads_issued: 0,
                reads_usable: 0,
                reads_done: 0,
                reads_released: 0,
                requests_released: 0,
                requests_answered: 0,
                requests_usable: 0,
                acked: plan.spec.seq,
                book: SackBook::new(plan.spec.seq),
                gaps: 0,
                fast: chip.cfg.sack && setup.seed / 4 % 4 != 0,
                recover: None,
                stamps: ChaCha8Rng::seed_from_u64(setup.seed ^ 0x1323 ^ u64::from(plan.conn) << 32),
                last_progress: chip.cycle(),
                dead: false,
                plan: plan.clone(),
            });
        }
        chip.sink = if setup.sink_stall > 0.0 {
            Sink::Random(setup.sink_stall)
        } else {
            Sink::Open
        };
        chip.event_stall = setup.event_stall;
        let memory = golden.host.mem.clone();
        Ok(Duel {
            golden,
            players,
            strangers: Strangers::new(chip)?,
            strange: setup.noise.stranger,
            rng: ChaCha8Rng::seed_from_u64(setup.seed ^ 0xd0e1),
            gap: setup.gap,
            quiet_inputs: 0,
            writes0: chip.writes.len(),
            events: chip.events.len(),
            acks: chip.acks.len(),
            requests: chip.read_requests.len(),
            atomics: chip.atomic_requests.len(),
            events0: chip.events.len(),
            requests0: chip.read_requests.len(),
            atomics0: chip.atomic_requests.len(),
            frames0: chip.sent.len(),
            memory,
            chip,
        })
    }

    /// Takes connections and regions out of the chip again.
    pub fn clear(self, setup: &Setup) -> Result<(), DuelError> {
        for p in &self.players {
            self.chip.remove(p.plan.conn, p.plan.gen)?;
        }
        for r in &setup.regions {
            // One that the peer has invalidated is gone already.
            if self.golden.host.tpt.get(r.stag).is_some() {
                self.chip.deregister_region(r.stag)?;
            }
        }
        Ok(())
    }
}
