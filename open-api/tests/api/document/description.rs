//! The document tells the truth: every operation answers in the form that it
//! describes, and its own examples have that form too. No operation is left
//! out: one that is added without a line here fails.

mod models;
mod people;
mod provisioning;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::document::schema::Document;
use crate::harness::{Platform, Reply};

/// Asks operations, and notes which.
struct Visit<'a> {
    platform: &'a Platform,
    document: Document,
    asked: BTreeSet<String>,
}

impl<'a> Visit<'a> {
    fn new(platform: &'a Platform) -> Self {
        let document = Document::new(platform.get("/openapi.json").expect(200));
        Self {
            platform,
            document,
            asked: BTreeSet::new(),
        }
    }

    /// An operator's request; the answer is checked. `line` is the operation's.
    fn operator(&mut self, line: &str, path: &str, body: Option<Value>) -> Reply {
        let (method, _) = line.split_once(' ').unwrap();
        let reply = self.platform.operator(method, path, body);
        self.check(line, &reply);
        if method == "GET" {
            self.table(line, path);
        }
        reply
    }

    /// Anybody's request.
    fn public(&mut self, line: &str, path: &str) -> Reply {
        let (method, _) = line.split_once(' ').unwrap();
        let reply = self.platform.send(method, path, &[], None);
        self.check(line, &reply);
        reply
    }

    fn check(&mut self, line: &str, reply: &Reply) {
        assert!(reply.status < 500, "{line}: {}", reply.text);
        self.asked.insert(line.to_owned());
        let described = self.document.answer(line, reply.status);
        let Some(kind) = reply.header("content-type") else {
            assert!(described.is_null(), "{line}: {}", reply.status);
            return;
        };
        let kind = kind.split(';').next().unwrap();
        let content = &described[kind];
        assert!(
            content.is_object(),
            "{line}: {kind} is not described for {}: {described}",
            reply.status
        );
        if kind.ends_with("json") {
            let faults = self.document.faults(&content["schema"], &reply.json());
            assert!(faults.is_empty(), "{line}: {faults:#?}\n{}", reply.text);
        }
    }

    /// A list answers as a table too, where the document says so, and nowhere
    /// else.
    fn table(&self, line: &str, path: &str) {
        let described = self.document.answer(line, 200);
        if !described["application/json"].is_object() {
            return;
        }
        let token = format!("Bearer {}", self.platform.token);
        let headers = [("accept", "Text/CSV"), ("authorization", token.as_str())];
        let reply = self.platform.send("GET", path, &headers, None);
        let kind = reply.header("content-type").unwrap_or_default();
        assert_eq!(
            kind.starts_with("text/csv"),
            described["text/csv"].is_object() && reply.status == 200,
            "{line}: {kind}"
        );
    }
}

/// A device with values of every kind, and what lies around it.
fn furnish(visit: &mut Visit<'_>) -> (u64, String) {
    let platform = visit.platform;
    visit.operator(
        "POST /v1/agencies",
        "/v1/agencies",
        Some(json!({"id": "seoul", "name": "서울특별시"})),
    );
    visit.operator(
        "PATCH /v1/agencies/{id}",
        "/v1/agencies/seoul",
        Some(json!({"retention_days": {"traffic.flow": 4_000}})),
    );
    let square = json!({"title": {"en": "Jung-gu", "ko": "중구"}, "geometry": {"type": "Polygon",
        "coordinates": [[[126.9, 37.5], [127.1, 37.5], [127.1, 37.6], [126.9, 37.5]]]}});
    let line = "PUT /v1/boundaries/{name}";
    visit.operator(line, "/v1/boundaries/jung", Some(square.clone()));
    visit.operator(line, "/v1/boundaries/gone", Some(square));
    visit.operator("DELETE /v1/boundaries/{name}", "/v1/boundaries/gone", None);
    visit.operator(
        "POST /v1/devices",
        "/v1/devices",
        Some(json!({
            "id": "dev-1", "agency": "seoul", "model": "traffic.flow", "visibility": "public",
            "location": {"lat": 37.566_412, "lon": 126.977_968}, "licence": "KOGL-1",
            "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
        })),
    );
    visit.operator(
        "PATCH /v1/devices/{id}",
        "/v1/devices/dev-1",
        Some(json!({"name": "세종대로 1"})),
    );
    platform.device("dev-2", "seoul", "traffic.flow", &json!({}));
    let made = visit.operator(
        "POST /v1/devices/{id}/password",
        "/v1/devices/dev-1/password",
        // As its schema allows.
        Some(Value::Null),
    );
    let password = made.expect(201)["password"].as_str().unwrap().to_owned();
    platform.knows("dev-1", &password);
    let readings = json!([
        {"t": "2026-05-01T00:00:00Z", "v": {"speed": 43.5, "note": "dry", "open": true}},
        {"t": "2026-05-01T00:05:00Z", "v": {"speed": null, "note": "=1+1"}, "loc": [37.5, 127.0]},
        {"t": "2026-05-01T00:10:00Z", "v": {"speed": 9_999.0}},
        {"t": "1066-10-14T00:00:00Z", "v": {"speed": 1.0}}
    ]);
    let line = "POST /v1/devices/{id}/telemetry";
    visit.check(line, &platform.publish("dev-1", &readings));
    let unreadable = platform.publish("dev-1", &json!("no reading"));
    assert_eq!(unreadable.status, 422);
    visit.check(line, &unreadable);
    let through = json!({"gateway": "dev-2"});
    platform.device("dev-3", "seoul", "traffic.flow", &through);
    for (child, status) in [("dev-3", 200), ("dev-1", 403)] {
        let path = format!("/v1/devices/dev-2/children/{child}/telemetry");
        let reply = platform.publish_at(&path, "dev-2", &json!({"speed": 9}));
        assert_eq!(reply.status, status);
        let line = "POST /v1/devices/{id}/children/{child}/telemetry";
        visit.check(line, &reply);
    }
    (platform.datastream("dev-1", "speed"), password)
}

