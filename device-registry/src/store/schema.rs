//! The schema and its versions.

mod photos;
mod sharing;

use sqlite_file::Schema;

use photos::VERSION_22;
use sharing::{VERSION_20, VERSION_21};

pub(super) const SCHEMA: Schema = Schema(&[
    VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7, VERSION_8,
    VERSION_9, VERSION_10, VERSION_11, VERSION_12, VERSION_13, VERSION_14, VERSION_15, VERSION_16,
    VERSION_17, VERSION_18, VERSION_19, VERSION_20, VERSION_21, VERSION_22,
]);

/// The newest schema that this binary knows.
pub const SCHEMA_VERSION: u32 = SCHEMA.version();

/// Times are microseconds since 1970 UTC, places 1e-7 degrees, models JSON as
/// `model_file` describes. A datastream's definition and unit are those of its
/// model's newest version; where that has no such field, it is an extra one.
const VERSION_1: &str = "
CREATE TABLE agency (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('builtin', 'operator')),
    created INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE thing (
    id TEXT PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agency (id),
    licence TEXT NOT NULL,
    attribution TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'restricted'))
) STRICT, WITHOUT ROWID;

CREATE TABLE location (
    thing TEXT NOT NULL REFERENCES thing (id),
    since INTEGER NOT NULL,
    lat_e7 INTEGER,
    lon_e7 INTEGER,
    PRIMARY KEY (thing, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alias TEXT UNIQUE,
    thing TEXT NOT NULL REFERENCES thing (id),
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
    expires INTEGER,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL REFERENCES device (id),
    kind TEXT NOT NULL CHECK (kind IN ('ed25519', 'es256', 'password')),
    proof BLOB NOT NULL,
    networks TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;

CREATE TABLE datastream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL REFERENCES thing (id),
    field TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES device (id),
    model TEXT NOT NULL,
    UNIQUE (thing, field)
) STRICT;

CREATE TABLE application (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL REFERENCES application (id),
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'publishable')),
    origins TEXT NOT NULL,
    hmac BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    last_used INTEGER
) STRICT;
";

/// A gateway publishes for its children.
const VERSION_2: &str = "
ALTER TABLE device ADD COLUMN gateway TEXT REFERENCES device (id);
";

