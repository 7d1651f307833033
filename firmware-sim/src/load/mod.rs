//! Load for numbers: many connections, lean and of our own, against the
//! platform or any other MQTT broker.
//!
//! Pipelined (`inflight`) shows what a broker can do, paced (`rate`) what
//! sensors do to it. With `register` the devices, their keys and tokens are
//! made first, and afterwards everything is read back and compared.
//!
//! [`crowd`] is the other kind of load: many connections that say little.

mod config;
pub mod crowd;
mod enrolment;
mod process;
pub mod readback;
mod report;
mod subscriber;
pub mod telemetry;
mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, ensure};
use domain::{AgencyId, Timestamp};
use progress::{Progress, Unit};

pub use config::{Devices, LoadConfig, Pace};
pub use enrolment::Roster;
pub use process::{Memory, Process};
pub use report::{Latency, LoadReport, Server, Subscribers};

use crate::clock::now;
use crate::histogram::Histogram;
use crate::publisher::{MAX_WINDOW, Manner};
use enrolment::Enrolled;
use readback::Acknowledged;
use telemetry::{FIELDS, STEP, Telemetry};
use worker::{Outcome, Publisher, Work};

/// In flight for each paced connection: a broker that lags is not
/// flooded.
const PACED_WINDOW: usize = 1_000;

/// Runs a load to its end. Blocks.
pub fn run(config: &LoadConfig) -> anyhow::Result<LoadReport> {
    ensure!(
        config.connections > 0 && config.messages > 0,
        "nothing to send"
    );
    ensure!(
        (1..=FIELDS.len()).contains(&config.fields),
        "a message has 1 to {} fields",
        FIELDS.len()
    );
    let run = Run::prepare(config)?;
    let subscribers = subscriber::start(config, run.expected_publications())?;
    let outcome = run.publish(config)?;
    let received = subscribers.map(|all| all.finish(outcome.started));
    let server = outcome.server(config, received.as_ref())?;
    let readback = match &config.devices {
        Devices::Registered(platform) if config.read_back => Some(readback::compare(
            &platform.api,
            &run.agency,
            &run.telemetry,
            &outcome.acknowledged(),
        )?),
        _ => None,
    };
    Ok(outcome.report(config, &run, server, received, readback))
}

/// Everything that stands before the first message.
struct Run {
    agency: AgencyId,
    telemetry: Arc<Telemetry>,
    publishers: Vec<Publisher>,
    each: u64,
}

impl Run {
    fn prepare(config: &LoadConfig) -> anyhow::Result<Self> {
        let each = config.messages.div_ceil(u64::from(config.connections));
        let span = STEP.as_micros() as i64 * each as i64;
        let base = Timestamp::from_micros(now().as_micros() - span);
        let enrolled = Enrolled::make(&config.devices, &Roster::New, config.connections)?;
        let publishers = (0..)
            .zip(enrolled.ids)
            .zip(enrolled.logins)
            .map(|((number, id), login)| Publisher { number, id, login })
            .collect();
        Ok(Self {
            agency: enrolled.agency,
            telemetry: Arc::new(Telemetry::new(base, config.fields)),
            publishers,
            each,
        })
    }

    fn messages(&self) -> u64 {
        self.each * self.publishers.len() as u64
    }

    /// A subscriber of the platform gets one publication for each observation,
    /// one of another broker each message as it is.
    fn expected_publications(&self) -> (u64, u64) {
        (
            self.messages(),
            self.messages() * self.telemetry.fields as u64,
        )
    }

