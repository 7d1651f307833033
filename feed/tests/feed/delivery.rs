//! What goes out, and what happens where the store does not take it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use feed::{Config, Selection, Target, TokenFile};
use text_formats::prometheus::Exposition;

use crate::plane::{OPEN, Plane, RESTRICTED};
use crate::store::{Reply, Store};
use crate::{
    PATIENCE, all_is_acknowledged, config, eventually, expect_all, expect_all_but_poison, start,
};

#[test]
fn every_public_observation_arrives_with_its_value() {
    let plane = Plane::new();
    let store = Store::new();
    plane.submit(
        OPEN,
        r#"{"t":1789000000.5,"v":{"speed":12.1,"volume":3,"firmware":"1.0 \"b\"\\\n2, x=y","lit":true}}"#,
    );
    plane.submit(OPEN, r#"{"t":1789000001,"v":{"speed":9999,"volume":null}}"#);
    plane.submit(RESTRICTED, r#"{"t":1789000001,"v":{"speed":1}}"#);
    let feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    // Corrections, late ones, one that becomes missing; and what comes live.
    plane.submit(OPEN, r#"{"t":1789000000.5,"v":{"speed":13.5}}"#);
    plane.submit(OPEN, r#"{"t":1780000000,"v":{"speed":1e-7}}"#);
    plane.submit(OPEN, r#"{"t":1789000002,"v":{"speed":60}}"#);
    expect_all(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    let points = store.points();
    assert!(points.keys().all(|key| !key.series.contains(RESTRICTED)));
    let mut page = Exposition::default();
    feed.stats().metrics(&mut page);
    let figures = page.into_text();
    for figure in [
        "madang_feed_lag_offsets 0\n",
        "madang_feed_lag_seconds 0.000\n",
        "madang_feed_lines_set_aside_total 0\n",
        "madang_feed_failures_total{kind=\"unreachable\"} 0\n",
    ] {
        assert!(figures.contains(figure), "{figure} in {figures}");
    }
    feed.stop();
}

#[test]
fn restricted_datastreams_go_where_all_are_asked_for() {
    let plane = Plane::new();
    let store = Store::new();
    plane.submit(OPEN, r#"{"t":1789000001,"v":{"speed":1}}"#);
    plane.submit(RESTRICTED, r#"{"t":1789000001,"v":{"speed":2}}"#);
    let all = Config {
        selection: Selection::All,
        ..config(&store)
    };
    let _feed = start(&plane, all);
    let expected = plane.points(&[OPEN, RESTRICTED]);
    eventually("both arrive", || store.points() == expected);
}

#[test]
fn requests_have_the_form_that_the_interface_asks_for() {
    let plane = Plane::new();
    let store = Store::new();
    // More lines than one request may have.
    for number in 0..12 {
        plane.speeds(OPEN, number, 1_000);
    }
    let token = plane.folder().join("token");
    std::fs::write(&token, "s3cret==\n").unwrap();
    let target = Target::new(&format!("{}/behind/a/proxy/", store.url())).unwrap();
    let target = target.with_org("city of 서울".to_owned()).unwrap();
    let _feed = start(
        &plane,
        Config {
            target: target.with_bucket("iot".to_owned()).unwrap(),
            token: Some(TokenFile::checked(token).unwrap()),
            ..config(&store)
        },
    );
    expect_all(&plane, &store);
    let requests = store.requests();
    assert!(requests.len() >= 3, "{} requests", requests.len());
    for request in requests {
        assert_eq!(
            request.path,
            "/behind/a/proxy/api/v2/write?bucket=iot&org=city%20of%20%EC%84%9C%EC%9A%B8\
             &precision=us"
        );
        assert_eq!(request.headers["authorization"], "Token s3cret==");
        assert!(request.headers["content-type"].starts_with("text/plain"));
        assert!(request.lines.len() <= 5_000);
        assert!(request.text.len() <= 5 << 18);
        assert!(
            request.packed_bytes < request.text.len() / 2,
            "it is packed"
        );
    }
}

/// Between the first request and the next.
fn pause(store: &Store) -> Duration {
    eventually("it is tried again", || store.requests().len() >= 2);
    let requests = store.requests();
    requests[1].at - requests[0].at
}

/// Refuses the first request with a header, and takes the others.
fn once(status: u16, retry_after: impl Fn() -> String + Send + 'static) -> Store {
    let mut first = true;
    Store::behaving(move |_| {
        if std::mem::take(&mut first) {
            Reply::Status(status, vec![("Retry-After", retry_after())])
        } else {
            Reply::Take
        }
    })
}

#[test]
fn retry_after_is_kept_in_seconds_and_as_a_date() {
    let plane = Plane::new();
    plane.submit(OPEN, r#"{"t":1789000001,"v":{"speed":1}}"#);
    let in_seconds = once(429, || "3".to_owned());
    let as_date = once(503, || {
        let soon = SystemTime::now() + Duration::from_secs(4);
        let since_1970 = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seconds = i64::try_from(since_1970.as_secs()).unwrap();
        let date = jiff::Timestamp::from_second(seconds).unwrap();
        date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    });
    for (store, least) in [(in_seconds, 3.0), (as_date, 2.9)] {
        // Another target begins anew.
        let feed = start(&plane, config(&store));
        let pause = pause(&store).as_secs_f64();
        assert!(pause >= least, "{pause} s");
        expect_all(&plane, &store);
        feed.stop();
    }
}

#[test]
fn one_bad_line_is_set_aside_and_all_others_arrive() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 1_000);
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
    plane.speeds(OPEN, 1, 1_000);
    let store = Store::behaving(|request| {
        if request.text.contains("poison") {
            Reply::Status(400, vec![])
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    expect_all_but_poison(&plane, &store);
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
    // Halving finds it in the logarithm of the lines.
    let requests = store.requests().len();
    assert!(requests < 60, "{requests} requests");
    plane.speeds(OPEN, 2, 1_000);
    expect_all_but_poison(&plane, &store);
    assert_eq!(feed.stats().set_aside(), 1);
}

/// It says so, as HTTP/1.1 wants it, and tells nothing of itself: the new
/// connection is no sign that it died.
#[test]
fn a_store_that_ends_the_connection_with_a_refusal_does_not_hold_the_feed_up() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 100);
    plane.submit(OPEN, r#"{"t":1789500000,"v":{"firmware":"poison"}}"#);
    let store = Store::behaving(|request| {
        if request.text.contains("poison") {
            Reply::Close(400)
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 1);
}

#[test]
fn a_batch_of_bad_lines_only_is_set_aside_too() {
    let plane = Plane::new();
    for second in 0..5 {
        let time = 1_789_500_000 + second;
        plane.submit(
            OPEN,
            &format!(r#"{{"t":{time},"v":{{"firmware":"poison"}}}}"#),
        );
    }
    let store = Store::behaving(|request| {
        if request.text.contains("poison") {
            Reply::Status(422, vec![])
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    all_is_acknowledged(&plane, &feed);
    assert_eq!(feed.stats().set_aside(), 5);
    plane.speeds(OPEN, 0, 10);
    eventually("what is good arrives", || store.points().len() == 20);
}

#[test]
fn nothing_is_set_aside_where_the_settings_are_wrong() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 100);
    for status in [400, 401, 403, 404, 413, 500] {
        let store = Store::behaving(move |_| Reply::Status(status, vec![]));
        let feed = start(&plane, config(&store));
        let seen = Arc::new(AtomicUsize::new(0));
        eventually("it is tried again and again", || {
            seen.store(store.requests().len(), Ordering::Relaxed);
            seen.load(Ordering::Relaxed) >= 3
        });
        store.behave(|_| Reply::Take);
        expect_all(&plane, &store);
        assert_eq!(feed.stats().set_aside(), 0, "{status}");
        feed.stop();
    }
}

/// Between the first line that is refused alone and the proof: that line has a
/// second chance.
#[test]
fn settings_that_are_mended_before_the_proof_cost_no_line() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 100);
    let mut mended = false;
    let store = Store::behaving(move |request| {
        mended |= request.text.starts_with("madang.feed,");
        if mended {
            Reply::Take
        } else {
            Reply::Status(400, vec![])
        }
    });
    let feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    assert_eq!(feed.stats().set_aside(), 0);
}

#[test]
fn what_is_too_large_goes_in_parts() {
    let plane = Plane::new();
    for number in 0..3 {
        plane.speeds(OPEN, number, 1_000);
    }
    let store = Store::behaving(|request| {
        if request.text.len() > 20_000 {
            Reply::Status(413, vec![])
        } else {
            Reply::Take
        }
    });
    let feed = start(&plane, config(&store));
    expect_all(&plane, &store);
    assert_eq!(feed.stats().set_aside(), 0);
}

#[test]
fn a_token_that_was_replaced_is_read_again() {
    let plane = Plane::new();
    plane.speeds(OPEN, 0, 10);
    let store = Store::behaving(|request| {
        if request.headers["authorization"] == "Token new" {
            Reply::Take
        } else {
            Reply::Status(401, vec![])
        }
    });
    let token = plane.folder().join("token");
    std::fs::write(&token, "old").unwrap();
    let with_token = Config {
        token: Some(TokenFile::checked(token.clone()).unwrap()),
        ..config(&store)
    };
    let _feed = start(&plane, with_token);
    eventually("it is refused", || !store.requests().is_empty());
    std::fs::write(&token, "new").unwrap();
    expect_all(&plane, &store);
}

#[test]
fn what_comes_alone_waits_a_moment_only() {
    let plane = Plane::new();
    let store = Store::new();
    let _feed = start(&plane, config(&store));
    plane.speeds(OPEN, 0, 1);
    let begun = std::time::Instant::now();
    expect_all(&plane, &store);
    // The batch's second, on a loaded machine.
    assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
}
