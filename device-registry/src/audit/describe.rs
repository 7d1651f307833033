//! What a change's rows mean to an auditor: one draft of an entry for each
//! object that they alter.
//!
//! Left out is what says nothing of a change: an API key's use, an import on its
//! way (each of its devices is told when it comes in), and rows that say again
//! what stood. Datastreams beside a registration, as those of a new
//! version of a model or of fields that devices send for the first time, are
//! told in one entry for each model: a change may make thousands of them. No
//! secret is told, nor what is made from one, nor how to reach a developer.

mod features;
mod groups;
mod models;
mod people;
mod photos;
mod provisioning;
mod sensors;
mod shares;
mod values;

use std::borrow::Cow;

use domain::{AgencyId, BoundaryName, CredentialId, DeviceId, ModelId, ThingId, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

use self::values::{
    boundary_fields, credential_fields, credential_name, location_name, place, said,
};
use super::action::{Action, Kind};
use super::fields::{Fields, Value};
use crate::agency::Agency;
use crate::application::{ApiKey, Application};
use crate::boundary::Boundary;
use crate::device::{Credential, Device, DeviceStatus};
use crate::registry::{DatastreamRow, RestoredFrom, RowChange};
use crate::snapshot::Snapshot;
use crate::thing::{LocationSince, Thing};

/// An entry before it has a place in the chain.
pub(crate) struct Draft {
    pub(crate) action: Action,
    pub(crate) kind: Kind,
    pub(crate) object: String,
    pub(crate) agency: Option<AgencyId>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// The drafts for `rows`, in the order in which their objects come; `before` is
/// what stood, and `after` what will.
pub(crate) fn describe(before: &Snapshot, after: &Snapshot, rows: &[RowChange]) -> Vec<Draft> {
    let mut description = Description::new(before, after, rows);
    for row in rows {
        description.row(row);
    }
    let drafts = description.objects.into_iter();
    drafts.filter_map(ObjectChange::into_draft).collect()
}

/// What happens to one object.
struct ObjectChange<'a> {
    kind: Kind,
    object: &'a str,
    agency: Option<AgencyId>,
    action: Action,
    before: Fields,
    after: Fields,
}

impl ObjectChange<'_> {
    /// A field of an object that was not there before.
    fn made<T: Into<Value>>(&mut self, name: &'static str, value: Option<T>) {
        self.after.set_some(name, value);
    }

    /// A field of an object that is there no more.
    fn gone<T: Into<Value>>(&mut self, name: &'static str, value: Option<T>) {
        self.before.set_some(name, value);
    }

    /// A field of an object that was there before, if it has another value now.
    fn changed<T: Into<Value>>(&mut self, name: impl Into<Cow<'static, str>>, before: T, after: T) {
        let (before, after) = (before.into(), after.into());
        if before != after {
            let name = name.into();
            self.before.keep(name.clone(), before);
            self.after.set(name, after);
        }
    }

    fn into_draft(self) -> Option<Draft> {
        let told = |fields: &Fields| (!fields.is_empty()).then(|| fields.to_json());
        let (before, after) = (told(&self.before), told(&self.after));
        (before.is_some() || after.is_some()).then(|| Draft {
            action: self.action,
            kind: self.kind,
            object: self.object.to_owned(),
            agency: self.agency,
            before,
            after,
        })
    }
}

struct Description<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    /// The device that a row of a thing belongs to, where the change has one: a
    /// device's place is changed with the device.
    devices: FxHashMap<&'a ThingId, &'a DeviceId>,
    registered: FxHashSet<&'a DeviceId>,
    objects: Vec<ObjectChange<'a>>,
    places: FxHashMap<(Kind, &'a str), usize>,
}

impl<'a> Description<'a> {
    fn new(before: &'a Snapshot, after: &'a Snapshot, rows: &'a [RowChange]) -> Self {
        let mut devices = FxHashMap::default();
        let mut registered = FxHashSet::default();
        for row in rows {
            if let RowChange::AddDevice { device, .. } | RowChange::ChangeDevice(device) = row {
                devices.insert(&device.thing, &device.id);
            }
            if let RowChange::AddDevice { device, .. } = row {
                registered.insert(&device.id);
            }
        }
        Self {
            before,
            after,
            devices,
            registered,
            objects: Vec::new(),
            places: FxHashMap::default(),
        }
    }

