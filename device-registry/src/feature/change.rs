//! A feature is put on the map, or taken away.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, FeatureId, ThingId};

use super::{
    Feature, FeatureGeoJson, FeatureGeometry, FeatureGeometryError, MAX_FEATURES,
    MAX_FEATURES_OF_AGENCY, MAX_OBSERVERS, MAX_OBSERVERS_IN_ALL, MAX_OBSERVERS_OF_AGENCY,
    MAX_POSITIONS_IN_ALL, MAX_POSITIONS_OF_AGENCY,
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
    #[error("the agency's features would be {0}; take some away first, or divide them otherwise")]
    AgencyFull(FeatureRoomTaken),
    #[error("the platform's features would be {0}")]
    Full(FeatureRoomTaken),
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("geometry: {0}")]
    Geometry(#[from] FeatureGeometryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Of what there would be too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeatureRoomTaken {
    #[error("more than {0}")]
    Features(usize),
    #[error("of more than {0} positions together")]
    Positions(usize),
    #[error("observed by more than {0} things and datastreams that they name together")]
    Observers(usize),
}

impl FeatureRoomTaken {
    const fn code(self) -> &'static str {
        match self {
            Self::Features(_) => "too-many-features",
            Self::Positions(_) => "too-many-positions",
            Self::Observers(_) => "too-many-observers",
        }
    }
}

/// What features take, and may take together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Room {
    features: usize,
    positions: usize,
    observers: usize,
}

impl Room {
    const OF_AGENCY: Self = Self {
        features: MAX_FEATURES_OF_AGENCY,
        positions: MAX_POSITIONS_OF_AGENCY,
        observers: MAX_OBSERVERS_OF_AGENCY,
    };
    const OF_PLATFORM: Self = Self {
        features: MAX_FEATURES,
        positions: MAX_POSITIONS_IN_ALL,
        observers: MAX_OBSERVERS_IN_ALL,
    };

    fn add(&mut self, feature: &Feature) {
        self.features += 1;
        self.positions += feature.geometry.positions().count();
        self.observers += feature.things.len() + feature.datastreams.len();
    }

    fn check(self, most: Self) -> Result<(), FeatureRoomTaken> {
        if self.features > most.features {
            return Err(FeatureRoomTaken::Features(most.features));
        }
        if self.positions > most.positions {
            return Err(FeatureRoomTaken::Positions(most.positions));
        }
        if self.observers > most.observers {
            return Err(FeatureRoomTaken::Observers(most.observers));
        }
        Ok(())
    }
}

impl OperationError for PutFeatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::OfAnother(_) => "feature-exists",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::UnknownThing { .. } => "unknown-thing",
            Self::UnknownDatastream { .. } => "unknown-datastream",
            Self::TooManyObservers => "too-many-observers",
            Self::AgencyFull(taken) | Self::Full(taken) => taken.code(),
            Self::Label(_) => "invalid-text",
            Self::Geometry(_) => "invalid-geometry",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::OfAnother(_) | Self::AgencyFull(_) | Self::Full(_) => ErrorClass::Conflict,
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
            if datastream.is_none_or(|datastream| *datastream.agency != self.agency) {
                return Err(PutFeatureError::UnknownDatastream {
                    agency: self.agency.clone(),
                    datastream: *id,
                });
            }
        }
        Ok(())
    }
}

/// Whether there is room for it beside the others.
fn check_room(draft: &Snapshot, feature: &Feature) -> Result<(), PutFeatureError> {
    let mut of_agency = Room {
        features: 0,
        positions: 0,
        observers: 0,
    };
    of_agency.add(feature);
    let mut in_all = of_agency;
    for other in draft.features().filter(|other| other.id != feature.id) {
        in_all.add(other);
        if other.agency == feature.agency {
            of_agency.add(other);
        }
    }
    of_agency
        .check(Room::OF_AGENCY)
        .map_err(PutFeatureError::AgencyFull)?;
    in_all
        .check(Room::OF_PLATFORM)
        .map_err(PutFeatureError::Full)
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
        self.change(actor, |change| {
            let draft = &change.draft;
            let standing = draft.feature(&new.id);
            if standing.is_some_and(|standing| standing.agency != new.agency) {
                return Err(PutFeatureError::OfAnother(new.id));
            }
            let replaced = standing.is_some();
            new.check_observers(draft)?;
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
            check_room(draft, &feature)?;
            change.write(RowChange::PutFeature(Arc::clone(&feature)));
            change.draft.put_feature(Arc::clone(&feature));
            Ok(PutFeature { feature, replaced })
        })
    }

    /// Takes away the feature that was looked at, and none that another agency has
    /// put since under its id; who observed it stays.
    pub fn remove_feature(
        &self,
        actor: &Actor,
        looked_at: &Feature,
    ) -> Result<(), EndError<FeatureId>> {
        let Feature { id, agency, .. } = looked_at;
        self.change(actor, |change| {
            let standing = change.draft.feature(id);
            if standing.is_none_or(|standing| standing.agency != *agency) {
                return Err(EndError::Unknown(id.clone()));
            }
            change.draft.remove_feature(id);
            change.write(RowChange::RemoveFeature(id.clone()));
            Ok(())
        })
    }
}
