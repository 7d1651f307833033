//! Making the manifest again from the files that it named.
//!
//! A file tells what its rows do not (`origin`): the offsets that it covers, its
//! day and owner, and the files that it was made from. From the last follows
//! which of two generations counts where both lie there: the newer one, as soon
//! as it is known to have been named; else the older one, which has the same
//! rows. Nothing is deleted: what does not count gets another name.
//!
//! Of files of older versions, which tell nothing, every row is read: offsets
//! are those of the rows, and one whose rows are of one day and owner is that
//! day's file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use data_files::set_aside;
use domain::{DatastreamId, FolderMark, Offset, Timestamp};

use crate::file::cursor::FileRows;
use crate::file::origin::{self, Told};
use crate::file::replace::sync_folder;
use crate::file::rollup::Rollups;
use crate::file::schema::PAGE_ROWS;
use crate::file::{DataFile, ReadError};
use crate::manifest::{self, DayFile, FileEntry, Manifest, day_of};
use crate::open::fault_of;
use crate::tables::quarantine_file;
use crate::upkeep::Group;

/// Bytes read at once for a checksum.
const READ_BYTES: usize = 1 << 20;

/// What a store is made again for.
pub struct Rebuild<'a> {
    pub folder: &'a Path,
    pub mark: FolderMark,
    /// The first frame of the log, where there is one.
    pub log_begins: Option<Offset>,
    pub group_of: &'a dyn Fn(DatastreamId) -> Option<Group>,
    pub now: Timestamp,
    /// Files that are lost for good are taken out of the manifest.
    pub accept_loss: bool,
}

/// What came of it, a line each.
#[derive(Default, Debug)]
pub struct Repaired {
    pub done: Vec<String>,
    /// What cannot be mended so, and what helps.
    pub left: Vec<String>,
}

/// One file that lies there and can be read.
struct Found {
    entry: FileEntry,
    told: Option<Told>,
}

