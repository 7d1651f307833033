//! OGC SensorThings 1.1 (18-088) and 2.0 (23-019): reads of both, answered from
//! the registry and the data plane; nothing is stored a second time.
//!
//! What a path leads to is a [`set::Set`] or an [`entity::Entity`], which show what
//! their reader may see; [`page`] filters, orders and cuts a set as the options
//! say; [`render`] writes what is left in the names of the version. It blocks on
//! files where it reads observations.

mod answer;
mod count;
mod entity;
mod error;
mod landing;
mod links;
mod metadata;
mod page;
mod render;
mod seen;
mod set;
mod token;
mod values;
mod walk;
mod world;

pub use answer::{Answer, read};
pub use error::{Error, TooCostly};
pub use odata::Version;
pub use page::{MAX_PAGE, USUAL_PAGE};
pub use world::{MAX_LOOKED_AT, World, service_path};
