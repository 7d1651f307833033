//! The summary of all datastreams, made once for each state of the registry:
//! its size does not grow with the number of devices, but making it does.

use std::sync::Arc;

use device_registry::Snapshot;

use super::kept::Kept;
use crate::params::Viewer;
use crate::views::SummaryView;

/// Those that were asked for since the registry changed.
#[derive(Default)]
pub(crate) struct Summaries(Kept<Viewer, Arc<[SummaryView]>>);

impl Summaries {
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
    ) -> Option<Arc<[SummaryView]>> {
        self.0.known(snapshot, |whose| whose == viewer)
    }

    /// Makes it and keeps it: a look at each datastream.
    pub(crate) fn make(&self, snapshot: &Arc<Snapshot>, viewer: &Viewer) -> Arc<[SummaryView]> {
        let made: Arc<[SummaryView]> = SummaryView::all(snapshot, viewer).into();
        self.0.keep(snapshot, viewer.clone(), &made);
        made
    }
}