impl Rebuild<'_> {
    /// Whether the store can be opened as it is.
    fn is_whole(&self, manifest: &Manifest) -> bool {
        let is_known = |number: u64| {
            names(Some(manifest), number)
                || is_expired(manifest, number)
                || manifest.replaced.contains(&number)
        };
        self.mark.check(manifest.folder_id()).is_ok()
            && manifest
                .files
                .iter()
                .all(|entry| fault_of(self.folder, entry, self.mark).is_none())
            && self.numbers().unwrap_or_default().into_iter().all(is_known)
    }

    /// The numbers of all Parquet files.
    fn numbers(&self) -> io::Result<BTreeSet<u64>> {
        let mut numbers = BTreeSet::new();
        for found in fs::read_dir(self.folder)? {
            let name = found?.file_name();
            numbers.extend(name.to_str().and_then(FileEntry::parse_name));
        }
        Ok(numbers)
    }

    /// Makes the manifest again, unless it is whole.
    pub fn run(&self) -> io::Result<Repaired> {
        let mut repaired = Repaired::default();
        if !self.folder.is_dir() {
            let what = "the folder is missing: restore a backup";
            repaired
                .left
                .push(format!("{}: {what}", self.folder.display()));
            return Ok(repaired);
        }
        let old = Manifest::read(self.folder);
        if let Err(manifest::ManifestError::Newer { .. }) = &old {
            let what = "its manifest is of a newer madang: use that";
            repaired
                .left
                .push(format!("{}: {what}", self.folder.display()));
            return Ok(repaired);
        }
        let old = old.ok();
        if old.as_ref().is_some_and(|old| self.is_whole(old)) {
            return Ok(repaired);
        }
        // One of another folder says nothing about these files.
        let old =
            old.filter(|old| old.folder_id().is_none() || self.mark.check(old.folder_id()).is_ok());
        let mut found = self.find(old.as_ref(), &mut repaired)?;
        let over = superseded(&found, old.as_ref());
        let lost = self.lost(old.as_ref(), &found, &over);
        if !lost.is_empty() && !self.accept_loss {
            for entry in lost {
                let path = self.folder.join(entry.file_name());
                repaired.left.push(format!(
                    "{}: it is lost, with {} rows: put it back, as from a backup; --accept-loss goes on without it",
                    path.display(),
                    entry.rows
                ));
            }
            return Ok(repaired);
        }
        self.put_away(&mut found, &over, &mut repaired)?;
        if let Some(old) = &old {
            found.retain(|number, _| !is_expired(old, *number));
        }
        self.write(old, found, &lost, &mut repaired)?;
        Ok(repaired)
    }

    /// Reads all files; what cannot be read, or is of another folder, is set
    /// aside.
    fn find(
        &self,
        old: Option<&Manifest>,
        repaired: &mut Repaired,
    ) -> io::Result<BTreeMap<u64, Found>> {
        let mut all = BTreeMap::new();
        for number in self.numbers()? {
            match self.read(number, old) {
                Ok(found) => {
                    all.insert(number, found);
                }
                Err(what) if self.accept_loss || !names(old, number) => {
                    self.aside(number, &what, repaired)?;
                }
                // The manifest names it: it is lost, and stays as it is.
                Err(_) => {}
            }
        }
        Ok(all)
    }

    fn read(&self, number: u64, old: Option<&Manifest>) -> Result<Found, String> {
        let numbered = FileEntry::numbered(number, None);
        let path = self.folder.join(numbered.file_name());
        let (bytes, crc) = sum(&path).map_err(|error| format!("cannot be read: {error}"))?;
        let known = old.and_then(|old| old.files.iter().find(|file| file.number == number));
        let known = known.filter(|known| known.bytes == bytes && known.crc == crc);
        let entry = FileEntry {
            bytes,
            crc,
            // How many are read at once; how many there are, the rows tell.
            rows: PAGE_ROWS as u64,
            ..numbered
        };
        let failed = |error: ReadError| error.to_string();
        let file = DataFile::open(self.folder, entry).map_err(failed)?;
        let footer = file.footer().map_err(failed)?;
        let metadata = footer.metadata.metadata().file_metadata();
        if let Some(id) = origin::folder_of(metadata) {
            let misfit = self.mark.check(Some(id));
            misfit.map_err(|misfit| misfit.to_string())?;
        }
        let told = origin::told_by(metadata);
        if let Some(known) = known {
            return Ok(Found {
                entry: known.clone(),
                told,
            });
        }
        let (first_offset, last_offset, day) = match &told {
            Some(told) => (told.first_offset, told.last_offset, told.day.clone()),
            None => self.look_through(&file).map_err(failed)?,
        };
        let entries = file.index.entries();
        let rollup = self.folder.join(file.entry.rollup_name());
        let entry = FileEntry {
            rows: entries.iter().map(|entry| u64::from(entry.rows)).sum(),
            min_time: entries
                .iter()
                .map(|entry| entry.min_time)
                .min()
                .unwrap_or(0),
            max_time: entries
                .iter()
                .map(|entry| entry.max_time)
                .max()
                .unwrap_or(0),
            first_offset,
            last_offset,
            rollup: day.is_some() && Rollups::open(&rollup, crc).is_some(),
            day,
            ..file.entry.clone()
        };
        Ok(Found { entry, told })
    }

    /// What the rows of an older version's file tell.
    fn look_through(&self, file: &DataFile) -> Result<(u64, u64, Option<DayFile>), ReadError> {
        let (mut first, mut last) = (u64::MAX, 0);
        let mut days = BTreeSet::new();
        let mut rows = FileRows::all(file)?;
        while let Some(row) = rows.next()? {
            first = first.min(row.offset.get());
            last = last.max(row.offset.get());
            days.insert(day_of(row.time.as_micros()));
        }
        let series = file.index.entries().iter().map(|entry| entry.series);
        let groups: BTreeSet<_> = series
            .map(|series| {
                let group = (self.group_of)(DatastreamId::new(series)).unwrap_or_default();
                (group.agency, group.model)
            })
            .collect();
        let mut groups = groups.into_iter();
        let day = match (days.len(), days.first(), groups.next(), groups.next()) {
            (1, Some(&day), Some((agency, model)), None) => Some(DayFile { day, agency, model }),
            _ => None,
        };
        Ok((first.min(last), last, day))
    }

    /// What the old manifest names and is not there, nor in files that were
    /// made from it.
    fn lost(
        &self,
        old: Option<&Manifest>,
        found: &BTreeMap<u64, Found>,
        over: &BTreeSet<u64>,
    ) -> Vec<FileEntry> {
        let made_from: BTreeSet<u64> = found
            .iter()
            .filter(|(number, _)| !over.contains(number))
            .filter_map(|(_, found)| found.told.as_ref())
            .flat_map(|told| told.inputs.iter().copied())
            .collect();
        let files = old.map(|old| old.files.as_slice()).unwrap_or_default();
        let is_lost = |entry: &&FileEntry| {
            !found.contains_key(&entry.number)
                && !made_from.contains(&entry.number)
                && !self.folder.join(entry.damaged_name()).exists()
        };
        files.iter().filter(is_lost).cloned().collect()
    }

    /// Other names for what does not count.
    fn put_away(
        &self,
        found: &mut BTreeMap<u64, Found>,
        over: &BTreeSet<u64>,
        repaired: &mut Repaired,
    ) -> io::Result<()> {
        for number in over {
            if found.remove(number).is_some() {
                self.aside(*number, "its rows are in other files", repaired)?;
            }
        }
        Ok(())
    }

    fn aside(&self, number: u64, why: &str, repaired: &mut Repaired) -> io::Result<()> {
        for name in FileEntry::numbered(number, None).names() {
            let path = self.folder.join(name);
            if path.exists() {
                let aside = set_aside(&path, self.now)?;
                let (path, aside) = (path.display(), aside.display());
                repaired
                    .done
                    .push(format!("{path}: set aside as {aside}: {why}"));
            }
        }
        Ok(())
    }

    fn write(
        &self,
        old: Option<Manifest>,
        found: BTreeMap<u64, Found>,
        lost: &[FileEntry],
        repaired: &mut Repaired,
    ) -> io::Result<()> {
        let files: Vec<FileEntry> = found.into_values().map(|found| found.entry).collect();
        let in_files = files
            .iter()
            .map(|entry| entry.last_offset)
            .max()
            .unwrap_or(0);
        let before_log = self
            .log_begins
            .map_or(0, |first| first.get().saturating_sub(1));
        let old = old.unwrap_or_default();
        let flushed_offset = in_files.max(old.flushed_offset).max(before_log);
        if before_log > in_files.max(old.flushed_offset) {
            repaired.left.push(format!(
                "frames {} to {before_log} are in no file and not in the log: their rows were dropped by retention, they had none, or a file is lost",
                in_files.max(old.flushed_offset) + 1
            ));
        }
        let mut manifest = Manifest {
            flushed_offset,
            next_file: self.next_file(old.next_file)?,
            files,
            set_aside: old.set_aside,
            expired: old.expired,
            folder: self.mark.id().map(|id| id.to_string()).or(old.folder),
            replaced: Vec::new(),
            quarantine: old
                .quarantine
                .max(quarantine_file::reaches(self.folder).unwrap_or(0)),
        };
        manifest.set_aside.extend(lost.iter().cloned());
        manifest.sort();
        let path = self.folder.join(manifest::FILE);
        if path.exists() {
            let aside = set_aside(&path, self.now)?;
            repaired.done.push(format!(
                "{}: set aside as {}",
                path.display(),
                aside.display()
            ));
        }
        sync_folder(self.folder)?;
        manifest.write(self.folder)?;
        repaired.done.push(format!(
            "{}: made again from {} files with {} rows, up to offset {flushed_offset}",
            path.display(),
            manifest.files.len(),
            manifest.files.iter().map(|entry| entry.rows).sum::<u64>()
        ));
        for entry in lost {
            repaired.done.push(format!(
                "{}: given up, with {} rows",
                self.folder.join(entry.file_name()).display(),
                entry.rows
            ));
        }
        Ok(())
    }

    /// Greater than the number of any file, whatever its name has become.
    fn next_file(&self, least: u64) -> io::Result<u64> {
        let mut next = least;
        for found in fs::read_dir(self.folder)? {
            let name = found?.file_name();
            let digits = name.to_str().and_then(|name| name.split('.').next());
            if let Some(number) = digits.and_then(|digits| digits.parse::<u64>().ok()) {
                next = next.max(number + 1);
            }
        }
        Ok(next)
    }
}

