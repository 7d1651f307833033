//! kill -9 while devices are transferred and change their keys over: each change
//! of the registry is there as a whole, or not at all. (Imports have their own
//! test.)

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::test_device::{AGENCY, make_agency};
use tests::{Start, TestDevice, TestPlatform, eventually};

const KILLS: u32 = 3;
/// A gateway and its children.
const GROUP: [&str; 3] = ["gw", "child-1", "child-2"];

/// Whoever asks until the platform is gone.
struct Asker {
    url: String,
    operator: String,
}

impl Asker {
    fn of(platform: &TestPlatform) -> Self {
        Self {
            url: platform.url(),
            operator: format!("Bearer {}", platform.token()),
        }
    }

    /// The answer, while there is one.
    fn post(&self, path: &str, authorization: &str, body: &Value) -> Option<Value> {
        let sent = ureq::post(format!("{}{path}", self.url))
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .send(body.to_string());
        let text = match sent {
            Ok(mut answer) => answer.body_mut().read_to_string().ok()?,
            Err(ureq::Error::StatusCode(status)) => panic!("{path}: {status}"),
            Err(_) => return None,
        };
        Some(serde_json::from_str(&text).unwrap_or_default())
    }

    fn register(&self, id: &str, gateway: Option<&str>) -> Option<Value> {
        let new = json!({"id": id, "agency": AGENCY, "model": "safety.air", "gateway": gateway});
        self.post("/v1/devices", &self.operator, &new)
    }

    fn transfer(&self, to: &str) -> Option<Value> {
        let body = json!({"agency": to, "keep_credentials": true});
        self.post("/v1/devices/gw/transfer", &self.operator, &body)
    }

    /// A new device that changes its password for a key.
    fn change_over(&self, id: &str) -> Option<Value> {
        self.register(id, None)?;
        let path = format!("/v1/devices/{id}");
        let made = self.post(&format!("{path}/password"), &self.operator, &json!({}))?;
        let login = format!("{id}:{}", made["password"].as_str().unwrap());
        let basic = format!("Basic {}", STANDARD.encode(login));
        let key = &TestDevice::unregistered(id).registration("safety.air").keys[0];
        let next = json!({"key": {"alg": key.alg, "public_key": key.public_key}});
        self.post(&format!("{path}/next-key"), &basic, &next)
    }
}

/// Changes until the platform is killed, in the middle of some of them.
fn change_until_killed(data: &Path, round: u32) {
    let platform = TestPlatform::on(data, &Start::default());
    let (asker, changed) = (Asker::of(&platform), AtomicU32::new(0));
    let count = |done: Option<Value>| {
        changed.fetch_add(1, Ordering::Relaxed);
        done.is_some()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let agencies = ["busan", AGENCY].iter().cycle();
            for to in agencies {
                if !count(asker.transfer(to)) {
                    break;
                }
            }
        });
        scope.spawn(|| {
            for number in 0.. {
                if !count(asker.change_over(&format!("key-{round}-{number}"))) {
                    break;
                }
            }
        });
        eventually("much has changed", || {
            (changed.load(Ordering::Relaxed) >= 5 + round).then_some(())
        });
        platform.kill();
    });
}

#[test]
fn kill_9_leaves_whole_transfers_and_whole_changes_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    make_agency(&platform.operator());
    let asker = Asker::of(&platform);
    let busan = json!({"id": "busan", "name": "부산광역시"});
    asker.post("/v1/agencies", &asker.operator, &busan).unwrap();
    asker.register("gw", None).unwrap();
    for child in &GROUP[1..] {
        asker.register(child, Some("gw")).unwrap();
    }
    platform.stop();
    for round in 0..KILLS {
        change_until_killed(&data, round);
    }

    let platform = TestPlatform::on(&data, &Start::default());
    let items = |path: &str| {
        let list = platform.get_json(path);
        list["items"].as_array().unwrap().clone()
    };
    let (mut agencies, mut fields) = (BTreeSet::new(), 0);
    for (path, name) in [
        ("/v1/devices?limit=10000", "id"),
        ("/v1/things?limit=10000", "id"),
        ("/v1/datastreams?limit=10000", "thing"),
    ] {
        let of_group = |item: &&Value| GROUP.iter().any(|id| item[name] == **id);
        for item in items(path).iter().filter(of_group) {
            agencies.insert(item["agency"].to_string());
            fields += 1;
        }
    }
    assert!(agencies.len() == 1, "{agencies:?}");
    assert!(fields > 2 * GROUP.len(), "datastreams are among them");

    let mut changed_over = 0;
    for device in items("/v1/devices?limit=10000") {
        let credentials = device["credentials"].as_array().unwrap();
        let ends: Vec<bool> = credentials
            .iter()
            .map(|credential| credential["expires"].is_string())
            .collect();
        // The next key, and the end of the one before it.
        changed_over += usize::from(ends == [true, false]);
        assert!(matches!(*ends, [] | [false] | [true, false]), "{device}");
    }
    assert!(changed_over > 0, "the load was real");
}
