//! Writing a small file as a whole: whoever looks finds the old one or the new
//! one, after a crash too.

use std::io;
use std::path::Path;

use crate::file::disk;

/// Ends the name of a file that is being written.
pub(crate) const TEMPORARY: &str = "tmp";

/// Writes `bytes` as `folder/name`: write, fsync, rename, fsync the folder.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    put(folder, name, bytes)?;
    sync_folder(folder)
}

/// As [`replace`], but the name is durable only once the folder is synced.
pub(crate) fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{name}.{TEMPORARY}"));
    let mut file = disk::create(&temporary)?;
    disk::write_all(&mut file, &temporary, bytes)?;
    disk::sync(&file, &temporary)?;
    disk::rename(&temporary, &folder.join(name))
}

pub(crate) use disk::sync_folder;
