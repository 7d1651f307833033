//! A device is registered: with its thing, its place, its keys, and one
//! datastream for each field of its model. With `thing`, it takes over a thing
//! that stands, and its datastreams go on.

use std::sync::Arc;

use domain::{DeviceId, Location, ThingId, Timestamp};

use super::gateway::check_gateway;
use super::new_device::{Checked, NewDevice, RegisterDeviceError};
use super::{Device, DeviceStatus};
use crate::model::{Model, check_field};
use crate::registry::{Actor, Change, Registry};
use crate::store::{self, NewDatastream, NewDeviceRow, StoreError};
use crate::thing::{Datastream, LocationSince, Thing, Visibility};

impl Registry {
    pub fn register_device(
        &self,
        actor: &Actor,
        new: NewDevice,
    ) -> Result<Arc<Device>, RegisterDeviceError> {
        let checked = Checked::new(new)?;
        self.change(actor, |change| register(change, &checked))
    }
}

/// Rows and draft for one device. Every check stands before the first row, so
/// that an import can go on after a bad one.
pub(super) fn register(
    change: &mut Change<'_>,
    checked: &Checked,
) -> Result<Arc<Device>, RegisterDeviceError> {
    let new = &checked.new;
    let model = check_against(change, checked)?;
    let standing = standing_thing(change, new, &model)?;
    if standing.is_some() || new.gateway.is_some() {
        // The predecessor's datastreams are handed over; the gateway, which may
        // be connected, gains a child.
        change.alters_rights();
    }
    let mut thing = match standing {
        Some(thing) => take_over_thing(change, thing, new)?,
        None => new_thing(change, new)?,
    };
    store::insert_device(
        &change.transaction,
        &NewDeviceRow {
            id: &new.id,
            alias: checked.alias.as_deref(),
            thing: &thing.id,
            agency: &new.agency,
            gateway: new.gateway.as_ref(),
            model: &new.model,
            name: &new.name,
            expires: new.expires,
            created: change.now,
        },
    )?;
    thing.devices.push(new.id.clone());
    let mut credentials = Vec::with_capacity(checked.keys.len());
    for (proof, expires) in &checked.keys {
        credentials.push(store::insert_credential(
            &change.transaction,
            &new.id,
            proof.clone(),
            change.now,
            *expires,
        )?);
    }
    write_datastreams(change, &mut thing, &new.id, &model)?;
    let device = Device {
        id: new.id.clone(),
        alias: checked.alias.clone(),
        thing: thing.id.clone(),
        // The texts that many devices share are kept once.
        agency: thing.agency.clone(),
        gateway: new.gateway.clone(),
        datastreams: change.draft.datastreams_for(&model, &thing),
        model,
        name: new.name.clone(),
        location: thing.location(),
        status: DeviceStatus::Active,
        expires: new.expires,
        created: change.now,
        credentials,
    };
    let thing_id = thing.id.clone();
    let shared = thing.devices.len() > 1;
    change.draft.put_thing(thing);
    let device = change.draft.put_device(device);
    if shared {
        change.draft.refresh_thing(&thing_id);
    }
    Ok(device)
}

fn check_against(
    change: &Change<'_>,
    checked: &Checked,
) -> Result<Arc<Model>, RegisterDeviceError> {
    let (draft, new) = (&change.draft, &checked.new);
    if draft.device(new.id.as_str()).is_some() {
        return Err(RegisterDeviceError::Exists(new.id.clone()));
    }
    if let Some(alias) = &checked.alias
        && let Some(device) = draft.aliases.get(alias)
    {
        return Err(RegisterDeviceError::AliasTaken {
            alias: alias.clone(),
            device: device.clone(),
        });
    }
    if draft.agency(&new.agency).is_none() {
        return Err(RegisterDeviceError::UnknownAgency(new.agency.clone()));
    }
    if let Some(gateway) = &new.gateway {
        check_gateway(draft, &new.id, &new.agency, gateway)?;
    }
    draft
        .model(&new.model)
        .cloned()
        .ok_or_else(|| RegisterDeviceError::UnknownModel(new.model.clone()))
}

