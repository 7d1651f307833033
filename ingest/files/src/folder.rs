//! What a folder says of its files.

use std::fs::File;
use std::io;
use std::path::Path;

use super::handles::open_patiently;

/// Makes creations, renames and removals in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    open_patiently(|| File::open(folder))?.sync_all()
}
