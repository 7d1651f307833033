//! Faults with a name: what a broken broker, or a broken way to it, would do.
//!
//! A fault waits for a kind of packet on one of the two ways, counts over all
//! connections of its proxy, and says how the behaviour has to notice it.

use std::sync::atomic::{AtomicUsize, Ordering};

use mqtt::codec::{
    self, ConnAck, Connect, FilterList, Packet, Properties, Property, PropertyList, Publish,
    Subscribe, SubscribeOptions, kind,
};
use transport::Protocol;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToBroker,
    ToClient,
}

pub(crate) struct Fault {
    name: &'static str,
    seen_as: &'static str,
    way: Way,
    kind: u8,
    /// Only the n-th of the kind, from 1; `None` is all of them.
    nth: Option<usize>,
    effect: Effect,
    met: AtomicUsize,
    committed: AtomicUsize,
}

type Change = Box<dyn Fn(&Packet<'_>, &mut Exit) + Send + Sync>;

enum Effect {
    Swallow,
    Repeat,
    Instead(Vec<u8>),
    Change(Change),
}

/// What leaves the proxy for one packet that came in.
pub(crate) struct Exit {
    protocol: Protocol,
    onward: Vec<u8>,
    back: Vec<u8>,
}

impl Exit {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            onward: Vec::new(),
            back: Vec::new(),
        }
    }

    pub(crate) fn pass(&mut self, packet: &Packet<'_>) {
        codec::encode(packet, self.protocol, &mut self.onward);
    }

    /// To where the packet came from.
    pub(crate) fn answer(&mut self, packet: &Packet<'_>) {
        codec::encode(packet, self.protocol, &mut self.back);
    }

    pub(crate) fn onward(&self) -> &[u8] {
        &self.onward
    }

    pub(crate) fn back(&self) -> &[u8] {
        &self.back
    }
}

impl Fault {
    /// `seen_as` is a part of the sentence with which the behaviour must fail.
    fn new(name: &'static str, seen_as: &'static str, way: Way, kind: u8, effect: Effect) -> Self {
        Self {
            name,
            seen_as,
            way,
            kind,
            nth: None,
            effect,
            met: AtomicUsize::new(0),
            committed: AtomicUsize::new(0),
        }
    }

    /// The packet gets lost.
    pub(crate) fn swallow(name: &'static str, seen_as: &'static str, way: Way, kind: u8) -> Self {
        Self::new(name, seen_as, way, kind, Effect::Swallow)
    }

    /// The packet comes twice.
    pub(crate) fn repeat(name: &'static str, seen_as: &'static str, way: Way, kind: u8) -> Self {
        Self::new(name, seen_as, way, kind, Effect::Repeat)
    }

    /// Another packet comes in its place, which may even be no packet at all.
    pub(crate) fn instead(
        name: &'static str,
        seen_as: &'static str,
        way: Way,
        kind: u8,
        bytes: Vec<u8>,
    ) -> Self {
        Self::new(name, seen_as, way, kind, Effect::Instead(bytes))
    }

