//! Copies the files of a pinned store.

use observation_store::PinnedStore;

use super::folder::{CopyError, CopyFolder};
use super::sum::{Checksum, Summing};
use crate::open::STORE_FOLDER;

/// Copies everything; answers with the data files that were left out.
pub(super) fn copy_store(
    pinned: &mut PinnedStore,
    into: &mut CopyFolder,
) -> Result<Vec<String>, CopyError> {
    let mut damaged = Vec::new();
    let mut left_out = None;
    for file in pinned.files() {
        if left_out == Some(file.number) {
            continue;
        }
        let name = format!("{STORE_FOLDER}/{}", file.name);
        let sum = match file.crc {
            Some(crc) => Some(Checksum::Crc32c(crc)),
            None => Checksum::Crc32c(0)
                .of_file(&file.path)
                .ok()
                .map(|(_, sum)| sum),
        };
        let bytes = file.path.metadata().map(|file| file.len()).ok();
        let (Some(sum), Some(bytes)) = (sum, bytes) else {
            // An index or a rollup that is gone is made again at the next open.
            if file.crc.is_some() {
                pinned.leave_out(file.number);
                left_out = Some(file.number);
                damaged.push(file.name);
            }
            continue;
        };
        if into.link(&file.path, &name, bytes, sum)? {
            continue;
        }
        let copied = into.copy_part(&file.path, &name, u64::MAX, Summing::crc32c())?;
        if file.crc.is_some() && copied != sum {
            into.remove(&name)?;
            pinned.leave_out(file.number);
            left_out = Some(file.number);
            damaged.push(file.name);
        }
    }
    for (name, path) in pinned.tables() {
        into.copy(&path, &format!("{STORE_FOLDER}/{name}"))?;
    }
    let (name, text) = pinned
        .manifest()
        .map_err(CopyError::io("write", into.root()))?;
    into.write(&format!("{STORE_FOLDER}/{name}"), text.as_bytes())?;
    Ok(damaged)
}