#[test]
fn every_answer_has_the_form_that_the_document_describes() {
    let platform = Platform::start();
    let mut visit = Visit::new(&platform);
    let (speed, _) = furnish(&mut visit);
    data(&mut visit, speed);
    models::models(&mut visit);
    people::groups(&mut visit);
    sensors(&mut visit);
    features(&mut visit);
    people::shares(&mut visit);
    devices(&mut visit);
    provisioning::enrolment(&mut visit);
    applications(&mut visit);
    people::accounts(&mut visit);
    operations(&mut visit);
    people::logins(&mut visit);
    let all = visit.document.operations();
    let left_out: Vec<_> = all.difference(&visit.asked).collect();
    assert!(left_out.is_empty(), "nobody asks {left_out:?}");
    let unknown: Vec<_> = visit.asked.difference(&all).collect();
    assert!(unknown.is_empty(), "not described: {unknown:?}");
}

fn data(visit: &mut Visit<'_>, speed: u64) {
    let id = format!("/v1/datastreams/{speed}");
    let health = format!("{id}/health");
    let observations = format!("{id}/observations?count=true");
    let aggregate = "/v1/aggregate?field=speed&bucket=1d&fn=avg,min,max,sum,count,first,last,p95";
    let each = format!("/v1/aggregate?datastream={speed}&bucket=5m&fn=avg&quality=uncertain");
    for (line, path) in [
        ("GET /sta/v1.1", "/sta/v1.1"),
        ("GET /sta/v2.0", "/sta/v2.0"),
        ("GET /v1/models", "/v1/models"),
        ("GET /v1/boundaries", "/v1/boundaries"),
        ("GET /v1/boundaries/{name}", "/v1/boundaries/jung"),
        ("GET /v1/boundaries/{name}", "/v1/boundaries/none"),
        ("GET /v1/search", "/v1/search?q=dev"),
        ("GET /v1/things", "/v1/things"),
        ("GET /v1/things/{id}", "/v1/things/dev-1"),
        ("GET /v1/things/{id}", "/v1/things/none"),
        (
            "GET /v1/things/{id}/locations",
            "/v1/things/dev-1/locations",
        ),
        ("GET /v1/datastreams", "/v1/datastreams?limit=2"),
        ("GET /v1/datastreams/summary", "/v1/datastreams/summary"),
        ("GET /v1/datastreams/{id}", &id),
        ("GET /v1/datastreams/{id}/health", &health),
        ("GET /v1/datastreams/{id}/observations", &observations),
        ("GET /v1/devices/{id}/health", "/v1/devices/dev-1/health"),
        ("GET /v1/latest", "/v1/latest"),
        ("GET /v1/latest", "/v1/latest?boundary=jung&quality=good"),
        ("GET /v1/latest", "/v1/latest?domain=trafic"),
        ("GET /v1/observations", "/v1/observations?thing=dev-1"),
        ("GET /v1/observations", "/v1/observations?field=speed"),
        ("GET /v1/aggregate", aggregate),
        ("GET /v1/aggregate", &each),
        ("GET /v1/export/{date}", "/v1/export/2026-05-01"),
        (
            "GET /v1/export/{date}/SHA256SUMS",
            "/v1/export/2026-05-01/SHA256SUMS",
        ),
    ] {
        let public = visit.public(line, path);
        let own = visit.operator(line, path, None);
        assert_eq!(public.status, own.status, "{path}");
    }
    let line = "GET /v1/export/{date}/{domain}/{file}";
    visit.public(line, "/v1/export/2026-05-01/traffic/seoul.csv");
    let binary = visit
        .platform
        .bytes("/v1/export/2026-05-01/traffic/seoul.parquet");
    assert!(binary.starts_with(b"PAR1"));
    let line = "GET /v1/stream";
    visit.asked.insert(line.to_owned());
    let frame = visit
        .platform
        .stream("/v1/stream?from_offset=1", &[])
        .next();
    let faults = visit.document.faults_of("Frame", &frame.data);
    assert!(faults.is_empty(), "{faults:#?}");
    // Its messages are those of the stream; without an upgrade it is refused.
    visit.public("GET /v1/stream/ws", "/v1/stream/ws");
}

