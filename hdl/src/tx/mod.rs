//! The transmit path. So far: the TCP sender engine `snd`. No part of the chip's top yet.
pub mod snd;
pub mod snd_cc;
pub mod snd_decide;
pub mod snd_grant;
pub mod snd_issue;
pub mod snd_rtt;
pub mod snd_sack;
pub mod snd_seq;
pub mod snd_state;
pub mod snd_sums;
pub mod snd_timer;
pub mod snd_types;
