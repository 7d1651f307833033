//! How long a file and how wide a folder may be. Functions have a limit in
//! clippy.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use structure::{files, root};

/// A file that is longer has more than one subject.
const MOST_LINES: usize = 450;

/// A folder that is wider has subjects that want folders of their own.
const MOST_SIBLINGS: usize = 16;

/// These have one of a kind beside each other: an entity, an operation, a
/// command, a part that the platform is put together from, a fuzz target.
const OF_A_KIND: [&str; 5] = [
    "device-registry/src",
    "device-registry/src/device",
    "fuzz/fuzz_targets",
    "platform/src",
    "platform/src/cli",
];
const MOST_OF_A_KIND: usize = 26;

/// What is written here, with one of the endings.
fn sources(endings: &[&str]) -> Vec<String> {
    let mut found = files(&root()).expect("the repository can be read");
    found.retain(|path| endings.iter().any(|ending| path.ends_with(ending)));
    assert!(found.len() > 100, "{} files", found.len());
    found
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let mut long = Vec::new();
    for path in sources(&[".rs", ".ts", ".mjs", ".py"]) {
        let lines = fs::read_to_string(root().join(&path))
            .unwrap()
            .lines()
            .count();
        if lines > MOST_LINES {
            long.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// Tests count too. `name.rs` and the folder `name` are one module, and the
/// file that lists the modules of a folder is none of them.
#[test]
fn no_folder_has_too_many_modules_to_be_found_at_once() {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(&[".rs"]) {
        let mut below = path.as_str();
        while let Some((folder, name)) = below.rsplit_once('/') {
            let name = name.strip_suffix(".rs").unwrap_or(name);
            if !matches!(name, "lib" | "main" | "mod") {
                let siblings = modules.entry(folder.to_owned()).or_default();
                siblings.insert(name.to_owned());
            }
            below = folder;
        }
    }
    let wide: Vec<String> = modules
        .into_iter()
        .filter(|(folder, siblings)| siblings.len() > most_of(folder))
        .map(|(folder, siblings)| format!("{folder}: {} modules", siblings.len()))
        .collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

fn most_of(folder: &str) -> usize {
    if OF_A_KIND.contains(&folder) {
        MOST_OF_A_KIND
    } else {
        MOST_SIBLINGS
    }
}
