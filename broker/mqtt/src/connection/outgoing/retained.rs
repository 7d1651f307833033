//! Retained messages that a subscriber has not been sent yet: for each
//! subscription a place in their order, and no copies.
//!
//! They go out in turns ([`RetainedTurns`]), a bounded piece of work each, so
//! that one SUBSCRIBE costs the other connections of its worker no more than
//! that at once. What is live waits in its mailbox until they are through: a
//! client has the state first, then its changes.
//!
//! [`RetainedTurns`]: crate::context::RetainedTurns

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use smallvec::SmallVec;
use transport::{Realm, RetainedEnd, RetainedSource, TopicFilter};

use crate::codec::{Qos, RetainHandling};
use crate::connection::state::Served;
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::message::{Delivery, Message};
use crate::session::{Granted, Sent, Subscription};

/// Entries of the index that one turn looks at: at most 0.1 ms.
const TURN_STEPS: usize = 1_024;
/// What a look counts for beside its entries.
const LOOK_STEPS: usize = 16;
/// Messages that one turn writes: 0.2 to 0.3 ms.
const TURN_MESSAGES: usize = 128;
/// Bytes after which a turn ends: what a subscriber that does not read keeps
/// in our memory of them.
const TURN_BYTES: usize = 16 * 1024;

type PlaceOf<S> = <<S as Services>::Retained as RetainedSource<<S as Services>::Principal>>::Place;

/// The subscriptions whose retained messages are not through: at most one look
/// for each that stands.
pub(in crate::connection) struct Looks<S: Services> {
    pending: VecDeque<Look<S>>,
    /// The connection waits for its turn.
    pub(in crate::connection) is_queued: bool,
}

struct Look<S: Services> {
    filter: TopicFilter,
    qos: Qos,
    id: Option<u32>,
    place: Place<PlaceOf<S>>,
}

enum Place<P> {
    Platform(P),
    Unprotected(u64),
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Done,
    More,
    /// The client has to acknowledge first.
    Blocked,
}

impl<S: Services> Connection<S> {
    /// The retained messages of subscriptions that were granted.
    pub(in crate::connection) fn look_for_retained(
        &self,
        served: &mut Served<S>,
        granted: &[Granted],
    ) {
        for it in granted {
            let subscription = &it.subscription;
            let wanted = match subscription.options.retain_handling {
                RetainHandling::Always => true,
                RetainHandling::OnlyIfNew => it.is_new,
                RetainHandling::Never => false,
            };
            // MQTT 5.0, 4.8.2: nothing retained is sent to a group.
            if !wanted || subscription.group.is_some() {
                continue;
            }
            let looks = served.retained.get_or_insert_with(Box::default);
            // One that is not through begins anew: it is the same question.
            looks.forget(&subscription.filter);
            looks.pending.push_back(Look {
                filter: subscription.filter.clone(),
                qos: subscription.options.qos,
                id: subscription.id,
                place: match served.endpoint.realm {
                    Realm::Platform => Place::Platform(Default::default()),
                    Realm::Unprotected => Place::Unprotected(0),
                },
            });
        }
    }

    /// Nothing more is sent of subscriptions that no longer stand.
    pub(in crate::connection) fn forget_retained(
        &self,
        served: &mut Served<S>,
        removed: &[Subscription],
    ) {
        if let Some(looks) = &mut served.retained {
            for it in removed.iter().filter(|it| it.group.is_none()) {
                looks.forget(&it.filter);
            }
        }
    }

    /// One turn; whether it wants another as it stands.
    pub(crate) fn send_retained(self: &Rc<Self>, worker: &WorkerContext<S>) -> bool {
        let state = &mut *self.state.borrow_mut();
        let (is_over, has_unsent) = (state.is_over(), state.has_unsent());
        let Some(served) = state.served.as_mut().filter(|_| !is_over) else {
            return false;
        };
        let Some(mut looks) = served.retained.take() else {
            return false;
        };
        looks.is_queued = false;
        if has_unsent || served.held.is_some() {
            // The connection comes back when the socket has room.
            served.retained = Some(looks);
            served.blocked = true;
            return false;
        }
        let out = &mut *worker.scratch.borrow_mut();
        out.clear();
        let turn = self.fill_retained(served, worker, &mut looks, out);
        if turn != Turn::Done {
            looks.is_queued = turn == Turn::More;
            served.retained = Some(looks);
            served.blocked |= turn == Turn::Blocked;
        }
        self.counters.bytes_out.add(out.len() as u64);
        state.write(out);
        if turn == Turn::Done {
            // What is live has waited.
            self.deliver_into(state, worker, out);
        }
        if state.has_unsent() {
            // The task waits for the socket.
            if let Some(served) = &mut state.served {
                served.blocked = true;
                if let Some(looks) = &mut served.retained {
                    looks.is_queued = false;
                }
            }
            state.wake();
            return false;
        }
        turn == Turn::More
    }

    fn fill_retained(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        looks: &mut Looks<S>,
        out: &mut Vec<u8>,
    ) -> Turn {
        let now = Instant::now();
        let Served {
            session,
            principal,
            attachment,
            ..
        } = served;
        let (mut steps, mut sent, mut dropped) = (TURN_STEPS, 0, 0);
        let turn = loop {
            if !session.send_again(TURN_BYTES, now, out) {
                break Turn::Blocked;
            }
            let Some(look) = looks.pending.front_mut() else {
                break Turn::Done;
            };
            if !session.has_room_for(look.qos) {
                break Turn::Blocked;
            }
            if steps == 0 || sent + dropped >= TURN_MESSAGES as u64 || out.len() >= TURN_BYTES {
                break Turn::More;
            }
            let (qos, ids) = (look.qos, look.id);
            let ids: SmallVec<[u32; 2]> = ids.into_iter().collect();
            let mut take = |message: Arc<Message>| {
                let delivery = Delivery {
                    qos: qos.min(message.qos),
                    message,
                    retain: true,
                    shared: false,
                    subscription_ids: ids.clone(),
                };
                match session.deliver(delivery, now, out) {
                    Sent::Written => sent += 1,
                    Sent::TooLarge | Sent::Expired => dropped += 1,
                }
                let spent = sent + dropped >= TURN_MESSAGES as u64 || out.len() >= TURN_BYTES;
                if spent || !session.has_room_for(qos) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let end = match &mut look.place {
                Place::Platform(place) => worker.services.retained().retained(
                    principal,
                    &look.filter,
                    place,
                    &mut steps,
                    &mut |topic, payload| take(Message::new(topic, payload).into()),
                ),
                Place::Unprotected(place) => {
                    let router = &worker.shared.router;
                    router.retained(&look.filter, place, &mut steps, |it| take(it.clone()))
                }
            };
            steps = steps.saturating_sub(LOOK_STEPS);
            if end == RetainedEnd::Done {
                looks.pending.pop_front();
            }
        };
        let work = &worker.shared.work;
        work.retained((TURN_STEPS - steps) as u64, now.elapsed());
        attachment.messages_out.add(sent);
        self.counters.messages_out.add(sent);
        attachment.drop_counted(dropped);
        turn
    }
}

impl<S: Services> Looks<S> {
    fn forget(&mut self, filter: &TopicFilter) {
        self.pending.retain(|look| look.filter != *filter);
    }
}

impl<S: Services> Default for Looks<S> {
    fn default() -> Self {
        Self {
            pending: VecDeque::new(),
            is_queued: false,
        }
    }
}
