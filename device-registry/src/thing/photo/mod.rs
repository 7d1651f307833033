//! Photos of things: where a device hangs, and how to reach it.
//!
//! The registry has a row for each; the picture is a file in `DIR/photos`, which
//! is there before the row is, and gone before the row goes: what is removed is
//! never found on the disk later.

mod jpeg;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{PhotoId, ThingId, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::audit::AuditHash;
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::secret::file::{self, SecretFileError};
use crate::secret::{self, RandomError};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::Thing;

pub use jpeg::{Jpeg, JpegError, MAX_PHOTO_BYTES, MAX_PHOTO_SCANS, MAX_PHOTO_SIDE};

/// Of the data folder.
pub const PHOTOS_FOLDER: &str = "photos";
/// Photos of one thing.
pub const MAX_THING_PHOTOS: usize = 4;
/// Photos of one agency's things.
pub const MAX_AGENCY_PHOTOS: usize = 5_000;
/// Of all things together: 10 GiB at most.
pub const MAX_PHOTOS: usize = 20_000;

/// What is known of a photo beside the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub added: Timestamp,
    pub bytes: u32,
    pub width: u16,
    pub height: u16,
    pub sha256: [u8; 32],
}

impl Photo {
    pub fn sha256_hex(&self) -> String {
        AuditHash(self.sha256).to_string()
    }
}

/// Why a photo was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddPhotoError {
    #[error("no thing {0}")]
    UnknownThing(ThingId),
    #[error("the photo cannot be taken: {0}")]
    Jpeg(#[from] JpegError),
    #[error("the thing has {MAX_THING_PHOTOS} photos already; remove one first")]
    ThingFull,
    #[error("the agency has {MAX_AGENCY_PHOTOS} photos already; remove some first")]
    AgencyFull,
    #[error("the platform has {MAX_PHOTOS} photos already; remove some first")]
    Full,
    #[error("the photo was not saved")]
    File(#[from] SecretFileError),
    #[error("cannot make the folder of photos")]
    Folder(#[source] io::Error),
    #[error("the photo's file cannot take its place")]
    Place(#[source] io::Error),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for AddPhotoError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownThing(_) => "unknown-thing",
            Self::Jpeg(_) => "no-photo",
            Self::ThingFull => "too-many-photos-of-thing",
            Self::AgencyFull => "too-many-photos-of-agency",
            Self::Full => "too-many-photos",
            Self::File(_) | Self::Folder(_) | Self::Place(_) | Self::Random(_) | Self::Store(_) => {
                "registry-fault"
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownThing(_) => ErrorClass::NotFound,
            Self::Jpeg(_) => ErrorClass::Invalid,
            Self::ThingFull | Self::AgencyFull | Self::Full => ErrorClass::Conflict,
            Self::File(_) | Self::Folder(_) | Self::Place(_) | Self::Random(_) | Self::Store(_) => {
                ErrorClass::Fault
            }
        }
    }
}

/// Why a photo was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovePhotoError {
    #[error("no photo {0}")]
    Unknown(PhotoId),
    #[error("the photo's file was not removed")]
    File(#[source] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for RemovePhotoError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-photo",
            Self::File(_) | Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::File(_) | Self::Store(_) => ErrorClass::Fault,
        }
    }
}

/// Why a photo cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadPhotoError {
    #[error("the file of photo {0} is missing")]
    Missing(PhotoId),
    #[error("the file of photo {0} is not what was sent")]
    Damaged(PhotoId),
    #[error("the photo's file cannot be read")]
    Io(#[source] io::Error),
}

