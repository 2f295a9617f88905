//! Duel: the chip against the golden endpoint.
//!
//! A [`Setup`] holds connections with what their peers will send ([`ConnPlan`]); [`Duel::run`] plays it. Each peer is a closed
//! loop: it sends inside its window, goes on from what `ack_event` allows to be acknowledged and goes back after a quiet time,
//! as drops are legal. Host and transmit path do their part: receives are posted as slots get free, Reads issued, Read
//! Requests answered. What a peer sends depends on this only through gates (a Send is released when its receive is posted),
//! so the golden endpoint is fed the same octet stream once, without loss, and both must agree in the end on every octet
//! written, on the events and their fields, and on the error.
//!
//! Checked besides: nothing outside of a registered buffer is written (guard zones), every FPDU is placed exactly once and in
//! order, an event follows the last beat of all data before it, an acknowledgement never goes back and never covers what was
//! not sent, and there is progress (watchdog in cycles).

mod judge;
mod lockstep;
pub mod noise;
pub mod plan;
pub mod random;
mod random_ext;
mod run;
mod strangers;

pub use judge::{Expected, Mismatch};
pub use lockstep::Lockstep;
pub use noise::Noise;
pub use plan::{ConnPlan, Gate, OpPlan, Setup};
pub use run::{record, Duel, Report};

use super::{build, ChipError};
use ferrowarp_hdl::rx::cfg::Cfg;
use ferrowarp_sim::ModelLib;
use std::collections::HashMap;
use std::sync::Mutex;
use thiserror::Error;

/// Why a duel was lost, or not fought.
#[derive(Debug, Error)]
pub enum DuelError {
    #[error(transparent)]
    Chip(#[from] ChipError),
    #[error("the plan cannot be set up: {0}")]
    Plan(String),
    #[error("no progress for {cycles} cycles at cycle {at}: {what}")]
    Stuck { cycles: u64, at: u64, what: String },
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// Small tables that clear quickly, with pools that still hold the longest FPDU.
pub fn small_cfg(width: usize) -> Cfg {
    // 128 KiB of pool at every width.
    let beat_bits = (width / 8).trailing_zeros() as usize;
    Cfg {
        latency: if width == 512 { 3 } else { 2 },
        stage_bits: 16 - beat_bits,
        slot_bits: 5,
        pool_bits: 17 - beat_bits,
        blk_bits: 10 - beat_bits,
        conn_bits: 6,
        bucket_bits: 5,
        tpt_set_bits: 5,
        rq_bits: 3,
        ord_bits: 2,
        max_frame: 9018,
        max_fpdu: 65544,
        window: if width == 64 { 8 } else { 16 },
        ipv6: true,
        sack: true,
        markers: true,
        timestamps: true,
        parts: true,
        sliced: false,
    }
}

/// The model of [`small_cfg`], built once a process (and cached on disk).
pub fn small_model(width: usize) -> Result<ModelLib, ChipError> {
    waved_model(width, false)
}

/// As [`small_model`]; with `trace` it can write waveforms.
pub fn waved_model(width: usize, trace: bool) -> Result<ModelLib, ChipError> {
    static MODELS: Mutex<Option<HashMap<(usize, bool), ModelLib>>> = Mutex::new(None);
    let mut models = MODELS.lock().unwrap_or_else(|e| e.into_inner());
    let models = models.get_or_insert_with(HashMap::new);
    if let Some(m) = models.get(&(width, trace)) {
        return Ok(m.clone());
    }
    let m = build(width, &small_cfg(width), trace)?;
    models.insert((width, trace), m.clone());
    Ok(m)
}
