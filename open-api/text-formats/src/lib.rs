//! Formats of text that other programs read, and that several rooms write:
//! Prometheus' figures and the cells of CSV; and tables that others write, read.

pub mod csv;
pub mod prometheus;
pub mod table;
