//! A TCP sender for tests: holds a stream, cuts it where told, stays inside the window, goes back to what was acknowledged.
//!
//! It has no timers and no congestion control: the test says when to go back. Stream positions count from 0 at `start_seq`.

use crate::build::FrameSpec;
use crate::wire::frame::FrameRepr;
use crate::wire::tcp::{seq_diff, Flags};
use std::collections::BTreeSet;

/// The sender.
#[derive(Debug, Clone)]
pub struct TcpPeer {
    /// Headers of its frames; `seq`, flags PSH and FIN and the timestamps are set for each.
    pub spec: FrameSpec,
    start_seq: u32,
    stream: Vec<u8>,
    /// Positions where a segment must end.
    cuts: BTreeSet<usize>,
    mss: usize,
    una: usize,
    nxt: usize,
    /// Where to go on behind a segment that is sent once more.
    resume: Option<usize>,
    /// Behind the last octet ever sent.
    high: usize,
    /// Right edge of the receiver's window, as a position.
    edge: usize,
    window_scale: u8,
    fin: bool,
    /// PSH on every segment instead of the last one at hand.
    pub push_all: bool,
    /// Frames made so far, retransmissions included.
    pub sent: usize,
}

impl TcpPeer {
    /// `spec.seq` is the first sequence number; `window` what the receiver offers, in octets.
    pub fn new(spec: FrameSpec, mss: usize, window: u32) -> Self {
        TcpPeer {
            start_seq: spec.seq,
            spec,
            stream: Vec::new(),
            cuts: BTreeSet::new(),
            mss: mss.max(1),
            una: 0,
            nxt: 0,
            resume: None,
            high: 0,
            edge: window as usize,
            window_scale: 0,
            fin: false,
            push_all: false,
            sent: 0,
        }
    }

    /// Shift for window fields read by [`TcpPeer::on_frame`].
    pub fn set_window_scale(&mut self, shift: u8) {
        self.window_scale = shift.min(14);
    }

    /// Appends octets to the stream.
    pub fn queue(&mut self, data: &[u8]) {
        self.stream.extend_from_slice(data);
    }

    /// Appends octets that travel in segments of their own: cut in front and behind.
    pub fn queue_alone(&mut self, data: &[u8]) {
        self.cut_at(self.stream.len());
        self.queue(data);
        self.cut_at(self.stream.len());
    }

    /// A segment ends at this stream position.
    pub fn cut_at(&mut self, position: usize) {
        self.cuts.insert(position);
    }

    /// FIN behind everything queued.
    pub fn close(&mut self) {
        self.fin = true;
    }

    fn end(&self) -> usize {
        self.stream.len() + usize::from(self.fin)
    }

    pub fn seq_at(&self, position: usize) -> u32 {
        self.start_seq.wrapping_add(position as u32)
    }

    /// Octets queued so far.
    pub fn queued(&self) -> usize {
        self.stream.len()
    }

    /// Octets (and FIN) sent at any time and not acknowledged: what an acknowledgement may cover.
    pub fn in_flight_ever(&self) -> usize {
        self.high.saturating_sub(self.una)
    }

    /// Sequence number behind the last octet (or FIN) ever sent.
    pub fn sent_to(&self) -> u32 {
        self.seq_at(self.high)
    }

    /// Everything, the FIN included, was acknowledged.
    pub fn done(&self) -> bool {
        self.una == self.end()
    }

    /// Octets (and FIN) sent and not acknowledged.
    pub fn in_flight(&self) -> usize {
        self.nxt - self.una
    }

    /// The next segment as a frame, or `None` when the window is full or all was sent.
    pub fn next_frame(&mut self) -> Option<Vec<u8>> {
        if self.nxt >= self.end() || self.nxt >= self.edge {
            return None;
        }
        let from = self.nxt;
        let cut = self
            .cuts
            .range(from + 1..)
            .next()
            .copied()
            .unwrap_or(usize::MAX);
        let to = cut
            .min(from + self.mss)
            .min(self.stream.len())
            .min(self.edge)
            .max(from.min(self.stream.len()));
        let fin = self.fin && to == self.stream.len() && self.edge > to;
        let mut spec = self.spec.clone();
        spec.seq = self.seq_at(from);
        let mut flags = Flags::ACK;
        if to > from && (self.push_all || to == self.stream.len()) {
            flags = flags | Flags::PSH;
        }
        if fin {
            flags = flags | Flags::FIN;
        }
        spec.flags = flags;
        self.nxt = to + usize::from(fin);
        self.high = self.high.max(self.nxt);
        self.nxt = self.nxt.max(self.resume.take().unwrap_or(0));
        self.sent += 1;
        Some(spec.frame(&self.stream[from..to]))
    }

