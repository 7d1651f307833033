//! What was observed, and who may read it.

mod aggregates;
mod audience;
mod boundaries;
mod export;
mod features;
mod health;
mod latest;
mod locations;
mod paging;
mod quality;
mod queries;
mod readings;
mod retention;
mod search;
mod things;
mod words;
