//! The step of photos.

/// Pictures of things, by ids that sort in the order of making. The files lie
/// beside the registry.
pub(super) const VERSION_22: &str = "
CREATE TABLE photo (
    id TEXT PRIMARY KEY,
    thing TEXT NOT NULL REFERENCES thing (id),
    added INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";
