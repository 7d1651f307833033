//! Messages of the log for a session that lags: after it was away, or
//! because it was too slow for its queue.
//!
//! One page at a time, and the next only when the last was delivered: to
//! lag costs no memory. Of a page that is more than its queue may hold it
//! takes the beginning, and reads the rest again.

use std::rc::Rc;

use tokio::task::spawn_local;
use transport::{Backlog, BacklogPage, LogPosition, Missed};

use crate::codec::Qos;
use crate::connection::end::End;
use crate::connection::state::Served;
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::message::{Delivery, Message};

/// Looks at a filter before others have their turn: some 0.2 ms.
const TURN_MATCHES: usize = 4_096;

impl<S: Services> Connection<S> {
    pub(in crate::connection) fn read_log(
        self: &Rc<Self>,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        from: LogPosition,
    ) {
        if std::mem::replace(&mut served.is_reading_log, true) {
            return;
        }
        let subscriptions = served.session.subscriptions().iter();
        let wanted: Vec<Missed> = subscriptions
            .filter(|it| it.group.is_none())
            .map(|it| Missed {
                filter: it.filter.clone(),
                since: it.since,
            })
            .collect();
        let services = worker.services.clone();
        let principal = served.principal.clone();
        let connection = self.clone();
        spawn_local(async move {
            match services.backlog().read(&principal, &wanted, from).await {
                Ok(page) => {
                    let (deliveries, page) = connection.match_page(page).await;
                    connection.take_page(deliveries, &page);
                }
                Err(fault) => {
                    let state = &mut *connection.state.borrow_mut();
                    if !state.is_over() {
                        state.close(End::sink_fault(&fault));
                    }
                }
            }
        });
    }

    /// What the messages of a page are to the session's subscriptions, as many
    /// in one go as [`TURN_MATCHES`] allows.
    async fn match_page(&self, mut page: BacklogPage) -> (Vec<Delivery>, BacklogPage) {
        let found = std::mem::take(&mut page.messages);
        let mut deliveries = Vec::with_capacity(found.len());
        let mut matches = 0;
        for found in found {
            if matches >= TURN_MATCHES {
                matches = 0;
                tokio::task::yield_now().await;
            }
            let state = self.state.borrow();
            let Some(served) = state.served.as_ref().filter(|_| !state.is_over()) else {
                break;
            };
            matches += 1 + served.session.subscriptions().len();
            let matched = served.session.matching(&found.topic, found.position);
            // A subscription may have gone since the page was asked for.
            let Some((options, subscription_ids)) = matched else {
                continue;
            };
            let message = Message::of_log(found);
            deliveries.push(Delivery {
                qos: options.qos.min(Qos::AtLeastOnce),
                message: message.into(),
                retain: false,
                shared: false,
                subscription_ids,
            });
        }
        (deliveries, page)
    }

    fn take_page(&self, deliveries: Vec<Delivery>, page: &BacklogPage) {
        let state = &mut *self.state.borrow_mut();
        if state.is_over() {
            return;
        }
        let Some(served) = &mut state.served else {
            return;
        };
        served.is_reading_log = false;
        if std::mem::take(&mut served.page_is_stale) {
            // It holds nothing for the new one: read again from the same place.
            served.blocked = true;
            return state.wake();
        }
        served.endpoint.push_page(deliveries, page);
        served.blocked = true;
        state.wake();
    }
}
