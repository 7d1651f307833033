//! Percentiles within the error, merged, and read back.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn sketch(numbers: &[f64]) -> Sketch {
    let mut sketch = Sketch::default();
    numbers.iter().for_each(|number| sketch.add(*number));
    sketch
}

#[test]
fn the_ends_of_the_doubles_have_a_bucket() {
    for number in [
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        0.0,
        -0.0,
    ] {
        let told = sketch(&[number]).percentile(50).unwrap();
        assert!(
            (told - number).abs() <= number.abs() * 1.000_001 * RELATIVE_ERROR + 5e-324,
            "{number:e} {told:e}"
        );
    }
    assert_eq!(Sketch::default().percentile(50), None);
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-1000i32..1000).prop_map(|tenths| f64::from(tenths) / 10.0),
        (-1.0..1.0f64, -200i32..200).prop_map(|(digits, power)| digits * 10f64.powi(power)),
    ]
}

proptest! {
    #[test]
    fn a_percentile_is_within_the_error(
        mut numbers in vec(number(), 1..200),
        percent in 0..=100u8,
    ) {
        let told = sketch(&numbers).percentile(percent).unwrap();
        numbers.sort_by(f64::total_cmp);
        let place = (numbers.len() - 1) as f64 * f64::from(percent) / 100.0;
        let low = numbers[place.floor() as usize];
        let high = numbers[place.ceil() as usize];
        let exact = low + (high - low) * place.fract();
        let error = low.abs().max(high.abs()) * RELATIVE_ERROR * 1.000_001;
        prop_assert!((told - exact).abs() <= error, "{} {}", told, exact);
    }

    #[test]
    fn merged_ones_are_the_one_of_all(numbers in vec(number(), 0..100), cut in 0usize..100) {
        let cut = cut.min(numbers.len());
        let mut merged = sketch(&numbers[..cut]);
        merged.merge(&sketch(&numbers[cut..]));
        prop_assert_eq!(merged, sketch(&numbers));
    }

    #[test]
    fn it_reads_what_it_wrote(numbers in vec(number(), 0..100)) {
        let mut bytes = Vec::new();
        sketch(&numbers).write(&mut bytes);
        let mut rest = &bytes[..];
        prop_assert_eq!(Sketch::read(&mut rest), Some(sketch(&numbers)));
        prop_assert!(rest.is_empty());
        for cut in 0..bytes.len() {
            prop_assert_eq!(Sketch::read(&mut &bytes[..cut]), None);
        }
    }
}
