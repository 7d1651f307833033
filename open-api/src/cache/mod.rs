//! What is found by a look at the whole registry, kept until it changes.

mod boundary_members;
mod group_members;
mod kept;
mod shared_reads;
mod summaries;

use std::sync::Arc;

use device_registry::{Boundary, Group, GroupDevices, Snapshot};
use domain::DatastreamId;
use http_edge::Problem;

use crate::params::Viewer;
use crate::state::ApiState;
use crate::views::SummaryView;
use boundary_members::BoundaryMembers;
use group_members::GroupMembers;
use shared_reads::SharedReads;
use summaries::Summaries;

/// What was found since the registry changed.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) boundary_members: BoundaryMembers,
    pub(crate) group_members: GroupMembers,
    pub(crate) shared_reads: SharedReads,
    pub(crate) summaries: Summaries,
}

impl ApiState {
    /// The datastreams in a filter's boundary, if it names one.
    pub(crate) async fn members(
        &self,
        snapshot: &Arc<Snapshot>,
        boundary: Option<&Arc<Boundary>>,
        viewer: &Viewer,
    ) -> Result<Option<Arc<[DatastreamId]>>, Problem> {
        let Some(boundary) = boundary else {
            return Ok(None);
        };
        if let Some(known) = self
            .found
            .boundary_members
            .known(snapshot, boundary, viewer)
        {
            return Ok(Some(known));
        }
        let (snapshot, boundary) = (Arc::clone(snapshot), Arc::clone(boundary));
        let viewer = viewer.clone();
        self.scanning(move |shared| {
            shared
                .found
                .boundary_members
                .find(&snapshot, &boundary, &viewer)
        })
        .await
        .map(Some)
    }

    /// Who is in a group.
    pub(crate) async fn group_devices(
        &self,
        snapshot: &Arc<Snapshot>,
        group: &Arc<Group>,
    ) -> Result<GroupDevices, Problem> {
        if let Some(known) = self.found.group_members.known(snapshot, group) {
            return Ok(known);
        }
        let (snapshot, group) = (Arc::clone(snapshot), Arc::clone(group));
        self.scanning(move |shared| shared.found.group_members.find(&snapshot, &group))
            .await
    }

    /// What there is of datastreams, by model and agency.
    pub(crate) async fn summary(
        &self,
        snapshot: &Arc<Snapshot>,
        viewer: &Viewer,
    ) -> Result<Arc<[SummaryView]>, Problem> {
        if let Some(known) = self.found.summaries.known(snapshot, viewer) {
            return Ok(known);
        }
        let (snapshot, viewer) = (Arc::clone(snapshot), viewer.clone());
        self.scanning(move |shared| shared.found.summaries.make(&snapshot, &viewer))
            .await
    }
}
