//! The golden endpoint against the rows of the conformance table: what the tests share.

mod errors;
mod stream;

use super::*;
use crate::build::{counted, fpdu, send_message, tagged_message, ulpdu, FpduStream, FrameSpec};
use crate::tcp_peer::TcpPeer;
use crate::wire::ddp::{
    AtomicRequestRepr, AtomicResponseRepr, DdpRepr, Opcode, ReadRequestRepr, Term, TerminateRepr,
};
use crate::wire::frame::Endpoint;
use crate::wire::mpa::{emit_fpdu, CrcField, FpduOptions};
use crate::wire::tcp::Flags;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(super) const STAG: u32 = 0x0001_0242;
pub(super) const SINK: u32 = 0x0002_0317;
pub(super) const ADDR: u64 = 0x10_0000;
pub(super) const SINK_ADDR: u64 = 0x30_0000;
pub(super) const RQ_ADDR: u64 = 0x50_0000;
pub(super) const BASE: u64 = 0x7f00_0000_0000_1000;
pub(super) const START: u32 = 0xffff_ff00;

pub(super) fn entry(stag: u32, addr: u64, rights: Rights) -> TptEntry {
    let translation = Translation::Contiguous(addr);
    TptEntry {
        stag,
        pd: 1,
        qp: None,
        rights,
        base: BASE,
        len: 0x10000,
        translation,
    }
}

pub(super) fn golden_with(cfg: ConnConfig) -> Golden {
    let mut g = Golden::new(7);
    g.host.mem.add("region", ADDR, 0x10000).expect("free");
    g.host.mem.add("sink", SINK_ADDR, 0x10000).expect("free");
    g.host.mem.add("receives", RQ_ADDR, 0x10000).expect("free");
    let r = Rights {
        remote_write: true,
        remote_read: true,
        remote_invalidate: true,
        remote_atomic: true,
        read_sink: true,
        ..Rights::NONE
    };
    g.host.tpt.insert(entry(STAG, ADDR, r)).expect("free");
    let r = Rights {
        read_sink: true,
        ..Rights::NONE
    };
    g.host.tpt.insert(entry(SINK, SINK_ADDR, r)).expect("free");
    g.install(ConnConfig {
        rcv_nxt: START,
        ..cfg
    });
    g
}

pub(super) fn golden() -> Golden {
    golden_with(ConnConfig::default())
}

pub(super) fn post(g: &mut Golden, n: u16, len: u32) {
    for idx in 0..n {
        let addr = RQ_ADDR + u64::from(idx) * u64::from(len);
        g.conns[0].post_recv(Rqe {
            idx,
            sges: vec![Sge {
                addr,
                len,
                lkey: None,
            }],
        });
    }
}

/// Feeds ULPDUs as a stream.
pub(super) fn feed(g: &mut Golden, ulpdus: &[Vec<u8>]) {
    for u in ulpdus {
        g.stream(0, &fpdu(u));
    }
}

pub(super) fn error_of(g: &Golden) -> Option<(u8, u8, &'static str)> {
    g.conns[0]
        .error()
        .map(|e| (e.term.octet(), e.term.code, e.row))
}

/// What one ULPDU on a fresh connection leads to.
pub(super) fn verdict(u: Vec<u8>) -> Option<(u8, u8, &'static str)> {
    let mut g = golden();
    post(&mut g, 2, 100);
    feed(&mut g, &[u]);
    error_of(&g)
}

pub(super) fn term_without_headers(a: u8, b: u8) -> TerminateRepr {
    TerminateRepr {
        term: Term::new(a, b),
        length_valid: false,
        reserved: 0,
        ddp: None,
        rdma: None,
    }
}
