//! What a page of Markdown names: files, and commands.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// The endings by which a word without a folder is known as a file.
const ENDINGS: [&str; 8] = [".rs", ".md", ".py", ".mjs", ".ts", ".svg", ".sh", ".html"];

/// What is made beside the sources, and never named.
const MADE: [&str; 6] = [
    "target",
    "node_modules",
    "madang-data",
    "artifacts",
    "found",
    ".git",
];

/// The files of the repository, below its root, sorted.
pub fn files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if MADE.iter().any(|made| entry.file_name() == *made) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let below = path.strip_prefix(root)?;
                found.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The paths that a page names: where its links lead, and what stands between
/// backticks and is a path by its beginning or its end.
pub fn named_paths<'a>(page: &'a str, top_level: &[String]) -> Vec<&'a str> {
    let links = page.split("](").skip(1).filter_map(|rest| {
        let link = rest.split([')', '#']).next()?;
        (!link.is_empty() && !link.contains(':')).then_some(link)
    });
    let quoted = page.split('`').skip(1).step_by(2).filter(|word| {
        let file = ENDINGS.iter().any(|ending| word.ends_with(ending)) && !word.starts_with('/');
        is_plain(word) && (is_below(word, top_level) || file)
    });
    let commands = blocks(page)
        .into_iter()
        .flat_map(str::split_whitespace)
        .filter(|word| is_below(word, top_level) && is_plain(word));
    links.chain(quoted).chain(commands).collect()
}

/// Whether it begins with a folder that lies at the top.
fn is_below(word: &str, top_level: &[String]) -> bool {
    let first = word.split_once('/').map(|(first, _)| first);
    first.is_some_and(|first| top_level.iter().any(|name| name == first))
}

/// Whether it is a name, and no pattern or command.
fn is_plain(word: &str) -> bool {
    !word.contains([' ', '{', '*', '<', '#', '+', '$', '"'])
}

/// The blocks of shell of a page.
pub fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.strip_prefix("sh\n"))
        .collect()
}
