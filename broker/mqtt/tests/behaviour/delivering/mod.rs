//! Messages to subscribers.

mod deliver;
mod groups;
mod passed_over;
mod slow;
mod subscribe_cost;
mod v5;
