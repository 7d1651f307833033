//! Backup and restore of a whole data folder.
//!
//! A backup has the data folder's own layout and, beside it, `backup.json`
//! ([`document`]). The order of the parts (`docs/decisions/0013`): what holds
//! positions in the log (kept sessions, a feed's cursor) is taken first, then
//! store and log up to an offset, then what frames refer to (the registry, the
//! models). The record of the folder's parts is taken before all: none of them
//! may have got less far than it says. So nothing points past the log's end,
//! and nothing that a frame
//! names is unknown.
//!
//! - [`document`]: what `backup.json` says
//! - `parts`: which file of a data folder is taken when
//! - `take`: makes one
//! - [`live`]: of a running platform, asked for over HTTP
//! - [`restore`]: a data folder from one

pub mod document;
pub mod live;
mod parts;
pub mod restore;
mod staging;
mod take;

pub use document::{BACKUP_FILE, Document, DocumentError};
pub use parts::PartsError;
pub use staging::Staging;
pub use take::{TakeError, take_closed};

pub(crate) use take::Sources;
