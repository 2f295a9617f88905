//! Sizes of the receive path, made from a preset. Plain numbers: everything that is not a type's width.

/// Elaboration-time sizes. `*_bits` are log2 of entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Cfg {
    /// Table read latency in cycles: 2 or 3.
    pub latency: usize,
    /// Staging RAM, beats.
    pub stage_bits: usize,
    /// Frame slots.
    pub slot_bits: usize,
    /// Straddle pool, beats.
    pub pool_bits: usize,
    /// Beats per pool block.
    pub blk_bits: usize,
    /// Connections.
    pub conn_bits: usize,
    /// Lookup buckets of each of the two hash tables (4 ways a bucket).
    pub bucket_bits: usize,
    /// TPT sets (4 ways a set).
    pub tpt_set_bits: usize,
    /// Receive descriptors on chip per connection.
    pub rq_bits: usize,
    /// Outstanding Reads of ours per connection.
    pub ord_bits: usize,
    /// Longest frame in octets, FCS excluded.
    pub max_frame: usize,
    /// Longest FPDU in octets: 2 + ULPDU + pad + 4.
    pub max_fpdu: usize,
    /// Frames and operations in flight between ingest and X3.
    pub window: usize,
    /// IPv6 connections. Without: IPv6 frames go to the host, and the logic and the upper address bits are left out.
    pub ipv6: bool,
    /// Segments ahead of a gap are kept and reported with SACK. Without: dropped, and the logic is left out.
    pub sack: bool,
    /// Streams with Markers. Without: their install record is refused, and the logic is left out.
    pub markers: bool,
    /// Timestamps are judged (PAWS). Without: reported as they come, and the logic is left out.
    pub timestamps: bool,
    /// A segment with several FPDUs is cut into parts that go the fast way. Without: it goes to the assembler whole.
    pub parts: bool,
    /// Rows of wide tables are kept in slices, read one after another, and the two lookup tables in one memory: a third fewer
    /// block RAMs where these are deeper than the tables. Two cycles more from a frame's tuple to its context, one more for
    /// the TPT. Frames must be five beats long at least (64 bits); table latency 2, neither `sack`, `markers` nor `parts`.
    pub sliced: bool,
}

impl Cfg {
    /// Slices of a row of context and mirror, and of connection state: one each, or as many as lie between two requests and
    /// between two writes. State is written every second cycle.
    pub fn ctx_slices(&self) -> (usize, usize) {
        if self.sliced {
            (3, 2)
        } else {
            (1, 1)
        }
    }

    /// Read latency of the TPT as whoever asks it sees it.
    pub fn tpt_latency(&self) -> usize {
        self.latency + usize::from(self.sliced)
    }

    /// Read latency of the context tables.
    pub fn ctx_latency(&self) -> usize {
        self.latency + usize::from(self.sliced)
    }

    /// Free entries that every FIFO behind the pipeline must have before something new is admitted: the window, two pushes
    /// that the four cycle old count does not know (one every two cycles), an entry that stays free, and one to spare.
    pub fn credit(&self) -> usize {
        self.window + 4
    }

    /// The same for reports, which pass one register more: a push that is on its way there.
    pub fn ack_credit(&self) -> usize {
        self.credit() + 1
    }

    /// Octets of a pool block are 2^this; `lk` = log2 of the octets in a beat.
    pub fn block_log(&self, lk: usize) -> usize {
        self.blk_bits + lk
    }

    /// Pool blocks that octets ahead of a gap may take in all: those that the longest FPDU does not need.
    pub fn early_blocks(&self, lk: usize) -> usize {
        let blocks = 1 << (self.pool_bits - self.blk_bits);
        blocks - self.max_fpdu.div_ceil(1 << self.block_log(lk)).min(blocks)
    }

    /// Of these, what one connection may take: three quarters.
    pub fn early_quota(&self, lk: usize) -> usize {
        self.early_blocks(lk) * 3 / 4
    }

    /// FPDUs of the assembler in flight between lookup and X3. An operation launched while a frame comes in waits for that
    /// frame's end, so one alone would be one a frame. A preset without `sack` is a slow line's: it has none of the
    /// registers for more.
    pub fn fpdus(&self) -> usize {
        if self.sack {
            4
        } else {
            1
        }
    }

    /// The assembler leaves a whole FPDU that is next where it is, in the staging RAM. `lk` = log2 of the octets in a beat: from
    /// 32 on, where copying takes as long as the wire does. Narrower ones with `sack` have clocks to spare.
    pub fn bypass(&self, lk: usize) -> bool {
        self.sack && lk >= 5
    }

    /// log2 of the depth of a FIFO that holds what is in flight.
    pub fn window_bits(&self) -> usize {
        self.window.next_power_of_two().ilog2() as usize
    }

    /// log2 of the depth of a FIFO behind the pipeline: the window, and as many items that wait for who takes them.
    pub fn queue_bits(&self) -> usize {
        (2 * self.window).next_power_of_two().ilog2() as usize
    }

    /// log2 of the deliveries that wait for the DMA port: as many as there are frame slots. While a long frame drains, short
    /// ones come in faster than they leave; staging and slots shall be what ends that, not the list of them.
    pub fn deliver_bits(&self) -> usize {
        self.queue_bits().max(self.slot_bits)
    }
}
