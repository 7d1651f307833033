//! One stream's reader: whether it has taken what was made for it last.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_edge::{NoRoom, Patience, Place};
use tokio::sync::Semaphore;

use crate::state::ApiState;

/// How long a reader may take over a chunk before the stream gives back what
/// it has fetched from the log.
const SOON: Duration = Duration::from_millis(100);

pub(super) struct Reader {
    place: Arc<Place>,
    /// The one chunk on its way.
    turn: Arc<Semaphore>,
}

impl Reader {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self {
            place,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// A chunk that is on its way until the socket has taken all of it. Waits
    /// for room among what waits for all callers.
    pub(super) async fn hold(&self, state: &ApiState, chunk: Vec<u8>) -> Result<Bytes, NoRoom> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let room = state
            .edge
            .unsent()
            .hold(&self.place, chunk.len(), Patience::OfSource);
        Ok(room.await?.wrap(chunk, turn))
    }

    /// Whether nothing is on its way, within a moment.
    pub(super) async fn takes_soon(&self) -> bool {
        tokio::time::timeout(SOON, self.takes()).await.is_ok()
    }

    /// Resolves once nothing is on its way.
    pub(super) async fn takes(&self) {
        // Never closed: it lives as long as the reader.
        let _ = self.turn.acquire().await;
    }
}
