//! Asking for exports: what is kept and still holds, or what is being made.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

use device_registry::{ReadScope, Snapshot};
use domain::AgencyId;
use observation_store::{QueryError, ReadError};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use super::cache::{self, Cache, ExportFile, LIMITS};
use super::make::{Made, make};
use super::selection::{Selection, visible};
use super::sink::Checksum;
use super::state::State;
use super::{Day, DayExport, DayPart, ExportError, expiry, room};
use crate::ingest::Ingest;

/// Exports in the making at once: each keeps a thread busy.
const MAX_MAKING: usize = 2;
/// Damaged files of the store that one making may meet.
const MAX_DAMAGED: usize = 16;

/// The exports of a data plane. Clones share it.
#[derive(Clone)]
pub struct Exports {
    inner: Arc<Inner>,
}

struct Inner {
    ingest: Ingest,
    folder: PathBuf,
    /// There once it was asked for.
    cache: Mutex<Option<Cache>>,
    /// By name.
    making: Mutex<FxHashMap<String, Outcome>>,
    /// When expired files were looked for last, in microseconds since 1970.
    looked: AtomicI64,
}

type Outcome = watch::Receiver<Option<Result<ExportFile, Arc<ExportError>>>>;

/// What there is of a file.
pub enum ExportAnswer {
    Ready(ExportFile),
    Making(Making),
}

/// A file in the making.
pub struct Making {
    outcome: Outcome,
    begun: Begun,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// By the question that this is the answer to.
    Now,
    /// By an earlier one: what came in since then is not in it.
    Earlier,
}

impl Making {
    /// Resolves when it is made. `None`: it was begun before the question, so
    /// ask again whether it still holds.
    pub async fn done(mut self) -> Result<Option<ExportFile>, ExportError> {
        let outcome = match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => return Err(ExportError::Stopping),
        };
        match outcome {
            Some(Ok(file)) => Ok((self.begun == Begun::Now).then_some(file)),
            Some(Err(error)) => Err(ExportError::Shared(error)),
            None => Err(ExportError::Stopping),
        }
    }
}

impl Exports {
    /// Of `ingest`, kept in `folder`. Nothing is read before it is asked for.
    pub fn new(ingest: Ingest, folder: PathBuf) -> Self {
        Self {
            inner: Arc::new(Inner {
                ingest,
                folder,
                cache: Mutex::new(None),
                making: Mutex::new(FxHashMap::default()),
                looked: AtomicI64::new(i64::MIN),
            }),
        }
    }

    /// What there is of a day within `scope`, by domain and agency. Blocks.
    pub fn day(
        &self,
        snapshot: &Snapshot,
        day: Day,
        scope: &ReadScope,
    ) -> Result<Vec<DayPart>, ExportError> {
        self.inner.is_over(day)?;
        let read = &self.inner.ingest.inner.read;
        let observed = read.observed_between(day.start(), day.end());
        let mut parts: BTreeMap<(&str, &AgencyId), (BTreeSet<&str>, usize)> = BTreeMap::new();
        for datastream in visible(snapshot, scope, None, None) {
            if observed.contains(&datastream.id) {
                let name = (datastream.model.domain(), datastream.agency);
                let (licences, datastreams) = parts.entry(name).or_default();
                licences.insert(&datastream.licence.0);
                *datastreams += 1;
            }
        }
        let parts = parts.into_iter();
        Ok(parts
            .map(|((domain, agency), (licences, datastreams))| DayPart {
                domain: domain.to_owned(),
                agency: agency.clone(),
                licences: licences.into_iter().map(str::to_owned).collect(),
                datastreams,
            })
            .collect())
    }

    /// The file where it is kept and still holds; otherwise begins to make it,
    /// or joins who does. `snapshot` is the registry as it is now. Blocks for
    /// file I/O, but not for the making.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        export: &DayExport,
    ) -> Result<ExportAnswer, ExportError> {
        let inner = &self.inner;
        inner.is_over(export.day)?;
        inner.forget_expired(snapshot)?;
        let name = cache::name(export);
        let Some(selection) = Selection::new(snapshot, export) else {
            // It may have been readable once.
            inner.with_cache(|cache| cache.remove(&name))?;
            return Err(ExportError::Absent);
        };
        let registry = selection.digest();
        if let Some(file) = inner.kept(&name, &selection, export.day, registry)? {
            return Ok(ExportAnswer::Ready(file));
        }
        let mut making = inner.making.lock();
        if let Some(outcome) = making.get(&name) {
            return Ok(ExportAnswer::Making(Making {
                outcome: outcome.clone(),
                begun: Begun::Earlier,
            }));
        }
        if making.len() >= MAX_MAKING {
            return Err(ExportError::Busy);
        }
        let (sender, outcome) = watch::channel(None);
        let order = Order {
            exports: Arc::downgrade(inner),
            folder: inner.folder.clone(),
            name: name.clone(),
            export: export.clone(),
            selection,
            registry,
        };
        thread::Builder::new()
            .name("export".into())
            .spawn(move || order.run(&sender))
            .map_err(ExportError::io("start a thread for", &inner.folder))?;
        making.insert(name, outcome.clone());
        Ok(ExportAnswer::Making(Making {
            outcome,
            begun: Begun::Now,
        }))
    }
}

