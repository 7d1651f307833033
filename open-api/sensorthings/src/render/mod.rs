//! Entities on their way out.

pub(crate) mod csv;
pub(crate) mod data_array;
mod flat;
pub(crate) mod geojson;
pub(crate) mod json;
mod value;

pub(crate) use value::json_value;
