//! The README's lines, run as they stand: one shell, top to bottom, against a
//! platform that they start themselves.
//!
//! What is not as a reader has it: `cargo` builds nothing (the binaries are
//! there), listeners are on free ports by `MADANG_...` variables and the ports
//! in the text are replaced, and curl fails where it is refused.

use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tests::{binary, peers};

/// Each stands in the README, and is one of these in the test's environment.
const PORTS: [(&str, &str); 7] = [
    ("8080", "MADANG_HTTP"),
    ("1883", "MADANG_MQTT"),
    ("8083", "MADANG_WS"),
    ("5683", "MADANG_COAP"),
    ("8883", "MADANG_MQTTS"),
    ("8084", "MADANG_WSS"),
    ("8443", "MADANG_HTTPS"),
];

/// The demo and the tests have tests of their own; what builds does nothing.
/// A refusal is a fault, which curl alone does not say.
const PREAMBLE: &str = r#"
set -eE -o errtrace
trap 'echo "FAILED: $BASH_COMMAND" >&2; kill $(jobs -p) 2>/dev/null; exit 1' ERR
cargo() { :; }
curl() {
    command curl --fail-with-body --max-time 60 "$@" || {
        # 28: the time is over that the line itself gives a stream.
        local status=$?
        [[ $status = 28 && " $* " = *" -m "* ]]
    }
}
mosquitto_pub() { command timeout 60 mosquitto_pub -p "$PLAIN_MQTT" "$@"; }
mosquitto_sub() { command timeout 60 mosquitto_sub -p "$PLAIN_MQTT" "$@"; }
"#;

fn readme(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    let shell = page.split("```").skip(1).step_by(2);
    shell
        .filter_map(|block| block.strip_prefix("sh\n"))
        .collect()
}

/// Its lines without comments and the space before them.
fn commands(block: &str) -> Vec<&str> {
    block
        .lines()
        .map(|line| match line.find("# ") {
            Some(at) if at == 0 || line.as_bytes()[at - 1] == b' ' => line[..at].trim_end(),
            _ => line.trim_end(),
        })
        .filter(|line| !line.is_empty())
        .collect()
}

fn free_port(name: &str) -> u16 {
    if name == "MADANG_COAP" {
        return UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
    }
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn both_readmes_have_the_same_lines() {
    let (english, korean) = (readme("README.md"), readme("README.ko.md"));
    let (english, korean) = (blocks(&english), blocks(&korean));
    assert_eq!(english.len(), korean.len());
    for (one, other) in english.iter().zip(&korean) {
        assert_eq!(commands(one), commands(other));
    }
}

#[test]
fn every_line_of_the_readme_works_as_it_stands() {
    for peer in [
        "timeout",
        "bash",
        "curl",
        "openssl",
        "mosquitto_pub",
        "mosquitto_sub",
    ] {
        if peers::look_for(peer).is_none() {
            return;
        }
    }
    let page = readme("README.md");
    let blocks = blocks(&page);
    assert!(blocks.len() >= 6, "{} blocks", blocks.len());
    let folder = tempfile::tempdir().unwrap();
    let mut script = PREAMBLE.to_owned() + &blocks.join("\n");
    script.push_str("\nwait\necho THE END\n");
    let mut shell = Command::new("timeout");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MADANG_")) {
        shell.env_remove(name);
    }
    for (usual, variable) in PORTS {
        let port = free_port(variable);
        if variable == "MADANG_MQTT" {
            shell.env("PLAIN_MQTT", port.to_string());
        }
        script = script
            .replace(&format!(":{usual}"), &format!(":{port}"))
            .replace(&format!("-p {usual}"), &format!("-p {port}"));
        shell.env(variable, format!("127.0.0.1:{port}"));
    }
    let binaries = binary::madang().parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = shell
        .args(["300", "bash", "-c"])
        .arg(&script)
        .env("PATH", format!("{}:{path}", binaries.display()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.ends_with("THE END\n"),
        "{said}\n{told}"
    );
    // By MQTT, HTTP and CoAP; read with a key, in a district, live, over MQTT.
    for expected in [
        "\"stored\":2",
        "durable at offset ",
        "\"value\":12.6",
        "\"avg\":12.36",
        "data: {\"offset\":",
        "open/gaon/safety/air/sensor-1/pm25 {",
        "connected",
    ] {
        assert!(said.contains(expected), "{expected}: {said}\n{told}");
    }
    // The server says where a browser goes, and what opens the operators' page.
    for expected in [
        "developers' page: http",
        "/ops (",
        "madang-data/first/admin.token",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
