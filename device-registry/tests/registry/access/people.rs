//! People, their roles, and service tokens.

use std::sync::Arc;

use device_registry::{
    Actor, Grant, GrantError, NewPerson, NewServiceToken, OperationError, Person, PersonPatch,
    ProviderIdentity, ProviderLogin, ProviderLoginError, Role, ServiceTokenError,
};
use domain::{PersonId, Timestamp};

use crate::harness::{TestRegistry, agency};

fn id(text: &str) -> PersonId {
    PersonId::new(text).unwrap()
}

fn grant(role: Role, of: Option<&str>) -> Grant {
    Grant::new(role, of.map(agency)).unwrap()
}

fn person(name: &str, of: Option<&str>, grants: &[Grant]) -> NewPerson {
    NewPerson {
        id: id(name),
        name: "김민수".to_owned(),
        agency: of.map(agency),
        grants: grants.to_vec(),
    }
}

/// As it is now.
fn find(test: &TestRegistry, name: &str) -> Arc<Person> {
    Arc::clone(test.registry.snapshot().person(name).unwrap())
}

fn days_from_now(test: &TestRegistry, days: i64) -> Timestamp {
    Timestamp::from_micros(test.now().as_micros() + days * 86_400_000_000)
}

fn token(test: &TestRegistry, of: Option<&str>, grants: &[Grant]) -> NewServiceToken {
    NewServiceToken {
        name: "Dashboard".to_owned(),
        agency: of.map(agency),
        grants: grants.to_vec(),
        until: days_from_now(test, 30),
    }
}

