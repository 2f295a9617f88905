//! Verilator and the C++ compiler: found once a process, with the runtime library and the
//! precompiled header that every model of a cache folder shares (they are most of the build time
//! of a small model).

use crate::cache;
use crate::SimError;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The programs that turn Verilog into a shared library.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// `verilator_bin`, or `verilator`.
    pub verilator: PathBuf,
    /// Folder of Verilator's C++ headers and runtime sources.
    pub include: PathBuf,
    /// C++ compiler.
    pub cxx: PathBuf,
    /// Versions of both, part of every cache key.
    pub versions: String,
}

/// Compiler flags that the runtime, the precompiled header and every model must have in common.
/// `-fno-gnu-unique` and hidden visibility keep two models in one process from merging their
/// runtime's globals.
const COMMON: &[&str] = &[
    "-std=gnu++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-gnu-unique",
    "-fcf-protection=none",
    "-faligned-new",
    "-w",
    "-DVM_SC=0",
    "-DVM_TRACE_VCD=0",
    "-DVL_USER_STOP",
    "-DVL_USER_FATAL",
    "-DVL_USER_FINISH",
];

const HEADER: &str = "fw_model.h";

/// Included before everything else: sends the runtime's text to the shim.
const HEADER_TEXT: &str = "#pragma once
void fw_printf(const char* format, ...);
#define VL_PRINTF fw_printf
#include \"verilated.h\"
#include \"verilated_heavy.h\"
#if VM_TRACE
#include \"verilated_fst_c.h\"
#endif
#include <mutex>
#include <string>
";

impl Toolchain {
    /// Finds the tools: `$VERILATOR` and `$CXX` when set, else PATH.
    pub fn find() -> Result<&'static Toolchain, SimError> {
        static FOUND: OnceLock<Toolchain> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found);
        }
        let env = |name| std::env::var(name).ok().filter(|v: &String| !v.is_empty());
        let fresh = Self::find_with(env("VERILATOR"), env("CXX"))?;
        Ok(FOUND.get_or_init(|| fresh))
    }

    /// As [`Toolchain::find`], with the two programs given.
    pub fn find_with(
        verilator: Option<String>,
        cxx: Option<String>,
    ) -> Result<Toolchain, SimError> {
        // The binary starts 15 times faster than its perl wrapper.
        let names = match &verilator {
            Some(given) => vec![given.as_str()],
            None => vec!["verilator_bin", "verilator"],
        };
        let (verilator, v_version) = probe("verilator", &names)?;
        let names = match &cxx {
            Some(given) => vec![given.as_str()],
            None => vec!["g++", "clang++", "c++"],
        };
        let (cxx, c_version) = probe("C++ compiler", &names)?;
        let root = match std::env::var("VERILATOR_ROOT") {
            Ok(root) if !root.is_empty() => root,
            _ => output(&verilator, &["--getenv", "VERILATOR_ROOT"]).unwrap_or_default(),
        };
        let include = Path::new(root.trim()).join("include");
        if !include.join("verilated.cpp").is_file() {
            return Err(SimError::ToolMissing {
                tool: "verilator",
                tried: format!("no runtime sources in {}", include.display()),
            });
        }
        Ok(Toolchain {
            versions: format!("{v_version}\n{c_version}\n{}", include.display()),
            verilator,
            include,
            cxx,
        })
    }

    /// A compiler command with the flags common to runtime and models.
    pub fn compiler(&self, trace: bool) -> Command {
        let mut command = Command::new(&self.cxx);
        command
            .args(COMMON)
            .arg(format!("-DVM_TRACE={}", trace as u8))
            .arg(format!("-DVM_TRACE_FST={}", trace as u8))
            .arg("-I")
            .arg(&self.include)
            .stdin(Stdio::null());
        command
    }

    /// Everything of the compile commands that can change a built model.
    pub fn fingerprint(&self) -> String {
        format!("{}\n{COMMON:?}\n{HEADER_TEXT}", self.versions)
    }

    /// Folder with `runtime*.o` and the precompiled header; built once per cache folder, about
    /// five seconds.
    pub fn runtime(&self, cache_dir: &Path, trace: bool) -> Result<Runtime, SimError> {
        let kind = if trace { "trace" } else { "plain" };
        let key = cache::hash([self.fingerprint().as_str(), kind, "runtime 3"]);
        let key = format!("runtime-{key}");
        let mut sources = vec!["verilated.cpp", "verilated_threads.cpp"];
        if trace {
            sources.push("verilated_fst_c.cpp");
        }
        let objects: Vec<String> = sources.iter().map(|s| s.replace(".cpp", ".o")).collect();
        let dir = cache::get_or_build(cache_dir, &key, |dir| {
            let header = dir.join(HEADER);
            fs::write(&header, HEADER_TEXT).map_err(|e| SimError::io(&header, e))?;
            let mut jobs = Vec::new();
            for (source, object) in sources.iter().zip(&objects) {
                let mut job = self.compiler(trace);
                // Only the wave writer is ever hot.
                let opt = if source.contains("fst") { "-O2" } else { "-O1" };
                job.args([opt, "-include", HEADER, "-c"]);
                job.arg(self.include.join(source)).arg("-o").arg(object);
                jobs.push(job);
            }
            let mut job = self.compiler(trace);
            job.args(["-O2", "-x", "c++-header", HEADER, "-o"]);
            // Written under another name: the other jobs must not see half of it.
            job.arg("pch.tmp");
            jobs.push(job);
            let log = cache::failed_dir(cache_dir, &key).join("log");
            run_jobs(jobs, dir, "verilated runtime", &log)?;
            let gch = dir.join(format!("{HEADER}.gch"));
            fs::rename(dir.join("pch.tmp"), &gch).map_err(|e| SimError::io(&gch, e))
        })?;
        Ok(Runtime {
            header: dir.join(HEADER),
            objects: objects.iter().map(|o| dir.join(o)).collect(),
        })
    }
}

