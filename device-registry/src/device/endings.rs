//! Which devices will be shut out soon: told in their events while there is time
//! to do something about it.

use domain::{DeviceId, Timestamp};
use rustc_hash::FxHashMap;

use super::Device;
use super::rotate::DAY_MICROS;
use crate::events::{EventKind, NewEvent};
use crate::registry::Registry;

/// What ends soon, and has been told.
#[derive(Default, Debug)]
pub struct EndingsTold(FxHashMap<DeviceId, (Timestamp, u32)>);

/// Days before an end at which it is told.
pub const TOLD_DAYS_BEFORE: [u32; 3] = [1, 7, 30];

impl Registry {
    /// Tells of each device that will be shut out by a time that is set: once 30,
    /// 7 and 1 days before, in its events. How many were told.
    pub fn tell_endings(&self, told: &mut EndingsTold) -> usize {
        let now = self.now();
        let snapshot = self.snapshot();
        let mut count = 0;
        for device in snapshot.devices(None).filter(|device| device.admitted(now)) {
            let end = last_day(device, now);
            let soon = end.and_then(|end| Some((end, told_days_before(end, now)?)));
            let Some((end, days)) = soon else {
                told.0.remove(&device.id);
                continue;
            };
            if told.0.insert(device.id.clone(), (end, days)) != Some((end, days)) {
                self.tell_ending(device, end, now);
                count += 1;
            }
        }
        count
    }

    fn tell_ending(&self, device: &Device, end: Timestamp, now: Timestamp) {
        let reason = format!(
            "the device is refused from {end} on: its last credential or its registration ends"
        );
        self.events().record(NewEvent {
            time: now,
            device: Some(device.id.clone()),
            login: device.id.as_str(),
            peer: "",
            listener: "registry",
            kind: EventKind::ExpiresSoon,
            reason: &reason,
            cure: "let the device send its next key (POST /v1/devices/{id}/next-key), add one (.../keys), or set a later end (PATCH)",
            head: &[],
        });
    }
}

/// Which of the [`TOLD_DAYS_BEFORE`] it is at `now`; `None`: there is time yet.
pub(crate) fn told_days_before(end: Timestamp, now: Timestamp) -> Option<u32> {
    let rest = end.as_micros().saturating_sub(now.as_micros());
    let mut days = TOLD_DAYS_BEFORE.into_iter();
    days.find(|days| rest <= i64::from(*days) * DAY_MICROS)
}

/// When the device is shut out, where that is set: its own end, or that of the
/// credential that lasts longest.
fn last_day(device: &Device, now: Timestamp) -> Option<Timestamp> {
    let active = device.credentials.iter().filter(|one| !one.expired(now));
    let mut ends = active.map(|credential| credential.expires);
    let last = match ends.next() {
        // Without a credential it was not let in before either.
        None => None,
        Some(first) => ends.fold(first, |last, other| Some(last?.max(other?))),
    };
    [device.expires, last].into_iter().flatten().min()
}
