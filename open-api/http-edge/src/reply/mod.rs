//! Replies on their way out: pages of lists as JSON or CSV, and what is done with
//! every body.

pub(crate) mod body;
pub mod csv;
mod lines;
mod list;
pub(crate) mod page_url;

pub use body::SharedBytes;
pub use lines::{NDJSON, wants_lines};
pub use list::{Form, List, ListRequest, json_bytes, split_page};
pub use page_url::{PageUrl, read_cursor};
