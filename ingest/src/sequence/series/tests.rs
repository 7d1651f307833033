//! Duplicates, revisions and late times, within what is remembered and before it.

use super::*;

fn judge(series: &mut Series, offset: u64, time: i64, value: f64) -> Verdict {
    let mark = ValueMark::of(ValueRef::Number(value));
    let (offset, time) = (Offset::new(offset), Timestamp::from_micros(time));
    match series.advance(offset, time, mark) {
        Some(row) => {
            series.push(row);
            Verdict::First
        }
        None => series.judge(offset, time, mark),
    }
}

#[test]
fn the_same_value_again_is_a_duplicate_and_another_a_revision() {
    let mut series = Series::default();
    assert_eq!(judge(&mut series, 1, 10, 1.0), Verdict::First);
    assert_eq!(judge(&mut series, 2, 10, 1.0), Verdict::Duplicate);
    assert_eq!(judge(&mut series, 3, 10, 2.0), Verdict::Revision(1));
    assert_eq!(judge(&mut series, 4, 10, 1.0), Verdict::Revision(2));
    assert_eq!(judge(&mut series, 5, 10, 1.0), Verdict::Duplicate);
}

#[test]
fn zero_and_minus_zero_are_the_same_value() {
    let mut series = Series::default();
    judge(&mut series, 1, 10, 0.0);
    assert_eq!(judge(&mut series, 2, 10, -0.0), Verdict::Duplicate);
}

#[test]
fn a_time_between_is_a_first_while_everything_is_remembered() {
    let mut series = Series::default();
    judge(&mut series, 1, 10, 1.0);
    judge(&mut series, 2, 30, 1.0);
    assert_eq!(judge(&mut series, 3, 20, 1.0), Verdict::First);
    assert_eq!(judge(&mut series, 4, 20, 1.0), Verdict::Duplicate);
    assert_eq!(judge(&mut series, 5, 20, 3.0), Verdict::Revision(1));
}

#[test]
fn up_to_the_horizon_it_is_late_until_it_is_known_again() {
    let mut series = Series::default();
    judge(&mut series, 1, 10, 1.0);
    judge(&mut series, 2, 20, 1.0);
    judge(&mut series, 3, 30, 1.0);
    series.forget(Offset::new(2));
    assert_eq!(judge(&mut series, 4, 10, 1.0), Verdict::Late);
    assert_eq!(judge(&mut series, 5, 10, 1.0), Verdict::Duplicate);
    assert_eq!(judge(&mut series, 6, 10, 2.0), Verdict::Late);
    assert_eq!(judge(&mut series, 7, 30, 1.0), Verdict::Duplicate);
    assert_eq!(judge(&mut series, 8, 25, 1.0), Verdict::First);
}

#[test]
fn an_assigned_time_is_later_than_all() {
    let mut series = Series::default();
    judge(&mut series, 1, 100, 1.0);
    let assigned = series.assign(Timestamp::from_micros(50));
    assert_eq!(assigned, Some(Timestamp::from_micros(101)));
    let later = Timestamp::from_micros(500);
    assert_eq!(series.assign(later), Some(later));
}
