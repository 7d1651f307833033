//! What the snapshot keeps beside its devices: retentions, boundaries, and the
//! index of what is public.

use std::collections::BTreeMap;

use device_registry::Visibility;
use domain::{AgencyId, DatastreamId};

use super::Expected;

impl Expected {
    pub(super) fn check_retentions_and_boundaries(&self, snapshot: &device_registry::Snapshot) {
        let parking = crate::harness::model("traffic.parking");
        for agency in &self.agencies {
            let days = snapshot.retention_days(agency, &parking);
            assert_eq!(days.as_ref(), self.retentions.get(agency));
        }
        let drawn = snapshot.boundaries().map(|one| {
            let (south_west, _) = one.shape.corners();
            (one.name.clone(), south_west.lon() as u8)
        });
        assert_eq!(drawn.collect::<BTreeMap<_, _>>(), self.boundaries);
    }

    /// The index of public datastreams finds what a walk of all finds.
    pub(super) fn check_public(&self, snapshot: &device_registry::Snapshot) {
        for agency in [None].into_iter().chain(self.agencies.iter().map(Some)) {
            for wanted in ["traffic.parking", "safety.air"] {
                let mut found: Vec<_> = snapshot
                    .public_datastreams(agency.map(AgencyId::as_str), |model| {
                        model.as_str() == wanted
                    })
                    .map(|datastream| datastream.id)
                    .collect();
                found.sort_unstable();
                let walked: Vec<_> = snapshot
                    .datastreams(DatastreamId::new(0))
                    .filter(|one| one.visibility == Visibility::Public)
                    .filter(|one| agency.is_none_or(|agency| *agency == one.agency))
                    .filter(|one| one.model.as_str() == wanted)
                    .map(|one| one.id)
                    .collect();
                assert_eq!(found, walked, "{agency:?} {wanted}");
            }
        }
    }
}
