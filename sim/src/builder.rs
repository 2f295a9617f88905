//! From Verilog text to a loaded library: Verilator, C++ compiler, cache.

use crate::cache;
use crate::library::ModelLib;
use crate::shim;
use crate::toolchain::{run_jobs, Toolchain};
use crate::SimError;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Warnings off for every model: the emitter writes all modules into one file.
const ALWAYS_OFF: &[&str] = &["DECLFILENAME"];

/// Recipe of a model. The same recipe (text, top and options) is built once a cache folder.
#[derive(Debug, Clone)]
pub struct ModelBuilder {
    verilog: String,
    top: String,
    trace: bool,
    threads: u32,
    waivers: Vec<String>,
    cache_dir: Option<PathBuf>,
    opt: Option<String>,
    tools: Option<Toolchain>,
}

impl ModelBuilder {
    /// A model of module `top` of the Verilog text `verilog`.
    pub fn new(verilog: &str, top: &str) -> Self {
        ModelBuilder {
            verilog: verilog.to_string(),
            top: top.to_string(),
            trace: false,
            threads: 1,
            waivers: Vec::new(),
            cache_dir: None,
            opt: None,
            tools: None,
        }
    }

    /// With FST waves ([`crate::Model::open_wave`]). Built and cached apart from the plain model,
    /// which is faster.
    pub fn trace(mut self, on: bool) -> Self {
        self.trace = on;
        self
    }

    /// Folder of built models; default [`ModelBuilder::default_cache_dir`].
    pub fn cache_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.cache_dir = Some(dir.as_ref().to_path_buf());
        self
    }

    /// `$FERROWARP_CACHE`, else `verilator/` in the target folder of the workspace around the
    /// current directory, else `./build/verilator`.
    pub fn default_cache_dir() -> PathBuf {
        cache::default_dir()
    }

    /// Threads that evaluate one instance (1 to 64, default 1); pays only for large designs.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Verilator warnings (such as `UNUSEDSIGNAL`) that do not fail the build. Write the reason
    /// beside the call.
    pub fn waive(mut self, waivers: &[&str]) -> Self {
        self.waivers.extend(waivers.iter().map(|w| w.to_string()));
        self
    }

    /// Optimisation of the C++ compiler. Default: `-O2` for small models, `-O1` for models of more
    /// than about a thousand lines, which halves their build and costs about a tenth of the speed:
    /// give `-O2` where a large model runs for long.
    pub fn opt(mut self, flag: &str) -> Self {
        self.opt = Some(flag.to_string());
        self
    }

    /// Uses these programs instead of those found on PATH.
    pub fn tools(mut self, verilator: &str, cxx: &str) -> Result<Self, SimError> {
        let given = |name: &str| Some(name.to_string());
        self.tools = Some(Toolchain::find_with(given(verilator), given(cxx))?);
        Ok(self)
    }

    /// Builds the model, or finds it in the cache, and loads it.
    pub fn build(&self) -> Result<ModelLib, SimError> {
        let tools = self.toolchain()?;
        let flags = self.verilator_flags()?;
        let dir = self.cache_dir.clone().unwrap_or_else(cache::default_dir);
        // The compiler runs in another folder, so relative paths would not be found there.
        let dir = std::path::absolute(&dir).map_err(|e| SimError::io(&dir, e))?;
        let key = self.key(tools, &flags);
        let built = cache::get_or_build(&dir, &key, |temp| {
            let failed = cache::failed_dir(&dir, &key);
            self.compile(tools, &flags, temp, &failed, &dir)
        })?;
        ModelLib::load(&built.join("model.so"), &self.top)
    }

    fn toolchain(&self) -> Result<&Toolchain, SimError> {
        match &self.tools {
            Some(tools) => Ok(tools),
            None => Toolchain::find(),
        }
    }

    fn key(&self, tools: &Toolchain, flags: &[String]) -> String {
        let auto = format!("auto 2 {UNIT_COST} {QUICK_COST}");
        let opt = self.opt.as_deref().unwrap_or(&auto);
        let shape = format!("{flags:?} {opt} {} abi {}", self.trace, shim::ABI);
        cache::hash([
            self.verilog.as_str(),
            &self.top,
            &shape,
            &tools.fingerprint(),
            &shim::generate(&[], self.threads),
        ])
    }

    fn verilator_flags(&self) -> Result<Vec<String>, SimError> {
        if !(1..=64).contains(&self.threads) {
            return Err(SimError::Argument(format!(
                "threads({}): give 1 to 64",
                self.threads
            )));
        }
        let mut flags: Vec<String> = [
            "--cc",
            "--assert",
            "--x-assign",
            "unique",
            "--x-initial",
            "unique",
            "--timescale",
            "1ps/1ps",
            // Small files spread over the cores; functions short enough for the compiler, long
            // enough to keep temporaries in registers (measured: 500 runs at half the speed).
            "--output-split",
            "5000",
            "--output-split-cfuncs",
            "2000",
            "--prefix",
            "Vmodel",
            "--Mdir",
            ".",
        ]
        .map(String::from)
        .to_vec();
        flags.extend(["--threads".into(), self.threads.to_string()]);
        if self.trace {
            flags.push("--trace-fst".into());
        }
        flags.extend(warning_flags(&self.waivers)?);
        Ok(flags)
    }

    fn compile(
        &self,
        tools: &Toolchain,
        flags: &[String],
        temp: &Path,
        failed: &Path,
        cache_dir: &Path,
    ) -> Result<(), SimError> {
        let write = |name: &str, text: &str| {
            let path = temp.join(name);
            fs::write(&path, text).map_err(|e| SimError::io(path, e))
        };
        verilate(
            tools,
            flags,
            &self.verilog,
            &self.top,
            temp,
            &failed.join("log"),
        )?;
        let header_path = temp.join("Vmodel.h");
        let header = fs::read_to_string(&header_path).map_err(|e| SimError::io(header_path, e))?;
        let ports = shim::parse_header(&header).map_err(|reason| SimError::Compile {
            top: self.top.clone(),
            first: reason,
            log: failed.join("Vmodel.h"),
        })?;
        write("shim.cpp", &shim::generate(&ports, self.threads))?;

        let runtime = tools.runtime(cache_dir, self.trace)?;
        let (cost, units) = units(temp)?;
        let auto = if cost > QUICK_COST { "-O1" } else { "-O2" };
        let opt = self.opt.as_deref().unwrap_or(auto);
        let mut jobs = Vec::new();
        let mut objects = Vec::new();
        for (i, unit) in units.iter().enumerate() {
            write(&format!("unit{i}.cpp"), unit)?;
            let object = format!("unit{i}.o");
            let mut job = tools.compiler(self.trace);
            job.args([opt, "-I."]);
            job.arg("-include").arg(&runtime.header);
            job.args(["-c", &format!("unit{i}.cpp"), "-o", &object]);
            jobs.push(job);
            objects.push(object);
        }
        let log = failed.join("log");
        run_jobs(jobs, temp, &self.top, &log)?;
        let mut link = tools.compiler(self.trace);
        link.args(["-shared", "-o", "model.so"]).args(&objects);
        link.args(&runtime.objects).arg("-pthread");
        if self.trace {
            link.arg("-lz");
        }
        run_jobs(vec![link], temp, &self.top, &log)?;
        tidy(temp);
        Ok(())
    }
}

