//! The immutable view that the data plane reads without a lock on the registry.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, DeviceId, ModelId, ThingId};
use imbl::{HashMap, OrdMap, Vector};

use crate::entities::{Agency, Datastream, Device};
use crate::model::Model;

/// All entities at one moment. A change makes a new one that shares all but
/// the changed path with the old.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(crate) agencies: OrdMap<AgencyId, Arc<Agency>>,
    pub(crate) models: OrdMap<ModelId, Arc<Model>>,
    pub(crate) devices: OrdMap<DeviceId, Arc<Device>>,
    pub(crate) aliases: HashMap<Box<str>, DeviceId>,
    /// Indexed by the datastream's number; a hole where a number was never given.
    pub(crate) datastreams: Vector<Option<Arc<Datastream>>>,
    /// The devices that serve a thing, oldest first.
    pub(crate) things: OrdMap<ThingId, Vector<DeviceId>>,
}

impl Snapshot {
    pub fn agency(&self, id: &AgencyId) -> Option<&Arc<Agency>> {
        self.agencies.get(id)
    }

    pub fn agencies(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.agencies.values()
    }

    pub fn model(&self, id: &ModelId) -> Option<&Arc<Model>> {
        self.models.get(id)
    }

    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    pub fn device(&self, id: &str) -> Option<&Arc<Device>> {
        self.devices.get(id)
    }

    /// By id, or else by alias: what an MQTT user name may be.
    pub fn device_by_login(&self, login: &str) -> Option<&Arc<Device>> {
        self.device(login)
            .or_else(|| self.device(self.aliases.get(login)?.as_str()))
    }

    /// In order of id, behind `after`.
    pub fn devices(&self, after: Option<&DeviceId>) -> impl Iterator<Item = &Arc<Device>> {
        use std::ops::Bound;
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.devices
            .range((start, Bound::Unbounded))
            .map(|(_, device)| device)
    }

    pub fn device_count(&self) -> usize {
        self.devices.len()
    }

    pub fn datastream(&self, id: DatastreamId) -> Option<&Arc<Datastream>> {
        self.datastreams.get(id.get() as usize)?.as_ref()
    }

    /// In order of number, from `first`.
    pub fn datastreams(&self, first: DatastreamId) -> impl Iterator<Item = &Arc<Datastream>> {
        let len = self.datastreams.len();
        self.datastreams
            .focus()
            .narrow((first.get() as usize).min(len)..len)
            .into_iter()
            .flatten()
    }

    /// The devices that serve a thing, oldest first.
    pub fn devices_of(&self, thing: &ThingId) -> impl Iterator<Item = &Arc<Device>> {
        self.things
            .get(thing)
            .into_iter()
            .flatten()
            .filter_map(|id| self.device(id.as_str()))
    }
}
