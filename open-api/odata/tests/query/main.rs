//! The query language through its public interface, over rows that are held in
//! memory.
#![allow(clippy::unwrap_used)]

mod errors;
mod functions;
mod implied;
mod limits;
mod model;
mod options;
mod order;
mod paths;
mod precedence;
mod relations;
mod resource_paths;
mod space;
mod traps;
mod world;
