//! Drives a stream into the model.

use super::beat::{Beat, Layout};
use super::pace::{Pace, Rng};
use crate::{Direction, Model, SimError};
use std::collections::VecDeque;
use std::sync::Arc;

/// Offers queued beats to a stream that the module takes in. Once valid is up it stays up with the
/// same values until the beat is taken. Between beats the fields hold seeded junk, so a module
/// that looks at them without valid is found out.
#[derive(Debug)]
pub struct StreamSource {
    layout: Arc<Layout>,
    queue: VecDeque<Beat>,
    pace: Pace,
    junk: Option<Rng>,
    /// The front of the queue is on the ports with valid up.
    offering: bool,
    idle_driven: bool,
    sent: u64,
    last_sent_cycle: u64,
}

impl StreamSource {
    /// The stream of `prefix`: `<prefix>_tvalid` and the fields are inputs of the module,
    /// `<prefix>_tready` (if there) an output.
    /// Every input `<prefix>_*` is a field.
    pub fn new(model: &Model, prefix: &str) -> Result<Self, SimError> {
        Ok(Self::of(
            model,
            Layout::find(model, prefix, Direction::Input, None)?,
        ))
    }

    /// As [`StreamSource::new`], with the fields named: for modules with other ports of that prefix.
    pub fn with_fields(model: &Model, prefix: &str, fields: &[&str]) -> Result<Self, SimError> {
        let layout = Layout::find(model, prefix, Direction::Input, Some(fields))?;
        Ok(Self::of(model, layout))
    }

    fn of(model: &Model, layout: Arc<Layout>) -> Self {
        StreamSource {
            layout,
            queue: VecDeque::new(),
            pace: Pace::full(),
            junk: Some(Rng::new(model.seed())),
            offering: false,
            idle_driven: false,
            sent: 0,
            last_sent_cycle: 0,
        }
    }

    /// When to offer; default [`Pace::full`].
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Whether the fields hold junk while valid is low (default), or keep the last values.
    pub fn set_junk(&mut self, on: bool) {
        self.junk = on.then(|| Rng::new(1));
    }

    /// The stream's fields.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// A beat of zeros, to fill with [`Beat::with`] and [`StreamSource::push`].
    pub fn beat(&self) -> Beat {
        self.layout.beat()
    }

    /// Queues a beat.
    pub fn push(&mut self, beat: Beat) {
        debug_assert_eq!(beat.layout().prefix(), self.layout.prefix());
        self.queue.push_back(beat);
    }

    /// Queues a packet of an AXI data stream: `bytes` from lane 0 of the first beat on, `tkeep` by
    /// the bytes in use, `tlast` at the end, where `tuser` (if there) gets `user`. Unused lanes
    /// hold junk. A packet needs a byte at least.
    pub fn push_packet(&mut self, bytes: &[u8], user: u128) -> Result<(), SimError> {
        let layout = &self.layout;
        let (Some(data), Some(last)) = (layout.data, layout.last) else {
            return Err(SimError::Argument(format!(
                "stream `{}` has no tdata and tlast: push beats instead of packets",
                layout.prefix()
            )));
        };
        let lanes = layout.data_bytes();
        if bytes.is_empty() || (layout.keep.is_none() && bytes.len() % lanes != 0) {
            return Err(SimError::Argument(format!(
                "packet of {} bytes on stream `{}`: needs a byte, and whole beats without tkeep",
                bytes.len(),
                layout.prefix()
            )));
        }
        let count = bytes.len().div_ceil(lanes);
        let mut rng = Rng::new(bytes.len() as u64);
        for (i, chunk) in bytes.chunks(lanes).enumerate() {
            let mut beat = layout.beat();
            if chunk.len() < lanes && self.junk.is_some() {
                let mut padded = chunk.to_vec();
                padded.resize_with(lanes, || rng.next() as u8);
                beat.set_bytes(data, &padded);
            } else {
                beat.set_bytes(data, chunk);
            }
            if let Some(keep) = layout.keep {
                let mut mask = vec![0u8; lanes.div_ceil(8)];
                (0..chunk.len()).for_each(|b| mask[b / 8] |= 1 << (b % 8));
                beat.set_bytes(keep, &mask);
            }
            if i + 1 == count {
                beat.set_id(last, 1);
                if let Some(field) = layout.user {
                    beat.set_id(field, user);
                }
            }
            self.queue.push_back(beat);
        }
        Ok(())
    }

    /// Beats not taken yet.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Beats taken so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Cycle in which the last beat was taken (0 before the first).
    pub fn last_sent_cycle(&self) -> u64 {
        self.last_sent_cycle
    }

    /// Forgets all beats, also the one on offer: for use with a reset.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.offering = false;
    }

    /// Sets the ports for this cycle; call before [`Model::settle`].
    #[inline]
    pub fn drive(&mut self, model: &mut Model) {
        if self.offering {
            return;
        }
        match self.queue.front() {
            Some(beat) if self.pace.go(true) => {
                self.layout.write(model, &beat.bytes);
                model.set_u64(self.layout.valid, 1);
                self.offering = true;
                self.idle_driven = false;
            }
            _ if !self.idle_driven => self.drive_idle(model),
            _ => {}
        }
    }

    /// Once a gap, not once a cycle.
    fn drive_idle(&mut self, model: &mut Model) {
        model.set_u64(self.layout.valid, 0);
        if let Some(rng) = &mut self.junk {
            let mut junk = vec![0; self.layout.bytes()];
            junk.iter_mut().for_each(|b| *b = rng.next() as u8);
            self.layout.write(model, &junk);
        }
        self.idle_driven = true;
    }

    /// Sees whether the beat on offer is taken in this cycle; call after [`Model::settle`] and
    /// before [`Model::posedge`].
    #[inline]
    pub fn sample(&mut self, model: &Model) -> bool {
        let taken = self.offering && self.layout.ready.is_none_or(|r| model.get_u64(r) != 0);
        if taken {
            self.queue.pop_front();
            self.offering = false;
            self.sent += 1;
            self.last_sent_cycle = model.cycle();
        }
        taken
    }
}
