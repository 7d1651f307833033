//! Messages of the log for a session that is behind: after it was away, or
//! because it was too slow for its queue.
//!
//! One page at a time, and the next only when the last was delivered: being
//! behind costs no memory.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::Connection;
use super::end::End;
use super::state::Served;
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::Qos;
use crate::mqtt::message::{Delivery, Message};
use crate::session_store::{Backlog, BacklogPage, LogPosition, Missed};
use crate::sink::SinkFault;

impl<C: Seams> Connection<C> {
    pub(super) fn read_log(
        self: &Rc<Self>,
        served: &mut Served<C>,
        worker: &Worker<C>,
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
        let backlog = worker.services.backlog.clone();
        let principal = served.principal.clone();
        let connection = self.clone();
        spawn_local(async move {
            let page = backlog.read(&principal, &wanted, from).await;
            connection.take_page(page);
        });
    }

    fn take_page(&self, page: Result<BacklogPage, SinkFault>) {
        let state = &mut *self.state.borrow_mut();
        if state.is_over() {
            return;
        }
        let page = match page {
            Ok(page) => page,
            Err(fault) => return state.close(End::sink_fault(&fault)),
        };
        let Some(served) = &mut state.served else {
            return;
        };
        served.is_reading_log = false;
        if std::mem::take(&mut served.page_is_stale) {
            // It holds nothing for the new one: read again from the same place.
            served.blocked = true;
            return state.wake();
        }
        let mut deliveries = Vec::with_capacity(page.messages.len());
        for found in page.messages {
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
        served
            .endpoint
            .push_page(deliveries, page.next, page.at_end, page.gone);
        served.blocked = true;
        state.wake();
    }
}
