//! An unregistered, a revoked and an expired device get in nowhere; a device
//! cannot publish as another.

use domain::Timestamp;
use domain::payload::ContentFormat;
use sdk::api::{Bearer, LatestFilter};
use tests::test_device::{coap_post, make_agency, now};
use tests::{BareClient, TestDevice, TestPlatform, eventually};

const SENML: &[u8] = br#"[{"n":"pm25","u":"ug/m3","v":13.5}]"#;
/// MQTT 3.1.1: bad user name or password, and not authorised.
const REFUSED: [u8; 2] = [4, 5];

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() - hours * 3_600_000_000)
}

/// Tries every door with this device and this token.
fn assert_shut_out(platform: &TestPlatform, device: &TestDevice, token: &str, why: &str) {
    let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
    let id = device.id.as_str();
    let code = mqtt.connect(id, id, token).unwrap();
    assert!(REFUSED.contains(&code), "{why}: MQTT answers {code}");

    let http = platform.anonymous().send_telemetry(
        &device.id,
        Bearer::Jwt(token),
        ContentFormat::SenmlJson,
        SENML,
    );
    let status = http.unwrap_err().status();
    assert!(matches!(status, Some(401 | 403)), "{why}: HTTP {status:?}");
}

fn assert_shut_out_of_coap(platform: &TestPlatform, device: &TestDevice, why: &str) {
    let body = device.signed(1, 1, SENML);
    let (code, _) = coap_post(platform.address("coap"), device.id.as_str(), 1, &body);
    assert!(matches!(code, 0x81 | 0x83), "{why}: CoAP answers {code:#x}");
}

fn assert_nothing_stored(platform: &TestPlatform) {
    let latest = platform.operator().latest(&LatestFilter::default());
    assert_eq!(latest.collect_all().unwrap().len(), 0);
}

#[test]
fn who_is_not_registered_gets_in_nowhere() {
    let platform = TestPlatform::start();
    let stranger = TestDevice::unregistered("stranger");
    assert_shut_out(&platform, &stranger, &stranger.token(), "unregistered");
    assert_shut_out_of_coap(&platform, &stranger, "unregistered");
    let refused = platform.operator().refused(None).collect_all().unwrap();
    assert!(refused.iter().any(|event| event.login == "stranger"));
    assert_nothing_stored(&platform);
}

#[test]
fn a_foreign_key_an_old_token_and_an_expired_device_get_in_nowhere() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let impostor = TestDevice::unregistered("air-1");
    assert_shut_out(&platform, &device, &impostor.token(), "foreign key");
    assert_shut_out_of_coap(&platform, &impostor, "foreign key");
    let old = device.token_at(hours_ago(25));
    assert_shut_out(&platform, &device, &old, "expired token");

    let expired = TestDevice::unregistered("air-2");
    let mut registration = expired.registration("safety.air");
    registration.expires = Some(hours_ago(1));
    make_agency(&platform.operator());
    platform.operator().register_device(&registration).unwrap();
    assert_shut_out(&platform, &expired, &expired.token(), "expired device");
    assert_shut_out_of_coap(&platform, &expired, "expired device");
    assert_nothing_stored(&platform);

    let events = platform.operator().device_events(&device.id, None);
    let events = events.collect_all().unwrap();
    assert!(
        events.iter().any(|event| !event.reason.is_empty()),
        "told why"
    );
}

#[test]
fn revocation_ends_the_connection_and_every_door_within_a_second() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut mqtt = device.connect(platform.address("mqtt"));
    mqtt.publish(&device.topic(), 1, br#"{"pm25": 1}"#).unwrap();
    mqtt.read().unwrap();

    platform.operator().revoke_device(&device.id).unwrap();
    let revoked = std::time::Instant::now();
    assert!(mqtt.read().is_err(), "the connection ends");
    assert!(
        revoked.elapsed().as_millis() < 1_000,
        "{:?}",
        revoked.elapsed()
    );
    assert_shut_out(&platform, &device, &device.token(), "revoked");
    assert_shut_out_of_coap(&platform, &device, "revoked");
}

#[test]
fn a_device_cannot_publish_as_another() {
    let platform = TestPlatform::start();
    let own = TestDevice::register(&platform, "air-1", "safety.air");
    let other = TestDevice::register(&platform, "air-2", "safety.air");

    let mut mqtt = own.connect(platform.address("mqtt"));
    mqtt.publish(&other.topic(), 1, br#"{"pm25": 1}"#).unwrap();
    assert_eq!(mqtt.read().unwrap().kind(), 4, "a PUBACK without effect");

    // A body that the one signed does not pass on the path of the other.
    let body = own.signed(1, 1, SENML);
    let (code, _) = coap_post(platform.address("coap"), "air-2", 2, &body);
    assert!(matches!(code, 0x81 | 0x83), "CoAP answers {code:#x}");

    let token = own.token();
    let http = platform.anonymous().send_telemetry(
        &other.id,
        Bearer::Jwt(&token),
        ContentFormat::SenmlJson,
        SENML,
    );
    assert!(matches!(http.unwrap_err().status(), Some(401 | 403)));
    let foreign = br#"[{"n":"air-2:pm25","u":"ug/m3","v":1}]"#;
    let mut mqtt = own.connect(platform.address("mqtt"));
    mqtt.publish(&own.topic(), 1, foreign).unwrap();
    mqtt.read().unwrap();
    let quarantine = eventually("the foreign name is quarantined", || {
        let page = platform.get_json("/v1/devices/air-1/quarantine");
        let items = page["items"].as_array().unwrap().clone();
        (!items.is_empty()).then_some(items)
    });
    assert_eq!(quarantine[0]["rejections"][0]["code"], "other-device");
    assert_nothing_stored(&platform);
}
