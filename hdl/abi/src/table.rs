//! Records of the tables, as the driver writes them with `table_cmd` WRITE: 64-bit words, packed by layouts that are
//! also what `docs/seams.md` shows.

use core::fmt;

/// Where a field stands in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub name: &'static str,
    /// 64-bit word.
    pub word: usize,
    /// Lowest bit in that word.
    pub low: u32,
    pub bits: u32,
    pub doc: &'static str,
}

impl Place {
    const fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The field's value in a record; 0 if the record is too short.
    pub fn get(&self, words: &[u64]) -> u64 {
        words
            .get(self.word)
            .map_or(0, |w| w >> self.low & self.mask())
    }
}

/// Layout of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub name: &'static str,
    pub doc: &'static str,
    pub places: &'static [Place],
}

/// A value that does not fit its field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooWide {
    pub field: &'static str,
    pub bits: u32,
    pub value: u64,
}

impl fmt::Display for TooWide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooWide { field, bits, value } = self;
        write!(
            f,
            "record field `{field}`: {value:#x} does not fit {bits} bits, give a smaller value"
        )
    }
}

impl core::error::Error for TooWide {}

pub(crate) const fn at(
    name: &'static str,
    word: usize,
    low: u32,
    bits: u32,
    doc: &'static str,
) -> Place {
    Place {
        name,
        word,
        low,
        bits,
        doc,
    }
}

/// `values` in the order of the layout's places.
pub(crate) fn pack<const N: usize, const V: usize>(
    layout: &Layout,
    values: [u64; V],
) -> Result<[u64; N], TooWide> {
    let mut words = [0; N];
    for (place, value) in layout.places.iter().zip(values) {
        if value & !place.mask() != 0 {
            return Err(TooWide {
                field: place.name,
                bits: place.bits,
                value,
            });
        }
        if let Some(word) = words.get_mut(place.word) {
            *word |= value << place.low;
        }
    }
    Ok(words)
}

/// Words that WRITE can address: the longest record.
pub const RECORD_WORDS: usize = 11;

/// Words that READ can address.
pub const RESULT_WORDS: usize = 2;

/// Row of a lookup bucket: way `w` at bits `29w+28:29w` in hardware, at bits 28:0 of half-word `w` here.
pub const LOOKUP_LAYOUT: Layout = Layout {
    name: "LOOKUP row",
    doc: "One bucket. The index is select << 16 | bucket. The driver never installs two equal fingerprints in one connection's two buckets.",
    places: &[
        at("fp0", 0, 0, 12, "way 0: fingerprint"),
        at("conn0", 0, 12, 16, "way 0: connection number"),
        at("valid0", 0, 28, 1, "way 0: in use"),
        at("fp1", 0, 32, 12, "way 1"),
        at("conn1", 0, 44, 16, "way 1"),
        at("valid1", 0, 60, 1, "way 1"),
        at("fp2", 1, 0, 12, "way 2"),
        at("conn2", 1, 12, 16, "way 2"),
        at("valid2", 1, 28, 1, "way 2"),
        at("fp3", 1, 32, 12, "way 3"),
        at("conn3", 1, 44, 16, "way 3"),
        at("valid3", 1, 60, 1, "way 3"),
    ],
};

/// One way of a lookup bucket in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookupWay {
    pub conn: u16,
    /// 12 bits.
    pub fingerprint: u16,
}

/// A lookup bucket; `None` is a free way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookupRow(pub [Option<LookupWay>; 4]);

impl LookupRow {
    /// Index of a bucket for `table_cmd.index`; `second` chooses the second hash table.
    pub const fn index(second: bool, bucket: u16) -> u32 {
        (second as u32) << 16 | bucket as u32
    }

    pub fn pack(&self) -> Result<[u64; 2], TooWide> {
        let mut values = [0; 12];
        for (way, v) in self.0.iter().zip(values.chunks_mut(3)) {
            if let Some(way) = way {
                v.copy_from_slice(&[way.fingerprint.into(), way.conn.into(), 1]);
            }
        }
        pack(&LOOKUP_LAYOUT, values)
    }
}

