//! Sums against exact ones, in any order and grouping.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn sum(numbers: &[f64]) -> ExactSum {
    let mut sum = ExactSum::default();
    numbers.iter().for_each(|number| sum.add(*number));
    sum
}

#[test]
fn what_is_small_is_not_lost_beside_what_is_great() {
    assert_eq!(sum(&[1e16, 1.0, -1e16]).value(), 1.0);
    assert_eq!(sum(&[1e300, 1.0, 1e-300, -1e300, -1.0]).value(), 1e-300);
    assert_eq!(sum(&[0.1; 10]).value(), 1.0);
    assert_eq!(sum(&[]).value(), 0.0);
}

#[test]
fn a_tie_is_decided_by_the_parts_below_it() {
    let (one, half) = (1.0, f64::EPSILON / 2.0);
    assert_eq!(sum(&[one, half]).value(), 1.0);
    assert_eq!(sum(&[one, half, 1e-200]).value(), 1.0 + f64::EPSILON);
    assert_eq!(sum(&[one, half, -1e-200]).value(), 1.0);
}

#[test]
fn what_is_too_great_is_infinite() {
    assert_eq!(sum(&[f64::MAX, f64::MAX, 1.0]).value(), f64::INFINITY);
    assert_eq!(sum(&[f64::MAX, f64::MAX]).parts(), None);
}

proptest! {
    #[test]
    fn neither_order_nor_grouping_matters(
        numbers in vec((-1_000_000_000i64..1_000_000_000, -300i32..300), 0..60),
        cut in 0usize..60,
    ) {
        let numbers: Vec<f64> = numbers
            .into_iter()
            .map(|(digits, exponent)| digits as f64 * 10f64.powi(exponent))
            .collect();
        let cut = cut.min(numbers.len());
        let mut merged = sum(&numbers[cut..]);
        merged.merge(&sum(&numbers[..cut]));
        let whole = sum(&numbers);
        prop_assert_eq!(merged.value(), whole.value());
        if let Some((high, low)) = whole.parts() {
            prop_assert_eq!(high, whole.value());
            prop_assert_eq!(ExactSum::of_parts(high, low).value(), whole.value());
        }
    }

    #[test]
    fn whole_numbers_add_up(numbers in vec(-1i64 << 52..1i64 << 52, 0..200)) {
        let plain: i128 = numbers.iter().map(|number| i128::from(*number)).sum();
        let floats: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
        prop_assert_eq!(sum(&floats).value(), plain as f64);
    }
}
