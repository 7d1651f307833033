//! Groups over HTTP: made, read and changed by operators, and filters of the
//! other lists.

use serde_json::{Value, json};

use crate::harness::Platform;

fn platform() -> Platform {
    let platform = Platform::start();
    let body = json!({"id": "seoul", "name": "서울특별시"});
    platform
        .operator("POST", "/v1/agencies", Some(body))
        .expect(201);
    for (id, tag) in [("dev-1", "river"), ("dev-2", "river"), ("dev-3", "hall")] {
        let more = json!({"visibility": "public", "tags": [tag],
            "location": {"lat": 37.566_412, "lon": 126.977_968}});
        platform.device(id, "seoul", "traffic.flow", &more);
        platform.publish(id, &json!({"speed": 40})).expect(200);
    }
    platform
}

fn create(platform: &Platform, body: Value) -> Value {
    platform
        .operator("POST", "/v1/groups", Some(body))
        .expect(201)
}

fn names(items: &[Value], member: &str) -> Vec<String> {
    let names = items.iter().map(|item| item[member].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn a_group_is_made_read_changed_and_taken_away() {
    let platform = platform();
    let made = create(
        &platform,
        json!({"id": "some", "agency": "seoul", "name": "몇 대", "devices": ["dev-3", "dev-1"]}),
    );
    assert_eq!(made["listed"], 2);
    assert_eq!(made["query"], Value::Null);
    let by_tag = create(
        &platform,
        json!({"id": "river", "agency": "seoul", "name": "하천",
            "query": {"tag": "river", "bbox": [126.0, 37.0, 127.0, 38.0]}}),
    );
    assert_eq!(by_tag["listed"], Value::Null);
    assert_eq!(by_tag["query"]["tag"], "river");
    assert_eq!(by_tag["query"]["bbox"], json!([126.0, 37.0, 127.0, 38.0]));
    let all = platform.all("/v1/groups?limit=1");
    assert_eq!(names(&all, "id"), ["river", "some"]);
    let members = platform.all("/v1/groups/river/devices?limit=1");
    assert_eq!(names(&members, "id"), ["dev-1", "dev-2"]);

    let patch = json!({"query": {"tag": "hall"}});
    let patched = platform.operator("PATCH", "/v1/groups/some", Some(patch));
    assert_eq!(patched.expect(200)["listed"], Value::Null);
    let members = platform.all("/v1/groups/some/devices");
    assert_eq!(names(&members, "id"), ["dev-3"]);
    platform
        .operator("DELETE", "/v1/groups/some", None)
        .expect(204);
    for (method, path) in [
        ("GET", "/v1/groups/some"),
        ("GET", "/v1/groups/some/devices"),
        ("DELETE", "/v1/groups/some"),
    ] {
        platform
            .operator(method, path, None)
            .problem(404, "not-found");
    }
    for (body, status, kind) in [
        (
            json!({"id": "river", "agency": "seoul", "name": "a", "devices": []}),
            409,
            "conflict",
        ),
        (
            json!({"id": "a", "agency": "seoul", "name": "a"}),
            400,
            "invalid-body",
        ),
        (
            json!({"id": "a", "agency": "seoul", "name": "a", "devices": [], "query": {}}),
            400,
            "invalid-body",
        ),
        (
            json!({"id": "a", "agency": "seoul", "name": "a", "devices": ["dev-9"]}),
            400,
            "invalid-body",
        ),
        (
            json!({"id": "a", "agency": "busan", "name": "a", "devices": []}),
            400,
            "invalid-body",
        ),
        (
            json!({"id": "a", "agency": "seoul", "name": "a", "query": {"bbox": [1, 2, 3, 1]}}),
            400,
            "invalid-body",
        ),
    ] {
        let refused = platform.operator("POST", "/v1/groups", Some(body));
        refused.problem(status, kind);
    }
}

#[test]
fn lists_are_filtered_by_group_and_nobody_else_learns_of_one() {
    let platform = platform();
    create(
        &platform,
        json!({"id": "river", "agency": "seoul", "name": "하천", "query": {"tag": "river"}}),
    );
    for (path, member) in [
        ("/v1/devices?group=river", "id"),
        ("/v1/latest?group=river", "thing"),
        ("/v1/datastreams?group=river&field=speed", "thing"),
        ("/v1/things?group=river", "id"),
    ] {
        let found = platform.all(&format!("{path}&limit=1"));
        assert_eq!(names(&found, member), ["dev-1", "dev-2"], "{path}");
    }
    let counted = "/v1/aggregate?field=speed&bucket=1d&fn=count&group=river";
    let counted = platform.operator("GET", counted, None).expect(200);
    assert_eq!(counted["items"][0]["count"], 2);
    let found = platform.operator("GET", "/v1/search?q=river&kind=group", None);
    assert_eq!(
        names(found.expect(200)["items"].as_array().unwrap(), "id"),
        ["river"]
    );

    // What is not theirs is not told from what is not there.
    let said = |id: &str| {
        let problem = platform.get(&format!("/v1/latest?group={id}"));
        let problem = problem.problem(400, "invalid-parameter");
        problem["detail"].as_str().unwrap().replace(id, "ID")
    };
    assert_eq!(said("river"), said("absent"));
    let found = platform.get("/v1/search?q=river").expect(200);
    assert_eq!(found["items"], json!([]));
    for path in ["/v1/groups", "/v1/groups/river", "/v1/groups/absent"] {
        platform.get(path).problem(401, "unauthenticated");
    }
}
