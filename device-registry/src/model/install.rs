//! The models at the start of the program: the built-in ones, and the files
//! that somebody put into `DIR/models` by hand.

use std::path::{Path, PathBuf};

use domain::{DeviceId, ModelId};

use super::add::{AddModelError, FOLDER, MAX_MODELS, Origin, add, complete};
use super::builtin::BUILTIN_MODELS;
use super::file::{MAX_MODEL_BYTES, ModelFileError};
use super::{Model, ModelVersion};
use crate::device::Device;
use crate::registry::{Actor, Change, Registry};
use crate::store::StoreError;

impl Registry {
    /// At the start: takes in what a newer binary brings and what lies in the
    /// folder, and gives each device the datastreams that its model has by now.
    pub(crate) fn install_models(&self) -> Result<(), StoreError> {
        self.change(&Actor::Platform, |change| {
            for json in BUILTIN_MODELS {
                install_builtin(change, json)?;
            }
            for file in model_files(&self.dir.join(FOLDER)) {
                install_file(change, &file)?;
            }
            let lagging = change.draft.devices(None).filter(|device| lags(device));
            let lagging: Vec<DeviceId> = lagging.map(|device| device.id.clone()).collect();
            for device in &lagging {
                complete(change, device)?;
            }
            Ok(())
        })
    }
}

/// Whether the model has fields that the device has no datastream for.
fn lags(device: &Device) -> bool {
    let fields = &device.model.fields;
    device.datastreams.len() < fields.len()
        || fields
            .iter()
            .zip(&device.datastreams)
            .any(|(field, datastream)| field.name != datastream.field)
}

/// A newer binary's model follows its own older one, never an operator's.
fn install_builtin(change: &mut Change<'_>, json: &str) -> Result<(), StoreError> {
    let model = Model::parse(json.as_bytes(), ModelVersion(1)).expect("checked by a test");
    if let Some(standing) = change.draft.model(&model.id)
        && (standing.same_content(&model) || origin_of(change, &model.id)? == Origin::Operator)
    {
        return Ok(());
    }
    let id = model.id.clone();
    match add(change, model, json.as_bytes(), Origin::Builtin) {
        Ok(_) => Ok(()),
        Err(AddModelError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!(model = %id, %error, "the registry keeps its own version of a built-in model");
            Ok(())
        }
    }
}

fn origin_of(change: &Change<'_>, id: &ModelId) -> Result<Origin, StoreError> {
    let sql = "SELECT origin FROM model WHERE id = ?1 ORDER BY version DESC LIMIT 1";
    let origin: String = change
        .transaction
        .query_row(sql, [id.as_str()], |row| row.get(0))
        .map_err(StoreError::on("look up a model's origin"))?;
    Ok(if origin == Origin::Builtin.as_str() {
        Origin::Builtin
    } else {
        Origin::Operator
    })
}

/// In order of name; a folder that is not there has none.
fn model_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .take(MAX_MODELS)
        .collect();
    files.sort();
    files
}

/// One bad file does not keep the platform from starting; it is told and left.
fn install_file(change: &mut Change<'_>, path: &Path) -> Result<(), StoreError> {
    let too_large = |length: u64| length > MAX_MODEL_BYTES as u64;
    let read = match std::fs::metadata(path) {
        Ok(found) if too_large(found.len()) => {
            Err(ModelFileError::TooLarge(found.len() as usize).into())
        }
        _ => std::fs::read(path).map_err(|source| AddModelError::Write {
            path: path.to_owned(),
            source,
        }),
    };
    let taken_in = read.and_then(|json| {
        let model = Model::parse(&json, ModelVersion(1))?;
        if was_taken_in(change, &model.id, &json)? {
            return Ok(());
        }
        add(change, model, &json, Origin::Operator).map(|_| ())
    });
    match taken_in {
        Ok(()) => Ok(()),
        Err(AddModelError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "a data model's file was not taken in");
            Ok(())
        }
    }
}

/// Whether this very content was a version already: an old file that lies
/// there still must not undo what was added since.
fn was_taken_in(change: &Change<'_>, id: &ModelId, json: &[u8]) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM model WHERE id = ?1 AND content = CAST(?2 AS TEXT))";
    change
        .transaction
        .query_row(sql, rusqlite::params![id.as_str(), json], |row| row.get(0))
        .map_err(StoreError::on("look up a model's versions"))
}
