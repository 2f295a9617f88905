//! What the assembler must say, as a plain byte-stream program.

use super::markers::{leading, marked_len, strip};

/// A segment as the pipeline hands it over, with its octets. A purge with `fresh` begins a stream with Markers, SeqStart `at`.
#[derive(Clone, Debug)]
pub struct Segment {
    pub purge: bool,
    pub conn: u64,
    pub gen: u64,
    pub slot: u64,
    pub addr: u64,
    /// Sequence number of the first octet; next octet expected (counts with `fresh`).
    pub at: u32,
    pub seq: u32,
    pub fresh: bool,
    pub crc_en: bool,
    pub fin: bool,
    pub bytes: Vec<u8>,
}

/// An operation of the assembler; an FPDU with all its octets (a refused one with its length field).
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Fpdu {
        term: u64,
        octets: Vec<u8>,
    },
    SegDone {
        seq: u32,
        mid: bool,
        rollback: bool,
        crc_fail: bool,
        fin: bool,
        now: bool,
        /// SACK blocks, if any are reported.
        sack: Vec<(u32, u32)>,
    },
}

/// Octets of an FPDU with a ULPDU of `n`: RFC 5044 section 4.
pub fn fpdu_len(n: usize) -> usize {
    (2 + n).div_ceil(4) * 4 + 4
}

/// A good FPDU with this ULPDU.
pub fn fpdu(ulpdu: &[u8]) -> Vec<u8> {
    let mut f = (ulpdu.len() as u16).to_be_bytes().to_vec();
    f.extend(ulpdu);
    // MPA-43: pad may hold anything
    f.resize(fpdu_len(ulpdu.len()) - 4, 0xee);
    f.extend(crc32c::crc32c(&f).to_le_bytes());
    f
}

/// A piece kept ahead of a gap; of a part that was taken only the octets are gone, not the blocks.
#[derive(Clone, Debug)]
pub struct Piece {
    pub start: u32,
    pub gone: usize,
    /// With the stream's end behind it.
    pub fin: bool,
    pub bytes: Vec<u8>,
}

/// What is refused for want of blocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Want {
    /// The FPDU of this number, of those that begin in the segment or in what it sets free.
    pub fpdu: Option<usize>,
    /// The piece of this number, of those ahead of a gap.
    pub piece: Option<usize>,
}

/// A connection in the assembler.
#[derive(Clone, Debug, Default)]
pub struct Conn {
    pub alive: bool,
    pub next: u32,
    /// The octets held of an unfinished FPDU.
    pub held: Vec<u8>,
    pub kept: Vec<Piece>,
    /// The pieces joined, start and end, newest first.
    pub intervals: Vec<(u32, u32)>,
    /// The error came before the last octet of its stretch.
    pub left_over: bool,
    /// SeqStart of a stream with Markers; nothing of it has come.
    pub marks: Option<u32>,
    pub newborn: bool,
}

/// What became of a stretch.
#[derive(PartialEq)]
enum Went {
    Whole,
    Short,
    Crc,
    Dead,
}

fn ahead(a: u32, of: u32) -> i32 {
    a.wrapping_sub(of) as i32
}

struct Run<'a> {
    max_fpdu: usize,
    crc_en: bool,
    want: Want,
    begun: usize,
    said: &'a mut Vec<Said>,
}

impl Conn {
    /// Octets of the pool that the unfinished FPDU has a right to.
    pub fn reserved(&self) -> usize {
        match self.held.get(self.lead()..) {
            Some([a, b, ..]) => fpdu_len(u16::from_be_bytes([*a, *b]).into()),
            _ => 0,
        }
    }

    /// Where the unfinished FPDU, or the next one, begins, counted from SeqStart.
    fn place(&self) -> Option<u32> {
        let begin = self.next.wrapping_sub(self.held.len() as u32);
        self.marks.map(|s| begin.wrapping_sub(s))
    }

    /// Octets of the Marker in front of that FPDU.
    pub fn lead(&self) -> usize {
        self.place().map_or(0, leading)
    }

