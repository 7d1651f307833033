//! Replacing a small file as a whole: whoever looks finds the old one or the
//! new one, after a crash too.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Ends the name of a file that is being written.
pub(super) const TEMPORARY: &str = "tmp";

/// Writes `bytes` as `folder/name`: write, fsync, rename, fsync the folder.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{name}.{TEMPORARY}"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    sync_folder(folder)
}

/// Makes created, renamed and removed names of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
