//! The system's two clocks: one that may be set, and one that only counts.

use std::time::{Duration, SystemTime};

use domain::Timestamp;

/// What the platform's clock is made from; a test has its own.
pub trait TimeSource: Send + Sync + 'static {
    /// What the system takes for the time. Anybody may set it.
    fn system(&self) -> Timestamp;

    /// Since the machine's start, its sleep included: nobody sets it.
    fn since_boot(&self) -> Duration;

    /// Another one after each start of the machine; `None` where it cannot be
    /// told.
    fn boot(&self) -> Option<String>;
}

/// Linux'.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClocks;

impl TimeSource for SystemClocks {
    fn system(&self) -> Timestamp {
        super::of_system(SystemTime::now())
    }

    fn since_boot(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    }

    fn boot(&self) -> Option<String> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned())
    }
}