#[test]
fn a_role_is_in_an_agency_or_for_the_platform() {
    for role in Role::ALL {
        let of_agency = Grant::new(role, Some(agency("seoul")));
        let of_platform = Grant::new(role, None);
        match role {
            Role::Auditor => assert_eq!((of_agency.is_ok(), of_platform.is_ok()), (true, true)),
            Role::PlatformAdministrator => {
                assert_eq!(of_agency, Err(GrantError::WithAgency(role)));
                assert_eq!(of_platform.unwrap().agency(), None);
            }
            _ => {
                assert_eq!(of_platform, Err(GrantError::WithoutAgency(role)));
                assert_eq!(of_agency.unwrap().role(), role);
            }
        }
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
}

#[test]
fn what_is_given_to_a_person_is_there_after_a_restart() {
    let test = TestRegistry::two_agencies();
    let seoul = grant(Role::Operator, Some("seoul"));
    let own = person("kim", Some("seoul"), std::slice::from_ref(&seoul));
    test.registry.create_person(&Actor::OPERATOR, own).unwrap();
    let everywhere = [
        grant(Role::Viewer, Some("busan")),
        grant(Role::Auditor, None),
        seoul.clone(),
        seoul,
    ];
    let made = test
        .registry
        .create_person(&Actor::OPERATOR, person("lee", None, &everywhere))
        .unwrap();
    assert_eq!(made.grants.len(), 3, "each once");
    let patch = PersonPatch {
        name: Some("이영희".to_owned()),
        enabled: Some(false),
        grants: Some(Vec::new()),
    };
    test.registry
        .patch_person(&Actor::OPERATOR, &find(&test, "kim"), patch)
        .unwrap();
    let before = test.registry.snapshot();
    let test = test.reopen();
    let after = test.registry.snapshot();
    let people: Vec<&Person> = after.people().map(AsRef::as_ref).collect();
    assert_eq!(people.len(), 2);
    assert_eq!(people[0].name, "이영희");
    assert!(!people[0].enabled && people[0].grants.is_empty());
    assert_eq!(people[1], made.as_ref());
    assert_eq!(*before, *after);
}

#[test]
fn who_belongs_to_an_agency_has_roles_there_alone() {
    let test = TestRegistry::two_agencies();
    let create = |new| test.registry.create_person(&Actor::OPERATOR, new);
    for (grants, of, code) in [
        (
            vec![grant(Role::Viewer, Some("busan"))],
            Some("seoul"),
            "role-elsewhere",
        ),
        (
            vec![grant(Role::Auditor, None)],
            Some("seoul"),
            "role-elsewhere",
        ),
        (
            vec![grant(Role::Viewer, Some("daegu"))],
            None,
            "unknown-agency",
        ),
        (Vec::new(), Some("daegu"), "unknown-agency"),
    ] {
        let error = create(person("kim", of, &grants)).unwrap_err();
        assert_eq!(error.code(), code, "{grants:?} of {of:?}");
        let new = token(&test, of, &grants);
        let error = test.registry.create_service_token(&Actor::OPERATOR, new);
        assert_eq!(error.err().unwrap().code(), code, "{grants:?} of {of:?}");
    }
    create(person("kim", Some("seoul"), &[])).unwrap();
    let patch = PersonPatch {
        grants: Some(vec![grant(Role::PlatformAdministrator, None)]),
        ..PersonPatch::default()
    };
    let error = test
        .registry
        .patch_person(&Actor::OPERATOR, &find(&test, "kim"), patch);
    assert_eq!(error.unwrap_err().code(), "role-elsewhere");
    assert!(
        test.registry
            .snapshot()
            .person("kim")
            .unwrap()
            .grants
            .is_empty()
    );
}

#[test]
fn a_login_name_is_one_persons_at_a_time() {
    let test = TestRegistry::two_agencies();
    let create = |of| {
        test.registry
            .create_person(&Actor::OPERATOR, person("kim", of, &[]))
    };
    let first = create(Some("seoul")).unwrap();
    assert_eq!(
        create(Some("busan")).unwrap_err().code(),
        "login-name-taken"
    );
    test.registry
        .remove_person(&Actor::OPERATOR, &first)
        .unwrap();
    let again = test.registry.remove_person(&Actor::OPERATOR, &first);
    assert_eq!(again.unwrap_err().code(), "unknown-operator");
    test.pass_seconds(1);
    let second = create(Some("busan")).unwrap();
    assert_ne!(first.created, second.created);

    // Who was permitted to change the first is not thereby permitted the second.
    let removed = test.registry.remove_person(&Actor::OPERATOR, &first);
    assert_eq!(removed.unwrap_err().code(), "unknown-operator");
    let disabled = PersonPatch {
        enabled: Some(false),
        ..PersonPatch::default()
    };
    let patched = test
        .registry
        .patch_person(&Actor::OPERATOR, &first, disabled);
    assert_eq!(patched.unwrap_err().code(), "unknown-operator");
    assert_eq!(find(&test, "kim"), second);
}

#[test]
fn what_takes_a_right_away_is_told_at_once() {
    let test = TestRegistry::two_agencies();
    let registry = &test.registry;
    let viewer = grant(Role::Viewer, Some("seoul"));
    registry
        .create_person(&Actor::OPERATOR, person("kim", Some("seoul"), &[viewer]))
        .unwrap();
    let patch = |patch| {
        let generation = registry.generation();
        registry
            .patch_person(&Actor::OPERATOR, &find(&test, "kim"), patch)
            .unwrap();
        registry.generation() > generation
    };
    let named = PersonPatch {
        name: Some("Kim".to_owned()),
        ..PersonPatch::default()
    };
    let disabled = PersonPatch {
        enabled: Some(false),
        ..PersonPatch::default()
    };
    let without_roles = PersonPatch {
        grants: Some(Vec::new()),
        ..PersonPatch::default()
    };
    assert!(!patch(named), "a name is no right");
    assert!(patch(disabled.clone()));
    assert!(!patch(disabled), "it was so before");
    assert!(patch(without_roles));
    let generation = registry.generation();
    registry
        .remove_person(&Actor::OPERATOR, &find(&test, "kim"))
        .unwrap();
    assert!(registry.generation() > generation);
}

#[test]
fn a_service_token_works_until_its_end_or_its_removal() {
    let test = TestRegistry::two_agencies();
    let grants = [grant(Role::Operator, Some("seoul"))];
    let make = |test: &TestRegistry| {
        let new = token(test, Some("seoul"), &grants);
        test.registry
            .create_service_token(&Actor::OPERATOR, new)
            .unwrap()
    };
    let (kept, removed) = (make(&test), make(&test));
    assert!(kept.text.starts_with("mdt_"));
    let attempt = |test: &TestRegistry, text: &str| test.registry.authenticate_service_token(text);
    let generation = test.registry.generation();
    test.registry
        .remove_service_token(&Actor::OPERATOR, &removed.token.id)
        .unwrap();
    assert!(test.registry.generation() > generation);
    let again = test
        .registry
        .remove_service_token(&Actor::OPERATOR, &removed.token.id);
    assert_eq!(again.unwrap_err().code(), "unknown-service-token");

    let test = test.reopen();
    assert_eq!(attempt(&test, &kept.text), Ok(kept.token.clone()));
    assert_eq!(
        attempt(&test, &removed.text),
        Err(ServiceTokenError::Unknown)
    );
    assert_eq!(attempt(&test, "mdt_x"), Err(ServiceTokenError::Form));
    let last = if kept.text.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &kept.text[..kept.text.len() - 1]);
    assert_eq!(attempt(&test, &mistyped), Err(ServiceTokenError::Checksum));
    test.pass_seconds(30 * 86_400);
    let until = kept.token.until;
    assert_eq!(
        attempt(&test, &kept.text),
        Err(ServiceTokenError::Expired(until))
    );
}

