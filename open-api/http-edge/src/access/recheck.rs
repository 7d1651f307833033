//! Judges a caller again while its request is on its way.

use std::sync::Arc;

use crate::problem::Problem;

/// Among a request's extensions: its body may come long after its head, and the
/// caller's right may have gone by then.
#[derive(Clone)]
pub struct Recheck(Arc<dyn Fn() -> Result<(), Problem> + Send + Sync>);

impl Recheck {
    pub fn new(judge: impl Fn() -> Result<(), Problem> + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Why what came too late is not done.
    pub(crate) fn judge(&self) -> Result<(), Problem> {
        (self.0)()
    }
}
