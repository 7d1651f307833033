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
mod tests {
    use super::*;

    fn listing(data: &Path) -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, std::fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_first_start_that_was_cut_short_goes_on_with_the_same_id() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let id = Folder::open(&data).unwrap().id();
        assert_eq!(Folder::open(&data).unwrap().id(), id);
        std::fs::remove_file(data.join(format::FILE)).unwrap();
        let again = Folder::open(&data).unwrap();
        assert_eq!((again.id(), again.mark()), (id, FolderMark::first(id)));
    }

    #[test]
    fn an_older_folder_is_upgraded_in_place_and_a_newer_one_refused() {
        for older in ["1\n", "2\n"] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(format::FILE), older).unwrap();
            let folder = Folder::open(dir.path()).unwrap();
            assert!(folder.mark().adopts());
            let text = std::fs::read_to_string(dir.path().join(format::FILE)).unwrap();
            assert_eq!(text, "3\n");
        }
        for refused in ["4\n", "two\n", ""] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(format::FILE), refused).unwrap();
            let before = listing(dir.path());
            assert!(Folder::open(dir.path()).is_err(), "{refused:?}");
            assert_eq!(listing(dir.path()), before);
        }
    }

    #[test]
    fn parts_without_their_format_or_their_record_are_no_first_start() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        std::fs::write(data.join("registry.sqlite"), b"x").unwrap();
        let before = listing(data);
        let refused = Folder::open(data).err().unwrap().to_string();
        assert!(refused.contains(format::FILE), "{refused}");
        assert!(refused.contains("registry.sqlite"), "{refused}");
        std::fs::write(data.join(format::FILE), "3\n").unwrap();
        let refused = Folder::open(data).err().unwrap().to_string();
        assert!(refused.contains(record::FILE), "{refused}");
        std::fs::remove_file(data.join(format::FILE)).unwrap();
        assert_eq!(listing(data), before);
    }
}
