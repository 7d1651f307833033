//! Whatever an observation says, its line reads back as the same.

use domain::{Quality, Timestamp, Value};
use feed::line::{Line, QUALITY_SUFFIX};
use proptest::prelude::*;

use crate::parser::{self, FieldValue};

/// What ids may be, and what they may not: the form does not rely on them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9._~-]{1,64}",
        "[aq_.~-]{1,8}",
        Just("timestamp".to_owned()),
        "[a-z \",=\n\r가-힣]{1,20}".prop_map(|name| format!("a{name}z")),
    ]
}

fn value() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| Some(Value::Number(number))),
        any::<bool>().prop_map(|truth| Some(Value::Boolean(truth))),
        "\\PC{0,64}".prop_map(|text| Some(Value::Text(text.into()))),
        "[\\\\\", =\n\rnrt\t\0]{0,40}".prop_map(|text| Some(Value::Text(text.into()))),
        Just(None),
    ]
}

fn quality() -> impl Strategy<Value = Quality> {
    (0u8..4).prop_map(|code| Quality::from_code(code).unwrap())
}

/// The field whose name was written so.
fn undone(written: &str) -> String {
    if let Some(taken) = written.strip_suffix("__f") {
        return taken.to_owned();
    }
    let mut field = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once("__") {
        field.push_str(before);
        field.push(match after.as_bytes()[0] {
            b'd' => '.',
            b'h' => '-',
            b't' => '~',
            b'u' => '_',
            other => panic!("{} stands for nothing in {written}", char::from(other)),
        });
        rest = &after[1..];
    }
    field.push_str(rest);
    field
}

fn as_field(value: &Value) -> FieldValue {
    match value {
        Value::Number(number) => FieldValue::Float(*number),
        Value::Boolean(truth) => FieldValue::Boolean(*truth),
        Value::Text(text) => FieldValue::Text(text.to_string()),
    }
}

proptest! {
    #[test]
    fn a_line_reads_back_as_what_was_written(
        names in [name(), name(), name(), name()],
        value in value(),
        quality in quality(),
        micros in any::<i64>(),
    ) {
        let [measurement, agency, thing, field] = &names;
        let line = Line {
            measurement,
            agency,
            thing,
            field,
            value: value.as_ref(),
            quality,
            time: Timestamp::from_micros(micros),
        };
        let mut out = Vec::new();
        // What follows another line is read the same.
        line.write(&mut out);
        line.write(&mut out);
        let text = String::from_utf8(out).unwrap();
        let parsed = parser::lines(&text).unwrap();
        prop_assert_eq!(parsed.len(), 2);
        let code = FieldValue::Integer(i64::from(quality.code()));
        for parsed in parsed {
            let mut fields = parsed.fields;
            let (of_quality, told) = fields.pop().unwrap();
            let written = of_quality.strip_suffix(QUALITY_SUFFIX).unwrap();
            prop_assert_eq!(&undone(written), field);
            prop_assert!(!written.contains(['.', '-', '~']), "{}", written);
            prop_assert_eq!(told, code.clone());
            let expected: Vec<_> = value.iter().map(|value| (written.to_owned(), as_field(value))).collect();
            prop_assert_eq!(fields, expected);
            prop_assert_eq!(&parsed.measurement, measurement);
            let tags = [("agency".to_owned(), agency.clone()), ("thing".to_owned(), thing.clone())];
            prop_assert_eq!(&parsed.tags[..], &tags[..]);
            prop_assert_eq!(parsed.time, micros);
        }
    }
}
