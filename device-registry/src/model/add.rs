//! A data model is added, or the next version of one.
//!
//! The version itself is one change: from then on it stands, and new devices are
//! of it. Devices that there are follow in changes of a piece each, so that a
//! revocation comes in between two of them; a device has the old version until
//! its turn, and one that is connected until all have had theirs. What an error or
//! a crash leaves undone, the next start does, or whoever adds the same version
//! again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ModelId;

use super::compatibility::faults_of_successor;
use super::difference::{ModelDifference, differences};
use super::folder::{MAX_AGENCY_MODELS, MAX_AGENCY_VERSIONS, MAX_MODELS, ModelFolder, read_file};
use super::follow::{follow, lagging};
use super::refine::refine_again;
use super::{IncompatibleModel, Model, ModelFileError, ModelOrigin, ModelVersion};
use crate::registry::{Actor, Change, ErrorClass, ModelRow, OperationError, Registry, RowChange};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// Devices of one change: some tens of milliseconds.
const PIECE_DEVICES: usize = 1_024;

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
    /// Of a new version: what it changes of the one before.
    pub differences: Vec<ModelDifference>,
}

/// Why a model was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddModelError {
    #[error(transparent)]
    File(#[from] ModelFileError),
    #[error(
        "model {id} exists, and this is no new version of it: {}",
        joined(faults)
    )]
    Incompatible {
        id: ModelId,
        faults: Vec<IncompatibleModel>,
    },
    #[error("there are {MAX_MODELS} models, and no more are taken")]
    Full,
    #[error("agency {0} has {MAX_AGENCY_MODELS} models of its own, and no more are taken")]
    AgencyFull(Box<str>),
    #[error(
        "the model has {MAX_AGENCY_VERSIONS} versions, and no more are taken; add another model"
    )]
    TooManyVersions,
    #[error("no agency {0}, whose the model would be; create it first")]
    UnknownAgency(Box<str>),
    #[error(
        "the file models/{} was put there by hand and is no version of a model yet: the next start takes it in; whoever runs the platform moves it away, or adds its content first",
        path.file_name().unwrap_or_default().display()
    )]
    FileInTheWay { path: PathBuf },
    #[error("cannot write the data file {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the model stands, and {lagging} devices have not got its new version: add it again to go on with them"
    )]
    Unfinished {
        lagging: usize,
        #[source]
        source: StoreError,
    },
}

