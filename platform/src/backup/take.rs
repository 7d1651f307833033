//! Makes a backup.

use std::io;
use std::path::Path;
use std::sync::Arc;

use device_registry::{CopyRegistryError, InspectError, REGISTRY_FILE, Registry, Snapshot};
use domain::{Offset, Timestamp};
use ingest::Ingest;
use ingest::backup::{self, BackupError, CopyError, CopyFolder, DataBackup, DataBytes};

use super::document::{BACKUP_FILE, Document, Facts};
use super::parts::{self, Part, PartsError};
use super::staging::Staging;
use session_store::{CopySessionsError, SESSIONS_FILE, Sessions, inspect_sessions};

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Parts(#[from] PartsError),
    #[error("cannot make a folder for copies of databases")]
    Staging(#[source] io::Error),
    #[error(transparent)]
    Sessions(#[from] CopySessionsError),
    #[error("sessions.db cannot be backed up: {0}")]
    SessionsDamaged(String),
    #[error(transparent)]
    Registry(#[from] CopyRegistryError),
    #[error("registry.sqlite cannot be backed up")]
    RegistryDamaged(#[source] InspectError),
    #[error(transparent)]
    Data(#[from] BackupError),
}

/// What a running platform is copied from.
pub(crate) struct Sources {
    pub(crate) registry: Arc<Registry>,
    pub(crate) ingest: Ingest,
    pub(crate) sessions: Arc<Sessions>,
}

/// Makes the folder, and refuses one that has not enough room.
pub(crate) fn prepare(
    data: &Path,
    sources: &Sources,
    folder: &Path,
) -> Result<CopyFolder, TakeError> {
    let into = CopyFolder::create(folder, data)?;
    check_room(data, &into, sources.ingest.backup_bytes(None))?;
    Ok(into)
}

/// Fills `into` from the running platform whose folder is `data`.
pub(crate) fn take_running(
    data: &Path,
    sources: &Sources,
    mut into: CopyFolder,
) -> Result<Document, TakeError> {
    let staging = Staging::within(data).map_err(TakeError::Staging)?;
    let parts = parts::parts(data)?;
    copy(parts::record(data).as_slice(), &mut into)?;
    // First what holds positions in the log: none of them may lie past its
    // end.
    let sessions = staging.path().join(SESSIONS_FILE);
    let oldest = sources.sessions.copy_to(&sessions)?;
    into.copy(&sessions, SESSIONS_FILE)?;
    copy(&parts.first, &mut into)?;
    let oldest = oldest.map(transport::LogPosition::offset);
    let copied = sources.ingest.backup(&mut into, oldest)?;
    // Last what frames refer to: none of it may be unknown.
    let registry = staging.path().join(REGISTRY_FILE);
    sources.registry.copy_to(&registry)?;
    into.copy(&registry, REGISTRY_FILE)?;
    copy(&parts::photos(data)?, &mut into)?;
    copy(&parts.last, &mut into)?;
    finish(
        into,
        copied,
        &sources.registry.snapshot(),
        sources.ingest.now(),
    )
}

/// Makes a backup of a folder that nobody has open: the caller holds its lock.
pub fn take_closed(data: &Path, folder: &Path, now: Timestamp) -> Result<Document, TakeError> {
    let mut into = CopyFolder::create(folder, data)?;
    let parts = parts::parts(data)?;
    let sessions = parts::database(data, SESSIONS_FILE);
    let registry = parts::database(data, REGISTRY_FILE);
    let (oldest, snapshot) = inspect(&sessions, &registry)?;
    check_room(data, &into, backup::closed_bytes(data, oldest)?)?;
    let record = parts::record(data);
    for part in [record.as_slice(), &sessions, &parts.first] {
        copy(part, &mut into)?;
    }
    let copied = backup::backup_closed(data, &mut into, oldest)?;
    for part in [&registry, &parts::photos(data)?, &parts.last] {
        copy(part, &mut into)?;
    }
    finish(into, copied, &snapshot, now)
}

/// Looks at copies, since to open a database is to change it.
fn inspect(sessions: &[Part], registry: &[Part]) -> Result<(Option<Offset>, Snapshot), TakeError> {
    let staging = Staging::elsewhere().map_err(TakeError::Staging)?;
    for part in sessions.iter().chain(registry) {
        std::fs::copy(&part.path, staging.path().join(&part.name)).map_err(TakeError::Staging)?;
    }
    let oldest = match sessions {
        [] => None,
        _ => {
            let inspected = inspect_sessions(staging.path());
            inspected.map_err(TakeError::SessionsDamaged)?.oldest
        }
    };
    let registry = device_registry::inspect(staging.path()).map_err(TakeError::RegistryDamaged)?;
    Ok((
        oldest.map(transport::LogPosition::offset),
        registry.snapshot,
    ))
}

fn copy(parts: &[Part], into: &mut CopyFolder) -> Result<(), TakeError> {
    for part in parts {
        match into.copy(&part.path, &part.name) {
            // Replaced or removed since the folder was listed.
            Err(CopyError::Io { cause, path, .. })
                if cause.kind() == io::ErrorKind::NotFound && path == part.path => {}
            done => {
                done?;
            }
        }
    }
    Ok(())
}

/// A hundredth more than what is known to be needed, for what comes meanwhile.
fn check_room(data: &Path, into: &CopyFolder, bytes: DataBytes) -> Result<(), TakeError> {
    let parts = parts::parts(data)?;
    let databases = [SESSIONS_FILE, REGISTRY_FILE].map(|name| parts::database(data, name));
    let small: u64 = databases
        .iter()
        .map(|files| parts::bytes(files))
        .sum::<u64>()
        + parts::bytes(&parts.first)
        + parts::bytes(&parts.last)
        + parts::bytes(&parts::photos(data)?);
    let linked = if same_disk(data, into.root()) {
        0
    } else {
        bytes.linked
    };
    let needed = linked + bytes.copied + small;
    Ok(into.check_room(needed + needed / 100)?)
}

fn same_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path| std::fs::metadata(path).map(|folder| folder.dev()).ok();
    disk(one).is_some() && disk(one) == disk(other)
}

fn finish(
    into: CopyFolder,
    copied: DataBackup,
    registry: &Snapshot,
    now: Timestamp,
) -> Result<Document, TakeError> {
    let facts = Facts {
        made: now.to_rfc3339(),
        offset: copied.offset.get(),
        rows: copied.rows,
        devices: registry.devices(None).count() as u64,
        damaged: copied.damaged,
    };
    let document = Document::new(facts, into.files());
    into.finish(BACKUP_FILE, document.to_text().as_bytes())?;
    Ok(document)
}
