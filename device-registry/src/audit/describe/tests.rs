//! No kind of row is without its entry.

mod groups;
mod photos;
mod sensors;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{AgencyId, BoundaryName, DeviceId, FeatureId, GroupId, ModelId, PersonId, Timestamp};

use super::describe;
use crate::device::{DevicePatch, DeviceStatus, NewDevice, PasswordTerms, Patch, StagedImport};
use crate::model::{ModelOrigin, ModelVersion};
use crate::person::Person;
use crate::person_login::PersonLogin;
use crate::registry::{
    Actor, DatastreamRow, ModelRow, RefinementRow, Registry, RestoredFrom, RowChange,
};
use crate::snapshot::Snapshot;
use crate::thing::{LocationSince, OwnerSince, Thing, Visibility};
use crate::{
    Batch, Claim, Device, FeatureGeoJson, GeoJson, Grant, Group, NewAgency, NewApplication,
    NewBatch, NewBoundary, NewClaim, NewFeature, NewGroup, NewMembers, NewPerson, NewServiceToken,
    NewShare, Position, Role, Share, SharedWhat,
};

/// All kinds of rows; a new one has its place here, and a sample below.
const KINDS: [&str; 47] = [
    "AddAgency",
    "SetRetention",
    "AddModel",
    "PutBoundary",
    "RemoveBoundary",
    "AddThing",
    "ChangeThing",
    "AddLocation",
    "AddDevice",
    "ChangeDevice",
    "AddCredential",
    "RemoveCredential",
    "AddDatastream",
    "HandOverDatastream",
    "AddApplication",
    "AddApiKey",
    "RevokeApiKey",
    "NoteApiKeyUse",
    "RemoveLocation",
    "AddPerson",
    "ChangePerson",
    "RemovePerson",
    "AddServiceToken",
    "RemoveServiceToken",
    "AddOwner",
    "EndCredential",
    "AddClaim",
    "ChangeClaim",
    "RemoveClaim",
    "AddBatch",
    "ChangeBatch",
    "RemoveBatch",
    "PutLogin",
    "PutGroup",
    "RemoveGroup",
    "NoteRestore",
    "AddSensor",
    "ChangeSensor",
    "PutCalibration",
    "PutFeature",
    "RemoveFeature",
    "AddRefinement",
    "Import",
    "PutShare",
    "RemoveShare",
    "AddPhoto",
    "RemovePhoto",
];

fn kind(row: &RowChange) -> &'static str {
    let place = match row {
        RowChange::AddAgency(_) => 0,
        RowChange::SetRetention { .. } => 1,
        RowChange::AddModel(_) => 2,
        RowChange::PutBoundary(_) => 3,
        RowChange::RemoveBoundary(_) => 4,
        RowChange::AddThing(_) => 5,
        RowChange::ChangeThing(_) => 6,
        RowChange::AddLocation { .. } => 7,
        RowChange::AddDevice { .. } => 8,
        RowChange::ChangeDevice(_) => 9,
        RowChange::AddCredential { .. } => 10,
        RowChange::RemoveCredential { .. } => 11,
        RowChange::AddDatastream(_) => 12,
        RowChange::HandOverDatastream(_) => 13,
        RowChange::AddApplication(_) => 14,
        RowChange::AddApiKey { .. } => 15,
        RowChange::RevokeApiKey(_) => 16,
        RowChange::NoteApiKeyUse { .. } => 17,
        RowChange::RemoveLocation { .. } => 18,
        RowChange::AddPerson(_) => 19,
        RowChange::ChangePerson(_) => 20,
        RowChange::RemovePerson(_) => 21,
        RowChange::AddServiceToken(_) => 22,
        RowChange::RemoveServiceToken(_) => 23,
        RowChange::AddOwner { .. } => 24,
        RowChange::EndCredential { .. } => 25,
        RowChange::AddClaim(_) => 26,
        RowChange::ChangeClaim(_) => 27,
        RowChange::RemoveClaim(_) => 28,
        RowChange::AddBatch(_) => 29,
        RowChange::ChangeBatch(_) => 30,
        RowChange::RemoveBatch(_) => 31,
        RowChange::PutLogin { .. } => 32,
        RowChange::PutGroup(_) => 33,
        RowChange::RemoveGroup(_) => 34,
        RowChange::NoteRestore(_) => 35,
        RowChange::AddSensor(_) => 36,
        RowChange::ChangeSensor { .. } => 37,
        RowChange::PutCalibration { .. } => 38,
        RowChange::PutFeature(_) => 39,
        RowChange::RemoveFeature(_) => 40,
        RowChange::AddRefinement(_) => 41,
        RowChange::Import(_) => 42,
        RowChange::PutShare(_) => 43,
        RowChange::RemoveShare(_) => 44,
        RowChange::AddPhoto { .. } => 45,
        RowChange::RemovePhoto { .. } => 46,
    };
    KINDS[place]
}