/// The thing that is taken over, where one is named, and the model fits it.
fn standing_thing(
    change: &Change<'_>,
    new: &NewDevice,
    model: &Model,
) -> Result<Option<Thing>, RegisterDeviceError> {
    let Some(id) = &new.thing else {
        return Ok(None);
    };
    let Some(thing) = change.draft.thing(id.as_str()) else {
        return Err(RegisterDeviceError::UnknownThing(id.clone()));
    };
    if thing.agency != new.agency {
        return Err(RegisterDeviceError::ThingOfAnother {
            thing: id.clone(),
            owner: thing.agency.clone(),
        });
    }
    for number in &thing.datastreams {
        let Some(datastream) = change.draft.datastream(*number) else {
            continue;
        };
        if let (Some(old), Some(field)) = (
            &datastream.definition,
            model.field(datastream.field.as_str()),
        ) {
            check_field(old, field).map_err(|fault| RegisterDeviceError::ThingOfOtherModel {
                thing: id.clone(),
                fault,
            })?;
        }
    }
    Ok(Some(Thing::clone(thing)))
}

fn take_over_thing(
    change: &Change<'_>,
    mut thing: Thing,
    new: &NewDevice,
) -> Result<Thing, StoreError> {
    if let Some(visibility) = new.visibility {
        thing.visibility = visibility;
    }
    if let Some(licence) = &new.licence {
        thing.licence = licence.clone();
    }
    if let Some(attribution) = &new.attribution {
        thing.attribution = attribution.clone();
    }
    store::update_thing(&change.transaction, &thing)?;
    if let Some(location) = new.location {
        move_thing(change, &mut thing, Some(location))?;
    }
    Ok(thing)
}

fn new_thing(change: &Change<'_>, new: &NewDevice) -> Result<Thing, StoreError> {
    let agency = change.draft.agency(&new.agency);
    let mut thing = Thing {
        id: ThingId::from(new.id.clone()),
        agency: agency.map_or_else(|| new.agency.clone(), |agency| agency.id.clone()),
        devices: Vec::with_capacity(1),
        datastreams: Vec::new(),
        locations: Vec::new(),
        licence: new.licence.clone().unwrap_or_default(),
        attribution: new
            .attribution
            .clone()
            .unwrap_or_else(|| agency.map_or_else(String::new, |agency| agency.name.clone())),
        visibility: new.visibility.unwrap_or(Visibility::Restricted),
    };
    store::insert_thing(&change.transaction, &thing)?;
    if let Some(location) = new.location {
        move_thing(change, &mut thing, Some(location))?;
    }
    Ok(thing)
}

/// From now on the thing is at `location`. Its first known place holds from
/// the beginning: what is delivered late was observed there too.
pub(super) fn move_thing(
    change: &Change<'_>,
    thing: &mut Thing,
    location: Option<Location>,
) -> Result<(), StoreError> {
    let since = match thing.locations.last() {
        None if location.is_none() => return Ok(()),
        None => Timestamp::MIN,
        Some(last) if last.location == location => return Ok(()),
        // A clock that was set back must not turn the history round.
        Some(last) => change.now.max(Timestamp::from_micros(
            last.since.as_micros().saturating_add(1),
        )),
    };
    let entry = LocationSince { since, location };
    store::insert_location(&change.transaction, &thing.id, &entry)?;
    thing.locations.push(entry);
    Ok(())
}

/// One datastream for each field: those that stand are handed over, the others
/// are made.
fn write_datastreams(
    change: &mut Change<'_>,
    thing: &mut Thing,
    device: &DeviceId,
    model: &Model,
) -> Result<(), StoreError> {
    thing.datastreams.reserve(model.fields.len());
    for field in &model.fields {
        let standing = thing
            .datastreams
            .iter()
            .filter_map(|number| change.draft.datastream(*number))
            .find(|datastream| datastream.field == field.name)
            .map(|datastream| datastream.id);
        let id = match standing {
            Some(id) => {
                store::update_datastream(&change.transaction, id, device, &model.id)?;
                id
            }
            None => {
                let id = store::insert_datastream(
                    &change.transaction,
                    &NewDatastream {
                        thing: &thing.id,
                        field: &field.name,
                        device,
                        model: &model.id,
                    },
                )?;
                thing.datastreams.push(id);
                id
            }
        };
        let datastream: Datastream = change.draft.compose_datastream(
            id,
            field.name.clone(),
            thing,
            device.clone(),
            model.id.clone(),
        );
        change.draft.put_datastream(datastream);
    }
    Ok(())
}
