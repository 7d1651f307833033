//! Defaults, and how each fault is told.

use super::*;

fn given(mqtt: &str) -> Given {
    Given::default().with("data", "d").with("mqtt", mqtt)
}

fn refused(given: Given) -> String {
    given.settings().unwrap_err().to_string()
}

#[test]
fn defaults_listen_on_loopback_only() {
    let listeners = given("127.0.0.1:0").settings().unwrap().listeners;
    for listen in [listeners.mqtt, listeners.ws, listeners.coap, listeners.http] {
        assert!(matches!(listen, Listen::On(addr) if addr.ip().is_loopback()));
    }
    for listen in [listeners.mqtts, listeners.wss, listeners.https] {
        assert_eq!(listen, None);
    }
}

#[test]
fn each_fault_names_its_flag() {
    assert_eq!(
        refused(given("1883")),
        "--mqtt \"1883\" is no ADDR:PORT, as 0.0.0.0:1883 or [::1]:1883, nor `off`"
    );
    let unprotected = given("off").with("mqtt-unprotected", "0.0.0.0:1884");
    assert!(refused(unprotected).contains("loopback"));
    let tls = given("off").with("mqtts", "0.0.0.0:8883");
    assert!(refused(tls).contains("--tls-cert"));
    let wss = given("off").with("wss", "0.0.0.0:8084");
    assert!(refused(wss).contains("--wss needs a certificate"));
    let half = given("off").with("tls-key", "key.pem");
    assert_eq!(refused(half), "--tls-cert and --tls-key go together");
    let url = given("off").with("public-url", "madang.kr");
    assert_eq!(
        refused(url),
        "--public-url \"madang.kr\" is no http:// or https:// address"
    );
    let proxies = given("off").with("trusted-proxies", "10/8");
    assert!(refused(proxies).contains("--trusted-proxies"));
    let audience = given("off").with("audience", "two words");
    assert_eq!(
        refused(audience),
        "--audience must be 1 to 64 printable characters"
    );
    let budget = given("off").with("log-budget", "5");
    assert_eq!(
        refused(budget),
        "--log-budget 5 is less than 134217728 bytes (128 MiB)"
    );
    let fields = given("off").with("new-fields-per-hour", "33");
    assert_eq!(refused(fields), "--new-fields-per-hour 33 is not 1 to 32");
    let silent = ["ws", "coap", "http"]
        .into_iter()
        .fold(given("off"), |given, name| given.with(name, "off"));
    assert!(refused(silent).contains("every listener"));
    assert_eq!(
        refused(Given::default()),
        "no data folder: give --data DIR (or MADANG_DATA)"
    );
}

#[test]
fn a_token_of_metrics_cannot_be_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    for text in ["", "short", "a token with spaces"] {
        std::fs::write(&path, text).unwrap();
        let metrics = given("off").with("metrics-token-file", &path);
        assert!(refused(metrics).contains("--metrics-token-file"), "{text}");
    }
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    let metrics = given("off").with("metrics-token-file", &path);
    let token = metrics.settings().unwrap().observability.metrics_token;
    assert_eq!(token.unwrap().as_str(), "0123456789abcdef");
}

#[test]
fn a_flag_beats_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("madang.toml");
    let file = "mqtt = \"127.0.0.1:9\"\ncoap = \"off\"\ndevice-rate = 5\n";
    std::fs::write(&path, file).unwrap();
    let settings = given("127.0.0.1:7").with("config", &path).settings();
    let settings = settings.unwrap();
    assert!(matches!(settings.listeners.mqtt, Listen::On(addr) if addr.port() == 7));
    assert_eq!(settings.listeners.coap, Listen::Off);
    assert_eq!(settings.mqtt.device_rate, 5);
}

#[test]
fn a_fault_of_the_file_names_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("madang.toml");
    for (text, line, what) in [
        ("ws = \"off\"\nmqttt = 1\n", 2, "unknown field `mqttt`"),
        ("\n\ncoap = true", 3, "invalid type"),
        ("trust-clock = \"1\"", 1, "unknown field"),
        ("config = \"other.toml\"", 1, "unknown field"),
        ("coap = \n", 1, ""),
    ] {
        std::fs::write(&path, text).unwrap();
        let fault = refused(given("off").with("config", &path));
        assert!(fault.contains(&format!(": line {line}: {what}")), "{fault}");
        assert_eq!(fault.lines().count(), 1, "{fault}");
    }
}
