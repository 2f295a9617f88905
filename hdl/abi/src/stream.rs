//! The chip's internal streams, field by field.
//!
//! A stream `s` with field `f` is the set of ports `s_f`, `s_tvalid`, `s_tready`. A beat moves in a cycle in which valid
//! and ready are both high; valid never waits for ready, and fields hold while valid waits.

/// Width of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// This many bits in every preset.
    Bits(u32),
    /// The preset's data width W.
    Data,
    /// One bit a byte of the data: W / 8.
    Keep,
}

impl Width {
    /// Bits at data width `w`.
    pub const fn bits(self, w: u32) -> u32 {
        match self {
            Width::Bits(n) => n,
            Width::Data => w,
            Width::Keep => w / 8,
        }
    }
}

/// One field of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub width: Width,
    pub doc: &'static str,
}

/// Which way a stream runs, seen from the receive path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The receive path takes it.
    In,
    /// The receive path gives it.
    Out,
    /// Other parts of the chip have it among themselves.
    Other,
}

/// One stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub name: &'static str,
    pub direction: Direction,
    /// False for the one stream that nothing may stall.
    pub ready: bool,
    pub doc: &'static str,
    pub fields: &'static [Field],
}

impl Stream {
    /// Bits of all fields at data width `w`, valid and ready not counted.
    pub fn bits(&self, w: u32) -> u32 {
        self.fields.iter().map(|f| f.width.bits(w)).sum()
    }
}

/// The stream of that name.
pub fn stream(name: &str) -> Option<&'static Stream> {
    STREAMS.iter().find(|s| s.name == name)
}

/// Receive queue number of the host's buffers for plain frames. Every other number is a connection number.
pub const RQ_NIC: u32 = 0xF_FFFF;

/// Octets of header that a `cpl_event` can carry.
pub const HDR_OCTETS: u32 = 46;

const fn f(name: &'static str, bits: u32, doc: &'static str) -> Field {
    let width = Width::Bits(bits);
    Field { name, width, doc }
}

const CONN: Field = f("conn", 20, "connection number");
const GEN: Field = f(
    "gen",
    8,
    "generation of the connection: late traffic of a predecessor is told by it",
);
const FUNC: Field = f("func", 8, "PCIe function");
const DATA: Field = Field {
    name: "tdata",
    width: Width::Data,
    doc: "byte i at bits 8i+7:8i",
};
const KEEP: Field = Field {
    name: "tkeep",
    width: Width::Keep,
    doc: "valid bytes, contiguous from lane 0",
};
const LAST: Field = f("tlast", 1, "last beat of the packet");
const TUSER: Field = f("tuser", 1, "at the last beat: the frame is bad");

const FRAME: &[Field] = &[DATA, KEEP, LAST, TUSER];

