//! Agencies: made once, kept over a restart.

use device_registry::{CreateAgencyError, ErrorClass, NewAgency, OperationError};

use crate::harness::{TestRegistry, agency};

#[test]
fn an_agency_is_made_once_and_stays() {
    let test = TestRegistry::new();
    let again = NewAgency {
        id: agency("seoul"),
        name: "Another".to_owned(),
    };
    let error = test.registry.create_agency(again).unwrap_err();
    assert!(matches!(error, CreateAgencyError::Exists(_)));
    assert_eq!(error.class(), ErrorClass::Conflict);
    assert_eq!(error.code(), "agency-exists");

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(
        snapshot.agency(&agency("seoul")).unwrap().name,
        "서울특별시"
    );
    assert_eq!(snapshot.agencies().count(), 1);
}

#[test]
fn a_name_says_something() {
    let test = TestRegistry::empty();
    for name in ["", "  ", "two\nlines", &"x".repeat(257)] {
        let new = NewAgency {
            id: agency("seoul"),
            name: name.to_owned(),
        };
        let error = test.registry.create_agency(new).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{name:?}");
    }
    assert_eq!(test.registry.snapshot().agencies().count(), 0);
}
