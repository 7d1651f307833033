//! Whoever comes cannot stop the platform, nor slow those who use it: each
//! attack is bounded, and beside it a publisher, a stream and a probe from
//! other addresses are served as if nothing were.
//!
//! The attacks share two cores with whom they must not disturb, so they run
//! one after another, apart from the other suites:
//!
//! ```sh
//! cargo build --release
//! BINARY_UNDER_TEST=$PWD/target/release/madang \
//!     cargo test -p tests --test hostile -- --ignored --test-threads 1
//! ```

#![allow(clippy::unwrap_used)]

mod crowd;
mod datagrams;
mod held_disk;
mod http2;
mod import;
mod log_line;
mod revocation;
mod silent;
mod streams;
mod subscribe;
mod witness;
