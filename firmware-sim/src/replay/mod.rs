//! A recording of real sensors, sent again by devices of the same names, with
//! the times that it has, at any speed; then read back and compared.

pub mod map;
pub mod recording;
pub mod sender;
pub mod verify;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use progress::{Progress, Unit};
use sdk::api::NewDevice;

use crate::clock::now;
use crate::registration::{Platform, anonymous, key_of, new_device};
use map::{Map, data_file};
use recording::{DeviceNote, Recording, Span};
use sender::{Sending, Sent};
use verify::Comparison;

/// What the keys of replayed devices follow from: the same at every run.
const KEY_SECRET: &str = "firmware-sim replay";

pub struct ReplayConfig {
    pub file: PathBuf,
    /// A map that comes along, or a file.
    pub map: String,
    /// Seconds of the recording in one of ours; 0 is as fast as possible.
    pub speed: f64,
    pub mqtt: SocketAddr,
    /// Where devices are registered; without it they log in as nobody.
    pub platform: Option<Platform>,
    /// Device names and positions; `devices.csv` beside the file by default.
    pub devices: Option<PathBuf>,
    pub acks: Option<PathBuf>,
    pub verify: bool,
    /// What of the recording is sent.
    pub span: Span,
}

pub struct Replay {
    pub title: String,
    pub recording: Arc<Recording>,
    pub sent: Sent,
    pub comparison: Option<Comparison>,
}

impl Replay {
    pub fn acknowledged(&self) -> u64 {
        self.sent.acknowledged.iter().sum()
    }

    /// Something was sent, all of what the recording holds was, and it came
    /// back equal where it was read back.
    pub fn is_sound(&self) -> bool {
        let sent = self.acknowledged() > 0 && self.acknowledged() == self.recording.messages();
        sent && self.recording.unmapped.is_empty()
            && self.sent.faults.is_empty()
            && self.comparison.as_ref().is_none_or(Comparison::is_complete)
    }
}

/// Runs a replay to its end. Blocks.
pub fn run(config: &ReplayConfig) -> anyhow::Result<Replay> {
    let map = Arc::new(Map::load(&config.map)?);
    let recording = Arc::new(Recording::open(&config.file, &map, config.span)?);
    if let Some(platform) = &config.platform {
        register(platform, config, &map, &recording)?;
    }
    let logins = recording
        .devices
        .iter()
        .map(|device| match &config.platform {
            None => anonymous(&device.id),
            Some(platform) => platform.login(&device.id, &key_of(KEY_SECRET, &device.id), now()),
        })
        .collect();
    let acks = config.acks.as_deref().map(create).transpose()?;
    let sending = Sending {
        mqtt: config.mqtt,
        speed: config.speed,
        acks,
    };
    let sent = sender::send(&recording, &map, logins, sending)?;
    let comparison = match &config.platform {
        Some(platform) if config.verify => {
            let progress = Progress::new(
                "reading back",
                Unit::Of("devices"),
                recording.devices.len() as u64,
            );
            Some(verify::compare(
                &platform.api,
                &map,
                &recording,
                &sent.acknowledged,
                &progress,
            )?)
        }
        _ => None,
    };
    Ok(Replay {
        title: map.title.clone(),
        recording,
        sent,
        comparison,
    })
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

fn register(
    platform: &Platform,
    config: &ReplayConfig,
    map: &Map,
    recording: &Recording,
) -> anyhow::Result<()> {
    platform.agency(&map.agency, &map.agency_name)?;
    for id in &map.models {
        let file = data_file(id).context("a map names only models that come along")?;
        platform
            .api
            .add_model(file.as_bytes())
            .with_context(|| format!("the model {id}"))?;
    }
    let beside = || config.file.with_file_name("devices.csv");
    let notes = recording::notes(&config.devices.clone().unwrap_or_else(beside))?;
    let devices: Vec<NewDevice> = recording
        .devices
        .iter()
        .map(|device| {
            let DeviceNote { name, position } =
                notes.get(device.id.as_str()).cloned().unwrap_or_default();
            let key = key_of(KEY_SECRET, &device.id);
            NewDevice {
                name,
                ..new_device(
                    device.id.clone(),
                    map.agency.clone(),
                    device.model.clone(),
                    &key,
                    position,
                )
            }
        })
        .collect();
    platform.devices(&devices)
}
