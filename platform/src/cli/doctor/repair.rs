//! `madang doctor --repair`: makes again what other parts of a data folder
//! tell, and says what it did.
//!
//! Constraints: nobody has the folder open; nothing is deleted, and what is
//! replaced gets a name with the date; without `--accept-loss` nothing is given
//! up. In this order, since each step needs the one before: the folder's id,
//! store and log, the registry's numbers, the kept sessions, the record.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use device_registry::{Inspected, Numbers, REGISTRY_FILE};
use domain::{FolderId, FolderMark, Offset};
use ingest::repair::{Repair, Repaired};
use ingest::{Clock, FolderLock, SystemClock, set_aside};

use super::databases::{self, Databases};
use super::report::Report;
use crate::folder::{self, Record, State, record};
use crate::format::{self, Format};
use session_store::{SESSIONS_FILE, begin_empty};
use sqlite_file::{lost, wal_of};

/// Left out before the numbers that a registry gives on, where it may have
/// given more than is known: far more than are registered in a minute.
const NUMBERS_LEFT_OUT: u64 = 1_000_000;

/// Mends the folder and prints each step; an error where something is left.
pub(super) fn repair(data: &Path, accept_loss: bool) -> anyhow::Result<()> {
    let _lock = FolderLock::of(data)?;
    let format = match format::read(data) {
        Ok(format) => Some(format),
        Err(error) if format!("{error:#}").contains("newer") => return Err(error),
        Err(_) => None,
    };
    if matches!(format, Some(Format::Older(_))) {
        bail!(
            "{} is of an older format: start the platform, which upgrades it; then repair what is left",
            data.display()
        );
    }
    let mut mending = Mending::begin(data, accept_loss)?;
    mending.store_and_log()?;
    mending.registry()?;
    mending.sessions()?;
    mending.secrets();
    mending.record(format)?;
    mending.tell()
}

struct Mending<'a> {
    data: &'a Path,
    accept_loss: bool,
    /// As it is, where it can be read.
    old: Option<Record>,
    id: FolderId,
    databases: Databases,
    done: Vec<String>,
    left: Vec<String>,
}

impl<'a> Mending<'a> {
    fn begin(data: &'a Path, accept_loss: bool) -> anyhow::Result<Self> {
        // What is wrong with them is reported by the check that follows.
        let databases = databases::check(data, false, &mut Report::default());
        let old = match record::read(data) {
            Ok(old) => old,
            Err(error) if format!("{error:#}").contains("newer") => return Err(error),
            Err(_) => None,
        };
        let ids = ids_told_by_parts(data, &databases);
        // One whose id no other part tells is another folder's.
        let old = old.filter(|old| ids.is_empty() || ids.contains(&old.folder));
        let id = match &old {
            Some(record) => record.folder,
            None => ids.first().copied().with_context(|| {
                format!(
                    "no part of {} tells its id: is it a data folder? Restore a backup",
                    data.display()
                )
            })?,
        };
        Ok(Self {
            data,
            accept_loss,
            old,
            id,
            databases,
            done: Vec::new(),
            left: Vec::new(),
        })
    }

    fn marks(&self) -> record::Marks {
        let old = self.old.as_ref();
        old.map(|record| record.marks).unwrap_or_default()
    }

    fn take(&mut self, repaired: Repaired) {
        self.done.extend(repaired.done);
        self.left.extend(repaired.left);
    }

    fn store_and_log(&mut self) -> anyhow::Result<()> {
        let registry = self.own_registry().map(|found| &found.snapshot);
        let repair = Repair {
            data: self.data,
            mark: FolderMark::of(self.id),
            registry,
            least_offset: Offset::new(self.marks().offset),
            now: SystemClock.now(),
            accept_loss: self.accept_loss,
        };
        let repaired = repair.run().context("cannot mend store and log")?;
        self.take(repaired);
        Ok(())
    }

    /// The registry, unless it is another folder's.
    fn own_registry(&self) -> Option<&Inspected> {
        let found = self.databases.registry.as_ref()?;
        (found.folder.is_none() || found.folder == Some(self.id)).then_some(found)
    }

    /// Numbers that have observations, or were given as far as the record
    /// knows, are not given again.
    fn registry(&mut self) -> anyhow::Result<()> {
        let path = self.data.join(REGISTRY_FILE);
        let Some(found) = self.own_registry() else {
            self.left.push(format!(
                "{}: it cannot be made again: agencies, devices and their keys stand nowhere else; restore it from a backup of this folder",
                path.display()
            ));
            return Ok(());
        };
        let found = found.mark;
        let known = self.marks().registry();
        let used = Numbers {
            datastream: u64::from(ingest::repair::greatest_datastream(self.data)?),
            ..known.numbers
        };
        let is_older = found.changes < known.changes;
        let is_short = used.max(found.numbers) != found.numbers;
        if !is_older && !is_short {
            return Ok(());
        }
        if is_older && !self.accept_loss {
            self.left.push(format!(
                "{}: it is an older one: {} changes are missing, revocations too: put the newer one in its place; --accept-loss goes on with it",
                path.display(),
                known.changes - found.changes
            ));
            return Ok(());
        }
        let least = used.max(known.numbers).max(found.numbers);
        let least = Numbers {
            device: least.device + NUMBERS_LEFT_OUT,
            credential: least.credential + NUMBERS_LEFT_OUT,
            datastream: least.datastream + NUMBERS_LEFT_OUT,
            api_key: least.api_key + NUMBERS_LEFT_OUT,
        };
        let mended = device_registry::mend(self.data, self.id, known.changes, least)
            .context("cannot mend the registry's numbers")?;
        self.done.push(format!(
            "{}: numbers go on after {}, so that none is given twice",
            path.display(),
            mended.numbers.datastream
        ));
        Ok(())
    }

