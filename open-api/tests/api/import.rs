//! Bulk import: all or none, NDJSON and CSV.

use serde_json::json;

use crate::harness::{Platform, Reply};

fn import(platform: &Platform, query: &str, kind: &str, body: &str) -> Reply {
    let token = format!("Bearer {}", platform.token);
    let headers = [("authorization", token.as_str()), ("content-type", kind)];
    let path = format!("/v1/devices/import{query}");
    platform.send("POST", &path, &headers, Some(body.as_bytes().to_vec()))
}

#[test]
fn many_devices_come_in_one_go() {
    let platform = Platform::start();
    let agency = platform.agency();
    let lines: Vec<String> = (0..500)
        .map(|number| json!({"id": format!("d{number:03}"), "agency": agency, "model": "traffic.flow", "location": {"lat": 37.5, "lon": 127.0}}).to_string())
        .collect();
    let body = lines.join("\n");
    let tried = import(&platform, "?dry_run=true", "application/x-ndjson", &body).expect(200);
    assert_eq!(
        (&tried["rows"], &tried["created"], &tried["errors"]),
        (&json!(500), &json!(0), &json!([]))
    );
    assert_eq!(
        platform.operator("GET", "/v1/devices", None).expect(200)["items"],
        json!([])
    );
    let done = import(&platform, "", "application/x-ndjson", &body).expect(200);
    assert_eq!(
        done,
        json!({"dry_run": false, "rows": 500, "created": 500, "errors": []})
    );
    assert_eq!(platform.all("/v1/devices?limit=200").len(), 500);
}

#[test]
fn one_fault_stops_all_and_names_its_line() {
    let platform = Platform::start();
    let agency = platform.agency();
    let body = format!(
        "{{\"id\":\"a\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\n\n{{\"id\":\"b/c\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\nnot json\n{{\"id\":\"a\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\n"
    );
    let tried = import(&platform, "?dry_run=true", "application/x-ndjson", &body).expect(200);
    let lines: Vec<u64> = tried["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4, 5], "{tried}");
    let problem =
        import(&platform, "", "application/x-ndjson", &body).problem(422, "import-refused");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    assert_eq!(
        platform.operator("GET", "/v1/devices", None).expect(200)["items"],
        json!([])
    );
}

#[test]
fn a_table_does_too() {
    let platform = Platform::start();
    let agency = platform.agency();
    let good = format!(
        "\u{feff}id,agency,model,name,lat,lon,visibility\r\nd1,{agency},traffic.flow,\"Sejong-daero, 1\",37.5,127.0,public\r\nd2,{agency},safety.air,,,,\r\n"
    );
    assert_eq!(
        import(&platform, "", "text/csv; charset=utf-8", &good).expect(200)["created"],
        2
    );
    let device = platform.operator("GET", "/v1/devices/d1", None).expect(200);
    assert_eq!(
        (&device["name"], &device["location"]["lat"]),
        (&json!("Sejong-daero, 1"), &json!(37.5))
    );
    let bad = format!(
        "id,agency,model,lat,lon\nd3,{agency},traffic.flow,37.5,\nd4,{agency},traffic.flow,x,127\n"
    );
    let problem = import(&platform, "", "text/csv", &bad).problem(422, "import-refused");
    assert_eq!(problem["errors"][0]["line"], 2, "{problem}");
    assert_eq!(problem["errors"][1]["line"], 3, "{problem}");
    import(&platform, "", "text/csv", "id,agency,modle\nx,y,z\n").problem(422, "import-refused");
    import(&platform, "", "application/json", "[]").problem(415, "unsupported-media-type");
}
