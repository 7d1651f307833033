//! How far a copy of a folder is, by what lies in the new folder.

use std::path::Path;

/// Folders within folders that are looked into: more than a data folder has.
const MAX_DEPTH: u32 = 8;

/// What lies in the folder so far; 0 where it is another machine's.
pub(super) fn bytes_in(folder: &Path) -> u64 {
    within(folder, MAX_DEPTH)
}

fn within(folder: &Path, depth: u32) -> u64 {
    let (Ok(entries), true) = (std::fs::read_dir(folder), depth > 0) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => within(&entry.path(), depth - 1),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_what_lies_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        std::fs::write(folder.path().join("store/part"), [0; 300]).unwrap();
        std::fs::write(folder.path().join("other"), [0; 41]).unwrap();
        assert_eq!(bytes_in(folder.path()), 341);
        assert_eq!(bytes_in(&folder.path().join("absent")), 0);
    }
}
