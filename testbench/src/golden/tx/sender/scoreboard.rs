//! Scoreboard of RFC 6675: which octets the receiver holds, which are taken for lost. Positions are those of the stream.

/// Duplicates, or pieces, above a hole that make it a loss.
pub const DUP_THRESH: usize = 3;

#[derive(Debug, Clone, Default)]
pub struct Scoreboard {
    /// Held ranges, disjoint, not touching, ascending.
    held: Vec<(u64, u64)>,
}

impl Scoreboard {
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.held
    }

    /// Enters a block; returns the octets that were not known.
    pub fn add(&mut self, from: u64, to: u64) -> u64 {
        let (mut from, mut to) = (from, to);
        let new = self.unsacked(from, to);
        let a = self.held.partition_point(|r| r.1 < from);
        let b = self.held.partition_point(|r| r.0 <= to);
        if a < b {
            from = from.min(self.held[a].0);
            to = to.max(self.held[b - 1].1);
        }
        self.held.splice(a..b, [(from, to)]);
        new
    }

    /// Everything below `una` is acknowledged.
    pub fn advance(&mut self, una: u64) {
        self.held.retain_mut(|r| {
            r.0 = r.0.max(una);
            r.0 < r.1
        });
    }

    /// The receiver may have thrown away what it held (RFC 2018 5.1).
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Octets of a range that are not held.
    pub fn unsacked(&self, from: u64, to: u64) -> u64 {
        let held: u64 = self
            .held
            .iter()
            .map(|r| r.1.min(to).saturating_sub(r.0.max(from)))
            .sum();
        to.saturating_sub(from) - held
    }

    /// First position from `from` on that is not held.
    pub fn hole_from(&self, from: u64) -> u64 {
        self.held
            .iter()
            .find(|r| r.0 <= from && from < r.1)
            .map_or(from, |r| r.1)
    }

    /// Where the hole around `at` ends: the next held position, if any.
    pub fn next_held(&self, at: u64) -> Option<u64> {
        self.held.iter().map(|r| r.0).find(|s| *s > at)
    }

    /// Behind the highest octet held.
    pub fn highest(&self) -> Option<u64> {
        self.held.last().map(|r| r.1)
    }

    /// Holes below this position are lost (IsLost): three pieces, or more than two segments of octets, are held above.
    pub fn lost_below(&self, smss: u64) -> u64 {
        let mut octets = 0;
        for (n, r) in self.held.iter().rev().enumerate() {
            octets += r.1 - r.0;
            if n + 1 >= DUP_THRESH || octets > (DUP_THRESH as u64 - 1) * smss {
                return r.0;
            }
        }
        0
    }

    /// SetPipe: octets thought to be under way between `una` and `high`, of which those below `rxt` were sent again.
    pub fn pipe(&self, una: u64, high: u64, rxt: u64, smss: u64) -> u64 {
        let lost = self.lost_below(smss).clamp(una, high.max(una));
        self.unsacked(lost, high) + self.unsacked(una, rxt.min(high).max(una))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_50_ranges_merge_and_count() {
        let mut s = Scoreboard::default();
        assert_eq!(s.add(10, 20), 10);
        assert_eq!(s.add(30, 40), 10);
        assert_eq!(s.add(15, 30), 10);
        assert_eq!(s.ranges(), [(10, 40)]);
        assert_eq!(s.add(12, 18), 0);
        assert_eq!(s.add(50, 60), 10);
        assert_eq!(
            (s.unsacked(0, 55), s.hole_from(12), s.next_held(40)),
            (20, 40, Some(50))
        );
        s.advance(35);
        assert_eq!(s.ranges(), [(35, 40), (50, 60)]);
        assert_eq!((s.hole_from(5), s.highest()), (5, Some(60)));
    }

    /// By pieces or by octets, as RFC 6675 section 4 says.
    #[test]
    fn tcp_50_lost_by_pieces_and_by_octets() {
        let mut s = Scoreboard::default();
        s.add(200, 300);
        s.add(400, 500);
        assert_eq!(
            s.lost_below(100),
            0,
            "exactly two segments are not more than two"
        );
        s.add(600, 601);
        assert_eq!(s.lost_below(100), 200);
        let mut s = Scoreboard::default();
        s.add(200, 401);
        assert_eq!(s.lost_below(100), 200);
        // 0..200 lost and the first 100 sent again; 401..500 under way.
        assert_eq!(s.pipe(0, 500, 100, 100), 99 + 100);
    }
}
