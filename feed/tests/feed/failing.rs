//! Stores that answer 500: at a line that they do not like, at times, or in part.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use feed::{Config, Feed, Selection};
use text_formats::prometheus::Exposition;

use crate::plane::{OPEN, Plane, RESTRICTED};
use crate::store::{Reply, Request, Store};
use crate::{all_is_acknowledged, config, eventually, expect_all, expect_all_but_poison, start};

pub(crate) fn fail() -> Reply {
    Reply::Status(500, vec![])
}

pub(crate) fn has_poison(request: &Request) -> bool {
    request.text.contains("poison")
}

pub(crate) fn fail_at_poison(request: &Request) -> Reply {
    if has_poison(request) {
        fail()
    } else {
        Reply::Take
    }
}

/// Among good lines, a text that a store fails at if it is told to.
fn plane_with_poison() -> Plane {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 8);
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
    plane.speeds(OPEN, 1, 8);
    plane
}

pub(crate) fn figure(feed: &Feed, name: &str) -> u64 {
    let mut page = Exposition::default();
    feed.stats().metrics(&mut page);
    let figures = page.into_text();
    let value = figures.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().trim().parse().unwrap()
}

/// Some stores fail at a line that they do not like, and say no more.
#[test]
fn one_line_that_the_store_fails_at_is_set_aside_and_all_others_arrive() {
    for tells in [true, false] {
        let plane = Plane::new();
        plane.speeds(OPEN, 0, 1_000);
        plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
        plane.speeds(OPEN, 1, 1_000);
        let store = if tells {
            Store::with_start_time()
        } else {
            Store::new()
        };
        store.behave(fail_at_poison);
        let feed = start(&plane, config(&store));
        expect_all_but_poison(&plane, &store);
        all_is_acknowledged(&plane, &feed);
        assert_eq!(feed.stats().set_aside(), 1);
    }
}

/// One of two stores behind an address is down; or one fails now and then.
#[test]
fn a_store_that_fails_at_times_costs_no_line() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 8);
    for good in [2, 3] {
        let mut number = 0;
        let store = Store::behaving(move |_| {
            number += 1;
            if number % good == 0 {
                Reply::Take
            } else {
                Reply::Status(500, vec![])
            }
        });
        let feed = start(&plane, config(&store));
        expect_all(&plane, &store);
        all_is_acknowledged(&plane, &feed);
        assert_eq!(feed.stats().set_aside(), 0);
        feed.stop();
    }
}

