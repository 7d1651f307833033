//! Passwords: protected, or from where they may come.

use std::net::IpAddr;

use device_registry::{Actor, AuthError, Exposure, PasswordTerms};

use crate::harness::{TestRegistry, new_device};

#[test]
fn a_password_gets_in_protected_or_from_where_it_may() {
    let test = TestRegistry::new();
    let made = test
        .registry
        .register_device(&Actor::OPERATOR, new_device("dev-1"))
        .unwrap();
    let terms = |networks: &[&str]| PasswordTerms {
        networks: networks.iter().map(ToString::to_string).collect(),
        expires: None,
    };
    let free = test
        .registry
        .make_password(&Actor::OPERATOR, &made.id, terms(&[]))
        .unwrap();
    let bound = test
        .registry
        .make_password(&Actor::OPERATOR, &made.id, terms(&["10.20.0.0/16"]))
        .unwrap();
    let test = test.reopen();
    let attempt = |password: &str, exposure| {
        let snapshot = test.registry.snapshot();
        let dev_1 = snapshot.device("dev-1").unwrap();
        test.registry
            .authenticate_password(dev_1, password.as_bytes(), exposure, test.now())
    };
    let from = |peer: &str| Exposure::Plaintext {
        peer: peer.parse::<IpAddr>().unwrap(),
    };
    assert_eq!(
        attempt(&free.password, Exposure::Protected),
        Ok(free.credential.id)
    );
    assert_eq!(
        attempt(&free.password, from("127.0.0.1")),
        Ok(free.credential.id)
    );
    assert_eq!(attempt(&free.password, from("::1")), Ok(free.credential.id));
    let refused = attempt(&free.password, from("10.20.1.1")).unwrap_err();
    assert_eq!(refused.code(), "password-unprotected");
    assert_eq!(
        attempt(&bound.password, from("10.20.1.1")),
        Ok(bound.credential.id)
    );
    assert_eq!(
        attempt(&bound.password, from("::ffff:10.20.1.1")),
        Ok(bound.credential.id)
    );
    assert!(attempt(&bound.password, from("10.21.1.1")).is_err());
    for wrong in ["", "x", &free.password[1..], &"x".repeat(10_000)] {
        let outcome = attempt(wrong, Exposure::Protected);
        assert_eq!(outcome, Err(AuthError::WrongPassword), "{wrong:.10}");
    }
    test.registry
        .remove_credential(&Actor::OPERATOR, &made.id, free.credential.id)
        .unwrap();
    assert!(attempt(&free.password, Exposure::Protected).is_err());
}
