//! A device is registered: with its thing, its place, its keys, and one
//! datastream for each field of its model. With `thing`, it serves a thing that
//! stands: what its own model or a device out of service sent there goes on, and
//! beside a device of another model it has datastreams of its own.

use std::sync::Arc;

use domain::{DeviceId, ThingId};

use super::gateway::check_gateway;
use super::new_device::{Checked, NewDevice, RegisterDeviceError};
use super::{Credential, Device, DeviceStatus};
use crate::boxed;
use crate::model::{Model, check_field};
use crate::registry::{Actor, Change, Registry, RowChange};
use crate::sensor::put_only_sensor;
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::{MAX_DEVICES_OF_THING, Move, Thing, ThingDatastreams, Visibility};

impl Registry {
    pub fn register_device(
        &self,
        actor: &Actor,
        new: NewDevice,
    ) -> Result<Arc<Device>, RegisterDeviceError> {
        let checked = Checked::new(new)?;
        self.change(actor, |change| register(change, &checked, None))
    }
}

/// Rows and draft for one device, in the place of `predecessor` where there is one.
/// Every check stands before the first of them, so that an import can go on after
/// a bad one.
pub(crate) fn register(
    change: &mut Change,
    checked: &Checked,
    predecessor: Option<&DeviceId>,
) -> Result<Arc<Device>, RegisterDeviceError> {
    let new = &checked.new;
    let model = check_against(change, checked, predecessor)?;
    let standing = standing_thing(change, new, &model, predecessor)?;
    if standing.is_some() || new.gateway.is_some() {
        // The predecessor's datastreams are handed over; the gateway, which may
        // be connected, gains a child.
        change.alters_rights();
    }
    let takes_over = standing.is_some();
    let number = change.next_device()?;
    let mut thing = match standing {
        Some(thing) => taken_over(thing, new),
        None => new_thing(change, number, new, &model),
    };
    let description = new.description.over(thing.description())?;
    thing.description = description.kept();
    let located = match new.location {
        Some(_) => {
            let to = new.location;
            thing.relocate(Move { to, since: None }, change.now)
        }
        None => Vec::new(),
    };
    boxed::push(&mut thing.devices, new.id.clone());
    let credentials = new_credentials(change, checked)?;
    let datastreams = put_datastreams(change, &mut thing, &new.id, &model, predecessor)?;
    let thing = change.draft.put_thing(thing);
    let device = Device {
        id: new.id.clone(),
        alias: checked.alias.clone(),
        thing: thing.id.clone(),
        // The texts that many devices share are kept once.
        agency: thing.agency.clone(),
        gateway: new.gateway.clone(),
        datastreams: Snapshot::datastreams_for(&new.id, &model, &thing),
        model,
        name: checked.name(),
        location: thing.location(),
        status: DeviceStatus::Active,
        expires: new.expires,
        created: change.now,
        decommissioned: None,
        credentials,
    };
    let device = change.draft.put_device(device);
    change.write(if takes_over {
        RowChange::ChangeThing(Arc::clone(&thing))
    } else {
        RowChange::AddThing(Arc::clone(&thing))
    });
    change.write_all(located);
    change.write(RowChange::AddDevice {
        number,
        device: Arc::clone(&device),
    });
    let credentials = device.credentials.iter();
    change.write_all(credentials.map(|credential| RowChange::AddCredential {
        device: device.id.clone(),
        credential: credential.clone(),
    }));
    change.write_all(datastreams);
    if let Some(serial) = &new.sensor_serial {
        put_only_sensor(change, &device, serial.clone(), &[]);
    }
    if thing.devices.len() > 1 {
        change.refresh_thing(&thing.id);
    }
    Ok(device)
}

