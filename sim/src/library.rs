//! A loaded model library: the shim's functions, the port list, new instances.

use crate::model::Model;
use crate::shim;
use crate::SimError;
use std::ffi::{c_char, c_int, c_void, CStr};
use std::path::{Path, PathBuf};
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
pub struct PortId(pub(crate) u32);

/// An instance behind the C ABI.
pub(crate) type Raw = *mut c_void;

/// Functions of the shim; valid while the library is loaded, which is for ever.
#[derive(Clone, Copy)]
pub(crate) struct Api {
    pub new: unsafe extern "C" fn(c_int, *mut Raw) -> Raw,
    pub free: unsafe extern "C" fn(Raw),
    pub pointers: unsafe extern "C" fn(Raw, *mut *mut u8),
    pub eval: unsafe extern "C" fn(Raw, c_int) -> c_int,
    pub text: unsafe extern "C" fn(Raw, *mut usize) -> *const c_char,
    pub clear: unsafe extern "C" fn(Raw),
    pub wave: Option<WaveApi>,
}

#[derive(Clone, Copy)]
pub(crate) struct WaveApi {
    pub open: unsafe extern "C" fn(Raw, *const c_char) -> c_int,
    pub dump: unsafe extern "C" fn(Raw, u64),
    pub flush: unsafe extern "C" fn(Raw),
    pub close: unsafe extern "C" fn(Raw),
}

pub(crate) struct LibInner {
    pub top: String,
    pub dir: PathBuf,
    pub ports: Vec<PortInfo>,
    pub api: Api,
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
            dir: path.parent().unwrap_or(path).to_path_buf(),
            ports,
            api,
        })))
    }

    /// Name of the top module.
    pub fn top(&self) -> &str {
        &self.0.top
    }

    /// Folder of the model: its Verilog text (`<top>.v`), Verilator's log and the library.
    pub fn dir(&self) -> &Path {
        &self.0.dir
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
        Model::new(self.0.clone(), raw, &pointers, seed)
    }
}
