//! Opening after a kill: a process that sends without end is killed by SIGKILL
//! with nearly a full head, which only the log holds.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::Options;
use crate::city::City;
use crate::load::send;
use crate::measure::{Stopwatch, peak_mib};
use crate::readings::Arrivals;

/// Rows that are durable when the kill comes: a default head holds a million,
/// and whatever it holds is read from the log.
const ROWS: usize = 950_000;
/// The victim's days: the one after the loaded ones, and another for each
/// further round.
const ROUNDS: u32 = 2;

/// Kills, opens, and tells how long each open took.
pub(crate) fn crash(options: &Options) -> Value {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let at = Options {
            folder: options.folder.clone(),
            days: options.days + round,
            phase: None,
            ..*options
        };
        kill_at_work(&at);
        let output = at.child("open").stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "it opens after a kill");
        rounds.push(serde_json::from_slice::<Value>(&output.stdout).unwrap());
    }
    json!({ "phase": "crash", "opens": rounds })
}

fn kill_at_work(options: &Options) {
    let mut victim = options
        .child("crash-victim")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(victim.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "durable\n", "the victim came so far");
    // SIGKILL, while it sends.
    victim.kill().unwrap();
    victim.wait().unwrap();
}

/// Sends until it is killed.
pub(crate) fn victim(options: &Options) {
    let registry = options.city.registry(&options.folder);
    let devices = options.city.devices(&registry);
    let ingest = City::open(&options.folder, &registry);
    let mut arrivals = Arrivals::of_days(
        options.sending,
        options.city.devices,
        options.days,
        options.days + 1,
    );
    let most = devices.len() * crate::readings::READINGS as usize;
    let enough = ROWS.min(most / 2);
    send(&ingest, &devices, &mut arrivals, most, |done| {
        if done == enough {
            println!("durable");
        }
    });
    unreachable!("nobody came to kill it");
}

/// Opens the folder once, in a process of its own.
pub(crate) fn open(options: &Options) -> Value {
    let watch = Stopwatch::start();
    let registry = options.city.registry(&options.folder);
    let registry_ms = watch.wall_ms();
    let watch = Stopwatch::start();
    let ingest = City::open(&options.folder, &registry);
    let (wall, cpu) = (watch.wall_ms(), watch.cpu_ms());
    let stats = ingest.stats();
    eprintln!(
        "open after a kill: {wall:.0} ms, {} rows read from the log",
        stats.store.head_rows
    );
    json!({
        "open_ms": wall, "open_cpu_ms": cpu, "registry_ms": registry_ms,
        "rows_in_head": stats.store.head_rows, "files": stats.store.files, "peak_mib": peak_mib(),
    })
}
