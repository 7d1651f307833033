//! Which other lines a store has to take before it is said to fail at one line.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::failing::{fail, fail_at_poison, figure, has_poison};
use crate::plane::{OPEN, Plane};
use crate::store::{Reply, Request, Store};
use crate::{all_is_acknowledged, config, eventually, expect_all, start};

/// Of a store that splits by field, as clusters of VictoriaMetrics do: a node is
/// down, and that of the thing's other fields is up.
#[test]
fn a_store_that_fails_at_a_field_that_it_took_before_costs_no_line() {
    let plane = Plane::new();
    let send = |second: u32| {
        let time = 1_789_000_000 + second;
        let payload = format!(r#"{{"t":{time},"v":{{"speed":{second},"volume":{second}}}}}"#);
        plane.submit(OPEN, &payload);
    };
    let store = Store::with_start_time();
    send(0);
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    let rounds = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&rounds);
    store.behave(move |request| {
        let of_the_node = request.text.contains(" speed=");
        // A part of the batch has one of them at most.
        let ends = [" 1789000001000000", " 1789000007000000"];
        let whole = ends.iter().all(|end| request.text.contains(end));
        seen.fetch_add(usize::from(whole), Ordering::Relaxed);
        if of_the_node { fail() } else { Reply::Take }
    });
    for second in 1..8 {
        send(second);
    }
    let stats = feed.stats();
    eventually("it waits for the node", || {
        rounds.load(Ordering::Relaxed) >= 5 || stats.set_aside() > 0
    });
    assert_eq!(stats.set_aside(), 0);
    store.behave(|_| Reply::Take);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(stats.set_aside(), 0);
}

fn is_poison_alone(request: &Request) -> bool {
    has_poison(request) && request.lines.len() == 1
}

/// It does not fail at the field any more: what it fails at now may be a part of
/// it that is down.
#[test]
fn a_field_that_was_taken_again_is_given_all_trials_again() {
    let plane = Plane::new();
    let store = Store::with_start_time();
    store.behave(fail_at_poison);
    let feed = start(&plane, config(&store));
    plane.submit(
        OPEN,
        r#"{"t":1789500000,"v":{"speed":1,"firmware":"poison"}}"#,
    );
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
    plane.submit(OPEN, r#"{"t":1789500001,"v":{"firmware":"1.0"}}"#);
    all_is_acknowledged(&plane, &feed);
    let mut alone = 0;
    store.behave(move |request| {
        alone += usize::from(is_poison_alone(request));
        // More often than it is sent where the field is known to fail.
        if has_poison(request) && alone < 12 {
            fail()
        } else {
            Reply::Take
        }
    });
    plane.submit(
        OPEN,
        r#"{"t":1789500002,"v":{"speed":1,"firmware":"poison"}}"#,
    );
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
}

#[test]
fn a_field_that_fails_for_the_whole_fleet_is_given_all_trials_for_a_few_things() {
    const THINGS: u64 = 40;
    let plane = Plane::new();
    for id in plane.add_many(THINGS) {
        plane.submit(
            &id,
            r#"{"t":1789500000,"v":{"speed":1,"firmware":"poison"}}"#,
        );
    }
    let store = Store::with_start_time();
    let alone = Arc::new(Mutex::new(BTreeMap::<Vec<(String, String)>, u32>::new()));
    let seen = Arc::clone(&alone);
    store.behave(move |request| {
        if is_poison_alone(request) {
            let tags = request.lines[0].tags.clone();
            *seen.lock().unwrap().entry(tags).or_default() += 1;
        }
        if has_poison(request) {
            fail()
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), THINGS);
    let alone = alone.lock().unwrap();
    let in_full = alone.values().filter(|times| **times >= 15).count();
    assert_eq!((alone.len(), in_full), (THINGS as usize, 3));
}

#[test]
fn a_line_is_put_on_trial_where_its_thing_was_heard_of_before_many_others() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"speed":1}}"#);
    for id in plane.add_many(2_100) {
        plane.submit(&id, r#"{"t":1789500000,"v":{"speed":1}}"#);
    }
    let store = Store::with_start_time();
    store.behave(fail_at_poison);
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    plane.submit(OPEN, r#"{"t":1789500001,"v":{"firmware":"poison"}}"#);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
}

/// In its trial it gets an answer of another kind, so it is sent once more, as
/// any other: it is late then too.
#[test]
fn a_line_that_is_sent_once_more_after_its_trial_does_not_undo_its_corrections() {
    let plane = Plane::new();
    for version in ["poison", "cured", "cured again"] {
        plane.submit(
            OPEN,
            &format!(r#"{{"t":1789500000,"v":{{"firmware":"{version}"}}}}"#),
        );
    }
    let store = Store::with_start_time();
    let mut alone = 0;
    store.behave(move |request| {
        alone += usize::from(is_poison_alone(request));
        match alone {
            0..4 if has_poison(request) => fail(),
            4 if is_poison_alone(request) => Reply::Status(413, vec![]),
            _ => Reply::Take,
        }
    });
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert!(store.points() == plane.public_points());
    assert_eq!(feed.stats().set_aside(), 0);
    let is_poison = |request: &Request| has_poison(request);
    let last = store.requests().iter().rposition(is_poison).unwrap();
    assert!(store.requests().len() > last + 1, "the correction follows");
}

/// The feed has sent nothing else of the thing since its start: the platform has.
#[test]
fn a_line_is_put_on_trial_where_its_thing_was_heard_of_before_the_start() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"1.0"}}"#);
    let store = Store::with_start_time();
    store.behave(fail_at_poison);
    let cursor = format!(
        r#"{{"version":1,"target":"{}/api/v2/write?bucket=madang&precision=us","resume_behind":{},"received":1}}"#,
        store.url(),
        plane.ingest.durable_offset()
    );
    std::fs::write(plane.folder().join("feed.json"), cursor).unwrap();
    plane.submit(OPEN, r#"{"t":1789500001,"v":{"firmware":"poison"}}"#);
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
    let first = &store.requests()[0];
    assert!(is_poison_alone(first), "{}", first.text);
}

#[test]
fn a_line_that_nothing_can_be_compared_with_is_counted_until_its_thing_sends_another() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
    let store = Store::with_start_time();
    store.behave(fail_at_poison);
    let feed = start(&plane, config(&store));
    eventually("the feed waits", || {
        figure(&feed, "madang_feed_held_up_total") >= 2
    });
    assert_eq!(feed.stats().set_aside(), 0);
    plane.submit(OPEN, r#"{"t":1789500001,"v":{"speed":1}}"#);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
}
