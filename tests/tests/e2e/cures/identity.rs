//! Who a client says that it is: logins that lack something, and two clients with
//! one identity.

use super::Bench;

/// What the listener itself says of a login.
#[test]
fn a_login_that_lacks_something_is_told_what() {
    let bench = Bench::start();
    let device = bench.device();
    let id = device.id.as_str();
    // Another client id than its own.
    assert_eq!(bench.log_in("another", id, &device.token()), 2);
    let event = bench.refusal(id);
    assert!(
        event.cure.contains("the device's id as the client id"),
        "{event:?}"
    );
    assert_eq!(bench.log_in(id, id, &device.token()), 0);
    // No password.
    assert_ne!(bench.log_in(id, id, ""), 0);
    let event = bench.refusal(id);
    assert!(event.reason.contains("a device sends a JWT"), "{event:?}");
    // No user name, and one that is only the addition of a library.
    for user in ["", "?SDK=1"] {
        assert_ne!(bench.log_in(id, user, &device.token()), 0);
        let event = bench.refusal(user);
        assert!(event.reason.contains("a device sends its id"), "{event:?}");
    }
}

/// Two clients with one identity: each throws the other out.
#[test]
fn the_second_of_two_devices_with_one_key_is_told_to_be_registered() {
    let bench = Bench::start();
    let device = bench.device();
    let mqtt = bench.platform.address("mqtt");
    let mut first = device.connect(mqtt);
    let _second = device.connect(mqtt);
    assert!(first.read().is_err(), "thrown out");
    let taken_over = || {
        let events = bench.operator.device_events(&device.id, None);
        let mut events = events.collect_all().unwrap();
        events.retain(|event| event.kind == "taken-over");
        events
    };
    let event = taken_over().remove(0);
    assert!(
        event
            .cure
            .contains("register the second as a device of its own"),
        "{event:?}"
    );
    // As it says.
    let other = bench.device();
    let mut beside = other.connect(mqtt);
    beside
        .publish(&other.topic(), 1, br#"{"pm25": 1}"#)
        .unwrap();
    assert_eq!(beside.read().unwrap().kind(), 4);
    assert_eq!(taken_over().len(), 1);

    // With a password the client id is free, and that is the nearer cure.
    let of_password = bench.register(|new| new.keys = Vec::new());
    let made = bench.operator.make_password(&of_password.id, &[]).unwrap();
    let id = of_password.id.as_str();
    let connect = |client: &str| {
        let mut mqtt = tests::BareClient::open(mqtt).unwrap();
        assert_eq!(mqtt.connect(client, id, &made.password).unwrap(), 0);
        mqtt
    };
    let mut first = connect("one");
    let mut second = connect("one");
    assert!(first.read().is_err(), "thrown out");
    let events = bench.operator.device_events(&of_password.id, None);
    let events = events.collect_all().unwrap();
    let told = events
        .iter()
        .find(|event| event.kind == "taken-over")
        .unwrap();
    assert!(told.cure.contains("give each its own"), "{told:?}");
    let mut third = connect("another");
    for mqtt in [&mut second, &mut third] {
        mqtt.publish(&of_password.topic(), 1, br#"{"pm25": 1}"#)
            .unwrap();
        assert_eq!(mqtt.read().unwrap().kind(), 4);
    }
}
