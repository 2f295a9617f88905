//! The values of coded fields. Each module holds one field's constants and, as `ENCODING`, the same with their meaning.

/// One value of a coded field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    pub name: &'static str,
    pub value: u32,
    pub doc: &'static str,
}

/// All values of a coded field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    pub name: &'static str,
    /// Width of the field.
    pub bits: u32,
    pub doc: &'static str,
    pub codes: &'static [Code],
}

impl Encoding {
    /// The name of a value, `None` if nothing has that value.
    pub fn name_of(&self, value: u32) -> Option<&'static str> {
        self.codes.iter().find(|c| c.value == value).map(|c| c.name)
    }
}

macro_rules! encoding {
    ($(#[doc = $head:literal])+ $module:ident : $type:ty, $bits:literal bits; $($name:ident = $value:expr, $doc:literal;)+) => {
        $(#[doc = $head])+
        pub mod $module {
            use super::{Code, Encoding};
            $(#[doc = $doc] pub const $name: $type = $value;)+
            /// The whole field, for documents and messages.
            pub const ENCODING: Encoding = Encoding {
                name: stringify!($module),
                bits: $bits,
                doc: concat!($($head),+),
                codes: &[$(Code { name: stringify!($name), value: $name as u32, doc: $doc }),+],
            };
        }
    };
}

encoding! {
    /// What a DMA request carries (`dma_wr_req.class`, `dma_rd_req.class`).
    dma_class: u8, 3 bits;
    PAYLOAD = 0, "payload of an FPDU";
    CQE = 1, "completion queue entry; never relaxed-ordered";
    EQE = 2, "event queue entry";
    NIC = 3, "plain frame into a host buffer";
    CTX = 4, "connection state";
    FENCE = 5, "no data: its status comes when all writes before it have entered the posted queue";
}

encoding! {
    /// What happened (`cpl_event.kind`).
    cpl_kind: u8, 4 bits;
    RECV = 0, "a message of queue 0 is placed whole: takes the receive `rqe_idx`";
    READ_DONE = 1, "a Read or an Atomic of ours is answered whole: `rqe_idx` is its `sq_idx`; `opcode` tells which";
    TERMINATE = 2, "the peer sent Terminate: its control word and headers in `hdr`, the error in `term`";
    ERROR = 3, "we found an error, `term` names it; the offending FPDU's octets 2.. in `hdr`";
    FIN = 4, "FIN taken, all data before it is placed; `term` MPA_CLOSED if it cuts an FPDU short";
    RST = 5, "valid RST taken, the connection is closed";
    NIC = 6, "a plain frame is in the host buffer `rqe_idx`, `len` octets";
    FENCE = 7, "all deliveries before the fence `fence_id` have been handed to the DMA write port";
}

encoding! {
    /// Details of an event (`cpl_event.flags`), bits.
    cpl_flag: u8, 8 bits;
    SOLICITED = 0x01, "recv: the Send or the Immediate Data asked for a solicited event";
    INVALIDATED = 0x02, "recv: `inv_stag` has been invalidated";
    TRUNCATED = 0x04, "nic: reserved, never set: a frame longer than the buffer is dropped whole";
    IP_OK = 0x08, "nic: reserved, never set";
    L4_OK = 0x10, "nic: reserved, never set";
    CONNECTED = 0x20, "nic: reserved, never set";
    IMMEDIATE = 0x40, "`imm` is valid (RFC 7306): recv: Immediate Data, which is not in the buffer; read_done: the value that the Atomic found, for the host to store";
}

encoding! {
    /// Flags of a received segment (`ack_event.flags`), bits.
    ack_flag: u16, 11 bits;
    FIN = 0x001, "FIN, taken in order";
    RST = 0x002, "RST";
    PSH = 0x004, "PSH";
    ECE = 0x008, "ECN echo";
    CWR = 0x010, "congestion window reduced";
    CE = 0x020, "the IP header carried congestion experienced, and the segment lies in the window (RFC 3168 6.1.5)";
    DUP = 0x040, "nothing new in the segment: all of it was taken before; with RX_ONLY: its timestamp was too old (RFC 7323 5.3), the blocks of own_sack stay what they were";
    OOO = 0x080, "in front of the next expected octet: whether it is kept, an rx_only report says";
    TS = 0x100, "`tsval` and `tsecr` are valid; if the register `timestamps` is 1, only on a connection with timestamps";
    FIRST_FPDU = 0x200, "first valid FPDU of the connection: opens the Responder's gate (RFC 5044 7.1.2)";
    RX_ONLY = 0x400, "no segment: progress since its own report, or with DUP one that was refused; the sender's fields are void";
}

encoding! {
    /// When to acknowledge (`ack_event.ack_mode`).
    ack_mode: u8, 2 bits;
    NONE = 0, "not for this segment";
    DELAYED = 1, "as RFC 9293 allows: every second segment or by timer";
    NOW = 2, "at once";
    CHALLENGE = 3, "a challenge ACK (RFC 5961), rate-limited";
}

encoding! {
    /// Table that a command is for (`table_cmd.table`).
    table: u8, 4 bits;
    LOOKUP = 0, "tuple lookup; index = select << 16 | bucket";
    CONN = 1, "connections; index = connection number";
    TPT = 2, "memory regions; index = STag >> 8";
}

encoding! {
    /// What to do (`table_cmd.op`).
    op: u8, 3 bits;
    WRITE = 0, "put `data` into word `word` of the record to be committed; `index` ignored";
    INSTALL = 1, "commit: install the connection, register the region, write the lookup row";
    MODIFY = 2, "commit: change an installed entry; no table supports it yet";
    REMOVE = 3, "commit: take the entry out; connections give their final state";
    QUERY = 4, "commit: CONN: copy the live state into the result words; TPT: is it there";
    FENCE = 5, "commit, CONN: the id in `data` 17:8 comes back in a `cpl_event` of kind FENCE";
    READ = 6, "result word `word` of the last CONN remove or query; `index` ignored";
}

encoding! {
    /// Answer to a command (`table_rsp.status`).
    status: u8, 4 bits;
    OK = 0, "done";
    BAD_TABLE = 1, "no such table: use LOOKUP, CONN or TPT";
    BAD_OP = 2, "this table has no such operation";
    BAD_INDEX = 3, "the index is beyond this preset's table: see the geometry registers";
    BAD_WORD = 4, "no such record word: WRITE takes 0 to 10, READ takes 0 and 1";
    FULL = 5, "all ways of the TPT set hold other regions: choose another index";
    NOT_FOUND = 6, "nothing is installed there";
    EXISTS = 7, "something is installed there: remove it first";
    NOT_READY = 8, "the tables are still being cleared after reset: poll the status register";
    BAD_GEN = 9, "the generation given is not that of the installed connection";
    REFUSED = 10, "the pipeline did not find the connection it was told to change";
    NO_IPV6 = 11, "the record's addresses are IPv6, and this preset has only IPv4: see the register `ipv6`";
    NO_MARKERS = 12, "the record has Markers, and this preset cannot take them out: see the register `markers`";
}

encoding! {
    /// Rights of a memory region (TPT record), bits.
    right: u8, 4 bits;
    REMOTE_WRITE = 0x1, "RDMA Write may place here";
    REMOTE_READ = 0x2, "RDMA Read Request may take from here; with REMOTE_WRITE Atomic Requests may change it";
    READ_SINK = 0x4, "Read Responses to our own Reads may place here";
    REMOTE_INVALIDATE = 0x8, "Send with Invalidate may end it; only for a region bound to one queue pair (RFC 5040 8.1.1(7))";
}

encoding! {
    /// State of a connection (result word 1 of a CONN query or removal).
    conn_state: u8, 2 bits;
    CLOSED = 0, "places nothing, acknowledges nothing";
    OPEN = 1, "established";
    ERROR = 2, "error found or Terminate received: places nothing more";
    FIN = 3, "the peer's FIN is taken";
}

encoding! {
    /// RDMAP opcodes (RFC 5040 4.3, RFC 7306 4).
    opcode: u8, 4 bits;
    WRITE = 0x0, "RDMA Write";
    READ_REQUEST = 0x1, "RDMA Read Request";
    READ_RESPONSE = 0x2, "RDMA Read Response";
    SEND = 0x3, "Send";
    SEND_INV = 0x4, "Send with Invalidate";
    SEND_SE = 0x5, "Send with Solicited Event";
    SEND_SE_INV = 0x6, "Send with Solicited Event and Invalidate";
    TERMINATE = 0x7, "Terminate";
    IMMEDIATE = 0x8, "Immediate Data";
    IMMEDIATE_SE = 0x9, "Immediate Data with Solicited Event";
    ATOMIC_REQUEST = 0xA, "Atomic Request";
    ATOMIC_RESPONSE = 0xB, "Atomic Response";
}

encoding! {
    /// Errors: layer and type octet, then code octet (`cpl_event.term`; RFC 5040 4.8, 5041 7.2, 5044 8, 6581 8).
    term: u16, 16 bits;
    RDMAP_INVALID_STAG = 0x0100, "protection: invalid STag";
    RDMAP_BOUNDS = 0x0101, "protection: base or bounds";
    RDMAP_ACCESS = 0x0102, "protection: access rights";
    RDMAP_STREAM = 0x0103, "protection: STag not associated with the stream";
    RDMAP_TO_WRAP = 0x0104, "protection: TO wrap";
    RDMAP_PROT_INVALIDATE = 0x0109, "protection: STag cannot be invalidated";
    RDMAP_VERSION = 0x0205, "operation: invalid RDMAP version";
    RDMAP_OPCODE = 0x0206, "operation: unexpected opcode";
    RDMAP_STREAM_CATASTROPHIC = 0x0207, "operation: catastrophic, localized to the stream; also an Atomic whose target is not 64-bit aligned";
    RDMAP_INVALIDATE = 0x0209, "operation: STag cannot be invalidated";
    DDP_CATASTROPHIC = 0x1000, "local catastrophic";
    DDP_TAGGED_STAG = 0x1100, "tagged: invalid STag";
    DDP_TAGGED_BOUNDS = 0x1101, "tagged: base or bounds";
    DDP_TAGGED_STREAM = 0x1102, "tagged: STag not associated with the stream";
    DDP_TAGGED_TO_WRAP = 0x1103, "tagged: TO wrap";
    DDP_TAGGED_VERSION = 0x1104, "tagged: invalid DDP version";
    DDP_QN = 0x1201, "untagged: invalid queue number";
    DDP_NO_BUFFER = 0x1202, "untagged: no buffer available";
    DDP_MSN = 0x1203, "untagged: MSN out of range";
    DDP_MO = 0x1204, "untagged: invalid MO";
    DDP_TOO_LONG = 0x1205, "untagged: message too long for the buffer";
    DDP_VERSION = 0x1206, "untagged: invalid DDP version";
    MPA_CLOSED = 0x2001, "TCP connection closed, terminated or lost";
    MPA_CRC = 0x2002, "CRC mismatch";
    MPA_MARKER = 0x2003, "Marker and ULPDU_Length disagree";
    MPA_CATASTROPHIC = 0x2005, "local catastrophic; also an FPDU longer than this preset's max_fpdu";
}

encoding! {
    /// Work requests of the send queue (`op` of an SQE).
    wqe_op: u8, 5 bits;
    WRITE = 0x0, "RDMA Write";
    READ = 0x1, "RDMA Read";
    SEND = 0x3, "Send";
    SEND_INV = 0x4, "Send with Invalidate of `stag`";
    SEND_SE = 0x5, "Send with Solicited Event";
    SEND_SE_INV = 0x6, "Send with Solicited Event and Invalidate of `stag`";
}

encoding! {
    /// How a work request ended (`status` of a CQE); values of libibverbs.
    wc_status: u8, 8 bits;
    SUCCESS = 0, "a Write or a Send is acknowledged, a Read or a receive is placed";
    LOC_LEN_ERR = 1, "receive: the message is longer than the buffer";
    LOC_QP_OP_ERR = 2, "the WQE is malformed";
    LOC_PROT_ERR = 4, "an `lkey` is unknown, of another protection domain, without the right, or too short";
    WR_FLUSH_ERR = 5, "not carried out, or not known to be: the connection ended before";
    LOC_ACCESS_ERR = 8, "receive: the STag to be invalidated may not be";
    REM_INV_REQ_ERR = 9, "Read: the peer's Terminate calls the request invalid";
    REM_ACCESS_ERR = 10, "Read: the peer's Terminate refuses access";
    REM_OP_ERR = 11, "Read: the peer's Terminate tells of a failure there";
    RETRY_EXC_ERR = 12, "the peer stopped acknowledging: of the oldest WQE, all others are flushed";
}

encoding! {
    /// Details of a completion (`flags` of a CQE), bits.
    cqe_flag: u8, 8 bits;
    RECV = 0x01, "of the receive queue";
    SOLICITED = 0x02, "the peer asked for an event";
    INVALIDATED = 0x04, "`imm` 31:0 is the STag that the peer has invalidated";
    IMMEDIATE = 0x08, "`imm` is Immediate Data (RFC 7306)";
}

encoding! {
    /// What happened to a queue pair or queue (`kind` of an AEQE).
    aeqe_kind: u8, 8 bits;
    TERMINATE_SENT = 0, "we found an error, `term` names it";
    TERMINATE_RECEIVED = 1, "the peer found one, `term` names it";
    FIN = 2, "the peer closed the connection";
    RST = 3, "the peer reset the connection";
    LOST = 4, "the peer stopped acknowledging";
    CQ_FULL = 5, "a completion queue had no room: its queue pairs are in error";
}

/// Every encoding of [`crate::queue`], in the order of the document.
pub const QUEUE_ENCODINGS: &[Encoding] = &[
    wqe_op::ENCODING,
    wc_status::ENCODING,
    cqe_flag::ENCODING,
    aeqe_kind::ENCODING,
];

/// Every encoding of the seams, in the order of the document.
pub const ENCODINGS: &[Encoding] = &[
    dma_class::ENCODING,
    cpl_kind::ENCODING,
    cpl_flag::ENCODING,
    ack_flag::ENCODING,
    ack_mode::ENCODING,
    table::ENCODING,
    op::ENCODING,
    status::ENCODING,
    right::ENCODING,
    conn_state::ENCODING,
    opcode::ENCODING,
    term::ENCODING,
];
