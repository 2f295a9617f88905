//! A loaded model and its instances: ports, clock, waves.

use crate::shim;
use crate::SimError;
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

/// Direction of a top port, as the module sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Driven by the test bench.
    Input,
    /// Driven by the model.
    Output,
}

/// One port of the top module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortInfo {
    /// Verilog name.
    pub name: String,
    /// Input or output.
    pub direction: Direction,
    /// Bits.
    pub width: u32,
    /// Bytes of its storage in the model: 1, 2, 4, 8, or a multiple of 4 above.
    pub(crate) storage_bytes: u32,
}

/// A port of one [`ModelLib`], resolved once by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortId(u32);

type Raw = *mut c_void;

/// Functions of the shim; valid while the library is loaded, which is for ever.
#[derive(Clone, Copy)]
struct Api {
    new: unsafe extern "C" fn(c_int, *mut Raw) -> Raw,
    free: unsafe extern "C" fn(Raw),
    pointers: unsafe extern "C" fn(Raw, *mut *mut u8),
    eval: unsafe extern "C" fn(Raw, c_int) -> c_int,
    text: unsafe extern "C" fn(Raw, *mut usize) -> *const c_char,
    clear: unsafe extern "C" fn(Raw),
    wave: Option<WaveApi>,
}

#[derive(Clone, Copy)]
struct WaveApi {
    open: unsafe extern "C" fn(Raw, *const c_char) -> c_int,
    dump: unsafe extern "C" fn(Raw, u64),
    flush: unsafe extern "C" fn(Raw),
    close: unsafe extern "C" fn(Raw),
}

struct LibInner {
    top: String,
    ports: Vec<PortInfo>,
    api: Api,
}

/// A built and loaded model; cheap to clone, makes any number of instances.
#[derive(Clone)]
pub struct ModelLib(Arc<LibInner>);

impl std::fmt::Debug for ModelLib {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModelLib({})", self.0.top)
    }
}

