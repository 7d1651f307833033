//! `/v1/models`: one model, and the versions that it has had.

use serde_json::{Value, json};

use crate::harness::{Platform, Reply};

fn field(name: &str, more: &Value) -> Value {
    let mut field = json!({"name": name, "unit": "m", "title": {"en": "Level", "ko": "수위"}});
    let more = more.as_object().unwrap().clone();
    field.as_object_mut().unwrap().extend(more);
    field
}

fn add(platform: &Platform, id: &str, more: &Value) -> Reply {
    let mut model = json!({"id": id, "title": {"en": "Tide gauge", "ko": "조위"},
        "fields": [field("level", &json!({}))]});
    let more = more.as_object().unwrap().clone();
    model.as_object_mut().unwrap().extend(more);
    platform.operator("POST", "/v1/models", Some(model))
}

#[test]
fn a_model_shows_all_that_it_says() {
    let platform = Platform::start();
    let details = json!({
        "purpose": {"en": "Warns of floods at the coast", "ko": "해안 침수 경보"},
        "owner": "Busan, Coast Office", "licence": "CC-BY-4.0",
        "expected_interval_s": 60, "retention_days": 3_650
    });
    add(&platform, "disaster.tide", &details).expect(201);
    let shown = platform.get("/v1/models/disaster.tide").expect(200);
    for (name, value) in details.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
    assert_eq!(shown["fields"][0]["expected_interval_s"], 60);
    let listed = platform.all("/v1/models?domain=disaster&limit=1000");
    assert!(listed.contains(&shown), "the list has the same");
    // What nobody says is null and not left out.
    add(&platform, "disaster.wave", &json!({})).expect(201);
    let silent = platform.get("/v1/models/disaster.wave").expect(200);
    for name in ["purpose", "owner", "licence", "expected_interval_s"] {
        assert_eq!(silent.get(name), Some(&Value::Null), "{name}");
    }
    for path in [
        "disaster.none",
        "none",
        "disaster.none/versions",
        "x/versions/1",
    ] {
        let reply = platform.get(&format!("/v1/models/{path}"));
        reply.problem(404, "not-found");
    }
}

#[test]
fn versions_are_kept_and_say_what_they_changed() {
    let platform = Platform::start();
    // More than are read at a time.
    let versions = 20;
    for number in 1..=versions {
        add(
            &platform,
            "disaster.tide",
            &json!({"retention_days": number}),
        )
        .expect(201);
    }
    let all = platform.all("/v1/models/disaster.tide/versions?limit=7");
    let numbers: Vec<u64> = all
        .iter()
        .map(|one| one["version"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=versions).collect::<Vec<u64>>());
    assert_eq!(
        (&all[0]["changes"], &all[0]["origin"]),
        (&json!([]), &json!("operator"))
    );
    for (one, number) in all.iter().zip(1..).skip(1) {
        let before = number - 1;
        assert_eq!(
            one["changes"],
            json!([{"change": "retention", "field": null, "message":
                format!("observations are kept for {number} days, and were for {before} days")}])
        );
    }
    let path = |version: &str| format!("/v1/models/disaster.tide/versions/{version}");
    let third = platform.get(&path("3")).expect(200);
    assert_eq!(
        (
            &third["version"],
            &third["retention_days"],
            &third["changes"],
            &third["created"]
        ),
        (&json!(3), &json!(3), &all[2]["changes"], &all[2]["created"])
    );
    assert_eq!(third["fields"][0]["name"], "level");
    for version in ["0", "21", "-1", "4294967296", "x"] {
        platform.get(&path(version)).problem(404, "not-found");
    }
    let built_in = platform.get("/v1/models/traffic.flow/versions").expect(200);
    assert_eq!(built_in["items"][0]["origin"], "builtin");
}

#[test]
fn an_agency_refines_a_model_for_its_own_devices() {
    let platform = Platform::start();
    let place = json!({"location": {"lat": 37.5, "lon": 127.0}, "visibility": "public"});
    for of in ["seoul", "busan"] {
        let agency = json!({"id": of, "name": of});
        platform
            .operator("POST", "/v1/agencies", Some(agency))
            .expect(201);
        platform.device(&format!("{of}-1"), of, "traffic.flow", &place);
    }
    let path = "/v1/agencies/busan/refinements/traffic.flow";
    let narrower = json!({"title": {"en": "Flow in Busan", "ko": "부산 소통"},
        "fields": [{"name": "speed", "max": 120.0}]});
    let put = |body: &Value| platform.operator("PUT", path, Some(body.clone()));
    let refined = put(&narrower).expect(200);
    let changed: Vec<_> = refined["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["change"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["title", "range"]);
    assert_eq!(refined["refined_by"], "busan");

    let speed = |path: &str| {
        let model = platform.get(path).expect(200);
        let fields = model["fields"].as_array().unwrap();
        let speed = fields.iter().find(|field| field["name"] == "speed");
        speed.unwrap()["max"].clone()
    };
    assert_eq!(speed("/v1/models/traffic.flow?agency=busan"), 120.0);
    for others in ["", "?agency=seoul", "?agency=daegu"] {
        assert_eq!(speed(&format!("/v1/models/traffic.flow{others}")), 250.0);
    }
    // It is what their readings are judged by.
    for (id, quality) in [("busan-1", "uncertain"), ("seoul-1", "good")] {
        let reading = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 200}});
        platform.publish(id, &reading).expect(200);
        let datastream = platform.datastream(id, "speed");
        let path = format!("/v1/datastreams/{datastream}/observations");
        let read = platform.get(&path).expect(200);
        assert_eq!(read["items"][0]["quality"], quality, "{id}");
    }
    let list = "/v1/agencies/busan/refinements";
    let listed = platform.operator("GET", list, None).expect(200);
    assert_eq!(
        listed["items"],
        json!([{"model": "traffic.flow", "version": refined["version"], "refinement": narrower}])
    );
    let versions = platform.all("/v1/models/traffic.flow/versions");
    assert_eq!(versions.last().unwrap()["agency"], "busan");
    let wider = put(&json!({"fields": [{"name": "speed", "max": 300}]}));
    assert_eq!(
        wider.problem(400, "invalid-body")["code"],
        "invalid-refinement"
    );
    put(&json!({"unit": "m"})).problem(400, "invalid-body");
}

#[test]
fn a_text_that_could_pass_for_another_is_none_of_a_models() {
    let platform = Platform::start();
    let hidden = json!({"title": {"en": "Tide\u{202e}", "ko": "조위"}});
    let refused = add(&platform, "disaster.tide", &hidden).expect(400);
    assert_eq!(refused["code"], "invalid-model");
    add(&platform, "disaster.tide", &json!({})).expect(201);
    let agency = platform.agency();
    let path = format!("/v1/agencies/{agency}/refinements/disaster.tide");
    let refused = platform.operator("PUT", &path, Some(hidden)).expect(400);
    assert_eq!(refused["code"], "invalid-refinement");
}