fn joined(faults: &[IncompatibleModel]) -> String {
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

impl OperationError for AddModelError {
    fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "invalid-model",
            Self::Incompatible { .. } => "incompatible-model",
            Self::Full | Self::AgencyFull(_) => "too-many-models",
            Self::TooManyVersions => "too-many-versions",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::FileInTheWay { .. } => "model-file-in-the-way",
            Self::Write { .. } | Self::Store(_) | Self::Unfinished { .. } => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::File(_) | Self::UnknownAgency(_) => ErrorClass::Invalid,
            Self::Incompatible { .. }
            | Self::Full
            | Self::AgencyFull(_)
            | Self::TooManyVersions
            | Self::FileInTheWay { .. } => ErrorClass::Conflict,
            Self::Write { .. } | Self::Store(_) | Self::Unfinished { .. } => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Adds a model, or the next version of one, from a data file's content.
    pub fn add_model(&self, actor: &Actor, json: &[u8]) -> Result<AddedModel, AddModelError> {
        let model = Model::parse(json, ModelVersion(1))?;
        model.check_sight()?;
        let _alone = self.adding_model.lock();
        let folder = ModelFolder::of(&self.dir);
        let path = folder.path(&model.id);
        let is_in_the_way = self.is_put_there_by_hand(&path, json)?;
        let added = self.change(actor, |change| {
            let added = add(change, model, json, ModelOrigin::Operator)?;
            if added.change == ModelChange::Same {
                change.discard();
                return Ok(added);
            }
            if is_in_the_way {
                return Err(AddModelError::FileInTheWay { path: path.clone() });
            }
            match folder.prepare(&added.model.id, json) {
                Ok(()) => Ok(added),
                Err(source) => Err(AddModelError::Write {
                    path: path.clone(),
                    source,
                }),
            }
        })?;
        if added.change != ModelChange::Same
            && let Err(error) = folder.publish(&added.model.id)
        {
            tracing::warn!(path = %path.display(), %error, "a data model stands, and the next start names its file");
        }
        self.have_devices_follow(actor, Some(&added.model.id))?;
        Ok(added)
    }

    /// Whether the file at `path` would be lost if `json` took its place: it is no
    /// version of a model, since an operator has put it there for the next start.
    fn is_put_there_by_hand(&self, path: &Path, json: &[u8]) -> Result<bool, AddModelError> {
        let found = read_file(path).map_err(|source| AddModelError::Write {
            path: path.to_owned(),
            source,
        })?;
        match found {
            Some(content) if content != json => Ok(!self.store().has_model_version(&content)?),
            _ => Ok(false),
        }
    }

    /// Gives the devices, of `model` or of any, the newest version of their model,
    /// a piece at a time.
    pub(super) fn have_devices_follow(
        &self,
        actor: &Actor,
        model: Option<&ModelId>,
    ) -> Result<(), AddModelError> {
        let lagging = lagging(&self.snapshot(), model);
        if lagging.is_empty() {
            return Ok(());
        }
        // A new version takes no right away: what was decided by an older one may
        // hold until the end. Then those who are connected see their devices anew,
        // once and not for each piece.
        let mut left = lagging.len();
        let followed = lagging.chunks(PIECE_DEVICES).try_for_each(|piece| {
            self.change(actor, |change| {
                if piece.len() == left {
                    change.alters_rights();
                }
                piece.iter().try_for_each(|device| follow(change, device))
            })?;
            left -= piece.len();
            Ok(())
        });
        followed.map_err(|source| {
            // Where an error was the end too; what it says comes before what this
            // one might.
            let _ = self.change(actor, |change| {
                change.alters_rights();
                Ok::<_, StoreError>(())
            });
            AddModelError::Unfinished {
                lagging: left,
                source,
            }
        })
    }
}

/// Rows and draft for a model that is new, the same, or a next version. Its
/// devices do not follow yet.
pub(super) fn add(
    change: &mut Change,
    mut model: Model,
    json: &[u8],
    origin: ModelOrigin,
) -> Result<AddedModel, AddModelError> {
    let (kind, differences) = match change.draft.model(&model.id).cloned() {
        None => {
            check_owner(&change.draft, &model.id)?;
            (ModelChange::New, Vec::new())
        }
        Some(old) if old.same_content(&model) => {
            return Ok(AddedModel {
                model: old,
                change: ModelChange::Same,
                differences: Vec::new(),
            });
        }
        Some(old) => {
            let faults = faults_of_successor(&old, &model);
            if !faults.is_empty() {
                let id = old.id.clone();
                return Err(AddModelError::Incompatible { id, faults });
            }
            model.version = change.draft.next_version(&model.id);
            if model.id.agency().is_some() && model.version.0 > MAX_AGENCY_VERSIONS {
                return Err(AddModelError::TooManyVersions);
            }
            (ModelChange::NewVersion, differences(&old, &model))
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
    refine_again(change, &model);
    Ok(AddedModel {
        model,
        change: kind,
        differences,
    })
}

/// Whether there may be one more of whose it is.
fn check_owner(draft: &Snapshot, id: &ModelId) -> Result<(), AddModelError> {
    let count = draft.model_count(id.agency());
    match id.agency() {
        None if count >= MAX_MODELS => Err(AddModelError::Full),
        Some(agency) if !draft.agencies.contains_key(agency) => {
            Err(AddModelError::UnknownAgency(agency.into()))
        }
        Some(agency) if count >= MAX_AGENCY_MODELS => Err(AddModelError::AgencyFull(agency.into())),
        _ => Ok(()),
    }
}
