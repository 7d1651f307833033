//! Every kind and form of key that a device's library has: registered, proved
//! with over MQTT and CoAP, and answered by receipts that it can verify.

use std::time::Duration;

use domain::payload::ContentFormat;
use domain::{AgencyId, DeviceId, ModelId};
use sdk::api::{NewDevice, PublicKeyDocument};
use sdk::coap::SignedTelemetry;
use sdk::{DeviceKey, Es256Key, PrivateKey, Signer};
use serde_json::{Value, json};
use tests::test_device::{AGENCY, AUDIENCE, coap_post, make_agency, now};
use tests::{BareClient, TestDevice, TestPlatform, eventually};

use crate::operation::backup::madang;

const CHANGED: u8 = 0x44;
const UNAUTHORIZED: u8 = 0x81;
const HOUR: Duration = Duration::from_secs(3_600);

/// RFC 8037, A.1.
const OKP: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"of RFC 8037","use":"sig",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// RFC 7515, A.3.1.
const EC: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

fn public_half(jwk: &str) -> Value {
    let mut jwk: Value = serde_json::from_str(jwk).unwrap();
    jwk.as_object_mut().unwrap().remove("d");
    jwk
}

fn id(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

/// An operator's request with a body; its status and answer.
fn post(platform: &TestPlatform, path: &str, kind: &str, body: &str) -> (u16, Value) {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build(),
    );
    let mut answer = agent
        .post(format!("{}{path}", platform.url()))
        .header("Authorization", format!("Bearer {}", platform.token()))
        .header("Content-Type", kind)
        .send(body)
        .unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

fn device(id: &str, key: &Value) -> Value {
    json!({"id": id, "agency": AGENCY, "model": "safety.air", "keys": [key]})
}

fn logs_in(platform: &TestPlatform, device: &str, token: &str) -> bool {
    let mut client = BareClient::open(platform.address("mqtt")).unwrap();
    client.connect(device, device, token).unwrap() == 0
}

#[test]
fn a_public_key_is_taken_as_a_jwk_wherever_keys_are() {
    let platform = TestPlatform::start();
    make_agency(&platform.operator());
    let json = "application/json";
    let (okp, ec) = (public_half(OKP), public_half(EC));
    let x = okp["x"].as_str().unwrap().to_owned();
    let mut names = Vec::new();
    for (number, key) in [
        okp.clone(),
        json!({"public_key": okp}),
        json!({"alg": "Ed25519", "public_key": okp.to_string()}),
        json!({"alg": "Ed25519", "public_key": x}),
        json!({"public_key": x}),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("okp-{number}");
        let (status, answer) = post(
            &platform,
            "/v1/devices",
            json,
            &device(&name, &key).to_string(),
        );
        assert_eq!(status, 201, "{key}: {answer}");
        assert_eq!(answer["credentials"][0]["alg"], "EdDSA");
        assert_eq!(answer["credentials"][0]["public_key"], okp["x"]);
        names.push(name);
    }
    // A key beside it, a line of NDJSON, and a cell of a table.
    let (status, answer) = post(&platform, "/v1/devices/okp-0/keys", json, &ec.to_string());
    assert_eq!((status, &answer["alg"]), (201, &json!("ES256")), "{answer}");
    let lines = format!("{}\n", device("line-1", &okp));
    let cell = okp.to_string().replace('"', "\"\"");
    let table = format!("id,agency,model,public_key\ncell-1,{AGENCY},safety.air,\"{cell}\"\n");
    for (kind, body) in [("application/x-ndjson", lines), ("text/csv", table)] {
        let (status, answer) = post(&platform, "/v1/devices/import", kind, &body);
        assert_eq!((status, &answer["created"]), (200, &json!(1)), "{answer}");
    }
    names.extend(["line-1".to_owned(), "cell-1".to_owned()]);
    let key = PrivateKey::read(OKP).unwrap();
    for name in &names {
        let token = key.jwt(&id(name), AUDIENCE, now(), HOUR);
        assert!(logs_in(&platform, name, &token), "{name}");
    }
    let token = PrivateKey::read(EC)
        .unwrap()
        .jwt(&id("okp-0"), AUDIENCE, now(), HOUR);
    assert!(logs_in(&platform, "okp-0", &token), "by its second key");

    let secret: Value = serde_json::from_str(OKP).unwrap();
    for (key, said) in [
        (secret, "private key"),
        (json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "kty"),
        (json!({"kty": "OKP", "crv": "X25519", "x": "AA"}), "crv"),
        (json!({"alg": "EdDSA"}), "public_key"),
        (
            json!({"alg": "ES256", "public_key": x}),
            "another algorithm",
        ),
        (json!({"alg": "EdDSA", "key": x}), "public_key"),
        (json!({"alg": "EdDSA", "public_key": x, "usee": 1}), "usee"),
    ] {
        let (status, answer) = post(
            &platform,
            "/v1/devices",
            json,
            &device("no", &key).to_string(),
        );
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["detail"].as_str().unwrap().contains(said),
            "{answer}"
        );
    }
}

