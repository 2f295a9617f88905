//! Work queues, completions, events and doorbells: what the driver and the hardware put into host memory for each other.
//!
//! Little endian, in 64-bit words; rings are powers of two of slots. Packed and taken apart by the layouts that
//! `docs/queues.md` shows. What the chip writes has its phase bit in the last word, which is written last: an entry is new
//! when the bit is what the reader expects of this turn around the ring.

use crate::table::{at, pack, Layout, Place, TooWide};

/// Octets of a slot of a send or receive queue.
pub const SLOT: usize = 64;
const SLOT_WORDS: usize = SLOT / 8;
/// Slots that one send WQE may take.
pub const SQE_SLOTS: usize = 4;
/// Scatter/gather entries that the first slot of a send WQE holds, and every further one.
pub const SGES_FIRST: usize = 2;
pub const SGES_MORE: usize = 4;
/// Most scatter/gather entries of a send WQE and of a receive WQE.
pub const SQE_SGES: usize = SGES_FIRST + (SQE_SLOTS - 1) * SGES_MORE;
pub const RQE_SGES: usize = 3;
/// Most inline octets of a send WQE: 32 in its first slot, 64 in every further one.
pub const INLINE: usize = 32 + (SQE_SLOTS - 1) * SLOT;

/// A page of doorbells: offsets of its 64-bit registers.
pub const DOORBELL_SQ: u16 = 0x000;
pub const DOORBELL_RQ: u16 = 0x008;
pub const DOORBELL_CQ: u16 = 0x018;
/// Two places for a send WQE of one slot, pushed instead of fetched.
pub const DOORBELL_PUSH: [u16; 2] = [0x100, 0x140];

/// The first slot of a send WQE.
pub const SQE_LAYOUT: Layout = Layout {
    name: "SQE",
    doc: "A work request of the send queue, 1 to 4 slots of 64 octets. This is the first slot; a further one holds four scatter/gather entries or 64 inline octets. The scatter/gather entry of a Read is its sink.",
    places: &[
        at("op", 0, 0, 5, "wqe_op"),
        at("inline", 0, 5, 1, "the octets stand in the WQE, from word 4 on, not in memory"),
        at("signaled", 0, 6, 1, "its completion is told by a CQE; one CQE completes all that came before"),
        at("fence", 0, 8, 1, "waits until the Reads before it are answered"),
        at("n_sge", 0, 11, 5, "scatter/gather entries; 0 with `inline`"),
        at("idx", 0, 16, 16, "number of the slot, not wrapped at the ring's size: tells a slot of the turn before"),
        at("qpn", 0, 32, 20, "queue pair"),
        at("more", 0, 52, 2, "further slots"),
        at("inline_len", 0, 54, 9, "inline octets, at most 224"),
        at("len", 1, 0, 32, "octets of the message"),
        at("stag", 1, 32, 32, "the peer's STag: of the sink of a Write, of the source of a Read, to be invalidated by a Send"),
        at("to", 2, 0, 64, "the peer's TO, of a Write or a Read"),
        at("addr0", 4, 0, 64, "entry 0: address, a TO of the region `lkey0`"),
        at("len0", 5, 0, 32, "entry 0: octets"),
        at("lkey0", 5, 32, 32, "entry 0: our STag"),
        at("addr1", 6, 0, 64, "entry 1"),
        at("len1", 7, 0, 32, "entry 1"),
        at("lkey1", 7, 32, 32, "entry 1"),
    ],
};

/// A receive WQE.
pub const RQE_LAYOUT: Layout = Layout {
    name: "RQE",
    doc: "A receive, one slot of 64 octets. A Send fills its entries one after the other.",
    places: &[
        at("n_sge", 0, 11, 5, "scatter/gather entries, at most 3"),
        at("idx", 0, 16, 16, "number of the slot, as in an SQE"),
        at("qpn", 0, 32, 20, "queue pair"),
        at(
            "addr0",
            2,
            0,
            64,
            "entry 0: address, a TO of the region `lkey0`",
        ),
        at("len0", 3, 0, 32, "entry 0: octets"),
        at("lkey0", 3, 32, 32, "entry 0: our STag"),
        at("addr1", 4, 0, 64, "entry 1"),
        at("len1", 5, 0, 32, "entry 1"),
        at("lkey1", 5, 32, 32, "entry 1"),
        at("addr2", 6, 0, 64, "entry 2"),
        at("len2", 7, 0, 32, "entry 2"),
        at("lkey2", 7, 32, 32, "entry 2"),
    ],
};

/// A completion.
pub const CQE_LAYOUT: Layout = Layout {
    name: "CQE",
    doc: "A completion, 32 octets, written after the payload that it speaks of.",
    places: &[
        at("imm", 0, 0, 64, "with IMMEDIATE: Immediate Data, its first octet the most significant; with INVALIDATED: the STag, in 31:0"),
        at("time", 1, 0, 64, "core clock cycles since reset"),
        at("len", 2, 0, 32, "octets of the message"),
        at("wqe_idx", 2, 32, 16, "`idx` of the WQE's first slot"),
        at("term", 2, 48, 16, "the error as a Terminate names it (term), 0 none: `vendor_err`"),
        at("qpn", 3, 0, 20, "queue pair"),
        at("flags", 3, 20, 8, "cqe_flag"),
        at("op", 3, 32, 5, "of the send queue: wqe_op; of the receive queue: RDMAP opcode"),
        at("status", 3, 40, 8, "wc_status"),
        at("phase", 3, 63, 1, "1 in the first turn around the ring, 0 in the second, and so on"),
    ],
};

