//! Whatever is done, the rows make the snapshot that was seen before: any
//! sequence of operations, with restarts among them, against a small model.

mod check;
mod expected;
mod indexes;
mod operation;
mod people;

use proptest::prelude::*;

use crate::harness::TestRegistry;
use expected::Expected;
use operation::{Operation, operation};

proptest! {
    // Each case makes a registry on the disk and syncs it some 20 times.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_make_the_snapshot(operations in prop::collection::vec(operation(), 1..40)) {
        let mut test = TestRegistry::empty();
        let mut expected = Expected::default();
        test = expected.apply(test, &Operation::Agency(0));
        for operation in operations.iter().chain([&Operation::Reopen]) {
            test = expected.apply(test, operation);
            expected.check(&test);
        }
    }
}
