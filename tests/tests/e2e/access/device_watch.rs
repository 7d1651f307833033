//! `madang device watch` and `madang device quarantine`: what an operator sees
//! of a device whose messages are refused.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use tests::{PATIENCE, TestDevice, TestPlatform, binary};

use crate::operation::backup::{madang, text};

/// A running `madang device watch`; what it says comes line by line.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn of(platform: &TestPlatform, device: &str) -> Self {
        let mut child = Command::new(binary::madang())
            .args(["device", "watch", device, "--data"])
            .arg(platform.data())
            .env_remove("MADANG_URL")
            .env_remove("MADANG_TOKEN")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line with all of these words.
    fn expect(&self, words: &[&str]) -> String {
        let mut passed = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no line has {words:?}: {passed:#?}");
            };
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
            passed.push(line);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // An error says that it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Publishes, and is acknowledged.
fn publish(platform: &TestPlatform, device: &TestDevice, payload: &str) {
    let mut client = device.connect(platform.address("mqtt"));
    client
        .publish(&device.topic(), 1, payload.as_bytes())
        .unwrap();
    assert_eq!(client.read().unwrap().id(), 1);
}

fn quarantine(platform: &TestPlatform, device: &str) -> (String, String) {
    let data = text(platform.data());
    let output = madang(&["device", "quarantine", device, "--data", data]);
    assert!(output.status.success(), "{output:?}");
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn watch_shows_logins_refusals_and_cures_as_they_come() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    publish(&platform, &device, r#"{"v":{"pm25":"old"}}"#);
    let watch = Watch::of(&platform, "air-1");
    // What was refused before it began, with what to do.
    watch.expect(&["refused", "observation 0", "pm25"]);
    watch.expect(&["    -> "]);

    let impostor = TestDevice::unregistered("air-1");
    let mut stranger = tests::BareClient::open(platform.address("mqtt")).unwrap();
    let code = stranger.connect("air-1", "air-1", &impostor.token());
    assert_ne!(code.unwrap(), 0);
    watch.expect(&["mqtt", "signature"]);
    watch.expect(&["    -> "]);

    publish(&platform, &device, r#"{"v":{"pm25":1,"pm10":"new"}}"#);
    watch.expect(&["refused", "observation 1", "pm10"]);
    publish(&platform, &device, "{");
    watch.expect(&["not read"]);
    watch.expect(&["    -> "]);
}

#[test]
fn quarantine_lists_what_was_refused_and_says_where_nothing_was() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let other = TestDevice::register(&platform, "air-2", "safety.air");
    publish(&platform, &device, r#"{"v":{"pm25":1,"pm10":"much"}}"#);
    publish(&platform, &device, "{");
    publish(&platform, &other, r#"{"v":{"pm25":1}}"#);
    let (listed, _) = quarantine(&platform, "air-1");
    let refused: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    let [first, second] = refused[..] else {
        panic!("{listed}");
    };
    assert!(
        first.contains("offset 1, observation 1, pm10:") && second.contains("not read"),
        "{listed}"
    );
    assert_eq!(listed.matches("    -> ").count(), 2, "{listed}");

    let (listed, said) = quarantine(&platform, "air-2");
    assert_eq!(listed, "");
    assert!(
        said.contains("nothing was refused of air-2's messages"),
        "{said}"
    );

    let data = text(platform.data());
    let nobody = madang(&["device", "quarantine", "air-3", "--data", data]);
    assert_eq!(nobody.status.code(), Some(1));
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(said.contains("air-3"), "{said}");
}
