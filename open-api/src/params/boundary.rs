//! `boundary=NAME`: an area that an operator has drawn.

use std::sync::Arc;

use device_registry::{Boundary, Snapshot};
use domain::BoundaryName;
use http_edge::Problem;
use http_edge::request::{Text, what_there_is};

/// The boundary of a query, if it names one.
pub(crate) fn named(
    snapshot: &Snapshot,
    name: Option<&Text<BoundaryName>>,
) -> Result<Option<Arc<Boundary>>, Problem> {
    let Some(Text(name)) = name else {
        return Ok(None);
    };
    let found = snapshot.boundary(name).cloned();
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = snapshot.boundaries().map(|one| one.name.as_str()).collect();
        let there = what_there_is(name.as_str(), &known, "/v1/boundaries");
        Problem::parameter(format!("boundary: there is no boundary {name}.{there}"))
    })
}
