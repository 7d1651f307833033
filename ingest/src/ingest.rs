//! The facade of the data plane, and its write path; `queries` is what can be asked
//! of it.

use std::sync::Arc;

use device_registry::{Device, ExtraDatastream, ExtraDatastreamError, Registry};
use domain::{
    DatastreamId, DeviceId, FolderMark, ObservationBatch, Offset, RejectReason, Timestamp,
};
use frame_log::{CommitError, Fault, Frame, Log, Receipt, Staged, StagingError};
use observation_store::{CompactError, ExpireError, FlushError, QuarantinedMessage};

use crate::apply::ReadSide;
use crate::clock::Clock;
use crate::intake::new_fields::{NewFields, RegisterFieldsError, Registrar};
use crate::live::{FrameStream, StreamStart};
use crate::open::FolderLock;
use crate::sequence::{ReplayWindow, Replayed, Sequencer};
use crate::stats::Stats;
use crate::validate::{ExtraField, validate};

/// The data plane. A cheap handle: clones share it.
#[derive(Clone)]
pub struct Ingest {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: Arc<Log<Sequencer>>,
    pub(crate) read: Arc<ReadSide>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) registrar: Registrar,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mark: FolderMark,
    /// Held as long as the folder is open.
    pub(crate) _lock: FolderLock,
}

/// Why a message has no place in the log.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("the message's boot epoch and sequence were used before")]
    Replayed,
    #[error("the log has failed")]
    Poisoned(#[source] Fault),
    #[error("the platform is stopping")]
    Closed,
    #[error("the disk of the log is too slow for the messages")]
    Full,
    /// Not yet: see [`Ingest::register`].
    #[error("fields of the message have no datastream yet")]
    NewFields(NewFields),
    #[error("a field that the model does not know can have no datastream")]
    ExtraField(#[source] ExtraDatastreamError),
}

/// Why a message was not made durable.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error("the message was not accepted")]
    Stage(#[source] StageError),
    #[error("the message was not made durable")]
    Commit(#[source] CommitError),
}

/// Why a stop was not clean. What was acknowledged is in the log all the same.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error("the log has failed")]
    Poisoned(#[source] Fault),
    #[error("the head was not flushed: the next start reads it from the log")]
    Flush(#[source] FlushError),
}

impl Ingest {
    // --- write path

    /// Validates, sequences and stages one message. No I/O: a field that is new
    /// to device and model has to be registered first.
    pub fn stage(
        &self,
        device: &Arc<Device>,
        batch: &ObservationBatch<'_>,
    ) -> Result<Staged, StageError> {
        let inner = &self.inner;
        let validated = validate(
            device,
            batch,
            inner.clock.spread(),
            |agency, model| inner.registry.snapshot().retention_days(agency, model),
            |field| inner.extra_field(device, field),
        )?;
        if !validated.new_fields.is_empty() {
            return Err(StageError::NewFields(NewFields {
                device: device.id.clone(),
                fields: validated.new_fields,
            }));
        }
        inner
            .log
            .stage(|order, slot| Ok(order.sequence(slot, device, batch, &validated)?))
    }

    /// Whether messages come faster than the disk takes them: 16 MiB wait. Who
    /// can hold some back should, until it is false again; at 64 MiB they are
    /// refused.
    pub fn is_full(&self) -> bool {
        self.inner.log.is_full()
    }

    /// Gives the new fields of a message their datastreams, on a thread of its
    /// own; the message is staged anew then. Works under any executor.
    pub fn register(
        &self,
        new: NewFields,
    ) -> impl Future<Output = Result<(), RegisterFieldsError>> + Send + 'static + use<> {
        self.inner.registrar.register(new)
    }

    /// Resolves when all of `staged` are durable; one sync serves all who
    /// wait. Works under any executor.
    pub fn commit(
        &self,
        staged: Vec<Staged>,
    ) -> impl Future<Output = Result<Vec<Receipt>, CommitError>> + Send + 'static + use<> {
        self.inner.log.commit(staged)
    }

    /// Stages and commits one message, and never waits for the disk on the
    /// thread of the caller. Refused as [`StageError::Full`] where
    /// [`Self::is_full`]: the sender keeps it, and the room is for who cannot.
    pub async fn submit(
        &self,
        device: &Arc<Device>,
        batch: &ObservationBatch<'_>,
    ) -> Result<Receipt, SubmitError> {
        if self.is_full() {
            return Err(SubmitError::Stage(StageError::Full));
        }
        let staged = self.stage(device, batch).map_err(SubmitError::Stage)?;
        let durable = self.commit_elsewhere(staged).await;
        durable.map_err(SubmitError::Commit)
    }

    /// As [`Self::commit`], and never on the thread of the caller.
    pub(crate) async fn commit_elsewhere(&self, staged: Staged) -> Result<Receipt, CommitError> {
        let receipts = self.inner.log.commit_elsewhere(vec![staged]).await?;
        Ok(receipts
            .into_iter()
            .next()
            .expect("one receipt for each staged message"))
    }

    /// Resolves with the fault once the log has failed. Nothing is acknowledged
    /// from then on.
    pub fn failed(&self) -> impl Future<Output = Fault> + Send + 'static + use<> {
        self.inner.log.failed()
    }

    /// The signed numbers that a device has used.
    pub fn replay_window(&self, device: &DeviceId) -> Option<ReplayWindow> {
        self.inner.log.with_order(|order, _| order.window(device))
    }

    /// The time of the clock that the data plane was given: for the `received`
    /// stamps of its messages.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// When the newest durable message was received, as far as the log holds
    /// it. Reads the disk.
    pub fn newest_receipt(&self) -> Option<Timestamp> {
        let newest = self.inner.log.frames(self.durable_offset()).next()?;
        newest.ok().map(|Frame::Telemetry(frame)| frame.received)
    }

    /// What deletion counts from by that clock.
    pub fn settled(&self) -> Timestamp {
        self.inner.clock.settled()
    }

    /// Refuses new messages, makes everything durable, applies and flushes it,
    /// and stops the threads.
    pub async fn close(&self) -> Result<(), CloseError> {
        let inner = Arc::clone(&self.inner);
        let (done, closed) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let closed = inner.close();
            // Before the answer: the caller may open the folder again at once.
            drop(inner);
            // Nobody listens where the caller has gone away.
            let _ = done.send(closed);
        });
        closed.await.expect("closing answers")
    }

    /// Flushes what is applied, and makes one file of each day, agency and model
    /// of all that is in files. Blocks, and takes as long as the store is
    /// large: for benches and tests. A thread of the store does the same as it
    /// becomes due.
    pub fn compact(&self) -> Result<(), CompactError> {
        self.inner.read.compact()
    }

    /// Drops the days whose retention is over, as the store does each hour;
    /// how many files. Blocks for file I/O.
    pub fn expire(&self) -> Result<usize, ExpireError> {
        self.inner.read.expire(self.inner.clock.settled())
    }

    // --- positions

    /// The data folder that it was opened as.
    pub fn mark(&self) -> FolderMark {
        self.inner.mark
    }

    /// Of the oldest frame that the log still has; of the next one where it has
    /// none.
    pub fn first_offset(&self) -> Offset {
        self.inner.log.first_offset()
    }

    /// The last offset that is durable.
    pub fn durable_offset(&self) -> Offset {
        self.inner.log.durable_offset()
    }

    /// The last offset that queries and streams see.
    pub fn applied_offset(&self) -> Offset {
        self.inner.read.applied_offset()
    }

    /// Waits until everything that was durable when called is applied.
    pub async fn caught_up(&self) {
        self.inner.read.applied(self.durable_offset()).await;
    }

    // --- streams and counters

    /// Applied frames, from now or from an offset on, without gap or double.
    pub fn stream(&self, from: StreamStart) -> FrameStream {
        self.inner.read.stream(from)
    }

    /// The frames from `first` to before `end` of which something of a device's
    /// was refused.
    pub fn quarantined(&self, device: &DeviceId, first: Offset, end: Offset) -> Vec<Offset> {
        self.inner.read.quarantined(device, first, end)
    }

    /// What was refused of a device's messages, newest last.
    pub fn quarantine(&self, device: &DeviceId) -> Vec<QuarantinedMessage> {
        self.inner.read.quarantine(device)
    }

    /// How many observations that came since `from`, a day ago at most, repeated one
    /// that was there. It counts from the start of the process.
    pub fn repeated_since(&self, datastream: DatastreamId, from: Timestamp) -> u64 {
        self.inner.read.repeated_since(datastream, from)
    }

    pub fn stats(&self) -> Stats {
        Stats {
            log: self.inner.log.stats(),
            ..self.inner.read.stats()
        }
    }
}

