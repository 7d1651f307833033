//! How many connections an address has before anybody is known.

use super::*;

#[test]
fn an_address_is_a_host_of_ipv4_and_a_site_of_ipv6() {
    let of = |text: &str| Network::of(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

#[test]
fn an_address_has_so_many_and_no_trace_afterwards() {
    let pending = PendingLogins::default();
    let config = Config {
        pending_logins_per_address: 2,
        ..Config::default()
    };
    let enter = |text: &str| pending.enter(text.parse().unwrap(), &config);
    let (first, second) = (enter("192.0.2.1"), enter("192.0.2.1"));
    assert!(first.is_some() && second.is_some());
    assert!(enter("192.0.2.1").is_none());
    assert!(enter("192.0.2.2").is_some());
    drop(first);
    assert!(enter("192.0.2.1").is_some());
    drop(second);
    assert!(pending.by_network.lock().is_empty());
}

#[test]
fn a_flood_is_told_once_a_minute_with_its_count() {
    let (complaint, start) = (Complaint::default(), Instant::now());
    assert_eq!(complaint.due(start), Some(1));
    for second in 0..60 {
        assert_eq!(complaint.due(start + Duration::from_secs(second)), None);
    }
    assert_eq!(complaint.due(start + COMPLAINT_PERIOD), Some(61));
}
