//! The bound of what was made for callers and what no socket has taken yet:
//! whole replies, pieces of files and chunks of streams, of all connections
//! together. A buffer counts from when it is made until the last slice of it
//! is dropped, which is when the socket has taken it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::book::Book;
use super::place::Place;
use super::standing::Standing;

/// Above this part of the bound, streams write short chunks.
const SCARCE_PART: usize = 8;

/// Between two tries for room.
const ROOM_REST: Duration = Duration::from_millis(100);
/// How long a reply that is made waits for room.
const REPLY_PATIENCE: Duration = Duration::from_secs(3);

/// Who waits for room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// It is there already, and takes memory while it waits.
    OfReply,
    /// A stream or a file rests where it is.
    OfSource,
}

/// The bytes that wait, of all.
pub struct Unsent {
    book: Arc<Book>,
    bytes: Arc<AtomicUsize>,
}

/// There is no room, and nobody has stalled for long enough to give way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// A claim on the bound; given back when it is dropped.
pub struct Held {
    of_all: Arc<AtomicUsize>,
    standing: Arc<Standing>,
    bytes: usize,
}

impl Unsent {
    pub(crate) fn new(book: Arc<Book>) -> Self {
        Self {
            book,
            bytes: Arc::default(),
        }
    }

    /// Room for `bytes`; who has stalled longest gives way to it. Waits for as
    /// long as `patience` says, or until there is room.
    pub async fn hold(
        &self,
        place: &Arc<Place>,
        bytes: usize,
        patience: Patience,
    ) -> Result<Held, NoRoom> {
        let start = Instant::now();
        loop {
            if let Some(held) = self.try_hold(place, bytes) {
                return Ok(held);
            }
            if patience == Patience::OfReply && start.elapsed() >= REPLY_PATIENCE {
                return Err(NoRoom);
            }
            tokio::time::sleep(ROOM_REST).await;
        }
    }

    fn try_hold(&self, place: &Arc<Place>, bytes: usize) -> Option<Held> {
        let limit = self.book.limits().unsent_bytes;
        let held = self.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        if held > limit {
            self.bytes.fetch_sub(bytes, Ordering::AcqRel);
            self.book.shed_hoarders(held - limit);
            return None;
        }
        let standing = Arc::clone(place.standing());
        standing.holds(bytes);
        Some(Held {
            of_all: Arc::clone(&self.bytes),
            standing,
            bytes,
        })
    }

    /// Whether who can do with less should.
    pub fn is_scarce(&self) -> bool {
        self.bytes.load(Ordering::Acquire) > self.book.limits().unsent_bytes / SCARCE_PART
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }
}

impl Held {
    /// The bytes, which hold their room until the last slice of them goes;
    /// `with` goes together with them.
    pub fn wrap<T: Send + 'static>(self, bytes: impl Into<Bytes>, with: T) -> Bytes {
        struct Owner<T> {
            bytes: Bytes,
            _with: (Held, T),
        }
        impl<T> AsRef<[u8]> for Owner<T> {
            fn as_ref(&self) -> &[u8] {
                &self.bytes
            }
        }
        Bytes::from_owner(Owner {
            bytes: bytes.into(),
            _with: (self, with),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of_all.fetch_sub(self.bytes, Ordering::AcqRel);
        self.standing.gives_back(self.bytes);
    }
}
