//! One instance of a model: port access, clock, errors of the Verilog.

use crate::library::{Direction, LibInner, PortId, PortInfo, Raw};
use crate::wave::Wave;
use crate::SimError;
use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::Arc;

/// Storage of one port.
struct Slot {
    pointer: NonNull<u8>,
    /// Bytes of storage.
    bytes: u32,
    /// Bytes that hold bits: ceil(width / 8).
    used: u32,
    /// Mask of the low 64 bits.
    mask: u64,
    /// Mask of byte `used - 1`.
    top_mask: u8,
    input: bool,
}

impl Slot {
    fn new(port: &PortInfo, pointer: *mut u8) -> Slot {
        Slot {
            pointer: NonNull::new(pointer).unwrap_or(NonNull::dangling()),
            bytes: port.storage_bytes,
            used: port.width.div_ceil(8),
            mask: u64::MAX >> 64u32.saturating_sub(port.width),
            top_mask: 0xff >> ((8 - port.width % 8) % 8),
            input: port.direction == Direction::Input,
        }
    }
}

/// One instance of a model. May be moved between threads; each call runs on the caller's.
pub struct Model {
    pub(crate) lib: Arc<LibInner>,
    pub(crate) raw: Raw,
    /// The library's evaluation function, one load nearer than through `lib`.
    eval: unsafe extern "C" fn(Raw, c_int) -> c_int,
    slots: Box<[Slot]>,
    pub(crate) cycle: u64,
    seed: u64,
    pub(crate) wave: Option<Wave>,
    printed: String,
}

// SAFETY: an instance is used by one thread at a time (`&mut self`), and the shim sets the
// runtime's thread-local context at each entry.
unsafe impl Send for Model {}

impl Model {
    pub(crate) fn new(lib: Arc<LibInner>, raw: Raw, pointers: &[*mut u8], seed: u64) -> Model {
        let slots = lib.ports.iter().zip(pointers);
        let slots = slots.map(|(port, &p)| Slot::new(port, p)).collect();
        let mut model = Model {
            eval: lib.api.eval,
            lib,
            raw,
            slots,
            cycle: 0,
            seed,
            wave: None,
            printed: String::new(),
        };
        for i in 0..model.slots.len() {
            if model.slots[i].input {
                model.set_u64(PortId(i as u32), 0);
            }
        }
        model
    }

    /// Resolves a port name; do it once, outside the clock loop.
    pub fn port(&self, name: &str) -> Result<PortId, SimError> {
        match self.lib.ports.iter().position(|p| p.name == name) {
            Some(index) => Ok(PortId(index as u32)),
            None => Err(self.no_port(name)),
        }
    }

    /// As [`Model::port`], but the port must be an input.
    pub fn input(&self, name: &str) -> Result<PortId, SimError> {
        self.directed(name, Direction::Input)
    }

    /// As [`Model::port`], but the port must be an output.
    pub fn output(&self, name: &str) -> Result<PortId, SimError> {
        self.directed(name, Direction::Output)
    }

    /// The port if the module has it.
    pub fn find(&self, name: &str) -> Option<PortId> {
        let index = self.lib.ports.iter().position(|p| p.name == name)?;
        Some(PortId(index as u32))
    }

    /// What a port is.
    pub fn info(&self, port: PortId) -> &PortInfo {
        &self.lib.ports[port.0 as usize]
    }

    /// Ports of the top module.
    pub fn ports(&self) -> &[PortInfo] {
        &self.lib.ports
    }

    /// Name of the top module.
    pub fn top(&self) -> &str {
        &self.lib.top
    }

    fn directed(&self, name: &str, want: Direction) -> Result<PortId, SimError> {
        let id = self.port(name)?;
        if self.info(id).direction == want {
            return Ok(id);
        }
        Err(SimError::PortShape {
            top: self.lib.top.clone(),
            name: name.to_string(),
            reason: format!("needed as {want:?}, but it is the other way"),
        })
    }

    fn no_port(&self, name: &str) -> SimError {
        let names = || self.lib.ports.iter().map(|p| p.name.as_str());
        let stem = name.split('_').next().unwrap_or(name);
        let mut have: Vec<&str> = names().filter(|n| n.starts_with(stem)).collect();
        if have.is_empty() {
            have = names().collect();
        }
        SimError::NoPort {
            top: self.lib.top.clone(),
            name: name.to_string(),
            have: have.join(", "),
        }
    }

