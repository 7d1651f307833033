//! Whatever is done to the rows of a chain is found, and where.

use std::path::Path;

use device_registry::{
    Actor, AuditFault, AuditHead, REGISTRY_FILE, Registry, verify_registry_audit,
};
use rusqlite::Connection;

use super::all;
use crate::harness::{TestRegistry, new_device, open_at};

/// A folder with a registry of some entries, closed, and its head.
fn chain() -> (tempfile::TempDir, AuditHead) {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_at(dir.path()).unwrap();
    let id = crate::harness::agency("seoul");
    let name = "서울 \"특별시\" \\".to_owned();
    let new = device_registry::NewAgency { id, name };
    registry.create_agency(&Actor::OPERATOR, new).unwrap();
    for id in ["a", "b", "c"] {
        let new = new_device(id);
        registry.register_device(&Actor::OPERATOR, new).unwrap();
    }
    let head = registry.audit_head();
    drop(registry);
    (dir, head)
}

fn verified(dir: &Path, kept: Option<AuditHead>) -> Result<AuditHead, AuditFault> {
    verify_registry_audit(dir, kept).unwrap()
}

/// The fault after `sql` was run on the file.
fn after(
    sql: &str,
    kept: impl Fn(AuditHead) -> Option<AuditHead>,
) -> Result<AuditHead, AuditFault> {
    let (dir, head) = chain();
    assert_eq!(verified(dir.path(), Some(head)), Ok(head));
    let connection = Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    verified(dir.path(), kept(head))
}

#[test]
fn an_altered_column_is_found() {
    for column in [
        "time = time + 1",
        "actor = 'application:x'",
        "address = '203.0.113.9'",
        "address = ''",
        "means = 'session'",
        "action = 'device.patch'",
        "kind = 'thing'",
        "object = 'd'",
        "agency = NULL",
        "agency = 'busan'",
        "before = '{}'",
        "after = NULL",
        "after = replace(after, 'restricted', 'public')",
        "hash = zeroblob(32)",
        "previous = zeroblob(32)",
    ] {
        let fault = after(
            &format!("UPDATE audit SET {column} WHERE object = 'b'"),
            |_| None,
        );
        assert!(
            matches!(fault, Err(AuditFault::Altered(_))),
            "{column}: {fault:?}"
        );
    }
    let fault = after("UPDATE audit SET hash = x'00' WHERE object = 'b'", |_| None);
    assert!(
        matches!(fault, Err(AuditFault::Unreadable { .. })),
        "{fault:?}"
    );
}

#[test]
fn a_missing_entry_is_found() {
    let (_dir, head) = chain();
    let first = head.number - 1;
    let fault = after("DELETE FROM audit WHERE object = 'b'", |_| None);
    assert_eq!(
        fault,
        Err(AuditFault::Missing {
            first,
            found: head.number
        })
    );
    let fault = after("DELETE FROM audit WHERE number = 1", |_| None);
    assert_eq!(fault, Err(AuditFault::Missing { first: 1, found: 2 }));
}

#[test]
fn entries_that_changed_places_are_found() {
    let exchange = "UPDATE audit SET number = -1 WHERE object = 'a';
        UPDATE audit SET number = number - 1 WHERE object = 'b';
        UPDATE audit SET number = (SELECT number + 1 FROM audit WHERE object = 'b')
            WHERE object = 'a';";
    let fault = after(exchange, |_| None);
    assert!(matches!(fault, Err(AuditFault::Altered(_))), "{fault:?}");
}

#[test]
fn a_chain_that_was_cut_off_or_written_anew_is_found_by_its_head() {
    let (_dir, head) = chain();
    let cut = "DELETE FROM audit WHERE object = 'c'";
    assert!(
        after(cut, |_| None).is_ok(),
        "which nothing in the file tells"
    );
    let fault = after(cut, Some);
    assert_eq!(
        fault,
        Err(AuditFault::Cut {
            end: head.number - 1,
            kept: head.number
        })
    );

    let (dir, head) = chain();
    let connection = Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
    let of_c = "DELETE FROM audit WHERE object = 'c'; DELETE FROM datastream WHERE device = 'c';
        DELETE FROM device WHERE id = 'c'; DELETE FROM thing WHERE id = 'c';";
    connection.execute_batch(of_c).unwrap();
    drop(connection);
    let registry = open_at(dir.path()).unwrap();
    registry
        .register_device(&Actor::OPERATOR, new_device("d"))
        .unwrap();
    drop(registry);
    assert!(verified(dir.path(), None).is_ok());
    let fault = verified(dir.path(), Some(head));
    assert_eq!(fault, Err(AuditFault::OtherHead(head.number)));
}

#[test]
fn an_entry_that_was_written_anew_with_its_hash_is_found_by_the_next() {
    let (dir, _) = chain();
    let registry: Registry = open_at(dir.path()).unwrap();
    let mut entry = all(&registry)
        .into_iter()
        .find(|entry| entry.object == "b")
        .unwrap();
    drop(registry);
    entry.actor = "application:x".to_owned();
    entry.hash = entry.computed_hash();
    let connection = Connection::open(dir.path().join(REGISTRY_FILE)).unwrap();
    connection
        .execute(
            "UPDATE audit SET actor = ?1, hash = ?2 WHERE object = 'b'",
            rusqlite::params![entry.actor, entry.hash.0.as_slice()],
        )
        .unwrap();
    drop(connection);
    let fault = verified(dir.path(), None);
    assert_eq!(fault, Err(AuditFault::Replaced(entry.number + 1)));
}

#[test]
fn a_registry_goes_on_after_its_last_entry_when_it_is_opened_again() {
    let test = TestRegistry::new();
    let head = test.registry.audit_head();
    let test = test.kill();
    assert_eq!(test.registry.audit_head(), head);
    test.registry
        .register_device(&Actor::OPERATOR, new_device("a"))
        .unwrap();
    let next = all(&test.registry).pop().unwrap();
    assert_eq!((next.number, next.previous), (head.number + 1, head.hash));
}
