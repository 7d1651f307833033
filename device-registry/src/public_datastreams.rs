//! Which datastreams are public, by agency and model: what a look at the open
//! topics walks, instead of all.
//!
//! A path of the tree for each change, shared with the snapshots before. What
//! is empty is not kept, so that the same datastreams make the same index.

use domain::{AgencyId, DatastreamId, ModelId};
use imbl::{OrdMap, OrdSet};

use crate::entities::{Datastream, Visibility};

type ByModel = OrdMap<ModelId, OrdSet<DatastreamId>>;

/// The public datastreams' numbers.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct PublicDatastreams(OrdMap<AgencyId, ByModel>);

impl PublicDatastreams {
    /// `new` stands where `old` stood. An agency never gives a datastream away.
    pub(crate) fn replace(&mut self, old: Option<&Datastream>, new: &Datastream) {
        let stood = old.filter(|old| old.visibility == Visibility::Public);
        let stands = new.visibility == Visibility::Public;
        if let Some(old) = stood {
            if stands && old.model == new.model {
                return;
            }
            self.remove(old);
        }
        if stands {
            self.0
                .entry(new.agency.clone())
                .or_default()
                .entry(new.model.clone())
                .or_default()
                .insert(new.id);
        }
    }

    fn remove(&mut self, old: &Datastream) {
        let Some(by_model) = self.0.get_mut(&old.agency) else {
            return;
        };
        if let Some(numbers) = by_model.get_mut(&old.model) {
            numbers.remove(&old.id);
            if numbers.is_empty() {
                by_model.remove(&old.model);
            }
        }
        if by_model.is_empty() {
            self.0.remove(&old.agency);
        }
    }

    /// In order of model and number, of one agency or of all, where `wanted`
    /// says so of the model.
    pub(crate) fn numbers(
        &self,
        agency: Option<&str>,
        wanted: impl Fn(&ModelId) -> bool,
    ) -> impl Iterator<Item = DatastreamId> {
        let (one, all) = match agency {
            Some(agency) => (self.0.get(agency), None),
            None => (None, Some(self.0.values())),
        };
        one.into_iter()
            .chain(all.into_iter().flatten())
            .flat_map(OrdMap::iter)
            .filter(move |(model, _)| wanted(model))
            .flat_map(|(_, numbers)| numbers)
            .copied()
    }
}