impl Inner {
    fn extra_field(&self, device: &Device, field: &str) -> Result<ExtraField, StageError> {
        match self.registry.extra_datastream(&device.id, field) {
            Ok(ExtraDatastream::Standing(datastream)) => Ok(ExtraField::Standing(datastream)),
            Ok(ExtraDatastream::New(_)) if !self.registrar.has_room(&device.id) => {
                Ok(ExtraField::Refused(RejectReason::TooManyNewFields))
            }
            Ok(ExtraDatastream::New(field)) => Ok(ExtraField::New(field)),
            Err(ExtraDatastreamError::TooMany) => {
                Ok(ExtraField::Refused(RejectReason::TooManyExtraFields))
            }
            Err(ExtraDatastreamError::Field { .. }) => {
                Ok(ExtraField::Refused(RejectReason::BadFieldName))
            }
            Err(error @ ExtraDatastreamError::UnknownDevice(_)) => {
                Err(StageError::ExtraField(error))
            }
        }
    }

    fn close(&self) -> Result<(), CloseError> {
        self.log.refuse_new();
        let synced = match self.log.sync_all() {
            Err(CommitError::Poisoned(fault)) => Err(CloseError::Poisoned(fault)),
            // Closed before: there is nothing left to sync.
            _ => Ok(()),
        };
        let flushed = self.read.stop().map_err(CloseError::Flush);
        self.log.shut();
        self.registrar.stop();
        synced.and(flushed)
    }
}

/// The last handle is gone without `close`: what is not durable is lost, and
/// what was not flushed is read from the log at the next start.
impl Drop for Inner {
    fn drop(&mut self) {
        // Streams may hold the log longer than the folder is locked: nobody
        // writes to it any more.
        self.log.shut();
        // Nor to the registry.
        self.registrar.stop();
    }
}

impl From<StagingError> for StageError {
    fn from(error: StagingError) -> Self {
        match error {
            StagingError::Poisoned(fault) => Self::Poisoned(fault),
            StagingError::Closed => Self::Closed,
            StagingError::Full => Self::Full,
        }
    }
}

impl From<Replayed> for StageError {
    fn from(Replayed: Replayed) -> Self {
        Self::Replayed
    }
}

mod queries;
#[cfg(test)]
mod tests;