/// Every stream, in the order of the document.
pub const STREAMS: &[Stream] = &[
    Stream {
        name: "mac_rx",
        direction: Direction::In,
        ready: false,
        doc: "Frames from the MAC: no preamble, FCS taken off and judged. Never stalled.",
        fields: FRAME,
    },
    Stream {
        name: "inject",
        direction: Direction::In,
        ready: true,
        doc: "Frames that the host puts in front of the receive path, at frame boundaries.",
        fields: FRAME,
    },
    Stream {
        name: "mac_tx",
        direction: Direction::Other,
        ready: true,
        doc: "Frames to the MAC.",
        fields: FRAME,
    },
    Stream {
        name: "dma_wr_req",
        direction: Direction::Out,
        ready: true,
        doc: "DMA write requests.",
        fields: &[
            f("addr", 64, "DMA address of the first octet"),
            f("len", 17, "octets, at least 1 except for a fence"),
            CONN,
            GEN,
            FUNC,
            f("class", 3, "dma_class"),
            f("relaxed", 1, "may pass other writes"),
            f("want_status", 1, "a dma_wr_status with `id` is wanted"),
            f("id", 10, "given back in the status"),
        ],
    },
    Stream {
        name: "dma_wr_data",
        direction: Direction::Out,
        ready: true,
        doc: "One packet a request in the same order, packed from lane 0; none for a fence.",
        fields: &[DATA, KEEP, LAST],
    },
    Stream {
        name: "dma_wr_status",
        direction: Direction::In,
        ready: true,
        doc: "Given once the write has entered the posted queue, in order.",
        fields: &[f("id", 10, "of the request"), f("status", 3, "0 ok")],
    },
    Stream {
        name: "dma_rd_req",
        direction: Direction::Other,
        ready: true,
        doc: "DMA read requests. The requester reserves space for the data first.",
        fields: &[
            f("addr", 64, "DMA address of the first octet"),
            f("len", 17, "octets"),
            f("tag", 10, "given back in the completion"),
            CONN,
            GEN,
            FUNC,
            f("class", 3, "dma_class"),
        ],
    },
    Stream {
        name: "dma_rd_cpl",
        direction: Direction::Other,
        ready: true,
        doc: "DMA read data: tags interleave at `tlast`, address order within a tag.",
        fields: &[
            DATA,
            KEEP,
            f("tag", 10, "of the request"),
            LAST,
            f("end_of_tag", 1, "last packet of this tag"),
            f("status", 3, "0 ok, 1 unsupported, 2 aborted, 3 timeout, 4 poisoned"),
        ],
    },
    Stream {
        name: "cpl_event",
        direction: Direction::Out,
        ready: true,
        doc: "What the host must learn. Comes after the request of the last data it speaks of.",
        fields: &[
            CONN,
            GEN,
            f("kind", 4, "cpl_kind"),
            f("opcode", 4, "RDMAP opcode"),
            f("flags", 8, "cpl_flag"),
            f("msn", 32, "message sequence number"),
            f("len", 32, "octets of the message or frame"),
            f("rqe_idx", 16, "as given in rx_post or read_issue"),
            f("inv_stag", 32, "STag invalidated, with INVALIDATED"),
            f("imm", 64, "immediate data, or the original value of an Atomic; the first octet is the most significant; 0 without IMMEDIATE"),
            f("term", 16, "layer and type octet, code octet; 0 none"),
            f("segment_len", 16, "ULPDU length of the offending FPDU"),
            f("hdr_len", 6, "octets valid in hdr; hdr is zero when 0"),
            f("fence_id", 10, "as given in the command"),
            f("hdr", HDR_OCTETS * 8, "FPDU octets 2.. as on the wire, octet 2 at bits 7:0"),
        ],
    },
    Stream {
        name: "ack_event",
        direction: Direction::Out,
        ready: true,
        doc: "Report on a received segment to the transmit path. Lossless.",
        fields: &[
            CONN,
            GEN,
            f("seq", 32, "sequence number of the segment"),
            f("ack", 32, "acknowledgement number"),
            f("wnd", 16, "window as received, not scaled"),
            f("payload_len", 16, "octets of TCP payload. A segment of several FPDUs may be reported more than once, each time whole"),
            f("flags", 11, "ack_flag"),
            f("tsval", 32, "timestamp value, with TS"),
            f("tsecr", 32, "timestamp echo, with TS"),
            f("ts_recent", 32, "TS.Recent after this segment: the TSecr of what is sent now (RFC 7323 4.3); void if the connection has no timestamps, 0 if the register `timestamps` is 0"),
            f("peer_sack_n", 3, "blocks in peer_sack, of a report on a frame that has the SACK option; always 0 in a preset without timestamps"),
            f("peer_sack", 256, "4 x {right 32, left 32}, left edge in the low half; behind the last block anything"),
            f("rcv_nxt", 32, "what an ACK may acknowledge now"),
            f("ack_mode", 2, "ack_mode"),
            f("own_sack_n", 3, "blocks in own_sack, 0 without SACK negotiated; counts in rx_only reports without DUP alone, and holds until the next one"),
            f("own_sack", 256, "4 x {right 32, left 32} that we hold out of order, newest first; a duplicate before them (RFC 2883)"),
        ],
    },
    Stream {
        name: "snd_mirror",
        direction: Direction::In,
        ready: true,
        doc: "Send state that the receive path checks against. Written before the segment leaves.",
        fields: &[
            CONN,
            GEN,
            f("snd_una", 32, "oldest octet not acknowledged"),
            f("snd_nxt", 32, "next octet to send"),
            f("last_ack_sent", 32, "acknowledgement number last sent: TS.Recent moves with segments up to it (RFC 7323 4.3); after an install its rcv_nxt"),
            f("max_wnd", 32, "largest window the peer has offered"),
        ],
    },
    Stream {
        name: "read_request",
        direction: Direction::Out,
        ready: true,
        doc: "A checked RDMA Read Request of the peer, for the transmit path to answer.",
        fields: &[
            CONN,
            GEN,
            f("msn", 32, "MSN on queue 1"),
            f("sink_stag", 32, "the peer's sink STag"),
            f("sink_to", 64, "the peer's sink TO"),
            f("len", 32, "octets"),
            f("src_stag", 32, "our source STag"),
            f("src_to", 64, "our source TO"),
        ],
    },
    Stream {
        name: "atomic_request",
        direction: Direction::Out,
        ready: true,
        doc: "A checked Atomic Request of the peer (RFC 7306), for the transmit path to carry out and answer. One order with `read_request`: of both streams only the next Request of all is offered, so MSNs come in sequence. What stands in front of it has been handed to the DMA write port.",
        fields: &[
            CONN,
            GEN,
            f("msn", 32, "MSN on queue 1"),
            f("op", 4, "AOpCode: 0 FetchAdd, 2 CmpSwap; no other one"),
            f("id", 32, "Request Identifier, to be given back"),
            f("stag", 32, "our STag"),
            f("to", 64, "our TO; its DMA address is a multiple of 8"),
            f("data", 64, "Add or Swap Data"),
            f("mask", 64, "Add or Swap Mask"),
            f("compare", 64, "Compare Data; any value with FetchAdd"),
            f("compare_mask", 64, "Compare Mask; any value with FetchAdd"),
        ],
    },
    Stream {
        name: "read_done",
        direction: Direction::In,
        ready: true,
        doc: "Read and Atomic Requests answered: gives IRD back.",
        fields: &[CONN, GEN, f("count", 5, "how many")],
    },
    Stream {
        name: "read_issue",
        direction: Direction::In,
        ready: true,
        doc: "A Read or Atomic Request of ours, in the order of their MSNs; given before it leaves. Responses are checked against the oldest one.",
        fields: &[
            CONN,
            GEN,
            f("sq_idx", 16, "given back in cpl_event.rqe_idx"),
            f("sink_stag", 32, "our sink STag; of an Atomic its Request Identifier"),
            f("sink_to", 64, "our sink TO; of an Atomic the MSN that its Response will have on queue 3, in 31:0, the rest 0"),
            f("len", 32, "octets; of an Atomic 8"),
            f("atomic", 1, "an Atomic Request"),
        ],
    },
    Stream {
        name: "rx_post",
        direction: Direction::In,
        ready: true,
        doc: "A receive buffer. One beat a receive: n_sge 1, first and last set; others are refused and counted in `post_bad`, and so is a host buffer that does not hold the preset's `max_frame` octets: any plain frame fits any buffer.",
        fields: &[
            f("rq", 20, "connection number, or 0xFFFFF: host buffers for plain frames"),
            f("rqe_idx", 16, "given back in cpl_event"),
            f("n_sge", 3, "1"),
            f("first", 1, "1"),
            f("last", 1, "1"),
            f("addr", 64, "DMA address"),
            f("len", 32, "octets"),
            f("lkey", 32, "not used: the address is a DMA address"),
        ],
    },
    Stream {
        name: "table_cmd",
        direction: Direction::In,
        ready: true,
        doc: "Commands to the tables: WRITE fills a shadow record, a commit is one operation. One at a time.",
        fields: &[
            f("table", 4, "table"),
            f("op", 3, "op"),
            f("index", 24, "entry"),
            f("word", 6, "record word, for WRITE and READ"),
            f("data", 64, "record word; CONN remove, query, fence: generation in 7:0, fence id in 17:8; TPT remove, query: key in 7:0"),
        ],
    },
    Stream {
        name: "table_rsp",
        direction: Direction::Out,
        ready: true,
        doc: "One answer a command.",
        fields: &[f("status", 4, "status"), f("data", 64, "READ: the word; CONN remove and query: result word 0; else 0")],
    },
    Stream {
        name: "registers",
        direction: Direction::In,
        ready: true,
        doc: "Register access.",
        fields: &[
            f("address", 16, "byte address, multiple of 4"),
            f("write", 1, "1 write, 0 read"),
            f("data", 32, "value to write"),
        ],
    },
    Stream {
        name: "registers_rsp",
        direction: Direction::Out,
        ready: true,
        doc: "One answer an access.",
        fields: &[f("data", 32, "value read; 0 for a write, all ones where there is no register")],
    },
    Stream {
        name: "doorbell",
        direction: Direction::Other,
        ready: true,
        doc: "Doorbell writes.",
        fields: &[f("page", 10, "process page"), f("offset", 12, "in the page"), f("data", 64, "value")],
    },
    Stream {
        name: "interrupt",
        direction: Direction::Other,
        ready: true,
        doc: "MSI-X messages.",
        fields: &[f("vector", 11, "MSI-X vector")],
    },
];
