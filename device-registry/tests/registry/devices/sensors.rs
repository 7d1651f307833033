//! Sensors: which one measured what, and how it was calibrated then.

use device_registry::{
    Actor, AddSensorError, AuditQuery, CalibrateSensorError, Calibration, CalibrationsTold,
    Datasheet, ErrorClass, EventKind, MAX_CALIBRATIONS, NewAgency, NewSensor, OperationError,
    Patch, PatchSensorError, Registry, Replacement, Sensor, SensorDescription, SensorPatch,
    SensorTextError,
};
use domain::{DatastreamId, SensorId, Timestamp};

use crate::harness::{TestRegistry, agency, device, new_device};

const ACTOR: &Actor = &Actor::OPERATOR;
const DAY: i64 = 86_400;

/// With lot-1 and its two datastreams.
fn with_a_device() -> (TestRegistry, Vec<DatastreamId>) {
    let test = TestRegistry::new();
    let made = test.registry.register_device(ACTOR, new_device("lot-1"));
    let numbers = made.unwrap().datastreams.iter().map(|one| one.id).collect();
    (test, numbers)
}

fn named(name: &str, datastreams: &[DatastreamId], installed: Timestamp) -> NewSensor {
    NewSensor {
        description: SensorDescription {
            name: name.to_owned(),
            serial: format!("{name}-1"),
            ..SensorDescription::default()
        },
        datastreams: datastreams.to_vec(),
        installed: Some(installed),
        removed: None,
    }
}

fn calibrated(at: Timestamp, valid_until: Option<Timestamp>) -> Calibration {
    Calibration {
        at,
        by: "KTL".to_owned(),
        certificate: "26-0042".to_owned(),
        valid_until,
        result: "gain 1.02\noffset -0.3".to_owned(),
        note: String::new(),
    }
}

/// So many days after the start.
fn day(days: i64) -> Timestamp {
    let micros = (crate::harness::START_SECONDS + days * DAY) * 1_000_000;
    Timestamp::from_micros(micros)
}

/// Name and, if it was calibrated by then, the time of what measured at a time.
fn at(
    registry: &Registry,
    id: DatastreamId,
    time: Timestamp,
) -> Option<(String, Option<Timestamp>)> {
    let snapshot = registry.snapshot();
    let all = registry.sensors_of_datastream(id).unwrap();
    let mut found = all.iter().filter(|sensor| {
        let end = snapshot.sensor_end(sensor);
        sensor.installed <= time && end.is_none_or(|end| time < end)
    });
    let sensor = found.next()?;
    assert!(found.next().is_none(), "one at a time");
    let calibration = sensor.calibration_at(time).map(|one| one.at);
    Some((sensor.description.name.clone(), calibration))
}

#[test]
fn of_each_time_the_sensor_and_its_calibration_stay_known() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    assert!(!registry.snapshot().is_measured(numbers[0]));
    let first = registry
        .add_sensor(ACTOR, &id, named("first", &numbers, day(0)))
        .unwrap();
    for (at, until) in [(day(-10), None), (day(5), Some(day(370)))] {
        registry
            .calibrate_sensor(ACTOR, &id, first.id, calibrated(at, until))
            .unwrap();
    }
    // Swapped in the field: the first one ends there.
    let second = registry
        .add_sensor(ACTOR, &id, named("second", &numbers, day(20)))
        .unwrap();
    assert_eq!((first.id.get(), second.id.get()), (1, 2));
    let name = |text: &str| Some(text.to_owned());
    let seen = |registry: &Registry| {
        [-1, 0, 4, 5, 19, 20, 21].map(|days| at(registry, numbers[0], day(days)))
    };
    let expected = [
        None,
        name("first").map(|name| (name, Some(day(-10)))),
        name("first").map(|name| (name, Some(day(-10)))),
        name("first").map(|name| (name, Some(day(5)))),
        name("first").map(|name| (name, Some(day(5)))),
        name("second").map(|name| (name, None)),
        name("second").map(|name| (name, None)),
    ];
    assert_eq!(seen(registry), expected);
    let (before, sensors) = (
        registry.snapshot(),
        registry.sensors_of_device(&id).unwrap(),
    );
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *before);
    assert_eq!(test.registry.sensors_of_device(&id).unwrap(), sensors);
    assert_eq!(seen(&test.registry), expected);
}

