//! Who may do what, how much, and for how long.

mod applications;
mod audit;
pub(crate) mod logins;
mod own_addresses;
pub(crate) mod rates;
pub(crate) mod rights;
pub(crate) mod rights_meanwhile;
mod roles;
pub(crate) mod sessions;
mod shares;
