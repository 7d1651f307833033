//! The runtime of everything but the connections of MQTT and CoAP, which have
//! threads of their own, and the signals that end it.

use std::future::Future;

/// Threads for HTTP and the live fan-out.
const WORKERS: usize = 2;

pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("madang-http")
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(future);
    runtime.shutdown_background();
    outcome
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupted.await;
        }
    }
}

/// The system's time as the platform's.
pub fn timestamp(time: std::time::SystemTime) -> domain::Timestamp {
    let micros = time
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    domain::Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