fn features(visit: &mut Visit<'_>) {
    let body = json!({"agency": "seoul", "title": {"en": "Sejong-daero", "ko": "세종대로"},
        "kind": "road-link", "things": ["dev-1"], "geometry": {"type": "LineString",
        "coordinates": [[126.977, 37.566], [126.978, 37.571]]}});
    let path = "/v1/features/sejong";
    visit
        .operator("PUT /v1/features/{id}", path, Some(body))
        .expect(201);
    for (line, path) in [
        ("GET /v1/features", "/v1/features"),
        ("GET /v1/features/{id}", path),
    ] {
        visit.operator(line, path, None).expect(200);
        visit.public(line, path).expect(200);
    }
    visit
        .operator("DELETE /v1/features/{id}", path, None)
        .expect(204);
}

/// A sensor of dev-1, with a calibration.
fn sensors(visit: &mut Visit<'_>) {
    let speed = visit.platform.datastream("dev-1", "speed");
    let (path, one) = ("/v1/devices/dev-1/sensors", "/v1/devices/dev-1/sensors/1");
    let body = json!({"name": "Radar", "maker": "Hanbit", "serial": "0A2B33",
        "datasheet": "https://maker.example/radar.pdf", "datastreams": [speed],
        "installed_at": "2026-05-01T09:00:00+09:00"});
    visit
        .operator("POST /v1/devices/{id}/sensors", path, Some(body))
        .expect(201);
    let body = json!({"at": "2026-04-20T10:00:00+09:00", "by": "KTL",
        "valid_until": "2027-04-20T10:00:00+09:00", "result": "gain 1.02"});
    let line = "POST /v1/devices/{id}/sensors/{sensor}/calibrations";
    visit
        .operator(line, &format!("{one}/calibrations"), Some(body))
        .expect(201);
    let patch = json!({"model": "R-1"});
    let line = "PATCH /v1/devices/{id}/sensors/{sensor}";
    visit.operator(line, one, Some(patch)).expect(200);
    let line = "GET /v1/devices/{id}/sensors";
    visit.operator(line, path, None).expect(200);
    let line = "GET /v1/devices/{id}/sensors/{sensor}";
    visit.operator(line, one, None).expect(200);
    let path = format!("/v1/datastreams/{speed}/sensors");
    let line = "GET /v1/datastreams/{id}/sensors";
    visit.operator(line, &path, None).expect(200);
    visit.public(line, &path).expect(200);
    let path = format!("/v1/datastreams/{speed}");
    visit.public("GET /v1/datastreams/{id}", &path).expect(200);
}

