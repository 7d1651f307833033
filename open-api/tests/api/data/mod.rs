//! What was observed, and who may read it.

mod audience;
mod boundaries;
mod export;
mod paging;
mod quality;
mod queries;
mod readings;
mod retention;
mod words;
