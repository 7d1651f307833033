//! The payloads of a device's last messages without a time of their own, by
//! hash: what tells a resent one (MQTT's DUP).
//!
//! Bounded twice: [`PER_DEVICE`] hashes a device, and [`MAX_HASHES`] in all.
//! Devices are kept in two generations; when the young one is full, the old one
//! is dropped, so that who was silent longest is forgotten first.

use domain::DeviceId;
use rustc_hash::FxHashMap;

/// Frames of a device that a resent payload is looked for in.
pub(super) const PER_DEVICE: usize = 256;
/// Hashes remembered over all devices: 32 MiB.
const MAX_HASHES: usize = 4 << 20;

/// The last hashes of every device that sends without times.
#[derive(Default)]
pub(crate) struct Payloads {
    young: FxHashMap<DeviceId, Ring>,
    old: FxHashMap<DeviceId, Ring>,
    young_hashes: usize,
}

/// The last hashes of one device; the oldest is overwritten.
#[derive(Default)]
struct Ring {
    hashes: Vec<u64>,
    next: usize,
}

impl Ring {
    /// True where it grew.
    fn push(&mut self, hash: u64) -> bool {
        if self.hashes.len() < PER_DEVICE {
            self.hashes.push(hash);
            return true;
        }
        self.hashes[self.next] = hash;
        self.next = (self.next + 1) % PER_DEVICE;
        false
    }

    fn oldest_first(&self) -> impl Iterator<Item = u64> + '_ {
        let (newer, older) = self.hashes.split_at(self.next);
        older.iter().chain(newer).copied()
    }
}

impl Payloads {
    pub(super) fn contains(&mut self, device: &DeviceId, hash: u64) -> bool {
        let ring = self.young.get(device).or_else(|| self.old.get(device));
        ring.is_some_and(|ring| ring.hashes.contains(&hash))
    }

    pub(super) fn insert(&mut self, device: &DeviceId, hash: u64) {
        if let Some(ring) = self.young.get_mut(device) {
            self.young_hashes += usize::from(ring.push(hash));
        } else {
            let mut ring = self.old.remove(device).unwrap_or_default();
            ring.push(hash);
            self.young_hashes += ring.hashes.len();
            self.young.insert(device.clone(), ring);
        }
        if self.young_hashes > MAX_HASHES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_hashes = 0;
        }
    }

    pub(super) fn devices(&self) -> usize {
        self.old.len() + self.young.len()
    }

    /// Every device with its hashes, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (&DeviceId, Vec<u64>)> {
        let rings = self.old.iter().chain(&self.young);
        rings.map(|(device, ring)| (device, ring.oldest_first().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_256_are_known_and_no_more() {
        let device = DeviceId::new("d").unwrap();
        let mut payloads = Payloads::default();
        for hash in 0..300 {
            payloads.insert(&device, hash);
        }
        assert!(!payloads.contains(&device, 43));
        assert!(payloads.contains(&device, 44));
        assert!(payloads.contains(&device, 299));
        let (_, kept) = payloads.all().next().unwrap();
        assert_eq!(kept, (44..300).collect::<Vec<_>>());
    }

    #[test]
    fn who_was_silent_longest_is_forgotten_first() {
        let busy = DeviceId::new("busy").unwrap();
        let silent = DeviceId::new("silent").unwrap();
        let mut payloads = Payloads::default();
        payloads.insert(&silent, 1);
        for number in 0..(MAX_HASHES as u64 / PER_DEVICE as u64) + 8 {
            payloads.insert(&busy, 1);
            let other = DeviceId::new(format!("d{number}")).unwrap();
            for hash in 0..PER_DEVICE as u64 {
                payloads.insert(&other, hash);
            }
        }
        assert!(payloads.contains(&busy, 1));
        assert!(!payloads.contains(&silent, 1));
        assert!(payloads.young_hashes <= MAX_HASHES / 2);
    }
}
