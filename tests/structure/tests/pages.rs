//! What the pages say of the repository is so.

use std::collections::BTreeSet;
use std::fs;

use structure::{
    PICTURE, Rooms, blocks, files, named_paths, picture, root, rows, with_known_rooms,
};

/// The pages whose paths must exist. CHANGELOG.md tells of what was.
fn pages(files: &[String]) -> impl Iterator<Item = &String> {
    files
        .iter()
        .filter(|file| file.ends_with(".md") && *file != "CHANGELOG.md")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_table_of_rooms_is_what_cargo_says() {
    let text = page("ARCHITECTURE.md");
    let rooms = Rooms::read(&root()).unwrap();
    let listed: BTreeSet<&str> = rows(&text).iter().map(|row| row.folder).collect();
    for room in rooms.all() {
        assert!(
            listed.contains(room.folder.as_str()),
            "ARCHITECTURE.md has no row for {}",
            room.folder
        );
    }
    for folder in listed {
        assert!(root().join(folder).is_dir(), "there is no room {folder}");
    }
    let right = with_known_rooms(&text, &rooms);
    for (said, right) in text.lines().zip(right.lines()) {
        assert_eq!(said, right, "run `cargo run -p structure`");
    }
    assert_eq!(text, right);
}

#[test]
fn the_picture_of_the_rooms_is_what_cargo_says() {
    let rooms = Rooms::read(&root()).unwrap();
    assert!(page("ARCHITECTURE.md").contains(PICTURE));
    assert!(
        page(PICTURE) == picture(&rooms),
        "run `cargo run -p structure`"
    );
}

#[test]
fn every_path_that_a_page_names_exists() {
    let files = files(&root()).unwrap();
    let top_level: BTreeSet<String> = files
        .iter()
        .filter_map(|file| Some(file.split_once('/')?.0.to_owned()))
        .collect();
    let top_level: Vec<String> = top_level.into_iter().collect();
    let mut lost = Vec::new();
    for name in pages(&files) {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for path in named_paths(&page(name), &top_level) {
            let path = path.trim_end_matches('/');
            let beside = root().join(folder).join(path);
            let end = format!("/{path}");
            let shortened = || files.iter().any(|file| file.ends_with(&end));
            let below_top = top_level
                .iter()
                .any(|top| path.split('/').next() == Some(top));
            if !beside.exists() && !root().join(path).exists() && (below_top || !shortened()) {
                lost.push(format!("{name}: {path}"));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

/// `NAME` (`file`): one of the files that are named has the name. Without a file
/// the name stands somewhere in the code.
#[test]
fn every_limit_stands_in_the_file_that_is_named_with_it() {
    let code: Vec<(String, String)> = files(&root())
        .unwrap()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .map(|path| {
            let code = page(&path);
            (format!("/{path}"), code)
        })
        .collect();
    let page = page("docs/limits.md");
    let mut seen = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap();
        let (places, names): (Vec<&str>, Vec<&str>) = cell
            .split('`')
            .skip(1)
            .step_by(2)
            // `--flag` stands in settings.md, `_per_source` is an end of a name.
            .filter(|word| !word.starts_with(['-', '_']))
            .partition(|word| word.ends_with(".rs") || word.contains('/'));
        for name in names {
            let is_there = |(path, code): &(String, String)| {
                let named = |place: &&str| path.contains(&format!("/{place}"));
                (places.is_empty() || places.iter().any(named)) && code.contains(name)
            };
            assert!(code.iter().any(is_there), "{name} is not in {places:?}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} limits");
}

/// `.ci/run` runs the commands of CONTRIBUTING.md as they stand; what they name
/// is there.
#[test]
fn what_a_newcomer_is_told_to_run_is_run() {
    let text = page("CONTRIBUTING.md");
    let blocks = blocks(&text);
    assert!(blocks.len() >= 4, "{} blocks", blocks.len());
    assert!(page(".ci/run").contains("\n.ci/first-hour\n"));
    assert!(page(".ci/first-hour").contains("' CONTRIBUTING.md)"));
    let rooms = Rooms::read(&root()).unwrap();
    let names: BTreeSet<&str> = rooms.all().iter().map(|room| room.name.as_str()).collect();
    let mut words = blocks.iter().flat_map(|block| block.split_whitespace());
    while let Some(word) = words.next() {
        if word == "-p" || word == "--package" {
            let package = words.next().unwrap();
            assert!(names.contains(package), "there is no package {package}");
        }
    }
}
