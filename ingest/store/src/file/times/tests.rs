//! Times that come back in each unit.

use super::*;

const VERSION_1: Times = Times {
    unit: Unit::Micros,
    receipts: Receipts::Micros,
};
const VERSION_2: Times = Times {
    unit: Unit::Micros,
    receipts: Receipts::Delays,
};

#[test]
fn a_receipt_comes_back_as_the_millisecond_that_had_begun_or_begins_next() {
    for (time, given, expected) in [
        (0, 0, 0),
        (1, 1, 1_000),
        (999, 1_000, 1_000),
        // A device's clock is ahead.
        (600_000_123, 5_001, 6_000),
        (-1, 0, 0),
        (-1_001, -999, 0),
        (-2_208_988_799_999_999, -1_500, -1_000),
    ] {
        let delay = delay(time, given);
        assert_eq!(VERSION_2.received(time, delay), expected, "{time} {given}");
        assert_eq!(VERSION_1.received(time, given), expected, "{time} {given}");
        let mut stored = [given];
        VERSION_1.make_delays(&[time], &mut stored);
        assert_eq!(stored, [delay]);
        VERSION_2.make_delays(&[time], &mut stored);
        assert_eq!(stored, [delay]);
    }
}

#[test]
fn one_time_that_is_not_whole_makes_the_unit_microseconds() {
    assert_eq!(Unit::of_all([-3_000, 0, 7_000].into_iter()), Unit::Millis);
    assert_eq!(Unit::of_all([-3_000, 1].into_iter()), Unit::Micros);
    assert_eq!(Unit::of_all([-1].into_iter()), Unit::Micros);
}

#[test]
fn times_come_back_in_either_unit() {
    for (unit, micros) in [
        (Unit::Millis, vec![-3_000, 0, 7_000]),
        (Unit::Micros, vec![-3_001, 0, 7_999]),
    ] {
        let times = Times { unit, ..VERSION_2 };
        let column = unit.column(micros.clone()).unwrap();
        assert_eq!(column.data_type(), &unit.data_type());
        let mut stored = longs(&column).unwrap().to_vec();
        assert_eq!(times.micros(stored[0]), micros[0]);
        times.make_micros(&mut stored);
        assert_eq!(stored, micros);
    }
    assert!(Unit::Millis.column(vec![1_000, 2_001]).is_err());
}
