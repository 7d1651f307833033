//! A feature is put on the map, or taken away.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, FeatureId, ThingId};

use super::{
    Feature, FeatureGeoJson, FeatureGeometry, FeatureGeometryError, MAX_FEATURES, MAX_OBSERVERS,
    MAX_OBSERVERS_IN_ALL, MAX_POSITIONS_IN_ALL,
};
use crate::label::{self, LabelError};
use crate::registry::{Actor, EndError, ErrorClass, OperationError, Registry, RowChange};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// What a feature is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewFeature {
    pub id: FeatureId,
    pub agency: AgencyId,
    pub title_en: String,
    pub title_ko: String,
    pub kind: String,
    pub description: String,
    pub geometry: FeatureGeoJson,
    pub things: Vec<ThingId>,
    pub datastreams: Vec<DatastreamId>,
}

/// A feature that stands now.
#[derive(Clone, PartialEq, Debug)]
pub struct PutFeature {
    pub feature: Arc<Feature>,
    /// Whether it stood before, in another form perhaps.
    pub replaced: bool,
}

/// Why a feature was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutFeatureError {
    #[error("feature {0} is another agency's; take another id")]
    OfAnother(FeatureId),
    #[error("no agency {0}")]
    UnknownAgency(AgencyId),
    #[error("agency {agency} has no thing {thing}")]
    UnknownThing { agency: AgencyId, thing: ThingId },
    #[error("agency {agency} has no datastream {datastream}")]
    UnknownDatastream {
        agency: AgencyId,
        datastream: DatastreamId,
    },
    #[error(
        "more than {MAX_OBSERVERS} things and datastreams; name the things in place of their datastreams, or divide the feature"
    )]
    TooManyObservers,
    #[error("there are {MAX_FEATURES} features, and no more are taken; take some away first")]
    Full,
    #[error(
        "the features would have more than {MAX_POSITIONS_IN_ALL} positions together; simplify this one"
    )]
    TooManyPositions,
    #[error(
        "the features would have more than {MAX_OBSERVERS_IN_ALL} things and datastreams together; name things in place of their datastreams"
    )]
    TooManyInAll,
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("geometry: {0}")]
    Geometry(#[from] FeatureGeometryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PutFeatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::OfAnother(_) => "feature-exists",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::UnknownThing { .. } => "unknown-thing",
            Self::UnknownDatastream { .. } => "unknown-datastream",
            Self::TooManyObservers | Self::TooManyInAll => "too-many-observers",
            Self::Full => "too-many-features",
            Self::TooManyPositions => "too-many-positions",
            Self::Label(_) => "invalid-text",
            Self::Geometry(_) => "invalid-geometry",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::OfAnother(_) | Self::Full | Self::TooManyPositions | Self::TooManyInAll => {
                ErrorClass::Conflict
            }
            Self::Store(_) => ErrorClass::Fault,
            _ => ErrorClass::Invalid,
        }
    }
}

impl NewFeature {
    fn check_texts(&self) -> Result<(), LabelError> {
        label::required("title.en", &self.title_en)?;
        label::required("title.ko", &self.title_ko)?;
        label::optional("kind", &self.kind)?;
        label::optional("description", &self.description)
    }

    /// Its observers are the agency's; in order, each once.
    fn check_observers(&mut self, draft: &Snapshot) -> Result<(), PutFeatureError> {
        self.things.sort_unstable();
        self.things.dedup();
        self.datastreams.sort_unstable();
        self.datastreams.dedup();
        if self.things.len() + self.datastreams.len() > MAX_OBSERVERS {
            return Err(PutFeatureError::TooManyObservers);
        }
        let Some(agency) = draft.agency(&self.agency) else {
            return Err(PutFeatureError::UnknownAgency(self.agency.clone()));
        };
        // The texts that many share are kept once.
        self.agency = agency.id.clone();
        for id in &mut self.things {
            let thing = draft.thing(id.as_str());
            match thing.filter(|thing| thing.agency == self.agency) {
                Some(thing) => *id = thing.id.clone(),
                None => {
                    return Err(PutFeatureError::UnknownThing {
                        agency: self.agency.clone(),
                        thing: id.clone(),
                    });
                }
            }
        }
        for id in &self.datastreams {
            let datastream = draft.datastream(*id);
            if datastream.is_none_or(|datastream| datastream.agency != self.agency) {
                return Err(PutFeatureError::UnknownDatastream {
                    agency: self.agency.clone(),
                    datastream: *id,
                });
            }
        }
        Ok(())
    }
}

impl Registry {
    /// Puts a feature on the map, in the place of the agency's own of this id.
    pub fn put_feature(
        &self,
        actor: &Actor,
        mut new: NewFeature,
    ) -> Result<PutFeature, PutFeatureError> {
        new.check_texts()?;
        let geometry = FeatureGeometry::try_from(new.geometry.clone())?;
        let positions = geometry.positions().count();
        self.change(actor, |change| {
            let draft = &change.draft;
            let standing = draft.feature(&new.id);
            if standing.is_some_and(|standing| standing.agency != new.agency) {
                return Err(PutFeatureError::OfAnother(new.id));
            }
            let replaced = standing.is_some();
            if !replaced && draft.features.len() >= MAX_FEATURES {
                return Err(PutFeatureError::Full);
            }
            new.check_observers(draft)?;
            let others = draft.features().filter(|one| one.id != new.id);
            let (mut positions, mut observers) =
                (positions, new.things.len() + new.datastreams.len());
            for other in others {
                positions += other.geometry.positions().count();
                observers += other.things.len() + other.datastreams.len();
            }
            if positions > MAX_POSITIONS_IN_ALL {
                return Err(PutFeatureError::TooManyPositions);
            }
            if observers > MAX_OBSERVERS_IN_ALL {
                return Err(PutFeatureError::TooManyInAll);
            }
            let feature = Arc::new(Feature {
                id: new.id,
                agency: new.agency,
                title_en: new.title_en,
                title_ko: new.title_ko,
                kind: new.kind,
                description: new.description,
                geometry,
                things: new.things,
                datastreams: new.datastreams,
                changed: change.now,
            });
            change.write(RowChange::PutFeature(Arc::clone(&feature)));
            change.draft.put_feature(Arc::clone(&feature));
            Ok(PutFeature { feature, replaced })
        })
    }

    /// Takes an agency's feature away; who observed it stays.
    pub fn remove_feature(&self, actor: &Actor, id: &FeatureId) -> Result<(), EndError<FeatureId>> {
        self.change(actor, |change| {
            if !change.draft.remove_feature(id) {
                return Err(EndError::Unknown(id.clone()));
            }
            change.write(RowChange::RemoveFeature(id.clone()));
            Ok(())
        })
    }
}
