//! What a process has cost so far, from Linux's `/proc`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Clock ticks a second in `/proc/PID/stat`; Linux shows 100 on every
/// architecture in use (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;
/// A process is at rest when it used no more than this in one look...
const REST_SECONDS: f64 = 0.01;
const LOOK: Duration = Duration::from_millis(200);
/// ...and is waited for so long.
const MOST_REST: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Memory {
    pub resident_kib: u64,
    pub peak_kib: u64,
}

/// A process by its number, or this one.
#[derive(Clone, Debug)]
pub struct Process(PathBuf);

impl Process {
    pub fn own() -> Self {
        Self(PathBuf::from("/proc/self"))
    }

    pub fn of(pid: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{pid}")))
    }

    fn file(&self, name: &str) -> anyhow::Result<String> {
        let path = self.0.join(name);
        std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {} (Linux only)", path.display()))
    }

    /// User and system time, in seconds.
    pub fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = self.file("stat")?;
        // The name in parentheses may hold anything; fields are counted after it.
        let fields = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest)
            .unwrap_or_default();
        let ticks: u64 = fields
            .split_ascii_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap_or_default())
            .sum();
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    pub fn memory(&self) -> anyhow::Result<Memory> {
        let status = self.file("status")?;
        let kib = |label: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(label))
                .and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
                .with_context(|| format!("{label} is missing"))
        };
        Ok(Memory {
            resident_kib: kib("VmRSS:")?,
            peak_kib: kib("VmHWM:")?,
        })
    }

    /// The CPU time once the process has come to rest: what it still had to do
    /// with the messages belongs to them.
    pub fn cpu_seconds_at_rest(&self) -> anyhow::Result<f64> {
        let deadline = Instant::now() + MOST_REST;
        let mut last = self.cpu_seconds()?;
        loop {
            std::thread::sleep(LOOK);
            let next = self.cpu_seconds()?;
            if next - last <= REST_SECONDS || Instant::now() > deadline {
                return Ok(next);
            }
            last = next;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something() {
        let own = Process::own();
        let start = own.cpu_seconds().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while own.cpu_seconds().unwrap() - start < 0.03 {
            assert!(
                Instant::now() < deadline,
                "busy for a minute without CPU time"
            );
        }
        let memory = own.memory().unwrap();
        assert!(memory.resident_kib > 0 && memory.peak_kib >= memory.resident_kib);
        assert!(Process::of(u32::MAX).cpu_seconds().is_err());
    }
}