/// How long an agency keeps a model's data, where it is not as the model says;
/// boundaries by name, each a GeoJSON geometry as `boundary` describes. Models
/// may say `retention_days` from here on, which an older binary cannot read.
const VERSION_3: &str = "
CREATE TABLE agency_retention (
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 36500),
    PRIMARY KEY (agency, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE boundary (
    name TEXT PRIMARY KEY,
    title_en TEXT NOT NULL,
    title_ko TEXT NOT NULL,
    geometry TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The data folder's id, and how many changes were committed: an older binary
/// would not count them.
const VERSION_4: &str = "
CREATE TABLE folder (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT,
    changes INTEGER NOT NULL
) STRICT;

INSERT INTO folder (one, id, changes) VALUES (1, NULL, 0);
";

/// People and service tokens. Their roles are words, as `operator@seoul` or
/// `auditor`; who has no agency belongs to the platform.
const VERSION_5: &str = "
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    agency TEXT REFERENCES agency (id),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    roles TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE service_token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    agency TEXT REFERENCES agency (id),
    roles TEXT NOT NULL,
    until INTEGER NOT NULL,
    created INTEGER NOT NULL,
    hmac BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The audit, as the module of that name describes. Times are microseconds, as
/// everywhere; a hash is SHA-256. No entry refers to a row: it outlives its object.
const VERSION_6: &str = "
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    means TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    agency TEXT,
    before TEXT,
    after TEXT,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX audit_object ON audit (object);
";

/// What people say of a thing. Tags have no space, and are joined by spaces.
const VERSION_7: &str = "
ALTER TABLE thing ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE thing ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE thing ADD COLUMN tags TEXT NOT NULL DEFAULT '';
";

/// Whose a thing was, from which time on: one that was never transferred has no
/// row. A device that was decommissioned is `revoked` too.
const VERSION_8: &str = "
CREATE TABLE owner (
    thing TEXT NOT NULL REFERENCES thing (id),
    since INTEGER NOT NULL,
    agency TEXT NOT NULL REFERENCES agency (id),
    PRIMARY KEY (thing, since)
) STRICT, WITHOUT ROWID;

ALTER TABLE device ADD COLUMN decommissioned INTEGER;
";

/// Claims and batches, by ids that sort in the order of making; of a code or a
/// credential HMAC-SHA256 under the registry's pepper.
const VERSION_9: &str = "
CREATE TABLE claim (
    id TEXT PRIMARY KEY,
    hmac BLOB NOT NULL UNIQUE,
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    device TEXT,
    note TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER,
    used INTEGER,
    used_by TEXT REFERENCES device (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    hmac BLOB NOT NULL,
    agency TEXT NOT NULL REFERENCES agency (id),
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    most INTEGER NOT NULL,
    enrolled INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
";

/// What people log in with: the password as a PHC string, the seed of the
/// authenticator app's secret with the last step that was used, HMACs of the
/// recovery codes one after the other, and an invitation that stands.
const VERSION_10: &str = "
CREATE TABLE person_login (
    person TEXT PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    password TEXT,
    totp_seed BLOB,
    totp_used INTEGER,
    recovery BLOB NOT NULL,
    invitation BLOB,
    invitation_seed BLOB,
    invitation_until INTEGER
) STRICT, WITHOUT ROWID;
";

/// What the ids of a batch's devices begin with.
const VERSION_11: &str = "
ALTER TABLE batch ADD COLUMN id_prefix TEXT;
";

/// Several devices of a thing may have a datastream of the same field each. The
/// numbers that were given stay given.
const VERSION_12: &str = "
ALTER TABLE datastream RENAME TO datastream_of_thing;

CREATE TABLE datastream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL REFERENCES thing (id),
    field TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES device (id),
    model TEXT NOT NULL,
    UNIQUE (device, field)
) STRICT;

INSERT INTO datastream SELECT id, thing, field, device, model FROM datastream_of_thing;

DELETE FROM sqlite_sequence WHERE name = 'datastream';
UPDATE sqlite_sequence SET name = 'datastream' WHERE name = 'datastream_of_thing';
DROP TABLE datastream_of_thing;
";

/// Whom an identity provider means; both are there, or neither.
const VERSION_13: &str = "
ALTER TABLE person ADD COLUMN issuer TEXT;
ALTER TABLE person ADD COLUMN subject TEXT;

CREATE UNIQUE INDEX person_identity ON person (issuer, subject);
";

/// Groups: of the devices that `group_member` lists, or of those that pass the
/// query in the columns.
const VERSION_14: &str = "
CREATE TABLE device_group (
    id TEXT PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agency (id),
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    members TEXT NOT NULL CHECK (members IN ('listed', 'query')),
    model TEXT,
    tag TEXT,
    bbox TEXT,
    boundary TEXT,
    search TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE group_member (
    group_id TEXT NOT NULL REFERENCES device_group (id),
    device TEXT NOT NULL REFERENCES device (id),
    PRIMARY KEY (group_id, device)
) STRICT, WITHOUT ROWID;
";

/// A credential may be a certificate: of its public key the SHA-256. The numbers
/// that were given stay given.
const VERSION_15: &str = "
ALTER TABLE credential RENAME TO credential_before;

CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL REFERENCES device (id),
    kind TEXT NOT NULL CHECK (kind IN ('ed25519', 'es256', 'certificate', 'password')),
    proof BLOB NOT NULL,
    networks TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;

INSERT INTO credential SELECT id, device, kind, proof, networks, created, expires
    FROM credential_before;

DELETE FROM sqlite_sequence WHERE name = 'credential';
UPDATE sqlite_sequence SET name = 'credential' WHERE name = 'credential_before';
DROP TABLE credential_before;
";

/// Sensors by their number among those of their device, what each measured, and
/// their calibrations.
const VERSION_16: &str = "
CREATE TABLE sensor (
    device TEXT NOT NULL REFERENCES device (id),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    note TEXT NOT NULL,
    datasheet TEXT,
    datasheet_type TEXT,
    installed INTEGER NOT NULL,
    removed INTEGER,
    PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sensor_datastream (
    datastream INTEGER NOT NULL REFERENCES datastream (id),
    device TEXT NOT NULL,
    sensor INTEGER NOT NULL,
    PRIMARY KEY (datastream, device, sensor),
    FOREIGN KEY (device, sensor) REFERENCES sensor (device, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sensor_measures ON sensor_datastream (device, sensor);

CREATE TABLE calibration (
    device TEXT NOT NULL,
    sensor INTEGER NOT NULL,
    time INTEGER NOT NULL,
    calibrated_by TEXT NOT NULL,
    certificate TEXT NOT NULL,
    valid_until INTEGER,
    result TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (device, sensor, time),
    FOREIGN KEY (device, sensor) REFERENCES sensor (device, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX calibration_end ON calibration (valid_until, device, sensor);
";

/// Features of interest, each a GeoJSON geometry as `feature` describes, and the
/// things and datastreams that observe them.
const VERSION_17: &str = "
CREATE TABLE feature (
    id TEXT PRIMARY KEY,
    agency TEXT NOT NULL REFERENCES agency (id),
    title_en TEXT NOT NULL,
    title_ko TEXT NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    geometry TEXT NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feature_thing (
    feature TEXT NOT NULL REFERENCES feature (id),
    thing TEXT NOT NULL REFERENCES thing (id),
    PRIMARY KEY (feature, thing)
) STRICT, WITHOUT ROWID;

CREATE TABLE feature_datastream (
    feature TEXT NOT NULL REFERENCES feature (id),
    datastream INTEGER NOT NULL REFERENCES datastream (id),
    PRIMARY KEY (feature, datastream)
) STRICT, WITHOUT ROWID;
";

/// What agencies say otherwise of the platform's models; versions are numbered
/// together with the model's own. Models may say `purpose`, `owner`, `licence` and
/// `expected_interval_s`, and have an agency in their ids, which an older binary
/// cannot read.
const VERSION_18: &str = "
CREATE TABLE model_refinement (
    model TEXT NOT NULL,
    agency TEXT NOT NULL REFERENCES agency (id),
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (model, version)
) STRICT, WITHOUT ROWID;
";

/// An import on its way: its rows in pieces, as `device::import::staged` writes
/// them, and who has it, once it was accepted.
const VERSION_19: &str = "
CREATE TABLE import_piece (
    number INTEGER PRIMARY KEY,
    rows TEXT NOT NULL
) STRICT;

CREATE TABLE import (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    actor TEXT NOT NULL,
    address TEXT,
    means TEXT NOT NULL,
    updates INTEGER NOT NULL CHECK (updates IN (0, 1))
) STRICT;
";

#[cfg(test)]
mod tests;