    fn sessions(&mut self) -> anyhow::Result<()> {
        let path = self.data.join(SESSIONS_FILE);
        let mark = self.databases.sessions.as_ref().map(|found| found.mark);
        let least = self.marks().sessions;
        let what = match mark {
            Some(mark) if mark.folder.is_some_and(|id| id != self.id) => "it is another folder's",
            Some(mark) if mark.changes < least => "it is an older one",
            Some(_) => return Ok(()),
            None => match lost(&path) {
                Some("is missing") => "it is missing",
                Some(_) => "it is empty",
                None => "it is damaged",
            },
        };
        if !self.accept_loss {
            self.left.push(format!(
                "{}: {what}: put it back, as from a backup; --accept-loss begins without kept sessions: clients subscribe again and are not sent what they missed",
                path.display()
            ));
            return Ok(());
        }
        let mut aside = None;
        for file in [wal_of(&path), path.clone()] {
            if file.exists() {
                let renamed = set_aside(&file, SystemClock.now());
                let failed = || format!("cannot set {} aside", file.display());
                aside = Some(renamed.with_context(failed)?);
            }
        }
        begin_empty(self.data, self.id, least).context("cannot begin without kept sessions")?;
        if let Some(aside) = aside {
            let line = format!("{}: set aside as {}", path.display(), aside.display());
            self.done.push(line);
        }
        let line = format!("{}: {what}: an empty one was made", path.display());
        self.done.push(line);
        Ok(())
    }

    /// Keys cannot be made again.
    fn secrets(&mut self) {
        let secrets: BTreeMap<String, String> = self
            .old
            .iter()
            .flat_map(|old| old.secrets.clone())
            .collect();
        for (name, digest) in secrets {
            let path = self.data.join(name);
            if let Some(fault) = folder::key_fault(&path, &digest) {
                self.left.push(format!(
                    "{}: it {fault}: it cannot be made again: put this folder's own back, as from a backup",
                    path.display()
                ));
            }
        }
    }

    /// Format and record, where they are lost or damaged.
    fn record(&mut self, format: Option<Format>) -> anyhow::Result<()> {
        if self.old.is_none() {
            let path = self.data.join(record::FILE);
            if path.exists() {
                let aside = set_aside(&path, SystemClock.now())?;
                let line = format!("{}: set aside as {}", path.display(), aside.display());
                self.done.push(line);
            }
            let mut marks = record::Marks::default();
            if let Some(registry) = self.own_registry() {
                marks.reach(registry.mark);
            }
            let record = Record {
                folder: self.id,
                state: State::Whole,
                parts: folder::found(self.data),
                secrets: folder::digests(self.data)?,
                marks,
            };
            record::write(self.data, &record)?;
            self.done
                .push(format!("{}: written again from the parts", path.display()));
        }
        if format != Some(Format::Ours) {
            format::write(self.data)?;
            let path = self.data.join(format::FILE);
            self.done.push(format!("{}: written again", path.display()));
        }
        Ok(())
    }

    fn tell(self) -> anyhow::Result<()> {
        for line in &self.done {
            println!("repaired: {line}");
        }
        for line in &self.left {
            println!("not repaired: {line}");
        }
        match (self.done.len(), self.left.len()) {
            (_, 1..) => bail!(
                "{} cannot be repaired so: see the lines above",
                self.data.display()
            ),
            (0, 0) => println!("nothing to repair"),
            _ => {}
        }
        Ok(())
    }
}

/// The ids that the parts tell; one that several tell comes first.
fn ids_told_by_parts(data: &Path, databases: &Databases) -> Vec<FolderId> {
    let registry = databases.registry.as_ref().and_then(|found| found.folder);
    let sessions = databases.sessions.as_ref();
    let sessions = sessions.and_then(|found| found.mark.folder);
    let mut ids: Vec<FolderId> = ingest::repair::folders_of(data)
        .into_iter()
        .chain([registry, sessions])
        .flatten()
        .collect();
    let all = ids.clone();
    let count = |id: &FolderId| all.iter().filter(|other| *other == id).count();
    ids.sort_by_key(|id| std::cmp::Reverse(count(id)));
    ids.dedup();
    ids
}
