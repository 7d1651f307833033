use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use domain::DeviceId;

use super::{Buckets, FailedChecks, source};
use crate::config::Config;

const SECOND: Duration = Duration::from_secs(1);

fn peer(number: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (number >> 8) as u8, number as u8], 5_683))
}

fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

fn checks(config: &Config) -> FailedChecks {
    FailedChecks::new(config)
}

#[test]
fn what_does_not_verify_slows_its_sender_and_not_the_device() {
    let start = Instant::now();
    let config = Config::default();
    let mut checks = checks(&config);
    let dev = device("dev-1");
    let stranger = |number: u16| source(peer(number).ip());
    let checked = |checks: &mut FailedChecks, from, now| {
        let admitted = checks.admits(from, &dev, now);
        if admitted {
            checks.failed(from, &dev, true, now);
        }
        admitted
    };
    let of_one = (0..1_000)
        .filter(|_| checked(&mut checks, stranger(1), start))
        .count();
    assert_eq!(of_one, config.failed_burst as usize);
    // Seconds later it has a few again.
    let later = start + SECOND;
    let more = (0..1_000)
        .filter(|_| checked(&mut checks, stranger(1), later))
        .count();
    assert_eq!(more, config.failed_rate as usize);
    assert!(checks.admits(stranger(2), &dev, later));
    // It proved itself once: nobody else's failures count.
    checks.proved(stranger(2), &dev);
    let mut in_all = 0;
    for number in 3..5_000 {
        in_all += (0..20)
            .filter(|_| checked(&mut checks, stranger(number), later))
            .count();
    }
    assert!(in_all <= config.failed_burst_of_all as usize, "{in_all}");
    assert!(
        !checks.admits(stranger(6_000), &dev, later),
        "strangers wait"
    );
    assert!(checks.admits(stranger(2), &dev, later));
    // Under another name strangers still have the other half.
    assert!(checks.admits(stranger(6_000), &device("dev-2"), later));
    // Even from its own address, forged, the device's share is its own.
    let own = (0..1_000)
        .filter(|_| checked(&mut checks, stranger(2), later))
        .count();
    assert_eq!(own, config.failed_burst as usize);
    assert!(checks.admits(stranger(2), &dev, later + SECOND));
}

#[test]
fn what_is_remembered_of_proofs_is_bounded() {
    let now = Instant::now();
    let config = Config {
        proved_pairs: 10,
        failed_burst: 1,
        ..Config::default()
    };
    let mut checks = checks(&config);
    let dev = device("dev-1");
    let from = |number: u16| source(peer(number).ip());
    for number in 0..100 {
        checks.proved(from(number), &dev);
        checks.failed(from(number), &dev, true, now);
    }
    // A forgotten one is a stranger, whose own bucket is full still.
    assert!(checks.admits(from(0), &dev, now));
    assert!(!checks.admits(from(99), &dev, now));
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let start = Instant::now();
    let mut buckets = Buckets::new(10, 5, 100);
    let taken = |buckets: &mut Buckets<u8>, now| (0..100).filter(|_| buckets.take(1, now)).count();
    assert_eq!(taken(&mut buckets, start), 5);
    assert_eq!(taken(&mut buckets, start + SECOND / 5), 2);
    assert_eq!(taken(&mut buckets, start + SECOND * 60), 5);
    assert!(buckets.take(2, start), "another has its own");
    // Charged for more than it has, it has nothing, and fills up as before.
    let later = start + SECOND * 120;
    assert!(buckets.take(1, later));
    buckets.charge(&1, 1_000);
    assert_eq!(taken(&mut buckets, later), 0);
    assert_eq!(taken(&mut buckets, later + SECOND / 5), 2);
}

#[test]
fn buckets_are_bounded_and_strangers_share_one() {
    let start = Instant::now();
    let mut buckets = Buckets::new(1, 1, 50);
    let passed = (0..10_000).filter(|key| buckets.take(*key, start)).count();
    assert_eq!((buckets.len(), passed), (50, 51));
    // Those that have filled up again make room.
    let later = start + SECOND * 5;
    assert!(buckets.take(20_000, later));
    assert!(buckets.len() < 50);
}

#[test]
fn an_ipv6_network_is_one_source() {
    let address = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, host, 0, 0, host));
    assert_eq!(source(address(1)), source(address(2)));
    assert_ne!(
        source(address(1)),
        source("2001:db8:1:3::1".parse().unwrap())
    );
    let mapped = "::ffff:10.0.0.1".parse().unwrap();
    assert_eq!(source(mapped), IpAddr::from([10, 0, 0, 1]));
    assert_ne!(source(mapped), source(IpAddr::from([10, 0, 0, 2])));
}
