//! A copy while its files are replaced.

use std::fs;

use super::*;
use crate::tests::{Opened, frame, number};

#[test]
fn what_is_pinned_stays_whole_while_a_compaction_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 1_000);
    for offset in 1..=40 {
        let row = number(2, offset as i64 * 1_000_000, offset as f64);
        opened.apply(&frame(offset, vec![row]));
        if offset % 20 == 0 {
            opened.store.flush().unwrap();
        }
    }
    let pinned = opened.store.pin().unwrap();
    opened.store.compact().unwrap();
    let files = pinned.files();
    assert_eq!(
        (files.len(), pinned.rows()),
        (4, 40),
        "two files with an index each"
    );
    for file in &files {
        assert!(
            !folder.path().join(&file.name).exists(),
            "{} was replaced",
            file.name
        );
        let content = fs::read(&file.path).unwrap();
        if let Some(crc) = file.crc {
            assert_eq!(crc32c::crc32c(&content), crc);
        }
    }
    assert_eq!(pinned.tables().count(), 1, "the latest values");
    // Another pin, as after a kill, takes the place of what was left.
    let second = opened.store.pin().unwrap();
    assert_eq!(second.rows(), 40);
    drop((pinned, second));
    assert!(!folder.path().join(FOLDER).exists());
}
