//! Progress on stderr: a moving line on a terminal, a plain line every few seconds anywhere else.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest silence where nothing moves.
const EVERY: Duration = Duration::from_secs(4);

/// What is being done; ends when dropped.
pub struct Progress {
    state: Arc<Mutex<State>>,
    bar: Option<ProgressBar>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    task: String,
    detail: String,
}

impl Progress {
    pub fn start() -> Progress {
        let state: Arc<Mutex<State>> = Arc::default();
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            // A fixed template of known keys; the default style is as good if it is ever refused.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            return Progress {
                state,
                bar: Some(bar),
                stop: None,
                thread: None,
            };
        }
        let (stop, stopped) = channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let line = shared.lock().unwrap_or_else(PoisonError::into_inner).line();
                let _ = writeln!(
                    io::stderr(),
                    "  ... {line}, {} s",
                    start.elapsed().as_secs()
                );
            }
        });
        Progress {
            state,
            bar: None,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A new task; said at once.
    pub fn task(&self, text: &str) {
        self.change(|s| {
            s.task = text.to_string();
            s.detail.clear();
        });
        if self.bar.is_none() {
            let _ = writeln!(io::stderr(), "  {text}");
        }
    }

    /// How far the task is.
    pub fn detail(&self, text: String) {
        self.change(|s| s.detail = text);
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        how(&mut state);
        if let Some(bar) = &self.bar {
            bar.set_message(state.line());
        }
    }
}

impl State {
    fn line(&self) -> String {
        match self.detail.is_empty() {
            true => self.task.clone(),
            false => format!("{}: {}", self.task, self.detail),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
