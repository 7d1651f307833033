//! The files that were made: found again after a restart, and bounded.
//!
//! Constraints: a state is replaced as a whole and names its content by
//! SHA-256, so that after a crash a file is there as it was made or not at all;
//! a file that was not made by this process is checked before it is shown;
//! beyond [`LIMITS`] the one that was asked for longest ago
//! goes. Who reads a file that goes keeps reading.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Offset, Timestamp};
use observation_store::Footprint;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::sink::Checksum;
use super::state::State;
use super::{DayExport, ExportError};

/// What is kept at most.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Of all kept files: those of a country's day, many times.
    pub(super) bytes: u64,
    /// Kept files, whatever they hold.
    pub(super) files: usize,
}

pub(super) const LIMITS: Limits = Limits {
    bytes: 10 << 30,
    files: 20_000,
};
/// Ends the name of a state.
const STATE: &str = "state";
/// Ends the name of what is being written.
const TEMPORARY: &str = "tmp";

/// A finished file, open for as long as somebody holds this.
#[derive(Clone, Debug)]
pub struct ExportFile {
    file: Arc<File>,
    pub bytes: u64,
    /// Lines of the table.
    pub rows: u64,
    pub sha256: Checksum,
    /// Of a text file with a byte order mark before it.
    pub sha256_with_bom: Option<Checksum>,
    pub made: Timestamp,
}

impl ExportFile {
    /// Blocks for file I/O.
    pub fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, at)
    }
}

pub(super) struct Cache {
    folder: PathBuf,
    limits: Limits,
    /// By name.
    kept: FxHashMap<String, Kept>,
    bytes: u64,
}

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) state: State,
    /// Up to here nothing has changed since it was made.
    checked: Offset,
    /// Its content was made, or its checksum found right, by this process.
    sound: bool,
    /// When it was last asked for.
    used: Timestamp,
}

impl Kept {
    pub(super) fn footprint(&self) -> Footprint {
        Footprint {
            up_to: self.checked,
            ..self.state.footprint()
        }
    }
}

/// Where an export lies below the folder: `{date}/{audience}/{domain}/{agency}.{format}`.
/// None of the parts can lead out of it: a domain and an agency have no `/`,
/// and those that exist are no dots.
pub(super) fn name(export: &DayExport) -> String {
    format!(
        "{}/{}/{}/{}.{}",
        export.day,
        folder_of_audience(export),
        export.domain,
        export.agency,
        export.format.as_str()
    )
}

pub(super) fn audience(export: &DayExport) -> &'static str {
    if export.has_all() {
        "owner"
    } else if export.has_shared() {
        "shared"
    } else {
        "public"
    }
}

/// Those with whom the same is shared read the same files, and nobody else does.
fn folder_of_audience(export: &DayExport) -> String {
    let audience = audience(export);
    if !export.has_shared() {
        return audience.to_owned();
    }
    let mut digest = Sha256::new();
    for share in export.scope.shares_of(&export.agency) {
        digest.update(share.id.as_str());
        digest.update("\n");
    }
    format!("{audience}-{}", Checksum(digest.finalize().into()))
}

