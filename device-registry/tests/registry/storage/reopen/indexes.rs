//! What the snapshot keeps beside its devices: retentions, boundaries, and the
//! index of what is public.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use device_registry::{PublicFilter, Snapshot, Visibility, WalkEnd};
use domain::{AgencyId, DatastreamId};

use super::expected::Expected;

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
                    .filter(|one| agency.is_none_or(|agency| agency == one.agency))
                    .filter(|one| one.model.as_str() == wanted)
                    .map(|one| one.id)
                    .collect();
                assert_eq!(found, walked, "{agency:?} {wanted}");
            }
            for (domain, model) in [
                (None, None),
                (Some("traffic"), None),
                (Some("traffic"), Some("parking")),
                (None, Some("air")),
                (Some("traf"), None),
                (Some("traffic"), Some("park")),
                (Some("Traffic"), None),
            ] {
                check_walk(
                    snapshot,
                    &PublicFilter {
                        agency: agency.map(AgencyId::as_str),
                        domain,
                        model,
                    },
                );
            }
        }
    }
}

/// A walk that pauses again and again finds each once and what a walk of all
/// finds.
fn check_walk(snapshot: &Snapshot, filter: &PublicFilter<'_>) {
    let is = |wanted: Option<&str>, given: &str| wanted.is_none_or(|wanted| wanted == given);
    let mut walked: Vec<_> = snapshot
        .datastreams(DatastreamId::new(0))
        .filter(|one| one.visibility == Visibility::Public)
        .filter(|one| is(filter.agency, one.agency.as_str()))
        .filter(|one| is(filter.domain, one.model.domain()))
        .filter(|one| is(filter.model, one.model.name()))
        .collect();
    walked.sort_by(|a, b| (a.agency, a.model, a.id).cmp(&(b.agency, b.model, b.id)));
    let walked: Vec<_> = walked.into_iter().map(|one| one.id).collect();
    for (pace, breaks) in [(3, false), (7, false), (1_000, true), (1_000_000, false)] {
        let (mut found, mut place, mut turns) = (Vec::new(), None, 0);
        loop {
            let mut steps = pace;
            let end = snapshot.walk_public(filter, &mut place, &mut steps, |one| {
                found.push(one.id);
                if breaks {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            turns += 1;
            assert!(turns < 100_000, "{filter:?} at {pace} never ends");
            if end == WalkEnd::Done {
                break;
            }
        }
        assert_eq!(found, walked, "{filter:?} at {pace}");
    }
    if filter.agency.is_none() && filter.domain.is_none() && filter.model.is_none() {
        assert_eq!(snapshot.public_count(), walked.len());
    }
}
