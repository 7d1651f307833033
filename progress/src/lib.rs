//! How far a long command is: a bar on a terminal, plain lines elsewhere, both
//! on standard error, so that what a command prints stays what it prints.
//!
//! Nothing is shown of what takes less than [`QUIET`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod lines;
mod unit;

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use lines::QUIET;
pub use unit::Unit;

use lines::Lines;

/// How often a bar moves at most, a second.
const DRAWN_A_SECOND: u8 = 8;

/// How often [`Progress::follow`] looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// One piece of work. Shared by the threads that do it.
pub struct Progress {
    done: AtomicU64,
    begun: Instant,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

impl Progress {
    /// `total` is 0 where nobody knows it.
    pub fn new(what: &str, unit: Unit, total: u64) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            Shown::Bar(bar(what, unit, total))
        } else {
            Shown::Lines(Mutex::new(Lines::new(what, unit, total)))
        };
        Self {
            done: AtomicU64::new(0),
            begun: Instant::now(),
            shown,
        }
    }

    pub fn add(&self, more: u64) {
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        self.show(done);
    }

    pub fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.show(done);
    }

    /// Once it is known.
    pub fn set_total(&self, total: u64) {
        match &self.shown {
            Shown::Bar(bar) => bar.set_length(total),
            Shown::Lines(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.total = total;
                }
            }
        }
    }

    /// Still under way, and nothing more to say.
    pub fn tick(&self) {
        self.show(self.done.load(Ordering::Relaxed));
    }

    /// Does `work`, and shows what `look` counts meanwhile: for work that
    /// cannot be slowed by telling, or does not tell.
    pub fn follow<T>(&self, look: impl Fn() -> u64 + Send, work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            let (done, ended) = channel::<()>();
            scope.spawn(move || {
                while ended.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    self.set(look());
                }
            });
            let outcome = work();
            drop(done);
            outcome
        })
    }

    fn show(&self, done: u64) {
        match &self.shown {
            // A bar that appears and is gone at once only flickers.
            Shown::Bar(bar) if self.begun.elapsed() >= QUIET => bar.set_position(done),
            Shown::Bar(_) => {}
            Shown::Lines(lines) => {
                let line = lines
                    .lock()
                    .ok()
                    .and_then(|mut lines| lines.due(done, self.begun.elapsed()));
                if let Some(line) = line {
                    // Nobody reads it: no reason to stop the work.
                    let _ = writeln!(std::io::stderr(), "{line}");
                }
            }
        }
    }
}

impl Drop for Progress {
    /// The bar goes; the command says itself what became of it.
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, unit: Unit, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        Some(total),
        ProgressDrawTarget::stderr_with_hz(DRAWN_A_SECOND),
    );
    let template = match (unit, total) {
        (Unit::Bytes, 0) => "{spinner} {msg}: {bytes}, {elapsed}".to_owned(),
        (Unit::Of(_), 0) => "{spinner} {msg}: {elapsed}".to_owned(),
        (Unit::Bytes, _) => {
            "{msg} [{bar:30}] {percent} %, {bytes} of {total_bytes}, {eta} left".to_owned()
        }
        (Unit::Of(unit), _) => {
            format!(
                "{{msg}} [{{bar:30}}] {{percent}} %, {{human_pos}} of {{human_len}} {unit}, {{eta}} left"
            )
        }
    };
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar
}
