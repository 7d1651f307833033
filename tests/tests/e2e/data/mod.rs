//! What was sent comes out again: queries, exports, the feed.

mod boundary_and_retention;
mod duplicates;
mod export;
mod export_command;
mod export_content;
mod feed;
mod recordings;
mod replay;
