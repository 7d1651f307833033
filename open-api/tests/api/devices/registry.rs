//! Agencies and models.

use serde_json::json;

use crate::harness::Platform;

#[test]
fn an_agency_is_made_once() {
    let platform = Platform::start();
    let body = json!({"id": "seoul", "name": "서울특별시"});
    let made = platform
        .operator("POST", "/v1/agencies", Some(body.clone()))
        .expect(201);
    assert_eq!(
        (&made["id"], &made["name"]),
        (&json!("seoul"), &json!("서울특별시"))
    );
    let again = platform.operator("POST", "/v1/agencies", Some(body));
    again.problem(409, "conflict");
    let list = platform.operator("GET", "/v1/agencies", None).expect(200);
    assert_eq!(list["items"][0]["id"], "seoul");
    assert_eq!(list["next"], json!(null));
}

#[test]
fn agencies_are_the_operators_business() {
    let platform = Platform::start();
    platform.get("/v1/agencies").problem(401, "unauthenticated");
    platform
        .post("/v1/agencies", &json!({"id": "seoul", "name": "x"}))
        .problem(401, "unauthenticated");
}

#[test]
fn a_wrong_body_is_told_by_name() {
    let platform = Platform::start();
    for (body, word) in [
        (json!({"id": "seoul"}), "name"),
        (json!({"id": "a/b", "name": "x"}), "agency id"),
        (json!({"id": "seoul", "name": "x", "nmae": "y"}), "nmae"),
        (json!([]), "expected"),
    ] {
        let reply = platform.operator("POST", "/v1/agencies", Some(body));
        let problem = reply.problem(400, "invalid-body");
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{problem}"
        );
    }
}

#[test]
fn models_are_public_and_grow() {
    let platform = Platform::start();
    let list = platform.get("/v1/models?limit=1000").expect(200);
    let models = list["items"].as_array().unwrap();
    let flow = models
        .iter()
        .find(|model| model["id"] == "traffic.flow")
        .unwrap();
    let speed = flow["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "speed")
        .unwrap();
    assert_eq!(
        (&speed["unit"], &speed["kind"]),
        (&json!("km/h"), &json!("number"))
    );
    assert!(
        models
            .iter()
            .all(|model| !model["title"]["ko"].as_str().unwrap().is_empty())
    );

    let tide = json!({"id": "disaster.tide", "title": {"en": "Tide gauge", "ko": "조위"},
        "fields": [{"name": "level", "unit": "m", "title": {"en": "Level", "ko": "조위"}}]});
    platform
        .operator("POST", "/v1/models", Some(tide.clone()))
        .expect(201);
    platform
        .operator("POST", "/v1/models", Some(tide.clone()))
        .expect(200);
    let mut other = tide;
    other["fields"][0]["unit"] = json!("cm");
    platform
        .operator("POST", "/v1/models", Some(other))
        .problem(409, "conflict");
    platform
        .post("/v1/models", &json!({}))
        .problem(401, "unauthenticated");
    let found = platform
        .get("/v1/models?domain=disaster&limit=1000")
        .expect(200);
    assert!(
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == "disaster.tide")
    );
}

#[test]
fn a_new_version_of_a_model_says_what_it_changes() {
    let platform = Platform::start();
    let field = |name: &str, unit: &str| json!({"name": name, "unit": unit, "min": 0, "title": {"en": "A share", "ko": "비율"}});
    let add = |fields: serde_json::Value| {
        let model =
            json!({"id": "safety.bin", "title": {"en": "Bin", "ko": "쓰레기통"}, "fields": fields});
        platform.operator("POST", "/v1/models", Some(model))
    };
    let first = add(json!([field("level", "%")])).expect(201);
    assert_eq!(first["changes"], json!([]));
    let next = add(json!([field("level", "%"), field("weight", "kg")])).expect(201);
    assert_eq!(
        next["changes"],
        json!([{"change": "field-added", "field": "weight", "message": "field weight is new"}])
    );
    let refused = add(json!([field("level", "1")])).problem(409, "conflict");
    let detail = refused["detail"].as_str().unwrap();
    for part in [
        "field level would change its unit",
        "field weight is missing",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
    let listed = platform.all("/v1/models?domain=safety&limit=1000");
    let bin = listed.iter().find(|one| one["id"] == "safety.bin").unwrap();
    assert_eq!(bin["version"], 2);
    assert!(bin.get("changes").is_none());
}
