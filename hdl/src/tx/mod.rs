//! The transmit path. So far its core ([`mod@core`]): the frame builder ([`build`]), the TCP sender engine ([`snd`]), the [`acker`], the scheduler
//! ([`sched`]) and [`compose`], which joins them. None of it is part of the chip's top yet.

pub mod ack_issue;
pub mod ack_rules;
pub mod ack_types;
pub mod acker;
pub mod build;
pub mod compose;
pub mod core;
pub mod digest;
pub mod emit;
pub mod headers;
pub mod marks;
pub mod octets;
pub mod plan;
pub mod sched;
pub mod sched_queue;
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
pub mod store;
pub mod stream;
pub mod types;

pub use build::Build;
pub use types::{Template, TxCfg, TxFpdu, TxSeg};
