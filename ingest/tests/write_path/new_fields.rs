//! How many datastreams unknown fields make within an hour.

use std::collections::BTreeSet;

use domain::{RejectReason, Rejection};
use ingest::Spread;
use proptest::prelude::*;

use crate::clock::Set;
use crate::harness::{Message, Plane, block_on};

const HOUR: i64 = 3_600 * 1_000_000;
/// By default.
const IN_AN_HOUR: usize = 16;
/// Of a device, at any time.
const IN_ALL: usize = 32;

fn fields(numbers: impl IntoIterator<Item = usize>) -> Message {
    let fields = numbers.into_iter().map(|n| format!(r#""extra-{n}":{n}"#));
    let fields = fields.collect::<Vec<_>>().join(",");
    Message::new(format!(r#"{{"level":2,{fields}}}"#))
}

/// What is in quarantine, the newest message alone.
fn rejections(plane: &Plane) -> Vec<Rejection> {
    block_on(plane.ingest.caught_up());
    let quarantined = plane.ingest.quarantine(&plane.device.id);
    quarantined.last().unwrap().rejections.to_vec()
}

#[test]
fn new_fields_beyond_the_bound_of_the_hour_are_quarantined_and_the_others_kept() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Set::new();
    let plane = clock.open(folder.path());
    assert_eq!(plane.counts(&fields(0..20)), (17, 0, 4));
    let told = rejections(&plane);
    for (rejection, number) in told.iter().zip(16..20) {
        assert_eq!(*rejection.field, *format!("extra-{number}"));
        assert_eq!(rejection.reason, RejectReason::TooManyNewFields);
    }
    let counted = RejectReason::ALL.map(|reason| match reason {
        RejectReason::TooManyNewFields => 4,
        _ => 0,
    });
    assert_eq!(plane.ingest.stats().rejected, counted);
    // What stands already goes on.
    assert_eq!(plane.counts(&fields(0..16)), (17, 0, 0));
    assert_eq!(plane.counts(&fields([40])), (1, 0, 1));

    clock.to(HOUR, Spread::default());
    assert_eq!(plane.counts(&fields([40])), (2, 0, 0));
    assert_eq!(plane.counts(&fields(16..32)), (16, 0, 1));
    let told = rejections(&plane);
    assert_eq!(told[0].reason, RejectReason::TooManyExtraFields, "for good");
}

/// The frame has the verdicts: a start that would judge otherwise does not.
#[test]
fn recovery_tells_of_new_fields_what_was_told_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let plane = Set::new().open(folder.path());
    assert_eq!(plane.counts(&fields(0..20)), (17, 0, 4));
    let told = rejections(&plane);
    drop(plane);
    let plane = Set::new().open(folder.path());
    assert_eq!(rejections(&plane), told);
    assert_eq!(plane.stored("extra-15").len(), 1);
    let snapshot = plane.registry.snapshot();
    let device = snapshot.device(plane.device.id.as_str()).unwrap();
    assert!(device.datastream("extra-16").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Against a model: which fields stand, and how many are new in this hour.
    #[test]
    fn the_bound_counts_what_is_made_and_nothing_else(
        steps in prop::collection::vec((prop::collection::btree_set(0_usize..48, 1..14), 0_i64..3), 1..14),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Set::new();
        let plane = clock.open(folder.path());
        let (mut stands, mut made, mut hour) = (BTreeSet::new(), 0, 0);
        for (sent, later) in steps {
            if later == 2 {
                (made, hour) = (0, hour + 1);
                clock.to(hour * HOUR, Spread::default());
            }
            let mut kept = 1;
            for number in &sent {
                let is_new = !stands.contains(number);
                if is_new && (made == IN_AN_HOUR || stands.len() == IN_ALL) {
                    continue;
                }
                made += usize::from(is_new);
                stands.insert(*number);
                kept += 1;
            }
            let refused = sent.len() + 1 - kept;
            let (stored, _, rejected) = plane.counts(&fields(sent));
            prop_assert_eq!((stored as usize, rejected as usize), (kept, refused));
        }
    }
}
