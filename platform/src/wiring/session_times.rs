//! The platform's clock, as the store of kept sessions asks it.

use std::sync::Arc;

use domain::Timestamp;
use ingest::Clock;
use session_store::SessionClock;

pub(crate) struct SessionTimes(pub(crate) Arc<dyn Clock>);

impl SessionClock for SessionTimes {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn settled(&self) -> Timestamp {
        self.0.settled()
    }

    fn has_leapt(&self) -> bool {
        self.0.report().deletion_waits.is_some()
    }
}
