//! A device's gateway: at registration, by patch, in lists and in imports; and
//! for whom it sends.

use serde_json::{Value, json};

use crate::harness::Platform;

fn set(platform: &Platform, id: &str, gateway: &Value) -> crate::harness::Reply {
    let path = format!("/v1/devices/{id}");
    platform.operator("PATCH", &path, Some(json!({"gateway": gateway})))
}

#[test]
fn a_gateway_is_set_listed_and_cleared() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("gw", &agency, "traffic.flow", &json!({}));
    let child = platform.device("child", &agency, "traffic.flow", &json!({"gateway": "gw"}));
    assert_eq!(child["gateway"], "gw");
    platform.device("other", &agency, "traffic.flow", &json!({}));

    let children = |gateway: &str| -> Vec<Value> {
        let path = format!("/v1/devices?gateway={gateway}");
        let list = platform.operator("GET", &path, None).expect(200);
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].clone()).collect()
    };
    assert_eq!(children("gw"), ["child"]);
    assert_eq!(
        set(&platform, "other", &json!("gw")).expect(200)["gateway"],
        "gw"
    );
    // A patch of something else leaves it.
    let renamed = platform.operator("PATCH", "/v1/devices/other", Some(json!({"name": "x"})));
    assert_eq!(renamed.expect(200)["gateway"], "gw");
    assert_eq!(children("gw"), ["child", "other"]);
    let cleared = set(&platform, "child", &Value::Null).expect(200);
    assert_eq!(cleared["gateway"], Value::Null);
    assert_eq!(children("gw"), ["other"]);

    let accept = [
        ("authorization", &*format!("Bearer {}", platform.token)),
        ("accept", "text/csv"),
    ];
    let table = platform.send("GET", "/v1/devices?gateway=gw", &accept, None);
    let cells = |line: usize| table.text.lines().nth(line).unwrap().split(',');
    let column = cells(0).position(|name| name == "gateway").unwrap();
    assert_eq!(cells(1).nth(column), Some("gw"), "{}", table.text);
}

#[test]
fn what_cannot_be_a_gateway_is_refused_by_name() {
    let platform = Platform::start();
    let agency = platform.agency();
    let elsewhere = platform.agency();
    for (id, owner) in [("gw", &agency), ("dev", &agency), ("far", &elsewhere)] {
        platform.device(id, owner, "traffic.flow", &json!({}));
    }
    set(&platform, "dev", &json!("gw")).expect(200);
    for (id, gateway, status, kind, code) in [
        ("gw", "nobody", 400, "invalid-body", "unknown-gateway"),
        ("gw", "gw", 400, "invalid-body", "gateway-chain"),
        ("gw", "dev", 409, "conflict", "gateway-chain"),
        ("far", "gw", 409, "conflict", "gateway-of-another-agency"),
    ] {
        let problem = set(&platform, id, &json!(gateway)).problem(status, kind);
        assert_eq!(problem["code"], code, "{id} behind {gateway}");
    }
    let body = json!({"id": "new", "agency": agency, "model": "traffic.flow", "gateway": "dev"});
    let problem = platform
        .operator("POST", "/v1/devices", Some(body))
        .problem(409, "conflict");
    assert_eq!(problem["code"], "gateway-chain");
}

#[test]
fn an_import_names_gateways_in_both_forms() {
    let platform = Platform::start();
    let agency = platform.agency();
    let authorization = format!("Bearer {}", platform.token);
    let import = |media_type: &str, body: String| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", media_type),
        ];
        let path = "/v1/devices/import";
        platform.send("POST", path, &headers, Some(body.into_bytes()))
    };
    let table = format!(
        "id,agency,model,gateway\ngw-1,{agency},traffic.flow,\ndev-1,{agency},traffic.flow,gw-1\n"
    );
    assert_eq!(import("text/csv", table).expect(200)["created"], 2);
    let lines = format!(
        "{}\n{}\n",
        json!({"id": "dev-2", "agency": agency, "model": "traffic.flow", "gateway": "gw-1"}),
        json!({"id": "dev-3", "agency": agency, "model": "traffic.flow", "gateway": "dev-1"}),
    );
    let report = import("application/x-ndjson", lines).problem(422, "import-refused");
    assert_eq!(report["errors"][0]["line"], 2);
    assert_eq!(report["errors"][0]["code"], "gateway-chain");
    let list = platform
        .operator("GET", "/v1/devices?gateway=gw-1", None)
        .expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_gateway_sends_for_its_own_children_and_for_nobody_else() {
    let platform = Platform::start();
    let agency = platform.agency();
    for id in ["gw", "other"] {
        platform.device(id, &agency, "traffic.flow", &json!({}));
    }
    platform.device("child", &agency, "traffic.flow", &json!({"gateway": "gw"}));
    let of_child = "/v1/devices/gw/children/child/telemetry";
    // With a field that is registered first.
    let receipt = platform.publish_at(of_child, "gw", &json!({"speed": 40, "new": 1}));
    assert_eq!(receipt.expect(200)["stored"], 2);
    let speed = platform.datastream("child", "speed");
    let path = format!("/v1/datastreams/{speed}/observations");
    let kept = platform.operator("GET", &path, None).expect(200);
    assert_eq!(kept["items"][0]["value"], 40.0);
    let flags = json!(["time_assigned", "gateway"]);
    assert_eq!(kept["items"][0]["flags"], flags);

    for (path, sender) in [
        ("/v1/devices/gw/children/other/telemetry", "gw"),
        ("/v1/devices/gw/children/gw/telemetry", "gw"),
        ("/v1/devices/gw/children/nobody/telemetry", "gw"),
        ("/v1/devices/other/children/child/telemetry", "other"),
    ] {
        let refused = platform.publish_at(path, sender, &json!({"speed": 66}));
        refused.problem(403, "forbidden");
    }
    for (path, sender) in [
        ("/v1/devices/child/telemetry", "gw"),
        (of_child, "child"),
        (of_child, "other"),
    ] {
        let refused = platform.publish_at(path, sender, &json!({"speed": 66}));
        refused.problem(401, "unauthenticated");
    }
    // As over MQTT, the sender's own quarantine keeps what is for nobody of its.
    let refused = platform.all("/v1/devices/gw/quarantine");
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(
        refused
            .iter()
            .all(|message| message["unreadable"]["code"] == "topic"),
        "{refused:?}"
    );
    let events = platform.all("/v1/devices/gw/events");
    let told = |event: &&Value| {
        event["kind"] == "publish-denied" && event["reason"].as_str().unwrap().contains("nobody")
    };
    assert!(events.iter().find(told).is_some(), "{events:?}");

    assert_eq!(set(&platform, "child", &json!("other")).status, 200);
    let refused = platform.publish_at(of_child, "gw", &json!({"speed": 66}));
    refused.problem(403, "forbidden");
    let through_other = "/v1/devices/other/children/child/telemetry";
    let taken = platform.publish_at(through_other, "other", &json!({"speed": 41}));
    taken.expect(200);
    let kept = platform.operator("GET", &path, None).expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 2, "{kept}");
}
