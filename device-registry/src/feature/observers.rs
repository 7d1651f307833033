//! Who observes a feature, and which features somebody observes.

use std::sync::Arc;

use domain::{DatastreamId, FeatureId, ThingId};

use super::Feature;
use crate::snapshot::Snapshot;
use crate::thing::Datastream;

/// Who names a feature.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Observer {
    Thing(ThingId),
    Datastream(DatastreamId),
}

impl Feature {
    pub(crate) fn observers(&self) -> impl Iterator<Item = Observer> {
        let things = self.things.iter().cloned().map(Observer::Thing);
        let datastreams = self.datastreams.iter().copied();
        things.chain(datastreams.map(Observer::Datastream))
    }
}

impl Snapshot {
    pub fn feature(&self, id: &FeatureId) -> Option<&Arc<Feature>> {
        self.features.get(id)
    }

    /// In order of id.
    pub fn features(&self) -> impl Iterator<Item = &Arc<Feature>> {
        self.features.values()
    }

    /// The datastreams of its agency that observe the feature; one that it names
    /// beside its thing comes twice. What went to another agency observes it no
    /// more.
    pub fn observing<'a>(&'a self, feature: &'a Feature) -> impl Iterator<Item = Datastream<'a>> {
        let things = feature.things.iter();
        let things = things.filter_map(|id| self.thing(id.as_str()));
        let named = feature.datastreams.iter();
        things
            .flat_map(|thing| thing.datastreams.iter())
            .chain(named.filter_map(|id| self.datastream(*id)))
            .filter(|datastream| *datastream.agency == feature.agency)
    }

    /// The features that the datastream observes, in order of id.
    pub fn observed_by(&self, datastream: &Datastream<'_>) -> Vec<&Arc<Feature>> {
        let by = |observer: &Observer| self.observed.get(observer).into_iter().flatten();
        let thing = Observer::Thing(datastream.thing.clone());
        let own = Observer::Datastream(datastream.id);
        let mut ids: Vec<&FeatureId> = by(&thing).chain(by(&own)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| self.feature(id))
            .filter(|feature| feature.agency == *datastream.agency)
            .collect()
    }

    pub(crate) fn put_feature(&mut self, feature: Arc<Feature>) {
        self.remove_feature(&feature.id);
        for observer in feature.observers() {
            let observed = self.observed.entry(observer).or_default();
            observed.insert(feature.id.clone());
        }
        self.search.put_feature(&feature);
        self.features.insert(feature.id.clone(), feature);
    }

    /// Whether it stood.
    pub(crate) fn remove_feature(&mut self, id: &FeatureId) -> bool {
        let Some(feature) = self.features.remove(id) else {
            return false;
        };
        self.search.remove_feature(id);
        for observer in feature.observers() {
            if let Some(observed) = self.observed.get_mut(&observer) {
                observed.remove(id);
                if observed.is_empty() {
                    self.observed.remove(&observer);
                }
            }
        }
        true
    }
}
