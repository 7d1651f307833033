//! How many photos are kept.

use domain::{AgencyId, DeviceId, ModelId};

use super::*;
use crate::NewAgency;
use crate::device::NewDevice;
use crate::registry::Change;

fn thing(change: &Change, id: &str) -> Arc<Thing> {
    Arc::clone(change.draft.thing(id).unwrap())
}

fn photo(change: &Change, number: usize) -> Photo {
    let mut sha256 = [0; 32];
    sha256[..8].copy_from_slice(&number.to_be_bytes());
    Photo {
        id: PhotoId::new(format!("photo-{number}")).unwrap(),
        added: change.now,
        bytes: 1,
        width: 1,
        height: 1,
        sha256,
    }
}

/// As many as an agency may have, as photos of one thing.
fn fill(change: &mut Change, of: &str) {
    let of = thing(change, of);
    for number in 0..MAX_AGENCY_PHOTOS {
        let photo = photo(change, number);
        change.draft.put_photo(&of, Arc::new(photo));
    }
}

/// Why the thing gets no other photo.
fn refusal(change: &Change, of: &str) -> Option<&'static str> {
    let new = photo(change, usize::MAX);
    let refused = place(&change.draft, &thing(change, of).id, &new).err();
    refused.map(|error| error.code())
}

fn two_agencies(dir: &Path) -> Registry {
    let registry = Registry::open(dir, || Timestamp::from_micros(0)).unwrap();
    for (agency, devices) in [("seoul", ["s-1", "s-2"]), ("busan", ["b-1", "b-2"])] {
        let agency = AgencyId::new(agency).unwrap();
        let new = NewAgency {
            id: agency.clone(),
            name: agency.to_string(),
        };
        registry.create_agency(&Actor::OPERATOR, new).unwrap();
        for device in devices {
            let model = ModelId::new("traffic.parking").unwrap();
            let new = NewDevice::new(DeviceId::new(device).unwrap(), agency.clone(), model);
            registry.register_device(&Actor::OPERATOR, new).unwrap();
        }
    }
    registry
}

#[test]
fn an_agency_fills_its_own_share_of_photos_only() {
    let dir = tempfile::tempdir().unwrap();
    let registry = two_agencies(dir.path());
    registry.rehearse(|change| {
        fill(change, "s-1");
        assert_eq!(refusal(change, "s-1"), Some("too-many-photos-of-thing"));
        assert_eq!(refusal(change, "s-2"), Some("too-many-photos-of-agency"));
        assert_eq!(refusal(change, "b-1"), None);
        // They go with their thing.
        let mut given = Thing::clone(&thing(change, "s-1"));
        given.agency = AgencyId::new("busan").unwrap();
        let given = change.draft.put_thing(given);
        assert_eq!(refusal(change, "s-2"), None);
        assert_eq!(refusal(change, "b-1"), Some("too-many-photos-of-agency"));
        let one = photo(change, 7).id;
        change.draft.remove_photo(&given, &one);
        assert_eq!(refusal(change, "b-1"), None);
    });
}
