//! Kept files whose data is no longer kept.
//!
//! What retention has dropped is never shown, since a file is shown only while
//! the store holds what it was made from. Nor may it lie on the disk until
//! somebody asks for it: so all names are looked through from time to time.

use device_registry::Snapshot;
use domain::{AgencyId, Timestamp};

use super::Day;

const MICROS_A_DAY: i64 = 86_400_000_000;
/// Between two looks, in microseconds: an hour.
pub(super) const LOOK_EVERY_MICROS: i64 = 3_600_000_000;

/// Whether the file of this name has data of a model whose time is over. A name
/// of another form is of no version that is known.
pub(super) fn is_over(name: &str, snapshot: &Snapshot, now: Timestamp) -> bool {
    let mut parts = name.split('/');
    let (Some(day), Some(_), Some(domain), Some(file)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return true;
    };
    let agency = file.rsplit_once('.').map(|(agency, _)| agency);
    let (Ok(day), Some(Ok(agency))) = (day.parse::<Day>(), agency.map(AgencyId::new)) else {
        return true;
    };
    let kept_days = snapshot
        .models()
        .filter(|model| model.id.domain() == domain)
        .filter_map(|model| snapshot.retention_days(&agency, &model.id))
        .min();
    kept_days.is_some_and(|days| {
        let until = day.end().as_micros() + i64::from(days) * MICROS_A_DAY;
        until <= now.as_micros()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use device_registry::{Actor, AgencyPatch, NewAgency, Registry};
    use domain::ModelId;

    use super::*;

    #[test]
    fn a_file_goes_with_the_first_model_whose_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let now = || Timestamp::parse("2026-05-01T00:00:00Z").unwrap();
        let registry = Registry::open(folder.path(), now).unwrap();
        let id = AgencyId::new("seoul").unwrap();
        let name = "Seoul".to_owned();
        registry
            .create_agency(
                &Actor::OPERATOR,
                NewAgency {
                    id: id.clone(),
                    name,
                },
            )
            .unwrap();
        let is_over = |name: &str, now: &str| {
            let now = Timestamp::parse(now).unwrap();
            is_over(name, &registry.snapshot(), now)
        };
        let of_air = "2024-05-01/public/safety/seoul.csv";
        assert!(!is_over(of_air, "2090-01-01T00:00:00Z"), "kept for ever");
        let patch = AgencyPatch {
            retention_days: BTreeMap::from([(ModelId::new("safety.air").unwrap(), Some(30))]),
        };
        registry
            .patch_agency(&Actor::OPERATOR, &id, &patch)
            .unwrap();
        assert!(!is_over(of_air, "2024-05-31T23:59:59Z"));
        assert!(is_over(of_air, "2024-06-01T00:00:00Z"));
        for other in [
            "2024-05-01/public/traffic/seoul.csv",
            "2024-05-01/owner/safety/busan.parquet",
        ] {
            assert!(!is_over(other, "2090-01-01T00:00:00Z"), "{other}");
        }
        assert!(is_over(
            "2024-05-99/public/safety/seoul.csv",
            "2024-01-01T00:00:00Z"
        ));
    }
}
