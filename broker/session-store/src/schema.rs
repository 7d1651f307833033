//! The schema of `sessions.db` and its versions.
//!
//! A session's queue is no table: `position` says where in the log it goes on
//! (`offset * 1024 + message`). Times are microseconds since 1970 UTC. Rows of
//! a session go with it.

use sqlite_file::Schema;

pub(crate) const SCHEMA: Schema = Schema(&[VERSION_1, VERSION_2]);

const VERSION_1: &str = "
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    client_id TEXT NOT NULL,
    expiry INTEGER NOT NULL,
    detached INTEGER,
    position INTEGER NOT NULL,
    UNIQUE (owner, client_id)
) STRICT;

CREATE TABLE subscription (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    filter TEXT NOT NULL,
    options INTEGER NOT NULL,
    identifier INTEGER,
    since INTEGER NOT NULL,
    PRIMARY KEY (session, filter)
) STRICT, WITHOUT ROWID;

CREATE TABLE received (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    packet_id INTEGER NOT NULL,
    PRIMARY KEY (session, packet_id)
) STRICT, WITHOUT ROWID;
";

/// The data folder's id, and how many transactions were committed: an older
/// binary would not count them.
const VERSION_2: &str = "
CREATE TABLE folder (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT,
    changes INTEGER NOT NULL
) STRICT;

INSERT INTO folder (one, id, changes) VALUES (1, NULL, 0);
";
