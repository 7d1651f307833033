//! Own names in every form, and names that are refused.

use super::*;

#[test]
fn every_form_of_the_own_name_resolves() {
    for name in [
        "pm25",
        "dev-1:pm25",
        "dev-1/pm25",
        "urn:dev:dev-1:pm25",
        "urn:dev:ops:32473-dev-1x:dev-1:pm25",
        "URN:DEV:mac:dev-1:pm25",
    ] {
        assert_eq!(resolve(name, "dev-1"), Ok("pm25"), "{name}");
    }
}

#[test]
fn another_device_and_bad_fields_are_told_apart() {
    for name in [
        "dev-2:pm25",
        "dev-2/pm25",
        "urn:dev:ow:dev-2:pm25",
        "xdev-1:pm25",
        ":pm25",
    ] {
        assert_eq!(
            resolve(name, "dev-1"),
            Err(RejectReason::OtherDevice),
            "{name}"
        );
    }
    for name in [
        "",
        ".",
        "..",
        "pm 25",
        "온도",
        "dev-1:",
        "dev-1/a/b",
        "dev-1:a:b",
    ] {
        assert_eq!(
            resolve(name, "dev-1"),
            Err(RejectReason::BadFieldName),
            "{name}"
        );
    }
    assert_eq!(
        resolve(&"x".repeat(65), "dev-1"),
        Err(RejectReason::BadFieldName)
    );
}

/// However base name and name share a name between them, they say what the
/// whole of it says by itself.
#[test]
fn a_name_in_two_parts_is_the_name_in_one() {
    use crate::payload::parse;

    let device = crate::DeviceId::new("dev-1").unwrap();
    let now = crate::Timestamp::from_micros(1_700_000_000_000_000);
    let read = |payload: String| {
        let telemetry = parse(payload.as_bytes(), None, &device, now).unwrap();
        let fields = telemetry.observations.iter();
        let fields: Vec<_> = fields.map(|it| it.field.to_string()).collect();
        (fields, telemetry.rejections)
    };
    let owners = ["dev-1:", "dev-1/", "urn:dev:ow:dev-1:", "URN:dev:ow:dev-1/"];
    let others = [
        "dev-2:",
        "dev-1:a:",
        "a:dev-1:",
        ":",
        "urn:dev:ow:",
        "x/dev-1:",
    ];
    let names = [
        "pm25",
        "dev-1:pm25",
        "a/b",
        "a b",
        "..",
        "",
        "urn:dev:ow:dev-1:pm25",
        "\\u0061",
    ];
    for base in owners.into_iter().chain(others) {
        for name in names {
            let parts = read(format!(r#"[{{"bn":"{base}","n":"{name}","v":1}}]"#));
            let whole = read(format!(r#"[{{"n":"{base}{name}","v":1}}]"#));
            assert_eq!(parts, whole, "{base} and {name}");
            assert_eq!(parts.0.len() + parts.1.len(), 1, "{base} and {name}");
        }
    }
}
