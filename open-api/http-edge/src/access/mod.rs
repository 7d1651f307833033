//! What access to an API is made of, whoever judges it: the credential that a
//! request brings, browsers' sessions, and the pages that may read an answer.

mod cookie;
pub mod cors;
mod credential;
mod recheck;
mod same_origin;
mod sessions;

pub use cookie::Cookie;
pub use credential::{Credential, bearer_token, may_change, take_url_key, unauthenticated};
pub use recheck::Recheck;
pub use same_origin::is_same_origin;
pub use sessions::{
    Holder, Place, Session, SessionEntry, Sessions, clear_cookie, session_cookie, set_cookie,
};