/// As where a shard cannot be written: its lines are good.
#[test]
fn a_store_that_fails_at_a_time_of_the_data_costs_no_line() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"speed":1}}"#);
    plane.submit(OPEN, r#"{"t":1789500001,"v":{"speed":2}}"#);
    let proofs = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&proofs);
    let store = Store::behaving(move |request| {
        if request.text.contains(" 1789500000000000") {
            let is_proof = request.text.starts_with("madang.feed,");
            seen.fetch_add(usize::from(is_proof), Ordering::Relaxed);
            Reply::Status(500, vec![])
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    eventually("it is asked whether it takes that time at all", || {
        proofs.load(Ordering::Relaxed) >= 2
    });
    store.behave(|_| Reply::Take);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 0);
}

#[test]
fn many_lines_that_the_store_fails_at_are_set_aside_once_each() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 100);
    for second in 0..30 {
        let time = 1_789_500_000 + second;
        plane.submit(
            OPEN,
            &format!(r#"{{"t":{time},"v":{{"firmware":"poison","volume":1}}}}"#),
        );
    }
    let mut requests = 0;
    let store = Store::behaving(move |request| {
        requests += 1;
        if requests % 150 == 0 {
            // The batch begins anew then.
            Reply::Reset
        } else if has_poison(request) {
            fail()
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    expect_all_but_poison(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 30);
}

/// It is down, or fails at a line alone, for longer than one trial; what it does
/// with the other lines tells it apart.
#[test]
fn a_line_that_is_taken_in_a_later_trial_is_not_set_aside() {
    let plane = plane_with_poison();
    let mut alone = 0;
    let store = Store::behaving(move |request| {
        alone += usize::from(has_poison(request) && request.lines.len() == 1);
        if has_poison(request) && alone < 10 {
            fail()
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 0);
}

#[test]
fn a_store_that_goes_down_during_a_trial_costs_no_line() {
    // With the first attempt of the first trial, and of the last one.
    for goes_down_at in [4, 14] {
        let plane = plane_with_poison();
        let mut alone = 0;
        let mut is_up = false;
        let store = Store::behaving(move |request| {
            alone += usize::from(has_poison(request) && request.lines.len() == 1);
            let was_down = alone >= goes_down_at;
            // The batch is sent again as a whole: the trial has ended.
            is_up |= was_down && request.lines.len() > 1;
            if !is_up && (was_down || has_poison(request)) {
                fail()
            } else {
                Reply::Take
            }
        });
        let feed = start(&plane, config(&store));
        expect_all(&plane, &store);
        all_is_acknowledged(&plane, &feed);
        assert_eq!(feed.stats().set_aside(), 0);
        feed.stop();
    }
}

/// As where one node of a cluster is down: those of the other series are up.
#[test]
fn a_store_that_fails_at_a_series_costs_no_line() {
    for knows_the_series in [false, true] {
        let plane = Plane::new();
        let store = Store::with_start_time();
        let all = Config {
            selection: Selection::All,
            ..config(&store)
        };
        let of_the_node = |request: &Request| request.text.contains(",thing=flow-2 ");
        if knows_the_series {
            plane.speeds(RESTRICTED, 9, 3);
        }
        let feed = start(&plane, all);
        all_is_acknowledged(&plane, &feed);
        let rounds = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&rounds);
        store.behave(move |request| {
            let whole = of_the_node(request) && request.text.contains(",thing=flow-1 ");
            seen.fetch_add(usize::from(whole), Ordering::Relaxed);
            if of_the_node(request) {
                fail()
            } else {
                Reply::Take
            }
        });
        plane.speeds(OPEN, 0, 4);
        plane.speeds(RESTRICTED, 0, 4);
        plane.speeds(OPEN, 1, 4);
        let stats = feed.stats();
        eventually("it waits for the node", || {
            rounds.load(Ordering::Relaxed) >= 5 || stats.set_aside() > 0
        });
        assert_eq!(stats.set_aside(), 0);
        store.behave(|_| Reply::Take);
        let expected = plane.points(&[OPEN, RESTRICTED]);
        eventually("all arrive", || store.points() == expected);
        all_is_acknowledged(&plane, &feed);
        assert_eq!(stats.set_aside(), 0);
        feed.stop();
    }
}

/// The line that is corrected waits for its trial; its correction was taken in
/// the meantime, and stays.
#[test]
fn a_line_that_is_taken_late_does_not_undo_its_correction() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"cured"}}"#);
    let store = Store::with_start_time();
    let mut alone = 0;
    let is_taken = Arc::new(AtomicBool::new(false));
    let taken = Arc::clone(&is_taken);
    store.behave(move |request| {
        alone += usize::from(has_poison(request) && request.lines.len() == 1);
        if has_poison(request) && alone < 5 {
            return fail();
        }
        taken.fetch_or(has_poison(request), Ordering::Relaxed);
        Reply::Take
    });
    let feed = start(&plane, config(&store));
    eventually("it is taken", || is_taken.load(Ordering::Relaxed));
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert!(store.points() == plane.public_points());
    assert_eq!(feed.stats().set_aside(), 0);
}

#[test]
fn a_batch_that_is_sent_again_counts_as_one_failure() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 8);
    let mut requests = 0;
    let store = Store::behaving(move |_| {
        requests += 1;
        // The batch; the batch again, and the line that is certainly right.
        if requests <= 3 { fail() } else { Reply::Take }
    });
    let feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    let failures = figure(&feed, "madang_feed_failures_total{kind=\"failing\"}");
    assert_eq!(failures, 2);
}

/// It may have died and lost what it took before, and nothing but its failure
/// tells: that is sent again, once.
#[test]
fn a_store_that_tells_no_start_and_fails_is_given_the_horizon_once_more() {
    let plane = plane_with_poison();
    let store = Store::new();
    store.behave(fail_at_poison);
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    eventually("the field is known", || feed.stats().set_aside() == 1);
    all_is_acknowledged(&plane, &feed);
    let lines = feed.stats().lines();
    let mut is_down = true;
    store.behave(move |_| {
        if std::mem::take(&mut is_down) {
            fail()
        } else {
            Reply::Take
        }
    });
    plane.submit(OPEN, r#"{"t":1789600000,"v":{"firmware":"1.0"}}"#);
    eventually("the horizon is sent again", || {
        feed.stats().lines() >= lines + 17
    });
    all_is_acknowledged(&plane, &feed);
    assert!(feed.stats().lines() < lines + 40);
}
