//! The models at the start of the program: the built-in ones, and the files
//! that somebody put into `DIR/models` by hand.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{fs, io};

use domain::ModelId;

use super::add::{AddModelError, ModelChange, add};
use super::builtin::BUILTIN_MODELS;
use super::file::{MAX_MODEL_BYTES, ModelFileError};
use super::folder::ModelFolder;
use super::{Model, ModelOrigin, ModelVersion};
use crate::registry::{Actor, Change, ModelRow, Registry};
use crate::store::StoreError;

impl Registry {
    /// At the start: takes in what a newer binary brings and what lies in the
    /// folder, and gives each device the datastreams that its model has by now.
    /// `known` are all versions so far, the oldest of each model first.
    ///
    /// Devices that cannot follow do not keep the platform from starting: they
    /// send as before, and the next start tries again.
    pub(crate) fn install_models(&self, known: Vec<ModelRow>) -> Result<(), StoreError> {
        let mut known = KnownVersions::new(known);
        let folder = ModelFolder::of(&self.dir);
        settle(&folder, &known);
        self.change(&Actor::START, |change| {
            for json in BUILTIN_MODELS {
                install_builtin(change, &mut known, json)?;
            }
            for file in folder.data_files() {
                install_file(change, &mut known, &file)?;
            }
            Ok::<_, StoreError>(())
        })?;
        if let Err(error) = self.have_devices_follow(&Actor::START, None) {
            let cause = error.source().map(ToString::to_string);
            tracing::warn!(%error, cause, "devices lag behind their models");
        }
        Ok(())
    }
}

/// The content of each version so far, and who brought the newest one.
struct KnownVersions(BTreeMap<ModelId, (ModelOrigin, Vec<Box<str>>)>);

impl KnownVersions {
    fn new(rows: Vec<ModelRow>) -> Self {
        let mut known = Self(BTreeMap::new());
        for row in rows {
            known.add(row.id, row.origin, row.content);
        }
        known
    }

    fn add(&mut self, id: ModelId, origin: ModelOrigin, content: Box<str>) {
        let (newest, contents) = self.0.entry(id).or_insert((origin, Vec::new()));
        *newest = origin;
        contents.push(content);
    }

    /// The newest version, where an operator brought it.
    fn operators_newest(&self, id: &ModelId) -> Option<&[u8]> {
        let (origin, contents) = self.0.get(id)?;
        let newest = contents.last().filter(|_| *origin == ModelOrigin::Operator);
        newest.map(|content| content.as_bytes())
    }

    /// Whether this very content was a version already: an old file that lies
    /// there still must not undo what was added since.
    fn has(&self, id: &ModelId, json: &[u8]) -> bool {
        self.0
            .get(id)
            .is_some_and(|(_, contents)| contents.iter().any(|known| known.as_bytes() == json))
    }
}

/// Deals with the files that a crash or an error has left without their names.
fn settle(folder: &ModelFolder, known: &KnownVersions) {
    for id in folder.in_the_making() {
        if let Err(error) = settle_file(folder, known, &id) {
            let path = folder.path(&id);
            tracing::warn!(path = %path.display(), %error, "a data model's file is left in the making");
        }
    }
}

/// The rows tell what the file has to be: what was in the making may be a version
/// that was refused after the newest one. A file that an operator has put there
/// since is not touched; it is taken in next.
fn settle_file(folder: &ModelFolder, known: &KnownVersions, id: &ModelId) -> io::Result<()> {
    let Some(newest) = known.operators_newest(id) else {
        return folder.discard(id);
    };
    let is_older = match fs::read(folder.path(id)) {
        Ok(json) => json != newest && known.has(id, &json),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error),
    };
    if !is_older {
        return folder.discard(id);
    }
    folder.prepare(id, newest)?;
    folder.publish(id)
}

fn install(
    change: &mut Change,
    known: &mut KnownVersions,
    model: Model,
    json: &[u8],
    origin: ModelOrigin,
) -> Result<(), AddModelError> {
    let id = model.id.clone();
    if add(change, model, json, origin)?.change != ModelChange::Same {
        known.add(id, origin, String::from_utf8_lossy(json).into());
    }
    Ok(())
}

/// A newer binary's model follows its own older one, never an operator's.
fn install_builtin(
    change: &mut Change,
    known: &mut KnownVersions,
    json: &str,
) -> Result<(), StoreError> {
    let model = Model::parse(json.as_bytes(), ModelVersion(1)).expect("checked by a test");
    let id = model.id.clone();
    if known.operators_newest(&id).is_some() {
        return Ok(());
    }
    match install(change, known, model, json.as_bytes(), ModelOrigin::Builtin) {
        Ok(()) => Ok(()),
        Err(AddModelError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!(model = %id, %error, "the registry keeps its own version of a built-in model");
            Ok(())
        }
    }
}

/// One bad file does not keep the platform from starting: it is named in the
/// log, and left.
fn install_file(
    change: &mut Change,
    known: &mut KnownVersions,
    path: &Path,
) -> Result<(), StoreError> {
    let too_large = |length: u64| length > MAX_MODEL_BYTES as u64;
    let read = match fs::metadata(path) {
        Ok(found) if too_large(found.len()) => {
            Err(ModelFileError::TooLarge(found.len() as usize).into())
        }
        _ => fs::read(path).map_err(|source| AddModelError::Write {
            path: path.to_owned(),
            source,
        }),
    };
    let taken_in = read.and_then(|json| {
        let model = Model::parse(&json, ModelVersion(1))?;
        if known.has(&model.id, &json) {
            return Ok(());
        }
        install(change, known, model, &json, ModelOrigin::Operator)
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
