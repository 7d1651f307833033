//! MQTT sessions, many and slow ones.

pub(crate) mod client;
mod ends;
mod idle_crowd;
mod kept;
mod slow_reader;
mod storm;
mod stuck_subscriber;
mod subscribe_cost;
