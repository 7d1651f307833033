//! What is done to one file.

use std::fs;
use std::path::Path;

use super::{content, put};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Damage {
    Removed,
    Emptied,
    CutShort,
    Older,
    Foreign,
}

impl Damage {
    pub(super) const ALL: [Self; 5] = [
        Self::Removed,
        Self::Emptied,
        Self::CutShort,
        Self::Older,
        Self::Foreign,
    ];

    /// Does it to a file; false where there is no such file to take.
    pub(super) fn apply(self, path: &Path, older: &Path, foreign: &Path) -> bool {
        let take = |from: &Path| {
            let there = from.exists();
            if there {
                put(path, &content(from));
            }
            there
        };
        let (bytes, length) = content(path);
        match self {
            Self::Removed => fs::remove_file(path).unwrap(),
            Self::Emptied => fs::write(path, b"").unwrap(),
            // In the middle of what is used of it.
            Self::CutShort if bytes.len() < 2 => return false,
            Self::CutShort => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
            Self::Older => return take(older) && content(path) != (bytes, length),
            Self::Foreign => return take(foreign) && content(path) != (bytes, length),
        }
        true
    }
}