    /// Sets an input; bits above its width are cut off, bits above 64 of a wide port become 0.
    #[inline]
    pub fn set_u64(&mut self, port: PortId, value: u64) {
        let slot = &self.slots[port.0 as usize];
        debug_assert!(slot.input, "{} is an output", self.info(port).name);
        let value = value & slot.mask;
        let p = slot.pointer.as_ptr();
        // SAFETY: the storage has `bytes` bytes, aligned for its C++ type, and lives as long as
        // the instance.
        unsafe {
            match slot.bytes {
                1 => p.write(value as u8),
                2 => p.cast::<u16>().write(value as u16),
                4 => p.cast::<u32>().write(value as u32),
                8 => p.cast::<u64>().write_unaligned(value),
                wide => {
                    p.cast::<u64>().write_unaligned(value);
                    p.add(8).write_bytes(0, wide as usize - 8);
                }
            }
        }
    }

    /// The low 64 bits of a port.
    #[inline]
    pub fn get_u64(&self, port: PortId) -> u64 {
        let slot = &self.slots[port.0 as usize];
        let p = slot.pointer.as_ptr();
        // SAFETY: as in `set_u64`.
        unsafe {
            match slot.bytes {
                1 => p.read().into(),
                2 => p.cast::<u16>().read().into(),
                4 => p.cast::<u32>().read().into(),
                _ => p.cast::<u64>().read_unaligned(),
            }
        }
    }

