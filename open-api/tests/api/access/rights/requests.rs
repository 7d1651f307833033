//! One request for each operation, about something of one agency that is there,
//! or about the like that is not.

use serde_json::{Value, json};

use super::callers::service_token;
use crate::harness::{Platform, in_a_year};

/// The agency whose things are asked for, and what its restricted things, its
/// people and its tokens are called: nobody else may read these letters.
pub(super) const OWN: &str = "ownagency";
pub(super) const MARK: &str = "zanzibar";
/// With which the first shares something.
const RECEIVER: &str = "receivingagency";
/// One that has nothing.
pub(super) const OTHER: &str = "otheragency";
/// In the place of `MARK` for what is not there.
pub(super) const ABSENT: &str = "absent";

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// What names the thing, if that is no word of ours, and one that names none.
    pub(super) id: Option<(String, &'static str)>,
}

/// What stands on a platform, so that requests can name it.
pub(super) struct Furnished<'a> {
    pub(super) platform: &'a Platform,
    pub(super) application: String,
    pub(super) application_key: String,
    datastream: u64,
    made: std::cell::Cell<u32>,
}

impl<'a> Furnished<'a> {
    /// Two agencies, a restricted device of the first with an observation, and an
    /// application.
    pub(super) fn new(platform: &'a Platform) -> Self {
        for agency in [OWN, RECEIVER, OTHER] {
            let body = json!({"id": agency, "name": agency});
            platform
                .operator("POST", "/v1/agencies", Some(body))
                .expect(201);
        }
        let place = json!({"location": {"lat": 37.566_412, "lon": 126.977_968}});
        platform.device("zanzibar-device", OWN, "traffic.flow", &place);
        let reading = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 43.5}});
        platform.publish("zanzibar-device", &reading).expect(200);
        platform.look_at_all_devices();
        let draft = json!({"name": "Rain map", "contact": "dev@example.org"});
        let made = platform.post("/v1/applications", &draft).expect(201);
        Self {
            application: made["id"].as_str().unwrap().to_owned(),
            application_key: made["key"]["key"].as_str().unwrap().to_owned(),
            datastream: platform.datastream("zanzibar-device", "speed"),
            made: std::cell::Cell::new(0),
            platform,
        }
    }

    /// A name that is given once.
    fn fresh(&self, kind: &str) -> String {
        self.made.set(self.made.get() + 1);
        format!("{MARK}-{kind}-{}", self.made.get())
    }

    fn device(&self) -> String {
        let id = self.fresh("device");
        self.platform.device(&id, OWN, "traffic.flow", &json!({}));
        id
    }

    fn group(&self) -> String {
        let id = self.fresh("group");
        let body = json!({"id": id, "agency": OWN, "name": id, "query": {}});
        self.platform
            .operator("POST", "/v1/groups", Some(body))
            .expect(201);
        id
    }

    fn share(&self) -> String {
        let body = self.body("POST /v1/shares");
        let made = self.platform.operator("POST", "/v1/shares", body);
        made.expect(201)["id"].as_str().unwrap().to_owned()
    }

    fn person(&self) -> String {
        let id = self.fresh("person");
        let body = json!({"id": id, "name": id, "agency": OWN, "roles": []});
        self.platform
            .operator("POST", "/v1/operators", Some(body))
            .expect(201);
        id
    }

    fn token(&self) -> String {
        let body = service_token(&self.fresh("token"), Some(OWN), &json!([]));
        let made = self
            .platform
            .operator("POST", "/v1/service-tokens", Some(body))
            .expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// The id of a claim or a batch.
    fn ticket(&self, path: &str, kind: &str) -> String {
        let body = self.body(&format!("POST {path}"));
        let made = self.platform.operator("POST", path, body).expect(201);
        made[kind]["id"].as_str().unwrap().to_owned()
    }

    /// A request of an operation, as `GET /v1/devices/{id}`.
    pub(super) fn request(&self, line: &str) -> Request {
        let (method, template) = line.split_once(' ').unwrap();
        let mut path = template.to_owned();
        let mut id = None;
        let mut body = self.body(line);
        for (name, value) in self.names(line) {
            if line == "POST /v1/devices/{id}/sensors" && name == "id" {
                let datastream = self.datastream_of(&value);
                body = Some(json!({"name": "x", "datastreams": [datastream]}));
            }
            if template.starts_with("/v1/service-tokens/") {
                id = Some((value.clone(), "000000000000"));
            } else if template.starts_with("/v1/shares/") {
                id = Some((value.clone(), "000000000000000000000"));
            } else if template.starts_with("/v1/datastreams/") {
                id = Some((value.clone(), "987654"));
            }
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        assert!(
            !path.contains('{'),
            "say in `names` what {line} is asked about"
        );
        if line == "GET /v1/aggregate" {
            path.push_str("?field=speed&bucket=1d&fn=count");
        }
        if line == "GET /v1/observations" {
            path.push_str("?from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z");
        }
        if line == "GET /v1/search" {
            path.push_str(&format!("?q={MARK}"));
        }
        // A stream does not end: its head alone tells.
        let method = match line {
            "GET /v1/stream" => "HEAD",
            _ => method,
        };
        Request {
            method: method.to_owned(),
            path,
            body,
            id,
        }
    }

    /// What stands in the braces of a path.
    fn names(&self, line: &str) -> Vec<(&'static str, String)> {
        let path = line.split_once(' ').unwrap().1;
        let is_of = |prefix: &str| path.starts_with(prefix) && path.contains('{');
        if is_of("/v1/devices/") {
            let device = self.device();
            let credential = self.credential(&device);
            let mut names = vec![
                ("credential", credential),
                ("child", "zanzibar-device".to_owned()),
            ];
            if path.contains("{sensor}") {
                names.push(("sensor", self.sensor(&device)));
            }
            names.push(("id", device));
            return names;
        }
        if is_of("/v1/datastreams/") {
            return vec![("id", self.datastream.to_string())];
        }
        if is_of("/v1/things/") && path.contains("/photos") {
            let thing = self.device();
            let photo = self.photo(&thing);
            return vec![("id", thing), ("photo", photo)];
        }
        if is_of("/v1/things/") {
            return vec![("id", "zanzibar-device".to_owned())];
        }
        if is_of("/v1/agencies/") {
            return vec![("id", OWN.to_owned()), ("model", "traffic.flow".to_owned())];
        }
        if is_of("/v1/operators/") {
            return vec![("id", self.person())];
        }
        if is_of("/v1/claims/") {
            return vec![("id", self.ticket("/v1/claims", "claim"))];
        }
        if is_of("/v1/batches/") {
            return vec![("id", self.ticket("/v1/batches", "batch"))];
        }
        if is_of("/v1/sessions/") {
            return vec![("id", "none".to_owned())];
        }
        if is_of("/v1/service-tokens/") {
            return vec![("id", self.token())];
        }
        if is_of("/v1/shares/") {
            return vec![("id", self.share())];
        }
        if is_of("/v1/groups/") {
            return vec![("id", self.group())];
        }
        if is_of("/v1/features/") {
            return vec![("id", self.feature())];
        }
        if is_of("/v1/models/") {
            return vec![
                ("id", "traffic.flow".to_owned()),
                ("version", "1".to_owned()),
            ];
        }
        if is_of("/v1/boundaries/") {
            return vec![("name", self.boundary())];
        }
        if is_of("/v1/applications/") {
            return vec![("id", self.application.clone()), ("key", self.key())];
        }
        if is_of("/v1/export/") {
            return vec![
                ("date", "2026-05-01".to_owned()),
                ("domain", "traffic".to_owned()),
                ("file", format!("{OWN}.csv")),
            ];
        }
        Vec::new()
    }

    fn photo(&self, thing: &str) -> String {
        let proof = format!("Bearer {}", self.platform.token);
        let path = format!("/v1/things/{thing}/photos");
        let proof = ("authorization", proof.as_str());
        let made = self.platform.photograph(&path, proof).expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    fn credential(&self, device: &str) -> String {
        let device = self
            .platform
            .operator("GET", &format!("/v1/devices/{device}"), None)
            .expect(200);
        device["credentials"][0]["id"].to_string()
    }

    fn datastream_of(&self, device: &str) -> Value {
        let device = self
            .platform
            .operator("GET", &format!("/v1/devices/{device}"), None)
            .expect(200);
        device["datastreams"][0]["id"].clone()
    }

    fn sensor(&self, device: &str) -> String {
        let path = format!("/v1/devices/{device}/sensors");
        let body = json!({"name": "x", "datastreams": [self.datastream_of(device)]});
        let made = self.platform.operator("POST", &path, Some(body));
        made.expect(201)["id"].to_string()
    }

    fn feature(&self) -> String {
        let id = self.fresh("feature");
        let path = format!("/v1/features/{id}");
        let body = feature(&json!(["zanzibar-device"]));
        self.platform.operator("PUT", &path, Some(body)).expect(201);
        id
    }

    fn boundary(&self) -> String {
        let name = self.fresh("boundary").replace(MARK, "drawn");
        let path = format!("/v1/boundaries/{name}");
        self.platform
            .operator("PUT", &path, Some(square()))
            .expect(201);
        name
    }

    fn key(&self) -> String {
        let path = format!("/v1/applications/{}/keys", self.application);
        let listed = self.platform.operator("GET", &path, None).expect(200);
        let live = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kind"] == "publishable" && key["revoked"].is_null());
        if let Some(key) = live {
            return key["id"].as_str().unwrap().to_owned();
        }
        let body = json!({"kind": "publishable", "origins": ["https://app.example"]});
        let made = self
            .platform
            .operator("POST", &path, Some(body))
            .expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    fn body(&self, line: &str) -> Option<Value> {
        let roles = json!([{"role": "viewer", "agency": OWN}]);
        Some(match line {
            "POST /v1/models" => json!({
                "id": format!("disaster.{}~{OWN}", self.fresh("model").replace(MARK, "own")),
                "title": {"en": "Tide", "ko": "조위"},
                "fields": [{"name": "level", "kind": "number", "unit": "m", "title": {"en": "Level", "ko": "조위"}}]
            }),
            "PUT /v1/boundaries/{name}" => square(),
            "PUT /v1/features/{id}" => feature(&json!([])),
            "POST /v1/session" => json!({"token": self.platform.token}),
            "POST /v1/session/password" => {
                json!({"password": "correct horse battery", "new_password": "another one entirely"})
            }
            "POST /v1/invitation" => json!({"invitation": "mdi_x"}),
            "POST /v1/invitation/accept" => {
                json!({"invitation": "mdi_x", "password": "correct horse battery"})
            }
            "POST /v1/agencies" => {
                let id = self.fresh("agency").replace(MARK, "new");
                json!({"id": id, "name": id})
            }
            "PATCH /v1/agencies/{id}" => json!({"retention_days": {"traffic.flow": 400}}),
            "PUT /v1/agencies/{id}/refinements/{model}" => json!({"expected_interval_s": 60}),
            "POST /v1/devices" => {
                json!({"id": self.fresh("device"), "agency": OWN, "model": "traffic.flow"})
            }
            "POST /v1/claims" => json!({"agency": OWN, "model": "traffic.flow"}),
            "POST /v1/claims/read" => json!({"code": "2222-2222-2222"}),
            "POST /v1/claims/first-data" => json!({"receipt": "x.x"}),
            "POST /v1/claims/redeem" => json!({
                "code": "2222-2222-2222", "device": {"keys": []}
            }),
            "POST /v1/batches" => json!({
                "agency": OWN, "model": "traffic.flow", "devices": 1,
                "expires": in_a_year()
            }),
            "POST /v1/batches/enrol" => json!({"keys": []}),
            "POST /v1/devices/{id}/next-key" => json!({"key": {"public_key": "AAAA"}}),
            "POST /v1/devices/{id}/replace" => json!({"id": self.fresh("device")}),
            "POST /v1/devices/{id}/transfer" => json!({"agency": OWN}),
            "PATCH /v1/devices/{id}/keys/{credential}" => json!({"expires": null}),
            "PATCH /v1/devices/{id}" => json!({"name": self.fresh("name")}),
            "POST /v1/devices/{id}/keys" => json!({
                "alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
            }),
            "POST /v1/devices/{id}/password" => json!({}),
            "PATCH /v1/devices/{id}/sensors/{sensor}" => json!({"maker": "x"}),
            "POST /v1/devices/{id}/sensors/{sensor}/calibrations" => {
                json!({"at": "2026-04-20T10:00:00+09:00"})
            }
            "POST /v1/groups" => {
                let id = self.fresh("group");
                json!({"id": id, "agency": OWN, "name": id, "query": {"text": "bridge"}})
            }
            "PATCH /v1/groups/{id}" => json!({"query": {}}),
            "POST /v1/shares" => {
                json!({"agency": OWN, "to": RECEIVER, "group": self.group(), "position": "coarse"})
            }
            "PATCH /v1/shares/{id}" => json!({"until": in_a_year()}),
            "POST /v1/operators" => {
                let id = self.fresh("person");
                json!({"id": id, "name": id, "agency": OWN, "roles": roles})
            }
            "PATCH /v1/operators/{id}" => json!({"enabled": false}),
            "POST /v1/service-tokens" => service_token(&self.fresh("token"), Some(OWN), &roles),
            "POST /v1/backup" => json!({"folder": "/nowhere"}),
            "POST /v1/applications" => json!({"name": "Rain map", "contact": "dev@example.org"}),
            "POST /v1/applications/{id}/keys" => {
                json!({"kind": "publishable", "origins": ["https://app.example"]})
            }
            "POST /v1/devices/{id}/telemetry"
            | "POST /v1/devices/{id}/children/{child}/telemetry" => json!({"speed": 1}),
            _ => return None,
        })
    }
}

fn feature(things: &Value) -> Value {
    json!({"agency": OWN, "title": {"en": "x", "ko": "x"}, "things": things,
        "geometry": {"type": "Point", "coordinates": [126.977_968, 37.566_412]}})
}

fn square() -> Value {
    json!({"title": {"en": "Jung-gu", "ko": "중구"}, "geometry": {"type": "Polygon",
        "coordinates": [[[126.9, 37.5], [127.1, 37.5], [127.1, 37.6], [126.9, 37.5]]]}})
}

impl Request {
    /// The same about what is not there.
    pub(super) fn about_nothing(&self) -> Self {
        let absent = |text: &str| self.absent(text);
        let body = self.body.as_ref().map(Value::to_string);
        Self {
            method: self.method.clone(),
            path: absent(&self.path),
            body: body.map(|body| serde_json::from_str(&absent(&body)).unwrap()),
            id: self.id.clone(),
        }
    }

    /// A text with the names of what is not there.
    pub(super) fn absent(&self, text: &str) -> String {
        let text = text.replace(MARK, ABSENT).replace(OWN, "noneagency");
        match &self.id {
            // A number may stand in other words too.
            Some((id, absent)) => text
                .replace(&format!("/{id}"), &format!("/{absent}"))
                .replace(&format!(" {id}"), &format!(" {absent}")),
            None => text,
        }
    }
}