    /// What the assembler says to a segment.
    pub fn take(&mut self, s: &Segment, max_fpdu: usize, want: Want) -> Vec<Said> {
        let mut said = vec![];
        if s.purge {
            *self = Conn {
                next: self.next,
                marks: s.fresh.then_some(s.at),
                newborn: s.fresh,
                ..Conn::default()
            };
            return said;
        }
        if s.fresh || self.newborn {
            *self = Conn {
                alive: true,
                next: s.seq,
                marks: self.marks,
                ..Conn::default()
            };
        }
        if !self.alive {
            said.push(self.end(false, false, false, false, vec![]));
            return said;
        }
        let sorted = s.at != self.next || !self.kept.is_empty() || self.marks.is_some();
        let end = s.at.wrapping_add(s.bytes.len() as u32);
        let mut run = Run {
            max_fpdu,
            crc_en: s.crc_en,
            want,
            begun: 0,
            said: &mut said,
        };
        let (mut fed, mut pieces, mut dup) = (false, 0, false);
        let mut early_fin = false;
        let went = loop {
            if let Some(i) = self.kept.iter().position(|p| p.start == self.next) {
                fed = true;
                let piece = self.kept[i].clone();
                let went = self.stream(&piece.bytes, true, &mut run);
                if went == Went::Dead {
                    break went;
                }
                let n = ahead(self.next, piece.start) as usize;
                for v in &mut self.intervals {
                    if v.0 == piece.start {
                        v.0 = self.next;
                    }
                }
                self.intervals.retain(|v| v.0 != v.1);
                if n == piece.bytes.len() {
                    self.kept.remove(i);
                    early_fin |= piece.fin && !self.kept.iter().any(|p| p.start == self.next);
                } else {
                    self.kept[i] = Piece {
                        start: self.next,
                        gone: piece.gone + n,
                        fin: piece.fin,
                        bytes: piece.bytes[n..].to_vec(),
                    };
                }
                if went != Went::Whole {
                    break went;
                }
                continue;
            }
            let mut p = if ahead(s.at, self.next) < 0 {
                self.next
            } else {
                s.at
            };
            let within = self
                .intervals
                .iter()
                .position(|v| ahead(p, v.0) >= 0 && ahead(v.1, p) > 0);
            if let Some(i) = within {
                p = self.intervals[i].1;
            }
            if ahead(end, p) <= 0 {
                dup = !fed && !s.bytes.is_empty();
                if let (false, Some(i)) = (fed, within) {
                    let v = self.intervals.remove(i);
                    self.intervals.insert(0, v);
                }
                break Went::Whole;
            }
            let mut to = end;
            for v in &self.intervals {
                if ahead(v.0, p) > 0 && ahead(to, v.0) > 0 {
                    to = v.0;
                }
            }
            let bytes = &s.bytes[ahead(p, s.at) as usize..ahead(to, s.at) as usize];
            if p == self.next {
                fed = true;
                let went = self.stream(bytes, false, &mut run);
                if went != Went::Whole {
                    break went;
                }
                continue;
            }
            let touching = self.intervals.iter().any(|v| v.0 == to || v.1 == p);
            if want.piece == Some(pieces) || (self.intervals.len() == 4 && !touching) {
                break Went::Whole;
            }
            pieces += 1;
            fed = true;
            self.kept.push(Piece {
                start: p,
                gone: 0,
                fin: s.fin && to == end && !self.intervals.iter().any(|v| v.0 == to),
                bytes: bytes.to_vec(),
            });
            let mut new = (p, to);
            self.intervals.retain(|v| {
                if v.1 == p {
                    new.0 = v.0;
                }
                if v.0 == to {
                    new.1 = v.1;
                }
                v.1 != p && v.0 != to
            });
            self.intervals.insert(0, new);
        };
        let mut sack = vec![];
        if self.alive {
            sack.extend(dup.then_some((s.at, end)));
            sack.extend(self.intervals.iter().copied());
            sack.truncate(4);
        }
        let whole = went == Went::Whole;
        let fin = whole && (early_fin || s.fin && self.next == end);
        let crc_fail = went == Went::Crc;
        // An error in the middle leaves octets behind.
        let rollback = match went {
            Went::Whole => false,
            Went::Dead => self.left_over,
            _ => true,
        };
        said.push(self.end(rollback, crc_fail, fin, sorted, sack));
        // The FIN has a sequence number, too.
        self.next = self.next.wrapping_add(u32::from(fin));
        said
    }

