//! Host memory as the tests see it: regions with guard zones of 4 KiB on both sides, filled with a pattern.
//!
//! The golden model writes with [`Memory::write`], which refuses guards. A device under test is emulated with
//! [`Memory::poke`], which lets it do harm; [`Memory::guards_intact`] and [`Memory::compare`] then tell.

use thiserror::Error;

/// Octets in front of and behind each region that nobody may touch.
pub const GUARD: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MemoryError {
    #[error("region {name}: {addr:#x}+{len:#x} with its guards meets region {other}; choose another address")]
    Overlap {
        name: String,
        addr: u64,
        len: usize,
        other: String,
    },
    #[error("region {name}: {addr:#x}+{len:#x} with its guards leaves the 64-bit address space")]
    Range { name: String, addr: u64, len: usize },
    #[error("access {addr:#x}+{len:#x} is outside of every region")]
    Outside { addr: u64, len: usize },
    #[error("region {name}: guard octet at {addr:#x} is {got:#04x}, was {want:#04x}")]
    Guard {
        name: String,
        addr: u64,
        got: u8,
        want: u8,
    },
}

/// One octet that differs between two memories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub region: String,
    pub addr: u64,
    pub ours: u8,
    pub theirs: u8,
    pub in_guard: bool,
}

#[derive(Debug, Clone)]
struct Region {
    name: String,
    /// First octet behind the front guard.
    addr: u64,
    len: usize,
    /// Front guard, region, rear guard.
    data: Vec<u8>,
}

impl Region {
    fn start(&self) -> u64 {
        self.addr - GUARD as u64
    }
    fn end(&self) -> u64 {
        self.start() + self.data.len() as u64
    }
}

/// The regions of one host.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    seed: u64,
    /// By address.
    regions: Vec<Region>,
}

/// The octet that `addr` holds before anybody writes to it.
pub fn pattern(seed: u64, addr: u64) -> u8 {
    let x = (addr ^ seed.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 56) as u8
}

impl Memory {
    /// No regions yet; `seed` chooses the pattern.
    pub fn new(seed: u64) -> Self {
        Memory {
            seed,
            regions: Vec::new(),
        }
    }

    /// Adds a region of `len` octets at `addr` with its guards, all filled with the pattern.
    pub fn add(&mut self, name: &str, addr: u64, len: usize) -> Result<(), MemoryError> {
        let span = (len as u64)
            .checked_add(GUARD as u64)
            .and_then(|n| addr.checked_add(n));
        if addr < GUARD as u64 || span.is_none() {
            return Err(MemoryError::Range {
                name: name.into(),
                addr,
                len,
            });
        }
        let start = addr - GUARD as u64;
        let end = span.unwrap_or(u64::MAX);
        if let Some(other) = self
            .regions
            .iter()
            .find(|r| start < r.end() && r.start() < end)
        {
            return Err(MemoryError::Overlap {
                name: name.into(),
                addr,
                len,
                other: other.name.clone(),
            });
        }
        let data = (start..end).map(|a| pattern(self.seed, a)).collect();
        let at = self.regions.partition_point(|r| r.addr < addr);
        self.regions.insert(
            at,
            Region {
                name: name.into(),
                addr,
                len,
                data,
            },
        );
        Ok(())
    }

    fn find(&self, addr: u64) -> Option<usize> {
        let at = self.regions.partition_point(|r| r.start() <= addr);
        let at = at.checked_sub(1)?;
        (addr < self.regions[at].end()).then_some(at)
    }

    /// Index and offset in `data` of an access that must stay inside one region, guards allowed or not.
    fn locate(&self, addr: u64, len: usize, guards: bool) -> Result<(usize, usize), MemoryError> {
        let outside = MemoryError::Outside { addr, len };
        let i = self.find(addr).ok_or(outside.clone())?;
        let r = &self.regions[i];
        let at = (addr - r.start()) as usize;
        let (low, high) = if guards {
            (0, r.data.len())
        } else {
            (GUARD, GUARD + r.len)
        };
        if at < low || len > high.saturating_sub(at) {
            return Err(outside);
        }
        Ok((i, at))
    }

