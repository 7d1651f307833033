//! A message that is a question: the sink answers it, and its sender alone is
//! told.

use transport::MessageSink;

use super::end::End;
use super::receive::Batch;
use super::state::Served;
use super::{Connection, WorkerContext};
use crate::codec::Publish;
use crate::context::Services;

impl<S: Services> Connection<S> {
    /// Answers it, or leaves `batch` what has to come before.
    pub(super) fn ask(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let message = self.inbound(served, publish, batch.received);
        match worker.services.sink().ask(&served.principal, &message) {
            Ok(answer) => {
                let held = &mut batch.held;
                served.session.answered(publish, &answer, out, held);
                Ok(())
            }
            Err(why) => self.not_staged(served, worker, publish, why, batch, out),
        }
    }
}
