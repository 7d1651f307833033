//! The data folder as a whole (`docs/decisions/0015`): which parts it has,
//! whether they belong together, and how far each must have got.
//!
//! A folder has a random id, which each part tells, and a record of its parts
//! beside them, `madang.parts` ([`record`]). At a start a part that is lost, of
//! another folder or older than the record is refused by its name, and nothing
//! is changed; only a folder that is being made, or that gets its id now, may
//! lack some. [`Keeper`] keeps the record up to date while the platform runs.

mod keeper;
mod parts;
pub(crate) mod record;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use device_registry::{RegistryFolder, TOKEN_FILE};
use domain::{FolderId, FolderMark, Offset};

use crate::format::{self, Format};
use session_store::SessionsFolder;

pub(crate) use keeper::Keeper;
pub(crate) use parts::{digests, found, key_fault};
pub(crate) use record::{Record, State};

/// The folder of a platform that starts.
pub(crate) struct Folder {
    data: PathBuf,
    record: Record,
}

impl Folder {
    /// Makes the folder, upgrades an older one in place, or refuses one that is
    /// newer than this binary or lacks a part, untouched.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let format = format::look(data)?;
        let record = record::read(data)?;
        let record = match (format, record) {
            (Format::None, None) => first_start(data)?,
            // The process ended before the format was written.
            (Format::None, Some(record)) if record.state == State::New => record,
            (Format::None, Some(_)) => bail!(
                "{} is missing, and this data folder has lived: restore it from a backup, or let \
                 madang doctor --repair write it again",
                data.join(format::FILE).display()
            ),
            (Format::Older(older), None) => {
                parts::check_old(data, older)?;
                record::new(State::Upgraded(older))?
            }
            // The process ended while it upgraded, or the format is from before.
            (Format::Older(_) | Format::Ours, Some(record)) => record,
            (Format::Ours, None) => bail!(
                "{} is missing, and this data folder has lived: restore it from a backup, or let \
                 madang doctor --repair write it again",
                data.join(record::FILE).display()
            ),
        };
        match record.state {
            State::New => {}
            State::Upgraded(older) => parts::check_old(data, older)?,
            State::Whole => parts::check_whole(data, &record)?,
        }
        if record.state != State::New && !data.join(TOKEN_FILE).exists() {
            tracing::warn!(
                "{} was missing: a new operator's token is made, and the old one opens nothing any more",
                data.join(TOKEN_FILE).display()
            );
        }
        let folder = Self {
            data: data.to_owned(),
            record,
        };
        folder.begin(format)?;
        Ok(folder)
    }

    /// The record first: without it the format would be that of a folder which
    /// has lost it.
    fn begin(&self, format: Format) -> anyhow::Result<()> {
        if self.record.state != State::Whole {
            record::write(&self.data, &self.record)?;
        }
        match format {
            Format::Ours => Ok(()),
            Format::None => format::write(&self.data),
            Format::Older(older) => {
                format::write(&self.data)?;
                tracing::info!(
                    "the data folder {} was upgraded from format {older} to {}",
                    self.data.display(),
                    format::VERSION
                );
                Ok(())
            }
        }
    }

    fn id(&self) -> FolderId {
        self.record.folder
    }

    pub(crate) fn mark(&self) -> FolderMark {
        match self.record.state {
            State::Whole => FolderMark::of(self.id()),
            State::New | State::Upgraded(_) => FolderMark::first(self.id()),
        }
    }

    pub(crate) fn registry(&self) -> RegistryFolder {
        RegistryFolder {
            mark: self.mark(),
            least: self.record.marks.registry(),
        }
    }

    pub(crate) fn sessions(&self) -> SessionsFolder {
        SessionsFolder {
            mark: self.mark(),
            least: self.record.marks.sessions,
        }
    }

    pub(crate) fn least_offset(&self) -> Offset {
        Offset::new(self.record.marks.offset)
    }

    /// Every part is open and tells this folder: from now on none may be
    /// missing.
    pub(crate) fn complete(self) -> anyhow::Result<Keeper> {
        let mut record = self.record;
        record.state = State::Whole;
        record.parts = parts::found(&self.data);
        record.secrets = parts::digests(&self.data)?;
        Keeper::new(self.data, record)
    }
}

/// Of a folder that has none of the parts.
fn first_start(data: &Path) -> anyhow::Result<Record> {
    let found = parts::found(data);
    if !found.is_empty() {
        bail!(
            "{} is missing, and the folder has {}: restore it from a backup, or let madang doctor \
             --repair write it again",
            data.join(format::FILE).display(),
            found.join(", ")
        );
    }
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))?;
    record::new(State::New)
}

#[cfg(test)]
mod tests;
