//! The store by its public face: what is kept over a reopening and a kill, in
//! which order, and what becomes of faults and damage.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use broker::{
    LogPosition, SessionChange, SessionKey, SessionStore, StoredSession, StoredSubscription,
};
use domain::{Offset, Timestamp};
use ingest::Clock;
use rusqlite::Connection;

use super::{OpenSessionsError, SESSIONS_FILE, Sessions, SessionsFolder, begin_without_sessions};

/// Each look at it is a microsecond later.
#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn open(dir: &Path) -> Sessions {
    try_open(dir, SessionsFolder::ANY).unwrap()
}

fn try_open(dir: &Path, folder: SessionsFolder) -> Result<Sessions, OpenSessionsError> {
    let scope = supervisor::Scope::default();
    Sessions::open(dir, folder, Arc::new(Ticks::default()), &scope)
}

fn key(client_id: &str) -> Arc<SessionKey> {
    Arc::new(SessionKey {
        owner: "key:abc".into(),
        client_id: client_id.into(),
    })
}

fn at(offset: u64) -> LogPosition {
    LogPosition::at(Offset::new(offset))
}

fn attached(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Attached {
        key: key(client_id),
        expiry: 3_600,
        position: at(offset),
    }
}

fn detached(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Detached {
        key: key(client_id),
        expiry: 60,
        position: at(offset),
    }
}

fn moved(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Position {
        key: key(client_id),
        position: at(offset),
    }
}

fn subscription(filter: &str, since: u64) -> StoredSubscription {
    StoredSubscription {
        filter: filter.into(),
        options: 0x29,
        id: Some(7),
        since: at(since),
    }
}

fn subscribed(client_id: &str, filter: &str, since: u64) -> SessionChange {
    SessionChange::Subscribed {
        key: key(client_id),
        subscription: subscription(filter, since),
    }
}

fn received(client_id: &str, packet_id: u16) -> SessionChange {
    SessionChange::Received {
        key: key(client_id),
        packet_id,
    }
}

