//! What lies beside the files: the latest value of each datastream, and what
//! was refused; each in memory, with the file that it is read from at the start.

pub(crate) mod latest;
pub(crate) mod latest_file;
pub(crate) mod quarantine;
pub(crate) mod quarantine_file;
