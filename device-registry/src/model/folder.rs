//! `DIR/models`: a file for each model that was added, for people to read, copy
//! and hand on. One that is put there by hand is taken in at the next start.
//!
//! Constraint: a model that was refused leaves no file that a start would take
//! in. So a file is written under another name before its rows, which a full
//! disk then refuses together with them, and gets its own name once they are
//! durable. After a crash in between, the rows tell what to do with it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::ModelId;

use crate::secret::file::sync_folder_of;

/// Models of one platform.
pub const MAX_MODELS: usize = 1_000;
const FOLDER: &str = "models";
const DATA_FILE: &str = "json";
const IN_THE_MAKING: &str = "new";

/// The folder within the data folder `dir`.
pub(super) struct ModelFolder(PathBuf);

impl ModelFolder {
    pub(super) fn of(dir: &Path) -> Self {
        Self(dir.join(FOLDER))
    }

    /// The file that a model has.
    pub(super) fn path(&self, id: &ModelId) -> PathBuf {
        self.file(id, DATA_FILE)
    }

    fn file(&self, id: &ModelId, extension: &str) -> PathBuf {
        self.0.join(format!("{id}.{extension}"))
    }

    /// Makes a model's file durable, without its name.
    pub(super) fn prepare(&self, id: &ModelId, json: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let path = self.file(id, IN_THE_MAKING);
        let mut file = File::create(&path)?;
        file.write_all(json)?;
        file.sync_all()?;
        sync_folder_of(&path)
    }

    /// Names what was prepared: the model's rows are durable.
    pub(super) fn publish(&self, id: &ModelId) -> io::Result<()> {
        let path = self.path(id);
        fs::rename(self.file(id, IN_THE_MAKING), &path)?;
        sync_folder_of(&path)
    }

    /// At the start: publishes what was prepared where `stands` says that it is
    /// the model's newest version, and removes it otherwise.
    pub(super) fn settle(&self, stands: impl Fn(&ModelId, &[u8]) -> bool) {
        for path in self.files(IN_THE_MAKING) {
            let name = path.file_stem().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| ModelId::new(name).ok()) else {
                continue;
            };
            let stood = fs::read(&path).is_ok_and(|json| stands(&id, &json));
            let settled = if stood {
                self.publish(&id)
            } else {
                fs::remove_file(&path)
            };
            if let Err(error) = settled {
                tracing::warn!(path = %path.display(), %error, "a data model's file is left in the making");
            }
        }
    }

    /// The data files, in order of name; none where there is no folder.
    pub(super) fn data_files(&self) -> Vec<PathBuf> {
        self.files(DATA_FILE)
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == extension))
            .take(MAX_MODELS)
            .collect();
        files.sort();
        files
    }
}
