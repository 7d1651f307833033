//! One look at each device in service, some at a time.

use std::time::{Duration, Instant};

use device_registry::{Device, Snapshot};
use domain::{DeviceId, Timestamp};

use super::kept::{Fleet, KeptHealth, PassReport};
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

    /// Looks at the next `count` devices. Whether there are more of them; where
    /// there are none, those that are gone have lost their scores.
    pub fn step(&mut self, observer: &Observer<'_>, count: usize) -> bool {
        let began = Instant::now();
        let devices = observer.snapshot.devices(self.after.as_ref());
        let devices: Vec<_> = devices.take(count).collect();
        let serving = devices.iter().filter(|one| serves(one, observer.now));
        let mut found = Vec::with_capacity(devices.len());
        for device in serving {
            match observer.device_with(device, |_| true, true, &mut self.medians) {
                Ok(health) => {
                    let kept = KeptHealth::new(&health, observer.now);
                    found.push((device.id.clone(), kept));
                }
                Err(error) => {
                    tracing::debug!(device = %device.id, %error, "its health is not known");
                    self.report.failures += 1;
                }
            }
        }
        self.report.devices += found.len() as u64;
        self.fleet.put(found);
        if let Some(last) = devices.last() {
            self.after = Some(last.id.clone());
        }
        self.worked += began.elapsed();
        let more = devices.len() == count;
        if !more {
            self.end(observer.snapshot, observer.now);
        }
        more
    }

    fn end(&mut self, snapshot: &Snapshot, now: Timestamp) {
        let stands = |id: &DeviceId| {
            let device = snapshot.device(id.as_str());
            device.is_some_and(|device| serves(device, now))
        };
        self.report.worked = self.worked.as_secs_f64();
        if self.report.failures > 0 {
            let PassReport {
                failures, devices, ..
            } = self.report;
            tracing::warn!(failures, devices, "the health of some devices is not known");
        }
        self.fleet.end_pass(stands, self.report);
    }
}

/// One that is shut out does not fail: it is meant to be silent.
fn serves(device: &Device, now: Timestamp) -> bool {
    device.admitted(now)
}