impl ModelLib {
    pub(crate) fn load(path: &Path, top: &str) -> Result<Self, SimError> {
        let error = |reason: String| SimError::Load {
            path: path.to_path_buf(),
            reason,
        };
        // SAFETY: the library is our shim and a Verilated model; its initialisers only set up the
        // C++ runtime.
        let library =
            unsafe { libloading::Library::new(path) }.map_err(|e| error(e.to_string()))?;
        // C++ thread-locals make unloading unsafe: the library stays for the process's life.
        let library: &'static libloading::Library = Box::leak(Box::new(library));
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the type is that of the shim's function of this name; the cache key
                // holds the shim's text, so library and type can't disagree.
                *unsafe { library.get(concat!($name, "\0").as_bytes()) }
                    .map_err(|e| error(e.to_string()))?
            };
        }
        let has_trace: unsafe extern "C" fn() -> c_int = symbol!("fw_has_trace");
        // SAFETY: takes nothing, returns a constant.
        let wave = match unsafe { has_trace() } {
            0 => None,
            _ => Some(WaveApi {
                open: symbol!("fw_wave_open"),
                dump: symbol!("fw_wave_dump"),
                flush: symbol!("fw_wave_flush"),
                close: symbol!("fw_wave_close"),
            }),
        };
        let ports: unsafe extern "C" fn() -> *const c_char = symbol!("fw_ports");
        // SAFETY: returns a NUL-terminated constant.
        let lines = unsafe { CStr::from_ptr(ports()) }.to_string_lossy();
        let ports = shim::parse_port_lines(&lines)
            .ok_or_else(|| error("unreadable port list".to_string()))?;
        let api = Api {
            new: symbol!("fw_new"),
            free: symbol!("fw_free"),
            pointers: symbol!("fw_pointers"),
            eval: symbol!("fw_eval"),
            text: symbol!("fw_text"),
            clear: symbol!("fw_clear"),
            wave,
        };
        Ok(ModelLib(Arc::new(LibInner {
            top: top.to_string(),
            ports,
            api,
        })))
    }

    /// Name of the top module.
    pub fn top(&self) -> &str {
        &self.0.top
    }

    /// Ports of the top module.
    pub fn ports(&self) -> &[PortInfo] {
        &self.0.ports
    }

    /// An instance whose unwritten state is random under seed 1. All inputs are 0.
    pub fn instance(&self) -> Model {
        self.instance_seeded(1)
    }

    /// An instance whose unwritten state (registers and memories) is random under `seed`: the
    /// same seed gives the same state. All inputs are 0.
    pub fn instance_seeded(&self, seed: u64) -> Model {
        // Verilator takes 31 bits and reads 0 as "pick one": spread the seed over the rest.
        let folded = (seed ^ (seed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let seed31 = (folded as c_int).max(1);
        let api = &self.0.api;
        let mut context = std::ptr::null_mut();
        // SAFETY: fw_new returns a new instance, owned by the Model and freed once in its Drop.
        let raw = unsafe { (api.new)(seed31, &mut context) };
        let mut pointers = vec![std::ptr::null_mut(); self.0.ports.len()];
        // SAFETY: the array has one entry a port, as the shim's port list says.
        unsafe { (api.pointers)(raw, pointers.as_mut_ptr()) };
        let slots = self
            .0
            .ports
            .iter()
            .zip(pointers)
            .map(|(port, pointer)| Slot::new(port, pointer))
            .collect();
        let mut model = Model {
            lib: self.0.clone(),
            raw,
            slots,
            cycle: 0,
            seed,
            wave: None,
            printed: String::new(),
        };
        for (i, port) in self.0.ports.iter().enumerate() {
            if port.direction == Direction::Input {
                model.set_u64(PortId(i as u32), 0);
            }
        }
        model
    }
}

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

struct Wave {
    api: WaveApi,
    period_ps: u64,
    /// Timestamp of the last dump, to keep time strictly rising.
    last: Option<u64>,
}

/// One instance of a model. May be moved between threads; each call runs on the caller's.
pub struct Model {
    lib: Arc<LibInner>,
    raw: Raw,
    slots: Box<[Slot]>,
    cycle: u64,
    seed: u64,
    wave: Option<Wave>,
    printed: String,
}

// SAFETY: an instance is used by one thread at a time (`&mut self`), and the shim sets the
// runtime's thread-local context at each entry.
unsafe impl Send for Model {}

impl Model {
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
        match unsafe { (self.lib.api.eval)(self.raw, level) } {
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

    /// Starts an FST dump of every cycle from here on. Cycle n (the value of [`Model::cycle`]) is
    /// at n x `period_ps` picoseconds: settled values with clock low there, the state after the
    /// rising edge half a period later.
    pub fn open_wave(&mut self, path: impl AsRef<Path>, period_ps: u64) -> Result<(), SimError> {
        let path = path.as_ref();
        let api = self.lib.api.wave.ok_or_else(|| SimError::NoTrace {
            top: self.lib.top.clone(),
        })?;
        if period_ps < 2 {
            return Err(SimError::Argument(format!(
                "clock period {period_ps} ps: give at least 2"
            )));
        }
        let bad = |kind| SimError::io(path, std::io::Error::from(kind));
        let name = CString::new(path.as_os_str().as_encoded_bytes())
            .map_err(|_| bad(std::io::ErrorKind::InvalidInput))?;
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).map_err(|e| SimError::io(dir, e))?;
        }
        // Tells a missing right from a full disk before the runtime swallows the reason.
        std::fs::File::create(path).map_err(|e| SimError::io(path, e))?;
        // SAFETY: `raw` is a live instance, `name` a NUL-terminated path.
        if unsafe { (api.open)(self.raw, name.as_ptr()) } == 0 {
            return Err(bad(std::io::ErrorKind::Other));
        }
        self.wave = Some(Wave {
            api,
            period_ps,
            last: None,
        });
        Ok(())
    }

    /// Ends the dump and completes the file; dropping the model does the same.
    pub fn close_wave(&mut self) {
        if let Some(wave) = self.wave.take() {
            // SAFETY: `raw` is a live instance.
            unsafe { (wave.api.close)(self.raw) };
        }
    }

    /// Writes what is dumped so far to the file.
    pub fn flush_wave(&mut self) {
        if let Some(wave) = &self.wave {
            // SAFETY: `raw` is a live instance.
            unsafe { (wave.api.flush)(self.raw) };
        }
    }

    fn dump(&mut self, half: u64) {
        let Some(wave) = &mut self.wave else { return };
        let time = self.cycle * wave.period_ps + half * (wave.period_ps / 2);
        if wave.last.is_none_or(|last| last < time) {
            wave.last = Some(time);
            // SAFETY: `raw` is a live instance.
            unsafe { (wave.api.dump)(self.raw, time) };
        }
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
