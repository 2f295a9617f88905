//! Host memory of a simulated machine: pages that exist once they are touched, zero until written.

use std::collections::HashMap;

const PAGE: u64 = 4096;

#[derive(Default)]
pub struct HostMemory {
    pages: HashMap<u64, Box<[u8; PAGE as usize]>>,
}

impl HostMemory {
    /// Pieces of `len` octets at `at` that lie in a page each: page, place in it, octets.
    fn pieces(at: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
        let (mut at, mut left) = (at, len);
        std::iter::from_fn(move || {
            let here = (at % PAGE) as usize;
            let n = left.min(PAGE as usize - here);
            let piece = (at / PAGE, here, n);
            at = at.wrapping_add(n as u64);
            left -= n;
            (n > 0).then_some(piece)
        })
    }

    pub fn write(&mut self, at: u64, octets: &[u8]) {
        let mut rest = octets;
        for (page, here, n) in Self::pieces(at, octets.len()) {
            let page = self.pages.entry(page);
            let page = page.or_insert_with(|| Box::new([0; PAGE as usize]));
            let (now, behind) = rest.split_at(n);
            page[here..here + n].copy_from_slice(now);
            rest = behind;
        }
    }

    pub fn read(&self, at: u64, len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(len);
        for (page, here, n) in Self::pieces(at, len) {
            match self.pages.get(&page) {
                Some(p) => out.extend(&p[here..here + n]),
                None => out.resize(out.len() + n, 0),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_stay_where_they_were_written() {
        let mut m = HostMemory::default();
        let octets: Vec<u8> = (0..10_000).map(|i| i as u8 | 1).collect();
        m.write(PAGE - 7, &octets);
        assert_eq!(m.read(PAGE - 7, octets.len()), octets);
        assert_eq!(m.read(PAGE - 8, 2), [0, octets[0]]);
        assert_eq!(m.read(PAGE - 7 + 10_000, 3), [0; 3]);
        m.write(2 * PAGE - 1, &[9, 9]);
        assert_eq!(
            m.read(2 * PAGE - 2, 4),
            [octets[PAGE as usize + 5], 9, 9, octets[PAGE as usize + 8]]
        );
    }
}
