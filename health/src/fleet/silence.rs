//! Between two close looks: which devices are silent by now, and which of them have
//! to be looked at closely before it is their turn.

use domain::DeviceId;

use super::kept::Heard;
use super::pass::serves;
use super::table::Fleet;
use crate::gather::Observer;

/// Devices between two changes of the scores: who asks for them waits for one.
const TOGETHER: usize = 256;

impl Fleet {
    /// Brings the silence of all devices up to date, from the newest receipts alone:
    /// about a microsecond each. Gives those that nobody has looked at, or of which
    /// there is more to know than there was.
    pub fn look_for_silence(&self, observer: &Observer<'_>) -> Vec<DeviceId> {
        self.retain_serving(observer);
        let received = |id| observer.plane.latest(id).map(|newest| newest.received);
        let all = observer.snapshot.devices(None);
        let mut serving = all.filter(|device| serves(device, observer.now));
        let mut unknown = Vec::new();
        loop {
            let devices: Vec<_> = serving.by_ref().take(TOGETHER).collect();
            if devices.is_empty() {
                return unknown;
            }
            let scores = self.scores();
            let of_each = devices.iter().map(|device| scores.of(device).cloned());
            let kept: Vec<_> = of_each.collect();
            drop(scores);
            let mut changed = Vec::new();
            for (device, kept) in devices.into_iter().zip(kept) {
                let heard = kept.map(|kept| kept.heard(device, observer.now, received));
                match heard.unwrap_or(Heard::Unknown) {
                    Heard::Same => {}
                    Heard::Changed(health) => changed.push((device.id.clone(), health)),
                    Heard::Unknown => unknown.push(device.id.clone()),
                }
            }
            self.put(changed);
        }
    }
}
