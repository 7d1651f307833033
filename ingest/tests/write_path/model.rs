//! The data plane against a model: a map of (field, time) to its values.

use std::collections::BTreeMap;

use domain::{Timestamp, Value};
use proptest::prelude::*;

use crate::harness::{Message, NOW, Plane, config, try_open};

const FIELDS: [&str; 2] = ["level", "discharge"];

#[derive(Clone, Debug)]
enum Operation {
    /// A field, a time in seconds before now, a value.
    Submit(usize, i64, i32),
    Crash,
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        30 => (0..FIELDS.len(), 0i64..12, 0i32..4).prop_map(|(f, t, v)| Operation::Submit(f, t, v)),
        1 => Just(Operation::Crash),
        1 => Just(Operation::Restart),
    ]
}

/// Values of one time, oldest first; the same one never twice in a row.
type Model = BTreeMap<(usize, i64), Vec<i32>>;

fn compare(plane: &Plane, model: &Model) {
    let registered = FIELDS.iter().enumerate();
    for (field, name) in registered {
        let expected: Vec<_> = model
            .range((field, i64::MIN)..=(field, i64::MAX))
            .map(|((_, time), values)| {
                let newest = f64::from(*values.last().unwrap());
                (*time, Some(Value::Number(newest)), values.len() as u16 - 1)
            })
            .collect();
        let stored: Vec<_> = plane
            .stored(name)
            .into_iter()
            .map(|observation| {
                (
                    observation.time.as_micros(),
                    observation.value,
                    observation.revision,
                )
            })
            .collect();
        assert_eq!(stored, expected, "{name}");
        let datastream = plane.datastream(name);
        let count = plane
            .ingest
            .count(datastream, Timestamp::MIN, Timestamp::MAX)
            .unwrap();
        assert_eq!(count as usize, expected.len(), "{name}");
        let latest = plane.ingest.latest(datastream).map(|observation| {
            (
                observation.time.as_micros(),
                observation.value,
                observation.revision,
            )
        });
        assert_eq!(latest, expected.last().cloned(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_agrees_with_the_model(operations in prop::collection::vec(operation(), 1..120)) {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let mut config = config(folder.path());
            config.flush_rows = 20;
            try_open(config).unwrap()
        };
        let mut plane = open();
        let mut model = Model::new();
        for operation in operations {
            match operation {
                Operation::Submit(field, seconds, value) => {
                    let time = Timestamp::from_micros(NOW.as_micros() - seconds * 1_000_000);
                    let name = FIELDS[field];
                    let payload = format!(r#"{{"t":"{time}","v":{{"{name}":{value}}}}}"#);
                    plane.submit(&Message::new(payload)).unwrap();
                    let values = model.entry((field, time.as_micros())).or_default();
                    if values.last() != Some(&value) {
                        values.push(value);
                    }
                }
                Operation::Crash => {
                    drop(plane);
                    plane = open();
                }
                Operation::Restart => {
                    crate::harness::block_on(plane.ingest.close()).unwrap();
                    drop(plane);
                    plane = open();
                }
            }
        }
        compare(&plane, &model);
    }
}