    /// All frames that the window lets through now.
    pub fn burst(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.next_frame()).collect()
    }

    /// Takes an acknowledgement with the window in octets. Old ones and those for octets never sent are ignored;
    /// the result says whether it moved the left edge.
    pub fn on_ack(&mut self, ack: u32, window: u32) -> bool {
        let ahead = seq_diff(ack, self.seq_at(self.una));
        if ahead < 0 || self.una + ahead as usize > self.end() {
            return false;
        }
        self.una += ahead as usize;
        self.nxt = self.nxt.max(self.una);
        // The window may only grow to the right here: a shrinking one is the receiver's fault.
        self.edge = self.edge.max(self.una + window as usize);
        ahead > 0
    }

    /// Takes a frame of the receiver: acknowledgement, window, and its timestamp to echo. Returns false for other frames.
    pub fn on_frame(&mut self, frame: &[u8]) -> bool {
        let Ok((r, _)) = FrameRepr::parse(frame) else {
            return false;
        };
        let ours = r.tcp.dst_port == self.spec.src.port
            && r.tcp.src_port == self.spec.dst.port
            && r.ip.dst() == self.spec.src.ip;
        if !ours || !r.tcp.flags.has(Flags::ACK) {
            return false;
        }
        if let (Some(ts), Some((val, _))) = (&mut self.spec.timestamps, r.tcp.timestamps()) {
            ts.1 = val;
        }
        self.on_ack(r.tcp.ack, u32::from(r.tcp.window) << self.window_scale);
        true
    }

    /// Go-back-N: sends everything from the left edge again.
    pub fn go_back(&mut self) {
        self.nxt = self.una;
        self.resume = None;
    }

    /// Fast retransmit: sends the segment at the left edge again and goes on where it was.
    pub fn send_first_again(&mut self) {
        self.resume = Some(self.resume.unwrap_or(0).max(self.nxt));
        self.nxt = self.una;
    }

    /// Sends again from a sequence number between the left edge and what was sent; others are ignored.
    pub fn retransmit_from(&mut self, seq: u32) {
        let ahead = seq_diff(seq, self.seq_at(self.una));
        if ahead >= 0 && self.una + ahead as usize <= self.nxt {
            self.nxt = self.una + ahead as usize;
            self.resume = None;
        }
    }

    /// Advances the TSval of following frames.
    pub fn tick(&mut self, ticks: u32) {
        if let Some(ts) = &mut self.spec.timestamps {
            ts.0 = ts.0.wrapping_add(ticks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::counted;

    fn payloads(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
        frames
            .iter()
            .map(|f| {
                FrameRepr::parse(f)
                    .map(|(_, l)| f[l.payload].to_vec())
                    .expect("frame")
            })
            .collect()
    }

    #[test]
    fn window_cuts_and_fin() {
        let mut p = TcpPeer::new(
            FrameSpec {
                seq: u32::MAX - 5,
                ..Default::default()
            },
            100,
            250,
        );
        p.queue(&counted(300));
        p.cut_at(30);
        p.close();
        let got = payloads(&p.burst());
        assert_eq!(
            got.iter().map(Vec::len).collect::<Vec<_>>(),
            [30, 100, 100, 20]
        );
        assert!(p.next_frame().is_none());
        assert!(p.on_ack(p.seq_at(130), 250));
        let last = p.burst();
        assert_eq!(payloads(&last).concat(), counted(300)[250..]);
        let flags = FrameRepr::parse(&last[0])
            .map(|(r, _)| r.tcp.flags)
            .expect("frame");
        assert!(flags.has(Flags::FIN) && flags.has(Flags::PSH));
        assert!(!p.done());
        p.go_back();
        assert_eq!(payloads(&p.burst()).concat(), counted(300)[130..]);
        p.send_first_again();
        assert_eq!(payloads(&p.burst()).concat(), counted(300)[130..230]);
        assert!(p.on_ack(p.seq_at(301), 250) && p.done());
        assert!(!p.on_ack(p.seq_at(5), 250), "old");
        assert!(!p.on_ack(p.seq_at(302), 250), "never sent");
    }

    #[test]
    fn answers_are_read_from_frames() {
        let spec = FrameSpec {
            timestamps: Some((7, 0)),
            ..Default::default()
        };
        let mut p = TcpPeer::new(spec.clone(), 100, 50);
        p.set_window_scale(2);
        p.queue(&counted(200));
        assert_eq!(p.burst().len(), 1);
        let answer = FrameSpec {
            src: spec.dst,
            dst: spec.src,
            seq: 1,
            ack: spec.seq + 50,
            window: 25,
            flags: Flags::ACK,
            timestamps: Some((99, 7)),
            ..spec
        };
        assert!(p.on_frame(&answer.frame(&[])));
        let f = p.burst();
        assert_eq!(payloads(&f).concat(), counted(200)[50..150]);
        assert_eq!(
            FrameRepr::parse(&f[0]).map(|(r, _)| r.tcp.timestamps()),
            Ok(Some((7, 99)))
        );
        assert!(!p.on_frame(&spec_frame_of_another()));
    }

    fn spec_frame_of_another() -> Vec<u8> {
        FrameSpec::default().frame(&[])
    }
}
