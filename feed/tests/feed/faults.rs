//! Stores that break off, die, and lose what they had acknowledged.

use std::time::Duration;

use crate::plane::{OPEN, Plane};
use crate::store::{Reply, Store};
use crate::{all_is_acknowledged, config, expect_all, start};

/// More than any of the tests takes.
const ALL: Duration = Duration::from_secs(3_600);

#[test]
fn connections_that_break_off_lose_nothing() {
    let plane = Plane::new();
    let mut number = 0;
    let store = Store::behaving(move |_| {
        number += 1;
        match number % 4 {
            1 => Reply::Reset,
            2 => Reply::TakeAndReset,
            3 => Reply::Status(500, vec![]),
            _ => Reply::Take,
        }
    });
    for number in 0..4 {
        plane.speeds(OPEN, number, 1_000);
    }
    let _feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    for number in 4..8 {
        plane.speeds(OPEN, number, 100);
        std::thread::sleep(Duration::from_millis(300));
    }
    expect_all(&plane, &store);
}

#[test]
fn what_a_killed_store_had_acknowledged_is_sent_again() {
    let plane = Plane::new();
    let mut store = Store::new();
    let _feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 500);
    expect_all(&plane, &store);
    store.kill(ALL);
    plane.speeds(OPEN, 1, 500);
    // It is away for some attempts.
    std::thread::sleep(Duration::from_secs(2));
    assert!(store.points().is_empty());
    store.start_again();
    expect_all(&plane, &store);
}

/// It comes back at once, and nothing is sent in between: only the connection
/// shows it.
#[test]
fn a_death_that_nobody_saw_is_known_by_the_connection() {
    let plane = Plane::new();
    let mut store = Store::new();
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 500);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    store.kill(ALL);
    store.start_again();
    // Without anything new: the feed looks by itself.
    expect_all(&plane, &store);
}

/// The same where the store tells since when it runs.
#[test]
fn a_death_that_nobody_saw_is_known_by_the_start_of_the_process() {
    let plane = Plane::new();
    let mut store = Store::with_start_time();
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 500);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    store.kill(ALL);
    store.start_again();
    expect_all(&plane, &store);
}

/// Stores tell whole seconds: one that died within its first tells the same as
/// before.
#[test]
fn a_death_within_the_second_of_the_start_is_known_by_the_connection() {
    let plane = Plane::new();
    let mut store = Store::with_start_time();
    store.tell_start(7);
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 500);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    store.kill(ALL);
    store.tell_start(7);
    store.start_again();
    expect_all(&plane, &store);
}

/// A process that says it is overloaded, and that it is the same, has lost
/// nothing.
#[test]
fn an_overloaded_store_is_not_given_everything_again() {
    let plane = Plane::new();
    let store = Store::with_start_time();
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 1_000);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    let lines = feed.stats().lines();
    let mut refusals = 3;
    store.behave(move |_| {
        if refusals == 0 {
            return Reply::Take;
        }
        refusals -= 1;
        Reply::Status(503, vec![])
    });
    plane.speeds(OPEN, 1, 1_000);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().lines(), lines + 1_000);
}

/// One that ends each connection says so, and that is no sign of its death.
#[test]
fn connections_that_end_as_announced_are_no_sign() {
    let plane = Plane::new();
    let store = Store::new();
    store.behave(|_| Reply::TakeAndClose);
    let feed = start(&plane, config(&store));
    for number in 0..3 {
        plane.speeds(OPEN, number, 100);
        expect_all(&plane, &store);
    }
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().lines(), 300);
}