/// Record of CONN INSTALL.
pub const INSTALL_LAYOUT: Layout = Layout {
    name: "CONN install record",
    doc: "The index is the connection number. The tuple is that of received segments: src is the peer. Word 7 counts with `timestamps` only, words 8 to 10 with `v6` only; a preset without takes and forgets them.",
    places: &[
        at("src", 0, 0, 32, "the peer's IPv4 address, or bits 31:0 of its IPv6 address"),
        at("dst", 0, 32, 32, "ours, likewise"),
        at("sport", 1, 0, 16, "the peer's port"),
        at("dport", 1, 16, 16, "our port"),
        at("vlan", 1, 32, 13, "{1, VID 12} with a tag, 0 without"),
        at("v6", 1, 45, 1, "the addresses are IPv6: status NO_IPV6 if this preset has none"),
        at("gen", 2, 0, 8, "generation: another than the slot's last one"),
        at("func", 2, 8, 8, "PCIe function"),
        at("ird", 2, 16, 8, "Read and Atomic Requests of the peer that may wait for an answer"),
        at("crc_en", 2, 24, 1, "MPA CRC is used"),
        at("sack", 2, 25, 1, "both SYNs permitted SACK: own_sack is reported"),
        at("timestamps", 2, 26, 1, "both SYNs had Timestamps (RFC 7323): without effect if the register `timestamps` is 0"),
        at("pd", 2, 32, 24, "protection domain"),
        at("qpn", 3, 0, 20, "queue pair number, as TPT entries are bound to"),
        at("markers", 3, 20, 1, "the peer inserts MPA Markers: we asked for them; status NO_MARKERS if this preset cannot"),
        at("mark_at", 3, 21, 9, "with Markers: SeqStart modulo 512, from where they are counted"),
        at("rcv_wnd", 3, 32, 32, "receive window in octets; never shrinks"),
        at("rcv_nxt", 4, 0, 32, "next octet expected: an FPDU starts there, with the Marker in front of it if there is one"),
        at("smsn", 4, 32, 32, "next MSN expected on queue 0; the first receive posted gets it"),
        at("rmsn", 5, 0, 32, "next MSN expected on queue 1"),
        at("snd_una", 5, 32, 32, "oldest octet of ours not acknowledged"),
        at("snd_nxt", 6, 0, 32, "next octet we send"),
        at("max_wnd", 6, 32, 32, "largest window the peer has offered"),
        at("ts_recent", 7, 0, 32, "with `timestamps`: TS.Recent"),
        at("src_95_32", 8, 0, 64, "IPv6: bits 95:32 of the peer's address"),
        at("src_127_96", 9, 0, 32, "IPv6: the rest of it"),
        at("dst_63_32", 9, 32, 32, "IPv6: bits 63:32 of ours"),
        at("dst_127_64", 10, 0, 64, "IPv6: the rest of it"),
    ],
};

/// A connection to install.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstallRecord {
    /// The addresses are IPv6; an IPv4 address has 32 bits.
    pub v6: bool,
    pub src: u128,
    pub dst: u128,
    pub sport: u16,
    pub dport: u16,
    /// VLAN identifier (12 bits) of a tagged connection.
    pub vlan: Option<u16>,
    pub gen: u8,
    pub func: u8,
    pub ird: u8,
    pub crc_en: bool,
    /// Both SYNs permitted SACK.
    pub sack: bool,
    /// Both SYNs had Timestamps: TS.Recent.
    pub ts_recent: Option<u32>,
    /// 24 bits.
    pub pd: u32,
    /// 20 bits.
    pub qpn: u32,
    /// The peer inserts Markers, counted from this sequence number: SeqStart of RFC 5044 4.3.
    pub markers_from: Option<u32>,
    pub rcv_wnd: u32,
    pub rcv_nxt: u32,
    pub smsn: u32,
    pub rmsn: u32,
    pub snd_una: u32,
    pub snd_nxt: u32,
    pub max_wnd: u32,
}

impl InstallRecord {
    pub const WORDS: usize = 11;
    /// Words that an IPv4 connection needs, without timestamps and with them.
    pub const WORDS_V4: usize = 7;
    pub const WORDS_V4_TS: usize = 8;

    /// The words that have to be written: the first of those that [`pack`](Self::pack) gives.
    pub const fn words(&self) -> usize {
        if self.v6 {
            Self::WORDS
        } else if self.ts_recent.is_some() {
            Self::WORDS_V4_TS
        } else {
            Self::WORDS_V4
        }
    }

