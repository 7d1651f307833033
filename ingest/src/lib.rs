//! The data plane: what a device sends is validated, put in order, made
//! durable in the log, applied to the store, and handed to whoever follows it
//! live.
//!
//! [`Ingest`] is the whole of it. Knows the registry's snapshot; knows no
//! transport, no HTTP and no outside JSON.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod apply;
pub mod backup;
mod clock;
mod config;
mod export;
mod ingest;
mod intake;
mod live;
mod open;
mod repeats;
mod sequence;
mod stats;
#[cfg(test)]
mod testing;
mod validate;
pub mod verify;

pub use clock::{
    CLOCK_FILE, Clock, ClockReport, ClockStanding, ClockTrust, PlatformClock, Spread, SystemClock,
    SystemClocks, Ticking, TimeSource,
};
pub use config::Config;
pub use data_files::{ASIDE, be_less_urgent, set_aside};
pub use export::{
    Checksum, Day, DayError, DayExport, DayPart, ExportAnswer, ExportError, ExportFile,
    ExportFormat, Exports, Making, has_room,
};
pub use frame_log::{
    CommitError, CommitPolicy, Fault, LogOpenError, LogReadError, LogStats, MAX_SEGMENT_BYTES,
    MIN_SEGMENT_BYTES, Outcome, Receipt, Staged,
};
pub use ingest::{CloseError, Ingest, StageError, SubmitError};
pub use intake::new_fields::{NewFields, RegisterFieldsError};
pub use intake::{DeviceMessage, IntakeError, SignedMessage, TakeInError, TelemetryIntake};
pub use live::{AppliedFrame, FrameStream, StreamError, StreamItem, StreamStart};
pub use observation_store::{
    AggregateFunction, AggregateQuery, Bucket, CompactError, ExpireError, FlushError, Grouping,
    Interval, KnownDatastreams, MAX_ROWS_READ, Observations, ObservationsQuery, Order,
    QuarantineError, QuarantinedMessage, QueryError, RangePage, RangeQuery, ReadError,
    StoreOpenError, StoreStats, StoredObservation, ValueFilter,
};
pub use open::{FolderLock, LockError, OpenError, repair};
pub use sequence::ReplayWindow;
pub use sequence::memory_file::MemoryError;
pub use stats::Stats;
