//! The registry's files, and what is the same after they are opened again.

mod files;
mod fixtures;
mod folder;
mod readers;
mod reopen;
