//! Data models: built in, added, grown, and put there by hand.

mod details;
mod following;
mod ownership;
mod refinements;
mod versions;

use std::path::Path;

use device_registry::{
    Actor, ErrorClass, ModelChange, ModelVersion, OperationError, REGISTRY_FILE, ValueKind,
};

use crate::harness::{TestRegistry, device, extra_datastream, model, new_device, open_at};

/// A model of waste bins, with these fields.
fn bin(fields: &str) -> Vec<u8> {
    format!(r#"{{"id": "safety.bin", "title": {{"en": "Waste bin", "ko": "쓰레기통"}}, "fields": [{fields}]}}"#)
        .into_bytes()
}

const LEVEL: &str = r#"{"name": "level", "unit": "%", "min": 0, "max": 100, "title": {"en": "Fill level", "ko": "적재율"}}"#;
const LID: &str = r#"{"name": "lid", "kind": "text", "codes": ["open", "closed"], "title": {"en": "Lid", "ko": "뚜껑상태코드"}}"#;

#[test]
fn all_models_of_the_three_domains_are_built_in() {
    let test = TestRegistry::empty();
    let snapshot = test.registry.snapshot();
    let ids: Vec<&str> = snapshot.models().map(|model| model.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "disaster.fire",
            "disaster.rain",
            "disaster.seismic",
            "disaster.slope",
            "disaster.water-level",
            "safety.air",
            "safety.crowd",
            "safety.gas",
            "safety.lamp",
            "safety.street",
            "safety.structure",
            "traffic.flow",
            "traffic.parking",
            "traffic.signal",
        ]
    );
    let level = snapshot.model(&model("disaster.water-level")).unwrap();
    let field = level.field("level").unwrap();
    assert_eq!(field.unit.as_deref(), Some("m"));
    assert_eq!((field.min, field.max), (Some(-5.0), Some(50.0)));
    let signal = snapshot.model(&model("traffic.signal")).unwrap();
    let ValueKind::Text { codes } = &signal.field("phase").unwrap().kind else {
        panic!("a signal's phase is an enumeration");
    };
    assert!(codes.iter().any(|code| &**code == "green"));
}

#[test]
fn a_model_grows_and_its_devices_with_it() {
    let test = TestRegistry::new();
    let added = test
        .registry
        .add_model(&Actor::OPERATOR, &bin(LEVEL))
        .unwrap();
    assert_eq!(
        (added.change, added.model.version),
        (ModelChange::New, ModelVersion(1))
    );
    assert!(test.dir.path().join("models/safety.bin.json").exists());
    let again = test
        .registry
        .add_model(&Actor::OPERATOR, &bin(LEVEL))
        .unwrap();
    assert_eq!(again.change, ModelChange::Same);

    let mut new = new_device("bin-1");
    new.model = model("safety.bin");
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    let extra = extra_datastream(&test.registry, &made.id, "lid").unwrap();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.datastream(extra).unwrap().definition, None);

    let grown = test
        .registry
        .add_model(&Actor::OPERATOR, &bin(&format!("{LEVEL}, {LID}")))
        .unwrap();
    assert_eq!(
        (grown.change, grown.model.version),
        (ModelChange::NewVersion, ModelVersion(2))
    );
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let device = snapshot.device("bin-1").unwrap();
    assert_eq!(device.model, grown.model);
    let lid = device.datastream("lid").unwrap();
    assert_eq!(lid.id, extra, "the extra datastream was adopted");
    assert!(lid.definition.is_some());
    assert!(snapshot.extra_fields().is_empty());
    let order: Vec<&str> = device
        .datastreams
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert_eq!(
        order,
        ["level", "lid", "battery", "rssi", "snr", "firmware"]
    );
}

