//! `DIR/feed.json`: where the feed goes on after our own end.
//!
//! Constraints: everything after its position is sent again, so it lies a
//! horizon before what was acknowledged; it belongs to one target, and another
//! one begins at the beginning of the log. It is replaced as a
//! whole (write, fsync, rename, fsync of the folder). A newer version is
//! refused; one that cannot be read is set aside, since to begin anew costs
//! time only.
//!
//! ```json
//! {"version": 1, "target": "http://127.0.0.1:8428/api/v2/write?bucket=madang&precision=us",
//!  "resume_behind": 120345, "received": 1690000000000000,
//!  "folder": "5b0c1f...", 32 hexadecimal digits, "begun": true}
//! ```
//! `begun` is missing where an earlier version wrote it, whose position 0 says
//! only that nothing had been settled: such a feed begins as a new one. `received` is when that frame was received, in microseconds; `folder` is the
//! data folder's id, since a position in another log would leave frames out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::{FolderId, FolderMark, Misfit, Offset, Timestamp};
use serde::{Deserialize, Serialize};

use crate::batch::Position;

const VERSION: u32 = 1;
/// Its name in the data folder.
pub const CURSOR_FILE: &str = "feed.json";
/// A cursor has some 200 bytes; more is some other file.
const MAX_BYTES: u64 = 16 << 10;

/// Why there is no cursor to go on from.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    #[error("{} has version {version}, and this program knows up to {VERSION}", path.display())]
    Newer { path: PathBuf, version: u32 },
    #[error(
        "{} does not fit: {misfit}; put this folder's own back, or remove it: everything in the log \
         is sent again then",
        path.display()
    )]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error("cannot read the feed's cursor {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot write the feed's cursor {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    target: String,
    #[serde(rename = "resume_behind")]
    resume_after: u64,
    received: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    /// All after the position is owed, also after 0.
    #[serde(default)]
    begun: bool,
}

impl Content {
    fn has_a_position(&self) -> bool {
        self.begun || (self.resume_after, self.received) != (0, 0)
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// The file of one target.
pub(crate) struct Cursor {
    folder: PathBuf,
    target: String,
    mark: FolderMark,
    /// What the file says.
    written: Option<Position>,
}

impl Cursor {
    /// Reads the file, where there is one.
    pub(crate) fn open(
        folder: &Path,
        target: String,
        mark: FolderMark,
    ) -> Result<Self, CursorError> {
        let mut cursor = Self {
            folder: folder.to_owned(),
            target,
            mark,
            written: None,
        };
        let path = cursor.path();
        let read = |cause| CursorError::Read {
            path: path.clone(),
            cause,
        };
        let bytes = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(cursor),
            Err(error) => return Err(read(error)),
            Ok(metadata) if metadata.len() > MAX_BYTES => Vec::new(),
            Ok(_) => fs::read(&path).map_err(read)?,
        };
        if let Ok(VersionOnly { version }) = serde_json::from_slice(&bytes)
            && version > VERSION
        {
            return Err(CursorError::Newer { path, version });
        }
        match serde_json::from_slice::<Content>(&bytes) {
            // One that tells no folder is of a version before.
            Ok(content) if mark.check(told_by(&content)) == Err(Misfit::Foreign) => {
                let misfit = Misfit::Foreign;
                return Err(CursorError::Misfit { path, misfit });
            }
            Ok(content) if content.target == cursor.target => {
                cursor.written = content.has_a_position().then(|| Position {
                    offset: Offset::new(content.resume_after),
                    received: Timestamp::from_micros(content.received),
                });
            }
            Ok(content) => tracing::info!(
                before = content.target,
                "the feed has another target and begins anew"
            ),
            Err(error) => {
                let aside = path.with_extension("json.damaged");
                tracing::error!(%error, aside = %aside.display(), "the feed's cursor cannot be read and is set aside: everything in the log is sent again");
                fs::rename(&path, aside).map_err(read)?;
            }
        }
        Ok(cursor)
    }

    /// Everything after it is sent again.
    pub(crate) fn position(&self) -> Option<Position> {
        self.written
    }

    /// Durable when it returns.
    pub(crate) fn save(&mut self, position: Position) -> Result<(), CursorError> {
        if self.written == Some(position) {
            return Ok(());
        }
        let content = Content {
            version: VERSION,
            target: self.target.clone(),
            resume_after: position.offset.get(),
            received: position.received.as_micros(),
            folder: self.mark.id().map(|id| id.to_string()),
            begun: true,
        };
        self.replace(&content).map_err(|cause| CursorError::Write {
            path: self.path(),
            cause,
        })?;
        self.written = Some(position);
        Ok(())
    }

    fn replace(&self, content: &Content) -> io::Result<()> {
        let temporary = self.folder.join(format!("{CURSOR_FILE}.tmp"));
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(content)?)?;
        file.sync_all()?;
        fs::rename(&temporary, self.path())?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self) -> PathBuf {
        self.folder.join(CURSOR_FILE)
    }
}

fn told_by(content: &Content) -> Option<FolderId> {
    content.folder.as_deref()?.parse().ok()
}

#[cfg(test)]
mod tests;
