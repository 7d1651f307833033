//! The newcomer's first command.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sdk::api::{ApiClient, ApiCredential, LatestFilter};
use tests::{binary, eventually};

struct Demo {
    child: Child,
    printed: String,
}

impl Demo {
    fn start(data: &std::path::Path) -> Self {
        let mut child = Command::new(binary::madang())
            .args(["demo", "--devices", "60", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            printed.push_str(&line);
            printed.push('\n');
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        assert!(printed.contains("Ctrl-C"), "it came up: {printed}");
        Self { child, printed }
    }

    /// The word behind a label.
    fn value(&self, label: &str) -> &str {
        let line = self
            .printed
            .lines()
            .find(|line| line.trim_start().starts_with(label));
        line.unwrap().split_whitespace().last().unwrap()
    }

    fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).unwrap();
        tests::send_signal(pid, rustix::process::Signal::INT);
        assert!(
            self.child.wait().unwrap().success(),
            "Ctrl-C ends it with 0"
        );
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_comes_up_moves_and_goes_on_with_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let begun = Instant::now();
    let demo = Demo::start(&data);
    let url = demo.value("Developers").trim_end_matches('/').to_owned();
    let key = demo.value("API key").to_owned();
    let api = ApiClient::connect(&url, ApiCredential::Bearer(key.clone())).unwrap();
    let newest = |api: &ApiClient| {
        let latest = api.latest(&LatestFilter::default()).collect_all().unwrap();
        latest.into_iter().map(|item| item.offset).max()
    };
    let first = eventually("sensors speak", || newest(&api));
    eventually("and go on", || {
        newest(&api).filter(|offset| *offset > first)
    });
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
    // Over CoAP too: its devices are among those seen.
    let metrics = api.metrics().unwrap();
    assert!(metrics.contains("madang_"), "{metrics}");
    demo.stop();

    let again = Demo::start(&data);
    assert_eq!(again.value("API key"), key, "the key stays valid");
    let url = again.value("Developers").trim_end_matches('/').to_owned();
    let api = ApiClient::connect(&url, ApiCredential::Bearer(key)).unwrap();
    assert!(newest(&api) >= Some(first), "the data is still there");
    again.stop();
}
