//! What one request sees: the registry at one moment, the data plane, and who
//! asks.

use std::cell::Cell;

use device_registry::{Datastream, Device, ReadScope, Snapshot, Thing};
use domain::{DatastreamId, Timestamp};
use ingest::Ingest;
use odata::{Options, Version};

use crate::error::{Error, TooCostly};

/// Entities and observations that one request looks at: some hundreds of
/// milliseconds of one core.
pub const MAX_LOOKED_AT: u64 = 1_000_000;

/// Points of a geometry that cost as much to compare with as a look at an entity.
const POINTS_OF_A_LOOK: usize = 4;

/// One request's view.
pub struct World<'a> {
    pub snapshot: &'a Snapshot,
    pub ingest: &'a Ingest,
    /// Who asks. What it may not read does not exist for it.
    pub scope: &'a ReadScope,
    pub version: Version,
    /// Where the platform answers, as `https://madang.example`, without a last
    /// slash.
    pub platform: &'a str,
    pub now: Timestamp,
    looked_at: Cell<u64>,
    /// What it costs to judge one entity by the request's geometries.
    geometry_cost: Cell<u64>,
}

impl<'a> World<'a> {
    pub fn new(
        snapshot: &'a Snapshot,
        ingest: &'a Ingest,
        scope: &'a ReadScope,
        version: Version,
        platform: &'a str,
        now: Timestamp,
    ) -> Self {
        Self {
            snapshot,
            ingest,
            scope,
            version,
            platform,
            now,
            looked_at: Cell::new(0),
            geometry_cost: Cell::new(0),
        }
    }

    /// Has each entity that is judged cost what the geometries of `options` do.
    pub(crate) fn weigh(&self, options: &Options) {
        let cost = options.geometry_points.div_ceil(POINTS_OF_A_LOOK);
        self.geometry_cost.set(cost as u64);
    }

    /// Counts an entity that is judged by an expression.
    pub(crate) fn judge(&self) -> Result<(), Error> {
        self.look_at(self.geometry_cost.get())
    }

    /// Counts what is looked at; an error once it is more than a request may.
    pub(crate) fn look_at(&self, some: u64) -> Result<(), Error> {
        let looked_at = self.looked_at.get().saturating_add(some);
        self.looked_at.set(looked_at);
        if looked_at > MAX_LOOKED_AT {
            return Err(TooCostly::Looked(MAX_LOOKED_AT).into());
        }
        Ok(())
    }

    /// Refuses a look at `some` more before it is begun.
    pub(crate) fn afford(&self, some: u64) -> Result<(), Error> {
        let all = self.looked_at.get().saturating_add(some);
        if all > MAX_LOOKED_AT {
            return Err(TooCostly::Estimate {
                cost: all,
                limit: MAX_LOOKED_AT,
            }
            .into());
        }
        Ok(())
    }

    /// `https://madang.example/sta/v1.1`
    pub(crate) fn service(&self) -> String {
        format!("{}{}", self.platform, service_path(self.version))
    }

    /// The datastream, where there is one that may be seen.
    pub(crate) fn datastream(&self, id: DatastreamId) -> Option<Datastream<'a>> {
        let found = self.snapshot.datastream(id)?;
        self.scope.sees(&found).then_some(found)
    }

    pub(crate) fn thing_of(&self, datastream: Datastream<'_>) -> Option<&'a Thing> {
        self.snapshot.thing_of(&datastream).map(|thing| &**thing)
    }

    /// The thing, where something that it observes may be seen.
    pub(crate) fn thing(&self, id: &str) -> Option<&'a Thing> {
        let found = self.snapshot.thing(id)?;
        self.scope.sees_thing(found).then_some(&**found)
    }

    /// The thing's datastreams that may be seen, in order of number.
    pub(crate) fn datastreams_of(
        &self,
        thing: &'a Thing,
    ) -> impl Iterator<Item = Datastream<'a>> + use<'_, 'a> {
        let all = thing.datastreams.iter();
        all.filter(|datastream| self.scope.sees(datastream))
    }

    /// The device, where it sends something that may be seen.
    pub(crate) fn sensor(&self, id: &str) -> Option<&'a Device> {
        let device: &Device = self.snapshot.device(id)?;
        self.sent_by(device).next().map(|_| device)
    }

    /// The datastreams that a device sends, as far as they may be seen.
    pub(crate) fn sent_by(
        &self,
        device: &'a Device,
    ) -> impl Iterator<Item = Datastream<'a>> + use<'_, 'a> {
        let thing = self.snapshot.thing(device.thing.as_str());
        let all = thing.into_iter().flat_map(|thing| thing.datastreams.iter());
        all.filter(|datastream| *datastream.device == device.id && self.scope.sees(datastream))
    }

    /// The first and the last time of a datastream's observations, where it has any.
    pub(crate) fn extent(&self, datastream: DatastreamId) -> Option<(Timestamp, Timestamp)> {
        self.ingest.extents(&[datastream]).pop().flatten()
    }

    /// A thing has the name of its newest device.
    pub(crate) fn name_of(&self, thing: &Thing) -> &'a str {
        let newest = thing.devices.last();
        let newest = newest.and_then(|id| self.snapshot.device(id.as_str()));
        newest.map_or("", |device| device.name.as_str())
    }
}

/// Where a version is served.
pub const fn service_path(version: Version) -> &'static str {
    match version {
        Version::V1_1 => "/sta/v1.1",
        Version::V2_0 => "/sta/v2.0",
    }
}
