//! What is kept of each device.

use device_registry::Device;
use domain::{AgencyId, DatastreamId, Timestamp};

use crate::gather::DeviceHealth;
use crate::part::{Part, PartKind};
use crate::score::{Health, greatest_first, score_without, seen_part};
use crate::summary::silence;
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

    pub(super) fn add(&mut self, score: u8) {
        self.0[Band::of(score) as usize] += 1;
    }

    pub(super) fn take(&mut self, score: u8) {
        self.0[Band::of(score) as usize] -= 1;
    }
}

/// A device's health as its agency sees it, when it was last looked at closely.
#[derive(Clone, PartialEq, Debug)]
pub struct KeptHealth {
    /// Whose it was then.
    pub agency: AgencyId,
    pub at: Timestamp,
    pub score: u8,
    /// The parts that take points, the greatest loss first; silence as it stands.
    pub losses: Box<[Part]>,
    pub datastreams: Box<[KeptSeries]>,
}

/// Of one of its datastreams.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct KeptSeries {
    pub id: DatastreamId,
    pub score: u8,
    /// Seconds of silence that are fine; `None`: nothing was ever received.
    fine_silence: Option<f32>,
    /// Points that all parts but silence take.
    other_points: f32,
}

/// What a device's newest receipts say of its kept health.
pub(super) enum Heard {
    /// It stands.
    Same,
    /// It is silent, comes again, or is silent for longer.
    Changed(KeptHealth),
    /// It has to be looked at closely.
    Unknown,
}

impl KeptSeries {
    fn new(id: DatastreamId, health: &Health) -> Self {
        let others = health
            .parts
            .iter()
            .filter(|part| part.kind != PartKind::Seen);
        Self {
            id,
            score: health.score(),
            fine_silence: health.part(PartKind::Seen).map(|seen| seen.fine as f32),
            other_points: others.map(Part::points).sum::<f64>() as f32,
        }
    }
}

impl KeptHealth {
    pub(super) fn new(device: &Device, found: &DeviceHealth<'_>, at: Timestamp) -> Self {
        let of_fields = found.datastreams.iter();
        Self {
            agency: device.agency.clone(),
            at,
            score: found.health.score(),
            losses: found.health.losses().into_iter().cloned().collect(),
            datastreams: of_fields
                .map(|(datastream, health)| KeptSeries::new(datastream.id, health))
                .collect(),
        }
    }

    /// A short word for each of them, or [`NEVER`].
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> {
        let never = (self.score == 0 && self.losses.is_empty()).then_some(NEVER);
        self.losses.iter().map(Part::reason).chain(never)
    }

    /// The health with the silence of now; all else stands as it was.
    /// `received` tells the newest receipt of a datastream.
    pub(super) fn heard(
        &self,
        device: &Device,
        now: Timestamp,
        received: impl Fn(DatastreamId) -> Option<Timestamp>,
    ) -> Heard {
        let has_the_same = device.datastreams.len() == self.datastreams.len();
        if self.agency != device.agency || !has_the_same {
            return Heard::Unknown;
        }
        let mut best: Option<Part> = None;
        let mut datastreams = self.datastreams.clone();
        for series in &mut datastreams {
            let (received, fine) = match (received(series.id), series.fine_silence) {
                (Some(received), Some(fine)) => (received, fine),
                (None, None) => continue,
                _ => return Heard::Unknown,
            };
            let seen = seen_part(silence(received, now), f64::from(fine));
            series.score = score_without(f64::from(series.other_points) + seen.points());
            if best.as_ref().is_none_or(|best| seen.score > best.score) {
                best = Some(seen);
            }
        }
        // Of a device from which nothing ever came there is nothing new.
        let Some(seen) = best else {
            return Heard::Same;
        };
        let others = self
            .losses
            .iter()
            .filter(|part| part.kind != PartKind::Seen);
        let silent = (seen.score < 100.0).then_some(seen);
        let mut losses: Vec<Part> = others.cloned().chain(silent).collect();
        greatest_first(&mut losses);
        if datastreams == self.datastreams && *losses == *self.losses {
            return Heard::Same;
        }
        Heard::Changed(Self {
            agency: self.agency.clone(),
            at: self.at,
            score: score_without(losses.iter().map(Part::points).sum()),
            losses: losses.into(),
            datastreams,
        })
    }
}
