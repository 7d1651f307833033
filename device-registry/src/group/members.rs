//! Who is in a group now.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{DatastreamId, DeviceId, ThingId};
use imbl::ordmap::DiffItem;

use super::{Group, GroupQuery, Members};
use crate::device::Device;
use crate::search::{Needle, NeedleError};
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

impl GroupDevices {
    fn of(mut devices: Vec<&Arc<Device>>) -> Self {
        devices.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let mut datastreams: Vec<DatastreamId> = devices.iter().copied().flat_map(sent).collect();
        datastreams.sort_unstable();
        datastreams.dedup();
        Self {
            devices: devices.iter().map(|device| device.id.clone()).collect(),
            datastreams: datastreams.into(),
        }
    }

    /// Whether they were found by one look, or another one has found nothing new.
    pub fn is_unchanged_since(&self, before: &Self) -> bool {
        Arc::ptr_eq(&self.devices, &before.devices)
            && Arc::ptr_eq(&self.datastreams, &before.datastreams)
    }

    fn has(&self, device: &Device) -> bool {
        self.devices.binary_search(&device.id).is_ok()
    }

    /// Without `gone`, and with `come`, of which nothing else is there.
    fn changed(&self, gone: &Part, come: Part) -> Self {
        Self {
            devices: changed(&self.devices, &gone.devices, come.devices),
            datastreams: changed(&self.datastreams, &gone.datastreams, come.datastreams),
        }
    }
}

/// Some devices, and what they send.
#[derive(PartialEq, Default)]
struct Part {
    devices: BTreeSet<DeviceId>,
    datastreams: BTreeSet<DatastreamId>,
}

impl Part {
    fn add(&mut self, device: &Arc<Device>) {
        self.devices.insert(device.id.clone());
        self.datastreams.extend(sent(device));
    }
}

fn sent(device: &Arc<Device>) -> impl Iterator<Item = DatastreamId> {
    device.datastreams.numbers()
}

fn changed<T: Ord + Clone>(known: &Arc<[T]>, gone: &BTreeSet<T>, come: BTreeSet<T>) -> Arc<[T]> {
    if *gone == come {
        return Arc::clone(known);
    }
    let kept = known.iter().filter(|one| !gone.contains(*one)).cloned();
    let mut all: Vec<T> = kept.chain(come).collect();
    // Two runs in order: no more than a merge of them.
    all.sort();
    all.into()
}

/// Which devices a group has, made ready to be asked of many.
struct Question<'a> {
    group: &'a Group,
    /// What the things of a query have: its text, or else its tag.
    words: Option<Result<Needle, NeedleError>>,
}

impl<'a> Question<'a> {
    fn new(group: &'a Group) -> Self {
        let words = match &group.members {
            Members::Listed(_) => None,
            Members::Query(query) => {
                let tag = query.tag.as_ref().map(|tag| tag.as_str());
                query.text.as_deref().or(tag)
            }
        };
        Self {
            group,
            words: words.map(Needle::new),
        }
    }

    /// Whether the device is in the group, whose thing has the words.
    fn passes(&self, snapshot: &Snapshot, device: &Device) -> bool {
        device.agency == self.group.agency
            && match &self.group.members {
                Members::Listed(ids) => ids.binary_search(&device.id).is_ok(),
                Members::Query(query) => {
                    let model = query.model.as_ref();
                    let thing = snapshot.thing(device.thing.as_str());
                    model.is_none_or(|model| *model == device.model.id)
                        && thing.is_some_and(|thing| snapshot.passes(query, thing))
                }
            }
    }

    /// The same, where nobody has looked for the words.
    fn passes_whole(&self, snapshot: &Snapshot, device: &Device) -> bool {
        let has_words = match &self.words {
            None => true,
            // What cannot be searched for is found nowhere.
            Some(Err(_)) => false,
            Some(Ok(needle)) => {
                let thing = snapshot.thing(device.thing.as_str());
                thing.is_some_and(|thing| snapshot.thing_has(thing, needle))
            }
        };
        has_words && self.passes(snapshot, device)
    }
}

impl Snapshot {
    /// Who is in the group. A query looks at the devices whose things have the
    /// text or the tag, or else at all.
    pub fn group_devices(&self, group: &Group) -> GroupDevices {
        let question = Question::new(group);
        let passes = |device: &&Arc<Device>| question.passes(self, device);
        GroupDevices::of(match (&group.members, &question.words) {
            (Members::Listed(ids), _) => {
                let known = ids.iter().filter_map(|id| self.device(id.as_str()));
                known.filter(passes).collect()
            }
            (Members::Query(_), None) => self.devices(None).filter(passes).collect(),
            (Members::Query(_), Some(Err(_))) => Vec::new(),
            (Members::Query(_), Some(Ok(needle))) => {
                let things = self.things_with(needle);
                let devices = things.flat_map(|thing| self.devices_of(&thing.id));
                devices.filter(passes).collect()
            }
        })
    }

    /// Who is in the group, from who was in it in `before`: a look at the things
    /// that are otherwise since then, however many others there are.
    pub fn group_devices_since(
        &self,
        group: &Arc<Group>,
        before: &Self,
        known: &GroupDevices,
    ) -> GroupDevices {
        let is_same_group = before
            .group(&group.id)
            .is_some_and(|old| Arc::ptr_eq(old, group));
        if !is_same_group || !self.has_boundary_of(group, before) {
            return self.group_devices(group);
        }
        let question = Question::new(group);
        let (mut gone, mut come) = (Part::default(), Part::default());
        for thing in self.things_otherwise_than(before) {
            let was_in = before.devices_of(thing).filter(|device| known.has(device));
            was_in.for_each(|device| gone.add(device));
            let is_in = self
                .devices_of(thing)
                .filter(|device| question.passes_whole(self, device));
            is_in.for_each(|device| come.add(device));
        }
        known.changed(&gone, come)
    }

    /// Whether what the group asks for is drawn as it was.
    fn has_boundary_of(&self, group: &Group, before: &Self) -> bool {
        let Members::Query(GroupQuery {
            boundary: Some(name),
            ..
        }) = &group.members
        else {
            return true;
        };
        match (self.boundary(name), before.boundary(name)) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old),
            (new, old) => new.is_none() && old.is_none(),
        }
    }

    /// The things that have changed, or a device of them.
    fn things_otherwise_than<'a>(&'a self, before: &'a Self) -> BTreeSet<&'a ThingId> {
        let mut found = BTreeSet::new();
        for change in before.things.diff(&self.things) {
            found.insert(match change {
                DiffItem::Add(id, _) | DiffItem::Remove(id, _) => id,
                DiffItem::Update { new: (id, _), .. } => id,
            });
        }
        for change in before.devices.diff(&self.devices) {
            found.insert(match change {
                DiffItem::Add(_, device) | DiffItem::Remove(_, device) => &device.thing,
                DiffItem::Update {
                    new: (_, device), ..
                } => &device.thing,
            });
        }
        found
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