#[test]
fn one_sensor_at_a_time_measures_a_datastream() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    let add = |new| registry.add_sensor(ACTOR, &id, new);
    let both = add(named("both", &numbers, day(0))).unwrap();
    // It would go on measuring the other.
    let refused = add(named("one", &numbers[..1], day(10))).unwrap_err();
    assert_eq!(
        (refused.code(), refused.class()),
        ("datastream-measured", ErrorClass::Conflict)
    );
    assert!(refused.to_string().contains("name it as well"), "{refused}");
    let taken_away = SensorPatch {
        removed: Patch::Set(day(10)),
        ..SensorPatch::default()
    };
    registry
        .patch_sensor(ACTOR, &id, both.id, taken_away)
        .unwrap();
    add(named("one", &numbers[..1], day(10))).unwrap();
    add(named("other", &numbers[1..], day(10))).unwrap();
    // What was there before, and only then.
    let mut old = named("old", &numbers, day(-20));
    old.removed = Some(day(1));
    assert_eq!(add(old.clone()).unwrap_err().code(), "datastream-measured");
    old.removed = Some(day(0));
    add(old.clone()).unwrap();
    old.removed = Some(day(-30));
    assert_eq!(add(old).unwrap_err().code(), "invalid-period");
    // A correction may not reach into the time of another.
    let back = SensorPatch {
        removed: Patch::Clear,
        ..SensorPatch::default()
    };
    let refused = registry.patch_sensor(ACTOR, &id, both.id, back);
    assert_eq!(refused.unwrap_err().code(), "datastream-measured");
    let foreign = named("foreign", &[DatastreamId::new(900)], day(30));
    assert_eq!(add(foreign).unwrap_err().code(), "unknown-datastream");
    assert_eq!(
        add(named("none", &[], day(30))).unwrap_err().code(),
        "unknown-datastream"
    );
}

#[test]
fn a_sensor_is_corrected_and_what_it_no_longer_measures_has_none() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    let made = registry
        .add_sensor(ACTOR, &id, named("lidar", &numbers, day(0)))
        .unwrap();
    let sheet = Datasheet::new("https://maker.example/a.pdf".to_owned(), None).unwrap();
    let patch = SensorPatch {
        maker: Some("Hanbit".to_owned()),
        serial: Some(String::new()),
        datasheet: Patch::Set(sheet.clone()),
        datastreams: Some(vec![numbers[1], numbers[1]]),
        ..SensorPatch::default()
    };
    let patched = registry.patch_sensor(ACTOR, &id, made.id, patch.clone());
    let expected = Sensor {
        description: SensorDescription {
            maker: "Hanbit".to_owned(),
            serial: String::new(),
            datasheet: Some(sheet),
            ..made.description.clone()
        },
        datastreams: vec![numbers[1]],
        ..made
    };
    assert_eq!(patched.unwrap(), expected);
    let mark = registry.mark();
    registry
        .patch_sensor(ACTOR, &id, expected.id, patch)
        .unwrap();
    assert_eq!(registry.mark(), mark, "the same again is no change");
    let unknown = registry.patch_sensor(ACTOR, &id, SensorId::new(9), SensorPatch::default());
    assert!(matches!(unknown, Err(PatchSensorError::Unknown { .. })));
    let before = registry.snapshot();
    assert!(!before.is_measured(numbers[0]) && before.is_measured(numbers[1]));
    let test = test.reopen();
    assert!(*test.registry.snapshot() == *before);
    let read = test.registry.sensors_of_device(&id).unwrap();
    assert_eq!(read, [expected]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    for url in [
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "ftp://maker.example/a.pdf",
        "https://maker.example/a b.pdf",
    ] {
        let sheet = Datasheet::new(url.to_owned(), None);
        assert_eq!(sheet, Err(SensorTextError::Url), "{url}");
    }
    let sheet =
        |kind: &str| Datasheet::new("https://maker.example/a".to_owned(), Some(kind.to_owned()));
    sheet("application/sensorml+json").unwrap();
    for kind in ["pdf", "a/b/c", "text/html; charset=utf-8", "/"] {
        assert_eq!(sheet(kind), Err(SensorTextError::MediaType), "{kind}");
    }
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    let nameless = registry.add_sensor(ACTOR, &id, named(" ", &numbers, day(0)));
    assert_eq!(nameless.unwrap_err().code(), "invalid-sensor");
    let nobody = registry.add_sensor(ACTOR, &device("lot-9"), named("x", &numbers, day(0)));
    assert!(matches!(nobody, Err(AddSensorError::UnknownDevice(_))));
    let made = registry.add_sensor(ACTOR, &id, named("x", &numbers, day(0)));
    let sensor = made.unwrap().id;
    let record = |calibration| registry.calibrate_sensor(ACTOR, &id, sensor, calibration);
    let backwards = record(calibrated(day(5), Some(day(5)))).unwrap_err();
    assert_eq!(backwards.code(), "invalid-calibration");
    let mut long = calibrated(day(5), None);
    long.result = "x".repeat(5_000);
    assert_eq!(record(long).unwrap_err().code(), "invalid-calibration");
    let unknown = registry.calibrate_sensor(ACTOR, &id, SensorId::new(2), calibrated(day(5), None));
    assert!(matches!(unknown, Err(CalibrateSensorError::Unknown { .. })));
}

