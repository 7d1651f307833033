//! What rows were tried against, so that those which stand by the time they would
//! be accepted are not all tried again, while everybody else waits, for a change
//! that is about none of them.

use std::sync::Arc;

use domain::{DeviceId, ThingId};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use rustc_hash::FxHashSet;

use super::row::Row;
use super::staged::ComingDevices;
use crate::device::Device;
use crate::snapshot::Snapshot;

/// What rows name beside their own devices.
#[derive(Default)]
pub(super) struct Concerns {
    gateways: FxHashSet<DeviceId>,
    things: FxHashSet<ThingId>,
}

impl Concerns {
    pub(super) fn add(&mut self, row: &Row) {
        let new = &row.device.new;
        self.gateways.extend(new.gateway.clone());
        self.things.extend(new.thing.clone());
    }

    /// Whether something differs that decides whether the rows of `coming` come in.
    pub(super) fn are_touched(
        &self,
        coming: &ComingDevices,
        before: &Snapshot,
        after: &Snapshot,
    ) -> bool {
        // Each of these may be about any row, and they change seldom.
        !before.agencies.ptr_eq(&after.agencies)
            || !before.models.ptr_eq(&after.models)
            || !before.refined.ptr_eq(&after.refined)
            || differing(&before.reserved, &after.reserved).any(|(id, _)| coming.has(id))
            || differing(&before.children, &after.children).any(|(id, _)| coming.has(id))
            || differing(&before.things, &after.things).any(|(id, _)| self.things.contains(id))
            || differing(&before.devices, &after.devices).any(|(id, [old, new])| {
                coming.has(id)
                    || self.gateways.contains(id) && as_gateway(old) != as_gateway(new)
                    || new.is_some_and(|device| {
                        let alias = device.alias.as_deref();
                        self.things.contains(&device.thing)
                            || alias.is_some_and(|it| coming.device_of_alias(it).is_some())
                    })
            })
    }
}

/// What of a device decides whether it may be a gateway.
fn as_gateway(device: Option<&Arc<Device>>) -> Option<impl PartialEq + use<'_>> {
    device.map(|device| (device.status, &device.agency, &device.gateway))
}

/// What one of the two maps has otherwise, or has alone. What they share is passed
/// over as a whole.
fn differing<'a, K: Ord, V: PartialEq>(
    before: &'a OrdMap<K, V>,
    after: &'a OrdMap<K, V>,
) -> impl Iterator<Item = (&'a K, [Option<&'a V>; 2])> {
    before.diff(after).map(|item| match item {
        DiffItem::Add(key, new) => (key, [None, Some(new)]),
        DiffItem::Update { old, new } => (new.0, [Some(old.1), Some(new.1)]),
        DiffItem::Remove(key, old) => (key, [Some(old), None]),
    })
}

#[cfg(test)]
mod tests;
