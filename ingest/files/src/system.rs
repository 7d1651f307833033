//! What the data plane asks of the machine: room on a disk, and that some
//! threads come after others.

use std::io;
use std::path::Path;

/// Bytes that this account may still write to the disk of `folder`.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Gives the calling thread the `nice` value: 19 is the least urgent. No harm
/// where the system refuses.
pub fn be_less_urgent(nice: i32) {
    // On Linux a process of that call is a thread; none given is this one.
    if rustix::process::setpriority_process(None, nice).is_err() {
        tracing::debug!("a thread runs at normal priority");
    }
}
