//! The folder of built models: where it is, content hashes, locks, atomic publishing.
//!
//! `<cache>/<hash>/` holds one finished model and is never changed after it appears (it is built
//! in a temporary folder beside it and renamed). `<cache>/<hash>.lock` keeps two processes from
//! building the same model at once; a crashed holder frees it by dying.

use crate::SimError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// `$FERROWARP_CACHE`, else `verilator/` in the cargo target folder of the workspace around the
/// current directory, else `./build/verilator`.
pub fn default_dir() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty());
    if let Some(dir) = set("FERROWARP_CACHE") {
        return dir.into();
    }
    if let Some(dir) = set("CARGO_TARGET_DIR") {
        return PathBuf::from(dir).join("verilator");
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    here.ancestors()
        .find(|dir| dir.join("Cargo.lock").is_file())
        .map(|dir| dir.join("target"))
        .unwrap_or_else(|| here.join("build"))
        .join("verilator")
}

/// Hash of `parts`, each with its length so that text can't move between them.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part.as_bytes());
    }
    sha.finalize()
        .iter()
        .take(12)
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Returns `<cache>/<key>`, calling `build` with a temporary folder when it does not exist yet.
/// When `build` fails its folder is kept as `<cache>/<key>.failed` and passed to `on_fail` so that
/// the error can name the log in it.
pub fn get_or_build(
    cache: &Path,
    key: &str,
    build: impl FnOnce(&Path) -> Result<(), SimError>,
) -> Result<PathBuf, SimError> {
    let done = cache.join(key);
    if done.is_dir() {
        return Ok(done);
    }
    fs::create_dir_all(cache).map_err(|e| SimError::io(cache, e))?;
    let _lock = Lock::take(&cache.join(format!("{key}.lock")))?;
    if done.is_dir() {
        return Ok(done);
    }
    let temp = temp_dir(cache, key);
    fs::create_dir_all(&temp).map_err(|e| SimError::io(&temp, e))?;
    match build(&temp) {
        Ok(()) => {
            fs::rename(&temp, &done).map_err(|e| SimError::io(&done, e))?;
            Ok(done)
        }
        Err(error) => {
            let failed = failed_dir(cache, key);
            let _ = fs::remove_dir_all(&failed);
            let _ = fs::rename(&temp, &failed);
            Err(error)
        }
    }
}

/// A name that no other process or thread uses.
pub fn temp_dir(cache: &Path, key: &str) -> PathBuf {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    cache.join(format!("{key}.tmp.{}.{serial}", std::process::id()))
}

/// Where the folder of a failed build is kept.
pub fn failed_dir(cache: &Path, key: &str) -> PathBuf {
    cache.join(format!("{key}.failed"))
}

/// An advisory file lock, released on drop or by the death of the process.
struct Lock(File);

impl Lock {
    fn take(path: &Path) -> Result<Self, SimError> {
        let file = File::create(path).map_err(|e| SimError::io(path, e))?;
        loop {
            // SAFETY: the descriptor is open for as long as `file` lives.
            if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
                return Ok(Lock(file));
            }
            let error = std::io::Error::last_os_error();
            if error.kind() != std::io::ErrorKind::Interrupted {
                return Err(SimError::io(path, error));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open until `self.0` drops.
        unsafe { libc::flock(self.0.as_raw_fd(), libc::LOCK_UN) };
    }
}
