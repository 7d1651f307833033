//! Sends a recording: one connection a device, its messages in order, a window
//! of them in flight. A connection that breaks is made again, and goes on with
//! the first message that was not acknowledged.

use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::payload::ContentFormat;
use domain::payload::encode::{Reading, encode};
use domain::{DeviceTopic, ParsedValue, Timestamp};
use progress::{Progress, Unit};
use tokio::task::LocalSet;

use super::map::Map;
use super::recording::{DeviceRecording, Recording};
use crate::histogram::Histogram;
use crate::publisher::{Connection, Due, Manner, Source, publish_all};
use crate::wire::{Login, Qos};

/// Messages in flight for each device.
const WINDOW: usize = 64;
/// A broken connection is made again so often, without progress in between.
const RETRIES: u32 = 30;
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// How a recording is sent.
pub struct Sending {
    pub mqtt: SocketAddr,
    /// Seconds of the recording in one of ours; 0 is as fast as possible.
    pub speed: f64,
    /// One line `device,time` for each message that was acknowledged.
    pub acks: Option<File>,
}

/// What became of each device's messages.
#[derive(Default)]
pub struct Sent {
    /// In the order of the recording's devices: so many of its messages, from
    /// the first on, were acknowledged.
    pub acknowledged: Vec<u64>,
    pub latency: Histogram,
    pub seconds: f64,
    pub reconnects: u64,
    /// Device and fault, where one had to be given up.
    pub faults: Vec<String>,
}

struct Shared {
    recording: Arc<Recording>,
    map: Arc<Map>,
    mqtt: SocketAddr,
    speed: f64,
    start: Timestamp,
    began: Instant,
    acks: RefCell<Option<BufWriter<File>>>,
    sent: RefCell<Sent>,
    progress: Progress,
}

/// Blocks until everything was acknowledged or given up.
pub fn send(
    recording: &Arc<Recording>,
    map: &Arc<Map>,
    logins: Vec<Login>,
    sending: Sending,
) -> anyhow::Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shared = Rc::new(Shared {
        recording: Arc::clone(recording),
        map: Arc::clone(map),
        mqtt: sending.mqtt,
        speed: sending.speed,
        start: recording.start().unwrap_or(Timestamp::MIN),
        began: Instant::now(),
        acks: RefCell::new(sending.acks.map(BufWriter::new)),
        sent: RefCell::new(Sent {
            acknowledged: vec![0; recording.devices.len()],
            ..Sent::default()
        }),
        progress: Progress::new("sending", Unit::Of("messages"), recording.messages()),
    });
    let tasks = LocalSet::new();
    for (at, login) in logins.into_iter().enumerate() {
        tasks.spawn_local(one_device(Rc::clone(&shared), at, login));
    }
    runtime.block_on(tasks);
    if let Some(acks) = shared.acks.borrow_mut().as_mut() {
        acks.flush()?;
    }
    let mut sent = shared.sent.take();
    sent.seconds = shared.began.elapsed().as_secs_f64();
    Ok(sent)
}

async fn one_device(shared: Rc<Shared>, at: usize, login: Login) {
    let device = &shared.recording.devices[at];
    let topic = DeviceTopic::telemetry(&device.id).to_string();
    let manner = Manner {
        qos: Qos::AtLeastOnce,
        window: WINDOW,
    };
    let mut messages = Messages {
        shared: &shared,
        device,
        at,
        next: 0,
        acknowledged: 0,
    };
    let mut failures = 0;
    loop {
        let before = messages.acknowledged;
        messages.next = messages.acknowledged;
        let done = match Connection::open(shared.mqtt, &login).await {
            Err(fault) => Err(fault),
            Ok(mut connection) => {
                let done = publish_all(&mut connection, &topic, manner, &mut messages).await;
                connection.close().await;
                done
            }
        };
        let Err(fault) = done else { return };
        failures = if messages.acknowledged > before {
            1
        } else {
            failures + 1
        };
        if failures > RETRIES {
            let cause = fault
                .source()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            let line = format!("{}: {fault}{cause}", device.id);
            shared.sent.borrow_mut().faults.push(line);
            return;
        }
        shared.sent.borrow_mut().reconnects += 1;
        tokio::time::sleep(RETRY_WAIT).await;
    }
}

struct Messages<'a> {
    shared: &'a Shared,
    device: &'a DeviceRecording,
    at: usize,
    next: usize,
    acknowledged: usize,
}

impl Source for Messages<'_> {
    fn due(&mut self) -> Option<Due> {
        let message = self.device.messages.get(self.next)?;
        if self.shared.speed <= 0.0 {
            return Some(Due::Now);
        }
        let since = message.time.as_micros() - self.shared.start.as_micros();
        let after = (since.max(0) as f64 / 1e6) / self.shared.speed;
        Some(Due::At(self.shared.began + Duration::from_secs_f64(after)))
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        let message = &self.device.messages[self.next];
        let rules = &self.shared.map.rules;
        let readings: Vec<Reading<'_>> = self
            .device
            .values(message)
            .iter()
            .map(|(rule, value)| {
                let rule = &rules[usize::from(*rule)];
                let value = if rule.missing.contains(value) {
                    ParsedValue::Null
                } else {
                    ParsedValue::Number(*value)
                };
                Reading::new(rule.field.as_str(), value)
                    .at(message.time)
                    .in_unit(&rule.send)
            })
            .collect();
        self.next += 1;
        // Only a time before 1978 cannot be said, and no recording has one
        // that gets here: the platform then tells of an empty payload.
        let _ = encode(ContentFormat::SenmlJson, &readings, None, out);
    }

    fn acknowledged(&mut self, latency: Duration) {
        let time = self.device.messages[self.acknowledged].time;
        self.acknowledged += 1;
        let mut sent = self.shared.sent.borrow_mut();
        sent.acknowledged[self.at] = self.acknowledged as u64;
        sent.latency.record(latency);
        self.shared.progress.add(1);
        if let Some(acks) = self.shared.acks.borrow_mut().as_mut() {
            // A full disk shows at the flush at the end.
            let _ = writeln!(acks, "{},{time}", self.device.id);
        }
    }
}
