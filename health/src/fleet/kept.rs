//! What is kept of each device, and in short of all.

use domain::{DatastreamId, DeviceId, Timestamp};
use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;

use crate::gather::DeviceHealth;
use crate::part::Part;
use crate::words::NEVER;

/// How a score reads at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Band {
    Good,
    Fair,
    Poor,
}

impl Band {
    pub const ALL: [Self; 3] = [Self::Good, Self::Fair, Self::Poor];

    pub const fn of(score: u8) -> Self {
        match score {
            80.. => Self::Good,
            50..80 => Self::Fair,
            _ => Self::Poor,
        }
    }

    /// A short stable word for the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
        }
    }
}

/// How many there are in each band.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bands([u64; 3]);

impl Bands {
    pub const fn count(&self, band: Band) -> u64 {
        self.0[band as usize]
    }

    fn add(&mut self, score: u8) {
        self.0[Band::of(score) as usize] += 1;
    }

    fn take(&mut self, score: u8) {
        self.0[Band::of(score) as usize] -= 1;
    }
}

/// A device's health as its agency sees it, when it was last looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct KeptHealth {
    pub at: Timestamp,
    pub score: u8,
    /// The parts that took points, the greatest loss first.
    pub losses: Box<[Part]>,
    pub datastreams: Box<[(DatastreamId, u8)]>,
}

impl KeptHealth {
    pub(super) fn new(found: &DeviceHealth<'_>, at: Timestamp) -> Self {
        let of_fields = found.datastreams.iter();
        Self {
            at,
            score: found.health.score(),
            losses: found.health.losses().into_iter().cloned().collect(),
            datastreams: of_fields
                .map(|(datastream, health)| (datastream.id, health.score()))
                .collect(),
        }
    }

    /// A short word for each of them, or [`NEVER`].
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> {
        let never = (self.score == 0 && self.losses.is_empty()).then_some(NEVER);
        self.losses.iter().map(Part::reason).chain(never)
    }
}

/// What a pass over all devices took.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PassReport {
    pub devices: u64,
    /// Devices whose data could not be read: their former scores stay.
    pub failures: u64,
    /// Seconds of work, without the pauses.
    pub worked: f64,
}

/// Shared by the pass and by those who ask.
#[derive(Debug, Default)]
pub struct Fleet {
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    devices: FxHashMap<DeviceId, KeptHealth>,
    bands: Bands,
    datastream_bands: Bands,
    passes: u64,
    last_pass: PassReport,
}

/// The scores at one moment: the pass waits as long as this is held.
pub struct Scores<'a>(RwLockReadGuard<'a, Kept>);

impl Scores<'_> {
    /// `None`: nobody has looked at it yet, or it is out of service.
    pub fn of(&self, device: &DeviceId) -> Option<&KeptHealth> {
        self.0.devices.get(device)
    }

    /// Of all devices that have a score.
    pub fn bands(&self) -> Bands {
        self.0.bands
    }

    /// Of their datastreams.
    pub fn datastream_bands(&self) -> Bands {
        self.0.datastream_bands
    }

    /// Passes that came to their end, and what the last one took.
    pub fn passes(&self) -> (u64, PassReport) {
        (self.0.passes, self.0.last_pass)
    }
}

impl Fleet {
    pub fn scores(&self) -> Scores<'_> {
        Scores(self.kept.read())
    }

    pub(super) fn put(&self, found: Vec<(DeviceId, KeptHealth)>) {
        let mut kept = self.kept.write();
        for (device, health) in found {
            kept.put(device, health);
        }
    }

    /// Ends a pass: those that are not in `stands` are gone.
    pub(super) fn end_pass(&self, stands: impl Fn(&DeviceId) -> bool, report: PassReport) {
        let gone: Vec<DeviceId> = {
            let kept = self.kept.read();
            kept.devices
                .keys()
                .filter(|id| !stands(id))
                .cloned()
                .collect()
        };
        let mut kept = self.kept.write();
        for device in &gone {
            if let Some(old) = kept.devices.remove(device) {
                kept.take(&old);
            }
        }
        kept.passes += 1;
        kept.last_pass = report;
    }
}

impl Kept {
    fn put(&mut self, device: DeviceId, health: KeptHealth) {
        self.bands.add(health.score);
        for (_, score) in &health.datastreams {
            self.datastream_bands.add(*score);
        }
        if let Some(old) = self.devices.insert(device, health) {
            self.take(&old);
        }
    }

    fn take(&mut self, old: &KeptHealth) {
        self.bands.take(old.score);
        for (_, score) in &old.datastreams {
            self.datastream_bands.take(*score);
        }
    }
}
