//! What the store costs and how fast it answers, over the public interface
//! alone: 10,000 devices, 1,000 readings a day of each, 1 % late; ten million
//! rows in one day, a hundred million in ten.
//!
//! `cargo bench -p ingest --bench store -- [FOLDER] [--days N] [--devices N]
//! [--sending each|daily] [--phase NAME]`. Devices send each reading by itself,
//! or a day of them, 1,000, in one message. The folder decides the disk and must be new; without one it
//! is a temporary folder. Without a phase all run, each in a process of its
//! own, so that a peak of memory is that phase's:
//!
//! - `load`: rows in batches of 1,000, then everything flushed and
//!   compacted; checked against what the generator counts without the store
//! - `queries`: an open after a clean stop, then each query for the first time
//!   and again; the answers in `FOLDER/answers.json`, to be compared with others'
//! - `crash`: a process is killed in the middle of the day that follows, and
//!   the folder opened again; in two rounds
//!
//! Each phase prints one line of JSON on standard output, and words on standard
//! error. `bench/store.py` makes the table from them. Linux only.

#![allow(clippy::unwrap_used)]

mod answers;
mod city;
mod crash;
mod load;
mod measure;
mod queries;
mod readings;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use city::City;
use readings::Sending;

const PHASES: [&str; 3] = ["load", "queries", "crash"];

/// What the command line says.
struct Options {
    folder: PathBuf,
    city: City,
    days: u32,
    sending: Sending,
    phase: Option<String>,
}

fn main() {
    let temporary = tempfile::tempdir().unwrap();
    let options = Options::read(temporary.path().join("data"));
    match options.phase.as_deref() {
        None => all(&options),
        Some("load") => print(&load::load(&options)),
        Some("queries") => print(&queries::queries(&options)),
        Some("crash") => print(&crash::crash(&options)),
        Some("crash-victim") => crash::victim(&options),
        Some("open") => print(&crash::open(&options)),
        Some(other) => panic!("no phase {other}: one of {}", PHASES.join(", ")),
    }
}

impl Options {
    fn read(temporary: PathBuf) -> Self {
        let mut options = Self {
            folder: temporary,
            city: City { devices: 10_000 },
            days: 1,
            sending: Sending::Each,
            phase: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut next = || words.next().expect("an option has a value");
            match word.as_str() {
                "--days" => options.days = next().parse().unwrap(),
                "--devices" => options.city.devices = next().parse().unwrap(),
                "--sending" => options.sending = sending(&next()),
                "--phase" => options.phase = Some(next()),
                // What cargo itself says to every bench.
                "--bench" => {}
                folder => options.folder = folder.into(),
            }
        }
        options
    }

    /// This program again, for one phase over the same folder.
    fn child(&self, phase: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(&self.folder).args(["--phase", phase]);
        command.args(["--days", &self.days.to_string()]);
        command.args(["--devices", &self.city.devices.to_string()]);
        command.args(["--sending", name(self.sending)]);
        command.stdin(Stdio::null());
        command
    }
}

fn sending(name: &str) -> Sending {
    match name {
        "each" => Sending::Each,
        "daily" => Sending::Daily,
        other => panic!("no sending {other}: each or daily"),
    }
}

fn name(sending: Sending) -> &'static str {
    match sending {
        Sending::Each => "each",
        Sending::Daily => "daily",
    }
}

fn all(options: &Options) {
    for phase in PHASES {
        let status = options.child(phase).status().unwrap();
        assert!(status.success(), "the phase {phase} ended with {status}");
    }
}

fn print(report: &serde_json::Value) {
    println!("{report}");
}
