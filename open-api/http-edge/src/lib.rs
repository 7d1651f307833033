//! What every HTTP API of the platform stands on, and what knows none of their
//! resources: listeners and connections within limits, the middleware around
//! each request, problem documents, bodies, codings, pages of lists, quotas,
//! browsers' sessions and WebSocket.
//!
//! [`serve`] answers a router on a listener; an [`Edge`] is what all listeners
//! share.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
pub mod coding;
mod connection;
mod counters;
mod edge;
pub mod limits;
mod middleware;
mod problem;
pub mod reply;
pub mod request;
pub mod websocket;

pub use connection::{Held, NoRoom, Patience, Place, Running, Unsent, serve};
pub use edge::{Edge, EdgeConfig};
pub use problem::{Problem, ProblemKind, error_chain};
