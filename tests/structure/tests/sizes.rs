//! How long a file may be. Functions have a limit in clippy.toml.

use std::fs;

use structure::{files, root};

/// A file that is longer has more than one subject.
const MOST_LINES: usize = 450;

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let mut long = Vec::new();
    let mut seen = 0;
    for path in files(&root()).unwrap() {
        if !path.ends_with(".rs") {
            continue;
        }
        seen += 1;
        let lines = fs::read_to_string(root().join(&path))
            .unwrap()
            .lines()
            .count();
        if lines > MOST_LINES {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(seen > 100, "{seen} files");
    assert!(long.is_empty(), "{long:#?}");
}
