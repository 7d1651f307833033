//! The steps of agencies' own audits and of what they share.

/// Each agency's own count of its entries, which its auditors read.
pub(super) const VERSION_20: &str = "
ALTER TABLE audit ADD COLUMN agency_number INTEGER;

UPDATE audit SET agency_number = counted.place
FROM (
    SELECT number AS entry, ROW_NUMBER() OVER (PARTITION BY agency ORDER BY number) AS place
    FROM audit WHERE agency IS NOT NULL
) AS counted
WHERE counted.entry = audit.number;

CREATE UNIQUE INDEX audit_of_agency ON audit (agency, agency_number);
";

/// What an agency lets another one read: of a model, or of a group.
pub(super) const VERSION_21: &str = "
CREATE TABLE share (
    id TEXT PRIMARY KEY,
    giver TEXT NOT NULL REFERENCES agency (id),
    receiver TEXT NOT NULL REFERENCES agency (id),
    model TEXT,
    group_id TEXT REFERENCES device_group (id) DEFERRABLE INITIALLY DEFERRED,
    position TEXT NOT NULL CHECK (position IN ('exact', 'coarse')),
    until INTEGER,
    created INTEGER NOT NULL,
    CHECK ((model IS NULL) <> (group_id IS NULL))
) STRICT, WITHOUT ROWID;
";