    pub fn pack(&self) -> Result<[u64; Self::WORDS], TooWide> {
        for (field, address) in [("src", self.src), ("dst", self.dst)] {
            if !self.v6 && address >> 32 != 0 {
                return Err(TooWide {
                    field,
                    bits: 32,
                    value: (address >> 32) as u64,
                });
            }
        }
        let low = |address: u128| (address & 0xffff_ffff) as u64;
        let vlan = match self.vlan {
            Some(vid) if vid > 0xFFF => {
                return Err(TooWide {
                    field: "vlan",
                    bits: 12,
                    value: vid.into(),
                });
            }
            Some(vid) => 0x1000 | u64::from(vid),
            None => 0,
        };
        pack(
            &INSTALL_LAYOUT,
            [
                low(self.src),
                low(self.dst),
                self.sport.into(),
                self.dport.into(),
                vlan,
                self.v6.into(),
                self.gen.into(),
                self.func.into(),
                self.ird.into(),
                self.crc_en.into(),
                self.sack.into(),
                self.ts_recent.is_some().into(),
                self.pd.into(),
                self.qpn.into(),
                self.markers_from.is_some().into(),
                u64::from(self.markers_from.unwrap_or(0) % 512),
                self.rcv_wnd.into(),
                self.rcv_nxt.into(),
                self.smsn.into(),
                self.rmsn.into(),
                self.snd_una.into(),
                self.snd_nxt.into(),
                self.max_wnd.into(),
                self.ts_recent.unwrap_or(0).into(),
                (self.src >> 32) as u64,
                (self.src >> 96) as u64,
                low(self.dst >> 32),
                (self.dst >> 64) as u64,
            ],
        )
    }
}

/// Result words of CONN REMOVE and QUERY.
pub const STATE_LAYOUT: Layout = Layout {
    name: "CONN state",
    doc: "Result words after remove (final state) and query (state while all earlier frames have been judged).",
    places: &[
        at("rcv_nxt", 0, 0, 32, "next octet expected"),
        at("smsn", 0, 32, 32, "next MSN expected on queue 0"),
        at("rmsn", 1, 0, 32, "next MSN expected on queue 1"),
        at("st", 1, 32, 2, "conn_state"),
    ],
};

/// Live or final state of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnState {
    pub rcv_nxt: u32,
    pub smsn: u32,
    pub rmsn: u32,
    /// See [`crate::code::conn_state`].
    pub st: u8,
}

impl ConnState {
    /// From result words 0 and 1.
    pub fn unpack(words: [u64; 2]) -> Self {
        Self {
            rcv_nxt: words[0] as u32,
            smsn: (words[0] >> 32) as u32,
            rmsn: words[1] as u32,
            st: (words[1] >> 32 & 3) as u8,
        }
    }
}

/// Record of TPT INSTALL.
pub const TPT_LAYOUT: Layout = Layout {
    name: "TPT record",
    doc: "A contiguous memory region. The index is STag >> 8.",
    places: &[
        at("key", 0, 0, 8, "STag & 0xff"),
        at("rights", 0, 8, 4, "right"),
        at("bound", 0, 12, 1, "usable by the queue pair `qpn` alone"),
        at("pd", 0, 16, 24, "protection domain"),
        at("qpn", 0, 40, 20, "queue pair, if bound"),
        at("base", 1, 0, 64, "first TO"),
        at("len", 2, 0, 32, "octets"),
        at("pa", 3, 0, 64, "DMA address of `base`"),
    ],
};

/// A memory region to register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TptRecord {
    pub key: u8,
    /// See [`crate::code::right`].
    pub rights: u8,
    /// Queue pair (20 bits) that alone may use it.
    pub bound_to: Option<u32>,
    /// 24 bits.
    pub pd: u32,
    pub base: u64,
    pub len: u32,
    pub pa: u64,
}

impl TptRecord {
    pub const WORDS: usize = 4;

    pub fn pack(&self) -> Result<[u64; Self::WORDS], TooWide> {
        pack(
            &TPT_LAYOUT,
            [
                self.key.into(),
                self.rights.into(),
                self.bound_to.is_some().into(),
                self.pd.into(),
                self.bound_to.unwrap_or(0).into(),
                self.base,
                self.len.into(),
                self.pa,
            ],
        )
    }
}

/// Every record, in the order of the document.
pub const LAYOUTS: &[Layout] = &[LOOKUP_LAYOUT, INSTALL_LAYOUT, STATE_LAYOUT, TPT_LAYOUT];
