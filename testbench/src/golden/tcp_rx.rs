//! TCP receive side: in-order acceptance modulo 2^32, trimming, and a store for out-of-order octets.
//!
//! The first copy of an octet wins (TCP-26): later copies are trimmed, never compared.

use crate::wire::tcp::seq_diff;
use std::collections::BTreeMap;

/// Receive sequence state. Stream positions are 64-bit so that wraps need no thought: position 0 is the first octet.
#[derive(Debug, Clone)]
pub struct TcpReceiver {
    first_seq: u32,
    window: u32,
    /// In-order octets taken so far.
    pos: u64,
    /// Out-of-order octets: disjoint pieces by position, none before `pos`.
    held: BTreeMap<u64, Held>,
    /// Number of the segment being sorted in.
    serial: u64,
}

#[derive(Debug, Clone)]
struct Held {
    data: Vec<u8>,
    /// Segment that brought it.
    serial: u64,
}

/// A held piece that closed up with the in-order octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    pub pos: u64,
    pub data: Vec<u8>,
    /// Held since an earlier segment, so SACK may have reported it.
    pub old: bool,
}

/// What a segment is to the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Brings the next octets.
    InOrder,
    /// Nothing new in it.
    Duplicate,
    /// New octets behind a gap; kept.
    OutOfOrder,
    /// Beyond the window.
    OutOfWindow,
}

