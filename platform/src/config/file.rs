//! The configuration file: TOML with the flags' names as keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Spanned, Value};

/// A file is a page of text; more is some other file.
const MAX_FILE_BYTES: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read the configuration {}: {cause}", path.display())]
    Read {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("the configuration {} is longer than {MAX_FILE_BYTES} bytes", path.display())]
    TooLong { path: PathBuf },
    #[error("the configuration {}: line {line}: {fault}", path.display())]
    Content {
        path: PathBuf,
        line: usize,
        fault: String,
    },
}

/// The keys of the file, all of them among `names`, and their values as they
/// would stand on a command line.
pub(super) fn read(path: &Path, names: &[&str]) -> Result<Vec<(String, String)>, FileError> {
    let unreadable = |cause| FileError::Read {
        path: path.to_owned(),
        cause,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong {
            path: path.to_owned(),
        });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let fault = |at: usize, fault: String| FileError::Content {
        path: path.to_owned(),
        line: text[..at.min(text.len())].matches('\n').count() + 1,
        fault,
    };
    let keys: BTreeMap<Spanned<String>, Spanned<Value>> =
        toml::from_str(&text).map_err(|error| {
            // TOML's own report is a picture of several lines.
            let at = error.span().map_or(0, |span| span.start);
            fault(at, error.message().replace('\n', " "))
        })?;
    let mut read = Vec::new();
    for (key, value) in keys {
        let name = key.get_ref();
        if !names.contains(&name.as_str()) {
            let known: Vec<String> = names.iter().map(|it| format!("`{it}`")).collect();
            let known = known.join(", ");
            return Err(fault(
                key.span().start,
                format!("unknown field `{name}`, expected one of {known}"),
            ));
        }
        let at = value.span().start;
        let value = match value.into_inner() {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            other => {
                let kind = other.type_str();
                let what = format!("invalid type: {kind}, expected a text or a whole number");
                return Err(fault(at, what));
            }
        };
        read.push((key.into_inner(), value));
    }
    Ok(read)
}