#[test]
fn what_devices_send_keeps_its_meaning() {
    let test = TestRegistry::new();
    test.registry
        .add_model(&Actor::OPERATOR, &bin(&format!("{LEVEL}, {LID}")))
        .unwrap();
    for (fields, what) in [
        (LEVEL.to_owned(), "a field is removed"),
        (
            format!("{}, {LID}", LEVEL.replace('%', "1")),
            "the unit changes",
        ),
        (
            format!(
                r#"{LEVEL}, {{"name": "lid", "kind": "boolean", "title": {{"en": "Lid", "ko": "뚜껑"}}}}"#
            ),
            "the kind changes",
        ),
        (
            format!("{LEVEL}, {}", LID.replace(r#""open", "#, "")),
            "a code is removed",
        ),
    ] {
        let error = test
            .registry
            .add_model(&Actor::OPERATOR, &bin(&fields))
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Conflict, "{what}: {error}");
    }
    let wider = LEVEL.replace("100", "120");
    let added = test
        .registry
        .add_model(&Actor::OPERATOR, &bin(&format!("{wider}, {LID}")))
        .unwrap();
    assert_eq!(added.change, ModelChange::NewVersion);
}

#[test]
fn a_bad_data_file_is_refused_with_its_reason() {
    let test = TestRegistry::empty();
    for (json, part) in [
        (b"{".to_vec(), "line 1"),
        (bin(""), "no field"),
        (bin(&format!("{LEVEL}, {LEVEL}")), "twice"),
        (bin(&LEVEL.replace(r#""unit": "%", "#, "")), "unit"),
        (
            bin(&LEVEL.replace(r#""max": 100"#, r#""max": -1"#)),
            "above",
        ),
        (bin(&LID.replace(r#""text""#, r#""boolean""#)), "codes"),
        (bin(&LEVEL.replace("level", "a/b")), "a/b"),
        (bin(&LEVEL.replace("title", "titel")), "titel"),
        (bin(LEVEL).replace_id("Safety.bin"), "id"),
        (vec![b' '; 64 * 1024 + 1], "65537"),
    ] {
        let error = test
            .registry
            .add_model(&Actor::OPERATOR, &json)
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{error}");
        assert!(error.to_string().contains(part), "{error} tells {part}");
    }
}

trait ReplaceId {
    fn replace_id(self, id: &str) -> Self;
}

impl ReplaceId for Vec<u8> {
    fn replace_id(self, id: &str) -> Self {
        let text = String::from_utf8(self).unwrap();
        text.replace("safety.bin", id).into_bytes()
    }
}

#[test]
fn a_file_put_into_the_folder_is_taken_in_and_a_bad_one_is_left() {
    let test = TestRegistry::new();
    let folder = test.dir.path().join("models");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bin.json"), bin(LEVEL)).unwrap();
    std::fs::write(folder.join("broken.json"), b"{").unwrap();
    let test = test.reopen();
    assert!(
        test.registry
            .snapshot()
            .model(&model("safety.bin"))
            .is_some()
    );
    assert!(folder.join("broken.json").exists());
}

#[test]
fn an_operators_version_of_a_built_in_model_survives_a_restart() {
    let test = TestRegistry::new();
    test.registry
        .register_device(&Actor::OPERATOR, new_device("lot-1"))
        .unwrap();
    let parking = test
        .registry
        .snapshot()
        .model(&model("traffic.parking"))
        .unwrap()
        .to_json();
    let mut parking: serde_json::Value = serde_json::from_str(&parking).unwrap();
    parking["fields"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({
            "name": "ev_chargers", "unit": "1", "title": {"en": "Chargers", "ko": "충전기수"}
        }));
    let added = test
        .registry
        .add_model(&Actor::OPERATOR, parking.to_string().as_bytes())
        .unwrap();
    assert_eq!(added.change, ModelChange::NewVersion);
    let test = test.reopen().reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(
        snapshot.model(&model("traffic.parking")),
        Some(&added.model)
    );
    let lot = snapshot.device(device("lot-1").as_str()).unwrap();
    assert!(lot.datastream("ev_chargers").unwrap().definition.is_some());
}

#[test]
fn an_old_file_does_not_undo_a_newer_version() {
    let test = TestRegistry::new();
    let folder = test.dir.path().join("models");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bin.json"), bin(LEVEL)).unwrap();
    let test = test.reopen();
    let wider = bin(&LEVEL.replace("100", "120"));
    let added = test.registry.add_model(&Actor::OPERATOR, &wider).unwrap();
    let test = test.reopen().reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.model(&model("safety.bin")), Some(&added.model));
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// As on a disk that has become full between file and rows.
#[test]
fn a_model_whose_rows_are_refused_leaves_no_file_to_be_taken_in() {
    let TestRegistry { registry, dir, .. } = TestRegistry::new();
    drop(registry);
    let sql = |text: &str| {
        let file = rusqlite::Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
        file.execute_batch(text).unwrap();
    };
    sql("CREATE TRIGGER refuses BEFORE INSERT ON model BEGIN SELECT RAISE(ABORT, 'no'); END");
    let registry = open_at(dir.path()).unwrap();
    let refused = registry.add_model(&Actor::OPERATOR, &bin(LEVEL));
    assert_eq!(refused.unwrap_err().class(), ErrorClass::Fault);
    assert!(registry.snapshot().model(&model("safety.bin")).is_none());
    drop(registry);

    sql("DROP TRIGGER refuses");
    let registry = open_at(dir.path()).unwrap();
    assert!(registry.snapshot().model(&model("safety.bin")).is_none());
    assert_eq!(names_in(&dir.path().join("models")), [""; 0]);
    let added = registry.add_model(&Actor::OPERATOR, &bin(LEVEL)).unwrap();
    assert_eq!(added.change, ModelChange::New);
}

/// A crash between the rows and the file's name.
#[test]
fn a_file_whose_rows_are_durable_gets_its_name_at_the_next_start() {
    let test = TestRegistry::new();
    let add = |json: &[u8]| test.registry.add_model(&Actor::OPERATOR, json).unwrap();
    add(&bin(LEVEL));
    let folder = test.dir.path().join("models");
    let (named, unnamed) = (
        folder.join("safety.bin.json"),
        folder.join("safety.bin.new"),
    );
    let grown = bin(&format!("{LEVEL}, {LID}"));
    add(&grown);
    std::fs::rename(&named, &unnamed).unwrap();
    std::fs::write(&named, bin(LEVEL)).unwrap();
    let test = test.reopen();
    assert_eq!(std::fs::read(&named).unwrap(), grown);
    assert_eq!(names_in(&folder), ["safety.bin.json"]);
    let snapshot = test.registry.snapshot();
    let stands = snapshot.model(&model("safety.bin")).unwrap();
    assert_eq!(stands.version, ModelVersion(2));
}

/// The second version never got its name, and the third was refused in its place.
#[test]
fn a_file_in_the_making_that_was_refused_gives_way_to_the_version_that_stands() {
    let test = TestRegistry::new();
    let add = |json: &[u8]| test.registry.add_model(&Actor::OPERATOR, json).unwrap();
    add(&bin(LEVEL));
    let grown = bin(&format!("{LEVEL}, {LID}"));
    add(&grown);
    let folder = test.dir.path().join("models");
    let named = folder.join("safety.bin.json");
    std::fs::write(&named, bin(LEVEL)).unwrap();
    let wider = bin(&format!("{}, {LID}", LEVEL.replace("100", "120")));
    std::fs::write(folder.join("safety.bin.new"), wider).unwrap();
    let test = test.reopen();
    assert_eq!(std::fs::read(&named).unwrap(), grown);
    assert_eq!(names_in(&folder), ["safety.bin.json"]);
    let snapshot = test.registry.snapshot();
    let stands = snapshot.model(&model("safety.bin")).unwrap();
    assert_eq!(stands.version, ModelVersion(2));
}

#[test]
fn a_file_put_there_by_hand_outlives_one_that_never_got_its_name() {
    let test = TestRegistry::new();
    let added = bin(LEVEL);
    test.registry.add_model(&Actor::OPERATOR, &added).unwrap();
    let folder = test.dir.path().join("models");
    let named = folder.join("safety.bin.json");
    std::fs::rename(&named, folder.join("safety.bin.new")).unwrap();
    let by_hand = bin(&format!("{LEVEL}, {LID}"));
    std::fs::write(&named, &by_hand).unwrap();
    let test = test.reopen();
    assert_eq!(std::fs::read(&named).unwrap(), by_hand);
    assert_eq!(names_in(&folder), ["safety.bin.json"]);
    let snapshot = test.registry.snapshot();
    let stands = snapshot.model(&model("safety.bin")).unwrap();
    assert_eq!(stands.version, ModelVersion(2));
}

/// While it runs, for the next start: the API must not take its place.
#[test]
fn a_model_does_not_take_the_place_of_a_file_that_was_put_there_by_hand() {
    let test = TestRegistry::new();
    let folder = test.dir.path().join("models");
    let named = folder.join("safety.bin.json");
    std::fs::create_dir_all(&folder).unwrap();
    let by_hand = bin(&format!("{LEVEL}, {LID}"));
    std::fs::write(&named, &by_hand).unwrap();
    let error = test
        .registry
        .add_model(&Actor::OPERATOR, &bin(LEVEL))
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Conflict);
    assert!(error.to_string().contains("safety.bin.json"), "{error}");
    assert_eq!(std::fs::read(&named).unwrap(), by_hand);
    assert_eq!(names_in(&folder), ["safety.bin.json"]);
    let snapshot = test.registry.snapshot();
    assert!(snapshot.model(&model("safety.bin")).is_none());

    // Its own content is no conflict, nor is a version of its own later.
    let add = |json: &[u8]| test.registry.add_model(&Actor::OPERATOR, json).unwrap();
    assert_eq!(add(&by_hand).change, ModelChange::New);
    let grown = bin(&format!("{}, {LID}", LEVEL.replace("100", "120")));
    assert_eq!(add(&grown).change, ModelChange::NewVersion);
    assert_eq!(std::fs::read(&named).unwrap(), grown);
}
