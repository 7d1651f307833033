//! Receipts: how they are signed, and which are remembered.

mod remembered;
mod signing;
#[cfg(test)]
mod tests;

pub(crate) use remembered::{BodyDigest, Known, RememberedReceipts};
pub use signing::{ReceiptKeyError, ReceiptKeys};
