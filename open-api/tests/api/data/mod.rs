//! What was observed, and who may read it.

mod aggregates;
mod audience;
mod export;
mod features;
pub(crate) mod health;
mod latest;
mod paging;
mod places;
mod quality;
mod queries;
mod range;
mod readings;
mod retention;
mod search;
mod things;
mod words;