    /// Each kind of row has to say here what it means.
    fn row(&mut self, row: &'a RowChange) {
        match row {
            RowChange::AddAgency(agency) => self.add_agency(agency),
            RowChange::SetRetention {
                agency,
                model,
                days,
            } => self.set_retention(agency, model, *days),
            RowChange::AddModel(model) => self.add_model(model),
            RowChange::AddRefinement(row) => self.add_refinement(row),
            RowChange::PutBoundary(boundary) => self.put_boundary(boundary),
            RowChange::RemoveBoundary(name) => self.remove_boundary(name),
            RowChange::PutGroup(group) => self.put_group(group),
            RowChange::RemoveGroup(id) => self.remove_group(id),
            RowChange::PutFeature(feature) => self.put_feature(feature),
            RowChange::RemoveFeature(id) => self.remove_feature(id),
            RowChange::PutShare(share) => self.put_share(share),
            RowChange::RemoveShare(id) => self.remove_share(id),
            RowChange::AddThing(thing) => self.add_thing(thing),
            RowChange::ChangeThing(thing) => self.change_thing(thing),
            RowChange::AddLocation { thing, entry } => self.add_location(thing, entry),
            RowChange::RemoveLocation { thing, since } => self.remove_location(thing, *since),
            RowChange::AddPhoto { thing, photo } => self.add_photo(thing, photo),
            RowChange::RemovePhoto { thing, photo } => self.remove_photo(thing, photo),
            RowChange::AddDevice { device, .. } => self.add_device(device),
            RowChange::ChangeDevice(device) => self.change_device(device),
            RowChange::AddCredential { device, credential } => {
                self.add_credential(device, credential);
            }
            RowChange::RemoveCredential { device, credential } => {
                self.remove_credential(device, *credential);
            }
            RowChange::EndCredential {
                device,
                credential,
                expires,
            } => self.end_credential(device, *credential, *expires),
            RowChange::AddOwner { thing, entry } => self.add_owner(thing, entry),
            RowChange::AddSensor(sensor) => self.add_sensor(sensor),
            RowChange::ChangeSensor { before, after } => self.change_sensor(before, after),
            RowChange::PutCalibration {
                device,
                sensor,
                before,
                calibration,
            } => self.put_calibration(device, *sensor, before.as_deref(), calibration),
            RowChange::AddClaim(claim) => self.add_claim(claim),
            RowChange::ChangeClaim(claim) => self.change_claim(claim),
            RowChange::RemoveClaim(id) => self.remove_claim(id),
            RowChange::AddBatch(batch) => self.add_batch(batch),
            RowChange::ChangeBatch(batch) => self.change_batch(batch),
            RowChange::RemoveBatch(id) => self.remove_batch(id),
            RowChange::AddDatastream(datastream) => {
                self.datastream(datastream, Action::AddDatastreams, "datastreams");
            }
            RowChange::HandOverDatastream(datastream) => {
                self.datastream(datastream, Action::HandOverDatastreams, "handed_over");
            }
            RowChange::AddApplication(application) => self.add_application(application),
            RowChange::AddApiKey { key, .. } => self.add_key(key),
            RowChange::RevokeApiKey(key) => self.revoke_key(key),
            RowChange::NoteApiKeyUse { .. } | RowChange::Import(_) => {}
            RowChange::AddPerson(person) => self.add_person(person),
            RowChange::ChangePerson(person) => self.change_person(person),
            RowChange::RemovePerson(id) => self.remove_person(id),
            RowChange::PutLogin { person, login } => self.put_login(person, login),
            RowChange::AddServiceToken(token) => self.add_service_token(token),
            RowChange::RemoveServiceToken(id) => self.remove_service_token(id),
            RowChange::NoteRestore(from) => self.note_restore(from),
        }
    }

