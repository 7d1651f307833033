//! A row names the serial number of its device's sensor.

use std::ops::ControlFlow;

use device_registry::{
    Actor, AuditQuery, ImportReport, ImportTerms, NewDevice, OperationError, RegisterDeviceError,
    Registry, Sensor,
};
use domain::{DatastreamId, SensorId};

use super::{UPDATE, row};
use crate::harness::{TestRegistry, device, new_device};

fn with_sensor(id: &str, serial: &str) -> NewDevice {
    NewDevice {
        sensor_serial: Some(serial.to_owned()),
        ..new_device(id)
    }
}

fn import(registry: &Registry, rows: Vec<NewDevice>, terms: ImportTerms) -> ImportReport {
    let rows = (1..).zip(rows).map(|(line, device)| row(line, device));
    let done =
        registry.import_devices(&Actor::OPERATOR, rows, terms, |_| ControlFlow::Continue(()));
    done.unwrap()
}

fn told(report: &ImportReport) -> Vec<(u64, Option<&str>, &str)> {
    let errors = report.errors.iter();
    errors
        .map(|error| (error.line, error.column.as_deref(), error.code))
        .collect()
}

/// Number, serial number, and whether it measures all that its device sends.
fn sensors(registry: &Registry, id: &str) -> Vec<(SensorId, String, bool)> {
    let snapshot = registry.snapshot();
    let all: Vec<DatastreamId> = snapshot
        .device(id)
        .unwrap()
        .datastreams
        .iter()
        .map(|one| one.id)
        .collect();
    let told = |sensor: Sensor| {
        (
            sensor.id,
            sensor.description.serial,
            sensor.datastreams == all,
        )
    };
    let found = registry.sensors_of_device(&device(id)).unwrap();
    found.into_iter().map(told).collect()
}

fn only(serial: &str) -> Vec<(SensorId, String, bool)> {
    vec![(SensorId::new(1), serial.to_owned(), true)]
}

#[test]
fn it_is_in_the_device_and_measures_all_that_the_model_names() {
    let test = TestRegistry::new();
    let rows = vec![with_sensor("lot-1", "0A2B33"), new_device("lot-2")];
    let report = import(&test.registry, rows, ImportTerms::APPLY);
    assert_eq!((report.registered, told(&report)), (2, Vec::new()));
    assert_eq!(sensors(&test.registry, "lot-1"), only("0A2B33"));
    assert_eq!(sensors(&test.registry, "lot-2"), []);
    let sensor = &test.registry.sensors_of_device(&device("lot-1")).unwrap()[0];
    let snapshot = test.registry.snapshot();
    let model = &snapshot.device("lot-1").unwrap().model;
    assert_eq!(sensor.description.name, model.title_en);
    assert_eq!((sensor.installed, sensor.removed), (test.now(), None));
    // One entry tells it all.
    let query = AuditQuery {
        object: Some("lot-1".to_owned()),
        limit: 10,
        ..AuditQuery::default()
    };
    let entries = test.registry.audit(&query).unwrap();
    assert_eq!(
        (entries.len(), entries[0].action.as_str()),
        (1, "device.register")
    );
    assert!(entries[0].after.as_ref().unwrap().contains("0A2B33"));
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *snapshot);
}

#[test]
fn the_same_file_again_changes_nothing_and_another_sensor_is_a_fault() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let rows = || vec![with_sensor("lot-1", "0A2B33"), new_device("lot-2")];
    import(registry, rows(), ImportTerms::APPLY);
    let report = import(registry, rows(), UPDATE);
    assert_eq!((report.unchanged, told(&report)), (2, Vec::new()));

    let other = vec![
        with_sensor("lot-1", "0A2B34"),
        with_sensor("lot-2", "0A2B35"),
    ];
    let report = import(registry, other, UPDATE);
    assert_eq!(
        told(&report),
        [(1, Some("sensor_serial"), "device-with-other-sensor")]
    );
    assert_eq!(sensors(registry, "lot-2"), []);
    // One that has none gets it.
    let report = import(registry, vec![with_sensor("lot-2", "0A2B35")], UPDATE);
    assert_eq!((report.updated, told(&report)), (1, Vec::new()));
    assert_eq!(sensors(registry, "lot-2"), only("0A2B35"));

    // Two rows of one device, of which the first puts in none.
    let rows = vec![new_device("lot-3"), with_sensor("lot-3", "0A2B36")];
    let report = import(registry, rows, UPDATE);
    assert_eq!(
        told(&report),
        [(2, Some("sensor_serial"), "device-with-other-sensor")]
    );
    assert_eq!(report.registered, 0);
}

#[test]
fn a_serial_number_that_cannot_be_is_told_with_its_line() {
    let test = TestRegistry::new();
    let mut second = with_sensor("lot-4", "0A2B36");
    second.thing = Some(domain::ThingId::new("lot-1").unwrap());
    let refused = test
        .registry
        .register_device(&Actor::OPERATOR, second.clone());
    assert!(matches!(
        &refused,
        Err(RegisterDeviceError::SensorOfStandingThing)
    ));
    assert_eq!(refused.unwrap_err().code(), "sensor-of-standing-thing");
    let rows = vec![
        new_device("lot-1"),
        with_sensor("lot-2", " "),
        with_sensor("lot-3", &"A".repeat(257)),
        second,
    ];
    let report = import(&test.registry, rows, ImportTerms::APPLY);
    assert_eq!(
        told(&report),
        [
            (2, Some("sensor_serial"), "invalid-text"),
            (3, Some("sensor_serial"), "invalid-text"),
            (4, Some("sensor_serial"), "sensor-of-standing-thing"),
        ]
    );
    assert_eq!(report.registered, 0);
}