/// A registry with one of each, as it stands.
fn furnished() -> (tempfile::TempDir, Arc<Snapshot>) {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path(), || Timestamp::from_micros(1_000)).unwrap();
    let operator = &Actor::OPERATOR;
    let agency = AgencyId::new("seoul").unwrap();
    let new = NewAgency {
        id: agency.clone(),
        name: "서울특별시".to_owned(),
    };
    registry.create_agency(operator, new).unwrap();
    let model = ModelId::new("traffic.parking").unwrap();
    let id = DeviceId::new("lot-1").unwrap();
    let new = NewDevice::new(id.clone(), agency.clone(), model);
    registry.register_device(operator, new).unwrap();
    registry
        .make_password(operator, &id, PasswordTerms::default())
        .unwrap();
    let location = domain::Location::new(37.5, 127.0).unwrap();
    let patch = DevicePatch {
        location: Patch::Set(location),
        ..DevicePatch::default()
    };
    registry.patch_device(operator, &id, patch).unwrap();
    let new = NewBoundary {
        name: BoundaryName::new("jung").unwrap(),
        title_en: "Jung-gu".to_owned(),
        title_ko: "중구".to_owned(),
        geometry: GeoJson::Polygon(vec![vec![
            vec![126.9, 37.5],
            vec![127.1, 37.5],
            vec![127.1, 37.6],
            vec![126.9, 37.5],
        ]]),
    };
    registry.put_boundary(operator, new).unwrap();
    let new = NewApplication {
        name: "Rain map".to_owned(),
        contact: "dev@example.org".to_owned(),
    };
    registry.create_application(operator, new).unwrap();
    let grants = vec![Grant::new(Role::Auditor, None).unwrap()];
    let new = NewPerson {
        id: PersonId::new("kim").unwrap(),
        name: "김민준".to_owned(),
        agency: None,
        grants: grants.clone(),
    };
    let person = registry.create_person(operator, new).unwrap();
    registry.invite_person(operator, &person).unwrap();
    let new = NewServiceToken {
        name: "Reports".to_owned(),
        agency: None,
        grants,
        until: Timestamp::from_micros(1_000_000_000),
    };
    registry.create_service_token(operator, new).unwrap();
    provision(&registry);
    let new = NewGroup {
        id: GroupId::new("lots").unwrap(),
        agency,
        name: "주차장".to_owned(),
        members: NewMembers::Listed(vec![id]),
    };
    registry.create_group(operator, new).unwrap();
    let new = NewFeature {
        id: FeatureId::new("river").unwrap(),
        agency: AgencyId::new("seoul").unwrap(),
        title_en: "Han river".to_owned(),
        title_ko: "한강".to_owned(),
        kind: String::new(),
        description: String::new(),
        geometry: FeatureGeoJson::Point(vec![127.0, 37.5]),
        things: Vec::new(),
        datastreams: Vec::new(),
    };
    registry.put_feature(operator, new).unwrap();
    groups::share(&registry);
    (dir, registry.snapshot())
}

