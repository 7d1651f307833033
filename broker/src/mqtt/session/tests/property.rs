//! Histories by chance, and those that once found a fault.

use proptest::prelude::*;

use super::driver::Driver;
use super::step::{STEP_BYTES, Step, Terms};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<[u8; STEP_BYTES]>().prop_map(Step::from), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn the_session_agrees_with_its_model(a in any::<u8>(), b in any::<u8>(), steps in steps()) {
        let mut driver = Driver::new(Terms::from_bytes(a, b));
        for step in steps {
            driver.step(step);
        }
    }
}