/// An entry of an event queue of completions.
pub const CEQE_LAYOUT: Layout = Layout {
    name: "CEQE",
    doc: "An armed completion queue has a new entry: 16 octets.",
    places: &[
        at("cqn", 0, 0, 20, "completion queue"),
        at("ci", 0, 32, 24, "of the doorbell that armed it"),
        at("phase", 1, 63, 1, "as in a CQE"),
    ],
};

/// An entry of the event queue for all that is no completion.
pub const AEQE_LAYOUT: Layout = Layout {
    name: "AEQE",
    doc: "What happened to a queue pair or a queue: 32 octets.",
    places: &[
        at("kind", 0, 0, 8, "aeqe_kind"),
        at("gen", 0, 8, 8, "generation of the connection"),
        at(
            "term",
            0,
            16,
            16,
            "the error as a Terminate names it (term), 0 none",
        ),
        at("qpn", 0, 32, 20, "queue pair, or the queue's number"),
        at("time", 1, 0, 64, "core clock cycles since reset"),
        at("phase", 3, 63, 1, "as in a CQE"),
    ],
};

/// What is written to the doorbells of a send or receive queue.
pub const RING_LAYOUT: Layout = Layout {
    name: "Doorbell of an SQ (0x000) or RQ (0x008)",
    doc: "An absolute index: written twice it does no harm, and the last one counts.",
    places: &[
        at(
            "pi",
            0,
            0,
            16,
            "producer index: number of the next slot to be filled, not wrapped at the ring's size",
        ),
        at("qpn", 0, 32, 20, "queue pair"),
    ],
};

/// What is written to the doorbell of a completion queue.
pub const ARM_LAYOUT: Layout = Layout {
    name: "Doorbell of a CQ (0x018)",
    doc: "Gives entries back, and may ask for an event.",
    places: &[
        at(
            "ci",
            0,
            0,
            24,
            "consumer index: number of the next entry to be read, not wrapped at the ring's size",
        ),
        at(
            "solicited",
            0,
            26,
            1,
            "with `arm`: only for a completion with SOLICITED or an error",
        ),
        at(
            "arm",
            0,
            27,
            1,
            "one event at the next completion behind `ci`",
        ),
        at("cqn", 0, 32, 20, "completion queue"),
    ],
};

/// One piece of memory: octets `addr` up to `addr + len` of the region `lkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sge {
    pub addr: u64,
    pub len: u32,
    pub lkey: u32,
}

impl Sge {
    const fn words(self) -> [u64; 2] {
        [self.addr, (self.lkey as u64) << 32 | self.len as u64]
    }
}

/// What a send WQE takes its octets from, or a Read puts them into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Octets<'a> {
    Sges(&'a [Sge]),
    Inline(&'a [u8]),
}

/// A work request that cannot be written as a WQE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WqeError {
    TooWide(TooWide),
    TooManySges { given: usize, most: usize },
    TooManyInline { given: usize },
    TooLong,
}

impl core::fmt::Display for WqeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            WqeError::TooWide(e) => e.fmt(f),
            WqeError::TooManySges { given, most } => {
                write!(f, "{given} scatter/gather entries: at most {most} fit, join buffers or send two messages")
            }
            WqeError::TooManyInline { given } => {
                write!(f, "{given} inline octets: at most {INLINE} fit, send them from a registered region")
            }
            WqeError::TooLong => {
                write!(
                    f,
                    "message longer than 4294967295 octets: cut it into several work requests"
                )
            }
        }
    }
}

impl core::error::Error for WqeError {}

impl From<TooWide> for WqeError {
    fn from(e: TooWide) -> Self {
        WqeError::TooWide(e)
    }
}

/// A work request of the send queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sqe<'a> {
    /// See [`crate::code::wqe_op`].
    pub op: u8,
    pub signaled: bool,
    pub fence: bool,
    /// Of its first slot.
    pub idx: u16,
    /// 20 bits.
    pub qpn: u32,
    pub stag: u32,
    pub to: u64,
    pub octets: Octets<'a>,
}

