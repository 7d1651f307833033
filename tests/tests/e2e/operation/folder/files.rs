//! Files of a folder: listed, read, put back, and kept in memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::HOLLOW;
use crate::operation::backup::text;

/// Every file below `folder`, by its path within it.
pub(super) fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                into.push(text(path.strip_prefix(root).unwrap()).to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// The bytes of a file without the zeros at its end, and its length.
pub(super) fn content(path: &Path) -> (Vec<u8>, u64) {
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len() as u64;
    // Whole pieces first: most of a segment is zeros.
    let zeros = [0; 65_536];
    let pieces = bytes.rchunks(zeros.len());
    let empty: usize = pieces
        .take_while(|piece| **piece == zeros[..piece.len()])
        .map(<[u8]>::len)
        .sum();
    bytes.truncate(bytes.len() - empty);
    let used = bytes.iter().rposition(|byte| *byte != 0);
    bytes.truncate(used.map_or(0, |last| last + 1));
    (bytes, length)
}

/// Segments of the log are mostly zeros, which take no space here.
pub(super) fn put(path: &Path, (bytes, length): &(Vec<u8>, u64)) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(*length).unwrap();
}

/// A folder in memory.
pub(super) struct Copy(Vec<(String, fs::Permissions, (Vec<u8>, u64))>);

impl Copy {
    pub(super) fn of(folder: &Path) -> Self {
        let files = files(folder).into_iter().map(|name| {
            let path = folder.join(&name);
            let permissions = fs::metadata(&path).unwrap().permissions();
            (name, permissions, content(&path))
        });
        Self(files.collect())
    }

    /// In the place of whatever is there.
    pub(super) fn put(&self, folder: &Path) {
        let _ = fs::remove_dir_all(folder);
        for (name, permissions, content) in &self.0 {
            put(&folder.join(name), content);
            fs::set_permissions(folder.join(name), permissions.clone()).unwrap();
        }
    }
}

/// Lengths of all files but those that any start may touch.
pub(super) fn listing(data: &Path) -> Vec<(String, u64)> {
    let touched =
        |name: &str| HOLLOW.contains(&name) || name.contains(".sqlite") || name.contains(".db");
    let names = files(data).into_iter().filter(|name| !touched(name));
    names
        .map(|name| {
            let length = fs::metadata(data.join(&name)).unwrap().len();
            (name, length)
        })
        .collect()
}

pub(super) fn parquet_bytes(data: &Path) -> u64 {
    let files = files(data)
        .into_iter()
        .filter(|name| name.contains(".parquet"));
    files
        .map(|name| fs::metadata(data.join(name)).unwrap().len())
        .sum()
}
