//! Primitives: the blocks every datapath is built of.
//!
//! `D` is the data width in bits (64, 128, 256, 512), `K = D / 8` its bytes, `LK = log2 K`, `C = LK + 1`. Byte `i` of a
//! vector is bits `8i+7 : 8i` and is the `i`-th on the wire. Beat indices are [`BEAT_BITS`] wide.
//!
//! | block | ports | latency | body |
//! |---|---|---|---|
//! | [`Reg`], [`RegNr`] | d -> q; `Reg` has a reset value | 1 | emitter |
//! | [`Ram`] | clock, we, waddr, wdata, raddr -> rdata | 1, 2 or 3 | text |
//! | [`RamBe`] | as `Ram`, one we bit a byte | 1, 2 or 3 | text |
//! | [`RamRw`] | as `RamBe`; the write port reads when it does not write | 2 | text |
//! | [`RamLanes`] | as `Ram`, one we bit a lane | 1, 2 or 3 | text |
//! | [`FwdRam`] | as `Ram`; a read sees a write of its cycle | 1 | text |
//! | [`LutRam`] | as `Ram` | 0 | text |
//! | [`RamClear`] | clock, reset -> addr, active, done | 2^addr_bits cycles | text |
//! | [`Fifo`] | clock, reset, din, push, pop -> full, room, dout, valid | 1 | text |
//! | [`BypassFifo`] | as `Fifo` | 0 | text |
//! | [`RotateBytes`] | din, amt -> dout | 0 | text |
//! | [`MergeRotate`] | lo, hi, off -> dout | 0 | text |
//! | [`KeepToLen`] | keep -> len | 0 | text |
//! | [`LenToKeep`] | len -> keep | 0 | text |
//! | [`LanesFrom`], [`LanesTo`], [`FixedLanes`] | position, beat -> mask | 0 | text |
//! | [`ApplyMask`] | data, keep, flip -> dout | 0 | text |
//! | [`CrcData`] | data -> crc | 0 | text |
//! | [`CrcShift`] | state -> shifted | 0 | text |
//! | [`CrcResidue`] | state, pad -> ok | 0 | text |
//! | [`CrcWant`] | pad -> want | 0 | text |
//! | [`FieldCapture`] | clock, en, beat, data, moved -> hdr | 1 | text |
//! | [`PayloadCapture`] | clock, en, beat, data, hh -> header, header_next | 1 | text |
//! | [`Skid`] | clock, reset, din, din_valid, dout_ready -> din_ready, dout, dout_valid | 1 | text |
//! | [`SumBeat`], [`SumGroups`] | data, mask -> sum or g0..g3 | 0 | text |
//! | [`SumJoin`] | g0..g3 -> sum | 0 | text |
//! | [`FoldSum`] | acc -> fold | 0 | text |
//! | [`TupleHash`] | tuple -> h0, h1, fp | 0 | text |
//! | [`FindFirst`] | req -> grant, index, any | 0 | text |
//! | [`Bswap`], [`Pack`], [`Unpack`] | din -> dout | 0 | text |
//! | [`Equal`] | a, b -> same | 0 | text |
//!
//! Outputs that a parent does not need may be left unread.

pub mod capture;
pub mod crc32c;
pub mod csum;
pub mod equal;
pub mod fifo;
pub mod hash;
pub mod keep;
pub mod mask;
pub mod narrow;
pub mod ram;
pub mod ram_lanes;
pub mod ram_rw;
mod ram_sliced;
pub mod reduce;
pub mod reg;
pub mod rotate;
pub mod skid;
pub mod text;

pub use capture::{Field, FieldCapture, PayloadCapture, Place, CAPTURE_BYTES};
pub use crc32c::{crc_residue, CrcData, CrcResidue, CrcShift, CrcWant, POLY};
pub use csum::{FoldSum, SumBeat, SumGroups, SumJoin, GROUP_BITS, SUM_BITS};
pub use equal::Equal;
pub use fifo::{BypassFifo, Fifo};
pub use hash::{tuple_hash, TupleHash};
pub use keep::{FixedLanes, KeepToLen, LanesFrom, LanesTo, LenToKeep, Octets, POSITION};
pub use mask::ApplyMask;
pub use ram::{Collision, FwdRam, LutRam, Ram, RamBe, RamClear};
pub use ram_lanes::RamLanes;
pub use ram_rw::RamRw;
pub use reduce::{Bswap, FindFirst, Pack, Unpack};
pub use reg::{Reg, RegNr};
pub use rotate::{MergeRotate, RotateBytes};
pub use skid::Skid;
pub use text::BEAT_BITS;