    /// Whatever the function makes of the packet.
    pub(crate) fn change(
        name: &'static str,
        seen_as: &'static str,
        way: Way,
        kind: u8,
        change: impl Fn(&Packet<'_>, &mut Exit) + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, seen_as, way, kind, Effect::Change(Box::new(change)))
    }

    pub(crate) fn connect(
        name: &'static str,
        seen_as: &'static str,
        change: impl for<'a> Fn(&mut Connect<'a>) + Send + Sync + 'static,
    ) -> Self {
        let change = move |packet: &Packet<'_>, exit: &mut Exit| {
            if let Packet::Connect(connect) = packet {
                let mut connect = connect.clone();
                change(&mut connect);
                exit.pass(&Packet::Connect(connect));
            }
        };
        Self::change(name, seen_as, Way::ToBroker, kind::CONNECT, change)
    }

    pub(crate) fn connack(
        name: &'static str,
        seen_as: &'static str,
        change: impl for<'a> Fn(&mut ConnAck<'a>) + Send + Sync + 'static,
    ) -> Self {
        let change = move |packet: &Packet<'_>, exit: &mut Exit| {
            if let Packet::ConnAck(connack) = packet {
                let mut connack = connack.clone();
                change(&mut connack);
                exit.pass(&Packet::ConnAck(connack));
            }
        };
        Self::change(name, seen_as, Way::ToClient, kind::CONNACK, change)
    }

    pub(crate) fn publish(
        name: &'static str,
        seen_as: &'static str,
        way: Way,
        change: impl for<'a> Fn(&mut Publish<'a>) + Send + Sync + 'static,
    ) -> Self {
        let change = move |packet: &Packet<'_>, exit: &mut Exit| {
            if let Packet::Publish(publish) = packet {
                let mut publish = publish.clone();
                change(&mut publish);
                exit.pass(&Packet::Publish(publish));
            }
        };
        Self::change(name, seen_as, way, kind::PUBLISH, change)
    }

    /// Each filter of a SUBSCRIBE becomes another, or has other options.
    pub(crate) fn filters(
        name: &'static str,
        seen_as: &'static str,
        change: impl for<'a> Fn(&'a str, SubscribeOptions) -> (&'a str, SubscribeOptions)
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let change = move |packet: &Packet<'_>, exit: &mut Exit| {
            if let Packet::Subscribe(subscribe) = packet {
                let mut filters = FilterList::default();
                for (filter, options) in subscribe.filters() {
                    let (filter, options) = change(filter, options);
                    filters = filters.with(filter, options);
                }
                let (id, properties) = (subscribe.packet_id, subscribe.properties);
                exit.pass(&Packet::Subscribe(Subscribe::new(id, properties, &filters)));
            }
        };
        Self::change(name, seen_as, Way::ToBroker, kind::SUBSCRIBE, change)
    }

    /// Each property of a CONNECT, its will, a CONNACK, PUBLISH or DISCONNECT
    /// becomes another, or is lost.
    pub(crate) fn properties(
        name: &'static str,
        seen_as: &'static str,
        way: Way,
        kind: u8,
        change: impl for<'a> Fn(Property<'a>) -> Option<Property<'a>> + Send + Sync + 'static,
    ) -> Self {
        let change = move |packet: &Packet<'_>, exit: &mut Exit| {
            with_properties(packet, exit, &change);
        };
        Self::change(name, seen_as, way, kind, change)
    }

    /// Only the n-th of its kind, from 1.
    #[must_use]
    pub(crate) fn nth(self, nth: usize) -> Self {
        Self {
            nth: Some(nth),
            ..self
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn seen_as(&self) -> &'static str {
        self.seen_as
    }

    /// For another try.
    pub(crate) fn reset(&self) {
        self.met.store(0, Ordering::Release);
        self.committed.store(0, Ordering::Release);
    }

    pub(crate) fn happened(&self) -> bool {
        self.committed.load(Ordering::Acquire) > 0
    }

    /// Fills the exit: with the packet as it is, or with what the fault makes
    /// of it. What cannot be read as a packet can only be lost or replaced.
    pub(crate) fn commit(
        &self,
        way: Way,
        bytes: &[u8],
        packet: Option<&Packet<'_>>,
        exit: &mut Exit,
    ) {
        let is_due = way == self.way && bytes[0] >> 4 == self.kind && {
            let met = self.met.fetch_add(1, Ordering::AcqRel) + 1;
            self.nth.is_none_or(|nth| nth == met)
        };
        if !is_due {
            exit.onward.extend_from_slice(bytes);
            return;
        }
        match (&self.effect, packet) {
            (Effect::Swallow, _) => {}
            (Effect::Repeat, _) => exit.onward = bytes.repeat(2),
            (Effect::Instead(other), _) => exit.onward.extend_from_slice(other),
            (Effect::Change(change), Some(packet)) => change(packet, exit),
            (Effect::Change(_), None) => exit.onward.extend_from_slice(bytes),
        }
        if exit.onward != bytes || !exit.back.is_empty() {
            self.committed.fetch_add(1, Ordering::AcqRel);
        }
    }
}

fn with_properties(
    packet: &Packet<'_>,
    exit: &mut Exit,
    change: &dyn for<'a> Fn(Property<'a>) -> Option<Property<'a>>,
) {
    let list = |properties: Properties<'_>| {
        let mut list = PropertyList::default();
        for property in properties.iter().filter_map(change) {
            list.push(property);
        }
        list
    };
    let (outer, of_will);
    let mut packet = packet.clone();
    match &mut packet {
        Packet::Connect(connect) => {
            outer = list(connect.properties);
            connect.properties = outer.as_properties();
            if let Some(will) = &mut connect.will {
                of_will = list(will.properties);
                will.properties = of_will.as_properties();
            }
        }
        Packet::ConnAck(connack) => {
            outer = list(connack.properties);
            connack.properties = outer.as_properties();
        }
        Packet::Publish(publish) => {
            outer = list(publish.properties);
            publish.properties = outer.as_properties();
        }
        Packet::Disconnect(disconnect) => {
            outer = list(disconnect.properties);
            disconnect.properties = outer.as_properties();
        }
        other => panic!("no properties to change in {other:?}"),
    }
    exit.pass(&packet);
}
