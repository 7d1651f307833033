//! What happens in the demo's world beside what follows from its seed: when it
//! began, and when a cloudburst stood over the upper valley. Kept in the data
//! folder, so that a later start goes on with the same world.
//!
//! The first start has one that has raised the river for a while, so that
//! something happens within the first minute; a start hours after the last one
//! begins another.

use std::path::Path;

use anyhow::{Context, bail};
use domain::Timestamp;
use firmware_sim::signal::{MAX_CLOUDBURSTS, World};
use serde::{Deserialize, Serialize};

use crate::config::SIMULATED_FILE;

/// The fleet is the same at every start.
const SEED: u64 = 20_200_806;
/// So long before the first start the first cloudburst began: the river's rise
/// passes half a metre in an hour in the minute that follows.
const LEAD_SECONDS: i64 = 2_090;
/// After so long another one begins at a start: the last has run off.
const AGAIN_SECONDS: i64 = 6 * 3_600;
const MICROS: i64 = 1_000_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Story {
    about: String,
    /// RFC 3339: the moment of the first start, when the past ends.
    start: String,
    /// Days of the past.
    pub(super) days: u32,
    /// Whether the past is there, whole.
    past_made: bool,
    /// RFC 3339, oldest first.
    cloudbursts: Vec<String>,
}

/// A demo before this one showed invented values under names that exist.
pub(super) fn refuse_older(data: &Path) -> anyhow::Result<()> {
    if data.join("demo.seed").exists() && !data.join(SIMULATED_FILE).exists() {
        bail!(
            "{} is of an older demo, whose agencies had real names: remove it, or choose another folder with --data",
            data.display()
        );
    }
    Ok(())
}

impl Story {
    pub(super) fn open(data: &Path, days: u32) -> anyhow::Result<Self> {
        let now = crate::runtime::timestamp(std::time::SystemTime::now());
        let path = data.join(SIMULATED_FILE);
        let mut story = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} cannot be read", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::begin(now, days),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        story.go_on(now)?;
        story.keep(data)?;
        Ok(story)
    }

    fn begin(now: Timestamp, days: u32) -> Self {
        Self {
            about: "Everything in this folder is simulated: madang demo".to_owned(),
            start: now.to_rfc3339(),
            days,
            past_made: days == 0,
            cloudbursts: vec![before(now, LEAD_SECONDS).to_rfc3339()],
        }
    }

    fn go_on(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let last = self.bursts()?.pop();
        if last.is_none_or(|last| last < before(now, AGAIN_SECONDS)) {
            self.cloudbursts.push(now.to_rfc3339());
        }
        let gone = self.cloudbursts.len().saturating_sub(MAX_CLOUDBURSTS);
        self.cloudbursts.drain(..gone);
        Ok(())
    }

    fn keep(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(SIMULATED_FILE);
        crate::ready::replace(&path, &serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn bursts(&self) -> anyhow::Result<Vec<Timestamp>> {
        let read = |text: &String| {
            Timestamp::parse(text).with_context(|| format!("{SIMULATED_FILE}: {text} is no time"))
        };
        self.cloudbursts.iter().map(read).collect()
    }

    pub(super) fn seed(&self) -> u64 {
        SEED
    }

    pub(super) fn world(&self) -> anyhow::Result<World> {
        let mut world = World::calm(SEED);
        for (place, begun) in world.cloudbursts.iter_mut().zip(self.bursts()?) {
            *place = Some(begun.as_micros() as f64 / 1e6);
        }
        Ok(world)
    }

    /// First and last moment of the past, where it is still to be made.
    pub(super) fn past(&self) -> anyhow::Result<Option<(Timestamp, Timestamp)>> {
        if self.past_made {
            return Ok(None);
        }
        let start = Timestamp::parse(&self.start)
            .with_context(|| format!("{SIMULATED_FILE}: {} is no time", self.start))?;
        let from = before(start, i64::from(self.days) * 86_400);
        Ok(Some((from, start)))
    }

    pub(super) fn past_is_made(&mut self, data: &Path) -> anyhow::Result<()> {
        self.past_made = true;
        self.keep(data)
    }
}

const fn before(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(time.as_micros() - seconds * MICROS)
}