/// With a claim and a batch.
fn provision(registry: &Registry) {
    let (agency, model) = ("seoul", "traffic.parking");
    let new = NewClaim {
        agency: AgencyId::new(agency).unwrap(),
        model: ModelId::new(model).unwrap(),
        device: None,
        note: "At the gate".to_owned(),
        expires: Timestamp::from_micros(1_000_000_000),
    };
    registry.create_claim(&Actor::OPERATOR, new).unwrap();
    let new = NewBatch {
        id_prefix: None,
        agency: AgencyId::new(agency).unwrap(),
        model: ModelId::new(model).unwrap(),
        name: "Lot 12".to_owned(),
        most: 5,
        expires: Timestamp::from_micros(1_000_000_000),
    };
    registry.create_batch(&Actor::OPERATOR, new).unwrap();
}

/// Rows of how devices come, change their keys and their agencies.
fn samples_of_provisioning(standing: &Snapshot) -> Vec<RowChange> {
    let device = standing.device("lot-1").unwrap();
    let claim = standing.claims(None).next().unwrap();
    let batch = standing.batches(None).next().unwrap();
    let at = Some(Timestamp::from_micros(2_000));
    let revoked_claim = Claim {
        revoked: at,
        ..Claim::clone(claim)
    };
    let revoked_batch = Batch {
        revoked: at,
        ..Batch::clone(batch)
    };
    vec![
        RowChange::AddOwner {
            thing: device.thing.clone(),
            entry: OwnerSince {
                since: Timestamp::from_micros(2_000),
                agency: device.agency.clone(),
            },
        },
        RowChange::EndCredential {
            device: device.id.clone(),
            credential: device.credentials[0].id,
            expires: at,
        },
        RowChange::AddClaim(Arc::clone(claim)),
        RowChange::ChangeClaim(Arc::new(revoked_claim)),
        RowChange::RemoveClaim(claim.id.clone()),
        RowChange::AddBatch(Arc::clone(batch)),
        RowChange::ChangeBatch(Arc::new(revoked_batch)),
        RowChange::RemoveBatch(batch.id.clone()),
    ]
}

/// Rows of those who log in.
fn samples_of_people(standing: &Snapshot) -> Vec<RowChange> {
    let person = standing.person("kim").unwrap();
    let disabled = Person {
        enabled: false,
        ..Person::clone(person)
    };
    let token = standing.service_tokens().next().unwrap();
    vec![
        RowChange::AddPerson(Arc::clone(person)),
        RowChange::ChangePerson(Arc::new(disabled)),
        RowChange::RemovePerson(person.id.clone()),
        RowChange::AddServiceToken(Arc::clone(token)),
        RowChange::RemoveServiceToken(token.id.clone()),
        RowChange::PutLogin {
            person: person.id.clone(),
            login: Arc::new(PersonLogin::default()),
        },
    ]
}

/// Rows of data models.
fn samples_of_models(standing: &Snapshot) -> Vec<RowChange> {
    let agency = standing.agency(&AgencyId::new("seoul").unwrap()).unwrap();
    let model = &standing.device("lot-1").unwrap().model;
    let at = Timestamp::from_micros(2_000);
    vec![
        RowChange::AddModel(ModelRow {
            id: model.id.clone(),
            version: ModelVersion(2),
            content: "{}".into(),
            origin: ModelOrigin::Operator,
            created: at,
        }),
        RowChange::AddRefinement(RefinementRow {
            object: "traffic.flow@seoul".into(),
            model: model.id.clone(),
            agency: agency.id.clone(),
            version: ModelVersion(3),
            content: "{}".into(),
            created: at,
        }),
    ]
}

fn datastream(device: &Device) -> DatastreamRow {
    let standing = device.datastreams.get(0).unwrap();
    DatastreamRow {
        id: standing.id,
        thing: standing.thing.clone(),
        field: standing.field.clone(),
        device: standing.device.clone(),
        model: standing.model.clone(),
    }
}

