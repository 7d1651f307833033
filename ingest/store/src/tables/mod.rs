//! Two tables that are held in memory and written as a whole, one file each:
//! the latest value of each datastream, and the messages that were refused.

pub(crate) mod latest;
pub(crate) mod latest_file;
pub(crate) mod quarantine;
pub(crate) mod quarantine_file;
mod whole_file;
