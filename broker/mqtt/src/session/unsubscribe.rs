//! UNSUBSCRIBE.

use std::borrow::Cow;
use std::collections::HashMap;

use smallvec::SmallVec;

use super::{Session, Subscription};
use crate::codec::{Properties, ReasonCode, UnsubAck, Unsubscribe};

/// Filters of a packet that are looked for one by one; for more of them what
/// stands is indexed first.
const FEW_FILTERS: usize = 4;

impl Session {
    /// Removes what stands, writes the UNSUBACK, and returns what was removed.
    pub(crate) fn unsubscribe(
        &mut self,
        packet: &Unsubscribe<'_>,
        out: &mut Vec<u8>,
    ) -> SmallVec<[Subscription; 1]> {
        let mut codes = SmallVec::<[u8; 8]>::new();
        let mut answer = |stood: bool| {
            codes.push(if stood {
                ReasonCode::SUCCESS.0
            } else {
                ReasonCode::NO_SUBSCRIPTION_EXISTED.0
            });
        };
        let removed = if packet.filters().nth(FEW_FILTERS).is_none() {
            self.remove_few(packet, &mut answer)
        } else {
            self.remove_many(packet, &mut answer)
        };
        UnsubAck {
            packet_id: packet.packet_id,
            properties: Properties::NONE,
            codes: &codes,
        }
        .encode(self.protocol, out);
        removed
    }

    fn remove_few(
        &mut self,
        packet: &Unsubscribe<'_>,
        answer: &mut impl FnMut(bool),
    ) -> SmallVec<[Subscription; 1]> {
        let mut removed = SmallVec::new();
        for text in packet.filters() {
            let mut standing = self.subscriptions.iter();
            let place = standing.position(|it| it.is_named(text));
            answer(place.is_some());
            removed.extend(place.map(|place| self.subscriptions.swap_remove(place)));
        }
        removed
    }

    fn remove_many(
        &mut self,
        packet: &Unsubscribe<'_>,
        answer: &mut impl FnMut(bool),
    ) -> SmallVec<[Subscription; 1]> {
        let mut goes = vec![false; self.subscriptions.len()];
        let names = self.subscriptions.iter().map(|it| match it.group {
            None => Cow::Borrowed(it.filter.as_str()),
            Some(_) => Cow::Owned(it.name().into()),
        });
        let mut standing: HashMap<_, _> = names.zip(0..).collect();
        for text in packet.filters() {
            let place: Option<usize> = standing.remove(text);
            answer(place.is_some());
            if let Some(place) = place {
                goes[place] = true;
            }
        }
        drop(standing);
        let all = std::mem::take(&mut self.subscriptions);
        let (removed, kept): (Vec<_>, Vec<_>) =
            all.into_iter().zip(goes).partition(|(_, goes)| *goes);
        self.subscriptions = kept.into_iter().map(|(it, _)| it).collect();
        removed.into_iter().map(|(it, _)| it).collect()
    }
}
