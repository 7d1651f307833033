//! The harness of the end-to-end tests: the real binary, real sockets, and
//! nothing but public interfaces.
//!
//! - [`binary`]: finds (or builds) `madang`
//! - [`test_platform`]: a running one, with its data folder
//! - [`test_device`]: a registered device and its key
//! - [`bare_client`]: an MQTT client of a page, whose every byte is known
//! - [`peers`]: foreign programs, required in CI and looked for elsewhere
//! - [`recordings`]: the real recordings, where they are
//! - [`small_plane`], [`fault_run`]: a data plane with small files, and faults
//!   before its process
//! - [`disk`]: file systems that are small, or lose their power

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod bare_client;
pub mod binary;
pub mod disk;
pub mod fault_run;
pub mod peers;
pub mod recordings;
pub mod small_plane;
pub mod test_device;
pub mod test_platform;

pub use bare_client::BareClient;
pub use fault_run::FaultBench;
pub use test_device::TestDevice;
pub use test_platform::{Start, TestPlatform};

use std::time::{Duration, Instant};

/// Long enough for two loaded cores; only a failure ever waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// To a process that this test started; one that is gone already is no fault.
pub fn send_signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process has a number");
    let _ = rustix::process::kill_process(pid, signal);
}

/// Waits until `look` sees something.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