/// `--key` and `--public-key` read what other tools write.
#[test]
fn the_command_line_reads_keys_of_either_kind_and_form() {
    let platform = TestPlatform::start();
    make_agency(&platform.operator());
    let folder = tempfile::tempdir().unwrap();
    let (url, operator) = (platform.url(), platform.token());
    let run = |arguments: &[&str]| {
        let output = madang(arguments);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complained}");
        String::from_utf8(output.stdout).unwrap()
    };
    let add = |name: &str, how: &str, key: &str| {
        run(&[
            "device",
            "add",
            name,
            "--agency",
            AGENCY,
            "--model",
            "safety.air",
            "--url",
            &url,
            "--token",
            &operator,
            how,
            key,
        ]);
    };
    for (name, key) in [("okp", OKP), ("ec", EC)] {
        let file = folder.path().join(name);
        std::fs::write(&file, key).unwrap();
        let file = file.to_str().unwrap();
        add(name, "--key", file);
        let token = run(&["device", "token", name, "--key", file]);
        assert!(logs_in(&platform, name, token.trim()), "{name}");
        let other = format!("{name}-public");
        add(&other, "--public-key", &public_half(key).to_string());
        let token = PrivateKey::read(key)
            .unwrap()
            .jwt(&id(&other), AUDIENCE, now(), HOUR);
        assert!(logs_in(&platform, &other, &token), "{other}");
    }
}

fn senml(number: u32) -> Vec<u8> {
    format!(
        r#"[{{"bt":{},"n":"pm25","u":"ug/m3","v":{number}}}]"#,
        1_777_593_600 + number
    )
    .into_bytes()
}

fn signed(key: &impl Signer, device: &DeviceId, number: u32) -> Vec<u8> {
    SignedTelemetry {
        device,
        boot_epoch: 1,
        sequence: number.into(),
        time: now(),
        format: ContentFormat::SenmlJson,
        payload: &senml(number),
    }
    .sign(key)
    .unwrap()
}

#[test]
fn a_device_on_p256_is_verified_over_coap_and_can_verify_its_receipt() {
    let platform = TestPlatform::start();
    make_agency(&platform.operator());
    let key = Es256Key::generate().unwrap();
    let new = NewDevice {
        keys: vec![PublicKeyDocument {
            alg: "ES256".to_owned(),
            public_key: key.public_key_base64url(),
        }],
        ..NewDevice::new(
            id("es-1"),
            AgencyId::new(AGENCY).unwrap(),
            ModelId::new("safety.air").unwrap(),
        )
    };
    platform.operator().register_device(&new).unwrap();
    let keys = platform
        .anonymous()
        .platform()
        .unwrap()
        .receipt_keys()
        .unwrap();
    assert!(keys.es256.is_some(), "it is published");
    let coap = platform.address("coap");
    let body = signed(&key, &new.id, 1);
    let (code, answer) = coap_post(coap, "es-1", 1, &body);
    assert_eq!(code, CHANGED, "{answer:?}");
    let receipt = sdk::coap::verify_receipt(&answer, keys, &body).unwrap();
    // The same again: the same receipt. Another under its name: a replay.
    let (_, again) = coap_post(coap, "es-1", 2, &body);
    let again = sdk::coap::verify_receipt(&again, keys, &body).unwrap();
    assert_eq!(again.offset, receipt.offset);
    let mut telemetry = signed(&key, &new.id, 1);
    assert_ne!(
        telemetry, body,
        "an ECDSA signature is never the same twice"
    );
    let (code, _) = coap_post(coap, "es-1", 3, &telemetry);
    assert_eq!(code, UNAUTHORIZED);
    // A stranger's key, and an Ed25519 one.
    telemetry = signed(&Es256Key::generate().unwrap(), &new.id, 2);
    assert_eq!(coap_post(coap, "es-1", 4, &telemetry).0, UNAUTHORIZED);
    telemetry = signed(&DeviceKey::generate().unwrap(), &new.id, 2);
    assert_eq!(coap_post(coap, "es-1", 5, &telemetry).0, UNAUTHORIZED);
    let es256_file = platform.data().join("platform-es256.key");
    assert!(es256_file.exists());
}

/// What most COSE libraries do unless told otherwise.
#[test]
fn a_message_signed_without_external_aad_is_told_as_that() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let body = device.signed(1, 1, &senml(1));
    // The last 64 bytes are the signature; over the same, without the aad.
    let bare = without_aad(&device, &body);
    let (code, answer) = coap_post(platform.address("coap"), "air-1", 1, &bare);
    assert_eq!(code, UNAUTHORIZED);
    assert!(answer.is_empty(), "nobody learns from it which ids exist");
    let event = eventually("the refusal is told", || {
        let events = platform.operator().device_events(&device.id, None);
        events.flatten().find(|event| event.listener == "coap")
    });
    assert!(
        event.reason.contains("without external_aad"),
        "{}",
        event.reason
    );
    assert!(event.cure.contains("madang/1"), "{}", event.cure);
    // The cure, done, leads in.
    let (code, _) = coap_post(platform.address("coap"), "air-1", 2, &body);
    assert_eq!(code, CHANGED);
}

/// `["Signature1", protected, h'', payload]`, with the protected header and the
/// payload as they stand in the body: `84`, a byte string of less than 256
/// bytes, `a0`, and another.
fn without_aad(device: &TestDevice, body: &[u8]) -> Vec<u8> {
    let string = |from: usize| match body[from] {
        short @ 0x40..=0x57 => from + 1 + usize::from(short - 0x40),
        0x58 => from + 2 + usize::from(body[from + 1]),
        other => panic!("{other:#x} is no short byte string"),
    };
    let protected = 1..string(1);
    assert_eq!(body[protected.end], 0xa0);
    let payload = protected.end + 1..string(protected.end + 1);
    let mut signed = b"\x84\x6aSignature1".to_vec();
    signed.extend_from_slice(&body[protected]);
    signed.push(0x40);
    signed.extend_from_slice(&body[payload]);
    let signature = device.key.sign(&signed);
    let mut bare = body[..body.len() - signature.len()].to_vec();
    bare.extend_from_slice(&signature);
    bare
}
