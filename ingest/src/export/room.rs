//! What may be taken of the machine by what can wait, as making an export: the
//! disk's last bytes are the log's and the store's, and the cores are the data
//! plane's first of all.

use std::path::Path;

use data_files::{be_less_urgent, free_bytes};

/// Free bytes that exports and uploads leave to everything else: a full disk ends
/// the platform.
pub(super) const MIN_FREE_BYTES: u64 = 512 << 20;
/// Added to the nice value of a thread that makes an export.
const NICE: i32 = 10;

/// Whether the disk of `folder` has room for what can wait. Where the system does
/// not tell, it has.
pub fn has_room(folder: &Path) -> bool {
    free_bytes(folder).map_or(true, |free| free >= MIN_FREE_BYTES)
}

/// Lets this thread wait for all others; no harm where the system refuses.
pub(super) fn yield_to_others() {
    be_less_urgent(NICE);
}
