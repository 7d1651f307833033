//! Turns of the questions that read files: ranges, counts and aggregates.
//!
//! They read on threads of their own, where they stop no other request, and a
//! few at a time: the cores are the data plane's first of all. Who waits for a
//! turn costs nothing but the wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// Ranges and aggregates that are read at once.
const MAX_READS: usize = 8;
/// How long a question may wait for its turn.
const READ_TURN: Duration = Duration::from_secs(20);
/// When to ask again, in seconds.
const ASK_AGAIN: u64 = 5;

pub(crate) struct Reads {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Reads {
    fn default() -> Self {
        Self::new(MAX_READS, READ_TURN)
    }
}

impl Reads {
    fn new(places: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }

    /// A place among those who read; it is given back when it is dropped.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Problem::new(
                ProblemKind::Unavailable,
                "Too many questions are being read at once.",
            )
            .retry_after(ASK_AGAIN)),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn who_waits_too_long_is_told_when_to_ask_again() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let reads = Reads::new(2, Duration::from_millis(20));
            let first = reads.turn().await.unwrap();
            let _second = reads.turn().await.unwrap();
            let refused = reads.turn().await.unwrap_err().into_response();
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.headers()[header::RETRY_AFTER], "5");
            drop(first);
            assert!(reads.turn().await.is_ok(), "a place that is given back");
        });
    }
}
