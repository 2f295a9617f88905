//! Scoreboard (stub).
use super::snd_types::*;
use rust_hdl::prelude::*;

/// What the scoreboard comes to.
#[derive(LogicStruct, Copy, Clone, Debug, PartialEq, Default)]
pub struct Sums {
    /// Octets that the peer holds above `una`.
    pub sacked: Bits<32>,
    /// Octets that are lost and were not sent again yet.
    pub gap: Bits<32>,
    /// The first of these: where it begins, how long its stretch is.
    pub hole: Bits<32>,
    pub hole_len: Bits<32>,
    /// `una` is lost.
    pub lost: bool,
}

/// Width of a connection number.
pub const WIDTH: usize = CONN;
