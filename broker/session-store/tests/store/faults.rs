//! What becomes of faults and of damaged, lost and foreign files.

use rusqlite::Connection;
use session_store::{OpenSessionsError, SESSIONS_FILE, SessionsFolder, begin_empty};
use transport::SessionStore;

use crate::{at, attached, block_on, killed, moved, open, reopened, save, subscribed, try_open};

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
    let later = sessions.save(vec![moved("app", 3)]);
    assert!(block_on(failing).is_err());
    // It may have been in the same transaction or after it: never saved.
    assert!(block_on(later).is_err());
    let fault = block_on(sessions.failed());
    assert!(fault.to_string().contains(SESSIONS_FILE), "{fault}");
    let refused = block_on(sessions.save(vec![moved("app", 4)])).unwrap_err();
    // The cause is named too, to the last one.
    let chain = transport::with_causes(&refused);
    assert!(chain.contains(SESSIONS_FILE), "{chain}");
    assert!(block_on(sessions.close()).is_err());
    assert_eq!(reopened(dir.path())["app"].position, at(1));
}

/// What it is, and what it does to the file.
type Damage = (&'static str, fn(&mut Vec<u8>));

#[test]
fn a_damaged_file_is_refused_and_an_empty_one_takes_its_place_where_its_loss_is_accepted() {
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
        std::fs::remove_file(&path).unwrap();
        begin_empty(dir.path(), id, 5).unwrap();
        let mark = domain::FolderMark::of(id);
        let sessions = try_open(dir.path(), SessionsFolder { mark, least: 5 });
        let sessions = sessions.unwrap();
        assert_eq!(sessions.load().unwrap(), [], "{what}");
        save(&sessions, vec![attached("new", 1)]);
        assert_eq!(sessions.changes(), 6);
        block_on(sessions.close()).unwrap();
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

/// Power that fails in the middle of a write leaves such a file.
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
