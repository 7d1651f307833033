//! Boundaries are drawn, drawn anew, and taken away.

use std::sync::Arc;

use domain::BoundaryName;

use super::{Boundary, GeoJson, GeoJsonError, Shape};
use crate::label::{self, LabelError};
use crate::registry::{Actor, EndError, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Boundaries of one platform.
pub const MAX_BOUNDARIES: usize = 1_000;
/// Corners of all boundaries together: some 100 MB in memory with their index.
pub const MAX_VERTICES_IN_ALL: usize = 1_000_000;

/// What a boundary is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewBoundary {
    pub name: BoundaryName,
    pub title_en: String,
    pub title_ko: String,
    pub geometry: GeoJson,
}

/// A boundary that stands now.
#[derive(Clone, PartialEq, Debug)]
pub struct PutBoundary {
    pub boundary: Arc<Boundary>,
    /// Whether another one stood under its name.
    pub replaced: bool,
}

/// Why a boundary was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutBoundaryError {
    #[error(transparent)]
    Title(#[from] LabelError),
    #[error(transparent)]
    Geometry(#[from] GeoJsonError),
    #[error("there are {MAX_BOUNDARIES} boundaries, and no more are taken")]
    Full,
    #[error("the boundaries would have more than {MAX_VERTICES_IN_ALL} corners together")]
    TooManyVertices,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PutBoundaryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Title(_) => "invalid-title",
            Self::Geometry(_) => "invalid-geometry",
            Self::Full => "too-many-boundaries",
            Self::TooManyVertices => "too-many-vertices",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Title(_) | Self::Geometry(_) => ErrorClass::Invalid,
            Self::Full | Self::TooManyVertices => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Draws a boundary, or draws the one of this name anew.
    pub fn put_boundary(
        &self,
        actor: &Actor,
        new: NewBoundary,
    ) -> Result<PutBoundary, PutBoundaryError> {
        label::required("title.en", &new.title_en)?;
        label::required("title.ko", &new.title_ko)?;
        // Before the registry is locked: it may take some milliseconds.
        let shape = Shape::try_from(new.geometry)?;
        self.change(actor, |change| {
            let standing = change.draft.boundary(&new.name);
            let replaced = standing.is_some();
            if !replaced && change.draft.boundaries.len() >= MAX_BOUNDARIES {
                return Err(PutBoundaryError::Full);
            }
            let others = change.draft.boundaries().filter(|one| one.name != new.name);
            let corners: usize = others.map(|one| one.shape.vertices()).sum();
            if corners + shape.vertices() > MAX_VERTICES_IN_ALL {
                return Err(PutBoundaryError::TooManyVertices);
            }
            let boundary = Arc::new(Boundary {
                name: new.name,
                title_en: new.title_en,
                title_ko: new.title_ko,
                shape,
                changed: change.now,
            });
            change.write(RowChange::PutBoundary(Arc::clone(&boundary)));
            change.draft.put_boundary(Arc::clone(&boundary));
            Ok(PutBoundary { boundary, replaced })
        })
    }

    /// Takes a boundary away. Queries that have begun keep it to their end.
    pub fn remove_boundary(
        &self,
        actor: &Actor,
        name: &BoundaryName,
    ) -> Result<(), EndError<BoundaryName>> {
        self.change(actor, |change| {
            if !change.draft.remove_boundary(name) {
                return Err(EndError::Unknown(name.clone()));
            }
            change.write(RowChange::RemoveBoundary(name.clone()));
            Ok(())
        })
    }
}
