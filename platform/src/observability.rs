//! Logging: one line an event on standard error, `MADANG_LOG` as the filter.

use tracing_subscriber::EnvFilter;

/// Call once, before anything else logs.
pub fn start() {
    let filter = EnvFilter::try_from_env("MADANG_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .try_init();
    debug_assert!(started.is_ok(), "logging starts once");
}