impl TcpReceiver {
    pub fn new(rcv_nxt: u32, window: u32) -> Self {
        TcpReceiver {
            first_seq: rcv_nxt,
            window,
            pos: 0,
            held: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Next sequence number expected.
    pub fn rcv_nxt(&self) -> u32 {
        self.seq_at(self.pos)
    }

    /// Stream position of the next octet expected.
    pub fn pos(&self) -> u64 {
        self.pos
    }

    pub fn seq_at(&self, pos: u64) -> u32 {
        self.first_seq.wrapping_add(pos as u32)
    }

    /// Position of a sequence number near the window; negative when before the first octet of the stream.
    pub fn pos_of(&self, seq: u32) -> i64 {
        self.pos as i64 + i64::from(seq_diff(seq, self.rcv_nxt()))
    }

    pub fn window(&self) -> u32 {
        self.window
    }

    /// RFC 9293 acceptability test for a segment of `len` sequence numbers.
    pub fn acceptable(&self, seq: u32, len: u32) -> bool {
        let in_window = |s: u32| s.wrapping_sub(self.rcv_nxt()) < self.window;
        match (len, self.window) {
            (0, 0) => seq == self.rcv_nxt(),
            (0, _) => in_window(seq),
            (_, 0) => false,
            _ => {
                in_window(seq) || in_window(seq.wrapping_add(len - 1)) || self.covers_edge(seq, len)
            }
        }
    }

    /// A segment longer than the window that starts before it and ends behind it.
    fn covers_edge(&self, seq: u32, len: u32) -> bool {
        seq_diff(seq, self.rcv_nxt()) < 0 && seq_diff(seq.wrapping_add(len), self.rcv_nxt()) > 0
    }

    /// Sorts a segment's payload in. Octets up to the first held one come back and are counted as taken; others are held,
    /// and [`TcpReceiver::release`] gives them when their turn comes.
    pub fn offer(&mut self, seq: u32, data: &[u8]) -> (Arrival, Vec<u8>) {
        self.serial += 1;
        let start = self.pos_of(seq);
        let edge = self.pos + u64::from(self.window);
        let end = start + data.len() as i64;
        if end <= self.pos as i64 {
            return (Arrival::Duplicate, Vec::new());
        }
        if start >= edge as i64 {
            return (Arrival::OutOfWindow, Vec::new());
        }
        let from = (self.pos as i64 - start).max(0);
        let to = data.len() as i64 - (end - edge as i64).max(0);
        let fresh = &data[from as usize..to.max(from) as usize];
        let start = (start + from) as u64;
        if start > self.pos {
            let new = self.hold(start, fresh);
            return (
                if new {
                    Arrival::OutOfOrder
                } else {
                    Arrival::Duplicate
                },
                Vec::new(),
            );
        }
        let first_held = self.held.keys().next().map_or(u64::MAX, |p| p - start);
        let (take, rest) = fresh.split_at(
            fresh
                .len()
                .min(usize::try_from(first_held).unwrap_or(usize::MAX)),
        );
        self.hold(start + take.len() as u64, rest);
        self.pos += take.len() as u64;
        (Arrival::InOrder, take.to_vec())
    }

    /// Holds the parts of `data` which are not held yet; true if there was one.
    fn hold(&mut self, start: u64, data: &[u8]) -> bool {
        let end = start + data.len() as u64;
        let mut at = start;
        let mut pieces = Vec::new();
        for (s, h) in self.held.range(..end) {
            let e = *s + h.data.len() as u64;
            if *s > at {
                pieces.push((at, *s));
            }
            at = at.max(e);
        }
        if at < end {
            pieces.push((at, end));
        }
        for (s, e) in &pieces {
            let data = data[(s - start) as usize..(e - start) as usize].to_vec();
            self.held.insert(
                *s,
                Held {
                    data,
                    serial: self.serial,
                },
            );
        }
        !pieces.is_empty()
    }

    /// Takes the next held piece if it closes up with the in-order octets.
    pub fn release(&mut self) -> Option<Released> {
        let h = self.held.remove(&self.pos)?;
        let pos = self.pos;
        self.pos += h.data.len() as u64;
        Some(Released {
            pos,
            data: h.data,
            old: h.serial != self.serial,
        })
    }

    /// Forgets what the last segment left in the store: it was dropped.
    pub fn forget_last(&mut self) {
        let serial = self.serial;
        self.held.retain(|_, h| h.serial != serial);
    }

    /// Goes back to `pos`: octets behind it were never acknowledged and will come again.
    pub fn rewind(&mut self, pos: u64) {
        self.pos = pos.min(self.pos);
    }

    /// Counts octets that came in order by another way.
    pub fn skip(&mut self, octets: usize) {
        self.pos += octets as u64;
    }

    /// Counts the FIN.
    pub fn take_fin(&mut self) {
        self.pos += 1;
    }

    /// Sequence ranges of held octets, joined.
    pub fn gaps(&self) -> Vec<(u32, u32)> {
        let mut out: Vec<(u64, u64)> = Vec::new();
        for (p, d) in &self.held {
            let e = *p + d.data.len() as u64;
            match out.last_mut() {
                Some((_, end)) if *end == *p => *end = e,
                _ => out.push((*p, e)),
            }
        }
        out.into_iter()
            .map(|(s, e)| (self.seq_at(s), self.seq_at(e)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(r: &mut TcpReceiver, seq: u32, d: &[u8]) -> (Arrival, Vec<u8>) {
        let (a, mut out) = r.offer(seq, d);
        while let Some(more) = r.release() {
            out.extend(more.data);
        }
        (a, out)
    }

    #[test]
    fn tcp_23_26_32_overlaps_keep_the_first_copy_across_the_wrap() {
        let mut r = TcpReceiver::new(0xffff_fffc, 1000);
        assert_eq!(all(&mut r, 0, b"EFGH"), (Arrival::OutOfOrder, vec![]));
        assert_eq!(all(&mut r, 2, b"xxIJ"), (Arrival::OutOfOrder, vec![]));
        assert_eq!(r.gaps(), vec![(0, 6)]);
        assert_eq!(
            all(&mut r, 0xffff_fffa, b"??ABCDyy"),
            (Arrival::InOrder, b"ABCDEFGHIJ".to_vec())
        );
        assert_eq!(r.rcv_nxt(), 6);
        assert_eq!(all(&mut r, 0, b"zzzzzz"), (Arrival::Duplicate, vec![]));
    }

    #[test]
    fn tcp_21_24_window_edges() {
        let mut r = TcpReceiver::new(100, 10);
        assert!(
            r.acceptable(109, 1)
                && !r.acceptable(110, 1)
                && !r.acceptable(99, 1)
                && r.acceptable(99, 2)
        );
        assert_eq!(r.offer(110, b"a"), (Arrival::OutOfWindow, vec![]));
        assert_eq!(all(&mut r, 98, &[7; 30]), (Arrival::InOrder, vec![7; 10]));
        assert_eq!(r.rcv_nxt(), 110);
    }

    #[test]
    fn tcp_25_every_permutation_of_five() {
        let stream: Vec<u8> = (0..25).collect();
        let mut order = [0usize, 1, 2, 3, 4];
        permute(&mut order, 0, &mut |o| {
            let mut r = TcpReceiver::new(u32::MAX - 7, 100);
            let mut got = Vec::new();
            for i in o {
                let seq = (u32::MAX - 7).wrapping_add(*i as u32 * 5);
                got.extend(all(&mut r, seq, &stream[i * 5..i * 5 + 5]).1);
            }
            assert_eq!(got, stream, "order {o:?}");
        });
    }

    fn permute(v: &mut [usize; 5], k: usize, f: &mut dyn FnMut(&[usize; 5])) {
        if k == v.len() {
            return f(v);
        }
        for i in k..v.len() {
            v.swap(k, i);
            permute(v, k + 1, f);
            v.swap(k, i);
        }
    }
}