/// Checks `verilog` with `verilator --lint-only -Wall`; any warning not in `waivers` is an error.
pub fn lint(verilog: &str, top: &str, waivers: &[&str]) -> Result<(), SimError> {
    let tools = Toolchain::find()?;
    let waivers: Vec<String> = waivers.iter().map(|w| w.to_string()).collect();
    let mut flags = vec!["--lint-only".to_string()];
    flags.extend(warning_flags(&waivers)?);
    let cache_dir = cache::default_dir();
    let key = format!(
        "lint-{}",
        cache::hash([verilog, top, &format!("{flags:?}")])
    );
    let temp = cache::temp_dir(&cache_dir, &key);
    fs::create_dir_all(&temp).map_err(|e| SimError::io(&temp, e))?;
    let failed = cache::failed_dir(&cache_dir, &key);
    let result = verilate(tools, &flags, verilog, top, &temp, &failed.join("log"));
    let _ = fs::remove_dir_all(&failed);
    match &result {
        Err(SimError::Verilog { .. }) => drop(fs::rename(&temp, &failed)),
        _ => drop(fs::remove_dir_all(&temp)),
    }
    result
}

fn warning_flags(waivers: &[String]) -> Result<Vec<String>, SimError> {
    let mut flags = vec!["-Wall".to_string()];
    flags.extend(ALWAYS_OFF.iter().map(|w| format!("-Wno-{w}")));
    for waiver in waivers {
        let code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if waiver.is_empty() || !waiver.chars().all(code) {
            return Err(SimError::Argument(format!(
                "waiver `{waiver}`: give a Verilator warning code such as UNUSEDSIGNAL"
            )));
        }
        flags.push(format!("-Wno-{waiver}"));
    }
    Ok(flags)
}

