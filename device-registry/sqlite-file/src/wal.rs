//! The write-ahead log of a database, which has a file of its own.

use std::fs;
use std::path::{Path, PathBuf};

/// The write-ahead log of the database at `path`.
pub fn wal_of(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A second name of a database's write-ahead log while the database is opened:
/// SQLite removes one that it cannot read, and with it what could be had of it.
#[derive(Debug)]
pub struct KeptWal {
    wal: PathBuf,
    kept: Option<PathBuf>,
}

impl KeptWal {
    /// Of the database at `path`.
    pub fn of(path: &Path) -> Self {
        let (wal, kept) = (wal_of(path), with_suffix(path, "-wal.new"));
        // What an earlier opening left is a second name of the same, or older.
        let _ = fs::remove_file(&kept);
        let linked = fs::hard_link(&wal, &kept).is_ok();
        Self {
            wal,
            kept: linked.then_some(kept),
        }
    }

    /// The database was refused and is closed: what was there is there again.
    pub fn put_back(mut self) {
        let Some(kept) = self.kept.take() else {
            return;
        };
        if fs::rename(&kept, &self.wal).is_err() {
            tracing::warn!(path = %kept.display(), "this is the write-ahead log as it was found");
            return;
        }
        // Two names of one file are left as they are by a rename.
        let _ = fs::remove_file(&kept);
    }
}

impl Drop for KeptWal {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            let _ = fs::remove_file(kept);
        }
    }
}
