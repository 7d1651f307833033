//! mTLS: a device's own certificate on its registered key, instead of a
//! password; with a real client of OpenSSL's.

use std::path::Path;
use std::process::{Command, Stdio};

use sdk::api::{ObservationQuery, PublicKeyDocument};
use tests::peers::look_for;
use tests::test_device::make_agency;
use tests::{TestDevice, TestPlatform, eventually};

use crate::access::tls;
use crate::operation::backup::{madang, text};

/// The device's key and a certificate that it signed itself, as files.
fn write_identity(folder: &Path, device: &TestDevice) {
    let pem = device.key.to_pkcs8_pem();
    write_self_signed(folder, &rcgen::KeyPair::from_pem(&pem).unwrap(), &pem);
}

fn write_self_signed(folder: &Path, key: &rcgen::KeyPair, pem: &str) {
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let certificate = params.self_signed(key).unwrap().pem();
    std::fs::write(folder.join("device.pem"), certificate).unwrap();
    std::fs::write(folder.join("device.key"), pem).unwrap();
}

/// Whether a message of the device is acknowledged.
fn publishes(folder: &Path, platform: &TestPlatform, device: &TestDevice, tls: &str) -> bool {
    let port = platform.address("mqtts").port().to_string();
    let file = |name| folder.join(name).display().to_string();
    Command::new("mosquitto_pub")
        .args(["-h", "localhost", "-p", &port, "-q", "1", "-V", "5"])
        .args(["--cafile", &file("cert.pem"), "--tls-version", tls])
        .args(["--cert", &file("device.pem"), "--key", &file("device.key")])
        .args(["-i", device.id.as_str(), "-u", device.id.as_str()])
        .args(["-t", &device.topic(), "-m", r#"{"pm25": 12}"#])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
fn a_device_publishes_with_its_own_certificate_until_it_is_revoked() {
    if look_for("mosquitto_pub").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    tls::write_certificate(folder.path());
    let platform = TestPlatform::start_with(&tls::start(folder.path()));
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    write_identity(folder.path(), &device);
    for version in ["tlsv1.2", "tlsv1.3"] {
        assert!(publishes(folder.path(), &platform, &device, version));
    }
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api.observations(pm25, &ObservationQuery::default());
    assert_eq!(stored.collect_all().unwrap().len(), 2);

    // A certificate of somebody else's key does not open this device's door.
    let other = TestDevice::register(&platform, "air-2", "safety.air");
    assert!(!publishes(folder.path(), &platform, &other, "tlsv1.3"));
    let events = platform.get_json("/v1/devices/air-2/events").to_string();
    assert!(
        events.contains("the certificate's public key is none"),
        "{events}"
    );

    platform.operator().revoke_device(&device.id).unwrap();
    assert!(!publishes(folder.path(), &platform, &device, "tlsv1.3"));
}

#[test]
fn a_key_of_p256_that_was_registered_as_pem_opens_the_door() {
    if look_for("mosquitto_pub").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    tls::write_certificate(folder.path());
    let platform = TestPlatform::start_with(&tls::start(folder.path()));
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let key = rcgen::KeyPair::generate().unwrap();
    write_self_signed(folder.path(), &key, &key.serialize_pem());
    assert!(!publishes(folder.path(), &platform, &device, "tlsv1.3"));
    let document = PublicKeyDocument {
        alg: "ES256".to_owned(),
        public_key: key.public_key_pem(),
    };
    platform.operator().add_key(&device.id, &document).unwrap();
    eventually("the new key is known", || {
        publishes(folder.path(), &platform, &device, "tlsv1.3").then_some(())
    });
}

/// By the hash of its key: registered from the command line, as a maker delivers it.
#[test]
fn a_certificate_of_rsa_or_p384_opens_the_door_until_it_is_revoked() {
    let (Some(_), Some(openssl)) = (look_for("mosquitto_pub"), look_for("openssl")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    tls::write_certificate(folder.path());
    let platform = TestPlatform::start_with(&tls::start(folder.path()));
    make_agency(&platform.operator());
    let file = |name| folder.path().join(name);
    for (id, key) in [
        ("air-1", &["-newkey", "rsa:2048"][..]),
        (
            "air-2",
            &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ),
    ] {
        let made = Command::new(&openssl)
            .args(["req", "-x509", "-nodes", "-subj", "/CN=device"])
            .args(key)
            .args([
                "-keyout",
                text(&file("device.key")),
                "-out",
                text(&file("device.pem")),
            ])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let added = madang(&[
            "device",
            "add",
            id,
            "--agency",
            "seoul",
            "--model",
            "safety.air",
            "--certificate",
            text(&file("device.pem")),
            "--data",
            text(platform.data()),
        ]);
        assert!(added.status.success(), "{added:?}");
        let device = TestDevice::unregistered(id);
        for version in ["tlsv1.2", "tlsv1.3"] {
            let published = publishes(folder.path(), &platform, &device, version);
            assert!(published, "{id} {version}");
        }
        let known = platform.get_json(&format!("/v1/devices/{id}"));
        assert_eq!(known["credentials"][0]["kind"], "certificate", "{known}");
        platform.operator().revoke_device(&device.id).unwrap();
        assert!(!publishes(folder.path(), &platform, &device, "tlsv1.3"));
    }
}
