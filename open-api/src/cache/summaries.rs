//! The summary of all datastreams, made once for each state of the registry:
//! its size does not grow with the number of devices, but making it does.

use std::sync::{Arc, Weak};

use device_registry::Snapshot;
use parking_lot::Mutex;

use crate::params::Viewer;
use crate::views::SummaryView;

/// Viewers whose summaries are kept; beyond it the one that was made first gives
/// way.
const MAX_KEPT: usize = 64;

/// Those that were asked for since the registry changed.
#[derive(Default)]
pub(crate) struct Summaries {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Of this state of the registry.
    snapshot: Weak<Snapshot>,
    /// At most one for each viewer.
    summaries: Vec<(Viewer, Arc<[SummaryView]>)>,
}

impl Summaries {
    pub(crate) fn known(
        &self,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
    ) -> Option<Arc<[SummaryView]>> {
        let kept = self.kept.lock();
        if !kept.snapshot.ptr_eq(&Arc::downgrade(snapshot)) {
            return None;
        }
        let mut summaries = kept.summaries.iter();
        let found = summaries.find(|(whose, _)| whose == viewer);
        found.map(|(_, summary)| Arc::clone(summary))
    }

    /// Makes it and keeps it: a look at each datastream.
    pub(crate) fn make(&self, snapshot: &Arc<Snapshot>, viewer: &Viewer) -> Arc<[SummaryView]> {
        // Without the lock: others need not wait, and two may make the same.
        let made: Arc<[SummaryView]> = SummaryView::all(snapshot, viewer).into();
        let mut kept = self.kept.lock();
        let of = Arc::downgrade(snapshot);
        if !kept.snapshot.ptr_eq(&of) {
            kept.snapshot = of;
            kept.summaries.clear();
        }
        kept.summaries.retain(|(whose, _)| whose != viewer);
        if kept.summaries.len() >= MAX_KEPT {
            kept.summaries.remove(0);
        }
        kept.summaries.push((viewer.clone(), Arc::clone(&made)));
        made
    }
}
