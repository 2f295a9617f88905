//! A model with its sources, sinks and monitors, clocked together.

use super::{Monitor, StreamSink, StreamSource};
use crate::{Model, SimError};

/// Calls every part in the right order each cycle. Parts are public: reach them by the index that
/// adding them gave.
#[derive(Debug)]
pub struct Bench {
    /// The model; set other inputs here between cycles.
    pub model: Model,
    /// Drivers of the module's input streams.
    pub sources: Vec<StreamSource>,
    /// Collectors of its output streams.
    pub sinks: Vec<StreamSink>,
    /// Rule checks: one for each sink, and those added.
    pub monitors: Vec<Monitor>,
}

impl Bench {
    /// A bench without streams yet.
    pub fn new(model: Model) -> Self {
        Bench {
            model,
            sources: Vec::new(),
            sinks: Vec::new(),
            monitors: Vec::new(),
        }
    }

    /// Adds a source; returns its index in [`Bench::sources`].
    pub fn source(&mut self, prefix: &str) -> Result<usize, SimError> {
        self.sources.push(StreamSource::new(&self.model, prefix)?);
        Ok(self.sources.len() - 1)
    }

    /// Adds a sink and a monitor of its stream; returns its index in [`Bench::sinks`].
    pub fn sink(&mut self, prefix: &str) -> Result<usize, SimError> {
        let sink = StreamSink::new(&self.model, prefix)?;
        self.monitors
            .push(Monitor::of(&self.model, sink.layout().clone()));
        self.sinks.push(sink);
        Ok(self.sinks.len() - 1)
    }

    /// Holds `reset` high for `cycles` cycles with all streams quiet, then sets it low.
    pub fn reset(&mut self, cycles: u64) -> Result<(), SimError> {
        self.model.reset(cycles)
    }

    /// The first half of a cycle: drives the streams and settles. Outputs may be read, then call
    /// [`Bench::finish`].
    #[inline]
    pub fn begin(&mut self) -> Result<(), SimError> {
        let model = &mut self.model;
        self.sources.iter_mut().for_each(|s| s.drive(model));
        self.sinks.iter_mut().for_each(|s| s.drive(model));
        model.settle()
    }

    /// The second half of a cycle: samples the streams, checks the rules, clocks.
    #[inline]
    pub fn finish(&mut self) -> Result<(), SimError> {
        let model = &self.model;
        for source in &mut self.sources {
            source.sample(model);
        }
        for sink in &mut self.sinks {
            sink.sample(model);
        }
        for monitor in &mut self.monitors {
            monitor.sample(model)?;
        }
        self.model.posedge()
    }

    /// One cycle.
    #[inline]
    pub fn cycle(&mut self) -> Result<(), SimError> {
        self.begin()?;
        self.finish()
    }

    /// `count` cycles.
    pub fn cycles(&mut self, count: u64) -> Result<(), SimError> {
        (0..count).try_for_each(|_| self.cycle())
    }

    /// Runs whole cycles until `done`, at most `limit`; returns how many. `what` names the thing
    /// waited for in the [`SimError::Hang`].
    pub fn run_until(
        &mut self,
        limit: u64,
        what: &str,
        mut done: impl FnMut(&mut Bench) -> bool,
    ) -> Result<u64, SimError> {
        for passed in 0..limit {
            if done(self) {
                return Ok(passed);
            }
            self.cycle()?;
        }
        if done(self) {
            return Ok(limit);
        }
        Err(SimError::Hang {
            cycles: limit,
            what: what.to_string(),
        })
    }
}
