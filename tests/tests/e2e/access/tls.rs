//! TLS on MQTT and HTTP, with a real client, and a certificate that changes.

use std::path::Path;
use std::process::Command;

use sdk::api::{ApiClient, ApiConfig, ApiCredential};
use tests::peers::look_for;
use tests::{Start, TestDevice, TestPlatform, eventually};

pub(crate) fn write_certificate(folder: &Path) -> String {
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let made = made.unwrap();
    let pem = made.cert.pem();
    std::fs::write(folder.join("cert.pem"), &pem).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    pem
}

pub(crate) fn start(folder: &Path) -> Start {
    let flag = |name: &str, file: &str| [name.to_owned(), folder.join(file).display().to_string()];
    Start {
        flags: [
            flag("--tls-cert", "cert.pem").to_vec(),
            flag("--tls-key", "key.pem").to_vec(),
        ]
        .concat(),
        ..Start::default()
    }
}

fn https(platform: &TestPlatform, pem: &str) -> ApiClient {
    ApiClient::new(&ApiConfig {
        base_url: format!("https://localhost:{}", platform.address("https").port()),
        credential: ApiCredential::None,
        root_certificate_pem: Some(pem.to_owned()),
    })
    .unwrap()
}

#[test]
fn a_sensor_publishes_and_a_developer_reads_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let pem = write_certificate(folder.path());
    let platform = TestPlatform::start_with(&start(folder.path()));
    assert!(https(&platform, &pem).platform().is_ok());

    let Some(mosquitto_pub) = look_for("mosquitto_pub") else {
        return;
    };
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let publish = |pem: &str| {
        std::fs::write(folder.path().join("trusted.pem"), pem).unwrap();
        let port = platform.address("mqtts").port().to_string();
        let status = Command::new(&mosquitto_pub)
            .args(["-h", "localhost", "-p", &port, "-q", "1", "--cafile"])
            .arg(folder.path().join("trusted.pem"))
            .args(["-i", "air-1", "-u", "air-1", "-P", &device.token()])
            .args(["-t", &device.topic(), "-m", r#"{"pm25": 12}"#])
            .stderr(std::process::Stdio::null())
            .status();
        status.unwrap().success()
    };
    assert!(publish(&pem));

    // The files change under the running server.
    let renewed = write_certificate(folder.path());
    eventually("the new certificate is used", || {
        publish(&renewed).then_some(())
    });
    assert!(!publish(&pem), "and the old one no longer");
}

#[test]
fn one_silent_connection_does_not_hold_up_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let pem = write_certificate(folder.path());
    let platform = TestPlatform::start_with(&start(folder.path()));
    let silent: Vec<_> = ["mqtts", "wss", "https"]
        .map(|name| std::net::TcpStream::connect(platform.address(name)).unwrap())
        .into();
    assert!(https(&platform, &pem).platform().is_ok());
    drop(silent);
}