impl Inner {
    fn is_over(&self, day: Day) -> Result<(), ExportError> {
        let until = day.end();
        if self.ingest.now() < until {
            return Err(ExportError::NotOver { until });
        }
        Ok(())
    }

    fn with_cache<T>(&self, call: impl FnOnce(&mut Cache) -> T) -> Result<T, ExportError> {
        let mut cache = self.cache.lock();
        let cache = match cache.as_mut() {
            Some(cache) => cache,
            None => {
                let opened = Cache::open(&self.folder, LIMITS)
                    .map_err(ExportError::io("open", &self.folder))?;
                cache.insert(opened)
            }
        };
        Ok(call(cache))
    }

    /// From time to time.
    fn forget_expired(&self, snapshot: &Snapshot) -> Result<(), ExportError> {
        let now = self.ingest.settled();
        let last = self.looked.load(Ordering::Relaxed);
        if now.as_micros().saturating_sub(last) < expiry::LOOK_EVERY_MICROS {
            return Ok(());
        }
        self.looked.store(now.as_micros(), Ordering::Relaxed);
        self.with_cache(|cache| cache.remove_where(|name| expiry::is_over(name, snapshot, now)))
    }

    /// What is kept under `name`, if it is what would be made now.
    fn kept(
        &self,
        name: &str,
        selection: &Selection,
        day: Day,
        registry: Checksum,
    ) -> Result<Option<ExportFile>, ExportError> {
        let Some(kept) = self.with_cache(|cache| cache.get(name))? else {
            return Ok(None);
        };
        if kept.state.registry != registry {
            return Ok(None);
        }
        let read = &self.ingest.inner.read;
        let Some(now) = read.unchanged(&selection.query(day), kept.footprint()) else {
            return Ok(None);
        };
        let file = Cache::open_file(&self.folder, name, &kept);
        if file.is_some() {
            let time = self.ingest.now();
            self.with_cache(|cache| cache.touch(name, &kept, now.up_to, time))?;
        }
        Ok(file)
    }

    /// Where the disk is short of room, kept exports go first.
    fn make_room(&self) -> Result<(), ExportError> {
        while !room::has_room(&self.folder) {
            if !self.with_cache(Cache::remove_oldest)? {
                return Err(ExportError::NoRoom);
            }
        }
        Ok(())
    }
}

/// A file that is to be made. Holds the data plane no longer than it must: a
/// platform that stops does not wait for it.
struct Order {
    exports: Weak<Inner>,
    folder: PathBuf,
    name: String,
    export: DayExport,
    selection: Selection,
    registry: Checksum,
}

impl Order {
    fn run(self, sender: &watch::Sender<Option<Result<ExportFile, Arc<ExportError>>>>) {
        room::yield_to_others();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.file()))
            .unwrap_or(Err(ExportError::Panicked))
            .map_err(Arc::new);
        if let Err(error) = &outcome
            && !matches!(**error, ExportError::Absent | ExportError::Stopping)
        {
            tracing::error!(name = self.name, error = ?error, "an export cannot be made");
        }
        // Before the answer: who is told may ask again at once.
        if let Some(exports) = self.exports.upgrade() {
            exports.making.lock().remove(&self.name);
        }
        sender.send_replace(Some(outcome));
    }

    fn exports(&self) -> Result<Arc<Inner>, ExportError> {
        self.exports.upgrade().ok_or(ExportError::Stopping)
    }

    fn file(&self) -> Result<ExportFile, ExportError> {
        self.exports()?.make_room()?;
        let temporary = Cache::temporary(&self.folder, &self.name)?;
        let made = self.make(&temporary);
        let kept = made.and_then(|made| self.keep(&made, &temporary));
        if kept.is_err() {
            // It may not have come to be; the next start removes it otherwise.
            let _ = std::fs::remove_file(&temporary);
        }
        kept
    }

    /// A file of the store that proves damaged is set aside, and the rest is
    /// exported.
    fn make(&self, temporary: &Path) -> Result<Made, ExportError> {
        let wanted = || self.exports.strong_count() > 0;
        let query = self.selection.query(self.export.day);
        let mut damaged = 0;
        loop {
            let observations = self.exports()?.ingest.observations(&query);
            let made = observations
                .map_err(ExportError::Query)
                .and_then(|rows| make(rows, &self.export, &self.selection, temporary, wanted));
            match made {
                Err(ExportError::Query(QueryError::Read(ReadError::Damaged { .. })))
                    if damaged < MAX_DAMAGED =>
                {
                    damaged += 1;
                }
                made => return made,
            }
        }
    }

    fn keep(&self, made: &Made, temporary: &Path) -> Result<ExportFile, ExportError> {
        let exports = self.exports()?;
        if made.rows == 0 {
            exports.with_cache(|cache| cache.remove(&self.name))?;
            return Err(ExportError::Absent);
        }
        let now = exports.ingest.now();
        let state = State::new(&made.sums, made.rows, now, made.footprint, self.registry);
        exports.with_cache(|cache| {
            cache.install(&self.name, state, temporary)?;
            let kept = cache.get(&self.name).ok_or(ExportError::Absent)?;
            Cache::open_file(&self.folder, &self.name, &kept).ok_or(ExportError::Absent)
        })?
    }
}
