//! Bodies, codings, problems and bytes.

mod codings;
mod problems;
mod rubbish;
mod tls;