    /// The next octets of the stream; `old_octets`: they were kept before.
    fn stream(&mut self, bytes: &[u8], old_octets: bool, run: &mut Run) -> Went {
        if self.marks.is_some() {
            return self.marked(bytes, old_octets, run);
        }
        let from = self.next;
        let mut pos = 0;
        while pos < bytes.len() {
            let old = self.held.len();
            let at: Vec<u8> = self
                .held
                .iter()
                .chain(&bytes[pos..])
                .take(2)
                .copied()
                .collect();
            let [a, b] = at[..] else {
                self.held = at;
                pos += 1;
                break;
            };
            let total = fpdu_len(u16::from_be_bytes([a, b]).into());
            self.next = from.wrapping_add(pos as u32);
            if old < 2 {
                if total > run.max_fpdu {
                    run.said.push(Said::Fpdu {
                        term: 0x2005,
                        octets: at,
                    });
                    self.alive = false;
                    self.left_over = true;
                    self.held.clear();
                    return Went::Dead;
                }
                if run.want.fpdu == Some(run.begun) {
                    return Went::Short;
                }
                run.begun += 1;
            }
            let n = (total - old).min(bytes.len() - pos);
            self.held.extend(&bytes[pos..pos + n]);
            pos += n;
            if self.held.len() < total {
                break;
            }
            let octets = std::mem::take(&mut self.held);
            let crc = crc32c::crc32c(&octets[..total - 4]).to_le_bytes();
            if !run.crc_en || octets[total - 4..] == crc {
                run.said.push(Said::Fpdu { term: 0, octets });
            } else if old == 0 && !old_octets {
                return Went::Crc;
            } else {
                run.said.push(Said::Fpdu {
                    term: 0x2002,
                    octets,
                });
                self.alive = false;
                self.next = from.wrapping_add(pos as u32);
                self.left_over = pos < bytes.len();
                return Went::Dead;
            }
        }
        self.next = from.wrapping_add(pos as u32);
        Went::Whole
    }

    /// The same for a stream with Markers.
    fn marked(&mut self, bytes: &[u8], old_octets: bool, run: &mut Run) -> Went {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (old, lead) = (self.held.len(), self.lead());
            let place = self.place().unwrap_or(0);
            let all = [&self.held[..], rest].concat();
            let Some([a, b, ..]) = all.get(lead..) else {
                self.next = self.next.wrapping_add(rest.len() as u32);
                self.held = all;
                break;
            };
            let total = fpdu_len(u16::from_be_bytes([*a, *b]).into());
            let raw = marked_len(place, total);
            if old < lead + 2 {
                // The Marker counts as taken whatever becomes of the FPDU.
                let behind = lead.saturating_sub(old);
                if total > run.max_fpdu {
                    run.said.push(Said::Fpdu {
                        term: 0x2005,
                        octets: vec![*a, *b],
                    });
                    self.alive = false;
                    self.left_over = true;
                    self.held.clear();
                    self.next = self.next.wrapping_add(behind as u32);
                    return Went::Dead;
                }
                if run.want.fpdu == Some(run.begun) {
                    self.held = all[..lead.max(old)].to_vec();
                    self.next = self.next.wrapping_add(behind as u32);
                    return Went::Short;
                }
                run.begun += 1;
            }
            let n = (raw - old).min(rest.len());
            let begin = self.next;
            self.held.extend(&rest[..n]);
            self.next = self.next.wrapping_add(n as u32);
            rest = &rest[n..];
            if self.held.len() < raw {
                break;
            }
            let wire = std::mem::take(&mut self.held);
            let good = wire[raw - 4..] == crc32c::crc32c(&wire[..raw - 4]).to_le_bytes();
            let (octets, pointers) = strip(place, &wire);
            let term = match (good || !run.crc_en, pointers) {
                (true, true) => 0,
                (true, false) => 0x2003,
                (false, _) => 0x2002,
            };
            if term == 0x2002 && old == 0 && !old_octets {
                self.next = begin;
                return Went::Crc;
            }
            run.said.push(Said::Fpdu { term, octets });
            if term != 0 {
                self.alive = false;
                self.left_over = !rest.is_empty();
                return Went::Dead;
            }
        }
        Went::Whole
    }

    fn end(
        &self,
        rollback: bool,
        crc_fail: bool,
        fin: bool,
        sorted: bool,
        sack: Vec<(u32, u32)>,
    ) -> Said {
        Said::SegDone {
            seq: self.next,
            mid: (self.alive && !self.held.is_empty())
                || (!self.kept.is_empty() && !fin)
                || (self.alive && self.marks.is_some() && !fin),
            rollback,
            crc_fail,
            fin,
            now: sorted || rollback,
            sack,
        }
    }
}
