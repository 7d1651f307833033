//! What a process has used, by the system's own account.

use std::path::Path;
use std::time::{Duration, Instant};

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

fn process_cpu() -> Duration {
    // SAFETY: an all-zero rusage is a sound one, of numbers only.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is an rusage that the call may write to.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    assert_eq!(failed, 0);
    let of = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec that the call may write to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0);
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
