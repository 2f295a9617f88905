//! Checks the ready/valid rules on a stream of either direction.

use super::beat::Layout;
use crate::{Direction, Model, PortId, SimError};
use std::sync::Arc;

/// Watches a stream: valid, once up, stays up until ready, and no field changes meanwhile. A cycle
/// with the module's `reset` high starts afresh.
#[derive(Debug)]
pub struct Monitor {
    layout: Arc<Layout>,
    reset: Option<PortId>,
    stalled: bool,
    held: Box<[u8]>,
    now: Box<[u8]>,
}

impl Monitor {
    /// The stream of `prefix`, whichever way it goes.
    pub fn new(model: &Model, prefix: &str) -> Result<Self, SimError> {
        let valid = model.port(&format!("{prefix}_tvalid"))?;
        let direction: Direction = model.info(valid).direction;
        Ok(Self::of(
            model,
            Layout::find(model, prefix, direction, None)?,
        ))
    }

    /// The stream of a source or sink.
    pub fn of(model: &Model, layout: Arc<Layout>) -> Self {
        let bytes = vec![0; layout.bytes()].into_boxed_slice();
        Monitor {
            layout,
            reset: model.find("reset"),
            stalled: false,
            held: bytes.clone(),
            now: bytes,
        }
    }

    /// Checks this cycle; call after [`Model::settle`] and before [`Model::posedge`].
    #[inline]
    pub fn sample(&mut self, model: &Model) -> Result<(), SimError> {
        let valid = model.get_u64(self.layout.valid) != 0;
        if !self.stalled && !valid {
            return Ok(());
        }
        if self.reset.is_some_and(|r| model.get_u64(r) != 0) {
            self.stalled = false;
            return Ok(());
        }
        if self.stalled {
            if !valid {
                self.stalled = false;
                let text = "tvalid dropped before tready";
                return Err(self.layout.error(model.cycle(), text));
            }
            self.layout.read(model, &mut self.now);
            if self.now != self.held {
                let field = self.layout.first_difference(&self.now, &self.held);
                let text = format!("`{field}` changed while stalled");
                self.held.copy_from_slice(&self.now);
                return Err(self.layout.error(model.cycle(), text));
            }
        }
        let ready = self.layout.ready.is_none_or(|r| model.get_u64(r) != 0);
        if !ready && !self.stalled {
            self.layout.read(model, &mut self.held);
        }
        self.stalled = !ready;
        Ok(())
    }
}
