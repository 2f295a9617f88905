//! Takes a stream out of the model.

use super::beat::{Beat, Layout};
use super::pace::Pace;
use crate::{Direction, Model, SimError};
use std::collections::VecDeque;
use std::sync::Arc;

/// A packet collected from an AXI data stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The bytes that `tkeep` marks.
    pub bytes: Vec<u8>,
    /// `tuser` at `tlast` (0 without one).
    pub user: u128,
    /// Cycle of the first beat.
    pub first_cycle: u64,
    /// Cycle of the last beat.
    pub last_cycle: u64,
}

/// Collects the beats of a stream that the module gives out.
#[derive(Debug)]
pub struct StreamSink {
    layout: Arc<Layout>,
    taken: VecDeque<Beat>,
    pace: Pace,
    ready: bool,
    /// A beat was on offer in the last cycle and not taken.
    waiting: bool,
    packets: usize,
    beats: u64,
}

impl StreamSink {
    /// The stream of `prefix`: `<prefix>_tvalid` and the fields are outputs of the module,
    /// `<prefix>_tready` (if there) an input.
    /// Every output `<prefix>_*` is a field.
    pub fn new(model: &Model, prefix: &str) -> Result<Self, SimError> {
        Ok(Self::of(Layout::find(
            model,
            prefix,
            Direction::Output,
            None,
        )?))
    }

    /// As [`StreamSink::new`], with the fields named: for modules with other ports of that prefix.
    pub fn with_fields(model: &Model, prefix: &str, fields: &[&str]) -> Result<Self, SimError> {
        let layout = Layout::find(model, prefix, Direction::Output, Some(fields))?;
        Ok(Self::of(layout))
    }

    fn of(layout: Arc<Layout>) -> Self {
        StreamSink {
            layout,
            taken: VecDeque::new(),
            pace: Pace::full(),
            ready: false,
            waiting: false,
            packets: 0,
            beats: 0,
        }
    }

    /// When to be ready; default [`Pace::full`].
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// The stream's fields.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Sets ready for this cycle; call before [`Model::settle`].
    #[inline]
    pub fn drive(&mut self, model: &mut Model) {
        self.ready = self.pace.go(self.waiting);
        match self.layout.ready {
            Some(port) => model.set_u64(port, self.ready.into()),
            None => self.ready = true,
        }
    }

    /// Collects the beat that moves in this cycle; call after [`Model::settle`] and before
    /// [`Model::posedge`].
    #[inline]
    pub fn sample(&mut self, model: &Model) -> bool {
        let valid = model.get_u64(self.layout.valid) != 0;
        self.waiting = valid && !self.ready;
        if !(valid && self.ready) {
            return false;
        }
        let beat = Beat::read(&self.layout, model);
        self.packets += usize::from(self.ends_packet(&beat));
        self.taken.push_back(beat);
        self.beats += 1;
        true
    }

    fn ends_packet(&self, beat: &Beat) -> bool {
        self.layout.last.is_some_and(|l| beat.bytes(l)[0] != 0)
    }

    /// Beats collected and not popped.
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// No beat to pop.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Beats collected since the start.
    pub fn beats(&self) -> u64 {
        self.beats
    }

    /// Complete packets collected and not popped (beats with `tlast`).
    pub fn packets(&self) -> usize {
        self.packets
    }

    /// The oldest beat.
    pub fn pop(&mut self) -> Option<Beat> {
        let beat = self.taken.pop_front()?;
        self.packets -= usize::from(self.ends_packet(&beat));
        Some(beat)
    }

    /// All beats.
    pub fn take(&mut self) -> Vec<Beat> {
        self.packets = 0;
        std::mem::take(&mut self.taken).into()
    }

    /// Forgets what was collected.
    pub fn clear(&mut self) {
        self.taken.clear();
        self.packets = 0;
    }

    /// The oldest packet, `None` when no complete one is there. `tkeep` must be full except at
    /// `tlast`, and there one run from lane 0; anything else is a [`SimError::Protocol`].
    pub fn pop_packet(&mut self) -> Result<Option<Packet>, SimError> {
        let Some(data) = self.layout.data else {
            return Err(SimError::Argument(format!(
                "stream `{}` has no tdata: pop beats instead of packets",
                self.layout.prefix()
            )));
        };
        if self.packets == 0 {
            return Ok(None);
        }
        let lanes = self.layout.data_bytes();
        let mut packet = Packet {
            bytes: Vec::new(),
            user: 0,
            first_cycle: self.taken.front().map_or(0, |b| b.cycle),
            last_cycle: 0,
        };
        while let Some(beat) = self.pop() {
            let last = self.ends_packet(&beat);
            let used = match self.layout.keep.map(|k| run_of_ones(beat.bytes(k))) {
                None => lanes,
                Some(Some(n)) if n == lanes || (last && n > 0) => n,
                Some(_) => {
                    let text = format!("tkeep neither full nor one run at tlast: {beat:?}");
                    return Err(self.layout.error(beat.cycle, text));
                }
            };
            packet.bytes.extend_from_slice(&beat.bytes(data)[..used]);
            if last {
                packet.user = self.layout.user.map_or(0, |u| beat.get_id(u));
                packet.last_cycle = beat.cycle;
                break;
            }
        }
        Ok(Some(packet))
    }
}

/// How many ones from bit 0 up, if there is no other one.
fn run_of_ones(keep: &[u8]) -> Option<usize> {
    let mut run = 0;
    let mut ended = false;
    for byte in keep {
        let ones = byte.trailing_ones();
        let plain = ones == 8 || byte >> ones == 0;
        if !plain || (ended && *byte != 0) {
            return None;
        }
        run += ones as usize;
        ended |= ones < 8;
    }
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::run_of_ones;

    #[test]
    fn keep_runs() {
        assert_eq!(run_of_ones(&[0xff, 0x0f]), Some(12));
        assert_eq!(run_of_ones(&[0x07, 0x00]), Some(3));
        assert_eq!(run_of_ones(&[0x00, 0x00]), Some(0));
        assert_eq!(run_of_ones(&[0x0f, 0x01]), None);
        assert_eq!(run_of_ones(&[0x05]), None);
        assert_eq!(run_of_ones(&[0xff, 0xff]), Some(16));
    }
}
