//! Claims and batches: a device comes into service with its own key, once, and
//! nobody learns anything by trying.

use device_registry::{
    Actor, ClaimState, CreateClaimError, EnrolDeviceError, Enrolment, IssuedBatch, IssuedClaim,
    NewBatch, NewClaim, RegisterDeviceError,
};
use domain::Timestamp;

use crate::harness::{DeviceKey, TestRegistry, agency, device, model, new_device, place};

const HOUR: i64 = 3_600;

fn in_an_hour(test: &TestRegistry) -> Timestamp {
    Timestamp::from_micros(test.now().as_micros() + HOUR * 1_000_000)
}

fn claim(test: &TestRegistry, id: Option<&str>) -> IssuedClaim {
    let new = NewClaim {
        agency: agency("seoul"),
        model: model("traffic.parking"),
        device: id.map(device),
        note: "At the gate".to_owned(),
        expires: in_an_hour(test),
    };
    test.registry.create_claim(&Actor::OPERATOR, new).unwrap()
}

fn batch(test: &TestRegistry, most: u32) -> IssuedBatch {
    let new = NewBatch {
        id_prefix: None,
        agency: agency("seoul"),
        model: model("traffic.parking"),
        name: "Lot 12".to_owned(),
        most,
        expires: in_an_hour(test),
    };
    test.registry.create_batch(&Actor::OPERATOR, new).unwrap()
}

fn enrolment(id: &str, seed: u8) -> Enrolment {
    Enrolment {
        id: Some(device(id)),
        name: String::new(),
        alias: None,
        location: Some(place(37.5, 127.0)),
        note: None,
        keys: vec![DeviceKey::ed25519(seed).public()],
        password: None,
    }
}

/// The code of why a claim's code puts nothing into service.
fn refused(test: &TestRegistry, code: &str, enrolment: Enrolment) -> &'static str {
    use device_registry::OperationError;
    let refused = test.registry.redeem_claim(None, code, enrolment);
    refused.unwrap_err().code()
}

#[test]
fn a_claim_puts_one_device_into_service_with_its_own_key() {
    let test = TestRegistry::new();
    let issued = claim(&test, None);
    let typed = issued.code.to_lowercase().replace('-', " ");
    let made = test
        .registry
        .redeem_claim(None, &typed, enrolment("lot-1", 1))
        .unwrap();
    assert_eq!((made.agency.as_str(), made.credentials.len()), ("seoul", 1));
    assert_eq!(made.location, Some(place(37.5, 127.0)));
    let snapshot = test.registry.snapshot();
    let used = snapshot.claim(issued.claim.id.as_str()).unwrap();
    assert_eq!(used.state(test.now()), ClaimState::Used);
    assert_eq!(used.used.as_ref().unwrap().device, device("lot-1"));

    // The answer was lost; then somebody else finds the label.
    let mark = test.registry.mark();
    let again = test
        .registry
        .redeem_claim(None, &issued.code, enrolment("lot-1", 1))
        .unwrap();
    assert_eq!(again.id, made.id);
    assert_eq!(
        refused(&test, &issued.code, enrolment("lot-1", 2)),
        "claim-used"
    );
    assert_eq!(
        refused(&test, &issued.code, enrolment("lot-2", 1)),
        "claim-used"
    );
    assert_eq!(test.registry.mark(), mark);
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
    assert_eq!(
        refused(&test, &issued.code, enrolment("lot-2", 1)),
        "claim-used"
    );
}

#[test]
fn a_claim_that_has_ended_or_is_for_another_device_does_nothing() {
    let test = TestRegistry::new();
    let issued = claim(&test, Some("lot-1"));
    let code = &issued.code;
    assert_eq!(refused(&test, code, enrolment("lot-2", 1)), "other-device");
    let mut without_key = enrolment("lot-1", 1);
    without_key.keys.clear();
    assert_eq!(refused(&test, code, without_key), "key-missing");
    let nameless = Enrolment {
        id: None,
        ..enrolment("lot-1", 1)
    };
    let open = claim(&test, None);
    assert_eq!(refused(&test, &open.code, nameless.clone()), "id-missing");
    test.registry
        .revoke_claim(&Actor::OPERATOR, &open.claim.id)
        .unwrap();
    assert_eq!(
        refused(&test, &open.code, enrolment("lot-2", 1)),
        "ticket-revoked"
    );
    test.registry.redeem_claim(None, code, nameless).unwrap();

    let late = claim(&test, None);
    // Whose the other id is, the installer is not told.
    assert_eq!(
        refused(&test, &late.code, enrolment("lot-1", 3)),
        "device-exists"
    );
    test.pass_seconds(HOUR);
    assert_eq!(
        refused(&test, &late.code, enrolment("lot-3", 3)),
        "ticket-expired"
    );
    let unknown = claim(&TestRegistry::new(), None).code;
    assert_eq!(
        refused(&test, &unknown, enrolment("lot-3", 3)),
        "unknown-ticket"
    );
    assert_eq!(test.registry.snapshot().device_count(), 1);
}

