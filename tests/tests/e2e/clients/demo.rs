//! The newcomer's first command.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use domain::Timestamp;
use sdk::api::{ApiClient, ApiCredential, LatestFilter};
use tests::{Start, TestPlatform, binary, eventually};

/// The whole platform with 60 simulated sensors and a day of their past.
pub(super) struct Demo {
    child: Child,
    printed: String,
}

impl Demo {
    pub(super) fn start(data: &std::path::Path) -> Self {
        let mut child = Command::new(binary::madang())
            .args(["demo", "--devices", "60", "--days", "1", "--data"])
            .arg(data)
            .args(["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"])
            .args(["--ws", "127.0.0.1:0", "--coap", "127.0.0.1:0"])
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

    fn api(&self) -> ApiClient {
        let key = ApiCredential::Bearer(self.value("API key").to_owned());
        ApiClient::connect(self.url(), key).unwrap()
    }

    pub(super) fn url(&self) -> &str {
        self.value("Developers").trim_end_matches('/')
    }

    /// An answer with the developer's key, for what the sdk has no call for.
    fn get(&self, path: &str) -> serde_json::Value {
        let text = ureq::get(format!("{}{path}", self.url()))
            .header("X-API-Key", self.value("API key"))
            .call()
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
            .into_body()
            .read_to_string()
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The word after a label.
    fn value(&self, label: &str) -> &str {
        let line = self
            .printed
            .lines()
            .find(|line| line.trim_start().starts_with(label));
        line.unwrap().split_whitespace().last().unwrap()
    }

    pub(super) fn stop(mut self) {
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
    let demo = Demo::start(&data);
    let key = demo.value("API key").to_owned();
    let api = demo.api();
    let newest = |api: &ApiClient| {
        let latest = api.latest(&LatestFilter::default()).collect_all().unwrap();
        latest.into_iter().map(|item| item.offset).max()
    };
    let first = eventually("sensors speak", || newest(&api));
    eventually("and go on", || {
        newest(&api).filter(|offset| *offset > first)
    });
    // Over CoAP too: its devices are among those seen.
    let metrics = api.metrics().unwrap();
    assert!(metrics.contains("madang_"), "{metrics}");
    demo.stop();

    let again = Demo::start(&data);
    assert_eq!(again.value("API key"), key, "the key stays valid");
    assert!(
        newest(&again.api()) >= Some(first),
        "the data is still there"
    );
    again.stop();
}

fn seconds_before_now(seconds: i64) -> String {
    let now = platform::runtime::timestamp(std::time::SystemTime::now());
    Timestamp::from_micros(now.as_micros() - seconds * 1_000_000).to_rfc3339()
}

#[test]
fn the_demo_says_that_it_is_invented_and_has_a_past_districts_and_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    let minute_after = seconds_before_now(-60);
    assert!(demo.printed.contains("SIMULATED"), "{}", demo.printed);
    assert!(demo.printed.contains("모의"));
    assert_eq!(demo.get("/v1/platform")["simulated"], true);
    let operator = ApiCredential::Bearer(demo.value("Operator").to_owned());
    let operator = ApiClient::connect(demo.url(), operator).unwrap();
    eventually("somebody looks at the health of all devices", || {
        let metrics = operator.metrics().unwrap();
        let mut lines = metrics.lines();
        let passes = lines.find_map(|line| line.strip_prefix("madang_health_passes_total "));
        passes.filter(|passes| *passes != "0").map(|_| ())
    });
    let agencies = operator.agencies().collect_all().unwrap();
    let ids: Vec<&str> = agencies.iter().map(|agency| agency.id.as_str()).collect();
    assert_eq!(ids, ["gaon", "neoul"], "invented ones");

    // A day of the past, in each district.
    let districts = demo.get("/v1/boundaries");
    let districts = districts["items"].as_array().unwrap();
    assert_eq!(districts.len(), 8);
    let from = seconds_before_now(86_400);
    let mut counted = 0;
    for district in districts {
        let name = district["name"].as_str().unwrap();
        let hours = demo.get(&format!(
            "/v1/aggregate?field=speed&boundary={name}&bucket=1h&fn=avg,count&from={from}"
        ));
        counted += hours["items"].as_array().unwrap().len();
    }
    assert!(
        counted >= 24 * 4,
        "most districts have every hour: {counted}"
    );

    // The river rises by half a metre in an hour within the first minute, by the
    // sensors' clocks.
    let gauges = demo.get("/v1/datastreams?field=level&limit=100");
    let gauges: Vec<String> = gauges["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].to_string())
        .collect();
    let rise = || {
        let rises = demo.get(&format!(
            "/v1/aggregate?datastream={}&bucket=1d&fn=first,last&from={}&to={minute_after}",
            gauges.join(","),
            seconds_before_now(3_600)
        ));
        let rises = rises["items"].as_array().unwrap().clone();
        rises
            .iter()
            .filter_map(|item| Some(item["last"].as_f64()? - item["first"].as_f64()?))
            .fold(0.0, f64::max)
    };
    let seen = eventually("the river rises", || {
        Some(rise()).filter(|rise| *rise >= 0.45)
    });
    assert!(seen < 2.0, "as a river rises, not by {seen} m");
    demo.stop();

    // Whoever serves the folder says so; another folder's server does not.
    let served = TestPlatform::on(&data, &Start::default());
    assert_eq!(served.get_json("/v1/platform")["simulated"], true);
    drop(served);
    let real = TestPlatform::start();
    assert_eq!(real.get_json("/v1/platform")["simulated"], false);
}

#[test]
fn a_folder_of_an_older_demo_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo.seed"), "x").unwrap();
    let output = Command::new(binary::madang())
        .args(["demo", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("older demo"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn listening_on_all_addresses_it_prints_one_that_leads_here() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(binary::madang())
        .args(["demo", "--devices", "3", "--days", "0", "--bind", "0.0.0.0"])
        .args(["--http", "0.0.0.0:0", "--mqtt", "0.0.0.0:0"])
        .args(["--ws", "0.0.0.0:0", "--coap", "0.0.0.0:0", "--data"])
        .arg(folder.path().join("demo"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Open until the demo ends: it goes on printing, and ends where nobody reads.
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let line = (&mut stdout)
        .lines()
        .map_while(Result::ok)
        .find(|line| line.trim_start().starts_with("Developers"));
    let url = line.unwrap().split_whitespace().last().unwrap().to_owned();
    let host = url.trim_start_matches("http://").split(':').next().unwrap();
    let host: std::net::IpAddr = host.parse().unwrap();
    let reached = ureq::get(format!("{url}healthz")).call().is_ok();
    let _ = child.kill();
    let _ = child.wait();
    assert!(!host.is_unspecified() && reached, "{url}");
    // Where this machine has a way out, that one is shown.
    let way = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if way.connect("192.0.2.1:9").is_ok() {
        assert_eq!(host, way.local_addr().unwrap().ip());
    }
}
