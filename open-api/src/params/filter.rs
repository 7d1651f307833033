//! Which datastreams a question is about, and who asks.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use device_registry::{Boundary, Datastream, ReadScope, Snapshot, Thing};
use domain::{Bbox, DatastreamId, Location, Scope, ThingId};
use http_edge::Problem;
use http_edge::request::Text;
use ingest::StoredObservation;

use super::nearby::{datastreams_of, most_candidates};
use super::{FilterQuery, Near, named};

/// Who asks: what it sees, and how exactly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Viewer(pub(crate) ReadScope);

impl Deref for Viewer {
    type Target = ReadScope;

    fn deref(&self) -> &ReadScope {
        &self.0
    }
}

impl From<Scope> for Viewer {
    /// Without what others share.
    fn from(own: Scope) -> Self {
        Self(own.into())
    }
}

/// The filters that latest, stream, aggregate and the lists share, with the
/// boundary as it was drawn when they were read.
#[derive(Clone, Default)]
pub(crate) struct DatastreamFilter {
    query: FilterQuery,
    pub(crate) boundary: Option<Arc<Boundary>>,
    /// The datastreams of the group that it names, in order of number.
    group: Option<Arc<[DatastreamId]>>,
}

impl FilterQuery {
    /// The filter, with the boundary as it is drawn now, and the datastreams of
    /// the group that it names.
    pub(crate) fn read(
        &self,
        snapshot: &Snapshot,
        group: Option<Arc<[DatastreamId]>>,
    ) -> Result<DatastreamFilter, Problem> {
        let boundary = named(snapshot, self.boundary.as_ref())?;
        Ok(DatastreamFilter {
            query: self.clone(),
            boundary,
            group,
        })
    }
}

impl DatastreamFilter {
    /// Whether it is about one thing alone, so that an answer is a look or two.
    pub(crate) fn is_short(&self) -> bool {
        self.query.thing.is_some() || self.query.device.is_some()
    }

    /// The thing that it names, if it names one.
    pub(crate) fn thing(&self) -> Option<&ThingId> {
        self.query.thing.as_ref().map(|text| &text.0)
    }

    /// Whether the datastream passes, wherever it lies.
    pub(crate) fn names(&self, datastream: &Datastream<'_>) -> bool {
        let (query, model) = (&self.query, datastream.model);
        query
            .domain
            .as_deref()
            .is_none_or(|name| name == model.domain())
            && query
                .model
                .as_deref()
                .is_none_or(|name| name == model.name() || name == model.as_str())
            && is_same(query.agency.as_ref(), datastream.agency)
            && is_same(query.device.as_ref(), datastream.device)
            && is_same(query.thing.as_ref(), datastream.thing)
            && is_same(query.field.as_ref(), datastream.field)
            && (self.group.as_ref()).is_none_or(|some| some.binary_search(&datastream.id).is_ok())
    }

    /// Whether the place passes, as the viewer sees it: a box that is moved
    /// step by step must not find more than the view shows.
    pub(crate) fn covers(&self, seen: Option<Location>) -> bool {
        if !self.names_place() {
            return true;
        }
        let (bbox, near) = (self.query.bbox.as_ref(), self.query.near.as_ref());
        seen.is_some_and(|place| {
            bbox.is_none_or(|bbox| bbox.0.contains(place))
                && near.is_none_or(|near| near.0.contains(place))
                && self
                    .boundary
                    .as_ref()
                    .is_none_or(|boundary| boundary.shape.contains(place))
        })
    }

    /// The datastreams that `viewer` sees and whose things lie where the filter
    /// says, in order of number from `first`, of which the caller takes `most`.
    /// Where it names a boundary, `members` are the datastreams in it, and no other
    /// is looked at.
    pub(crate) fn select_places<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        viewer: &'a Viewer,
        first: DatastreamId,
        most: usize,
        members: Option<&'a [DatastreamId]>,
    ) -> impl Iterator<Item = Selected<'a>> + 'a {
        let nearby = || {
            let most = most_candidates(snapshot.datastream_bound(), most);
            let things = self.things_nearby(snapshot, viewer, most)?;
            Some(datastreams_of(&things))
        };
        let some = self.named(snapshot).or_else(|| members.map(Cow::Borrowed));
        let some = some.or_else(|| nearby().map(Cow::Owned));
        let all = some.is_none().then(|| snapshot.datastreams(first));
        let some = some.unwrap_or_default();
        (some.partition_point(|id| *id < first)..some.len())
            .filter_map(move |at| snapshot.datastream(some[at]))
            .chain(all.into_iter().flatten())
            .filter(move |datastream| viewer.sees(datastream) && self.names(datastream))
            .map(move |datastream| Selected::new(snapshot, viewer, datastream))
            .filter(|selected| self.covers(selected.location))
    }

    /// Whether it says where.
    pub(crate) fn names_place(&self) -> bool {
        self.query.bbox.is_some() || self.query.near.is_some() || self.boundary.is_some()
    }

    pub(super) fn bbox(&self) -> Option<&Bbox> {
        self.query.bbox.as_ref().map(|text| &text.0)
    }

    pub(super) fn near(&self) -> Option<&Near> {
        self.query.near.as_ref().map(|text| &text.0)
    }

    /// The datastreams of the thing, the device or the group that the filter
    /// names, in order of number. No others can pass.
    pub(crate) fn named<'a>(&'a self, snapshot: &'a Snapshot) -> Option<Cow<'a, [DatastreamId]>> {
        let of_group = || self.group.as_deref().map(Cow::Borrowed);
        self.of_thing(snapshot).map(Cow::Owned).or_else(of_group)
    }

    /// Where the filter names a thing, or a device, which serves one: its
    /// datastreams, in order of number. No others can pass.
    fn of_thing(&self, snapshot: &Snapshot) -> Option<Vec<DatastreamId>> {
        let device = self.query.device.as_ref();
        let served = || device.map(|id| snapshot.device(id.0.as_str()).map(|device| &device.thing));
        let named = self.thing().map(Some).or_else(served)?;
        let thing = named.and_then(|id| snapshot.thing(id.as_str()));
        let numbers = thing
            .into_iter()
            .flat_map(|thing| thing.datastreams.numbers());
        Some(numbers.collect())
    }
}

/// A datastream that passed, and where its thing lies as the viewer sees it.
#[derive(Clone, Copy)]
pub(crate) struct Selected<'a> {
    pub(crate) datastream: Datastream<'a>,
    pub(crate) thing: Option<&'a Thing>,
    pub(crate) location: Option<Location>,
}

impl<'a> Selected<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, viewer: &Viewer, datastream: Datastream<'a>) -> Self {
        let thing = snapshot.thing_of(&datastream).map(AsRef::as_ref);
        Self {
            datastream,
            thing,
            location: viewer.place(&datastream, thing.and_then(Thing::location)),
        }
    }

    /// Where it was observed: as the device said, or else where the thing was
    /// at that time.
    pub(crate) fn place_of(&self, viewer: &Viewer, stored: &StoredObservation) -> Option<Location> {
        let thing = || self.thing.and_then(|thing| thing.location_at(stored.time));
        viewer.place(&self.datastream, stored.location.or_else(thing))
    }
}

fn is_same<T: PartialEq>(wanted: Option<&Text<T>>, given: &T) -> bool {
    wanted.is_none_or(|wanted| wanted.0 == *given)
}

#[cfg(test)]
mod tests;