impl Sqe<'_> {
    /// Slots that it takes; errors as [`pack`](Self::pack).
    pub fn slots(&self) -> Result<usize, WqeError> {
        let (in_first, a_slot, n) = match self.octets {
            Octets::Sges(s) if s.len() > SQE_SGES => {
                let (given, most) = (s.len(), SQE_SGES);
                return Err(WqeError::TooManySges { given, most });
            }
            Octets::Inline(o) if o.len() > INLINE => {
                return Err(WqeError::TooManyInline { given: o.len() });
            }
            Octets::Sges(s) => (SGES_FIRST, SGES_MORE, s.len()),
            Octets::Inline(o) => (32, SLOT, o.len()),
        };
        Ok(1 + n.saturating_sub(in_first).div_ceil(a_slot))
    }

    /// Octets of the message.
    pub fn message_len(&self) -> Result<u32, WqeError> {
        let len = match self.octets {
            Octets::Sges(s) => s.iter().map(|s| u64::from(s.len)).sum(),
            Octets::Inline(o) => o.len() as u64,
        };
        u32::try_from(len).map_err(|_| WqeError::TooLong)
    }

    /// The WQE, and how many slots of the result it takes.
    pub fn pack(&self) -> Result<([[u64; SLOT_WORDS]; SQE_SLOTS], usize), WqeError> {
        let slots = self.slots()?;
        let (inline, n_sge, inline_len) = match self.octets {
            Octets::Sges(s) => (0, s.len() as u64, 0),
            Octets::Inline(o) => (1, 0, o.len() as u64),
        };
        let mut all = [[0; SLOT_WORDS]; SQE_SLOTS];
        all[0] = pack(
            &SQE_LAYOUT,
            [
                self.op.into(),
                inline,
                self.signaled.into(),
                self.fence.into(),
                n_sge,
                self.idx.into(),
                self.qpn.into(),
                slots as u64 - 1,
                inline_len,
                self.message_len()?.into(),
                self.stag.into(),
                self.to,
            ],
        )?;
        // What follows runs on from word 4 of the first slot over the further ones.
        let words = all.as_flattened_mut().iter_mut().skip(4);
        match self.octets {
            Octets::Sges(s) => {
                for (word, value) in words.zip(s.iter().flat_map(|s| s.words())) {
                    *word = value;
                }
            }
            Octets::Inline(o) => {
                for (word, octets) in words.zip(o.chunks(8)) {
                    let mut eight = [0; 8];
                    eight[..octets.len()].copy_from_slice(octets);
                    *word = u64::from_le_bytes(eight);
                }
            }
        }
        Ok((all, slots))
    }
}

/// A receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rqe<'a> {
    pub idx: u16,
    /// 20 bits.
    pub qpn: u32,
    pub sges: &'a [Sge],
}

impl Rqe<'_> {
    pub fn pack(&self) -> Result<[u64; SLOT_WORDS], WqeError> {
        if self.sges.len() > RQE_SGES {
            let (given, most) = (self.sges.len(), RQE_SGES);
            return Err(WqeError::TooManySges { given, most });
        }
        let mut words: [u64; SLOT_WORDS] = pack(
            &RQE_LAYOUT,
            [self.sges.len() as u64, self.idx.into(), self.qpn.into()],
        )?;
        let entries = self.sges.iter().flat_map(|s| s.words());
        for (word, value) in words.iter_mut().skip(2).zip(entries) {
            *word = value;
        }
        Ok(words)
    }
}

fn get(places: &[Place], name: &str, words: &[u64]) -> u64 {
    let place = places.iter().find(|p| p.name == name);
    place.map_or(0, |p| p.get(words))
}

/// A completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cqe {
    pub imm: u64,
    pub time: u64,
    pub len: u32,
    pub wqe_idx: u16,
    pub term: u16,
    pub qpn: u32,
    /// See [`crate::code::cqe_flag`].
    pub flags: u8,
    pub op: u8,
    /// See [`crate::code::wc_status`].
    pub status: u8,
    pub phase: bool,
}

impl Cqe {
    pub const WORDS: usize = 4;

    pub fn unpack(words: &[u64; Self::WORDS]) -> Self {
        let field = |name| get(CQE_LAYOUT.places, name, words);
        Self {
            imm: field("imm"),
            time: field("time"),
            len: field("len") as u32,
            wqe_idx: field("wqe_idx") as u16,
            term: field("term") as u16,
            qpn: field("qpn") as u32,
            flags: field("flags") as u8,
            op: field("op") as u8,
            status: field("status") as u8,
            phase: field("phase") == 1,
        }
    }
}

/// What is written to the doorbell of a send or receive queue.
pub fn ring(qpn: u32, pi: u16) -> Result<u64, TooWide> {
    let [word] = pack(&RING_LAYOUT, [pi.into(), qpn.into()])?;
    Ok(word)
}

/// What is written to the doorbell of a completion queue; `ci` counts modulo 2^24.
pub fn arm(cqn: u32, ci: u32, arm: bool, solicited: bool) -> Result<u64, TooWide> {
    let values = [
        u64::from(ci & 0xff_ffff),
        solicited.into(),
        arm.into(),
        cqn.into(),
    ];
    let [word] = pack(&ARM_LAYOUT, values)?;
    Ok(word)
}

/// Every layout, in the order of the document.
pub const QUEUE_LAYOUTS: &[Layout] = &[
    SQE_LAYOUT,
    RQE_LAYOUT,
    CQE_LAYOUT,
    CEQE_LAYOUT,
    AEQE_LAYOUT,
    RING_LAYOUT,
    ARM_LAYOUT,
];
