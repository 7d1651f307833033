//! One connection's place in the book.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::book::{Book, NoPlace};
use super::standing::{Arrives, Standing};
use crate::limits::HttpLimits;

/// A place; given back when the last who holds it drops it.
pub struct Place {
    book: Arc<Book>,
    id: u64,
    standing: Arc<Standing>,
}

impl Place {
    /// Takes one in the book. `counted` is false for a trusted proxy, whose
    /// connections are those of many.
    pub(super) fn take(
        book: &Arc<Book>,
        address: IpAddr,
        arrives: Arrives,
        counted: bool,
    ) -> Result<Arc<Self>, NoPlace> {
        let (id, standing) = book.enter(address, arrives, counted)?;
        Ok(Arc::new(Self {
            book: Arc::clone(book),
            id,
            standing,
        }))
    }

    pub(super) fn limits(&self) -> &HttpLimits {
        self.book.limits()
    }

    pub(super) fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    pub(super) fn has_shaken_hands(&self) {
        self.book.has_shaken_hands(&self.standing, self.id);
    }

    /// Resolves once this connection has to give way.
    pub async fn ended(&self) {
        self.standing.ended().await;
    }

    /// Resolves once a deadline has passed: that of the next request's head,
    /// or that of a caller who takes nothing.
    pub(super) async fn is_late(&self) {
        loop {
            match self.standing.left(self.limits()) {
                Some(left) if left.is_zero() => break,
                Some(left) => tokio::time::sleep(left).await,
                // Whatever begins now may take at least so long.
                None => tokio::time::sleep(self.limits().shortest()).await,
            }
        }
        self.book.counters.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn flooded(&self) {
        self.book.counters.floods.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("id", &self.id).finish()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.book.leave(self.id);
    }
}

impl HttpLimits {
    fn shortest(&self) -> Duration {
        self.first_request.min(self.next_request).min(self.stalled)
    }
}

/// A request on its way, from its head to the end of its reply, or to the end
/// of what it was upgraded to.
pub struct Running(Arc<Place>);

impl Running {
    pub fn begin(place: &Arc<Place>) -> Self {
        place.standing.begins();
        Self(Arc::clone(place))
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.standing.finishes();
    }
}
