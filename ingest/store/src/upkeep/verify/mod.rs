//! Looking through the store's files, as `madang doctor` does: reads only.
//!
//! What a query takes on trust is computed again from the rows: their number
//! and order, the index and its statistics, the times and offsets of the
//! manifest, the day of a day file. By code of its own: a defect of what wrote
//! a file must not hide itself.

mod file;
pub(crate) mod finding;
mod rollup;

use std::fs;
use std::path::Path;

use domain::{DatastreamId, FolderMark, Offset};
use rustc_hash::FxHashMap;

use crate::manifest::{self, FileEntry, Manifest, ManifestError};
use crate::tables::latest::Latest;
use crate::tables::{latest_file, quarantine_file};
use file::{Stop, Walk};
use finding::{Finding, LOOK_AT_DISK, REBUILD, REMADE, RESTORE, RESTORE_FILE, RowCounts, UPDATE};

/// What the files hold.
#[derive(Default)]
pub struct StoreContent {
    pub files: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Unknown where the manifest cannot be read.
    pub flushed: Option<Offset>,
}

/// Looks at all files in `folder`; `series` is told of every row.
pub fn verify(
    folder: &Path,
    mark: FolderMark,
    series: &mut RowCounts,
    tell: &mut dyn FnMut(Finding),
) -> StoreContent {
    let mut content = StoreContent::default();
    let manifest = match Manifest::read(folder) {
        Ok(manifest) => manifest,
        // One of an older version that has not written a file yet.
        Err(ManifestError::Missing { .. }) if mark.adopts() && !manifest::has_files(folder) => {
            content.flushed = Some(Offset::ZERO);
            return content;
        }
        Err(error) => {
            tell(manifest_finding(error));
            return content;
        }
    };
    content.flushed = Some(Offset::new(manifest.flushed_offset));
    if let Err(misfit) = mark.check(manifest.folder_id()) {
        let path = folder.join(manifest::FILE);
        tell(Finding::new(path, misfit.to_string(), RESTORE_FILE));
    }
    verify_manifest(folder, &manifest, tell);
    verify_strays(folder, &manifest, tell);
    let mut newest = FxHashMap::default();
    for entry in &manifest.files {
        let mut walk = Walk::new(folder, entry);
        match walk.file(&mut newest, series) {
            // A compaction may have replaced it while this looked.
            Err(Stop::Gone) if was_replaced(folder, entry) => continue,
            Err(Stop::Gone) => walk.say("it is missing".to_owned(), RESTORE_FILE),
            Err(Stop::Io(cause)) => walk.say(format!("it cannot be read: {cause}"), LOOK_AT_DISK),
            Err(Stop::Damaged(what)) => walk.say(what, RESTORE),
            Err(Stop::Newer(found)) => walk.say(format!("it is of format {found}"), UPDATE),
            Ok(()) => {}
        }
        // Nor is anything wrong with what one has replaced and removed.
        if !walk.findings.is_empty() && was_replaced(folder, entry) {
            continue;
        }
        content.files += 1;
        content.rows += walk.rows;
        content.bytes += entry.bytes;
        walk.findings.into_iter().for_each(&mut *tell);
    }
    verify_tables(folder, mark, &manifest, &newest, tell);
    content
}

fn manifest_finding(error: ManifestError) -> Finding {
    match error {
        ManifestError::Io { path, cause } | ManifestError::Upgrade { path, cause } => {
            let what = format!("the manifest cannot be read: {cause}");
            Finding::new(path, what, LOOK_AT_DISK)
        }
        ManifestError::Damaged { path } => {
            Finding::new(path, "the manifest is damaged".to_owned(), REBUILD)
        }
        ManifestError::Missing { path } => {
            Finding::new(path, "the manifest is missing".to_owned(), REBUILD)
        }
        ManifestError::Misfit { path, misfit } => {
            Finding::new(path, misfit.to_string(), RESTORE_FILE)
        }
        ManifestError::Newer { path, found } => {
            Finding::new(path, format!("the manifest is of format {found}"), UPDATE)
        }
    }
}

fn was_replaced(folder: &Path, entry: &FileEntry) -> bool {
    Manifest::read(folder).is_ok_and(|now| now.files.iter().all(|file| file.number != entry.number))
}

