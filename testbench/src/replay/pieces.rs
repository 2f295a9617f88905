//! Where the peer's FPDUs end in its stream. From that follows what a frame needs before it may be played, and which
//! frame causes a DMA write or an event.

use crate::capture::Connection;
use crate::replay_plan::Plan;
use crate::wire::ddp::{Buffer, DdpRepr, Opcode};
use crate::wire::frame::FrameRepr;
use crate::wire::tcp::{seq_diff, Flags};

/// One FPDU of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Stream position behind it, counted from the first FPDU octet.
    end: u64,
    /// Receives and Reads that must be posted up to here.
    receives: usize,
    reads: usize,
    /// Its payload is placed: it causes a DMA write.
    places: bool,
    /// It ends a message that is reported: Send, Immediate Data, Response, Terminate.
    reports: bool,
}

/// All FPDUs of the peer in one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Pieces(Vec<Piece>);

/// What a frame carries, by position in the peer's FPDU stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub seq: u32,
    /// Position behind the frame's last octet; 0 if it is older than the stream.
    pub end: u64,
    pub payload: usize,
}

impl Span {
    /// Of a frame, by the first sequence number of the stream. `reach` is the highest position known, for wrapping.
    pub fn of(frame: &[u8], start: u32, reach: u64) -> Option<Span> {
        let (r, at) = FrameRepr::parse(frame).ok()?;
        if r.tcp.flags.has(Flags::RST) {
            return None;
        }
        let end = r.tcp.seq.wrapping_add(at.payload.len() as u32);
        let near = start.wrapping_add(reach as u32);
        let end = reach as i64 + i64::from(seq_diff(end, near));
        Some(Span {
            seq: r.tcp.seq,
            end: end.max(0) as u64,
            payload: at.payload.len(),
        })
    }
}

impl Pieces {
    pub fn of(conn: &Connection, plan: &Plan) -> Pieces {
        let peer = plan.we.other();
        let start = conn.side(peer).fpdu_offset.unwrap_or(0);
        let (mut receives, mut reads, mut answered) = (0, 0, 0);
        let mut out = Vec::new();
        for f in conn.fpdus(peer) {
            let mut piece = Piece {
                end: (f.offset + f.fpdu.wire_len - start) as u64,
                receives,
                reads,
                places: false,
                reports: false,
            };
            if let Ok(ddp) = DdpRepr::parse(&f.fpdu.ulpdu) {
                let op = ddp.control.opcode;
                piece.places =
                    (op.is_send() || op.is_tagged()) && f.fpdu.ulpdu.len() > ddp.header_len();
                let last = ddp.control.last;
                let receives_one = op.queue() == Some(0);
                let answers = matches!(op, Opcode::ReadResponse | Opcode::AtomicResponse);
                piece.reports = last && (receives_one || answers) || op == Opcode::Terminate;
                match ddp.buffer {
                    Buffer::Untagged { msn, qn: 0, .. } if receives_one => {
                        let at = plan.receives.iter().position(|r| r.msn == msn);
                        receives = receives.max(at.map_or(0, |i| i + 1));
                    }
                    _ if answers => {
                        reads = reads.max(answered + 1);
                        answered += usize::from(last);
                    }
                    _ => {}
                }
            }
            (piece.receives, piece.reads) = (receives, reads);
            out.push(piece);
        }
        Pieces(out)
    }

    /// Receives and Reads that a stream up to `end` uses.
    pub fn needs(&self, end: u64) -> (usize, usize) {
        let n = self.0.partition_point(|p| p.end <= end);
        n.checked_sub(1)
            .map_or((0, 0), |i| (self.0[i].receives, self.0[i].reads))
    }

    /// Positions behind the FPDUs that cause DMA writes, in order.
    pub fn writes(&self) -> Vec<u64> {
        let hit = self.0.iter().filter(|p| p.places);
        hit.map(|p| p.end).collect()
    }

    /// Positions behind the FPDUs that cause events, in order.
    pub fn reports(&self) -> Vec<u64> {
        let hit = self.0.iter().filter(|p| p.reports);
        hit.map(|p| p.end).collect()
    }
}