#[test]
fn a_claim_takes_a_password_that_the_installers_phone_has_made() {
    let test = TestRegistry::new();
    let code = claim(&test, None).code;
    let password = "A".repeat(43);
    let with = |password: &str| Enrolment {
        note: Some("Pole 17,\nnorth side".to_owned()),
        keys: Vec::new(),
        password: Some(password.to_owned()),
        ..enrolment("lot-1", 1)
    };
    assert_eq!(refused(&test, &code, with("secret")), "invalid-password");
    let redeem = |password| test.registry.redeem_claim(None, &code, with(password));
    redeem(&password).unwrap();
    redeem(&password).expect("the phone asks again");
    let other = "B".repeat(42) + "A";
    assert_eq!(refused(&test, &code, with(&other)), "claim-used");
    let snapshot = test.registry.snapshot();
    let made = snapshot.device("lot-1").unwrap();
    assert_eq!(made.credentials.len(), 1);
    let thing = snapshot.thing(made.thing.as_str()).unwrap();
    assert_eq!(thing.description().note, "Pole 17,\nnorth side");
}

#[test]
fn a_receipt_leads_to_the_device_for_a_day() {
    let test = TestRegistry::new();
    let code = claim(&test, None).code;
    let open = test.registry.open_claim(&code).unwrap();
    assert_eq!(open.model, model("traffic.parking"));
    let early = test.registry.claim_receipt(&code).unwrap();
    assert_eq!(test.registry.claim_of_receipt(&early), None, "not used yet");
    let redeem = test
        .registry
        .redeem_claim(None, &code, enrolment("lot-1", 1));
    redeem.unwrap();
    let used = test.registry.open_claim(&code);
    assert!(matches!(used, Err(EnrolDeviceError::Used(_))));
    let receipt = test.registry.claim_receipt(&code).unwrap();
    let found = test.registry.claim_of_receipt(&receipt).unwrap();
    assert_eq!(found.used.as_ref().unwrap().device, device("lot-1"));
    let (id, proof) = receipt.split_once('.').unwrap();
    let mut wrong = proof.to_owned();
    wrong.replace_range(..1, if proof.starts_with('A') { "B" } else { "A" });
    for text in ["", id, &format!("{id}.{wrong}"), &format!("x.{proof}")] {
        assert_eq!(test.registry.claim_of_receipt(text), None, "{text}");
    }
    test.pass_seconds(24 * HOUR);
    assert_eq!(test.registry.claim_of_receipt(&receipt), None);
}

#[test]
fn two_who_have_the_same_code_put_one_device_into_service() {
    let test = TestRegistry::new();
    let code = claim(&test, None).code;
    let redeem = |id: &str, seed| {
        test.registry
            .redeem_claim(None, &code, enrolment(id, seed))
            .is_ok()
    };
    let both = std::thread::scope(|scope| {
        let one = scope.spawn(|| redeem("lot-1", 1));
        let other = scope.spawn(|| redeem("lot-2", 2));
        [one.join().unwrap(), other.join().unwrap()]
    });
    assert_eq!(both.iter().filter(|done| **done).count(), 1);
    assert_eq!(test.registry.snapshot().device_count(), 1);
}

