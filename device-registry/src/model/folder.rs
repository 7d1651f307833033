//! `DIR/models`: a file for each model that was added, for people to read, copy
//! and hand on. One that is put there by hand is taken in at the next start.
//!
//! Constraint: a model that was refused leaves no file that a start would take
//! in. So a file is written under another name before its rows, which a full
//! disk then refuses together with them, and gets its own name once they are
//! durable. After a crash in between, the rows tell what to do with it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use domain::ModelId;

use super::file::MAX_MODEL_BYTES;
use crate::secret::file::sync_folder_of;

/// Models of one platform, beside those of its agencies.
pub const MAX_MODELS: usize = 1_000;
/// Models of one agency's own.
pub const MAX_AGENCY_MODELS: usize = 100;
/// Versions of an agency's own model, and of what an agency refines of one of the
/// platform's: they are kept for ever.
pub const MAX_AGENCY_VERSIONS: u32 = 200;
/// Files that are looked at.
const MAX_FILES: usize = 100_000;
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

    /// Removes what was prepared.
    pub(super) fn discard(&self, id: &ModelId) -> io::Result<()> {
        fs::remove_file(self.file(id, IN_THE_MAKING))
    }

    /// The models of which something is prepared and has not got its name.
    pub(super) fn in_the_making(&self) -> Vec<ModelId> {
        let files = self.files(IN_THE_MAKING).into_iter();
        let names = files.filter_map(|path| path.file_stem()?.to_str().map(str::to_owned));
        names.filter_map(|name| ModelId::new(&name).ok()).collect()
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
            .take(MAX_FILES)
            .collect();
        files.sort();
        files
    }
}

/// What a data file has, up to a byte more than a model may; `None` where there
/// is none.
pub(super) fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(MAX_MODEL_BYTES as u64 + 1)
        .read_to_end(&mut content)?;
    Ok(Some(content))
}
