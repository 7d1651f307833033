//! The code of Rust files, without comments and tests.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::pages::files;

/// A file and what of it is compiled into a program.
#[derive(Debug)]
pub struct Source {
    /// Below the root.
    pub path: String,
    pub code: String,
}

/// The shipped code of all rooms below `folder`.
pub fn sources(root: &Path, folder: &str) -> Result<Vec<Source>> {
    let prefix = format!("{folder}/");
    let mut found = Vec::new();
    for path in files(root)? {
        let shipped = path.contains("/src/")
            && !path.contains("/tests/")
            && !path.ends_with("/tests.rs")
            && !path.ends_with("/testing.rs");
        if path.starts_with(&prefix) && path.ends_with(".rs") && shipped {
            let code = code_of(&fs::read_to_string(root.join(&path))?);
            found.push(Source { path, code });
        }
    }
    Ok(found)
}

/// Without comments, and without the test module at a file's end.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let tests =
            line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.starts_with("mod "));
        if tests {
            break;
        }
        code.push_str(without_comment(line));
        code.push('\n');
    }
    code
}

/// `//` within a word is an address in a text.
fn without_comment(line: &str) -> &str {
    let found = line.match_indices("//").find(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    found.map_or(line, |(at, _)| &line[..at])
}