fn check_against(
    change: &Change,
    checked: &Checked,
    predecessor: Option<&DeviceId>,
) -> Result<Arc<Model>, RegisterDeviceError> {
    let (draft, new) = (&change.draft, &checked.new);
    if draft.is_taken(&new.id) {
        return Err(RegisterDeviceError::Exists(new.id.clone()));
    }
    if let Some(claim) = draft.claim_for(&new.id, change.now) {
        return Err(RegisterDeviceError::Reserved {
            device: new.id.clone(),
            claim: claim.id.clone(),
            agency: claim.agency.clone(),
        });
    }
    if let Some(alias) = &checked.alias
        && let Some(device) = draft.device_of_alias(alias)
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
    // One that came from another agency is replaced by one of its kind.
    let same = predecessor
        .and_then(|old| draft.device(old.as_str()))
        .filter(|old| old.model.id == new.model);
    match same {
        Some(old) => Ok(Arc::clone(&old.model)),
        None => Ok(Arc::clone(draft.usable_model(&new.agency, &new.model)?)),
    }
}

/// The thing that is served, where one is named, and the model fits what goes on.
fn standing_thing(
    change: &Change,
    new: &NewDevice,
    model: &Model,
    predecessor: Option<&DeviceId>,
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
    if thing.devices.len() >= MAX_DEVICES_OF_THING {
        return Err(RegisterDeviceError::ThingFull(id.clone()));
    }
    for field in &model.fields {
        let standing = change.datastream_to_go_on_with(thing, &field.name, &model.id, predecessor);
        if let Some(old) = standing.and_then(|standing| standing.definition) {
            check_field(old, field).map_err(|fault| RegisterDeviceError::ThingOfOtherModel {
                thing: id.clone(),
                fault,
            })?;
        }
    }
    Ok(Some(Thing::clone(thing)))
}

fn taken_over(mut thing: Thing, new: &NewDevice) -> Thing {
    if let Some(visibility) = new.visibility {
        thing.visibility = visibility;
    }
    if let Some(licence) = &new.licence {
        thing.licence = licence.clone();
    }
    if let Some(attribution) = &new.attribution {
        thing.attribution = attribution.as_str().into();
    }
    thing
}

fn new_thing(change: &Change, number: u64, new: &NewDevice, model: &Model) -> Thing {
    let licence = new.licence.as_ref().or(model.details.licence.as_ref());
    let agency = change.draft.agency(&new.agency);
    let id = ThingId::from(new.id.clone());
    Thing {
        datastreams: ThingDatastreams::none(id.clone(), new.agency.clone()),
        id,
        number,
        agency: agency.map_or_else(|| new.agency.clone(), |agency| agency.id.clone()),
        devices: Box::default(),
        locations: Box::default(),
        owners: Box::default(),
        licence: licence.cloned().unwrap_or_default(),
        attribution: match (&new.attribution, agency) {
            (Some(attribution), _) => attribution.as_str().into(),
            (None, agency) => agency.map_or("", |agency| &agency.name).into(),
        },
        visibility: new.visibility.unwrap_or(Visibility::Restricted),
        description: None,
    }
}

fn new_credentials(
    change: &mut Change,
    checked: &Checked,
) -> Result<Box<[Credential]>, StoreError> {
    let mut credentials = Vec::with_capacity(checked.keys.len());
    for (proof, expires) in &checked.keys {
        credentials.push(Credential {
            id: change.next_credential()?,
            proof: proof.clone(),
            created: change.now,
            expires: *expires,
        });
    }
    Ok(credentials.into())
}

/// One datastream for each field: those that stand are handed over, the others
/// are made. Their rows.
fn put_datastreams(
    change: &mut Change,
    thing: &mut Thing,
    device: &DeviceId,
    model: &Arc<Model>,
    predecessor: Option<&DeviceId>,
) -> Result<Vec<RowChange>, StoreError> {
    if change.is_rehearsal() {
        // Of 100,000 devices they are most of the memory, and nothing looks at
        // them.
        for _ in &model.fields {
            change.next_datastream()?;
        }
        return Ok(Vec::new());
    }
    let mut rows = Vec::with_capacity(model.fields.len());
    for field in &model.fields {
        let standing = change.datastream_to_go_on_with(thing, &field.name, &model.id, predecessor);
        let name = field.name.clone();
        rows.push(match standing {
            Some(standing) => {
                let handed = (standing.id, name);
                thing.hand_over_datastream(handed, device, model)
            }
            None => change.add_datastream(thing, name, device, model)?,
        });
    }
    Ok(rows)
}
