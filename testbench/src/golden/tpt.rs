//! The STag table of the golden model: entries, rights and the checks of RFC 5041 7.1 and RFC 5040 7.2.

use std::collections::BTreeMap;
use thiserror::Error;

/// What an STag allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    pub local_write: bool,
    pub remote_read: bool,
    pub remote_write: bool,
    pub remote_atomic: bool,
    /// Responses to our own Reads may place here.
    pub read_sink: bool,
    /// A Send with Invalidate may end this STag.
    pub remote_invalidate: bool,
}

impl Rights {
    pub const NONE: Rights = Rights {
        local_write: false,
        remote_read: false,
        remote_write: false,
        remote_atomic: false,
        read_sink: false,
        remote_invalidate: false,
    };
    pub const ALL: Rights = Rights {
        local_write: true,
        remote_read: true,
        remote_write: true,
        remote_atomic: true,
        read_sink: true,
        remote_invalidate: true,
    };

    pub fn union(self, o: Rights) -> Rights {
        Rights {
            local_write: self.local_write | o.local_write,
            remote_read: self.remote_read | o.remote_read,
            remote_write: self.remote_write | o.remote_write,
            remote_atomic: self.remote_atomic | o.remote_atomic,
            read_sink: self.read_sink | o.read_sink,
            remote_invalidate: self.remote_invalidate | o.remote_invalidate,
        }
    }
}

/// Where the octets of a region are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translation {
    Contiguous(u64),
    /// Pages of `1 << shift` octets; the region starts `first_offset` octets into the first.
    Pages {
        shift: u32,
        first_offset: u64,
        pages: Vec<u64>,
    },
}

/// One registered region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TptEntry {
    /// Index in the upper 24 bits, key in the low 8.
    pub stag: u32,
    pub pd: u32,
    /// Bound to this queue pair only.
    pub qp: Option<u32>,
    pub rights: Rights,
    /// Tagged Offset of the first octet.
    pub base: u64,
    pub len: u64,
    pub translation: Translation,
}

/// What is wrong with an access, in the order in which the first one is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    InvalidStag,
    NotAssociated,
    NoRight,
    Wrap,
    Bounds,
}

/// What an access wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    RemoteWrite,
    RemoteRead,
    RemoteAtomic,
    /// Read Response. A right of its own: what peers may write is no place for our Reads unless the owner says so. Verbs
    /// give it to every region with remote write, as iWARP consumers expect.
    ReadSink,
    LocalWrite,
    /// Payload of our own messages: every region may be read by its owner.
    LocalRead,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TptError {
    #[error("STag 0 is reserved for privileged local use; take another STag")]
    Reserved,
    #[error("STag {stag:#010x}: its index is taken by STag {by:#010x}; invalidate that one first")]
    Taken { stag: u32, by: u32 },
    #[error("STag {stag:#010x}: {pages} pages do not cover {len} octets")]
    ShortPageList { stag: u32, pages: usize, len: u64 },
}

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Tpt {
    entries: BTreeMap<u32, TptEntry>,
}

impl Tpt {
    pub fn insert(&mut self, e: TptEntry) -> Result<(), TptError> {
        let index = e.stag >> 8;
        if e.stag == 0 {
            return Err(TptError::Reserved);
        }
        if let Some(old) = self.entries.get(&index) {
            return Err(TptError::Taken {
                stag: e.stag,
                by: old.stag,
            });
        }
        if let Translation::Pages {
            shift,
            first_offset,
            pages,
        } = &e.translation
        {
            if u128::from(e.len) + u128::from(*first_offset) > (pages.len() as u128) << shift {
                return Err(TptError::ShortPageList {
                    stag: e.stag,
                    pages: pages.len(),
                    len: e.len,
                });
            }
        }
        self.entries.insert(index, e);
        Ok(())
    }

    /// The entry, if index and key agree.
    pub fn get(&self, stag: u32) -> Option<&TptEntry> {
        self.entries.get(&(stag >> 8)).filter(|e| e.stag == stag)
    }

    /// Takes the entry out: invalidate or deregister.
    pub fn remove(&mut self, stag: u32) -> Option<TptEntry> {
        self.get(stag)?;
        self.entries.remove(&(stag >> 8))
    }

    pub fn iter(&self) -> impl Iterator<Item = &TptEntry> {
        self.entries.values()
    }

    /// Checks an access of `len` octets (not zero) and translates it to pieces (address, length).
    /// On failure returns every fault that holds, the one to report first.
    pub fn check(
        &self,
        stag: u32,
        to: u64,
        len: u64,
        pd: u32,
        qp: u32,
        access: Access,
    ) -> Result<Vec<(u64, u64)>, Vec<Fault>> {
        let mut faults = Vec::new();
        let wraps = u128::from(to) + u128::from(len) > 1 << 64;
        let entry = self.get(stag);
        match entry {
            None => faults.push(Fault::InvalidStag),
            Some(e) => {
                if e.pd != pd || e.qp.is_some_and(|q| q != qp) {
                    faults.push(Fault::NotAssociated);
                }
                let r = e.rights;
                let allowed = match access {
                    Access::RemoteWrite => r.remote_write,
                    Access::RemoteRead => r.remote_read,
                    Access::RemoteAtomic => r.remote_atomic,
                    Access::ReadSink => r.read_sink,
                    Access::LocalWrite => r.local_write,
                    Access::LocalRead => true,
                };
                if !allowed {
                    faults.push(Fault::NoRight);
                }
                if to < e.base
                    || u128::from(to) + u128::from(len) > u128::from(e.base) + u128::from(e.len)
                {
                    faults.push(Fault::Bounds);
                }
            }
        }
        if wraps {
            faults.push(Fault::Wrap);
        }
        faults.sort();
        match entry {
            Some(e) if faults.is_empty() => Ok(e.translate(to - e.base, len)),
            _ => Err(faults),
        }
    }
}