impl Registry {
    /// Adds the picture of a JPEG file, without what else the file tells. One that
    /// the thing has already is not added again: who was cut off sends it again.
    pub fn add_photo(
        &self,
        actor: &Actor,
        thing: &ThingId,
        file: &[u8],
    ) -> Result<Arc<Photo>, AddPhotoError> {
        let jpeg = Jpeg::without_metadata(file)?;
        let sha256 = Sha256::digest(&jpeg.bytes).into();
        let id = secret::sortable_id(self.now())?;
        let photo = Arc::new(Photo {
            id: PhotoId::new(id).expect("hex and base 62 are within the alphabet of ids"),
            added: self.now(),
            bytes: u32::try_from(jpeg.bytes.len()).expect("a photo has at most 512 KiB"),
            width: jpeg.width,
            height: jpeg.height,
            sha256,
        });
        // Before anything is written.
        if let Place::Taken(same) = place(&self.snapshot(), thing, &photo)?
            && self.read_photo(&same).is_ok()
        {
            return Ok(same);
        }
        let path = self.photo_path(&photo.id);
        make_folder(&self.dir.join(PHOTOS_FOLDER)).map_err(AddPhotoError::Folder)?;
        file::create(&path, &jpeg.bytes)?;
        let added = self.change(actor, |change| {
            let of = match place(&change.draft, thing, &photo)? {
                // The same bytes: they also take the place of a file that was lost or
                // altered.
                Place::Taken(same) => {
                    change.discard();
                    let kept = self.photo_path(&same.id);
                    replace_file(&path, &kept).map_err(AddPhotoError::Place)?;
                    return Ok(same);
                }
                Place::Of(of) => of,
            };
            change.draft.put_photo(&of, Arc::clone(&photo));
            change.write(RowChange::AddPhoto {
                thing: thing.clone(),
                photo: Arc::clone(&photo),
            });
            Ok::<_, AddPhotoError>(Arc::clone(&photo))
        });
        if added.is_err() {
            // Nothing refers to it. Where it stays, nobody is shown it.
            let _ = std::fs::remove_file(&path);
        }
        added
    }

    pub fn remove_photo(
        &self,
        actor: &Actor,
        thing: &ThingId,
        id: &PhotoId,
    ) -> Result<(), RemovePhotoError> {
        let unknown = || RemovePhotoError::Unknown(id.clone());
        self.change(actor, |change| {
            change.draft.photo(thing, id.as_str()).ok_or_else(unknown)?;
            let of = change.draft.thing(thing.as_str()).cloned();
            let of = of.ok_or_else(unknown)?;
            change.draft.remove_photo(&of, id);
            remove_file(&self.photo_path(id)).map_err(RemovePhotoError::File)?;
            change.write(RowChange::RemovePhoto {
                thing: thing.clone(),
                photo: id.clone(),
            });
            Ok(())
        })
    }

    /// The picture.
    pub fn read_photo(&self, photo: &Photo) -> Result<Vec<u8>, ReadPhotoError> {
        let bytes =
            std::fs::read(self.photo_path(&photo.id)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => ReadPhotoError::Missing(photo.id.clone()),
                _ => ReadPhotoError::Io(error),
            })?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if digest != photo.sha256 {
            return Err(ReadPhotoError::Damaged(photo.id.clone()));
        }
        Ok(bytes)
    }

    fn photo_path(&self, id: &PhotoId) -> PathBuf {
        self.dir.join(PHOTOS_FOLDER).join(format!("{id}.jpg"))
    }
}

/// For the platform's own account alone, and durable.
fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => file::sync_folder_of(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn replace_file(new: &Path, old: &Path) -> io::Result<()> {
    std::fs::rename(new, old)?;
    file::sync_folder_of(old)
}

/// Gone for good, also after a crash.
fn remove_file(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => file::sync_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Where a new photo belongs.
enum Place {
    /// To a thing that has room for one more.
    Of(Arc<Thing>),
    /// The thing has it already.
    Taken(Arc<Photo>),
}

fn place(snapshot: &Snapshot, thing: &ThingId, new: &Photo) -> Result<Place, AddPhotoError> {
    let Some(of) = snapshot.thing(thing.as_str()) else {
        return Err(AddPhotoError::UnknownThing(thing.clone()));
    };
    if let Some(same) = snapshot.photos(thing).find(|one| one.sha256 == new.sha256) {
        return Ok(Place::Taken(Arc::clone(same)));
    }
    if snapshot.photos(thing).count() >= MAX_THING_PHOTOS {
        return Err(AddPhotoError::ThingFull);
    }
    if snapshot.photo_count_of(&of.agency) >= MAX_AGENCY_PHOTOS {
        return Err(AddPhotoError::AgencyFull);
    }
    if snapshot.photo_count() >= MAX_PHOTOS {
        return Err(AddPhotoError::Full);
    }
    Ok(Place::Of(Arc::clone(of)))
}

#[cfg(test)]
mod tests;
