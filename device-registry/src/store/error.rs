//! Why the registry's file cannot be opened, read or written.

use std::path::{Path, PathBuf};

use domain::Misfit;
use sqlite_file::is_damage;

use super::SCHEMA_VERSION;

/// SQLite did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the registry's database cannot {action}")]
    Sqlite {
        action: &'static str,
        #[source]
        source: rusqlite::Error,
    },
    #[error("a row of the registry cannot be read: {0}")]
    Row(String),
    #[error("the numbers of {0} are used up")]
    NumbersUsedUp(&'static str),
    /// After a commit whose outcome is unknown, memory and disk may differ.
    #[error("the registry takes no change since a commit failed; start the platform again")]
    Poisoned,
}

impl StoreError {
    pub(crate) fn on(action: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Sqlite { action, source }
    }
}

impl OpenStoreError {
    /// What the file at `path` was asked for.
    pub(super) fn asking(path: &Path) -> impl Fn(StoreError) -> Self {
        move |error| match error {
            StoreError::Sqlite { source, .. } if is_damage(&source) => Self::Damaged {
                path: path.to_owned(),
                source,
            },
            error => Self::Store(error),
        }
    }
}

/// Why the registry's file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a registry of this platform", .0.display())]
    Foreign(PathBuf),
    #[error(
        "{} is of schema version {found}, and this binary knows {SCHEMA_VERSION} at most; nothing was changed. Start the newer binary",
        path.display()
    )]
    Newer { path: PathBuf, found: u32 },
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error(
        "{} {what}, and this data folder has lived: restore it from a backup; a new one would give \
         numbers of datastreams again that have observations",
        path.display()
    )]
    Lost { path: PathBuf, what: &'static str },
    #[error("{} does not fit: {misfit}; put this folder's own back", path.display())]
    Misfit { path: PathBuf, misfit: Misfit },
    #[error(
        "{} is older than the folder around it: it has {found} changes of {least} that were saved, \
         so it is a copy from before, or its -wal is lost or damaged; nothing was changed. Put the \
         newer one in its place, or restore a backup; madang doctor --repair --accept-loss goes on \
         with it",
        path.display()
    )]
    Older {
        path: PathBuf,
        found: u64,
        least: u64,
    },
    #[error(
        "{} is damaged; nothing was changed: put it back as it was, as from a backup of this \
         folder; see madang doctor",
        path.display()
    )]
    Damaged {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error(transparent)]
    Store(StoreError),
    #[error("cannot bring {} to schema version {SCHEMA_VERSION}", path.display())]
    Migrate {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
}
