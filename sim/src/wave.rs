//! FST waves of an instance.

use crate::library::WaveApi;
use crate::model::Model;
use crate::SimError;
use std::ffi::CString;
use std::path::Path;

/// An open dump.
pub(crate) struct Wave {
    api: WaveApi,
    period_ps: u64,
    /// Timestamp of the last dump, to keep time strictly rising.
    last: Option<u64>,
}

impl Model {
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

    /// Dumps the first (`half` 0) or second half of the present cycle.
    pub(crate) fn dump(&mut self, half: u64) {
        let Some(wave) = &mut self.wave else { return };
        let time = self.cycle * wave.period_ps + half * (wave.period_ps / 2);
        if wave.last.is_none_or(|last| last < time) {
            wave.last = Some(time);
            // SAFETY: `raw` is a live instance.
            unsafe { (wave.api.dump)(self.raw, time) };
        }
    }
}
