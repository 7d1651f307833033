//! Where the feed goes on: after our own end, with another target, and where
//! the log has less than it needs.

use std::time::Duration;

use domain::Offset;
use feed::{Config, Feed, Selection};
use ingest::{StreamItem, StreamStart};
use text_formats::prometheus::Exposition;

use crate::plane::{OPEN, Plane, RESTRICTED};
use crate::store::{Reply, Store};
use crate::{all_is_acknowledged, config, eventually, expect_all, start};

#[test]
fn a_feed_that_was_stopped_goes_on_where_it_was() {
    let plane = Plane::new();
    let store = Store::new();
    let without_horizon = Config {
        horizon: Duration::ZERO,
        ..config(&store)
    };
    let feed = start(&plane, without_horizon.clone());
    plane.speeds(OPEN, 0, 100);
    expect_all(&plane, &store);
    // Later than the mark of these, and proven alive after it.
    std::thread::sleep(Duration::from_millis(1_500));
    plane.speeds(OPEN, 1, 100);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    feed.stop();
    plane.speeds(OPEN, 2, 100);
    let feed = start(&plane, without_horizon);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    let again = feed.stats().lines();
    assert!(again < 300, "{again} of 300 were sent again");
}

#[test]
fn our_own_end_goes_back_by_the_horizon() {
    let plane = Plane::new();
    let mut store = Store::new();
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 100);
    expect_all(&plane, &store);
    feed.stop();
    // Nobody was there to see it.
    store.kill(Duration::from_secs(3_600));
    store.start_again();
    let _feed = start(&plane, config(&store));
    expect_all(&plane, &store);
}

/// As at a kill: the cursor is what it was at some moment before.
#[test]
fn a_kill_of_our_own_loses_nothing() {
    let plane = Plane::new();
    let store = Store::new();
    let mut cursor = None;
    let path = plane.folder().join("feed.json");
    for round in 0..4 {
        match &cursor {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => assert!(!path.exists()),
        }
        let before = store.points().len();
        let feed = start(&plane, config(&store));
        plane.speeds(OPEN, round, 50);
        eventually("some of it arrives", || store.points().len() > before);
        cursor = std::fs::read(&path).ok();
        feed.stop();
        let _ = std::fs::remove_file(&path);
    }
    if let Some(bytes) = cursor {
        std::fs::write(&path, bytes).unwrap();
    }
    let _feed = start(&plane, config(&store));
    expect_all(&plane, &store);
}

#[test]
fn another_target_gets_everything() {
    let plane = Plane::new();
    let first = Store::new();
    plane.speeds(OPEN, 0, 100);
    let feed = start(&plane, config(&first));
    expect_all(&plane, &first);
    feed.stop();
    let second = Store::new();
    let _feed = start(&plane, config(&second));
    expect_all(&plane, &second);
}

