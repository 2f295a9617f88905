//! Says every few seconds what is being done: measuring takes minutes, and building a model too.

use std::collections::BTreeMap;
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What each preset is at; a thread prints it on stderr every 4 seconds until this is dropped.
pub struct Progress {
    state: Arc<Mutex<BTreeMap<String, String>>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    pub fn start() -> Self {
        let state: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        let (stop, stopped) = channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            while stopped.recv_timeout(Duration::from_secs(4)) == Err(RecvTimeoutError::Timeout) {
                let now: Vec<String> = match shared.lock() {
                    Ok(s) => s
                        .iter()
                        .map(|(who, what)| format!("{who}: {what}"))
                        .collect(),
                    Err(_) => return,
                };
                eprintln!(
                    "  ... {:3} s  {}",
                    start.elapsed().as_secs(),
                    now.join(" | ")
                );
            }
        });
        Self {
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Prints nothing: for tests.
    pub fn quiet() -> Self {
        Self {
            state: Arc::default(),
            stop: None,
            thread: None,
        }
    }

    pub fn set(&self, who: &str, what: impl Into<String>) {
        if let Ok(mut s) = self.state.lock() {
            s.insert(who.to_string(), what.into());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
