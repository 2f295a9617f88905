//! The register map: identity, state and geometry of the chip, and its counters.

/// One register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    pub name: &'static str,
    pub address: u16,
    /// Writable.
    pub writable: bool,
    pub doc: &'static str,
}

const fn ro(name: &'static str, address: u16, doc: &'static str) -> Register {
    Register {
        name,
        address,
        writable: false,
        doc,
    }
}

/// What the register `magic` reads: "FWAR" as four octets in network order.
pub const MAGIC: u32 = 0x4657_4152;

/// What an address without a register reads.
pub const NO_REGISTER: u32 = 0xFFFF_FFFF;

pub const ADDR_MAGIC: u16 = 0x000;
pub const ADDR_VERSION: u16 = 0x004;
pub const ADDR_STATUS: u16 = 0x008;
pub const ADDR_SCRATCH: u16 = 0x00C;
/// Behind the geometry.
pub const ADDR_TS_DAY: u16 = 0x07C;
/// First of the geometry registers.
pub const ADDR_GEOMETRY: u16 = 0x010;
/// First of the counters, four octets each.
pub const ADDR_COUNTERS: u16 = 0x400;

/// Bit of `status`: the tables are cleared and take commands.
pub const STATUS_READY: u32 = 1;

/// Registers beside the geometry.
pub const REGISTERS: &[Register] = &[
    ro("magic", ADDR_MAGIC, "0x46574152"),
    ro(
        "version",
        ADDR_VERSION,
        "version of this schema: major in 31:16, minor in 15:0",
    ),
    ro("status", ADDR_STATUS, "bit 0: the tables are ready"),
    Register {
        name: "scratch",
        address: ADDR_SCRATCH,
        writable: true,
        doc: "keeps what is written; 0 after reset",
    },
    Register {
        name: "ts_day",
        address: ADDR_TS_DAY,
        writable: true,
        doc: "bits 7:0: days since any moment, modulo 256, which the driver writes every day; reads 0; TS.Recent counts no more 24 days after it was set (RFC 7323 5.5)",
    },
];

/// Geometry registers in order, four octets each from [`ADDR_GEOMETRY`] on.
pub const GEOMETRY: &[(&str, &str)] = &[
    ("data_width", "data width W in bits"),
    ("connections", "connections on chip"),
    (
        "lookup_buckets",
        "buckets of four ways in each of the two lookup tables",
    ),
    ("tpt_sets", "sets of four ways in the TPT"),
    ("rq_slots", "receives on chip per connection"),
    ("ord_slots", "Reads of ours on chip per connection"),
    ("nic_slots", "host buffers for plain frames on chip"),
    ("max_frame", "longest frame in octets, FCS excluded"),
    ("max_fpdu", "longest FPDU in octets"),
    ("counters", "number of counters"),
    ("ipv6", "1: connections may be IPv6"),
    (
        "sack",
        "1: segments ahead of a gap are kept; 0: dropped, and SACK is not to be permitted in the handshake",
    ),
    ("markers", "1: streams with Markers; 0: not to be asked for in the MPA Request or Reply"),
    (
        "timestamps",
        "1: timestamps are judged (RFC 7323); 0: reported in ack_event as they come, best not offered in the handshake",
    ),
];

/// One 32-bit counter; it wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    pub name: &'static str,
    pub doc: &'static str,
}

const fn c(name: &'static str, doc: &'static str) -> Counter {
    Counter { name, doc }
}

/// The counters: index `i` is at `ADDR_COUNTERS + 4 * i`.
pub const COUNTERS: &[Counter] = &[
    // ingest
    c("rx_frames", "frames admitted"),
    c("drop_slot", "frames dropped: no free frame slot"),
    c(
        "drop_credit",
        "frames dropped: no credit for what they may cause",
    ),
    c("drop_full", "frames dropped: staging RAM full"),
    c(
        "mac_overflow",
        "frames cut: MAC FIFO full during an injected frame",
    ),
    c("frame_cut", "frames cut: longer than max_frame"),
    c("inject_frames", "frames injected by the host"),
    // x_tcp
    c("bad_fcs", "frames dropped: FCS bad or cut"),
    c("bad_ip_sum", "segments dropped: IP header checksum"),
    c("bad_tcp_sum", "segments dropped: TCP checksum"),
    c("tcp_dup", "segments with nothing new"),
    c("tcp_ooo", "segments in front of the next expected octet"),
    c("tcp_window", "segments outside the window"),
    c("tcp_bad_ack", "segments acknowledging what was never sent"),
    c("tcp_challenge", "segments answered with a challenge ACK"),
    c("tcp_rst", "connections reset by the peer"),
    c("tcp_fin", "FINs taken"),
    c(
        "tcp_malformed",
        "segments dropped: header lengths that do not fit the frame",
    ),
    c(
        "tcp_dead",
        "segments dropped: the connection takes no more data",
    ),
    // x_ddp, x_place
    c("fpdu_fast", "FPDUs placed from the staging RAM"),
    c("fpdu_pool", "FPDUs placed from the pool"),
    c("fpdu_crc", "segments dropped or streams ended: CRC32C"),
    c("term_sent", "errors found, reported with their code"),
    c("term_recv", "Terminates received"),
    c("writes", "RDMA Write segments placed"),
    c("sends", "Send messages placed whole, Immediate Data taken"),
    c("reads", "Read and Atomic Requests taken"),
    c(
        "read_resps",
        "Read Response segments placed, Atomic Responses taken",
    ),
    c("invalidated", "STags invalidated by the peer"),
    // plain frames
    c("nic_frames", "plain frames given to the host"),
    c("nic_drop", "plain frames dropped: no host buffer"),
    // assembler
    c("asm_segments", "segments taken by the assembler"),
    c("asm_drop", "segments dropped by the assembler"),
    c("pool_short", "segments put back: pool exhausted"),
    // queues, tables
    c(
        "rq_full",
        "receives refused: the connection's slots are full",
    ),
    c("ord_full", "Reads refused: the connection's slots are full"),
    c("nic_full", "host buffers refused: the FIFO is full"),
    c(
        "post_bad",
        "posts and Reads refused: number out of range, wrong generation, n_sge, first or last",
    ),
    c(
        "mirror_stale",
        "snd_mirror and read_done of another generation, ignored",
    ),
    c("table_cmds", "table commands answered"),
    c(
        "table_errors",
        "table commands answered with a status other than OK",
    ),
    // octets ahead of a gap
    c("ooo_kept", "pieces of segments kept ahead of a gap"),
    c(
        "ooo_lost",
        "segments ahead of a gap dropped in part or whole: intervals, quota or pool exhausted",
    ),
    // timestamps
    c("tcp_paws", "segments dropped: timestamp too old"),
    c("tcp_no_ts", "segments dropped: timestamp missing"),
];

/// Index of a counter by its name, at compile time: a wrong name does not compile in a `const`.
pub const fn counter(name: &str) -> usize {
    let mut i = 0;
    while i < COUNTERS.len() {
        if same(COUNTERS[i].name, name) {
            return i;
        }
        i += 1;
    }
    panic!("no counter of that name: see COUNTERS")
}

/// Address of counter `index`.
pub const fn counter_address(index: usize) -> u16 {
    ADDR_COUNTERS + 4 * index as u16
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
