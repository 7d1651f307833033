//! A running platform in a process of its own, over its own data folder.

use std::io::{PipeReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sdk::api::{ApiClient, ApiCredential};
use tempfile::TempDir;

use crate::{PATIENCE, binary};

/// How to start it: more flags, and a program around it.
#[derive(Default, Clone)]
pub struct Start {
    pub flags: Vec<String>,
    /// As `strace ...` or `prlimit ...`; put before the binary.
    pub wrapper: Vec<String>,
    pub stderr: Stderr,
}

/// What becomes of the server's standard error.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// Read to the end.
    #[default]
    Read,
    /// A pipe whose reader has gone.
    Closed,
    /// A pipe that is full, and whose reader does nothing.
    Unread,
}

pub struct TestPlatform {
    folder: Option<TempDir>,
    data: PathBuf,
    child: Child,
    ready: serde_json::Value,
    /// Open for as long as the server runs, where nobody reads it.
    _unread: Option<PipeReader>,
    /// Reads standard error to its end.
    said: Option<JoinHandle<String>>,
    /// From the start of the process to the ready file.
    pub started_in: Duration,
}

impl TestPlatform {
    pub fn start() -> Self {
        Self::start_with(&Start::default())
    }

    pub fn start_with(start: &Start) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut platform = Self::on(&data, start);
        platform.folder = Some(folder);
        platform
    }

    /// Over a folder that the caller keeps.
    pub fn on(data: &Path, start: &Start) -> Self {
        Self::try_on(data, start).unwrap_or_else(|(status, said)| {
            panic!("madang ended with {status} before it was ready: {said}")
        })
    }

    /// The status and standard error of a platform that does not come up.
    pub fn try_on(data: &Path, start: &Start) -> Result<Self, (ExitStatus, String)> {
        let ready_file = data.with_extension("ready");
        let _ = std::fs::remove_file(&ready_file);
        let begun = Instant::now();
        let (stderr, unread) = match start.stderr {
            Stderr::Unread => full_pipe(),
            Stderr::Read | Stderr::Closed => (Stdio::piped(), None),
        };
        let mut child = command(data, &ready_file, start)
            .stderr(stderr)
            .spawn()
            .expect("the binary starts");
        // Standard error is read all the time: a full pipe would stop the server.
        let mut stderr = child.stderr.take();
        if start.stderr == Stderr::Closed {
            drop(stderr.take());
        }
        let reader = std::thread::spawn(move || {
            let mut said = String::new();
            let mut chunk = [0u8; 4096];
            let Some(mut stderr) = stderr else {
                return said;
            };
            while let Ok(count @ 1..) = stderr.read(&mut chunk) {
                let text = String::from_utf8_lossy(&chunk[..count]).into_owned();
                if std::env::var_os("MADANG_TEST_LOG").is_some() {
                    eprint!("{text}");
                }
                if said.len() < 1 << 20 {
                    said.push_str(&text);
                }
            }
            said
        });
        loop {
            if let Ok(content) = std::fs::read(&ready_file) {
                let ready = serde_json::from_slice(&content).expect("the ready file is whole");
                return Ok(Self {
                    folder: None,
                    data: data.to_owned(),
                    child,
                    ready,
                    _unread: unread,
                    said: Some(reader),
                    started_in: begun.elapsed(),
                });
            }
            if let Some(status) = child.try_wait().unwrap() {
                return Err((status, reader.join().unwrap()));
            }
            assert!(begun.elapsed() < PATIENCE, "madang never became ready");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn address(&self, listener: &str) -> SocketAddr {
        self.ready[listener]
            .as_str()
            .unwrap_or_else(|| panic!("no listener {listener} in {}", self.ready))
            .parse()
            .unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address("http"))
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The server's own process, whatever stands around it.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.ready["pid"].as_i64().unwrap()).unwrap()
    }

    pub fn token(&self) -> String {
        let token = std::fs::read_to_string(self.data.join("admin.token")).unwrap();
        token.trim().to_owned()
    }

    pub fn operator(&self) -> ApiClient {
        self.client(ApiCredential::Bearer(self.token()))
    }

    pub fn anonymous(&self) -> ApiClient {
        self.client(ApiCredential::None)
    }

    pub fn client(&self, credential: ApiCredential) -> ApiClient {
        ApiClient::connect(&self.url(), credential).unwrap()
    }

    /// An operator's GET, for what the sdk has no call for.
    pub fn get_json(&self, path: &str) -> serde_json::Value {
        let text = ureq::get(format!("{}{path}", self.url()))
            .header("Authorization", format!("Bearer {}", self.token()))
            .call()
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
            .into_body()
            .read_to_string()
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// A figure of `/metrics` as an operator reads it, labels included in `name`.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.operator().metrics().unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// SIGKILL, as a pulled plug would do to the process.
    pub fn kill(mut self) -> Option<TempDir> {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
        self.folder.take()
    }

    /// SIGTERM; everything is flushed and the status is 0.
    pub fn stop(mut self) -> Option<TempDir> {
        self.signal(Signal::TERM);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "a clean stop ends with 0, not {status}");
        self.folder.take()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "madang never ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has written to standard error, once it has ended.
    pub fn last_words(&mut self) -> String {
        let said = self.said.take().expect("asked for once");
        said.join().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        crate::send_signal(self.pid(), signal);
    }
}

impl Drop for TestPlatform {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal(Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// One more byte waits for a reader, who does nothing.
fn full_pipe() -> (Stdio, Option<PipeReader>) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b' '; 1_024]).is_ok() {}
    while writer.write(b" ").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (writer.into(), Some(reader))
}

/// Whether a status is what the contract says of a fault.
pub fn is_fault(status: ExitStatus) -> bool {
    status.code() == Some(1) && status.signal().is_none()
}

fn command(data: &Path, ready_file: &Path, start: &Start) -> Command {
    let madang = binary::madang();
    let mut command = match start.wrapper.split_first() {
        Some((program, rest)) => {
            let mut command = Command::new(program);
            command.args(rest).arg(madang);
            command
        }
        None => Command::new(madang),
    };
    command.arg("serve").arg("--data").arg(data);
    command.arg("--ready-file").arg(ready_file);
    let given = |name: &str| start.flags.iter().any(|flag| flag == name);
    let plain = ["--mqtt", "--ws", "--coap", "--http"].as_slice();
    let secure = if given("--tls-cert") {
        ["--mqtts", "--wss", "--https"].as_slice()
    } else {
        &[]
    };
    for listener in plain.iter().chain(secure) {
        if !given(listener) {
            command.args([listener, "127.0.0.1:0"]);
        }
    }
    command.args(&start.flags);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MADANG_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}
