//! Whose models somebody may add: an agency's own ones by who runs the agency,
//! the others by who runs the platform.

use serde_json::{Value, json};

use super::callers::{Caller, holder};
use super::requests::{Furnished, OTHER, OWN};
use crate::harness::{Platform, Reply};

fn model(id: &str) -> Value {
    json!({"id": id, "title": {"en": "Tide", "ko": "조위"},
        "fields": [{"name": "level", "unit": "m", "title": {"en": "Level", "ko": "조위"}}]})
}

fn add(platform: &Platform, caller: &Caller, id: &str) -> Reply {
    caller.send(platform, "POST", "/v1/models", Some(&model(id)))
}

#[test]
fn an_agency_adds_its_own_models_and_nobody_elses() {
    let platform = Platform::start();
    let _furnished = Furnished::new(&platform);
    let own = format!("disaster.tide~{OWN}");
    let administrator = holder(&platform, "agency-administrator", Some(OWN));
    let stranger = holder(&platform, "agency-administrator", Some(OTHER));
    let operator = holder(&platform, "operator", Some(OWN));

    add(&platform, &administrator, &own).expect(201);
    add(&platform, &administrator, "disaster.tide").problem(403, "forbidden");
    add(&platform, &operator, &own).problem(403, "forbidden");
    let told = |id: &str| {
        let problem = add(&platform, &stranger, id).problem(400, "invalid-body");
        (problem["code"].clone(), problem["detail"].to_string())
    };
    let (code, detail) = told(&own);
    assert_eq!(code, "unknown-agency");
    let absent = told("disaster.tide~absent");
    assert_eq!((code, detail.replace(OWN, "absent")), absent);

    // Everybody reads it; no other agency's device is of it.
    let shown = platform.get(&format!("/v1/models/{own}")).expect(200);
    assert_eq!(shown["agency"], OWN);
    let device = |caller: &Caller, id: &str, agency: &str| {
        let body = json!({"id": id, "agency": agency, "model": own});
        caller.send(&platform, "POST", "/v1/devices", Some(&body))
    };
    device(&administrator, "tide-1", OWN).expect(201);
    let refused = device(&stranger, "tide-2", OTHER).problem(400, "invalid-body");
    assert_eq!(refused["code"], "model-of-another-agency");

    let platforms = holder(&platform, "platform-administrator", None);
    add(&platform, &platforms, "disaster.tide").expect(201);
    add(&platform, &platforms, &format!("disaster.tide~{OTHER}")).expect(201);
}

#[test]
fn long_ids_of_models_are_paged_too() {
    let platform = Platform::start();
    let agency = "a".repeat(64);
    let body = json!({"id": agency, "name": "A"});
    platform
        .operator("POST", "/v1/agencies", Some(body))
        .expect(201);
    for name in ["a", "b"] {
        let id = format!("{}.{}~{agency}", "a".repeat(64), name.repeat(64));
        platform
            .operator("POST", "/v1/models", Some(model(&id)))
            .expect(201);
    }
    let all = platform.all("/v1/models?limit=1");
    assert_eq!(all.iter().filter(|one| one["agency"] == agency).count(), 2);
}