    fn publish(&self, config: &LoadConfig) -> anyhow::Result<Outcomes> {
        let threads = config.threads.clamp(1, self.publishers.len());
        let start = Arc::new(Barrier::new(threads + 1));
        let window = match config.pace {
            Pace::InFlight(window) => window,
            Pace::PerSecond(_) => PACED_WINDOW,
        };
        let told = Arc::new(AtomicU64::new(0));
        let work = Work {
            told: Arc::clone(&told),
            mqtt: config.mqtt,
            manner: Manner {
                qos: config.qos,
                window: window.clamp(1, MAX_WINDOW),
            },
            pace: config.pace,
            each: self.each,
            telemetry: Arc::clone(&self.telemetry),
            start: Arc::clone(&start),
        };
        let per_thread = self.publishers.len().div_ceil(threads);
        let mut handles = Vec::new();
        let mut groups = self.publishers.chunks(per_thread);
        for _ in 0..threads {
            // A thread without publishers still has its place at the start.
            let publishers = groups.next().unwrap_or_default().to_vec();
            let work = work.clone();
            handles.push(std::thread::spawn(move || worker::run(&work, &publishers)));
        }
        start.wait();
        let server = config.server_pid.map(Process::of);
        let cpu_before = server.as_ref().map(Process::cpu_seconds).transpose()?;
        let own_before = Process::own().cpu_seconds().ok();
        let started = Instant::now();
        start.wait();
        let mut outcomes = Outcomes {
            started,
            cpu_before,
            own_cpu: 0.0,
            seconds: 0.0,
            parts: Vec::new(),
        };
        let progress = Progress::new("sending", Unit::Of("messages"), self.messages());
        let parts: Vec<_> = progress.follow(
            || told.load(Ordering::Relaxed),
            || handles.into_iter().map(JoinHandle::join).collect(),
        );
        for part in parts {
            let part = part.map_err(|_| anyhow::anyhow!("a publisher's thread panicked"))?;
            outcomes.parts.extend(part?);
        }
        outcomes.seconds = started.elapsed().as_secs_f64();
        outcomes.own_cpu = match (Process::own().cpu_seconds(), own_before) {
            (Ok(after), Some(before)) => after - before,
            _ => f64::NAN,
        };
        Ok(outcomes)
    }
}

struct Outcomes {
    started: Instant,
    cpu_before: Option<f64>,
    own_cpu: f64,
    seconds: f64,
    parts: Vec<Outcome>,
}

impl Outcomes {
    fn total(&self) -> u64 {
        self.parts.iter().map(|part| part.acknowledged).sum()
    }

    fn server(
        &self,
        config: &LoadConfig,
        received: Option<&Subscribers>,
    ) -> anyhow::Result<Option<Server>> {
        let (Some(pid), Some(before)) = (config.server_pid, self.cpu_before) else {
            return Ok(None);
        };
        let process = Process::of(pid);
        let cpu_seconds = process
            .cpu_seconds_at_rest()
            .context("the server has ended")?
            - before;
        let memory = process.memory()?;
        Ok(Some(Server {
            cpu_seconds,
            cpu_seconds_per_million: per_million(cpu_seconds, self.total()),
            cpu_seconds_per_million_deliveries: received
                .map(|received| per_million(cpu_seconds, received.received)),
            resident_kib: memory.resident_kib,
            peak_kib: memory.peak_kib,
        }))
    }

    fn acknowledged(&self) -> HashMap<String, Acknowledged> {
        self.parts
            .iter()
            .map(|part| {
                let known = Acknowledged {
                    device: part.publisher.number,
                    acknowledged: part.acknowledged,
                    sent: part.sent,
                };
                (part.publisher.id.to_string(), known)
            })
            .collect()
    }

    fn report(
        self,
        config: &LoadConfig,
        run: &Run,
        server: Option<Server>,
        subscribers: Option<Subscribers>,
        readback: Option<readback::Readback>,
    ) -> LoadReport {
        let acknowledged = self.total();
        let mut histogram = Histogram::default();
        self.parts
            .iter()
            .for_each(|part| histogram.add(&part.latency));
        let faults = self.parts.into_iter().filter_map(|part| {
            part.fault
                .map(|fault| format!("{}: {fault}", part.publisher.id))
        });
        LoadReport {
            connections: config.connections,
            acknowledged,
            messages: run.messages(),
            qos: config.qos as u8,
            inflight: match config.pace {
                Pace::InFlight(window) => Some(window),
                Pace::PerSecond(_) => None,
            },
            rate: match config.pace {
                Pace::InFlight(_) => None,
                Pace::PerSecond(rate) => Some(rate),
            },
            fields: config.fields,
            payload_bytes: run.telemetry.payload_bytes(),
            seconds: self.seconds,
            messages_per_second: acknowledged as f64 / self.seconds,
            ack_latency_us: Latency {
                p50: histogram.quantile(0.5),
                p99: histogram.quantile(0.99),
                p999: histogram.quantile(0.999),
                max: histogram.quantile(1.0),
            },
            client_cpu_seconds_per_million: per_million(self.own_cpu, acknowledged),
            server,
            subscribers,
            readback,
            faults: faults.take(MAX_FAULTS).collect(),
        }
    }
}

/// Faults that a report tells of; the others are of the same kind.
const MAX_FAULTS: usize = 10;

fn per_million(cpu_seconds: f64, count: u64) -> f64 {
    cpu_seconds * 1e6 / count.max(1) as f64
}
