//! `DIR/clock`: what the clock knew when it was last looked at, so that a clock
//! that was set while the platform was stopped is noticed too.
//!
//! One line of JSON, replaced as a whole each minute and at the end. It is a
//! help and no part of the data: one that is missing, damaged or older is as
//! good as none, and the newest message in the log stands in its place.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use data_files::sync_folder;

/// Its name in the data folder.
pub const CLOCK_FILE: &str = "clock";

/// Times in microseconds since 1970.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The platform's time.
    pub(super) now: i64,
    /// What deletion counted from.
    pub(super) settled: i64,
    /// Whether the two ever met; before, there is nothing that was known.
    #[serde(default)]
    pub(super) proven: bool,
    /// For how long the system's clock had stood ahead of that, by the clock
    /// that counts.
    pub(super) waited: i64,
    /// Since that start of the machine.
    pub(super) since_boot: i64,
    pub(super) boot: Option<String>,
}

pub(super) fn read(data: &Path) -> Option<Kept> {
    let path = data.join(CLOCK_FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "what the clock knew cannot be read");
            return None;
        }
    };
    let kept = serde_json::from_slice(&text);
    kept.inspect_err(
        |error| tracing::warn!(path = %path.display(), %error, "what the clock knew is damaged"),
    )
    .ok()
}

pub(super) fn write(data: &Path, kept: &Kept) -> io::Result<()> {
    let (path, made) = (data.join(CLOCK_FILE), in_the_making(data));
    let mut file = File::create(&made)?;
    file.write_all(&serde_json::to_vec(kept).map_err(io::Error::other)?)?;
    file.sync_all()?;
    fs::rename(&made, &path)?;
    sync_folder(data)
}

/// Backups leave names out that end so.
fn in_the_making(data: &Path) -> PathBuf {
    data.join(format!("{CLOCK_FILE}.tmp"))
}
