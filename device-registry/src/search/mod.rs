//! Search by name: which agencies, boundaries, features, groups and things have a text
//! in one of their fields, best answers first.
//!
//! Things, of which there are many, have an index of pairs of characters; the
//! others are few, and looked at one by one.

mod fold;
mod index;
mod needle;
mod page;
mod postings;
mod text;

use std::sync::Arc;

use domain::{AgencyId, BoundaryName, DeviceId, FeatureId, GroupId, ThingId};
use imbl::OrdMap;

use crate::agency::Agency;
use crate::boundary::Boundary;
use crate::feature::Feature;
use crate::group::Group;
use crate::snapshot::Snapshot;
use crate::thing::{Thing, ThingNumber};
use index::PairIndex;

pub use needle::{MAX_NEEDLE_CHARS, Needle, NeedleError, Rank};
pub use page::{Hit, MAX_LOOKED_AT, SearchPage, SearchPlace, SearchPlaceError};
pub(crate) use text::SearchText;
pub use text::Sight;

/// What can be found, in the order in which hits of one rank come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FoundKind {
    Agency,
    Boundary,
    Feature,
    Group,
    Thing,
}

impl FoundKind {
    pub const ALL: [Self; 5] = [
        Self::Agency,
        Self::Boundary,
        Self::Feature,
        Self::Group,
        Self::Thing,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Boundary => "boundary",
            Self::Feature => "feature",
            Self::Group => "group",
            Self::Thing => "thing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    Agency(&'a Arc<Agency>),
    Boundary(&'a Arc<Boundary>),
    Feature(&'a Arc<Feature>),
    Group(&'a Arc<Group>),
    /// With the devices that serve it.
    Thing(&'a Arc<Thing>),
}

/// The texts of a snapshot's entities.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct SearchIndex {
    things: PairIndex,
    agencies: OrdMap<AgencyId, SearchText>,
    boundaries: OrdMap<BoundaryName, SearchText>,
    features: OrdMap<FeatureId, SearchText>,
    groups: OrdMap<GroupId, SearchText>,
    /// Things that have changed since they were indexed; none in a snapshot that
    /// is shown to anybody.
    stale: Vec<ThingId>,
}

impl SearchIndex {
    pub(crate) fn put_agency(&mut self, agency: &Agency) {
        let text = SearchText::of_agency(agency);
        self.agencies.insert(agency.id.clone(), text);
    }

    pub(crate) fn put_boundary(&mut self, boundary: &Boundary) {
        let text = SearchText::of_boundary(boundary);
        self.boundaries.insert(boundary.name.clone(), text);
    }

    pub(crate) fn remove_boundary(&mut self, name: &BoundaryName) {
        self.boundaries.remove(name);
    }

    pub(crate) fn put_feature(&mut self, feature: &Feature) {
        let text = SearchText::of_feature(feature);
        self.features.insert(feature.id.clone(), text);
    }

    pub(crate) fn remove_feature(&mut self, id: &FeatureId) {
        self.features.remove(id);
    }

    pub(crate) fn put_group(&mut self, group: &Group) {
        let text = SearchText::of_group(group);
        self.groups.insert(group.id.clone(), text);
    }

    pub(crate) fn remove_group(&mut self, id: &GroupId) {
        self.groups.remove(id);
    }

    /// The thing, or a device of it, has changed.
    pub(crate) fn note_change(&mut self, thing: &ThingId) {
        if self.stale.last() != Some(thing) {
            self.stale.push(thing.clone());
        }
    }
}

impl Snapshot {
    /// Brings the index up to what the draft holds: once for each change, and not
    /// for one that is rehearsed.
    pub(crate) fn index_changes(&mut self) {
        let mut stale = std::mem::take(&mut self.search.stale);
        stale.sort_unstable();
        stale.dedup();
        for id in stale {
            if let Some(thing) = self.things.get(&id).cloned() {
                self.index_thing(&thing);
            }
        }
    }

    /// Makes the index of all things.
    pub(crate) fn index_all(&mut self) {
        self.search.stale.clear();
        let things: Vec<Arc<Thing>> = self.things.values().cloned().collect();
        for thing in things {
            self.index_thing(&thing);
        }
    }

    /// The things that have the needle in any field, in order of number.
    pub(crate) fn things_with<'a>(
        &'a self,
        needle: &'a Needle,
    ) -> impl Iterator<Item = &'a Arc<Thing>> {
        self.search
            .things
            .candidates(needle, Rank::Contains, 0)
            .filter(|(_, text)| needle.rank(text.whole()).is_some())
            .filter_map(|(number, _)| self.numbered(number))
    }

    /// Whether the thing has the needle in any field.
    pub(crate) fn thing_has(&self, thing: &Thing, needle: &Needle) -> bool {
        needle.rank(self.text_of(thing).whole()).is_some()
    }

    fn text_of(&self, thing: &Thing) -> SearchText {
        let devices = thing.devices.iter();
        let devices = devices.filter_map(|id: &DeviceId| self.devices.get(id));
        SearchText::of_thing(thing, devices)
    }

    fn index_thing(&mut self, thing: &Thing) {
        let text = self.text_of(thing);
        self.search.things.put(ThingNumber::of(thing), text);
    }
}

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;
