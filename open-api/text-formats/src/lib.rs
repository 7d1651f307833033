//! Formats of text that other programs read, and that several rooms write:
//! Prometheus' figures and the cells of CSV.

pub mod csv;
pub mod prometheus;