#[test]
fn a_batch_enrols_as_many_as_it_may_and_each_counts_once() {
    let test = TestRegistry::new();
    let issued = batch(&test, 2);
    let registry = &test.registry;
    let found = registry.authenticate_batch(&issued.credential).unwrap();
    let enrol = |id: &str, seed| registry.enrol_device(None, &found.id, enrolment(id, seed));
    enrol("lot-1", 1).unwrap();
    enrol("lot-1", 1).unwrap();
    assert!(matches!(enrol("lot-1", 9), Err(EnrolDeviceError::Taken)));
    enrol("lot-2", 2).unwrap();
    assert!(matches!(enrol("lot-3", 3), Err(EnrolDeviceError::Full(2))));
    let before = registry.snapshot();
    assert_eq!(before.batch(found.id.as_str()).unwrap().enrolled, 2);
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
    let again = test.registry.authenticate_batch(&issued.credential);
    assert_eq!(again.unwrap().enrolled, 2);
}

/// Before, whoever got hold of its credential could take any id.
#[test]
fn a_batch_with_a_prefix_enrols_ids_of_it_only() {
    let test = TestRegistry::new();
    let new = NewBatch {
        agency: agency("seoul"),
        model: model("traffic.parking"),
        id_prefix: Some(device("a12-")),
        name: String::new(),
        most: 2,
        expires: in_an_hour(&test),
    };
    let issued = test.registry.create_batch(&Actor::OPERATOR, new).unwrap();
    let test = test.kill();
    let enrol = |id: &str| {
        let batch = test.registry.authenticate_batch(&issued.credential)?;
        test.registry
            .enrol_device(None, &batch.id, enrolment(id, 1))
            .map(drop)
    };
    let other = enrol("b12-1");
    assert!(matches!(other, Err(EnrolDeviceError::OtherPrefix(_))));
    enrol("a12-1").unwrap();
}

/// Before, the installer found the id taken.
#[test]
fn the_id_that_a_claim_fixes_is_kept_for_it() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let issued = claim(&test, Some("lot-1"));
    let lot = batch(&test, 2).batch.id.clone();
    let registered = |id: &str| registry.register_device(&Actor::OPERATOR, new_device(id));
    let refused = registered("lot-1");
    assert!(matches!(refused, Err(RegisterDeviceError::Reserved { .. })));
    let enrolled = registry.enrol_device(None, &lot, enrolment("lot-1", 2));
    assert!(matches!(enrolled, Err(EnrolDeviceError::Taken)));
    let second = NewClaim {
        agency: agency("seoul"),
        model: model("traffic.parking"),
        device: Some(device("lot-1")),
        note: String::new(),
        expires: in_an_hour(&test),
    };
    let refused = registry.create_claim(&Actor::OPERATOR, second);
    assert!(matches!(refused, Err(CreateClaimError::Reserved { .. })));
    registry
        .redeem_claim(None, &issued.code, enrolment("lot-1", 1))
        .unwrap();

    let revoked = claim(&test, Some("lot-2"));
    registry
        .revoke_claim(&Actor::OPERATOR, &revoked.claim.id)
        .unwrap();
    registered("lot-2").unwrap();
    claim(&test, Some("lot-3"));
    test.pass_seconds(HOUR);
    registered("lot-3").unwrap();
    let before = registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());
}

#[test]
fn a_batch_that_was_revoked_or_typed_wrongly_opens_nothing() {
    let test = TestRegistry::new();
    let issued = batch(&test, 2);
    let registry = &test.registry;
    let id = &issued.batch.id;
    registry
        .enrol_device(None, id, enrolment("lot-1", 1))
        .unwrap();
    registry.revoke_batch(&Actor::OPERATOR, id).unwrap();
    let refused = registry.enrol_device(None, id, enrolment("lot-2", 2));
    assert!(matches!(refused, Err(EnrolDeviceError::Revoked(..))));
    let snapshot = registry.snapshot();
    assert!(
        snapshot.device("lot-1").unwrap().admitted(test.now()),
        "it stays"
    );
    let mut wrong = issued.credential.clone().into_bytes();
    wrong[30] = if wrong[30] == b'x' { b'y' } else { b'x' };
    let wrong = String::from_utf8(wrong).unwrap();
    let typo = registry.authenticate_batch(&wrong);
    assert!(matches!(typo, Err(EnrolDeviceError::Checksum(_))));
    let other = batch(&TestRegistry::new(), 1).credential;
    let other = registry.authenticate_batch(&other);
    assert!(matches!(other, Err(EnrolDeviceError::Unknown(_))));
    let taken = registry.register_device(&Actor::OPERATOR, new_device("lot-1"));
    assert!(matches!(taken, Err(RegisterDeviceError::Exists(_))));
}
