//! What the assembler must say, as a plain byte-stream program.

/// A segment as the pipeline hands it over, with its octets.
#[derive(Clone, Debug)]
pub struct Segment {
    pub purge: bool,
    pub conn: u64,
    pub gen: u64,
    pub slot: u64,
    pub addr: u64,
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

/// A connection in the assembler.
#[derive(Clone, Debug, Default)]
pub struct Conn {
    pub alive: bool,
    pub next: u32,
    /// The octets held of an unfinished FPDU.
    pub held: Vec<u8>,
}

impl Conn {
    /// Octets of the pool that the unfinished FPDU has a right to.
    pub fn reserved(&self) -> usize {
        match self.held[..] {
            [a, b, ..] => fpdu_len(u16::from_be_bytes([a, b]).into()),
            _ => 0,
        }
    }

    /// What the assembler says to a segment. `short`: the FPDU of this number (of those that begin here) finds too few
    /// blocks.
    pub fn take(&mut self, s: &Segment, max_fpdu: usize, short: Option<usize>) -> Vec<Said> {
        let mut said = vec![];
        if s.purge {
            self.alive = false;
            self.held.clear();
            return said;
        }
        if s.fresh {
            *self = Conn {
                alive: true,
                next: s.seq,
                held: vec![],
            };
        }
        if !self.alive || self.next != s.seq {
            said.push(self.end(false, false, false));
            return said;
        }
        let mut pos = 0;
        let mut begun = 0;
        while pos < s.bytes.len() {
            let old = self.held.len();
            let at: Vec<u8> = self
                .held
                .iter()
                .chain(&s.bytes[pos..])
                .take(2)
                .copied()
                .collect();
            let [a, b] = at[..] else {
                self.held = at;
                pos += 1;
                break;
            };
            let total = fpdu_len(u16::from_be_bytes([a, b]).into());
            self.next = s.seq.wrapping_add(pos as u32);
            if old < 2 {
                if total > max_fpdu {
                    said.push(Said::Fpdu {
                        term: 0x2005,
                        octets: at,
                    });
                    self.alive = false;
                    self.held.clear();
                    said.push(self.end(true, false, false));
                    return said;
                }
                if short == Some(begun) {
                    said.push(self.end(true, false, false));
                    return said;
                }
                begun += 1;
            }
            let n = (total - old).min(s.bytes.len() - pos);
            self.held.extend(&s.bytes[pos..pos + n]);
            pos += n;
            if self.held.len() < total {
                break;
            }
            let octets = std::mem::take(&mut self.held);
            let crc = crc32c::crc32c(&octets[..total - 4]).to_le_bytes();
            if !s.crc_en || octets[total - 4..] == crc {
                said.push(Said::Fpdu { term: 0, octets });
            } else if old == 0 {
                said.push(self.end(true, true, false));
                return said;
            } else {
                said.push(Said::Fpdu {
                    term: 0x2002,
                    octets,
                });
                self.alive = false;
                self.next = s.seq.wrapping_add(pos as u32);
                said.push(self.end(pos < s.bytes.len(), false, false));
                return said;
            }
        }
        self.next = s.seq.wrapping_add(pos as u32);
        said.push(self.end(false, false, s.fin));
        said
    }

    fn end(&self, rollback: bool, crc_fail: bool, fin: bool) -> Said {
        Said::SegDone {
            seq: self.next,
            mid: self.alive && !self.held.is_empty(),
            rollback,
            crc_fail,
            fin,
        }
    }
}
