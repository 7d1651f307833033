//! What each kind of viewer sees.

use device_registry::{Actor, NewAgency, NewDevice, Registry, Visibility};
use domain::{AgencyId, DeviceId, ModelId, Timestamp};

use super::*;

/// Agencies `seoul` and `busan`, each with a public and a restricted lamp.
fn registry(folder: &std::path::Path) -> Registry {
    let registry = Registry::open(folder, || Timestamp::from_micros(0)).unwrap();
    for name in ["seoul", "busan"] {
        let id = AgencyId::new(name).unwrap();
        let new = NewAgency {
            id: id.clone(),
            name: name.to_owned(),
        };
        registry.create_agency(&Actor::OPERATOR, new).unwrap();
        for visibility in [Visibility::Public, Visibility::Restricted] {
            let device = format!("{name}-{}", visibility.as_str());
            let device = DeviceId::new(device).unwrap();
            let model = ModelId::new("safety.lamp").unwrap();
            let mut new = NewDevice::new(device, id.clone(), model);
            new.visibility = Some(visibility);
            new.location = Some(Location::new(37.566_412, 126.977_968).unwrap());
            registry.register_device(&Actor::OPERATOR, new).unwrap();
        }
    }
    registry
}

/// The things that a viewer sees, and whether their places are exact.
fn seen(snapshot: &Snapshot, scope: Scope) -> Vec<(String, bool)> {
    let (filter, viewer) = (DatastreamFilter::default(), Viewer::from(scope));
    let mut seen: Vec<(String, bool)> = filter
        .select_places(snapshot, &viewer, DatastreamId::new(0), 100, None)
        .map(|selected| {
            let is_exact = selected.location.unwrap().lat_e7() == 375_664_120;
            (selected.datastream.thing.to_string(), is_exact)
        })
        .collect();
    seen.dedup();
    seen
}

#[test]
fn a_viewer_sees_what_is_public_and_all_within_its_scope() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry(folder.path());
    let seen = |scope| seen(&registry.snapshot(), scope);
    let things = |things: &[(&str, bool)]| -> Vec<(String, bool)> {
        let named = things.iter();
        named
            .map(|(thing, is_exact)| ((*thing).to_owned(), *is_exact))
            .collect()
    };
    assert_eq!(
        seen(Scope::Public),
        things(&[("seoul-public", false), ("busan-public", false)])
    );
    assert_eq!(
        seen(Scope::of_agencies([AgencyId::new("seoul").unwrap()])),
        things(&[
            ("seoul-public", true),
            ("seoul-restricted", true),
            ("busan-public", false)
        ])
    );
    assert_eq!(
        seen(Scope::All),
        things(&[
            ("seoul-public", true),
            ("seoul-restricted", true),
            ("busan-public", true),
            ("busan-restricted", true)
        ])
    );
}
