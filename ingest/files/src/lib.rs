//! The files of a data folder, and what else the data plane asks of the
//! machine: patience where handles have run out, names that stay, room on a
//! disk, files put aside, and threads that come after others.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aside;
mod folder;
mod handles;
mod system;

pub use aside::{ASIDE, set_aside};
pub use folder::sync_folder;
pub use handles::open_patiently;
pub use system::{be_less_urgent, free_bytes};