fn ended(client_id: &str) -> SessionChange {
    SessionChange::Ended {
        key: key(client_id),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn save(sessions: &Sessions, changes: Vec<SessionChange>) {
    block_on(sessions.save(changes)).unwrap();
}

/// By client id, as the next start finds them.
fn reopened(dir: &Path) -> BTreeMap<String, StoredSession> {
    let sessions = open(dir);
    let loaded = sessions.load().unwrap();
    block_on(sessions.close()).unwrap();
    loaded
        .into_iter()
        .map(|session| (session.key.client_id.to_string(), session))
        .collect()
}

/// A copy of the files as they lie on the disk now: what is there after kill -9.
fn killed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

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

#[test]
fn after_a_fault_nothing_is_saved_and_everybody_is_told() {
    let dir = tempfile::tempdir().unwrap();
    block_on(open(dir.path()).close()).unwrap();
    let file = Connection::open(dir.path().join(SESSIONS_FILE)).unwrap();
    file.execute_batch(
        "CREATE TRIGGER fault BEFORE INSERT ON subscription
         BEGIN SELECT RAISE(FAIL, 'the disk is broken'); END",
    )
    .unwrap();
    drop(file);
    let sessions = open(dir.path());
    save(&sessions, vec![attached("app", 1)]);
    let failing = sessions.save(vec![moved("app", 2), subscribed("app", "open/#", 1)]);
    let behind = sessions.save(vec![moved("app", 3)]);
    assert!(block_on(failing).is_err());
    // It may have been in the same transaction or behind it: never saved.
    assert!(block_on(behind).is_err());
    let fault = block_on(sessions.failed());
    assert!(fault.to_string().contains(SESSIONS_FILE), "{fault}");
    let refused = block_on(sessions.save(vec![moved("app", 4)])).unwrap_err();
    // The cause is told too, to the last one.
    let told = broker::with_causes(&refused);
    assert!(told.contains(SESSIONS_FILE), "{told}");
    assert!(block_on(sessions.close()).is_err());
    assert_eq!(reopened(dir.path())["app"].position, at(1));
}

/// What it is, and what it does to the file.
type Damage = (&'static str, fn(&mut Vec<u8>));

#[test]
fn a_damaged_file_is_refused_and_set_aside_where_its_loss_is_accepted() {
    let damages: [Damage; 4] = [
        ("no SQLite file", |bytes| bytes[..16].fill(b'x')),
        ("shorter than a header", |bytes| bytes.truncate(50)),
        ("cut in the middle", |bytes| {
            bytes.truncate(bytes.len() / 2);
        }),
        ("a page of garbage", |bytes| {
            let at = bytes.len() - 4_096;
            bytes[at..].fill(0xa5);
        }),
    ];
    for (what, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SESSIONS_FILE);
        let sessions = open(dir.path());
        for number in 0..500 {
            let client = format!("app-{number}");
            save(
                &sessions,
                vec![attached(&client, 1), subscribed(&client, "open/#", 1)],
            );
        }
        block_on(sessions.close()).unwrap();
        drop(sessions);
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();

        let refused = try_open(dir.path(), SessionsFolder::ANY);
        assert!(
            matches!(refused, Err(OpenSessionsError::Damaged { .. })),
            "{what}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what}: untouched");
        let id = "07".repeat(16).parse().unwrap();
        let aside = begin_without_sessions(dir.path(), id, 5, Timestamp::from_micros(0));
        let aside = aside.unwrap().unwrap();
        let mark = domain::FolderMark::of(id);
        let sessions = try_open(dir.path(), SessionsFolder { mark, least: 5 });
        let sessions = sessions.unwrap();
        assert_eq!(sessions.load().unwrap(), [], "{what}");
        save(&sessions, vec![attached("new", 1)]);
        assert_eq!(sessions.changes(), 6);
        block_on(sessions.close()).unwrap();
        assert_eq!(
            std::fs::read(aside).unwrap(),
            bytes,
            "{what}: kept as it was"
        );
        assert_eq!(reopened(dir.path()).len(), 1, "{what}");
    }
}

#[test]
fn a_file_with_other_tables_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = Connection::open(dir.path().join(SESSIONS_FILE)).unwrap();
    file.execute_batch("CREATE TABLE session (id INTEGER); PRAGMA user_version = 1")
        .unwrap();
    drop(file);
    let refused = try_open(dir.path(), SessionsFolder::ANY);
    assert!(matches!(refused, Err(OpenSessionsError::Damaged { .. })));
}

/// What a copy from before, a lost file and a lost write-ahead log have in
/// common: what was promised is not there.
#[test]
fn a_file_that_is_lost_or_has_not_got_as_far_as_the_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(SESSIONS_FILE);
    let id: domain::FolderId = "07".repeat(16).parse().unwrap();
    let mark = domain::FolderMark::of(id);
    let open = |least| {
        let folder = SessionsFolder { mark, least };
        try_open(dir.path(), folder)
    };
    let lost = |refused| matches!(refused, Err(OpenSessionsError::Lost { .. }));
    assert!(lost(open(0)));
    assert!(!path.exists(), "none was made");
    std::fs::write(&path, b"").unwrap();
    assert!(lost(open(0)));
    std::fs::remove_file(&path).unwrap();

    let folder = SessionsFolder {
        mark: domain::FolderMark::first(id),
        least: 0,
    };
    let sessions = try_open(dir.path(), folder).unwrap();
    save(&sessions, vec![attached("app", 1)]);
    let copy = killed(dir.path());
    let wal = copy.path().join(format!("{SESSIONS_FILE}-wal"));
    let garbled = vec![0xa5; std::fs::read(&wal).unwrap().len()];
    std::fs::write(&wal, &garbled).unwrap();
    let least = sessions.changes();
    let folder = SessionsFolder { mark, least };
    let older = try_open(copy.path(), folder);
    assert!(matches!(older, Err(OpenSessionsError::Older { .. })));
    assert_eq!(std::fs::read(&wal).unwrap(), garbled, "as it was found");
    block_on(sessions.close()).unwrap();
    drop(sessions);
    assert!(open(least).is_ok());
}

#[test]
fn a_newer_file_is_refused_and_left_untouched() {
    let dir = tempfile::tempdir().unwrap();
    block_on(open(dir.path()).close()).unwrap();
    let path = dir.path().join(SESSIONS_FILE);
    let file = Connection::open(&path).unwrap();
    file.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99")
        .unwrap();
    drop(file);
    let before = std::fs::read(&path).unwrap();
    let refused = try_open(dir.path(), SessionsFolder::ANY);
    assert!(matches!(
        refused,
        Err(OpenSessionsError::Newer { found: 99, .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_file_belongs_to_one_process_and_one_account() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    let second = try_open(dir.path(), SessionsFolder::ANY);
    assert!(matches!(second, Err(OpenSessionsError::InUse(_))));
    save(&sessions, vec![attached("app", 1)]);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    block_on(sessions.close()).unwrap();
    open(dir.path());
}

/// Power that fails in the middle of a write leaves such a file behind.
#[test]
fn a_torn_write_ahead_log_keeps_what_was_saved_before() {
    let dir = tempfile::tempdir().unwrap();
    let sessions = open(dir.path());
    save(&sessions, vec![attached("app", 1)]);
    let copy = killed(dir.path());
    let wal = copy.path().join(format!("{SESSIONS_FILE}-wal"));
    let mut bytes = std::fs::read(&wal).unwrap();
    bytes.extend_from_slice(&[0x5a; 5_000]);
    std::fs::write(&wal, bytes).unwrap();
    let found = reopened(copy.path());
    assert_eq!(found.keys().collect::<Vec<_>>(), ["app"]);
}