/// The parts that all models of one cache folder share.
#[derive(Debug)]
pub struct Runtime {
    /// Header to `-include`; its precompiled form is beside it.
    pub header: PathBuf,
    /// Objects to link.
    pub objects: Vec<PathBuf>,
}

/// Runs compiler jobs in `dir`, at most one a core and eight at a time; `log` is where the text will be found when
/// one fails (the folder is renamed on failure).
pub fn run_jobs(jobs: Vec<Command>, dir: &Path, top: &str, log: &Path) -> Result<(), SimError> {
    let count = jobs.len();
    let queue = std::sync::Mutex::new(jobs);
    let failure = std::sync::Mutex::new(None::<String>);
    let worker = || loop {
        let Some(mut job) = queue.lock().ok().and_then(|mut q| q.pop()) else {
            return;
        };
        let text = match job.current_dir(dir).output() {
            Ok(out) if out.status.success() => continue,
            Ok(out) => format!(
                "{job:?}\n{}{}",
                String::from_utf8_lossy(&out.stderr),
                String::from_utf8_lossy(&out.stdout)
            ),
            Err(error) => format!("{job:?}\nerror: {error}"),
        };
        if let (Ok(mut q), Ok(mut f)) = (queue.lock(), failure.lock()) {
            q.clear();
            f.get_or_insert(text);
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 1..cores.min(8).min(count) {
            scope.spawn(worker);
        }
        worker();
    });
    let Some(text) = failure.into_inner().ok().flatten() else {
        return Ok(());
    };
    let _ = fs::write(dir.join("log"), &text);
    Err(SimError::Compile {
        top: top.to_string(),
        first: text
            .lines()
            .skip(1)
            .find(|l| l.contains("error"))
            .unwrap_or("the compiler failed")
            .to_string(),
        log: log.to_path_buf(),
    })
}

fn probe(tool: &'static str, names: &[&str]) -> Result<(PathBuf, String), SimError> {
    for name in names {
        if let Some(version) = output(Path::new(name), &["--version"]) {
            return Ok((PathBuf::from(name), version));
        }
    }
    Err(SimError::ToolMissing {
        tool,
        tried: format!("tried {}", names.join(", ")),
    })
}

/// Standard output of a command that succeeded.
fn output(program: &Path, args: &[&str]) -> Option<String> {
    let out = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
