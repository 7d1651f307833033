//! `boundary=NAME`: an area that an operator has drawn.

use std::sync::Arc;

use device_registry::{Boundary, Snapshot};
use domain::BoundaryName;

use super::Text;
use crate::problem::Problem;

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
        Problem::parameter(format!(
            "boundary: there is no boundary {name}; /v1/boundaries lists them"
        ))
    })
}
