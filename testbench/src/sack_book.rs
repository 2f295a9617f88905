//! What a sender may believe of the SACK blocks it is told (RFC 2018, RFC 2883): a book of one connection's reports.
//!
//! It knows nothing but the reports and what was sent: blocks hold octets that were sent, do not overlap, and what was
//! reported once stays reported until it is acknowledged.

use crate::wire::tcp::seq_diff;

/// The book.
#[derive(Debug, Clone)]
pub struct SackBook {
    una: u32,
    /// Ranges of the last report.
    held: Vec<(u32, u32)>,
}

/// What a report said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The duplicate that caused it.
    pub dsack: Option<(u32, u32)>,
    /// Blocks held ahead of a gap, in the order of the report.
    pub blocks: Vec<(u32, u32)>,
}

fn within(a: (u32, u32), b: (u32, u32)) -> bool {
    seq_diff(a.0, b.0) >= 0 && seq_diff(b.1, a.1) >= 0
}

impl SackBook {
    pub fn new(una: u32) -> Self {
        SackBook {
            una,
            held: Vec::new(),
        }
    }

    /// Enters a report: acknowledgement, blocks, and the end of what was ever sent.
    pub fn enter(
        &mut self,
        rcv_nxt: u32,
        blocks: &[(u32, u32)],
        sent: u32,
    ) -> Result<Entry, String> {
        if seq_diff(rcv_nxt, self.una) < 0 {
            return Err(format!(
                "acknowledgement goes back from {:#x} to {rcv_nxt:#x}",
                self.una
            ));
        }
        self.una = rcv_nxt;
        if let Some(b) = blocks
            .iter()
            .find(|b| seq_diff(b.1, b.0) <= 0 || seq_diff(sent, b.1) < 0)
        {
            return Err(format!("block {b:x?} is empty or was never sent"));
        }
        // RFC 2883 4: below the acknowledgement, or inside of the block behind it.
        let (dsack, rest) = match blocks {
            [d, rest @ ..]
                if seq_diff(d.1, rcv_nxt) <= 0 || rest.first().is_some_and(|b| within(*d, *b)) =>
            {
                (Some(*d), rest)
            }
            all => (None, all),
        };
        for (i, a) in rest.iter().enumerate() {
            if seq_diff(a.0, rcv_nxt) < 0 {
                return Err(format!("block {a:x?} begins before {rcv_nxt:#x}"));
            }
            if let Some(b) = rest[..i]
                .iter()
                .find(|b| seq_diff(a.0, b.1) <= 0 && seq_diff(b.0, a.1) <= 0)
            {
                return Err(format!("blocks {a:x?} and {b:x?} overlap or touch"));
            }
        }
        // Four blocks at most: a duplicate may push the oldest out.
        let room = dsack.is_none() || blocks.len() < 4;
        for old in &self.held {
            let left = if seq_diff(old.0, rcv_nxt) < 0 {
                rcv_nxt
            } else {
                old.0
            };
            if room && seq_diff(old.1, left) > 0 && !rest.iter().any(|b| within((left, old.1), *b))
            {
                return Err(format!(
                    "{old:x?} was reported and is not any more: {rest:x?}"
                ));
            }
        }
        if room {
            self.held = rest.to_vec();
        } else {
            self.held.retain(|old| {
                seq_diff(old.1, rcv_nxt) > 0
                    && !rest
                        .iter()
                        .any(|b| seq_diff(old.0, b.1) < 0 && seq_diff(b.0, old.1) < 0)
            });
            self.held.extend(rest);
        }
        Ok(Entry {
            dsack,
            blocks: rest.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_2a_2c_the_book_finds_lies() {
        let mut b = SackBook::new(u32::MAX - 9);
        let e = b.enter(u32::MAX - 9, &[(0, 10)], 100).unwrap();
        assert_eq!((e.dsack, e.blocks), (None, vec![(0, 10)]));
        let e = b.enter(u32::MAX - 9, &[(2, 8), (0, 10)], 100).unwrap();
        assert_eq!(e.dsack, Some((2, 8)));
        for (blocks, what) in [
            (&[][..], "is not any more"),
            (&[(0, 9)], "is not any more"),
            (&[(20, 101), (0, 10)], "never sent"),
            (&[(10, 20), (0, 10)], "touch"),
            (&[(5, 5), (0, 10)], "empty"),
        ] {
            let said = b.clone().enter(u32::MAX - 9, blocks, 100).unwrap_err();
            assert!(said.contains(what), "{said}");
        }
        assert!(b.enter(u32::MAX - 19, &[], 100).is_err());
        b.enter(4, &[(4, 10)], 100).unwrap();
        b.enter(10, &[], 100).unwrap();
    }
}