impl Cache {
    /// Finds what was kept, and removes what a crash left.
    pub(super) fn open(folder: &Path, limits: Limits) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut cache = Self {
            folder: folder.to_owned(),
            limits,
            kept: FxHashMap::default(),
            bytes: 0,
        };
        for day in folders(folder)? {
            for audience in folders(&day)? {
                for domain in folders(&audience)? {
                    cache.find_in(&domain)?;
                }
            }
        }
        cache.shrink(0);
        Ok(cache)
    }

    fn find_in(&mut self, folder: &Path) -> io::Result<()> {
        let mut files: FxHashSet<PathBuf> = fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        let states: Vec<PathBuf> = files
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == STATE))
            .cloned()
            .collect();
        for path in states {
            let name = path.strip_prefix(&self.folder).ok();
            let name = name.and_then(|name| name.to_str()?.strip_suffix(&format!(".{STATE}")));
            let state = fs::read(&path)
                .ok()
                .and_then(|bytes| State::from_bytes(&bytes));
            let (Some(name), Some(state)) = (name, state) else {
                continue;
            };
            let content = self.content(name, &state);
            if fs::metadata(&content).is_ok_and(|found| found.len() == state.bytes) {
                files.remove(&path);
                files.remove(&content);
                self.add(name.to_owned(), state, false);
            }
        }
        for left in files {
            fs::remove_file(left)?;
        }
        Ok(())
    }

    fn add(&mut self, name: String, state: State, sound: bool) {
        self.bytes += state.bytes;
        let kept = Kept {
            checked: state.footprint().up_to,
            used: state.made(),
            state,
            sound,
        };
        if let Some(old) = self.kept.insert(name, kept) {
            self.bytes -= old.state.bytes;
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Kept> {
        self.kept.get(name).cloned()
    }

    /// Opens what is kept; `None` where it is gone or damaged. Blocks for as
    /// long as reading it takes, where this process has not made it.
    pub(super) fn open_file(folder: &Path, name: &str, kept: &Kept) -> Option<ExportFile> {
        let path = content(folder, name, &kept.state);
        let file = File::open(&path).ok()?;
        let whole = file.metadata().ok()?.len() == kept.state.bytes
            && (kept.sound || Checksum::of(&file).ok()? == kept.state.sha256);
        if !whole {
            tracing::warn!(path = %path.display(), "a damaged export is made again");
            return None;
        }
        Some(ExportFile {
            file: Arc::new(file),
            bytes: kept.state.bytes,
            rows: kept.state.rows,
            sha256: kept.state.sha256,
            sha256_with_bom: kept.state.sha256_with_bom,
            made: kept.state.made(),
        })
    }

    /// It was asked for, and holds up to `checked`.
    pub(super) fn touch(&mut self, name: &str, shown: &Kept, checked: Offset, now: Timestamp) {
        if let Some(kept) = self.kept.get_mut(name)
            && kept.state == shown.state
        {
            kept.checked = checked.max(kept.checked);
            kept.sound = true;
            kept.used = now;
        }
    }

    /// A file to write into, in the folder of the finished one.
    pub(super) fn temporary(folder: &Path, name: &str) -> Result<PathBuf, ExportError> {
        let path = folder.join(format!("{name}.{TEMPORARY}"));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ExportError::io("make", parent))?;
        }
        Ok(path)
    }

    /// Keeps the durable file `temporary` under `name`: renames it, then writes
    /// the state that names it, each durable before the next.
    pub(super) fn install(
        &mut self,
        name: &str,
        state: State,
        temporary: &Path,
    ) -> Result<(), ExportError> {
        let path = self.content(name, &state);
        fs::rename(temporary, &path).map_err(ExportError::io("name", &path))?;
        let state_path = self.state(name);
        write_state(&state_path, &state).map_err(ExportError::io("write", &state_path))?;
        let old = self
            .kept
            .get(name)
            .map(|old| self.content(name, &old.state));
        self.add(name.to_owned(), state, true);
        if let Some(old) = old.filter(|old| *old != path) {
            remove(&old);
        }
        self.shrink(1);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(old) = self.kept.remove(name) {
            self.bytes -= old.state.bytes;
            // The state first: what it does not name is removed at a start.
            remove(&self.state(name));
            remove(&self.content(name, &old.state));
        }
    }

    /// Lets all go that `over` says of.
    pub(super) fn remove_where(&mut self, over: impl Fn(&str) -> bool) {
        let names = self.kept.keys().filter(|name| over(name));
        for name in names.cloned().collect::<Vec<_>>() {
            self.remove(&name);
        }
    }

    /// Lets the one go that was asked for longest ago; false where none is left.
    pub(super) fn remove_oldest(&mut self) -> bool {
        let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
        let Some(name) = oldest.map(|(name, _)| name.clone()) else {
            return false;
        };
        self.remove(&name);
        true
    }

    /// Keeps the limits, but at least `least` files.
    fn shrink(&mut self, least: usize) {
        let Limits { bytes, files } = self.limits;
        while (self.bytes > bytes || self.kept.len() > files) && self.kept.len() > least {
            self.remove_oldest();
        }
    }

    fn state(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{STATE}"))
    }

    fn content(&self, name: &str, state: &State) -> PathBuf {
        content(&self.folder, name, state)
    }
}

/// As `.../seoul.{sha256}.csv`.
fn content(folder: &Path, name: &str, state: &State) -> PathBuf {
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    folder.join(format!("{stem}.{}.{end}", state.sha256))
}

fn write_state(path: &Path, state: &State) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".");
    temporary.push(TEMPORARY);
    let mut file = File::create(&temporary)?;
    file.write_all(&state.to_bytes())?;
    file.sync_all()?;
    let folder = File::open(path.parent().unwrap_or(path))?;
    // The content's name is durable before the state that names it.
    folder.sync_all()?;
    fs::rename(&temporary, path)?;
    folder.sync_all()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an export");
    }
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