#[test]
fn a_calibration_of_the_same_time_is_a_correction_and_there_is_a_bound() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    let made = registry.add_sensor(ACTOR, &id, named("x", &numbers, day(0)));
    let sensor = made.unwrap().id;
    let record = |calibration| registry.calibrate_sensor(ACTOR, &id, sensor, calibration);
    for days in (0..MAX_CALIBRATIONS as i64).rev() {
        record(calibrated(day(days), None)).unwrap();
    }
    let full = record(calibrated(day(-1), None)).unwrap_err();
    assert_eq!(
        (full.code(), full.class()),
        ("too-many-calibrations", ErrorClass::Conflict)
    );
    let mut corrected = calibrated(day(3), Some(day(400)));
    corrected.certificate = "26-0043".to_owned();
    let after = record(corrected.clone()).unwrap();
    assert_eq!(after.calibrations.len(), MAX_CALIBRATIONS);
    assert_eq!(after.calibration_at(day(3)), Some(&corrected));
    assert_eq!(registry.sensors_of_device(&id).unwrap(), [after]);

    let mut entries = registry
        .audit(&AuditQuery {
            limit: 10_000,
            object: Some("lot-1".to_owned()),
            ..AuditQuery::default()
        })
        .unwrap();
    let last = entries.pop().unwrap();
    assert_eq!(last.action, "sensor.calibrate");
    assert_eq!(last.agency.as_deref(), Some("seoul"));
    assert!(last.before.unwrap().contains("26-0042"));
    assert!(last.after.unwrap().contains("26-0043"));
    let added = entries.iter().find(|entry| entry.action == "sensor.add");
    assert!(added.unwrap().after.as_ref().unwrap().contains("x-1"));
}

#[test]
fn a_sensor_ends_with_its_device_and_goes_to_another_agency_with_it() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    registry
        .add_sensor(ACTOR, &id, named("old", &numbers, day(0)))
        .unwrap();
    test.pass_seconds(10 * DAY);
    let replacement = Replacement {
        id: device("lot-2"),
        model: None,
        alias: None,
        name: None,
        keys: Vec::new(),
        expires: None,
    };
    registry.replace_device(ACTOR, &id, replacement).unwrap();
    test.pass_seconds(DAY);
    assert_eq!(at(registry, numbers[0], test.now()), None);
    let old = Some(("old".to_owned(), None));
    assert_eq!(at(registry, numbers[0], day(9)), old);
    // The datastreams are the same; the new device has a sensor of its own.
    let new = named("new", &numbers, day(10));
    registry.add_sensor(ACTOR, &device("lot-2"), new).unwrap();
    let present = at(registry, numbers[0], test.now());
    assert_eq!(present, Some(("new".to_owned(), None)));
    assert_eq!(at(registry, numbers[0], day(9)), old);

    let busan = NewAgency {
        id: agency("busan"),
        name: "부산광역시".to_owned(),
    };
    registry.create_agency(ACTOR, busan).unwrap();
    let transfer = device_registry::Transfer {
        from: agency("seoul"),
        to: agency("busan"),
        credentials: device_registry::OldCredentials::Keep,
    };
    registry
        .transfer_device(ACTOR, &device("lot-2"), &transfer)
        .unwrap();
    assert_eq!(at(registry, numbers[0], test.now()), present);
}

#[test]
fn the_end_of_a_calibration_is_told_thirty_seven_and_one_days_before() {
    let (test, numbers) = with_a_device();
    let (registry, id) = (&test.registry, device("lot-1"));
    let sensor = |name: &str, number: usize| {
        let new = named(name, &numbers[number..=number], day(0));
        registry.add_sensor(ACTOR, &id, new).unwrap().id
    };
    let (first, second) = (sensor("first", 0), sensor("second", 1));
    let record = |sensor, at, until| {
        registry
            .calibrate_sensor(ACTOR, &id, sensor, calibrated(day(at), Some(day(until))))
            .unwrap();
    };
    // The newer one counts, though it ends later; and who was taken away is not told of.
    record(first, -9, 20);
    record(first, 0, 40);
    record(second, 0, 40);
    let gone = SensorPatch {
        removed: Patch::Set(day(1)),
        ..SensorPatch::default()
    };
    registry.patch_sensor(ACTOR, &id, second, gone).unwrap();
    test.pass_seconds(2 * DAY);
    let mut told = CalibrationsTold::default();
    let mut days = Vec::new();
    for today in 2..45 {
        let count = registry.tell_calibration_ends(&mut told).unwrap();
        let again = registry.tell_calibration_ends(&mut told).unwrap();
        assert_eq!(again, 0, "each once");
        days.extend(std::iter::repeat_n(today, count));
        test.pass_seconds(DAY);
    }
    assert_eq!(days, [10, 33, 39]);
    let event = registry
        .events()
        .last_of_device(&id, |event| event.kind == EventKind::CalibrationEnds);
    let event = event.unwrap();
    assert!(
        event.reason.contains(&day(40).to_string()),
        "{}",
        event.reason
    );
    assert!(!event.kind.is_refusal());
}
