//! The scores of all devices: found by device, counted by band, and in order of
//! the list, which begins with the worst.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use device_registry::Device;
use domain::{AgencyId, DeviceId};
use parking_lot::{RwLock, RwLockReadGuard};
use rustc_hash::FxHashMap;

use super::kept::{Bands, KeptHealth};

/// What a pass over all devices took.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PassReport {
    pub devices: u64,
    /// Devices whose data could not be read: their former scores stay.
    pub failures: u64,
    /// Seconds of work, without the pauses.
    pub worked: f64,
}

/// Where a device stands in the list: the worst first, and of equals in order of id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    pub score: u8,
    pub device: DeviceId,
}

type Order = BTreeMap<Place, Arc<KeptHealth>>;

/// Shared by the pass and by those who ask.
#[derive(Debug, Default)]
pub struct Fleet {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    devices: FxHashMap<DeviceId, Arc<KeptHealth>>,
    /// Each agency's for itself: nobody waits for what others have.
    agencies: FxHashMap<AgencyId, Order>,
    bands: Bands,
    datastream_bands: Bands,
    passes: u64,
    last_pass: PassReport,
}

/// The scores at one moment: the pass waits as long as this is held.
pub struct Scores<'a>(RwLockReadGuard<'a, Table>);

impl Scores<'_> {
    /// `None`: nobody has looked at it yet, or not since it went to its agency.
    pub fn of(&self, device: &Device) -> Option<&Arc<KeptHealth>> {
        let health = self.0.devices.get(&device.id)?;
        (health.agency == device.agency).then_some(health)
    }

    /// Those of some agencies, in the order of the list, from after a place on.
    pub fn worst_first(
        &self,
        is_asked: impl Fn(&AgencyId) -> bool,
        after: Option<&Place>,
    ) -> impl Iterator<Item = (&Place, &Arc<KeptHealth>)> {
        let from = (
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let asked = self
            .0
            .agencies
            .iter()
            .filter(|(agency, _)| is_asked(agency));
        // The next one of each agency, with those that follow it.
        let mut heads: BTreeMap<_, _> = asked
            .filter_map(|(_, order)| {
                let mut rest = order.range::<Place, _>(from);
                rest.next().map(|(place, health)| (place, (health, rest)))
            })
            .collect();
        std::iter::from_fn(move || {
            let (place, (health, mut rest)) = heads.pop_first()?;
            if let Some((next, its)) = rest.next() {
                heads.insert(next, (its, rest));
            }
            Some((place, health))
        })
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
        Scores(self.table.read())
    }

    pub(super) fn put(&self, found: Vec<(DeviceId, KeptHealth)>) {
        let mut table = self.table.write();
        for (device, health) in found {
            table.put(device, Arc::new(health));
        }
    }

    /// Takes the scores of all others away.
    pub(super) fn retain(&self, stands: impl Fn(&DeviceId) -> bool) {
        let gone: Vec<DeviceId> = {
            let table = self.table.read();
            let devices = table.devices.keys();
            devices.filter(|id| !stands(id)).cloned().collect()
        };
        let mut table = self.table.write();
        for device in &gone {
            table.take(device);
        }
    }

    pub(super) fn end_pass(&self, report: PassReport) {
        let mut table = self.table.write();
        table.passes += 1;
        table.last_pass = report;
    }
}

impl Table {
    fn put(&mut self, device: DeviceId, health: Arc<KeptHealth>) {
        self.take(&device);
        self.bands.add(health.score);
        for series in &health.datastreams {
            self.datastream_bands.add(series.score);
        }
        let order = self.agencies.entry(health.agency.clone()).or_default();
        order.insert(Place::of(&device, &health), Arc::clone(&health));
        self.devices.insert(device, health);
    }

    fn take(&mut self, device: &DeviceId) {
        let Some(old) = self.devices.remove(device) else {
            return;
        };
        self.bands.take(old.score);
        for series in &old.datastreams {
            self.datastream_bands.take(series.score);
        }
        if let Some(order) = self.agencies.get_mut(&old.agency) {
            order.remove(&Place::of(device, &old));
            if order.is_empty() {
                self.agencies.remove(&old.agency);
            }
        }
    }
}

impl Place {
    fn of(device: &DeviceId, health: &KeptHealth) -> Self {
        Self {
            score: health.score,
            device: device.clone(),
        }
    }
}
