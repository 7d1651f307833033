//! Requests as they come: from where, with which query, and their bodies.

pub(crate) mod arrival;
mod body;
mod byte_range;
pub(crate) mod client_address;
mod page_limit;
mod page_query;
mod query;
mod suggestion;
mod text;

pub use arrival::Arrival;
pub use body::{
    JsonBody, LargeJsonBody, MAX_JSON_BYTES, OptionalJsonBody, charset, media_type, parse_json,
    read_body, read_slow_body,
};
pub use byte_range::Wanted;
pub use client_address::{NetworkError, TrustedProxies, quota_address};
pub use page_limit::Limit;
pub use page_query::PageQuery;
pub use query::{Query, read_pair};
pub use suggestion::what_there_is;
pub use text::Text;
