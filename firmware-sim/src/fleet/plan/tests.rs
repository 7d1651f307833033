//! What a plan covers, and that it is the same each time.

use std::collections::HashSet;

use super::*;

#[test]
fn a_plan_is_repeatable_and_grows_without_changing() {
    let small = plan(7, 100);
    let large = plan(7, 300);
    assert_eq!(&large[..100], &small[..]);
    assert_ne!(small, plan(8, 100));
    let ids: HashSet<_> = large.iter().map(|device| &device.id).collect();
    assert_eq!(ids.len(), 300);
}

#[test]
fn it_covers_all_models_and_both_agencies_within_the_invented_city() {
    assert_eq!(SHARES.iter().map(|share| share.percent).sum::<u32>(), 100);
    let devices = plan(7, 300);
    let models: HashSet<_> = devices.iter().map(|device| device.model.as_str()).collect();
    assert_eq!(models.len(), SHARES.len());
    let agencies: HashSet<_> = devices
        .iter()
        .map(|device| device.agency.as_str())
        .collect();
    assert_eq!(agencies, AGENCIES.map(|(id, _)| id).into());
    let city = city::gaon();
    let mut of_district = vec![0; city.districts.len()];
    for device in &devices {
        let place = [device.location.lon(), device.location.lat()];
        for (at, district) in city.districts.iter().enumerate() {
            of_district[at] += usize::from(district.contains(place));
        }
    }
    assert_eq!(of_district.iter().sum::<usize>(), 300, "none is at sea");
    assert!(
        of_district.iter().all(|count| *count > 10),
        "{of_district:?}"
    );
}
