//! The transmit half against the rows of the conformance tables that a sender owns, against the vectors, and against the
//! receive half. A row's id here says that the oracle was checked, not the chip.

mod audit;
mod ends;
mod fpdu;
mod goodput;
mod lab;
mod random;
mod recovery;
mod single;
mod timers;
mod window;

use super::acks::AckPolicy;
use super::endpoint::*;
use super::fpdu::*;
use super::link::*;
use super::net::*;
use super::octets::mulpdu;
use super::sender::*;
use crate::golden::{
    ConnConfig, Event, Host, Memory, Rights, Rqe, Sge, Tpt, TptEntry, Translation,
};
use crate::wire::ethernet::Mac;
use crate::wire::frame::Endpoint as Address;
use std::net::Ipv4Addr;

/// Region of each side that the peer may use, and its STag.
const STAG: u32 = 0x0001_0242;
const BASE: u64 = 0x7f00_0000_0000_1000;
const ADDR: u64 = 0x10_0000;
/// Receive buffers of each side.
const RQ_ADDR: u64 = 0x1000_0000;

fn address(side: u8, flow: u16) -> Address {
    Address {
        mac: Mac([2, 0, 0, 0, 0, side]),
        ip: Ipv4Addr::new(10, 0, 0, side).into(),
        port: 1000 + flow,
    }
}

/// What both ends of a pair share.
#[derive(Debug, Clone)]
struct Setup {
    mss: usize,
    markers: bool,
    crc: bool,
    sender: SenderConfig,
    region: usize,
    receives: usize,
    first_seq: [u32; 2],
    first_msn: [u32; 4],
    window: u32,
    window_scale: u8,
    responder: bool,
    /// Shorter than the RTO floor: a time-out must not run into a delayed acknowledgement.
    ack_delay: Ns,
    seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            mss: 1460,
            markers: false,
            crc: true,
            sender: SenderConfig {
                rto_min: 10 * MS,
                ..SenderConfig::default()
            },
            region: 0x3_0000,
            receives: 1 << 16,
            first_seq: [0xffff_f000, 0x7fff_ff00],
            first_msn: [1; 4],
            window: 1 << 20,
            window_scale: 5,
            responder: false,
            ack_delay: 2 * MS,
            seed: 1,
        }
    }
}

impl Setup {
    fn end(&self, side: usize, flow: u16) -> Endpoint {
        let (ours, theirs) = (self.first_seq[side], self.first_seq[1 - side]);
        let framing = octets_framing(self.crc, self.markers);
        let cfg = EndpointConfig {
            local: address(1 + side as u8, flow),
            remote: address(2 - side as u8, flow),
            vlan: None,
            conn: ConnConfig {
                rcv_nxt: theirs,
                rcv_wnd: self.window.max(1 << 20),
                markers: self.markers,
                crc: self.crc,
                rfc7306: true,
                ts_recent: self.sender.timestamps.map_or(0, |c| c.at(0)),
                first_msn: self.first_msn,
                ..ConnConfig::default()
            },
            sender: SenderConfig {
                first_seq: ours,
                mss: self.mss,
                wnd: self.window,
                wl1: theirs,
                wnd_scale: self.window_scale,
                ..self.sender.clone()
            },
            maker: MakerConfig {
                mulpdu: mulpdu(self.mss, self.markers),
                framing,
                first_msn: self.first_msn,
                ..MakerConfig::default()
            },
            acks: AckPolicy {
                delay: self.ack_delay,
                ..AckPolicy::default()
            },
            window: self.window,
            window_scale: self.window_scale,
            responder: self.responder && side == 1,
            ord: 4,
        };
        let mut host = Host {
            mem: Memory::new(self.seed + side as u64),
            tpt: Tpt::default(),
        };
        host.mem.add("region", ADDR, self.region).expect("free");
        host.mem
            .add("receives", RQ_ADDR, self.receives)
            .expect("free");
        host.tpt
            .insert(TptEntry {
                stag: STAG,
                pd: 1,
                qp: None,
                rights: Rights::ALL,
                base: BASE,
                len: self.region as u64,
                translation: Translation::Contiguous(ADDR),
            })
            .expect("free");
        Endpoint::new(cfg, host, 0)
    }

    fn pair(&self, flow: u16) -> Pair {
        Pair {
            a: self.end(0, flow),
            b: self.end(1, flow),
        }
    }

    fn net(&self, link: LinkConfig) -> Net {
        let back = LinkConfig {
            seed: link.seed ^ 0x5555,
            ..link
        };
        Net::new(vec![self.pair(0)], link, back)
    }
}

fn octets_framing(crc: bool, markers: bool) -> super::octets::Framing {
    super::octets::Framing { crc, markers }
}

fn write(id: u64, at: u64, octets: &[u8]) -> WorkRequest {
    WorkRequest::new(
        id,
        Work::Write {
            payload: Payload::Inline(octets.to_vec()),
            stag: STAG,
            to: BASE + at,
        },
    )
}

fn send(id: u64, octets: &[u8]) -> WorkRequest {
    WorkRequest::new(
        id,
        Work::Send {
            payload: Payload::Inline(octets.to_vec()),
            solicited: false,
            invalidate: None,
        },
    )
}

fn recv(idx: u16, at: u64, len: u32) -> Rqe {
    let addr = RQ_ADDR + at;
    let lkey = None;
    Rqe {
        idx,
        sges: vec![Sge { addr, len, lkey }],
    }
}
