//! Who is in a group now.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId};

use super::{Group, GroupQuery, Members};
use crate::device::Device;
use crate::search::Needle;
use crate::snapshot::Snapshot;
use crate::thing::Thing;

/// The devices of a group at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupDevices {
    /// In order of id.
    pub devices: Arc<[DeviceId]>,
    /// What they send, in order of number.
    pub datastreams: Arc<[DatastreamId]>,
}

impl Snapshot {
    /// Who is in the group. A query looks at the devices whose things have the
    /// text or the tag, or else at all.
    pub fn group_devices(&self, group: &Group) -> GroupDevices {
        let mut found: Vec<&Arc<Device>> = match &group.members {
            Members::Listed(ids) => {
                let known = ids.iter().filter_map(|id| self.device(id.as_str()));
                known.collect()
            }
            Members::Query(query) => self.devices_that_pass(query),
        };
        found.retain(|device| device.agency == group.agency);
        found.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let mut datastreams: Vec<DatastreamId> = found
            .iter()
            .flat_map(|device| device.datastreams.iter().map(|datastream| datastream.id))
            .collect();
        datastreams.sort_unstable();
        datastreams.dedup();
        GroupDevices {
            devices: found.into_iter().map(|device| device.id.clone()).collect(),
            datastreams: datastreams.into(),
        }
    }

    fn devices_that_pass(&self, query: &GroupQuery) -> Vec<&Arc<Device>> {
        let words = query.text.as_deref();
        let words = words.or(query.tag.as_ref().map(|tag| tag.as_str()));
        let of_thing = |thing: &Arc<Thing>| self.passes(query, thing);
        let devices: Vec<&Arc<Device>> = match words.map(Needle::new) {
            None => {
                let all = self.devices(None);
                let passes =
                    |device: &&Arc<Device>| self.thing(device.thing.as_str()).is_some_and(of_thing);
                all.filter(passes).collect()
            }
            // What cannot be searched for is found nowhere.
            Some(Err(_)) => Vec::new(),
            Some(Ok(needle)) => {
                let found = self.things_with(&needle).filter(|thing| of_thing(thing));
                found.flat_map(|thing| self.devices_of(&thing.id)).collect()
            }
        };
        let is_of_model = |device: &&Arc<Device>| {
            let model = query.model.as_ref();
            model.is_none_or(|model| *model == device.model.id)
        };
        devices.into_iter().filter(is_of_model).collect()
    }

    /// Whether the thing is as the query asks, apart from its text.
    fn passes(&self, query: &GroupQuery, thing: &Thing) -> bool {
        let tags = &thing.description().tags;
        if query.tag.as_ref().is_some_and(|tag| !tags.contains(tag)) {
            return false;
        }
        if query.bbox.is_none() && query.boundary.is_none() {
            return true;
        }
        let Some(place) = thing.location() else {
            return false;
        };
        let is_inside = |name| {
            let boundary = self.boundary(name);
            boundary.is_some_and(|boundary| boundary.shape.contains(place))
        };
        query.bbox.is_none_or(|bbox| bbox.contains(place))
            && query.boundary.as_ref().is_none_or(is_inside)
    }
}
