//! Upgrades of former schemas.

use super::*;

#[test]
fn every_former_schema_is_upgraded_with_what_it_holds() {
    let newest = SCHEMA_VERSION as usize;
    for former in 1..newest {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("registry.sqlite");
        let opened = sqlite_file::open(&path, Schema(&SCHEMA.0[..former])).unwrap();
        opened
            .connection
            .execute_batch("INSERT INTO agency (id, name, created) VALUES ('seoul', '', 1)")
            .unwrap();
        drop(opened);
        let opened = sqlite_file::open(&path, SCHEMA).unwrap();
        assert_eq!(opened.upgraded_from, Some(former as u32));
        let read = |sql: &str| -> i64 {
            let found = opened.connection.query_row(sql, [], |row| row.get(0));
            found.unwrap()
        };
        assert_eq!(read("SELECT count(*) FROM agency"), 1, "{former}");
        assert_eq!(read("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        // The newest step is there.
        assert_eq!(read("SELECT count(*) FROM photo"), 0);
    }
}

#[test]
fn an_upgrade_counts_each_agencys_entries_of_the_audit() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let former = SCHEMA.0.iter().take_while(|step| **step != VERSION_20);
    for step in former {
        connection.execute_batch(step).unwrap();
    }
    for (number, agency) in [
        (1, Some("seoul")),
        (2, None),
        (3, Some("busan")),
        (4, Some("seoul")),
    ] {
        let sql = "INSERT INTO audit (number, time, actor, means, action, kind, object, agency,
                       previous, hash)
                   VALUES (?1, 0, 'operator', 'token', 'x', 'x', 'x', ?2, x'', x'')";
        connection.execute(sql, (number, agency)).unwrap();
    }
    connection.execute_batch(VERSION_20).unwrap();
    let sql = "SELECT agency_number FROM audit ORDER BY number";
    let mut statement = connection.prepare(sql).unwrap();
    let counted = statement.query_map([], |row| row.get::<_, Option<u32>>(0));
    let counted: Vec<_> = counted.unwrap().map(Result::unwrap).collect();
    assert_eq!(counted, [Some(1), None, Some(1), Some(2)]);
}
