//! Changes of a snapshot, path by path. A draft is a cheap copy of the current
//! snapshot; it becomes the next one when its rows are durable.

use std::sync::Arc;

use domain::{
    BoundaryName, DatastreamId, DeviceId, GroupId, ModelId, PersonId, ServiceTokenId, ThingId,
};
use smallvec::SmallVec;

use super::Snapshot;
use crate::agency::Agency;
use crate::application::{ApiKey, Application};
use crate::boundary::Boundary;
use crate::device::{Device, DeviceDatastreams};
use crate::group::Group;
use crate::model::Model;
use crate::person::Person;
use crate::person_login::PersonLogin;
use crate::service_token::ServiceToken;
use crate::share::Share;
use crate::thing::{Datastream, Thing, ThingNumber};

impl Snapshot {
    pub(crate) fn put_agency(&mut self, agency: Arc<Agency>) {
        self.search.put_agency(&agency);
        self.agencies.insert(agency.id.clone(), agency);
    }

    pub(crate) fn put_model(&mut self, model: Arc<Model>) {
        self.models.insert(model.id.clone(), model);
    }

    pub(crate) fn put_boundary(&mut self, boundary: Arc<Boundary>) {
        self.search.put_boundary(&boundary);
        self.boundaries.insert(boundary.name.clone(), boundary);
    }

    /// Whether it stood.
    pub(crate) fn remove_boundary(&mut self, name: &BoundaryName) -> bool {
        self.search.remove_boundary(name);
        self.boundaries.remove(name).is_some()
    }

    pub(crate) fn put_group(&mut self, group: Arc<Group>) {
        self.search.put_group(&group);
        self.groups.insert(group.id.clone(), group);
    }

    pub(crate) fn remove_group(&mut self, id: &GroupId) {
        self.search.remove_group(id);
        self.groups.remove(id);
    }

    pub(crate) fn put_share(&mut self, share: Arc<Share>) {
        let received = self.shared_with.entry(share.receiver.clone()).or_default();
        received.insert(share.id.clone());
        self.shares.insert(share.id.clone(), share);
    }

    pub(crate) fn remove_share(&mut self, share: &Share) {
        if let Some(received) = self.shared_with.get_mut(&share.receiver) {
            received.remove(&share.id);
            if received.is_empty() {
                self.shared_with.remove(&share.receiver);
            }
        }
        self.shares.remove(&share.id);
    }

    pub(crate) fn put_thing(&mut self, mut thing: Thing) -> Arc<Thing> {
        self.terms.apply(&mut thing);
        let thing = Arc::new(thing);
        self.search.note_change(&thing.id);
        let old = self.things.insert(thing.id.clone(), Arc::clone(&thing));
        self.places.replace(old.as_deref(), &thing);
        self.public.replace(old.as_deref(), &thing);
        self.put_number(old.as_deref(), &thing);
        if let Some(old) = old {
            self.photos.follow(&old, &thing);
        }
        thing
    }

    /// `new` is found by its number, in the place of `old`, and that by its
    /// datastreams.
    fn put_number(&mut self, old: Option<&Thing>, new: &Arc<Thing>) {
        let number = ThingNumber::of(new);
        while self.numbered.len() <= number.0 as usize {
            self.numbered.push_back(None);
        }
        self.numbered.set(number.0 as usize, Some(Arc::clone(new)));
        let firsts = |thing: &Thing| -> SmallVec<[DatastreamId; 4]> {
            let runs = thing.datastreams.runs().iter();
            runs.map(|run| run.first).collect()
        };
        let (before, after) = (old.map(firsts).unwrap_or_default(), firsts(new));
        for gone in before
            .iter()
            .filter(|run| after.binary_search(run).is_err())
        {
            self.runs.remove(gone);
        }
        for come in after
            .iter()
            .filter(|run| before.binary_search(run).is_err())
        {
            self.runs.insert(*come, number);
        }
    }

    pub(crate) fn put_device(&mut self, device: Device) -> Arc<Device> {
        if let Some(alias) = &device.alias {
            self.aliases.insert(alias.clone(), device.id.clone());
        }
        let device = Arc::new(device);
        let old = self.devices.insert(device.id.clone(), Arc::clone(&device));
        if old.as_ref().is_none_or(|old| old.name != device.name) {
            self.search.note_change(&device.thing);
        }
        let old_gateway = old.as_ref().and_then(|old| old.gateway.as_ref());
        if old_gateway != device.gateway.as_ref() {
            self.change_gateway(&device, old_gateway);
        }
        device
    }

