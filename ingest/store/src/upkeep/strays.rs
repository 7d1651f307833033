//! Files that lie in the store's folder and that the manifest does not name.
//!
//! | Which | What becomes of it |
//! |---|---|
//! | a temporary name | removed: no manifest ever named it |
//! | one that the manifest says it replaced | removed |
//! | one in the making when the process ended | another name, then removed once the log is known to have its rows |
//! | any other | another name; the operator is told |
//!
//! Constraint: nothing is removed whose rows are not known to be elsewhere. An
//! older manifest than the files' own thus costs no row.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use data_files::set_aside;
use domain::{Offset, Timestamp};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::file::disk;
use crate::file::origin::{self, Told};
use crate::file::replace::{TEMPORARY, sync_folder};
use crate::manifest::{FileEntry, Manifest};

/// Ends of names of a data file and of what lies beside it.
const ENDS: [&str; 3] = [".parquet", ".idx", ".rollup"];

/// What was in the making, under its other names.
pub(crate) struct Unfinished {
    /// The last frame whose rows it has that no named file has.
    needs: Offset,
    paths: Vec<PathBuf>,
}

/// Clears the folder of what `manifest` does not name.
pub(crate) fn clear(
    folder: &Path,
    manifest: &Manifest,
    now: Timestamp,
) -> io::Result<Vec<Unfinished>> {
    // What retention has set aside stays under its name for a while.
    let expired = manifest.expired.iter().map(|expired| &expired.entry);
    let entries = manifest.files.iter().chain(expired);
    let named: HashSet<String> = entries.flat_map(FileEntry::names).collect();
    let mut strays: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for found in fs::read_dir(folder)? {
        let found = found?;
        let Ok(name) = found.file_name().into_string() else {
            continue;
        };
        if name.ends_with(&format!(".{TEMPORARY}")) {
            disk::remove(&found.path())?;
        } else if let Some(number) = number_of(&name).filter(|_| !named.contains(&name)) {
            strays.entry(number).or_default().push(found.path());
        }
    }
    let mut unfinished = Vec::new();
    for (number, paths) in &strays {
        if manifest.replaced.binary_search(number).is_ok() {
            paths.iter().try_for_each(|path| disk::remove(path))?;
            continue;
        }
        let needs = in_the_making(folder, manifest, *number);
        let moved: io::Result<Vec<_>> = paths.iter().map(|path| set_aside(path, now)).collect();
        let paths = moved?;
        match needs {
            Some(needs) => unfinished.push(Unfinished { needs, paths }),
            None => tracing::warn!(
                files = ?paths,
                "files that the manifest does not name were set aside; where they should be there, \
                 stop and see madang doctor"
            ),
        }
    }
    if !strays.is_empty() {
        sync_folder(folder)?;
    }
    Ok(unfinished)
}

/// Removes those whose rows are in the log up to `durable`, or in named files.
pub(crate) fn remove_unfinished(unfinished: Vec<Unfinished>, durable: Offset) {
    for Unfinished { needs, paths } in unfinished {
        if needs > durable {
            tracing::warn!(files = ?paths, "kept: the log does not have their rows");
            continue;
        }
        for path in paths {
            match disk::remove(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "removed an unfinished file"),
                Err(error) => tracing::warn!(path = %path.display(), %error, "it stays"),
            }
        }
    }
}

fn number_of(name: &str) -> Option<u64> {
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(end))?;
    stem.parse().ok()
}

/// Whether all that the file holds is elsewhere too: in the files that it was
/// made from, or in the log up to the answer.
fn in_the_making(folder: &Path, manifest: &Manifest, number: u64) -> Option<Offset> {
    let path = folder.join(FileEntry::numbered(number, None).file_name());
    let told = told_by(&path)?;
    let is_named = |number: &u64| manifest.files.iter().any(|file| file.number == *number);
    if !told.inputs.is_empty() {
        return told.inputs.iter().all(is_named).then_some(Offset::ZERO);
    }
    (told.day.is_none() && told.first_offset > manifest.flushed_offset)
        .then(|| Offset::new(told.last_offset))
}

fn told_by(path: &Path) -> Option<Told> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    origin::told_by(reader.metadata().file_metadata())
}
