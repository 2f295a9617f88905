//! When a source offers and when a sink takes: always, at random, in bursts, or shyly.

/// A small seeded generator (xorshift64*): one multiplication a number, the same on every host.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must not give neighbouring sequences, and 0 is a fixed point.
        let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Rng((x ^ (x >> 31)) | 1)
    }

    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// True with probability `percent` / 100.
    #[inline]
    pub fn percent(&mut self, percent: u32) -> bool {
        ((self.next() >> 32) * 100) >> 32 < u64::from(percent)
    }

    /// A number below `n` (at least 1).
    pub fn below(&mut self, n: u32) -> u32 {
        (((self.next() >> 32) * u64::from(n.max(1))) >> 32) as u32
    }
}

/// How often a source has something to offer, or a sink has room.
#[derive(Debug, Clone)]
pub struct Pace(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Full,
    Never,
    Random {
        rng: Rng,
        idle: u32,
    },
    Bursts {
        rng: Rng,
        longest: u32,
        left: u32,
        on: bool,
    },
    Shy,
}

impl Pace {
    /// Every cycle.
    pub fn full() -> Self {
        Pace(Kind::Full)
    }

    /// No cycle: a stopped stream.
    pub fn never() -> Self {
        Pace(Kind::Never)
    }

    /// Idle in `idle_percent` of the cycles, each decided apart. Above 99 counts as 99.
    pub fn random(seed: u64, idle_percent: u32) -> Self {
        Pace(Kind::Random {
            rng: Rng::new(seed),
            idle: idle_percent.min(99),
        })
    }

    /// Runs of 1 to `longest` active cycles and runs of 1 to `longest` idle ones by turns: fills
    /// and empties FIFOs.
    pub fn bursts(seed: u64, longest: u32) -> Self {
        Pace(Kind::Bursts {
            rng: Rng::new(seed),
            longest,
            left: 0,
            on: false,
        })
    }

    /// For a sink: ready only in the cycle after valid was seen, then not ready again. A module
    /// whose valid waits for ready hangs on it. A source treats it as [`Pace::full`].
    pub fn shy() -> Self {
        Pace(Kind::Shy)
    }

    /// Whether to be active in this cycle; `waiting` tells a sink that a beat is on offer.
    #[inline]
    pub(crate) fn go(&mut self, waiting: bool) -> bool {
        match &mut self.0 {
            Kind::Full => true,
            Kind::Never => false,
            Kind::Random { rng, idle } => !rng.percent(*idle),
            Kind::Bursts {
                rng,
                longest,
                left,
                on,
            } => {
                if *left == 0 {
                    *on = !*on;
                    *left = 1 + rng.below(*longest);
                }
                *left -= 1;
                *on
            }
            Kind::Shy => waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_pace_is_idle_as_often_as_asked() {
        for idle in [0, 1, 30, 50, 99] {
            let mut pace = Pace::random(3, idle);
            let active = (0..100_000).filter(|_| pace.go(false)).count();
            let expect = 1000 * (100 - idle as usize);
            assert!(active.abs_diff(expect) < 700, "{idle} %: {active}");
        }
    }

    #[test]
    fn bursts_are_as_long_as_asked_and_seeds_differ() {
        let run = |seed| {
            let mut pace = Pace::bursts(seed, 8);
            (0..2000).map(|_| pace.go(false)).collect::<Vec<_>>()
        };
        let one = run(1);
        assert_eq!(one, run(1));
        assert_ne!(one, run(2));
        let longest = one.chunk_by(|a, b| a == b).map(<[bool]>::len).max();
        assert_eq!(longest, Some(8));
    }
}