/// The other kinds of rows, each as a change of `standing` would write it.
fn samples(standing: &Snapshot) -> Vec<RowChange> {
    let agency = Arc::clone(standing.agency(&AgencyId::new("seoul").unwrap()).unwrap());
    let device = Arc::clone(standing.device("lot-1").unwrap());
    let thing = Arc::clone(standing.thing("lot-1").unwrap());
    let credential = device.credentials[0].clone();
    let boundary = Arc::clone(standing.boundaries().next().unwrap());
    let application = Arc::clone(standing.applications().next().unwrap());
    let key = standing.keys_of(&application.id).next().unwrap();
    let at = Timestamp::from_micros(2_000);
    let public = Thing {
        visibility: Visibility::Public,
        ..Thing::clone(&thing)
    };
    let revoked = Device {
        status: DeviceStatus::Revoked,
        ..Device::clone(&device)
    };
    let mut ended = crate::ApiKey::clone(key);
    ended.revoked = Some(at);
    vec![
        RowChange::AddAgency(Arc::clone(&agency)),
        RowChange::SetRetention {
            agency: agency.id.clone(),
            model: device.model.id.clone(),
            days: Some(400),
        },
        RowChange::PutBoundary(Arc::clone(&boundary)),
        RowChange::RemoveBoundary(boundary.name.clone()),
        RowChange::AddThing(Arc::clone(&thing)),
        RowChange::ChangeThing(Arc::new(public)),
        RowChange::AddLocation {
            thing: thing.id.clone(),
            entry: LocationSince {
                since: at,
                location: None,
            },
        },
        RowChange::AddDevice {
            number: 1,
            device: Arc::clone(&device),
        },
        RowChange::ChangeDevice(Arc::new(revoked)),
        RowChange::AddCredential {
            device: device.id.clone(),
            credential: credential.clone(),
        },
        RowChange::RemoveCredential {
            device: device.id.clone(),
            credential: credential.id,
        },
        RowChange::AddDatastream(datastream(&device)),
        RowChange::HandOverDatastream(datastream(&device)),
        RowChange::AddApplication(application),
        RowChange::AddApiKey {
            number: 1,
            key: Arc::clone(key),
        },
        RowChange::RevokeApiKey(Arc::new(ended)),
        RowChange::NoteApiKeyUse {
            key: key.id.clone(),
            at,
        },
        RowChange::RemoveLocation {
            thing: thing.id.clone(),
            since: Timestamp::MIN,
        },
        RowChange::NoteRestore(RestoredFrom {
            sum: "sha256:07".to_owned(),
            made: "2026-05-01T00:00:00Z".to_owned(),
            offset: 12,
        }),
    ]
}

#[test]
fn every_row_makes_an_entry_but_an_api_keys_use_and_an_import_on_its_way() {
    let (_dir, standing) = furnished();
    let mut rows = samples(&standing);
    rows.extend(samples_of_people(&standing));
    rows.extend(samples_of_provisioning(&standing));
    rows.extend(groups::samples_of_groups(&standing));
    rows.extend(samples_of_models(&standing));
    rows.extend(sensors::samples_of_sensors(&standing));
    rows.extend(sensors::samples_of_features(&standing));
    rows.push(RowChange::Import(StagedImport::End));
    rows.extend(photos::samples_of_photos(&standing));
    let sampled: BTreeSet<&str> = rows.iter().map(kind).collect();
    assert_eq!(sampled, KINDS.into_iter().collect(), "each has a sample");
    for row in rows {
        let kind = kind(&row);
        let drafts = describe(&standing, &standing, &[row]);
        let expected = usize::from(!["NoteApiKeyUse", "Import"].contains(&kind));
        assert_eq!(drafts.len(), expected, "{kind}");
        for draft in drafts {
            let told = format!("{:?} {:?}", draft.before, draft.after);
            assert!(!told.contains("hmac") && !told.contains("dev@"), "{told}");
        }
    }
}
