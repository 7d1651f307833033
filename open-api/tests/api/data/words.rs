//! A word that does not exist is refused, and told what there is: an empty
//! answer would pass for one.

use serde_json::json;

use crate::harness::Platform;

fn refused(platform: &Platform, path: &str, words: &[&str]) {
    let problem = platform.get(path).problem(400, "invalid-parameter");
    let detail = problem["detail"].as_str().unwrap();
    for word in words {
        assert!(detail.contains(word), "{path}: {detail}");
    }
}

#[test]
fn a_mistyped_filter_is_told_what_there_is() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform
        .publish("dev-1", &json!({"speed": 40, "salt": 1}))
        .expect(200);
    for path in [
        "/v1/latest?",
        "/v1/things?",
        "/v1/datastreams?",
        "/v1/stream?",
        "/v1/aggregate?bucket=1h&fn=avg&field=speed&",
        "/v1/observations?from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z&",
    ] {
        refused(
            &platform,
            &format!("{path}domain=trafic"),
            &["mean traffic?"],
        );
        refused(
            &platform,
            &format!("{path}domain=Traffic"),
            &["mean traffic?"],
        );
        refused(
            &platform,
            &format!("{path}model=water"),
            &["disaster.water-level"],
        );
        refused(&platform, &format!("{path}agency=agency-00"), &["agency-0"]);
        refused(
            &platform,
            &format!("{path}boundary=jongno"),
            &["/v1/boundaries"],
        );
        refused(
            &platform,
            &format!("{path}device="),
            &["device", "no value"],
        );
        refused(
            &platform,
            &format!("{path}domian=traffic"),
            &["domian", "mean domain?"],
        );
    }
    for path in ["/v1/latest?", "/v1/aggregate?bucket=1h&fn=avg&"] {
        refused(&platform, &format!("{path}field=pm2.5"), &["pm25"]);
    }
    refused(&platform, "/v1/models?domain=trafic", &["mean traffic?"]);
    // What exists and has nothing is an empty list.
    for path in [
        "/v1/latest?domain=disaster",
        "/v1/latest?model=water-level",
        "/v1/latest?field=salt&model=safety.air",
        "/v1/things?bbox=0,0,1,1&domain=traffic",
        "/v1/latest?device=dev-9",
    ] {
        assert_eq!(platform.get(path).expect(200)["items"], json!([]), "{path}");
    }
    let devices = platform.operator("GET", "/v1/devices?agency=busan", None);
    let problem = devices.problem(400, "invalid-parameter");
    assert!(problem["detail"].as_str().unwrap().contains("agency-0"));
}

#[test]
fn the_public_learns_of_no_agency_that_it_may_not_read() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("hidden", &agency, "traffic.flow", &json!({}));
    for path in ["/v1/latest?agency=", "/v1/datastreams?agency="] {
        let hidden = platform.get(&format!("{path}{agency}"));
        let none = platform.get(&format!("{path}nobody"));
        let told = |problem: serde_json::Value, name: &str| {
            problem["detail"].as_str().unwrap().replace(name, "it")
        };
        assert_eq!(
            told(hidden.problem(400, "invalid-parameter"), &agency),
            told(none.problem(400, "invalid-parameter"), "nobody")
        );
        platform
            .operator("GET", &format!("{path}{agency}"), None)
            .expect(200);
    }
    let summary = "/v1/datastreams/summary";
    assert_eq!(platform.get(summary).expect(200)["items"], json!([]));
    let own = platform.operator("GET", summary, None).expect(200);
    assert_eq!(own["items"][0]["agency"], json!(agency));
}

#[test]
fn a_summary_has_a_line_for_each_model_and_agency() {
    let platform = Platform::start();
    let agency = platform.agency();
    for number in 0..30 {
        let more = json!({"visibility": "public", "licence": "KOGL-1"});
        let model = ["traffic.flow", "safety.air"][number % 2];
        platform.device(&format!("dev-{number}"), &agency, model, &more);
    }
    let items = platform.get("/v1/datastreams/summary").expect(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    let flow = &items[1];
    assert_eq!(
        (
            &flow["domain"],
            &flow["model"],
            &flow["things"],
            &flow["licences"]
        ),
        (
            &json!("traffic"),
            &json!("traffic.flow"),
            &json!(15),
            &json!(["KOGL-1"])
        )
    );
    let fields = flow["fields"].as_array().unwrap();
    assert!(fields.contains(&json!("speed")));
    assert_eq!(flow["datastreams"], json!(15 * fields.len()));
    // A change of the registry shows at once.
    let more = json!({"visibility": "public"});
    platform.device("new", &agency, "traffic.flow", &more);
    let items = platform.get("/v1/datastreams/summary").expect(200)["items"].clone();
    assert_eq!(items[1]["things"], 16);
}

#[test]
fn a_zone_with_a_plus_that_became_a_space_is_read() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let payload = json!({"t": "2026-05-01T12:00:00Z", "v": {"speed": 40}});
    platform.publish("dev-1", &payload).expect(200);
    let path = "/v1/aggregate?field=speed&bucket=1d&fn=count&tz=Etc/GMT+9";
    let start = platform.get(path).expect(200)["items"][0]["start"].clone();
    assert_eq!(start, "2026-05-01T00:00:00-09:00");
}

#[test]
fn case_does_not_matter_in_media_types() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let table = platform.send("GET", "/v1/things", &[("accept", "Text/CSV")], None);
    assert!(table.text.starts_with("id,name,"), "{}", table.text);
    let token = format!("Bearer {}", platform.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "Application/Json; Charset=UTF-8"),
    ];
    let body = json!({"id": "busan", "name": "부산"})
        .to_string()
        .into_bytes();
    platform
        .send("POST", "/v1/agencies", &headers, Some(body))
        .expect(201);
}
