//! Logging: one line an event on standard error, `MADANG_LOG` as the filter.
//!
//! A log line never waits and never panics: it is put into a bounded queue that
//! a thread writes out. Where standard error is gone, full or read by nobody,
//! lines are lost and counted, and the platform goes on.

mod lines;
pub(crate) mod transports;
mod worker_metrics;

use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use lines::Lines;
pub(crate) use lines::lost;

/// What is left in the queue at the end may take so long to be written.
const DRAIN: Duration = Duration::from_secs(1);

/// Libraries of the network warn of what a peer does wrong, as often as it does
/// it: that is counted, and fills no disk.
const QUIET: [&str; 5] = ["h2", "hyper", "hyper_util", "rustls", "tokio_rustls"];

/// The running log.
pub(crate) struct Logging {
    lines: Lines,
}

impl Logging {
    /// Call once, before anything else logs.
    pub(crate) fn start() -> std::io::Result<Self> {
        let lines = Lines::start(std::io::stderr())?;
        let wanted = std::env::var("MADANG_LOG").ok();
        let filter = wanted.and_then(|text| text.parse().ok());
        let queue = lines.clone();
        let format = fmt::layer()
            .with_writer(move || queue.line())
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_target(false);
        let started = tracing_subscriber::registry()
            .with(format)
            .with(filter.unwrap_or_else(usual))
            .try_init();
        debug_assert!(started.is_ok(), "logging starts once");
        supervisor::panics::install();
        Ok(Self { lines })
    }

    /// The last line of the process, and all before it.
    pub(crate) fn end(self, last: Option<&str>) {
        if let Some(last) = last {
            self.lines.put(format!("{last}\n").into_bytes());
        }
        self.lines.drain(DRAIN);
    }
}

/// What is logged where `MADANG_LOG` does not say.
fn usual() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(QUIET.map(|library| (library, LevelFilter::OFF)))
}
