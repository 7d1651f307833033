//! Opening the data plane: the folder's lock, the store, the log, and the
//! frames that the store does not hold yet, fed to the same `apply` as live
//! ones; and what follows each flush.

mod folder;
pub mod repair;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use device_registry::{Registry, Snapshot};
use domain::{AgencyId, DatastreamId, FolderMark, ModelId, Offset};
use frame_log::{
    DiskConfig, Fault, Frame, Log, LogOpenError, LogReadError, MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES,
};
use observation_store::{FlushError, Group, Pace, StoreOpenError, Upkeep};
use parquet::errors::ParquetError;

use crate::apply::{Batch, ReadSide};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Ingest, Inner};
use crate::intake::new_fields::{HourlyBound, Registrar};
use crate::sequence::Sequencer;
use crate::sequence::memory_file::{self, MemoryError};

pub use folder::{FolderLock, LockError};
pub(crate) use folder::{LOG_FOLDER, STORE_FOLDER};
use repair::folders_of;

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(
        "a segment of the log is {MIN_SEGMENT_BYTES} to {MAX_SEGMENT_BYTES} bytes, not {bytes}"
    )]
    SegmentBytes { bytes: u64 },
    #[error("cannot open the store")]
    Store(#[source] StoreOpenError),
    #[error("cannot open the log")]
    Log(#[source] LogOpenError),
    #[error("cannot read what the log knows of devices' messages")]
    Memory(#[source] MemoryError),
    #[error("cannot recover the log")]
    Recovery(#[source] LogReadError),
    #[error(
        "registry.sqlite does not know {unknown} datastreams of which there are observations, as \
         datastream {datastream}: it is older than store and log, or of another folder; put the \
         newer one in its place, or restore a backup"
    )]
    UnknownDatastreams {
        unknown: usize,
        datastream: DatastreamId,
    },
    #[error("cannot move what the log holds into the store")]
    Flush(#[source] FlushError),
    #[error("cannot start the applier")]
    Applier(#[source] io::Error),
    #[error("cannot start the thread that registers new fields")]
    Registrar(#[source] io::Error),
}

impl Ingest {
    /// Opens or makes the data folder, recovers what the log holds beyond the
    /// store, and starts the applier.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is open keeps its configuration"
    )]
    pub fn open(
        config: Config,
        registry: Arc<Registry>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let config = &config;
        if !(MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES).contains(&config.segment_bytes) {
            let bytes = config.segment_bytes;
            return Err(OpenError::SegmentBytes { bytes });
        }
        let lock = FolderLock::take(&config.data_dir)?;
        let config = &Config {
            mark: own_mark(config),
            ..config.clone()
        };
        let read =
            ReadSide::open(config, upkeep(config, &registry, &clock)).map_err(OpenError::Store)?;
        let folder = config.data_dir.join(LOG_FOLDER);
        let log = open_log(config, &folder, &read)?;
        recover(&log, &read, &folder, config.mark, &registry)?;
        read.store().remove_unfinished(log.durable_offset());
        if config.mark.adopts() && config.mark.id().is_some() {
            stamp_memory(&log, &folder, config.mark).map_err(OpenError::Memory)?;
        }
        let flushed = AfterFlush {
            log: Arc::clone(&log),
            folder,
            budget: config.log_budget_bytes,
            mark: config.mark,
        };
        // Flushes during recovery go untold: the sequencer has not learned all
        // frames then.
        let bound = HourlyBound::new(config.new_fields_per_hour, Arc::clone(&clock));
        let registrar =
            Registrar::start(&registry, bound, &config.scope).map_err(OpenError::Registrar)?;
        read.start(
            Arc::clone(&log),
            Arc::new(move |outcome| flushed.run(outcome)),
            &config.scope,
        )
        .map_err(OpenError::Applier)?;
        Ok(Self {
            inner: Arc::new(Inner {
                log,
                read,
                registry,
                registrar,
                clock,
                mark: config.mark,
                _lock: lock,
            }),
        })
    }
}

/// What is opened as any folder's stays what it is.
fn own_mark(config: &Config) -> FolderMark {
    let [told, _] = folders_of(&config.data_dir);
    match (config.mark.id(), told) {
        (None, Some(id)) => FolderMark::first(id),
        _ => config.mark,
    }
}

/// What the registry tells the store of datastreams.
fn upkeep(config: &Config, registry: &Arc<Registry>, clock: &Arc<dyn Clock>) -> Upkeep {
    let (known, kept, clock) = (
        Arc::clone(registry),
        Arc::clone(registry),
        Arc::clone(clock),
    );
    Upkeep {
        group_of: Box::new(move |datastream| {
            let snapshot = known.snapshot();
            let datastream = snapshot.datastream(datastream)?;
            Some(Group {
                agency: datastream.agency.to_string(),
                model: datastream.model.to_string(),
            })
        }),
        retention_days: Box::new(move |group| {
            let agency = AgencyId::new(group.agency.as_str()).ok()?;
            let model = ModelId::new(group.model.as_str()).ok()?;
            kept.snapshot().retention_days(&agency, &model)
        }),
        now: Box::new(move || clock.settled()),
        mark: config.mark,
        pace: Pace::Background,
        scope: config.scope.clone(),
    }
}

fn open_log(
    config: &Config,
    folder: &Path,
    read: &ReadSide,
) -> Result<Arc<Log<Sequencer>>, OpenError> {
    let mut disk = DiskConfig::new(folder, config.segment_bytes);
    disk.mark = config.mark;
    disk.least = config.least_offset;
    disk.scope = config.scope.clone();
    let order = Sequencer::counting(read.counters());
    let stored = read.flushed_offset();
    let log = Log::open(&disk, config.commit, &config.scope, stored, order);
    log.map(Arc::new).map_err(OpenError::Log)
}

/// Gives sequencer and store the frames of the log that each of them lacks. The
/// sequencer's memory is written after the store's manifest, so it is older if
/// the process was killed between the two.
fn recover(
    log: &Log<Sequencer>,
    read: &ReadSide,
    folder: &Path,
    mark: FolderMark,
    registry: &Registry,
) -> Result<(), OpenError> {
    let mut unknown = Unknown::to(registry);
    let known = log.with_order(|sequencer, _| {
        for (datastream, time) in read.horizons() {
            unknown.look_at(datastream);
            sequencer.set_horizon(datastream, time);
        }
        let first = log.first_offset();
        memory_file::read_for(folder, sequencer, mark, first).map_err(OpenError::Memory)
    })?;
    let stored = read.flushed_offset();
    let from = known.min(stored).next().max(log.first_offset());
    let mut take_in = |batch: &mut Batch| -> Result<(), OpenError> {
        let frames = batch.frames();
        log.with_order(|sequencer, _| {
            for Frame::Telemetry(telemetry) in frames {
                sequencer.recover(telemetry, known);
            }
        });
        let unstored = &frames[frames.partition_point(|frame| frame.offset() <= stored)..];
        for Frame::Telemetry(telemetry) in unstored {
            let observations = telemetry.observations.iter();
            observations.for_each(|observation| unknown.look_at(observation.datastream));
        }
        read.recover(unstored).map_err(OpenError::Flush)?;
        batch.clear();
        Ok(())
    };
    let mut batch = Batch::new();
    for frame in log.frames(from) {
        batch.push(frame.map_err(OpenError::Recovery)?);
        if batch.is_full() {
            take_in(&mut batch)?;
        }
    }
    take_in(&mut batch)?;
    unknown.into_result()
}

/// Writes the sequencer's memory as this folder's own. All that recovery found
/// is durable.
fn stamp_memory(log: &Log<Sequencer>, folder: &Path, mark: FolderMark) -> Result<(), MemoryError> {
    let memory = log.with_order(|sequencer, last| sequencer.memory(last, mark.id()));
    memory_file::write(folder, &memory)
}

/// Datastreams that have observations and are not registered: the registry
/// would give their numbers to others.
struct Unknown {
    snapshot: Arc<Snapshot>,
    found: BTreeSet<DatastreamId>,
}

impl Unknown {
    fn to(registry: &Registry) -> Self {
        Self {
            snapshot: registry.snapshot(),
            found: BTreeSet::new(),
        }
    }

    fn look_at(&mut self, datastream: DatastreamId) {
        if self.snapshot.datastream(datastream).is_none() {
            self.found.insert(datastream);
        }
    }

    fn into_result(self) -> Result<(), OpenError> {
        match self.found.first() {
            None => Ok(()),
            Some(datastream) => Err(OpenError::UnknownDatastreams {
                unknown: self.found.len(),
                datastream: *datastream,
            }),
        }
    }
}

/// What follows once the store's manifest is safe.
struct AfterFlush {
    log: Arc<Log<Sequencer>>,
    folder: PathBuf,
    budget: u64,
    mark: FolderMark,
}

impl AfterFlush {
    fn run(&self, outcome: Result<Offset, FlushError>) {
        match outcome {
            Ok(up_to) => self.give_back(up_to),
            Err(FlushError::Write { folder, cause }) => {
                self.log
                    .fail(Fault::new("write into", &folder, io_cause(&cause)));
            }
        }
    }

    /// Saves the sequencer's memory, forgets the flushed rows, and gives back
    /// log space. A failure costs space only: the next flush does it again.
    fn give_back(&self, up_to: Offset) {
        let mut chunk = 0;
        while self
            .log
            .with_order(|sequencer, _| sequencer.forget_flushed(chunk, up_to))
        {
            chunk += 1;
        }
        let (memory, last) = self
            .log
            .with_order(|sequencer, last| (sequencer.memory(last, self.mark.id()), last));
        // Only what is durable may be remembered for good.
        if self.log.sync_all().is_err() || self.log.durable_offset() < last {
            return;
        }
        if let Err(error) = memory_file::write(&self.folder, &memory) {
            tracing::error!(error = %error, cause = ?error, "the log's space is kept");
        } else if let Err(error) = self.log.release(up_to, self.budget) {
            tracing::error!(error = %error, "cannot give back space of the log");
        }
    }
}

/// The system's own error below the file format's: it tells a full disk.
fn io_cause(error: &ParquetError) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::from(error.kind()),
            };
        }
        cause = error.source();
    }
    io::Error::other(error.to_string())
}
