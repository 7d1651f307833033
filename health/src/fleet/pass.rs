//! One close look at each device in service, some at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::Device;
use domain::{DeviceId, Timestamp};

use super::kept::KeptHealth;
use super::table::{Fleet, PassReport};
use crate::gather::Observer;
use crate::medians::Medians;

/// How far it has come.
pub struct Pass<'f> {
    fleet: &'f Fleet,
    /// The last device that was looked at.
    after: Option<DeviceId>,
    /// What one device needs of another was worked out once.
    medians: Medians,
    report: PassReport,
    worked: Duration,
}

impl<'f> Pass<'f> {
    pub fn begin(fleet: &'f Fleet) -> Self {
        Self {
            fleet,
            after: None,
            medians: Medians::default(),
            report: PassReport::default(),
            worked: Duration::ZERO,
        }
    }

    /// Looks closely at the next `count` devices. Whether there are more of them;
    /// where there are none, those that are gone have lost their scores.
    pub fn step(&mut self, observer: &Observer<'_>, count: usize) -> bool {
        let devices = observer.snapshot.devices(self.after.as_ref());
        let devices: Vec<_> = devices.take(count).collect();
        self.report.devices += self.look_at(observer, devices.iter().copied());
        if let Some(last) = devices.last() {
            self.after = Some(last.id.clone());
        }
        let more = devices.len() == count;
        if !more {
            self.end(observer);
        }
        more
    }

    /// Looks closely at some devices out of turn.
    pub fn look_first_at(&mut self, observer: &Observer<'_>, ids: &[DeviceId]) {
        let devices = ids
            .iter()
            .filter_map(|id| observer.snapshot.device(id.as_str()));
        self.look_at(observer, devices);
    }

    /// How many of them have a score now.
    fn look_at<'d>(
        &mut self,
        observer: &Observer<'d>,
        devices: impl Iterator<Item = &'d Arc<Device>>,
    ) -> u64 {
        let began = Instant::now();
        let mut found = Vec::new();
        for device in devices.filter(|one| serves(one, observer.now)) {
            match observer.device_with(device, |_| true, true, &mut self.medians) {
                Ok(health) => {
                    let kept = KeptHealth::new(device, &health, observer.now);
                    found.push((device.id.clone(), kept));
                }
                Err(error) => {
                    tracing::debug!(device = %device.id, %error, "its health is not known");
                    self.report.failures += 1;
                }
            }
        }
        let count = found.len() as u64;
        self.fleet.put(found);
        self.worked += began.elapsed();
        count
    }

    fn end(&mut self, observer: &Observer<'_>) {
        self.report.worked = self.worked.as_secs_f64();
        if self.report.failures > 0 {
            let PassReport {
                failures, devices, ..
            } = self.report;
            tracing::warn!(failures, devices, "the health of some devices is not known");
        }
        self.fleet.retain_serving(observer);
        self.fleet.end_pass(self.report);
    }
}

impl Fleet {
    /// Takes the scores of those away that serve no more.
    pub(super) fn retain_serving(&self, observer: &Observer<'_>) {
        self.retain(|id| {
            let device = observer.snapshot.device(id.as_str());
            device.is_some_and(|device| serves(device, observer.now))
        });
    }
}

/// One that is shut out does not fail: it is meant to be silent.
pub(super) fn serves(device: &Device, now: Timestamp) -> bool {
    device.admitted(now)
}
