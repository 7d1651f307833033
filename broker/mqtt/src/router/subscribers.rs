//! Those who subscribe to one filter: added, found and removed at the same
//! cost, be they one or a hundred thousand.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use super::endpoint::Endpoint;
use crate::codec::SubscribeOptions;

#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) options: SubscribeOptions,
    pub(super) id: Option<u32>,
}

/// In no order.
#[derive(Default)]
pub(super) struct SubscriberList {
    all: Vec<Subscriber>,
    /// Where each stands, once they are many.
    #[expect(clippy::box_collection, reason = "nearly all lists are short")]
    places: Option<Box<HashMap<usize, usize>>>,
}

/// As many are looked through one by one.
const FEW: usize = 16;

impl Deref for SubscriberList {
    type Target = [Subscriber];

    fn deref(&self) -> &[Subscriber] {
        &self.all
    }
}

/// An endpoint stays where it is for as long as somebody has it.
fn key(endpoint: &Arc<Endpoint>) -> usize {
    Arc::as_ptr(endpoint) as usize
}

impl SubscriberList {
    pub(super) fn of(subscriber: Subscriber) -> Self {
        Self {
            all: vec![subscriber],
            places: None,
        }
    }

    fn place(&self, endpoint: &Arc<Endpoint>) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(&key(endpoint)).copied(),
            None => self
                .all
                .iter()
                .position(|it| Arc::ptr_eq(&it.endpoint, endpoint)),
        }
    }

    /// Whether it is new; otherwise it takes the place of the one that stood.
    pub(super) fn put(&mut self, subscriber: Subscriber) -> bool {
        if let Some(place) = self.place(&subscriber.endpoint) {
            self.all[place] = subscriber;
            return false;
        }
        if let Some(places) = &mut self.places {
            places.insert(key(&subscriber.endpoint), self.all.len());
        }
        self.all.push(subscriber);
        if self.places.is_none() && self.all.len() > FEW {
            let keys = self.all.iter().map(|it| key(&it.endpoint));
            self.places = Some(Box::new(keys.zip(0..).collect()));
        }
        true
    }

    /// Whether there was something to take out.
    pub(super) fn take(&mut self, endpoint: &Arc<Endpoint>) -> bool {
        let Some(place) = self.place(endpoint) else {
            return false;
        };
        self.all.swap_remove(place);
        if let Some(places) = &mut self.places {
            places.remove(&key(endpoint));
            if let Some(moved) = self.all.get(place) {
                places.insert(key(&moved.endpoint), place);
            }
        }
        if self.all.len() < FEW / 2 {
            self.places = None;
        }
        if self.all.len() < self.all.capacity() / 4 {
            self.all.shrink_to(self.all.len() * 2);
        }
        true
    }
}
