//! Writing a small file as a whole: whoever looks finds the old one or the new
//! one, after a crash too.

use std::path::Path;
use std::{fs, io};

use crate::file::disk;

/// How often a name is looked up that is being given to the next file.
const MAX_TRIES: usize = 1_000;

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

/// Gives a file that may be replaced meanwhile a second name; false where there
/// is none.
///
/// Linux answers "not found" as well where the name was looked up just before a
/// rename gave it to the next file, so only a name that nobody has is believed.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<bool> {
    let mut tries = 0;
    loop {
        let error = match fs::hard_link(from, to) {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        tries += 1;
        let has_folder = to.parent().is_some_and(Path::is_dir);
        if error.kind() != io::ErrorKind::NotFound || !has_folder || tries == MAX_TRIES {
            return Err(error);
        }
        if !from.try_exists()? {
            return Ok(false);
        }
    }
}

pub(crate) use disk::sync_folder;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_second_name_in_a_folder_that_is_gone_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("table");
        fs::write(&from, b"first").unwrap();
        let refused = link(&from, &folder.path().join("gone/second"));
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_that_is_replaced_all_the_time_is_linked_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["table", "second"].map(|name| folder.path().join(name));
        assert!(!link(&from, &to).unwrap(), "there is none");
        fs::write(&from, b"first").unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let next = folder.path().join("next");
                while !stop.load(Ordering::Relaxed) {
                    fs::write(&next, b"next").unwrap();
                    fs::rename(&next, &from).unwrap();
                }
            });
            let linked = (0..20_000).all(|_| {
                let linked = link(&from, &to).unwrap();
                let _ = fs::remove_file(&to);
                linked
            });
            stop.store(true, Ordering::Relaxed);
            assert!(linked);
        });
    }
}
