//! What a request's caller sees: all of its agencies, what others share with
//! these, and what is public.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use device_registry::{ReadScope, Snapshot};
use http_edge::Problem;

use super::Admission;
use crate::params::Viewer;
use crate::state::{ApiState, Shared};

impl ApiState {
    /// What the caller that was let in sees of `snapshot`.
    pub(crate) async fn viewer(
        &self,
        snapshot: &Arc<Snapshot>,
        admission: &Admission,
    ) -> Result<Viewer, Problem> {
        let (own, shares) = (admission.reads(), admission.shares());
        if shares.is_empty() {
            return Ok(own.into());
        }
        if let Some(known) = self.found.shared_reads.known(snapshot, shares) {
            return Ok(Viewer(ReadScope::with_shared(own, known)));
        }
        let (snapshot, shares) = (Arc::clone(snapshot), Arc::clone(shares));
        let gather = move |shared: &Shared| {
            let groups = &shared.found.group_members;
            shared.found.shared_reads.find(&snapshot, &shares, groups)
        };
        let is_short = !admission.follows_groups();
        let found = self.scanning_unless(is_short, gather).await?;
        Ok(Viewer(ReadScope::with_shared(own, found)))
    }
}

impl FromRequestParts<ApiState> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let admission = Admission::known(parts);
        state.viewer(&state.registry.snapshot(), &admission).await
    }
}
