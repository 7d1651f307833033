//! A data model is added, or the next version of one.
//!
//! A model that is added becomes a file of its own under `DIR/models`, for
//! people to read, copy and hand on; one that is put there by hand is taken in
//! at the next start. A file is written before its change is applied: after a
//! crash in between, the next start takes it in.

use std::path::PathBuf;
use std::sync::Arc;

use domain::{DeviceId, ModelId};

use super::compatibility::check_successor;
use super::{IncompatibleModel, Model, ModelFileError, ModelOrigin, ModelVersion, check_field};
use crate::registry::{Actor, Change, ErrorClass, ModelRow, OperationError, Registry, RowChange};
use crate::secret::file::sync_folder_of;
use crate::store::StoreError;
use crate::thing::Thing;

/// Models of one platform.
pub const MAX_MODELS: usize = 1_000;
/// The folder of data files within the data folder.
pub(super) const FOLDER: &str = "models";

/// What adding a model did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModelChange {
    /// It stands already, with the same content.
    Same,
    New,
    /// Devices of the model have datastreams for its new fields now.
    NewVersion,
}

/// A model that stands now, and whether it did before.
#[derive(Clone, PartialEq, Debug)]
pub struct AddedModel {
    pub model: Arc<Model>,
    pub change: ModelChange,
}

/// Why a model was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddModelError {
    #[error(transparent)]
    File(#[from] ModelFileError),
    #[error("model {id} exists, and this is no new version of it: {fault}")]
    Incompatible {
        id: ModelId,
        fault: IncompatibleModel,
    },
    #[error("there are {MAX_MODELS} models, and no more are taken")]
    Full,
    #[error("cannot write the data file {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for AddModelError {
    fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "invalid-model",
            Self::Incompatible { .. } => "incompatible-model",
            Self::Full => "too-many-models",
            Self::Write { .. } | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::File(_) => ErrorClass::Invalid,
            Self::Incompatible { .. } | Self::Full => ErrorClass::Conflict,
            Self::Write { .. } | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Adds a model, or the next version of one, from a data file's content.
    pub fn add_model(&self, actor: &Actor, json: &[u8]) -> Result<AddedModel, AddModelError> {
        let model = Model::parse(json, ModelVersion(1))?;
        self.change(actor, |change| {
            let added = add(change, model, json, ModelOrigin::Operator)?;
            if added.change == ModelChange::Same {
                change.discard();
            } else {
                self.write_file(&added.model.id, json)?;
            }
            Ok(added)
        })
    }

    fn write_file(&self, id: &ModelId, json: &[u8]) -> Result<(), AddModelError> {
        let folder = self.dir.join(FOLDER);
        let path = folder.join(format!("{id}.json"));
        let temporary = folder.join(format!("{id}.new"));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(&temporary, json)?;
            std::fs::File::open(&temporary)?.sync_all()?;
            std::fs::rename(&temporary, &path)?;
            sync_folder_of(&path)
        };
        write().map_err(|source| AddModelError::Write { path, source })
    }
}

/// Rows and draft for a model that is new, the same, or a next version.
pub(super) fn add(
    change: &mut Change,
    mut model: Model,
    json: &[u8],
    origin: ModelOrigin,
) -> Result<AddedModel, AddModelError> {
    let kind = match change.draft.model(&model.id).cloned() {
        None if change.draft.models.len() >= MAX_MODELS => return Err(AddModelError::Full),
        None => ModelChange::New,
        Some(old) if old.same_content(&model) => {
            return Ok(AddedModel {
                model: old,
                change: ModelChange::Same,
            });
        }
        Some(old) => {
            let id = old.id.clone();
            check_successor(&old, &model)
                .map_err(|fault| AddModelError::Incompatible { id, fault })?;
            model.version = ModelVersion(old.version.0 + 1);
            ModelChange::NewVersion
        }
    };
    change.write(RowChange::AddModel(ModelRow {
        id: model.id.clone(),
        version: model.version,
        content: String::from_utf8_lossy(json).into(),
        origin,
        created: change.now,
    }));
    let model = Arc::new(model);
    change.draft.put_model(Arc::clone(&model));
    if kind == ModelChange::NewVersion {
        change.alters_rights();
        let of_model = change
            .draft
            .devices(None)
            .filter(|device| device.model.id == model.id);
        let devices: Vec<DeviceId> = of_model.map(|device| device.id.clone()).collect();
        for device in &devices {
            complete(change, device)?;
        }
    }
    Ok(AddedModel {
        model,
        change: kind,
    })
}

/// Gives a device's thing a datastream for each field of its model; an extra
/// one of that name is adopted.
pub(super) fn complete(change: &mut Change, id: &DeviceId) -> Result<(), StoreError> {
    let draft = &change.draft;
    let Some(device) = draft.device(id.as_str()).cloned() else {
        return Ok(());
    };
    let Some(model) = draft.model(&device.model.id).cloned() else {
        return Ok(());
    };
    let Some(thing) = draft.thing(device.thing.as_str()) else {
        return Ok(());
    };
    let mut thing = Thing::clone(thing);
    for field in &model.fields {
        let standing = thing
            .datastreams
            .iter()
            .filter_map(|number| change.draft.datastream(*number))
            .find(|datastream| datastream.field == field.name)
            .cloned();
        let name = field.name.clone();
        let row = match standing {
            // Of this model: the next refresh gives it the definition.
            Some(datastream) if datastream.model == model.id => continue,
            // A predecessor's of another meaning goes on as it is.
            Some(datastream)
                if datastream
                    .definition
                    .as_ref()
                    .is_some_and(|old| check_field(old, field).is_err()) =>
            {
                continue;
            }
            Some(datastream) => {
                let handed = (datastream.id, name);
                change.hand_over_datastream(&thing, handed, &device.id, &model.id)
            }
            None => change.add_datastream(&mut thing, name, &device.id, &model.id)?,
        };
        change.write(row);
    }
    let thing = change.draft.put_thing(thing);
    change.draft.refresh_thing(&thing.id);
    Ok(())
}