    fn change_gateway(&mut self, device: &Device, old: Option<&DeviceId>) {
        if let Some(old) = old
            && let Some(children) = self.children.get_mut(old)
        {
            children.remove(&device.id);
            if children.is_empty() {
                self.children.remove(old);
            }
        }
        if let Some(new) = &device.gateway {
            let children = self.children.entry(new.clone()).or_default();
            children.insert(device.id.clone());
        }
    }

    /// Whether no other device may have the id.
    pub(crate) fn is_taken(&self, id: &DeviceId) -> bool {
        self.device(id.as_str()).is_some() || self.coming.has(id)
    }

    /// Whose the alias is, or will be.
    pub(crate) fn device_of_alias(&self, alias: &str) -> Option<&DeviceId> {
        let standing = self.aliases.get(alias);
        standing.or_else(|| self.coming.device_of_alias(alias))
    }

    pub(crate) fn put_application(&mut self, application: Arc<Application>) {
        self.applications
            .insert(application.id.clone(), application);
    }

    pub(crate) fn put_api_key(&mut self, key: Arc<ApiKey>) {
        if !self.api_keys.contains_key(&key.id) {
            self.keys_of
                .entry(key.application.clone())
                .or_default()
                .push_back(key.id.clone());
        }
        self.api_keys.insert(key.id.clone(), key);
    }

    pub(crate) fn put_person(&mut self, person: Arc<Person>) {
        self.people.insert(person.id.clone(), person);
    }

    /// Whether there was one.
    pub(crate) fn remove_person(&mut self, id: &PersonId) {
        self.logins.remove(id);
        self.people.remove(id);
    }

    pub(crate) fn put_login(&mut self, id: PersonId, login: Arc<PersonLogin>) {
        self.logins.insert(id, login);
    }

    pub(crate) fn put_service_token(&mut self, token: Arc<ServiceToken>) {
        self.service_tokens.insert(token.id.clone(), token);
    }

    /// Whether there was one.
    pub(crate) fn remove_service_token(&mut self, id: &ServiceTokenId) -> bool {
        self.service_tokens.remove(id).is_some()
    }

    /// The thing's datastreams as a device of `model` has them: the model's
    /// fields in its order, then its others in order of number.
    pub(crate) fn datastreams_for(
        device: &DeviceId,
        model: &Model,
        thing: &Thing,
    ) -> DeviceDatastreams {
        let all: Vec<Datastream<'_>> = thing.datastreams.iter().collect();
        let is_own = |one: &&Datastream<'_>| one.device == device;
        let is_shared = |one: &&Datastream<'_>| *one.model == model.id;
        let mut ordered: Vec<&Datastream<'_>> = Vec::with_capacity(all.len());
        for field in &model.fields {
            let of_field = || all.iter().filter(|one| *one.field == field.name);
            let own = of_field()
                .find(is_own)
                .or_else(|| of_field().find(is_shared));
            // A device of another model took it over: what the former one sends
            // late belongs there too.
            ordered.extend(own.or_else(|| of_field().next()));
        }
        ordered.extend(
            all.iter()
                .filter(|one| model.field(one.field.as_str()).is_none())
                .filter(|one| is_own(one) || is_shared(one)),
        );
        let ordered: Vec<DatastreamId> = ordered.into_iter().map(|one| one.id).collect();
        DeviceDatastreams::new(model, &thing.datastreams, &ordered)
    }

    /// Makes a thing's datastreams and devices anew after the thing or a model
    /// of theirs has changed.
    pub(crate) fn refresh_thing(&mut self, id: &ThingId) {
        let Some(thing) = self.things.get(id) else {
            return;
        };
        let mut thing = Arc::clone(thing);
        let current = |id: &ModelId| self.model_for(&thing.agency, id).cloned();
        if thing.datastreams.lag(current) {
            let mut following = Thing::clone(&thing);
            following.datastreams.follow(current);
            thing = self.put_thing(following);
        }
        for id in &thing.devices {
            let Some(device) = self.device(id.as_str()) else {
                continue;
            };
            let mut device = Device::clone(device);
            if let Some(model) = self.model_for(&thing.agency, &device.model.id) {
                device.model = Arc::clone(model);
            }
            device.agency = thing.agency.clone();
            device.location = thing.location();
            device.datastreams = Self::datastreams_for(&device.id, &device.model, &thing);
            self.put_device(device);
        }
    }
}
