//! The transmit path. So far: the frame builder ([`build`]), the TCP sender engine ([`snd`]), and what lies in front of both, from
//! doorbell to FPDU job ([`work`]). None is part of the chip's top yet.

pub mod build;
pub mod cut;
pub mod digest;
pub mod emit;
pub mod headers;
pub mod land;
pub mod marks;
pub mod octets;
pub mod plan;
pub mod play;
pub mod play_issue;
pub mod play_plan;
pub mod play_read;
pub mod play_walk;
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
pub mod sq;
pub mod sq_parse;
pub mod store;
pub mod stream;
pub mod types;
pub mod work;
pub mod work_types;

pub use build::Build;
pub use sq::Sq;
pub use types::{Template, TxCfg, TxFpdu, TxSeg};
pub use work::Work;
pub use work_types::{RdReq, WorkCfg, Wqe};
