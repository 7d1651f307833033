//! Which datastreams an export has, and all that it tells of them beside their
//! observations.

use std::sync::Arc;

use device_registry::{Datastream, ReadScope, Snapshot, Thing};
use domain::{AgencyId, DatastreamId, Location};
use sha2::{Digest, Sha256};

use observation_store::ObservationsQuery;

use super::sink::Checksum;
use super::{Day, DayExport};

/// Changes with what a file looks like: what an older version made is made
/// again.
const LOOK: u32 = 1;

/// The datastreams of one file, in order of number.
pub(super) struct Selection {
    series: Vec<Series>,
}

/// A datastream of a thing, and where that was.
pub(super) struct Series {
    id: DatastreamId,
    pub(super) thing: Arc<Thing>,
    /// Whether the file has its exact places.
    exact: bool,
}

impl Series {
    pub(super) fn datastream(&self) -> Datastream<'_> {
        let found = self.thing.datastreams.get(self.id);
        found.expect("it was selected from what its thing has")
    }

    /// A place of its, as the file has it.
    pub(super) fn seen(&self, place: Option<Location>) -> Option<Location> {
        if self.exact {
            place
        } else {
            place.map(Location::coarse)
        }
    }
}

impl Selection {
    /// What its scope has of its agency and domain; `None` where that is nothing.
    pub(super) fn new(snapshot: &Snapshot, export: &DayExport) -> Option<Self> {
        let mut series: Vec<Series> = visible(
            snapshot,
            &export.scope,
            Some(&export.agency),
            Some(&export.domain),
        )
        .filter_map(|datastream| {
            Some(Series {
                thing: Arc::clone(snapshot.thing_of(&datastream)?),
                exact: export.scope.sees_exactly(&datastream),
                id: datastream.id,
            })
        })
        .collect();
        series.sort_unstable_by_key(|series| series.id);
        (!series.is_empty()).then_some(Self { series })
    }

    pub(super) fn query(&self, day: Day) -> ObservationsQuery {
        ObservationsQuery {
            datastreams: self.series.iter().map(|one| one.id).collect(),
            from: day.start(),
            to: day.end(),
        }
    }

    pub(super) fn get(&self, id: DatastreamId) -> Option<&Series> {
        let at = self.series.binary_search_by_key(&id, |series| series.id);
        self.series.get(at.ok()?)
    }

    /// SHA-256 of everything that the registry puts into the file.
    pub(super) fn digest(&self) -> Checksum {
        let mut digest = Sha256::new();
        let mut text = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        text(&LOOK.to_string());
        text(env!("CARGO_PKG_VERSION"));
        for series in &self.series {
            let datastream = series.datastream();
            let mut before = None;
            text(&datastream.id.to_string());
            for part in [
                datastream.thing.as_str(),
                datastream.agency.as_str(),
                datastream.model.as_str(),
                datastream.field.as_str(),
                datastream.unit.unwrap_or("\0"),
                datastream.visibility.as_str(),
                if series.exact { "exact" } else { "coarse" },
            ] {
                text(part);
            }
            for place in &series.thing.locations {
                let seen = series.seen(place.location);
                // What cannot be seen must not show by a file that is made anew.
                if before.replace(seen) == Some(seen) {
                    continue;
                }
                let e7 = seen.map(|at| (at.lat_e7(), at.lon_e7()));
                text(&format!("{} {e7:?}", place.since.as_micros()));
            }
        }
        Checksum(digest.finalize().into())
    }
}

/// The datastreams within `scope`.
pub(super) fn visible<'a>(
    snapshot: &'a Snapshot,
    scope: &'a ReadScope,
    agency: Option<&'a AgencyId>,
    domain: Option<&'a str>,
) -> Box<dyn Iterator<Item = Datastream<'a>> + 'a> {
    let of_domain = move |name: &str| domain.is_none_or(|domain| domain == name);
    if scope.is_public() {
        return Box::new(
            snapshot.public_datastreams(agency.map(AgencyId::as_str), move |model| {
                of_domain(model.domain())
            }),
        );
    }
    let all = snapshot.datastreams(DatastreamId::new(0));
    Box::new(all.filter(move |datastream| {
        of_domain(datastream.model.domain())
            && agency.is_none_or(|agency| agency == datastream.agency)
            && scope.sees(datastream)
    }))
}

#[cfg(test)]
mod tests {
    use device_registry::{Actor, DevicePatch, Patch, Visibility};
    use domain::Scope;

    use super::*;
    use crate::export::ExportFormat;
    use crate::testing::registry;

    #[test]
    fn what_is_restricted_is_selected_within_its_agencys_scope() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, device) = registry(folder.path());
        let snapshot = registry.snapshot();
        let count = |scope: Scope, agency: Option<&AgencyId>| {
            visible(&snapshot, &scope.into(), agency, Some("disaster")).count()
        };
        let all = device.datastreams.len();
        let other = AgencyId::new("busan").unwrap();
        for agency in [None, Some(&device.agency)] {
            assert_eq!(count(Scope::Public, agency), 0);
            assert_eq!(count(Scope::of_agencies([other.clone()]), agency), 0);
            assert_eq!(
                count(Scope::of_agencies([device.agency.clone()]), agency),
                all
            );
            assert_eq!(count(Scope::All, agency), all);
        }
        assert_eq!(count(Scope::All, Some(&other)), 0);
    }

    #[test]
    fn a_move_that_the_public_cannot_see_leaves_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (registry, device) = registry(folder.path());
        let place = |lat, lon| DevicePatch {
            location: Patch::Set(Location::new(lat, lon).unwrap()),
            visibility: Some(Visibility::Public),
            ..DevicePatch::default()
        };
        let moved = |lat, lon| {
            registry
                .patch_device(&Actor::OPERATOR, &device.id, place(lat, lon))
                .unwrap();
            [Scope::Public, Scope::All].map(|scope| {
                let export = DayExport {
                    day: "2026-05-01".parse().unwrap(),
                    domain: "disaster".to_owned(),
                    agency: device.agency.clone(),
                    scope: scope.into(),
                    format: ExportFormat::Csv,
                };
                let selection = Selection::new(&registry.snapshot(), &export);
                selection.unwrap().digest()
            })
        };
        let [public, exact] = moved(37.566_1, 126.977_1);
        let [public_after, exact_after] = moved(37.566_2, 126.977_2);
        assert!(public == public_after, "within a cell");
        assert!(exact != exact_after);
        assert!(public != moved(37.567_5, 126.977_2)[0], "to another one");
    }
}
