//! The feed through its public interface: a real log on one side, a small HTTP
//! server of the tests' own on the other.

#![allow(clippy::unwrap_used)]

mod cursor;
mod delivery;
mod failing;
mod faults;
mod lines;
mod parser;
mod plane;
mod store;
mod witnesses;

use std::time::{Duration, Instant};
use supervisor::Scope;

use feed::{Config, Feed, Selection, Target};

use plane::Plane;
use store::Store;

/// Long enough for two loaded cores; only a failure ever waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `look` says so.
fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !look() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn config(store: &Store) -> Config {
    Config {
        target: Target::new(&store.url()).unwrap(),
        token: None,
        horizon: Duration::from_secs(60),
        selection: Selection::Public,
    }
}

fn start(plane: &Plane, config: Config) -> Feed {
    let registry = std::sync::Arc::clone(&plane.registry);
    Feed::start(
        config,
        plane.folder(),
        plane.ingest.clone(),
        registry,
        Scope::default(),
    )
    .unwrap()
}

/// Waits until the store holds what the platform holds, value for value.
fn expect_all(plane: &Plane, store: &Store) {
    let expected = plane.public_points();
    assert!(!expected.is_empty());
    eventually("the store holds everything", || store.points() == expected);
}

/// The same but for the texts that it cannot take.
fn expect_all_but_poison(plane: &Plane, store: &Store) {
    let mut expected = plane.public_points();
    expected.retain(|key, _| !key.field.starts_with("firmware"));
    eventually("all others arrive", || store.points() == expected);
}

/// Waits until the store has acknowledged all that was submitted. The lag
/// counts what is applied, and what is durable is applied a moment later.
fn all_is_acknowledged(plane: &Plane, feed: &Feed) {
    plane.caught_up();
    eventually("all is acknowledged", || feed.stats().lag() == 0);
}