#[test]
fn a_cursor_of_a_newer_version_is_refused() {
    let plane = Plane::new();
    let store = Store::new();
    let path = plane.folder().join("feed.json");
    std::fs::write(&path, br#"{"version":2}"#).unwrap();
    let registry = std::sync::Arc::clone(&plane.registry);
    let started = Feed::start(
        config(&store),
        plane.folder(),
        plane.ingest.clone(),
        registry,
        supervisor::Scope::default(),
    );
    let Err(error) = started else {
        panic!("it started over a newer cursor");
    };
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("feed.json has version 2"), "{cause}");
    assert_eq!(std::fs::read(&path).unwrap(), br#"{"version":2}"#);
}

/// A restored backup has fewer frames than the store has seen.
#[test]
fn a_cursor_beyond_the_end_of_the_log_begins_anew() {
    let plane = Plane::new();
    let store = Store::new();
    plane.speeds(OPEN, 0, 100);
    let target = "bucket=madang&precision=us";
    let cursor = format!(
        r#"{{"version":1,"target":"{}/api/v2/write?{target}","resume_behind":900,"received":1}}"#,
        store.url()
    );
    std::fs::write(plane.folder().join("feed.json"), cursor).unwrap();
    let _feed = start(&plane, config(&store));
    expect_all(&plane, &store);
}

/// Of a thousand observations each, so that segments fill up; until neither the
/// log nor memory has what comes after `offset`.
fn fill_the_log(plane: &Plane, offset: Offset) {
    let gone = || {
        let mut stream = plane.ingest.stream(StreamStart::After(offset));
        matches!(stream.try_next(), Ok(Some(StreamItem::Gap { .. })))
    };
    for number in 0..2_000 {
        plane.speeds(RESTRICTED, number, 1_000);
        if gone() {
            return;
        }
    }
    panic!("the log keeps everything");
}

/// How many frames the feed found gone before it had sent them.
fn offsets_gone(feed: &Feed) -> u64 {
    let mut page = Exposition::default();
    feed.stats().metrics(&mut page);
    let figures = page.into_text();
    let gone = figures
        .lines()
        .find_map(|line| line.strip_prefix("madang_feed_offsets_gone_total "))
        .unwrap();
    gone.parse().unwrap()
}

/// Gives its frames away as soon as the store's files have them.
fn forgetful_plane() -> Plane {
    Plane::with(|config| {
        config.log_budget_bytes = config.segment_bytes;
        config.flush_rows = 20_000;
    })
}

#[test]
fn what_the_log_gave_away_is_counted_and_sent_from_the_store() {
    let plane = forgetful_plane();
    let store = Store::new();
    let without_horizon = Config {
        horizon: Duration::ZERO,
        ..config(&store)
    };
    let feed = start(&plane, without_horizon.clone());
    plane.speeds(OPEN, 0, 900);
    expect_all(&plane, &store);
    // Later than the mark of these, and proven alive after it.
    std::thread::sleep(Duration::from_millis(1_500));
    plane.speeds(OPEN, 1, 900);
    expect_all(&plane, &store);
    let offset = feed.stats().offset();
    feed.stop();
    plane.speeds(OPEN, 2, 900);
    fill_the_log(&plane, offset);
    let feed = start(&plane, without_horizon);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert!(offsets_gone(&feed) >= 1);
}

/// A feed that has begun owes all that comes after, also before the store has
/// acknowledged anything of it.
#[test]
fn what_the_log_gave_away_before_anything_was_acknowledged_is_sent_from_the_store() {
    let plane = forgetful_plane();
    let mut store = Store::new();
    store.kill(Duration::ZERO);
    let feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 900);
    fill_the_log(&plane, Offset::ZERO);
    store.start_again();
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert!(offsets_gone(&feed) >= 1);
}

/// The same where the feed ends between.
#[test]
fn a_feed_that_ended_before_anything_was_acknowledged_goes_on_where_it_began() {
    let plane = forgetful_plane();
    let mut store = Store::new();
    store.kill(Duration::ZERO);
    start(&plane, config(&store)).stop();
    plane.speeds(OPEN, 0, 900);
    fill_the_log(&plane, Offset::ZERO);
    store.start_again();
    let _feed = start(&plane, config(&store));
    expect_all(&plane, &store);
}

/// It tells no start, so it may have died and lost what it took before.
#[test]
fn a_store_that_fails_at_a_part_of_what_was_given_away_gets_it_once_more() {
    let plane = forgetful_plane();
    let mut store = Store::new();
    store.kill(Duration::ZERO);
    let all = Config {
        selection: Selection::All,
        ..config(&store)
    };
    let feed = start(&plane, all);
    plane.submit(OPEN, r#"{"t":1788000000,"v":{"speed":1}}"#);
    fill_the_log(&plane, Offset::ZERO);
    let mut requests = 0;
    store.behave(move |_| {
        requests += 1;
        // The part, and the part again; then the line that is certainly right.
        if requests <= 2 {
            Reply::Status(500, vec![])
        } else {
            Reply::Take
        }
    });
    store.start_again();
    all_is_acknowledged(&plane, &feed);
    assert!(store.points() == plane.points(&[OPEN, RESTRICTED]));
    let requests = store.requests();
    let first = requests[0].lines[0].time;
    let sent = |time| {
        let all = requests.iter().flat_map(|request| &request.lines);
        all.filter(|line| line.time == time).count()
    };
    assert!(
        sent(first) >= 4,
        "twice refused and {} times taken",
        sent(first) - 2
    );
}

/// What was before is not lost to it: it never began there.
#[test]
fn a_new_feed_begins_with_the_log() {
    let plane = forgetful_plane();
    let store = Store::new();
    plane.speeds(OPEN, 0, 900);
    fill_the_log(&plane, Offset::ZERO);
    let before = plane.public_points();
    plane.speeds(OPEN, 20, 100);
    let mut expected = plane.public_points();
    expected.retain(|key, _| !before.contains_key(key));
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert!(store.points() == expected);
    assert_eq!(offsets_gone(&feed), 0);
}