    /// Writes inside one region; the guards are out of bounds.
    pub fn write(&mut self, addr: u64, data: &[u8]) -> Result<(), MemoryError> {
        let (i, at) = self.locate(addr, data.len(), false)?;
        self.regions[i].data[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    /// Writes as a device would, guards included. An address in no region is an error: the write is lost.
    pub fn poke(&mut self, addr: u64, data: &[u8]) -> Result<(), MemoryError> {
        let (i, at) = self.locate(addr, data.len(), true)?;
        self.regions[i].data[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    /// Reads inside one region.
    pub fn read(&self, addr: u64, len: usize) -> Result<&[u8], MemoryError> {
        let (i, at) = self.locate(addr, len, false)?;
        Ok(&self.regions[i].data[at..at + len])
    }

    /// Name, address and length of each region, by address.
    pub fn regions(&self) -> impl Iterator<Item = (&str, u64, usize)> {
        self.regions
            .iter()
            .map(|r| (r.name.as_str(), r.addr, r.len))
    }

    /// The first guard octet that changed.
    pub fn guards_intact(&self) -> Result<(), MemoryError> {
        for r in &self.regions {
            let guard = (0..GUARD).chain(GUARD + r.len..r.data.len());
            for at in guard {
                let addr = r.start() + at as u64;
                let want = pattern(self.seed, addr);
                if r.data[at] != want {
                    return Err(MemoryError::Guard {
                        name: r.name.clone(),
                        addr,
                        got: r.data[at],
                        want,
                    });
                }
            }
        }
        Ok(())
    }

    /// Octets of regions present in both memories, guards included, that differ; at most `limit` of them.
    pub fn compare(&self, theirs: &Memory, limit: usize) -> Vec<Difference> {
        let mut out = Vec::new();
        for r in &self.regions {
            let Some(o) = theirs
                .regions
                .iter()
                .find(|o| o.addr == r.addr && o.len == r.len)
            else {
                continue;
            };
            if o.data == r.data {
                continue;
            }
            for (at, (a, b)) in r
                .data
                .iter()
                .zip(&o.data)
                .enumerate()
                .filter(|(_, (a, b))| a != b)
            {
                if out.len() == limit {
                    return out;
                }
                let in_guard = !(GUARD..GUARD + r.len).contains(&at);
                out.push(Difference {
                    region: r.name.clone(),
                    addr: r.start() + at as u64,
                    ours: *a,
                    theirs: *b,
                    in_guard,
                });
            }
        }
        out
    }

    /// Runs of octets that differ from the pattern, by address. A written octet that equals the pattern ends a run.
    pub fn changed(&self) -> Vec<(u64, Vec<u8>)> {
        let mut out: Vec<(u64, Vec<u8>)> = Vec::new();
        for r in &self.regions {
            for (at, v) in r.data.iter().enumerate() {
                let addr = r.start() + at as u64;
                if *v == pattern(self.seed, addr) {
                    continue;
                }
                match out.last_mut() {
                    Some((a, d)) if *a + d.len() as u64 == addr => d.push(*v),
                    _ => out.push((addr, vec![*v])),
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_refused_to_the_model_and_seen_after_a_device() {
        let mut m = Memory::new(1);
        m.add("a", 0x10000, 100).expect("free");
        assert!(m.write(0x10000 + 99, &[1, 2]).is_err());
        assert!(m.write(0x0ffff, &[1]).is_err());
        assert!(m.write(0x10000, &[7; 100]).is_ok());
        assert_eq!(m.guards_intact(), Ok(()));
        let was = pattern(1, 0x10064);
        assert!(m.poke(0x10000 + 99, &[1, !was]).is_ok());
        assert!(matches!(
            m.guards_intact(),
            Err(MemoryError::Guard { addr: 0x10064, .. })
        ));
        assert!(m.poke(0x50_0000, &[0]).is_err());
    }

    #[test]
    fn overlap_and_range_are_refused() {
        let mut m = Memory::new(1);
        m.add("a", 0x10000, 100).expect("free");
        assert!(matches!(
            m.add("b", 0x10000 + 4196, 10),
            Err(MemoryError::Overlap { .. })
        ));
        assert!(m.add("c", 0x10000 + 4096 + 100 + 4096, 10).is_ok());
        assert!(matches!(m.add("d", 10, 10), Err(MemoryError::Range { .. })));
        assert!(matches!(
            m.add("e", u64::MAX - 10, 100),
            Err(MemoryError::Range { .. })
        ));
    }

    #[test]
    fn compare_names_region_and_octet() {
        let mut a = Memory::new(3);
        a.add("x", 0x20000, 16).expect("free");
        let mut b = a.clone();
        assert!(a.compare(&b, 10).is_empty());
        let v = !b.read(0x20004, 1).expect("inside")[0];
        b.write(0x20004, &[v]).expect("inside");
        let d = a.compare(&b, 10);
        assert_eq!((d.len(), d[0].addr, d[0].in_guard), (1, 0x20004, false));
        assert_eq!(b.changed(), vec![(0x20004, vec![v])]);
    }
}
