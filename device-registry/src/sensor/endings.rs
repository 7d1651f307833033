//! Which calibrations will run out soon: told in their devices' events while there
//! is time to do something about it.

use domain::{DeviceId, SensorId, Timestamp};
use rustc_hash::FxHashMap;

use crate::device::told_days_before;
use crate::events::{EventKind, NewEvent};
use crate::registry::Registry;
use crate::store::{EndingCalibration, StoreError};

/// What runs out soon, and has been told.
#[derive(Default, Debug)]
pub struct CalibrationsTold(FxHashMap<(DeviceId, SensorId), (Timestamp, u32)>);

impl Registry {
    /// Tells of each sensor in use whose newest calibration runs out: once 30, 7 and
    /// 1 days before, in its device's events. How many were told.
    pub fn tell_calibration_ends(&self, told: &mut CalibrationsTold) -> Result<usize, StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let mut soon = FxHashMap::default();
        let mut count = 0;
        let mut after = None;
        loop {
            let page = self.store().calibrations_ending(now, after.as_ref())?;
            for ending in &page {
                let device = snapshot.device(ending.device.as_str());
                let is_used = device.is_some_and(|device| device.decommissioned.is_none());
                let Some(days) = told_days_before(ending.until, now).filter(|_| is_used) else {
                    continue;
                };
                let key = (ending.device.clone(), ending.sensor);
                let news = (ending.until, days);
                if told.0.get(&key) != Some(&news) {
                    self.tell_calibration_end(ending, now);
                    count += 1;
                }
                soon.insert(key, news);
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        told.0 = soon;
        Ok(count)
    }

    fn tell_calibration_end(&self, ending: &EndingCalibration, now: Timestamp) {
        let EndingCalibration {
            device,
            sensor,
            name,
            until,
        } = ending;
        let reason = format!("the calibration of sensor {sensor} ({name}) runs out at {until}");
        self.events().record(NewEvent {
            time: now,
            device: Some(device.clone()),
            login: device.as_str(),
            peer: "",
            listener: "registry",
            kind: EventKind::CalibrationEnds,
            reason: &reason,
            cure: "calibrate it and record that (POST /v1/devices/{id}/sensors/{sensor}/calibrations), or put in another sensor",
            head: &[],
        });
    }
}
