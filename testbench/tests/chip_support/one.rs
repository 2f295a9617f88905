//! One connection of the chip at small tables in lockstep with the golden endpoint, frame by frame, and its reports.

use super::chip;
use ferrowarp_abi::code::ack_mode;
use ferrowarp_testbench::build::{counted, fpdu, ulpdu, FrameSpec};
use ferrowarp_testbench::chip::duel::{ConnPlan, DuelError, Lockstep};
use ferrowarp_testbench::chip::{AckEvent, Region, StagRights};

pub type Done = Result<(), DuelError>;

pub const STAG: u32 = 0x0001_0155;
/// Sequence numbers wrap early in every case (TCP-32).
pub const SEQ: u32 = 0xffff_ffd0;

pub struct One {
    pub l: Lockstep,
    pub side: usize,
    /// Reports that [`One::reports`] has given.
    told: usize,
    to: u64,
}

impl One {
    /// The connection of `plan`, and a region that it may write.
    pub fn new(width: usize, seed: u64, plan: &ConnPlan) -> Self {
        let mut l = Lockstep::new(chip(width, seed), seed);
        let region = Region {
            stag: STAG,
            rights: StagRights {
                remote_write: true,
                ..Default::default()
            },
            pd: plan.pd,
            bound_to: None,
            base: 0,
            len: 60_000,
            pa: 0,
        };
        let side = l.install(plan).unwrap_or_else(|e| panic!("{e}"));
        l.region(region).unwrap_or_else(|e| panic!("{e}"));
        One {
            l,
            side,
            told: 0,
            to: 0,
        }
    }

    /// A test at 64 and at 512 bits; memory is compared at its end.
    pub fn run(seed: u64, plan: &ConnPlan, test: fn(&mut One) -> Done) {
        for width in super::WIDTHS {
            let mut b = One::new(width, seed, plan);
            test(&mut b).unwrap_or_else(|e| panic!("{width} bits: {e}"));
            b.l.compare_memory()
                .unwrap_or_else(|e| panic!("{width} bits: {e}"));
        }
    }

    /// A new connection in the place of the old one.
    pub fn fresh(&mut self) -> Done {
        self.l.renew(self.side, SEQ)?;
        self.l.forget();
        self.told = self.l.chip.acks.len();
        Ok(())
    }

    /// An FPDU with a Write of `n` octets to the next free place.
    pub fn write(&mut self, n: usize) -> Vec<u8> {
        let u = ulpdu::write(STAG, self.to, &counted(n), true);
        self.to = (self.to + n as u64) % 50_000;
        fpdu(&u)
    }

    /// The peer's next frame.
    pub fn spec(&self) -> FrameSpec {
        self.l.spec(self.side)
    }

    /// As `spec`, `by` octets further on.
    pub fn at(&self, by: i64) -> FrameSpec {
        let s = self.spec();
        FrameSpec {
            seq: s.seq.wrapping_add(by as u32),
            ..s
        }
    }

    /// Reports that were not looked at yet.
    pub fn reports(&mut self) -> Vec<AckEvent> {
        let a = self.l.acks(self.side, self.told);
        self.told = self.l.chip.acks.len();
        a
    }

    /// Sends a frame, compares, and returns the reports.
    pub fn send(&mut self, frame: Vec<u8>) -> Result<Vec<AckEvent>, DuelError> {
        self.l.frame(frame);
        self.l.settle()?;
        self.l.position(self.side)?;
        Ok(self.reports())
    }
}

/// What the reports ask to be sent.
pub fn modes(a: &[AckEvent]) -> Vec<u8> {
    a.iter()
        .map(|a| a.mode)
        .filter(|m| *m != ack_mode::NONE)
        .collect()
}