#[test]
fn a_service_token_has_an_end_that_is_near_enough() {
    let test = TestRegistry::two_agencies();
    for (days, taken) in [
        (-1, false),
        (0, false),
        (1, true),
        (731, true),
        (732, false),
    ] {
        let mut new = token(&test, None, &[]);
        new.until = days_from_now(&test, days);
        let made = test.registry.create_service_token(&Actor::OPERATOR, new);
        assert_eq!(
            made.err().map(|error| error.code()),
            (!taken).then_some("invalid-until")
        );
    }
}

fn by_provider(subject: &str, name: &str, grants: &[Grant]) -> ProviderLogin {
    ProviderLogin {
        identity: ProviderIdentity {
            issuer: "https://login.example.kr".to_owned(),
            subject: subject.to_owned(),
        },
        login_name: Some(name.to_owned()),
        name: Some("이서연".to_owned()),
        grants: grants.to_vec(),
    }
}

#[test]
fn who_comes_from_a_provider_has_the_roles_that_it_says_and_nobody_elses_account() {
    let test = TestRegistry::two_agencies();
    let log_in = |test: &TestRegistry, login| {
        let address = [192, 0, 2, 1].into();
        test.registry.log_in_by_provider(address, login)
    };
    let local = person("lee", Some("seoul"), &[]);
    test.registry
        .create_person(&Actor::OPERATOR, local)
        .unwrap();
    let viewer = grant(Role::Viewer, Some("seoul"));
    let nowhere = grant(Role::Viewer, Some("nowhere"));
    let login = by_provider("u-1", "Lee@example.kr", &[viewer.clone(), nowhere]);
    let lee = log_in(&test, login.clone()).unwrap();
    assert!(lee.id.as_str().starts_with("lee-"), "{}", lee.id);
    assert_eq!((&*lee.grants, &lee.agency), (&[viewer.clone()][..], &None));
    assert_eq!(lee.name, "이서연");
    let generation = test.registry.generation();
    assert_eq!(log_in(&test, login).unwrap(), lee, "it is the same");
    assert_eq!(test.registry.generation(), generation);

    let test = test.reopen();
    let operator = grant(Role::Operator, Some("busan"));
    let login = by_provider("u-1", "other", std::slice::from_ref(&operator));
    let changed = log_in(&test, login).unwrap();
    assert_eq!((&changed.id, &*changed.grants), (&lee.id, &[operator][..]));
    assert!(test.registry.generation() > 0);
    let invited = test.registry.invite_person(&Actor::OPERATOR, &changed);
    assert_eq!(invited.err().unwrap().code(), "operator-of-provider");

    let none = log_in(&test, by_provider("u-1", "other", &[]));
    assert!(matches!(none, Err(ProviderLoginError::NoRole)));
    let snapshot = test.registry.snapshot();
    assert!(snapshot.person(lee.id.as_str()).unwrap().grants.is_empty());
    let stranger = log_in(&test, by_provider("u-2", "park", &[]));
    assert!(matches!(stranger, Err(ProviderLoginError::NoRole)));
    assert!(test.registry.snapshot().person("park").is_none());

    let disable = PersonPatch {
        enabled: Some(false),
        ..PersonPatch::default()
    };
    let patched = test.registry.patch_person(&Actor::OPERATOR, &lee, disable);
    patched.unwrap();
    let disabled = log_in(&test, by_provider("u-1", "other", &[viewer]));
    assert!(matches!(disabled, Err(ProviderLoginError::Disabled(_))));
}