fn names(old: Option<&Manifest>, number: u64) -> bool {
    old.is_some_and(|old| old.files.iter().any(|file| file.number == number))
}

/// Whether retention has set it aside.
fn is_expired(manifest: &Manifest, number: u64) -> bool {
    let mut expired = manifest.expired.iter();
    expired.any(|expired| expired.entry.number == number)
}

/// Files whose rows are in others that count: those that a compaction has
/// replaced, and the outputs of one that was not named.
fn superseded(found: &BTreeMap<u64, Found>, old: Option<&Manifest>) -> BTreeSet<u64> {
    let mut jobs: BTreeMap<&[u64], Vec<u64>> = BTreeMap::new();
    for (number, file) in found {
        if let Some(told) = file.told.as_ref().filter(|told| !told.inputs.is_empty()) {
            jobs.entry(&told.inputs).or_default().push(*number);
        }
    }
    let used: BTreeSet<u64> = jobs
        .keys()
        .flat_map(|inputs| inputs.iter().copied())
        .collect();
    let mut over = BTreeSet::new();
    for (inputs, outputs) in jobs {
        let was_named = inputs.iter().any(|input| !found.contains_key(input))
            || outputs
                .iter()
                .any(|output| used.contains(output) || names(old, *output));
        if was_named {
            over.extend(inputs.iter().copied());
        } else {
            over.extend(outputs);
        }
    }
    over
}

/// Length and CRC-32C of a file.
fn sum(path: &PathBuf) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; READ_BYTES];
    let (mut bytes, mut crc) = (0, 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, crc)),
            count => {
                crc = crc32c::crc32c_append(crc, &buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}
