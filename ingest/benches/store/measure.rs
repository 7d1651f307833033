//! What a process has used, by the system's own account.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time of the process, user and system, and the clock beside it.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch {
    cpu: Duration,
    wall: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            cpu: process_cpu(),
            wall: Instant::now(),
        }
    }

    pub(crate) fn cpu_ms(self) -> f64 {
        (process_cpu() - self.cpu).as_secs_f64() * 1e3
    }

    pub(crate) fn cpu_seconds(self) -> f64 {
        self.cpu_ms() / 1e3
    }

    pub(crate) fn wall_ms(self) -> f64 {
        self.wall.elapsed().as_secs_f64() * 1e3
    }

    pub(crate) fn wall_seconds(self) -> f64 {
        self.wall_ms() / 1e3
    }
}

/// User and system time of all threads.
fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Resident memory, in MiB.
pub(crate) fn resident_mib() -> f64 {
    status("VmRSS:")
}

/// The most that the process ever had, in MiB.
pub(crate) fn peak_mib() -> f64 {
    status("VmHWM:")
}

fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<f64>().unwrap() / 1024.0
}

/// Bytes of the files of a folder whose name ends so, and how many they are.
pub(crate) fn bytes(folder: &Path, end: &str) -> (u64, u64) {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(end))
        .map(|entry| entry.metadata().unwrap().len())
        .fold((0, 0), |(bytes, files), one| (bytes + one, files + 1))
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The one that 99 of 100 do not exceed.
pub(crate) fn p99(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() * 99 / 100]
}