impl TptEntry {
    /// Pieces of the region's octets `at..at + len`; neighbours in memory are joined.
    fn translate(&self, at: u64, len: u64) -> Vec<(u64, u64)> {
        match &self.translation {
            Translation::Contiguous(addr) => vec![(addr.wrapping_add(at), len)],
            Translation::Pages {
                shift,
                first_offset,
                pages,
            } => {
                let size = 1u64 << shift;
                let mut out: Vec<(u64, u64)> = Vec::new();
                let mut pos = at + first_offset;
                let end = pos + len;
                while pos < end {
                    let in_page = pos & (size - 1);
                    let n = (size - in_page).min(end - pos);
                    let addr = pages.get((pos >> shift) as usize).copied().unwrap_or(0) + in_page;
                    match out.last_mut() {
                        Some((a, l)) if *a + *l == addr => *l += n,
                        _ => out.push((addr, n)),
                    }
                    pos += n;
                }
                out
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> TptEntry {
        let rights = Rights {
            remote_write: true,
            ..Rights::NONE
        };
        TptEntry {
            stag: 0x1234_5678,
            pd: 1,
            qp: None,
            rights,
            base: 0x1000,
            len: 100,
            translation: Translation::Contiguous(0x8000),
        }
    }

    #[test]
    fn ddp_35_36_37_38_faults_in_order() {
        let mut t = Tpt::default();
        t.insert(entry()).expect("free");
        let w = |stag, to, len, pd| t.check(stag, to, len, pd, 9, Access::RemoteWrite);
        assert_eq!(w(0x1234_5678, 0x1000, 100, 1), Ok(vec![(0x8000, 100)]));
        assert_eq!(w(0x1234_5678, 0x1063, 1, 1), Ok(vec![(0x8063, 1)]));
        assert_eq!(w(0x1234_5678, 0x0fff, 1, 1), Err(vec![Fault::Bounds]));
        assert_eq!(w(0x1234_5678, 0x1063, 2, 1), Err(vec![Fault::Bounds]));
        assert_eq!(w(0x1234_5679, 0x1000, 1, 1), Err(vec![Fault::InvalidStag]));
        assert_eq!(
            w(0x1234_5678, 0x1000, 1, 2),
            Err(vec![Fault::NotAssociated])
        );
        assert_eq!(
            w(0x1234_5678, u64::MAX - 3, 8, 1),
            Err(vec![Fault::Wrap, Fault::Bounds])
        );
        assert_eq!(
            t.check(0x1234_5678, 0x1000, 1, 1, 9, Access::RemoteRead),
            Err(vec![Fault::NoRight])
        );
    }

    #[test]
    fn ddp_3e_queue_pair_bound() {
        let mut t = Tpt::default();
        t.insert(TptEntry {
            qp: Some(7),
            ..entry()
        })
        .expect("free");
        assert!(t
            .check(0x1234_5678, 0x1000, 1, 1, 7, Access::RemoteWrite)
            .is_ok());
        assert_eq!(
            t.check(0x1234_5678, 0x1000, 1, 1, 8, Access::RemoteWrite),
            Err(vec![Fault::NotAssociated])
        );
    }

    #[test]
    fn pages_split_and_join() {
        let mut t = Tpt::default();
        let translation = Translation::Pages {
            shift: 12,
            first_offset: 0xf00,
            pages: vec![0x1_0000, 0x5_0000, 0x5_1000],
        };
        t.insert(TptEntry {
            len: 0x2000,
            translation,
            ..entry()
        })
        .expect("free");
        let got = t.check(0x1234_5678, 0x1080, 0x1800, 1, 0, Access::RemoteWrite);
        assert_eq!(got, Ok(vec![(0x1_0f80, 0x80), (0x5_0000, 0x1780)]));
    }

    #[test]
    fn sec_17_stag_zero_and_a_taken_index_are_refused() {
        let mut t = Tpt::default();
        assert!(matches!(
            t.insert(TptEntry { stag: 0, ..entry() }),
            Err(TptError::Reserved)
        ));
        t.insert(entry()).expect("free");
        assert!(matches!(
            t.insert(TptEntry {
                stag: 0x1234_5600,
                ..entry()
            }),
            Err(TptError::Taken { .. })
        ));
        assert!(t.remove(0x1234_5600).is_none());
        assert!(t.remove(0x1234_5678).is_some());
    }

    /// As in the chip: what peers may write is no sink of our Reads by itself, and the other way round.
    #[test]
    fn rdm_30_a_read_sink_is_a_right_of_its_own() {
        let faults = |rights, access| {
            let mut t = Tpt::default();
            let entry = TptEntry { rights, ..entry() };
            t.insert(entry).expect("free");
            t.check(0x1234_5678, 0x1000, 4, 1, 1, access)
                .err()
                .unwrap_or_default()
        };
        let write = Rights {
            remote_write: true,
            ..Rights::NONE
        };
        let sink = Rights {
            read_sink: true,
            ..Rights::NONE
        };
        assert!(faults(write, Access::RemoteWrite).is_empty());
        assert!(faults(sink, Access::ReadSink).is_empty());
        assert_eq!(faults(write, Access::ReadSink), [Fault::NoRight]);
        assert_eq!(faults(sink, Access::RemoteWrite), [Fault::NoRight]);
    }
}