fn verify_manifest(folder: &Path, manifest: &Manifest, tell: &mut dyn FnMut(Finding)) {
    let path = folder.join(manifest::FILE);
    let mut say = |what: String, cure| tell(Finding::new(path.clone(), what, cure));
    let mut numbers: Vec<u64> = manifest.files.iter().map(|entry| entry.number).collect();
    numbers.sort_unstable();
    if let Some(twice) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
        say(format!("it names file {} twice", twice[0]), RESTORE);
    }
    if numbers
        .last()
        .is_some_and(|last| *last >= manifest.next_file)
    {
        let what = format!(
            "its next file would be {}, which is there",
            manifest.next_file
        );
        say(what, RESTORE);
    }
    // Of files as they were flushed, each holds a span of frames of its own.
    let mut spans: Vec<_> = manifest
        .files
        .iter()
        .filter(|entry| entry.day.is_none())
        .map(|entry| (entry.first_offset, entry.last_offset, entry.number))
        .collect();
    spans.sort_unstable();
    for pair in spans.windows(2).filter(|pair| pair[0].1 >= pair[1].0) {
        let what = format!(
            "files {} and {} hold the same offsets",
            pair[0].2, pair[1].2
        );
        say(what, RESTORE);
    }
    for entry in &manifest.set_aside {
        let what = format!(
            "it was damaged and set aside: its {} rows are missing",
            entry.rows
        );
        tell(Finding::new(
            folder.join(entry.damaged_name()),
            what,
            RESTORE,
        ));
    }
}

/// Files that no manifest names may be those of a newer one.
fn verify_strays(folder: &Path, manifest: &Manifest, tell: &mut dyn FnMut(Finding)) {
    let is_known = |number: &u64| {
        let mut named = manifest.files.iter();
        let mut expired = manifest.expired.iter();
        named.any(|file| file.number == *number)
            || expired.any(|file| file.entry.number == *number)
            || manifest.replaced.contains(number)
    };
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut strays: Vec<u64> = found
        .filter_map(|found| FileEntry::parse_name(found.file_name().to_str()?))
        .filter(|number| !is_known(number))
        .collect();
    strays.sort_unstable();
    for number in strays {
        let path = folder.join(FileEntry::numbered(number, None).file_name());
        // A flush may have named it meanwhile.
        let now = Manifest::read(folder).unwrap_or_default();
        if !path.exists() || now.files.iter().any(|file| file.number == number) {
            continue;
        }
        let what = "the manifest does not name it: a process ended while it was made, or the manifest is an older one";
        let cure = "start the platform, which sets it aside; where rows are missed, let madang doctor --repair make the manifest from the files";
        tell(Finding::new(path, what.to_owned(), cure));
    }
}

/// The latest table can be made again, so what is wrong with it costs time alone.
fn verify_tables(
    folder: &Path,
    mark: FolderMark,
    manifest: &Manifest,
    newest: &FxHashMap<u32, i64>,
    tell: &mut dyn FnMut(Finding),
) {
    let path = folder.join(latest_file::FILE);
    let latest = Latest::default();
    let flushed = Offset::new(manifest.flushed_offset);
    if !latest_file::read(folder, &latest, flushed, mark) {
        // A store without a flush has none.
        if manifest.flushed_offset > 0 {
            let what =
                "the table of latest values is missing, damaged or older than the files".to_owned();
            tell(Finding::new(path, what, REMADE));
        }
    } else if let Some((series, _)) = newest.iter().find(|(series, time)| {
        latest
            .get(DatastreamId::new(**series))
            .is_none_or(|row| row.time.as_micros() < **time)
    }) {
        let what = format!("it lacks the latest value of datastream {series}");
        tell(Finding::new(
            path,
            what,
            "stop the platform and remove the file: it is made again",
        ));
    }
    if let Err(error) = quarantine_file::check(folder, mark, manifest.quarantine) {
        let path = folder.join(quarantine_file::FILE);
        let what = format!("the file of quarantined messages does not serve: {error}");
        tell(Finding::new(
            path,
            what,
            "restore it from a backup; madang doctor --repair --accept-loss goes on without it: only what the log holds is shown then",
        ));
    }
}
