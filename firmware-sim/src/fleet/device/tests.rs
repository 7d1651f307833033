//! Links that break, and a store that fills up.

use super::*;
use crate::fleet::plan;

fn config(faults: Faults) -> FleetConfig {
    FleetConfig {
        faults,
        ..FleetConfig::demo(
            World::calm(5),
            ([127, 0, 0, 1], 1883).into(),
            None,
            Vec::new(),
        )
    }
}

/// Boots and seconds without a link in a day of 20 devices.
fn a_day(faults: Faults) -> (u32, u32) {
    const START: i64 = 1_777_593_600;
    const STEP: i64 = 5;
    let config = config(faults);
    let (mut boots, mut down) = (0, 0);
    for planned in plan(5, 20) {
        let mut device = Device::new(&planned, &config);
        for step in 0..86_400 / STEP {
            let now = Timestamp::from_micros((START + step * STEP) * 1_000_000);
            boots += u32::from(device.boots_again(now));
            down += u32::from(!device.link_is_up(now)) * STEP as u32;
        }
    }
    (boots, down)
}

#[test]
fn links_break_and_devices_boot_again_some_times_a_day() {
    assert_eq!(a_day(Faults::None), (0, 0));
    let (boots, down) = a_day(Faults::Usual);
    // About two boots and five minutes for each device.
    assert!((15..100).contains(&boots), "{boots} boots");
    assert!(
        (20 * 60..20 * 1_800).contains(&down),
        "{down} s without a link"
    );
}

#[test]
fn a_full_store_gives_up_its_oldest() {
    let config = config(Faults::None);
    let planned = plan(5, 1).remove(0);
    let mut device = Device::new(&planned, &config);
    let at = |n: usize| Timestamp::from_micros((1_777_593_600 + n as i64) * 1_000_000);
    for n in 0..MAX_STORED {
        assert!(!device.measure(at(n)));
    }
    assert!(device.measure(at(MAX_STORED)));
    assert_eq!(device.store.len(), MAX_STORED);
    assert_eq!(
        device.store.front().map(|message| message.time),
        Some(at(1))
    );
}
