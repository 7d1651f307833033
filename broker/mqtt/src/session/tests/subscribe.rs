//! What the client subscribes to, and no longer.

use transport::{LogPosition, Protocol};

use super::client::Seen;
use super::driver::Driver;
use super::model::{DENIED, FILTERS, Filter, Owed};
use crate::codec::{
    FilterList, Packet, Properties, Property, PropertyList, ReasonCode, Subscribe,
    SubscribeOptions, Unsubscribe, raw_filters,
};
use crate::session::Action;

impl Driver {
    pub(super) fn subscribe(&mut self, picks: [u8; 2], options: u8, owed: &mut Owed) {
        let v5 = self.model.terms.protocol == Protocol::V5;
        let bits = if v5 {
            (options & 7).min(6)
        } else {
            (options & 3).min(2)
        };
        let bits = if bits & 3 == 3 { bits & 4 | 2 } else { bits };
        let id = (v5 && options & 0x80 != 0).then_some(u32::from(options));
        let filters = picks.map(filter);
        let violation = |it: &&Filter| it.is_shared && bits & 4 != 0;
        let parsed = SubscribeOptions::from_bits(bits, self.model.terms.protocol).expect("options");
        let list = filters
            .iter()
            .fold(FilterList::default(), |list, it| list.with(it.text, parsed));
        let properties = id
            .into_iter()
            .map(Property::SubscriptionId)
            .fold(PropertyList::default(), PropertyList::with);
        let packet = Subscribe::new(9, properties.as_properties(), &list);
        let action = self.handle(Packet::Subscribe(packet));
        let Ok(Action::Subscribe(packet)) = action else {
            panic!("{action:?}")
        };
        let right = |text: &str| {
            if text.starts_with(DENIED) {
                Err(ReasonCode::NOT_AUTHORIZED)
            } else {
                Ok(())
            }
        };
        let since = LogPosition::default();
        let granted = {
            let room = || true;
            self.session
                .subscribe(&packet, since, right, room, &mut self.out)
        };
        if filters.iter().any(violation) {
            assert_eq!(granted.expect_err("a violation").reason.0, 0x82);
            return self.fall(owed);
        }
        let before: Vec<_> = self.model.subscriptions.keys().copied().collect();
        let codes = filters.map(|it| self.model.subscribe(it, bits, id).expect("no violation"));
        let granted = granted.expect("no violation").granted;
        for it in granted.iter().filter(|it| it.is_new) {
            assert!(!before.contains(&&*it.subscription.name()));
        }
        let codes = codes.map(|code| if v5 { code } else { code.min(0x80) });
        owed.now.push(Seen::SubAck(9, codes.to_vec()));
    }

    pub(super) fn unsubscribe(&mut self, picks: [u8; 2], owed: &mut Owed) {
        let names = picks.map(|pick| filter(pick).text);
        let raw = raw_filters(&names);
        let packet = Unsubscribe::new(8, Properties::NONE, &raw);
        let action = self.handle(Packet::Unsubscribe(packet));
        let Ok(Action::Unsubscribe(packet)) = action else {
            panic!("{action:?}")
        };
        let removed = self.session.unsubscribe(&packet, &mut self.out);
        let codes = names.map(|name| match self.model.subscriptions.remove(name) {
            Some(_) => 0,
            None => 0x11,
        });
        assert_eq!(
            removed.len(),
            codes.iter().filter(|code| **code == 0).count()
        );
        let told = match self.model.terms.protocol {
            Protocol::V5 => codes.to_vec(),
            Protocol::V311 => Vec::new(),
        };
        owed.now.push(Seen::UnsubAck(8, told));
    }
}

fn filter(pick: u8) -> &'static Filter {
    &FILTERS[usize::from(pick) % FILTERS.len()]
}
