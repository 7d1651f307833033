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
