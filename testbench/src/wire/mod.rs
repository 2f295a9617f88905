//! Wire formats: octets in, `Repr` structs out, and back. No module here keeps state.
//!
//! * [`ethernet`], [`ipv4`], [`ipv6`], [`tcp`]: one header each; [`ip`] is an IP header of either version, [`frame`] puts
//!   the three together.
//! * [`mpa`]: startup frames (RFC 5044 7.1, RFC 6581) and FPDUs with PAD, Markers and CRC32C.
//! * [`ddp`]: DDP and RDMAP headers (RFC 5041, RFC 5040, RFC 7306).
//! * [`checksum`]: the Internet checksum.
//!
//! A parser never looks behind the slice it was given and never panics; an emitter produces exactly what its `Repr` says,
//! also when that is illegal, because the tests need illegal frames.

pub mod checksum;
pub mod ddp;
pub mod ethernet;
pub mod frame;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod mpa;
pub mod tcp;

use thiserror::Error;

/// Why octets could not be read as the header asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireError {
    /// The slice ends before the header or the length it announces.
    #[error("{what}: {have} octets where {need} are needed")]
    Truncated {
        what: &'static str,
        need: usize,
        have: usize,
    },
    /// A field holds a value which makes the rest unreadable.
    #[error("{what}: field {field} is {value:#x}")]
    Malformed {
        what: &'static str,
        field: &'static str,
        value: u64,
    },
}

/// The first `n` octets of `data`, or `Truncated`.
pub(crate) fn need<'a>(
    what: &'static str,
    data: &'a [u8],
    n: usize,
) -> Result<&'a [u8], WireError> {
    data.get(..n).ok_or(WireError::Truncated {
        what,
        need: n,
        have: data.len(),
    })
}

pub(crate) fn be16(d: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([d[at], d[at + 1]])
}

pub(crate) fn be32(d: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([d[at], d[at + 1], d[at + 2], d[at + 3]])
}

pub(crate) fn be64(d: &[u8], at: usize) -> u64 {
    (u64::from(be32(d, at)) << 32) | u64::from(be32(d, at + 4))
}