    /// The change of an object, begun where this is its first row.
    fn object(
        &mut self,
        kind: Kind,
        object: &'a str,
        agency: Option<&AgencyId>,
        action: Action,
    ) -> &mut ObjectChange<'a> {
        let place = *self.places.entry((kind, object)).or_insert_with(|| {
            self.objects.push(ObjectChange {
                kind,
                object,
                agency: agency.cloned(),
                action,
                before: Fields::default(),
                after: Fields::default(),
            });
            self.objects.len() - 1
        });
        let change = &mut self.objects[place];
        change.action = change.action.max(action);
        change
    }

    fn device(&mut self, id: &'a DeviceId, action: Action) -> &mut ObjectChange<'a> {
        let device = self.after.device(id.as_str());
        let agency = device.map(|device| &device.agency);
        self.object(Kind::Device, id.as_str(), agency, action)
    }

    /// A thing's change is told with its device's, where that changes too.
    fn thing(&mut self, id: &'a ThingId, action: Action) -> &mut ObjectChange<'a> {
        if let Some(device) = self.devices.get(id).copied() {
            return self.device(device, action);
        }
        let thing = self.after.thing(id.as_str());
        let agency = thing.map(|thing| &thing.agency);
        self.object(Kind::Thing, id.as_str(), agency, action)
    }

    fn add_agency(&mut self, agency: &'a Agency) {
        let id = &agency.id;
        let object = self.object(Kind::Agency, id.as_str(), Some(id), Action::CreateAgency);
        object.made("name", Some(agency.name.as_str()));
    }

    fn set_retention(&mut self, id: &'a AgencyId, model: &ModelId, days: Option<u32>) {
        let standing = self.before.agency(id);
        let before = standing.and_then(|agency| agency.retention_days.get(model).copied());
        let object = self.object(Kind::Agency, id.as_str(), Some(id), Action::PatchAgency);
        object.changed(format!("retention_days.{model}"), before, days);
    }

    fn put_boundary(&mut self, boundary: &'a Boundary) {
        let standing = self.before.boundary(&boundary.name);
        let name = boundary.name.as_str();
        let object = self.object(Kind::Boundary, name, None, Action::PutBoundary);
        if let Some(standing) = standing {
            object.before = boundary_fields(standing);
        }
        object.after = boundary_fields(boundary);
    }

    fn remove_boundary(&mut self, name: &'a BoundaryName) {
        let standing = self.before.boundary(name);
        let object = self.object(Kind::Boundary, name.as_str(), None, Action::RemoveBoundary);
        object.before = standing.map_or_else(Fields::default, |old| boundary_fields(old));
    }

    fn add_thing(&mut self, thing: &'a Thing) {
        let object = self.thing(&thing.id, Action::CreateThing);
        object.made("visibility", Some(thing.visibility.as_str()));
        object.made("licence", Some(&*thing.licence.0));
        let attribution = Some(&*thing.attribution);
        object.made("attribution", attribution.filter(|text| !text.is_empty()));
        for (name, text) in said(thing) {
            object.made(name, Some(text).filter(|text| !text.is_empty()));
        }
    }

    fn change_thing(&mut self, thing: &'a Thing) {
        let standing = self.before.thing(thing.id.as_str());
        let object = self.thing(&thing.id, Action::PatchThing);
        let Some(old) = standing else { return };
        let visibility = (old.visibility.as_str(), thing.visibility.as_str());
        object.changed("visibility", visibility.0, visibility.1);
        object.changed("licence", &*old.licence.0, &*thing.licence.0);
        let attribution = (&*old.attribution, &*thing.attribution);
        object.changed("attribution", attribution.0, attribution.1);
        for ((name, before), (_, after)) in said(old).into_iter().zip(said(thing)) {
            object.changed(name, before, after);
        }
    }

    fn add_location(&mut self, thing: &'a ThingId, entry: &LocationSince) {
        let object = self.thing(thing, Action::MoveThing);
        let name = location_name(entry.since);
        object.after.set(name, entry.location.map(place));
    }

    fn remove_location(&mut self, thing: &'a ThingId, since: Timestamp) {
        let standing = self.before.thing(thing.as_str());
        let entry = standing.and_then(|thing| {
            let mut all = thing.locations.iter();
            all.find(|entry| entry.since == since)
        });
        let location = entry.and_then(|entry| entry.location);
        let object = self.thing(thing, Action::MoveThing);
        let before = location.map(place).into();
        object.before.keep(location_name(since), before);
    }

    fn add_device(&mut self, device: &'a Device) {
        let object = self.device(&device.id, Action::RegisterDevice);
        object.made("thing", Some(device.thing.as_str()));
        object.made("model", Some(device.model.id.as_str()));
        object.made("name", Some(device.name.as_str()));
        object.made("alias", device.alias.as_deref());
        object.made("gateway", device.gateway.as_ref().map(DeviceId::as_str));
        object.made("expires", device.expires);
    }

    fn change_device(&mut self, device: &'a Device) {
        let Some(old) = self.before.device(device.id.as_str()) else {
            return;
        };
        let is_revoked = device.status == DeviceStatus::Revoked && old.status != device.status;
        let action = if device.agency != old.agency {
            Action::TransferDevice
        } else if device.decommissioned != old.decommissioned {
            Action::DecommissionDevice
        } else if is_revoked {
            Action::RevokeDevice
        } else {
            Action::PatchDevice
        };
        let object = self.device(&device.id, action);
        object.changed("name", old.name.as_str(), device.name.as_str());
        object.changed("agency", old.agency.as_str(), device.agency.as_str());
        object.changed("status", old.status.as_str(), device.status.as_str());
        object.changed("decommissioned", old.decommissioned, device.decommissioned);
        object.changed("expires", old.expires, device.expires);
        let gateway = |device: &Device| device.gateway.as_ref().map(ToString::to_string);
        object.changed("gateway", gateway(old), gateway(device));
        if device.agency != old.agency {
            self.gave_away(old, device);
        }
    }

    fn add_credential(&mut self, device: &'a DeviceId, credential: &Credential) {
        let object = self.device(device, Action::AddCredential);
        let name = credential_name(credential.id.get());
        object.after.set(name, credential_fields(credential));
    }

    fn remove_credential(&mut self, device: &'a DeviceId, credential: CredentialId) {
        let standing = self.before.device(device.as_str());
        let standing = standing.and_then(|device| {
            let mut all = device.credentials.iter();
            all.find(|other| other.id == credential)
        });
        let fields = standing.map_or_else(Fields::default, credential_fields);
        let object = self.device(device, Action::RemoveCredential);
        let name = credential_name(credential.get());
        object.before.keep(name.into(), fields.into());
    }

    fn datastream(&mut self, datastream: &'a DatastreamRow, action: Action, name: &'static str) {
        if self.registered.contains(&datastream.device) {
            let object = self.device(&datastream.device, Action::RegisterDevice);
            object.after.append(name, datastream.id.get());
        } else {
            let object = self.object(Kind::Model, datastream.model.as_str(), None, action);
            object.after.count(name);
        }
    }

    fn add_application(&mut self, application: &'a Application) {
        let id = application.id.as_str();
        let object = self.object(Kind::Application, id, None, Action::CreateApplication);
        object.made("name", Some(application.name.as_str()));
    }

    fn add_key(&mut self, key: &'a ApiKey) {
        let object = self.object(Kind::Key, key.id.as_str(), None, Action::CreateKey);
        object.made("application", Some(key.application.as_str()));
        object.made("kind", Some(key.kind.as_str()));
        let origins = Some(key.origins.as_slice());
        object.made("origins", origins.filter(|origins| !origins.is_empty()));
        object.made("expires", key.expires);
    }

    fn note_restore(&mut self, from: &'a RestoredFrom) {
        let object = self.object(Kind::Backup, &from.sum, None, Action::RestoreBackup);
        object.made("made", Some(from.made.as_str()));
        object.made("offset", i64::try_from(from.offset).ok());
    }

    fn revoke_key(&mut self, key: &'a ApiKey) {
        let standing = self.before.api_key(key.id.as_str());
        let before = standing.and_then(|key| key.revoked);
        let object = self.object(Kind::Key, key.id.as_str(), None, Action::RevokeKey);
        object.changed("revoked", before, key.revoked);
    }
}

#[cfg(test)]
mod tests;