/// Runs Verilator on `<dir>/<top>.v`; all it says goes to `<dir>/log`.
fn verilate(
    tools: &Toolchain,
    flags: &[String],
    verilog: &str,
    top: &str,
    dir: &Path,
    log: &Path,
) -> Result<(), SimError> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if top.is_empty() || !top.chars().all(word) {
        return Err(SimError::Argument(format!(
            "top `{top}`: give a plain Verilog module name"
        )));
    }
    let file = format!("{top}.v");
    let path = dir.join(&file);
    // A text without a last newline is a warning of its own, and no fault of the design.
    let end = if verilog.ends_with('\n') { "" } else { "\n" };
    fs::write(&path, format!("{verilog}{end}")).map_err(|e| SimError::io(&path, e))?;
    let out = Command::new(&tools.verilator)
        .args(flags)
        .args(["--top-module", top, &file])
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| SimError::ToolMissing {
            tool: "verilator",
            tried: format!("{}: {e}", tools.verilator.display()),
        })?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stderr),
        String::from_utf8_lossy(&out.stdout)
    );
    let _ = fs::write(dir.join("log"), &text);
    if out.status.success() {
        return Ok(());
    }
    let line = |mark| text.lines().find(|l: &&str| l.starts_with(mark));
    let real_error = text
        .lines()
        .find(|l| l.starts_with("%Error") && !l.contains("Exiting due to"));
    Err(SimError::Verilog {
        top: top.to_string(),
        first: real_error
            .or_else(|| line("%Warning"))
            .or_else(|| text.lines().next())
            .unwrap_or("it stopped without a word")
            .to_string(),
        log: log.to_path_buf(),
    })
}

/// Compile cost above which a model is split into several units.
const UNIT_COST: u64 = 300_000;
/// Compile cost above which `-O1` is the default.
const QUICK_COST: u64 = 3_000_000;

/// Total compile cost, and the texts of the units to compile: every generated file in one unit
/// when small (headers are most of the time), else balanced units for the cores. What runs only at
/// construction (`__Slow`) is not optimised: it would be a third of the cost.
fn units(dir: &Path) -> Result<(u64, Vec<String>), SimError> {
    let mut files: Vec<(u64, String)> = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| SimError::io(dir, e))? {
        let entry = entry.map_err(|e| SimError::io(dir, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".cpp") {
            let size = entry.metadata().map_err(|e| SimError::io(dir, e))?.len();
            let cost = if is_slow(&name) { size } else { 3 * size };
            files.push((cost, name));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    let total: u64 = files.iter().map(|f| f.0).sum();
    if total < UNIT_COST {
        return Ok((total, vec![unit_text(files.iter().map(|f| f.1.as_str()))]));
    }
    // Slow and fast in one unit take longer than apart: the compiler settles some of its options
    // for the whole unit.
    let (slow, fast): (Vec<_>, Vec<_>) = files.iter().partition(|f| is_slow(&f.1));
    let texts = balance(&slow, 2).into_iter().chain(balance(&fast, 14));
    Ok((total, texts.collect()))
}

/// Spreads files, largest first, over at most `most` units of about [`UNIT_COST`].
fn balance(files: &[&(u64, String)], most: u64) -> Vec<String> {
    let total: u64 = files.iter().map(|f| f.0).sum();
    let count = (total / UNIT_COST).clamp(1, most) as usize;
    let mut units = vec![(0, Vec::new()); count];
    for (cost, name) in files {
        if let Some(unit) = units.iter_mut().min_by_key(|u| u.0) {
            unit.0 += cost;
            unit.1.push(name.as_str());
        }
    }
    units.retain(|u| !u.1.is_empty());
    units.into_iter().map(|u| unit_text(u.1)).collect()
}

fn is_slow(name: &str) -> bool {
    name.ends_with("__Slow.cpp")
}

fn unit_text<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let (slow, fast): (Vec<_>, Vec<_>) = names.into_iter().partition(|n| is_slow(n));
    let mut text = String::new();
    fast.iter()
        .for_each(|n| text += &format!("#include \"{n}\"\n"));
    if !slow.is_empty() {
        // Popped again: what stands at the end of the file rules the compiler's last passes.
        text += "#pragma GCC push_options\n#pragma GCC optimize(\"O0\")\n";
        slow.iter()
            .for_each(|n| text += &format!("#include \"{n}\"\n"));
        text += "#pragma GCC pop_options\n";
    }
    text
}

/// Keeps the Verilog, the log and the library; the rest can be made again.
fn tidy(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let keep = name == "model.so" || name == "log" || name.ends_with(".v");
        if !keep {
            let _ = fs::remove_file(entry.path());
        }
    }
}