fn devices(visit: &mut Visit<'_>) {
    visit.platform.look_at_all_devices();
    for (line, path) in [
        ("GET /v1/devices", "/v1/devices"),
        ("GET /v1/devices/{id}", "/v1/devices/dev-1"),
        (
            "GET /v1/devices/{id}/connection",
            "/v1/devices/dev-1/connection",
        ),
        ("GET /v1/devices/{id}/events", "/v1/devices/dev-1/events"),
        (
            "GET /v1/devices/{id}/quarantine",
            "/v1/devices/dev-1/quarantine",
        ),
        ("GET /v1/health/devices", "/v1/health/devices"),
        ("GET /v1/health/summary", "/v1/health/summary"),
        ("GET /v1/refused", "/v1/refused"),
        ("GET /v1/agencies", "/v1/agencies"),
        ("GET /v1/audit", "/v1/audit?limit=10000"),
        ("GET /v1/audit/head", "/v1/audit/head"),
    ] {
        visit.operator(line, path, None).expect(200);
        visit.public(line, path).problem(401, "unauthenticated");
    }
    let key = json!({"alg": "EdDSA", "public_key": "gGVGlYvP_EpjHVdEzkVZKk5QhMiRQ3GOTMJTmrDbgN4"});
    let path = "/v1/devices/dev-1/keys";
    let added = visit
        .operator("POST /v1/devices/{id}/keys", path, Some(key))
        .expect(201);
    let path = format!("{path}/{}", added["id"]);
    let end = json!({"expires": "2999-01-01T00:00:00Z"});
    let line = "PATCH /v1/devices/{id}/keys/{credential}";
    visit.operator(line, &path, Some(end)).expect(200);
    visit.operator("DELETE /v1/devices/{id}/keys/{credential}", &path, None);
    provisioning::next_key(visit);
    visit.operator(
        "POST /v1/devices/{id}/revoke",
        "/v1/devices/dev-2/revoke",
        None,
    );
    provisioning::lifecycle(visit);
    let token = format!("Bearer {}", visit.platform.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/x-ndjson"),
    ];
    for body in [
        "{\"id\":\"dev-3\",\"agency\":\"seoul\",\"model\":\"traffic.flow\"}\n",
        "{\"id\":\"dev-4\"}\n",
    ] {
        let body = Some(body.as_bytes().to_vec());
        let reply = visit
            .platform
            .send("POST", "/v1/devices/import", &headers, body);
        visit.check("POST /v1/devices/import", &reply);
    }
}

fn applications(visit: &mut Visit<'_>) {
    let draft = json!({"name": "한강 수위 알림", "contact": "dev@example.com"});
    let made = visit.operator("POST /v1/applications", "/v1/applications", Some(draft));
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/applications/{id}");
    visit
        .operator("GET /v1/applications/{id}", &path, None)
        .expect(200);
    let keys = format!("{path}/keys");
    let key = json!({"kind": "publishable", "origins": ["https://app.example"]});
    let made = visit.operator("POST /v1/applications/{id}/keys", &keys, Some(key));
    visit
        .operator("GET /v1/applications/{id}/keys", &keys, None)
        .expect(200);
    let path = format!("{keys}/{}", made.expect(201)["id"].as_str().unwrap());
    visit.operator("DELETE /v1/applications/{id}/keys/{key}", &path, None);
}

fn operations(visit: &mut Visit<'_>) {
    let folder = json!({"folder": "/nowhere"});
    visit.operator("POST /v1/backup", "/v1/backup", Some(folder));
    visit.operator("GET /v1/backup", "/v1/backup", None);
    for line in ["GET /v1/platform", "GET /healthz", "GET /readyz"] {
        let path = line.strip_prefix("GET ").unwrap();
        visit.public(line, path).expect(200);
    }
    visit.operator("GET /metrics", "/metrics", None);
}

#[test]
fn the_examples_have_the_form_that_they_are_examples_of() {
    let platform = Platform::start();
    let document = Document::new(platform.get("/openapi.json").expect(200));
    let examples = document.examples();
    assert!(examples.len() > 30, "{}", examples.len());
    for (place, schema, example) in examples {
        let faults = document.faults(&schema, &example);
        assert!(faults.is_empty(), "{place}: {faults:#?}\n{example}");
    }
}

#[test]
fn public_reads_tell_every_way_to_prove_who_asks_and_where_the_platform_is() {
    let platform = Platform::start();
    let document = platform.get("/openapi.json").expect(200);
    assert_eq!(document["servers"], json!([{"url": "/"}]));
    let schemes = &document["components"]["securitySchemes"];
    let names = |requirement: &Value| -> Vec<String> {
        requirement.as_object().unwrap().keys().cloned().collect()
    };
    let latest = document["paths"]["/v1/latest"]["get"]["security"]
        .as_array()
        .unwrap();
    let latest: Vec<String> = latest.iter().flat_map(names).collect();
    let expected = [
        "key",
        "key_header",
        "key_in_url",
        "operator",
        "session",
        "service_token",
    ];
    assert_eq!(latest, expected);
    assert!(latest.iter().all(|name| schemes[name].is_object()));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let same = |name: &String| schemes.get(name.to_lowercase()).is_some();
    assert_eq!(
        schemas.keys().find(|name| same(name)),
        None,
        "one name for two things"
    );
    let limit = document["paths"]["/v1/latest"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let limit = limit.iter().find(|one| one["name"] == "limit").unwrap();
    assert_eq!(
        (&limit["schema"]["minimum"], &limit["schema"]["maximum"]),
        (&json!(1), &json!(10_000))
    );
}
