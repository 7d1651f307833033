//! One thread of publishers: connects them all, waits for the others, sends.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use domain::{DeviceId, DeviceTopic};
use tokio::task::LocalSet;

use super::config::Pace;
use super::telemetry::Telemetry;
use crate::histogram::Histogram;
use crate::publisher::{Connection, Due, Manner, PublishError, Source, publish_all};
use crate::wire::Login;

/// One device of the load.
#[derive(Clone)]
pub(super) struct Publisher {
    pub(super) number: u64,
    pub(super) id: DeviceId,
    pub(super) login: Login,
}

/// What all threads do.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) mqtt: SocketAddr,
    pub(super) manner: Manner,
    pub(super) pace: Pace,
    /// Messages for each publisher.
    pub(super) each: u64,
    pub(super) telemetry: Arc<Telemetry>,
    /// Acknowledged by all publishers, told by each in steps of [`told_step`].
    pub(super) told: Arc<AtomicU64>,
    /// Passed twice: when all are connected, and at the start of the clock.
    pub(super) start: Arc<Barrier>,
}

/// What became of one publisher.
pub(super) struct Outcome {
    pub(super) publisher: Publisher,
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) latency: Histogram,
    pub(super) fault: Option<String>,
}

pub(super) fn run(work: &Work, publishers: &[Publisher]) -> anyhow::Result<Vec<Outcome>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let connections = match &runtime {
        Ok(runtime) => runtime.block_on(connect(work, publishers)),
        Err(_) => Vec::new(),
    };
    // Whatever went wrong, the other threads must not wait for ever.
    work.start.wait();
    work.start.wait();
    let runtime = runtime?;
    let began = Instant::now();
    let tasks = LocalSet::new();
    let work = Rc::new(work.clone());
    let handles: Vec<_> = connections
        .into_iter()
        .map(|(publisher, connection)| {
            tasks.spawn_local(one(Rc::clone(&work), publisher, connection, began))
        })
        .collect();
    runtime.block_on(tasks.run_until(async move {
        let mut outcomes = Vec::with_capacity(handles.len());
        for handle in handles {
            outcomes.push(handle.await?);
        }
        Ok(outcomes)
    }))
}

type Connected = (Publisher, Result<Connection, PublishError>);

async fn connect(work: &Work, publishers: &[Publisher]) -> Vec<Connected> {
    let mut connections = Vec::with_capacity(publishers.len());
    for publisher in publishers {
        let connection = Connection::open(work.mqtt, &publisher.login).await;
        connections.push((publisher.clone(), connection));
    }
    connections
}

async fn one(
    work: Rc<Work>,
    publisher: Publisher,
    connection: Result<Connection, PublishError>,
    began: Instant,
) -> Outcome {
    let mut messages = Messages {
        work: Rc::clone(&work),
        device: publisher.number,
        began,
        sent: 0,
        acknowledged: 0,
        latency: Histogram::default(),
    };
    let topic = DeviceTopic::telemetry(&publisher.id).to_string();
    let done = match connection {
        Err(fault) => Err(fault),
        Ok(mut connection) => {
            let done = publish_all(&mut connection, &topic, work.manner, &mut messages).await;
            connection.close().await;
            done
        }
    };
    Outcome {
        publisher,
        sent: messages.sent,
        acknowledged: messages.acknowledged,
        latency: messages.latency,
        fault: done.err().map(|fault| fault.with_cause()),
    }
}

/// The messages of one publisher.
struct Messages {
    work: Rc<Work>,
    device: u64,
    began: Instant,
    sent: u64,
    acknowledged: u64,
    latency: Histogram,
}

impl Source for Messages {
    fn due(&mut self) -> Option<Due> {
        if self.sent == self.work.each {
            return None;
        }
        Some(match self.work.pace {
            Pace::InFlight(_) => Due::Now,
            Pace::PerSecond(rate) => {
                // Spread over the first period, as sensors are.
                let phase = (self.device as f64 * GOLDEN_RATIO).fract();
                let after = (self.sent as f64 + phase) / rate;
                Due::At(self.began + Duration::from_secs_f64(after))
            }
        })
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        self.work.telemetry.write(self.device, self.sent, out);
        self.sent += 1;
    }

    fn acknowledged(&mut self, latency: Duration) {
        self.acknowledged += 1;
        self.latency.record(latency);
        let step = told_step(self.work.each);
        if self.acknowledged.is_multiple_of(step) {
            self.work.told.fetch_add(step, Ordering::Relaxed);
        }
    }
}

/// Rare enough that telling how far it is costs the measurement nothing.
fn told_step(each: u64) -> u64 {
    /// Of one publisher's messages.
    const STEPS: u64 = 64;
    (each / STEPS).max(1)
}

/// Its multiples spread any number of publishers evenly over a period.
pub(super) const GOLDEN_RATIO: f64 = 0.618_033_988_749_894_9;
