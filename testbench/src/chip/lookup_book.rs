//! Where the host puts connections in the chip's two lookup tables, and what is in them.
//!
//! A connection goes into the emptier of its two buckets. The chip takes the first way with the right fingerprint, so two
//! connections with equal fingerprints must not share a bucket, not even one that neither lives in: frames of both look there.
//! Such a connection is refused, and stays with software (32 k connections in `dc-100g`: about one in a thousand).

use ferrowarp_abi::table::{LookupRow, LookupWay};
use ferrowarp_hdl::rx::lookup::BucketKey;
use std::collections::HashMap;
use thiserror::Error;

/// Why a connection has no place.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LookupError {
    #[error("both lookup buckets are full")]
    Full,
    #[error("connection {other} shares a lookup bucket and the fingerprint")]
    Alike { other: u16 },
}

/// The tables as the chip has them.
#[derive(Debug, Default)]
pub struct LookupBook {
    rows: HashMap<u32, LookupRow>,
    /// Row that a connection is in, and its two rows.
    homes: HashMap<u16, (u32, [u32; 2])>,
    /// Connections, with their fingerprints, that look into a row.
    lookers: HashMap<u32, Vec<LookupWay>>,
}

impl LookupBook {
    /// Finds a way for `conn`: the row to be written, and its index.
    pub fn place(&mut self, conn: u16, key: BucketKey) -> Result<(u32, LookupRow), LookupError> {
        let indices = [0, 1].map(|table| LookupRow::index(table == 1, key.bucket[table as usize]));
        let way = LookupWay {
            conn,
            fingerprint: key.fp,
        };
        let alike = indices
            .iter()
            .filter_map(|i| self.lookers.get(i))
            .flatten()
            .find(|w| w.fingerprint == key.fp);
        if let Some(other) = alike {
            return Err(LookupError::Alike { other: other.conn });
        }
        let used = |i: &u32| {
            let row = self.rows.get(i).copied().unwrap_or_default();
            row.0.iter().flatten().count()
        };
        let index = match used(&indices[1]) < used(&indices[0]) {
            true => indices[1],
            false => indices[0],
        };
        let row = self.rows.entry(index).or_default();
        let free = row.0.iter_mut().find(|w| w.is_none());
        *free.ok_or(LookupError::Full)? = Some(way);
        let row = *row;
        self.homes.insert(conn, (index, indices));
        for i in indices {
            self.lookers.entry(i).or_default().push(way);
        }
        Ok((index, row))
    }

    /// Takes `conn` out: the row to be written.
    pub fn take(&mut self, conn: u16) -> Option<(u32, LookupRow)> {
        let (index, indices) = self.homes.remove(&conn)?;
        for i in indices {
            if let Some(lookers) = self.lookers.get_mut(&i) {
                lookers.retain(|w| w.conn != conn);
            }
        }
        let row = self.rows.get_mut(&index)?;
        for way in &mut row.0 {
            if way.is_some_and(|w| w.conn == conn) {
                *way = None;
            }
        }
        Some((index, *row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(a: u16, b: u16, fp: u16) -> BucketKey {
        BucketKey { bucket: [a, b], fp }
    }

    #[test]
    fn buckets_fill_evenly_and_refuse_the_ninth() {
        let mut book = LookupBook::default();
        for n in 0..8 {
            let (index, row) = book.place(n, key(3, 5, n)).expect("room");
            assert_eq!(index, if n % 2 == 0 { 3 } else { 0x1_0005 });
            assert_eq!(row.0.iter().flatten().count(), usize::from(n) / 2 + 1);
        }
        assert_eq!(book.place(8, key(3, 5, 8)), Err(LookupError::Full));
        let (index, row) = book.take(4).expect("is there");
        assert_eq!((index, row.0.iter().flatten().count()), (3, 3));
        assert!(book.place(8, key(3, 5, 4)).is_ok());
        assert_eq!(book.take(4), None);
    }

    #[test]
    fn look_alikes_share_no_bucket() {
        let mut book = LookupBook::default();
        book.place(1, key(3, 5, 7)).expect("room");
        let alike = Err(LookupError::Alike { other: 1 });
        // Connection 1 lives in bucket 3 of table 0, and looks into bucket 5 of table 1 too.
        assert_eq!(book.place(2, key(9, 5, 7)), alike);
        assert_eq!(book.place(2, key(3, 9, 7)), alike);
        assert!(book.place(2, key(5, 3, 7)).is_ok());
    }
}
