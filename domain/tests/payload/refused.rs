//! What is refused as a whole, whatever its format: limits, depth, keys that
//! stand twice, and what cannot be read.

use domain::payload::{MAX_DEPTH, MAX_OBSERVATIONS, MAX_PAYLOAD_BYTES, PayloadError};

use super::{read, refusal};

#[test]
fn limits_hold_before_anything_is_allocated() {
    assert_eq!(refusal(b""), Some(PayloadError::Empty));
    assert_eq!(refusal(b"  "), Some(PayloadError::Empty));
    assert_eq!(
        refusal(&vec![b' '; MAX_PAYLOAD_BYTES + 1]),
        Some(PayloadError::TooLong)
    );
    let records = |n: usize| format!("[{}]", vec![r#"{"n":"a","v":1}"#; n].join(","));
    assert_eq!(
        read(records(MAX_OBSERVATIONS).as_bytes())
            .unwrap()
            .observations
            .len(),
        MAX_OBSERVATIONS
    );
    let too_many = Some(PayloadError::TooManyObservations);
    assert_eq!(refusal(records(MAX_OBSERVATIONS + 1).as_bytes()), too_many);
    let fields: Vec<_> = (0..=MAX_OBSERVATIONS)
        .map(|n| format!("\"f{n}\":1"))
        .collect();
    assert_eq!(
        refusal(format!("{{\"v\":{{{}}}}}", fields.join(",")).as_bytes()),
        too_many
    );
    let objects = format!("[{}]", vec![r#"{"v":{}}"#; MAX_OBSERVATIONS + 1].join(","));
    assert_eq!(refusal(objects.as_bytes()), too_many);
    // A CBOR array that only claims to be long.
    assert_eq!(
        refusal(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        too_many
    );
    let mut long = vec![0x9f];
    long.resize(MAX_OBSERVATIONS + 2, 0xa0);
    assert_eq!(refusal(&long), too_many);
}

#[test]
fn depth_is_limited() {
    let deep = |n: usize| format!(r#"{{"v":{{"a":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(read(deep(MAX_DEPTH - 3).as_bytes()).is_ok());
    assert_eq!(
        refusal(deep(MAX_DEPTH).as_bytes()),
        Some(PayloadError::TooDeep)
    );
    assert_eq!(
        refusal(deep(30_000).as_bytes()),
        Some(PayloadError::TooDeep)
    );
    let object = format!(r#"[{{"n":"a","v":1,"x":{}"#, "{\"a\":".repeat(10_000));
    assert_eq!(refusal(object.as_bytes()), Some(PayloadError::TooDeep));
    for nest in [0x81, 0x9f, 0xd8] {
        let mut bytes = vec![0x81, 0xa1, 0x61, b'x'];
        bytes.resize(60_000, nest);
        if nest == 0xd8 {
            bytes[4..]
                .iter_mut()
                .skip(1)
                .step_by(2)
                .for_each(|tag| *tag = 99);
        }
        assert_eq!(refusal(&bytes), Some(PayloadError::TooDeep), "{nest:x}");
    }
}

#[test]
fn duplicate_keys_are_refused() {
    let twice = Some(PayloadError::DuplicateKey);
    for text in [
        &br#"{"t":1,"t":1,"v":{"a":1}}"#[..],
        br#"{"v":{"a":1},"v":{"a":2}}"#,
        br#"{"v":{"a":1,"a":2}}"#,
        br#"{"a":1,"a":1}"#,
        br#"{"v":{"a":{"x":1,"x":2}}}"#,
        br#"[{"n":"a","v":1,"v":2}]"#,
        br#"[{"n":"a","v":1,"x":1,"x":1}]"#,
        &[0x81, 0xa3, 0x00, 0x61, b'a', 0x02, 0x01, 0x02, 0x02],
        // The label 2 and its text "v".
        &[0x81, 0xa3, 0x00, 0x61, b'a', 0x02, 0x01, 0x61, b'v', 0x02],
        &[0x81, 0xa2, 0x18, 0x63, 0x01, 0x18, 0x63, 0x01],
    ] {
        assert_eq!(refusal(text), twice, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn what_cannot_be_read_at_all_says_why() {
    for (text, error) in [
        (&b"12"[..], PayloadError::Shape),
        (b"\"text\"", PayloadError::Shape),
        (b"null", PayloadError::Shape),
        (b"{}", PayloadError::Shape),
        (b"[]", PayloadError::Shape),
        (b"[[]]", PayloadError::Shape),
        (br#"{"t":1}"#, PayloadError::Shape),
        (br#"{"v":12.5}"#, PayloadError::Shape),
        (br#"[{"bn":7,"n":"a","v":1}]"#, PayloadError::Shape),
        (br#"{"v":{"a":NaN}}"#, PayloadError::Json),
        (br#"{"v":{"a":1}"#, PayloadError::Json),
        (br#"{"v":{"a":1}} {}"#, PayloadError::Json),
        (b"{\"a\":\"\xff\"}", PayloadError::Json),
        (
            br#"[{"n":"a","v":1,"shape_":2}]"#,
            PayloadError::UnknownMandatoryLabel,
        ),
        (br#"[{"bver":11,"n":"a","v":1}]"#, PayloadError::Version),
        (
            &[0x81, 0xa1, 0x62, b'x', b'_', 0x01],
            PayloadError::UnknownMandatoryLabel,
        ),
        (&[0x81], PayloadError::Cbor),
        (&[0x80, 0x00], PayloadError::Cbor),
        (&[0x81, 0x01], PayloadError::Shape),
        (&[0x80], PayloadError::Shape),
        // A name of indefinite length.
        (
            &[0x81, 0xa2, 0x00, 0x7f, 0x61, b'a', 0xff, 0x02, 0x01],
            PayloadError::Cbor,
        ),
        (
            &[
                0x81, 0xa1, 0x00, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
            PayloadError::Cbor,
        ),
    ] {
        assert_eq!(
            refusal(text),
            Some(error),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}
