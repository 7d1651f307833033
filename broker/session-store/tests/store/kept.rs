//! What is kept over a reopening and a kill, and in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Offset;
use transport::{LogPosition, SessionChange, SessionKey, SessionStore, StoredSession};

use crate::{
    at, attached, block_on, detached, ended, key, killed, moved, open, received, reopened, save,
    subscribed, subscription,
};

#[test]
fn what_was_saved_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    assert_eq!(sessions.load().unwrap(), []);
    let far = SessionChange::Position {
        key: key("app"),
        position: LogPosition::new(Offset::new(1 << 40), 3),
    };
    save(
        &sessions,
        vec![
            attached("app", 5),
            subscribed("app", "open/#", 5),
            subscribed("app", "$share/g/open/+/traffic/#", 6),
            received("app", 65_535),
            received("app", 1),
            far,
        ],
    );
    save(&sessions, vec![attached("gone", 1), detached("gone", 9)]);
    let copy = killed(dir.path());
    let found = reopened(copy.path());
    assert_eq!(
        found["app"],
        StoredSession {
            key: (*key("app")).clone(),
            expiry: 3_600,
            detached: None,
            position: LogPosition::new(Offset::new(1 << 40), 3),
            subscriptions: vec![
                subscription("$share/g/open/+/traffic/#", 6),
                subscription("open/#", 5)
            ],
            received: vec![1, 65_535],
        }
    );
    assert!(found["gone"].detached.is_some());
    assert_eq!((found["gone"].expiry, found["gone"].position), (60, at(9)));
    assert_eq!(found.len(), 2);
}

#[test]
fn each_change_does_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    save(
        &sessions,
        vec![
            attached("app", 5),
            subscribed("app", "open/a", 5),
            subscribed("app", "open/b", 5),
            // In the place of the one that stands.
            subscribed("app", "open/a", 8),
            SessionChange::Unsubscribed {
                key: key("app"),
                filter: "open/b".into(),
            },
            received("app", 3),
            received("app", 3),
            received("app", 4),
            SessionChange::Released {
                key: key("app"),
                packet_id: 4,
            },
            detached("app", 6),
            // Attached again: what is kept stays, with its position.
            attached("app", 99),
        ],
    );
    block_on(sessions.close()).unwrap();
    let app = reopened(dir.path()).remove("app").unwrap();
    assert_eq!(app.subscriptions, [subscription("open/a", 8)]);
    assert_eq!(app.received, [3]);
    assert_eq!(
        (app.detached, app.expiry, app.position),
        (None, 3_600, at(6))
    );
    let sessions = open(dir.path());
    save(&sessions, vec![ended("app")]);
    // The last words of a connection whose session has ended.
    save(
        &sessions,
        vec![
            subscribed("app", "open/a", 9),
            received("app", 9),
            moved("app", 9),
            detached("app", 9),
        ],
    );
    save(&sessions, vec![attached("app", 20)]);
    block_on(sessions.close()).unwrap();
    let app = reopened(dir.path()).remove("app").unwrap();
    assert_eq!((app.subscriptions.len(), app.received.len()), (0, 0));
    assert_eq!(app.position, at(20));
}

#[test]
fn sessions_of_different_owners_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    let other = Arc::new(SessionKey {
        owner: "dev-1".into(),
        client_id: "app".into(),
    });
    save(
        &sessions,
        vec![
            attached("app", 5),
            SessionChange::Attached {
                key: Arc::clone(&other),
                expiry: 10,
                position: at(6),
            },
            ended("app"),
        ],
    );
    block_on(sessions.close()).unwrap();
    let sessions = open(dir.path());
    let loaded = sessions.load().unwrap();
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].key, *other);
}

/// Many calls that nobody waits for until the last: they share transactions,
/// and the last one of each session wins.
#[test]
fn changes_hold_in_the_order_of_the_calls() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    let mut waiting = Vec::new();
    for round in 0..2_000u64 {
        let client = format!("app-{}", round % 7);
        let changes = match round % 5 {
            0 => vec![ended(&client), attached(&client, round)],
            1 => vec![attached(&client, round), moved(&client, round)],
            2 => vec![moved(&client, round), detached(&client, round + 1)],
            3 => vec![subscribed(&client, "open/#", round)],
            _ => vec![moved(&client, round)],
        };
        waiting.push((changes.clone(), sessions.save(changes)));
    }
    let mut model: BTreeMap<String, (LogPosition, Option<LogPosition>)> = BTreeMap::new();
    block_on(async {
        for (changes, saved) in waiting {
            saved.await.unwrap();
            for change in changes {
                step(&mut model, change);
            }
        }
    });
    let copy = killed(dir.path());
    let found: BTreeMap<_, _> = reopened(copy.path())
        .into_iter()
        .map(|(client, session)| {
            let since = session.subscriptions.first().map(|it| it.since);
            (client, (session.position, since))
        })
        .collect();
    assert_eq!(found, model);
}

/// Position and first subscription of each session.
fn step(model: &mut BTreeMap<String, (LogPosition, Option<LogPosition>)>, change: SessionChange) {
    match change {
        SessionChange::Attached { key, position, .. } => {
            model
                .entry(key.client_id.to_string())
                .or_insert((position, None));
        }
        SessionChange::Detached { key, position, .. }
        | SessionChange::Position { key, position } => {
            if let Some(session) = model.get_mut(&*key.client_id) {
                session.0 = position;
            }
        }
        SessionChange::Subscribed { key, subscription } => {
            if let Some(session) = model.get_mut(&*key.client_id) {
                session.1 = Some(subscription.since);
            }
        }
        SessionChange::Ended { key } => {
            model.remove(&*key.client_id);
        }
        _ => {}
    }
}

#[test]
fn close_saves_what_waits_and_nothing_is_taken_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    let saved: Vec<_> = (0..100)
        .map(|number| sessions.save(vec![attached(&format!("app-{number}"), number)]))
        .collect();
    block_on(sessions.close()).unwrap();
    for saved in saved {
        block_on(saved).unwrap();
    }
    let refused = block_on(sessions.save(vec![attached("late", 1)]));
    assert!(refused.unwrap_err().to_string().contains("stopping"));
    assert_eq!(reopened(dir.path()).len(), 100);
}