    /// Sets an input from little-endian bytes: bit 0 is bit 0 of `bytes[0]`. Missing bytes are 0;
    /// bits and bytes above the width are cut off.
    #[inline]
    pub fn set_bytes(&mut self, port: PortId, bytes: &[u8]) {
        let slot = &self.slots[port.0 as usize];
        debug_assert!(slot.input, "{} is an output", self.info(port).name);
        let used = slot.used as usize;
        let n = bytes.len().min(used);
        let p = slot.pointer.as_ptr();
        // SAFETY: n <= used <= bytes of storage; source and storage do not overlap.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, n);
            p.add(n).write_bytes(0, slot.bytes as usize - n);
            *p.add(used - 1) &= slot.top_mask;
        }
    }

    /// Copies a port into little-endian bytes; bytes past its width become 0.
    #[inline]
    pub fn get_bytes(&self, port: PortId, bytes: &mut [u8]) {
        let slot = &self.slots[port.0 as usize];
        let n = bytes.len().min(slot.used as usize);
        let (low, high) = bytes.split_at_mut(n);
        // SAFETY: n <= bytes of storage; the storage outlives the call.
        unsafe { std::ptr::copy_nonoverlapping(slot.pointer.as_ptr(), low.as_mut_ptr(), n) };
        high.fill(0);
    }

    /// Sets up to 128 bits; bits above the port's width are cut off.
    #[inline]
    pub fn set_u128(&mut self, port: PortId, value: u128) {
        if self.slots[port.0 as usize].bytes <= 8 {
            self.set_u64(port, value as u64);
        } else {
            self.set_bytes(port, &value.to_le_bytes());
        }
    }

    /// The low 128 bits of a port.
    #[inline]
    pub fn get_u128(&self, port: PortId) -> u128 {
        if self.slots[port.0 as usize].bytes <= 8 {
            return self.get_u64(port).into();
        }
        let mut bytes = [0; 16];
        self.get_bytes(port, &mut bytes);
        u128::from_le_bytes(bytes)
    }

    /// Evaluates without touching the clock or the cycle counter. [`Model::settle`] is what a test
    /// bench wants; this is for designs without a `clock`.
    pub fn eval(&mut self) -> Result<(), SimError> {
        let level = self.find("clock").map_or(0, |c| self.get_u64(c));
        self.evaluate(level as c_int)
    }

    /// Clock low, combinational logic settles with the inputs as set. Outputs read now are those
    /// that the next [`Model::posedge`] sees. May be called again after changing inputs.
    #[inline]
    pub fn settle(&mut self) -> Result<(), SimError> {
        self.evaluate(0)
    }

    /// The rising clock edge: registers update, the cycle counter goes up by one.
    #[inline]
    pub fn posedge(&mut self) -> Result<(), SimError> {
        if self.wave.is_some() {
            self.dump(0);
        }
        let result = self.evaluate(1);
        if self.wave.is_some() {
            self.dump(1);
        }
        self.cycle += 1;
        result
    }

    /// [`Model::settle`], then [`Model::posedge`]: one whole cycle with the inputs as set.
    #[inline]
    pub fn tick(&mut self) -> Result<(), SimError> {
        self.settle()?;
        self.posedge()
    }

    /// Holds `reset` high for `cycles` cycles, then sets it low. Other inputs stay as they are.
    pub fn reset(&mut self, cycles: u64) -> Result<(), SimError> {
        let reset = self.input("reset")?;
        self.set_u64(reset, 1);
        for _ in 0..cycles {
            self.tick()?;
        }
        self.set_u64(reset, 0);
        Ok(())
    }

    /// Runs cycles until `done` is true at the sample point (outputs settled, before the edge), at
    /// most `limit` of them; returns how many edges passed. `what` names the thing waited for in
    /// the [`SimError::Hang`]. Inputs stay as they are: to drive some, write the loop or use
    /// [`crate::stream::Bench`].
    pub fn run_until(
        &mut self,
        limit: u64,
        what: &str,
        mut done: impl FnMut(&Model) -> bool,
    ) -> Result<u64, SimError> {
        for passed in 0..limit {
            self.settle()?;
            if done(self) {
                return Ok(passed);
            }
            self.posedge()?;
        }
        Err(SimError::Hang {
            cycles: limit,
            what: what.to_string(),
        })
    }

    /// Rising edges so far.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Seed of the unwritten state.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    #[inline]
    fn evaluate(&mut self, level: c_int) -> Result<(), SimError> {
        // SAFETY: `raw` is a live instance of this library.
        match unsafe { (self.eval)(self.raw, level) } {
            0 => Ok(()),
            status => Err(self.failure(status)),
        }
    }

    #[cold]
    fn failure(&mut self, status: c_int) -> SimError {
        let text = self.take_shim_text();
        if self.wave.is_some() {
            self.dump(0);
        }
        self.flush_wave();
        let cycle = self.cycle;
        match status {
            1 => {
                self.printed.push_str(&text);
                SimError::Finished { cycle }
            }
            2 => {
                let text = self.split_errors(&text);
                SimError::Assertion { cycle, text }
            }
            _ => {
                let text = match text.trim() {
                    "" => "it had failed before".to_string(),
                    text => text.replace('\n', "; "),
                };
                SimError::Aborted { cycle, text }
            }
        }
    }

    fn take_shim_text(&mut self) -> String {
        let mut length = 0;
        // SAFETY: the pointer and length stay valid until fw_clear below.
        let text = unsafe {
            let start = (self.lib.api.text)(self.raw, &mut length);
            let bytes = std::slice::from_raw_parts(start.cast::<u8>(), length);
            String::from_utf8_lossy(bytes).into_owned()
        };
        // SAFETY: `raw` is a live instance.
        unsafe { (self.lib.api.clear)(self.raw) };
        text
    }

    /// One line of the error texts; other printed lines are kept for [`Model::take_output`].
    fn split_errors(&mut self, text: &str) -> String {
        let mut errors = Vec::new();
        for line in text.lines() {
            match line.split_once("%Error: ").or(line.split_once("%Fatal: ")) {
                Some((_, error)) => errors.push(error),
                None => {
                    self.printed.push_str(line);
                    self.printed.push('\n');
                }
            }
        }
        if errors.is_empty() {
            return text.trim().replace('\n', "; ");
        }
        errors.join("; ")
    }

    /// What `$display` and `$write` printed since the last call (at most 1 MiB is kept).
    pub fn take_output(&mut self) -> String {
        let text = self.take_shim_text();
        let mut all = std::mem::take(&mut self.printed);
        all.push_str(&text);
        all
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the instance is freed here only; `lib` keeps its code loaded.
        unsafe { (self.lib.api.free)(self.raw) };
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({}, cycle {})", self.lib.top, self.cycle)
    }
}
