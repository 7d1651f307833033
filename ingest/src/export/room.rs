//! What making an export may take of the machine: the disk's last bytes are
//! the log's and the store's, and the cores are the data plane's first of all.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Free bytes that exports leave to everything else: a full disk ends the
/// platform.
pub(super) const MIN_FREE_BYTES: u64 = 512 << 20;
/// Added to the nice value of a thread that makes an export.
const NICE: i32 = 10;

/// Whether the disk of `folder` has room to write on. Where the system does
/// not tell, it has.
pub(super) fn is_there(folder: &Path) -> bool {
    free_bytes(folder).is_none_or(|free| free >= MIN_FREE_BYTES)
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut stats = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with NUL, and the struct is ours to be filled.
    let failed = unsafe { libc::statvfs(path.as_ptr(), stats.as_mut_ptr()) };
    if failed != 0 {
        return None;
    }
    // SAFETY: the call succeeded, so it has filled the struct.
    let stats = unsafe { stats.assume_init() };
    #[allow(
        clippy::unnecessary_cast,
        reason = "the types differ between platforms"
    )]
    Some((stats.f_bavail as u64).saturating_mul(stats.f_frsize as u64))
}

/// Lets this thread wait for all others; no harm where the system refuses.
pub(super) fn yield_to_others() {
    // SAFETY: no memory is involved; 0 is the calling thread, on Linux.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}
