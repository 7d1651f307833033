//! A fault is told with its true cause, and the cure leads in: each reason is
//! provoked, its event is read, what the event says is done, and then the
//! device is let in or its message is taken.
//!
//! The tables are `match`es over the reasons themselves: one that is added
//! without a row does not compile, and one whose row is not run fails.

mod api_key;
mod identity;
mod login;
mod payload;
mod publish;

use std::cell::Cell;

use domain::Timestamp;
use sdk::api::{ApiClient, Event, NewDevice};
use tests::test_device::{make_agency, now};
use tests::{BareClient, Start, TestDevice, TestPlatform};

/// A running platform, and a device for each row.
struct Bench {
    platform: TestPlatform,
    operator: ApiClient,
    devices: Cell<u32>,
}

impl Bench {
    fn start() -> Self {
        Self::start_with(&Start::default())
    }

    fn start_with(start: &Start) -> Self {
        let platform = TestPlatform::start_with(start);
        let operator = platform.operator();
        make_agency(&operator);
        Self {
            platform,
            operator,
            devices: Cell::new(0),
        }
    }

    fn unregistered(&self) -> TestDevice {
        self.devices.set(self.devices.get() + 1);
        TestDevice::unregistered(&format!("row-{}", self.devices.get()))
    }

    fn device(&self) -> TestDevice {
        self.register(|_| {})
    }

    fn register(&self, change: impl FnOnce(&mut NewDevice)) -> TestDevice {
        let device = self.unregistered();
        let mut registration = device.registration("safety.air");
        change(&mut registration);
        self.operator.register_device(&registration).unwrap();
        device
    }

    fn patch(&self, device: &TestDevice, change: &serde_json::Value) {
        self.operator.patch_device(&device.id, change).unwrap();
    }

    /// An operator's POST, for what the sdk has no call for.
    fn post(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let answer = ureq::post(format!("{}{path}", self.platform.url()))
            .header("Authorization", format!("Bearer {}", self.platform.token()))
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap_or_else(|error| panic!("POST {path}: {error}"))
            .into_body()
            .read_to_string()
            .unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// The code of the CONNACK.
    fn log_in(&self, client: &str, user: &str, password: &str) -> u8 {
        let mut mqtt = BareClient::open(self.platform.address("mqtt")).unwrap();
        mqtt.connect(client, user, password).unwrap()
    }

    /// The newest refusal of somebody who called himself so.
    fn refusal(&self, login: &str) -> Event {
        let refused = self.operator.refused(None).collect_all().unwrap();
        let newest = refused.into_iter().rev().find(|event| event.login == login);
        newest.unwrap_or_else(|| panic!("no refusal of {login}"))
    }

    fn publishes_denied(&self, device: &TestDevice) -> Vec<Event> {
        let events = self.operator.device_events(&device.id, None);
        let mut events = events.collect_all().unwrap();
        events.retain(|event| event.kind == "publish-denied");
        events
    }
}

fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() + seconds * 1_000_000)
}
