//! What a fleet's devices measured before they were there: a past for charts,
//! exports and aggregates, as devices send it that were long without a link.
//! It goes over MQTT with each device's own login and the true times, many
//! readings a message; sent twice, it is the same values at the same times.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use domain::payload::encode::{Reading, encode};
use domain::payload::{ContentFormat, MAX_OBSERVATIONS};
use domain::{DeviceTopic, Timestamp};
use tokio::task::LocalSet;

use super::SimulatedDevice;
use super::readings::Scene;
use crate::clock::now;
use crate::publisher::{Connection, Due, Manner, Source, publish_all};
use crate::signal::World;
use crate::wire::{Login, Qos};

/// Connections that stand at once.
const LANES: usize = 16;
/// Messages in flight on each.
const WINDOW: usize = 4;
const TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);

pub struct PastConfig {
    pub mqtt: SocketAddr,
    pub devices: Vec<SimulatedDevice>,
    pub world: World,
    pub audience: String,
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// Between two readings of a device.
    pub step: Duration,
}

impl PastConfig {
    /// Readings of all devices: each has some fields.
    pub fn readings(&self) -> u64 {
        self.devices
            .iter()
            .map(|device| self.times(device).count() as u64)
            .sum()
    }

    /// A device measures at its own moment of each step.
    fn times(&self, device: &SimulatedDevice) -> impl Iterator<Item = Timestamp> + use<> {
        let step = (self.step.as_millis() as i64).max(1);
        let own = (device.planned.hash % step as u64) as i64;
        let (from, to) = (self.from.as_micros() / 1_000, self.to.as_micros() / 1_000);
        let first = from + (own - from).rem_euclid(step);
        (first..to)
            .step_by(step as usize)
            .map(|millis| Timestamp::from_micros(millis * 1_000))
    }
}

/// Sends it all and waits until it is acknowledged; `acknowledged` is told of
/// each message's readings. Blocks.
pub fn send(config: PastConfig, acknowledged: impl Fn(u64) + 'static) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let config = Rc::new(config);
    let acknowledged: Rc<dyn Fn(u64)> = Rc::new(acknowledged);
    let tasks = LocalSet::new();
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| {
            let (config, acknowledged) = (Rc::clone(&config), Rc::clone(&acknowledged));
            tasks.spawn_local(async move {
                for device in config.devices.iter().skip(lane).step_by(LANES) {
                    one(&config, device, &acknowledged)
                        .await
                        .with_context(|| format!("the past of {}", device.planned.id))?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    tasks.block_on(&runtime, async {
        for lane in lanes {
            lane.await??;
        }
        Ok(())
    })
}

async fn one(
    config: &PastConfig,
    device: &SimulatedDevice,
    acknowledged: &Rc<dyn Fn(u64)>,
) -> anyhow::Result<()> {
    let id = &device.planned.id;
    let token = device.key.jwt(id, &config.audience, now(), TOKEN_LIFETIME);
    let login = Login {
        client_id: id.to_string(),
        credentials: Some((id.to_string(), token)),
    };
    let mut messages = Messages {
        device,
        world: config.world,
        times: config.times(device).collect(),
        written: 0,
        in_flight: std::collections::VecDeque::new(),
        acknowledged,
    };
    let mut connection = Connection::open(config.mqtt, &login).await?;
    let manner = Manner {
        qos: Qos::AtLeastOnce,
        window: WINDOW,
    };
    let topic = DeviceTopic::telemetry(id).to_string();
    publish_all(&mut connection, &topic, manner, &mut messages).await?;
    connection.close().await;
    Ok(())
}

struct Messages<'a> {
    device: &'a SimulatedDevice,
    world: World,
    times: Vec<Timestamp>,
    written: usize,
    /// Readings of each message that is under way.
    in_flight: std::collections::VecDeque<u64>,
    acknowledged: &'a Rc<dyn Fn(u64)>,
}

impl Source for Messages<'_> {
    fn due(&mut self) -> Option<Due> {
        (self.written < self.times.len()).then_some(Due::Now)
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        let before = self.written;
        let mut readings: Vec<Reading<'static>> = Vec::with_capacity(MAX_OBSERVATIONS);
        while let Some(time) = self.times.get(self.written) {
            let scene = Scene {
                device: &self.device.planned,
                world: self.world,
                time: time.as_micros() as f64 / 1e6,
            };
            let measured = scene.readings();
            if readings.len() + measured.len() > MAX_OBSERVATIONS {
                break;
            }
            readings.extend(measured.into_iter().map(|reading| reading.at(*time)));
            self.written += 1;
        }
        encode(ContentFormat::CompactJson, &readings, None, out)
            .expect("finite numbers without a unit");
        self.in_flight.push_back((self.written - before) as u64);
    }

    fn acknowledged(&mut self, _: Duration) {
        if let Some(readings) = self.in_flight.pop_front() {
            (self.acknowledged)(readings);
        }
    }
}
