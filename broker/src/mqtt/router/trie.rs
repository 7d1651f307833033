//! All subscriptions, as a tree of topic levels.
//!
//! Nodes live in a slab and are removed with their last subscription. Levels
//! are hashed with a random key, since subscribers choose them. The depth is
//! that of the deepest filter, which `Config::topic_levels` bounds, so the
//! recursion is bounded too.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slab::Slab;
use smallvec::SmallVec;

use super::endpoint::Endpoint;
use crate::mqtt::codec::SubscribeOptions;
use crate::mqtt::topic::TopicFilter;

#[derive(Clone)]
pub(super) struct Subscriber {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) options: SubscribeOptions,
    pub(super) id: Option<u32>,
}

/// A shared subscription: each message goes to one of its members.
pub(super) struct Group {
    name: Box<str>,
    members: Vec<Subscriber>,
    turn: AtomicUsize,
}

/// Whom a message reaches.
pub(super) enum Reached<'a> {
    One(&'a Subscriber),
    OneOf(&'a Group),
}

pub(super) struct Trie {
    nodes: Slab<Node>,
    count: usize,
}

#[derive(Default)]
struct Node {
    /// By level; `+` is a level like any other here and looked up beside it.
    children: HashMap<Box<str>, usize>,
    /// Subscriptions that end here.
    here: Subscribers,
    /// Subscriptions that end in `#` below here.
    below: Subscribers,
}

#[derive(Default)]
struct Subscribers {
    own: Vec<Subscriber>,
    groups: Vec<Group>,
}

const ROOT: usize = 0;

impl Default for Trie {
    fn default() -> Self {
        let mut nodes = Slab::new();
        nodes.insert(Node::default());
        Self { nodes, count: 0 }
    }
}

impl Trie {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether the subscription did not stand before.
    pub(super) fn insert(
        &mut self,
        filter: &TopicFilter,
        group: Option<&str>,
        subscriber: Subscriber,
    ) -> bool {
        let mut at = ROOT;
        let mut multi_level = false;
        for level in filter.levels() {
            if level == "#" {
                multi_level = true;
                break;
            }
            at = match self.nodes[at].children.get(level) {
                Some(child) => *child,
                None => {
                    let child = self.nodes.insert(Node::default());
                    self.nodes[at].children.insert(level.into(), child);
                    child
                }
            };
        }
        let is_new = self.nodes[at].list(multi_level).insert(group, subscriber);
        self.count += usize::from(is_new);
        is_new
    }

    /// Whether there was something to remove.
    pub(super) fn remove(
        &mut self,
        filter: &TopicFilter,
        group: Option<&str>,
        endpoint: &Arc<Endpoint>,
    ) -> bool {
        let mut path: SmallVec<[(usize, &str); 16]> = SmallVec::new();
        let mut at = ROOT;
        let mut multi_level = false;
        for level in filter.levels() {
            if level == "#" {
                multi_level = true;
                break;
            }
            let Some(child) = self.nodes[at].children.get(level).copied() else {
                return false;
            };
            path.push((at, level));
            at = child;
        }
        if !self.nodes[at].list(multi_level).remove(group, endpoint) {
            return false;
        }
        self.count -= 1;
        while let Some((parent, level)) = path.pop() {
            if !self.nodes[at].is_empty() {
                break;
            }
            self.nodes[parent].children.remove(level);
            self.nodes.remove(at);
            at = parent;
        }
        true
    }

    /// The group of that name on that filter.
    pub(super) fn group(&self, filter: &TopicFilter, name: &str) -> Option<&Group> {
        let mut at = ROOT;
        for level in filter.levels() {
            if level == "#" {
                return self.nodes[at].below.group(name);
            }
            at = *self.nodes[at].children.get(level)?;
        }
        self.nodes[at].here.group(name)
    }

    /// Calls `visit` for each subscription that the topic reaches.
    pub(super) fn matching<'a>(&'a self, topic: &str, visit: &mut dyn FnMut(Reached<'a>)) {
        let levels: SmallVec<[&str; 16]> = topic.split('/').collect();
        self.walk(ROOT, &levels, !topic.starts_with('$'), visit);
    }

    /// Calls `visit` for each subscription.
    pub(super) fn each<'a>(&'a self, visit: &mut dyn FnMut(Reached<'a>)) {
        for (_, node) in &self.nodes {
            node.here.each(visit);
            node.below.each(visit);
        }
    }

    /// `wildcards`: whether a wildcard may stand at this level.
    fn walk<'a>(
        &'a self,
        at: usize,
        levels: &[&str],
        wildcards: bool,
        visit: &mut dyn FnMut(Reached<'a>),
    ) {
        let node = &self.nodes[at];
        if wildcards {
            node.below.each(visit);
        }
        let Some((level, rest)) = levels.split_first() else {
            node.here.each(visit);
            return;
        };
        if let Some(child) = node.children.get(*level) {
            self.walk(*child, rest, true, visit);
        }
        if let Some(child) = node.children.get("+").filter(|_| wildcards) {
            self.walk(*child, rest, true, visit);
        }
    }
}

impl Node {
    fn list(&mut self, multi_level: bool) -> &mut Subscribers {
        match multi_level {
            true => &mut self.below,
            false => &mut self.here,
        }
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.here.is_empty() && self.below.is_empty()
    }
}

impl Subscribers {
    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.groups.is_empty()
    }

    fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| *group.name == *name)
    }

    fn insert(&mut self, group: Option<&str>, subscriber: Subscriber) -> bool {
        let Some(name) = group else {
            return put(&mut self.own, subscriber);
        };
        match self.groups.iter_mut().find(|group| *group.name == *name) {
            Some(group) => put(&mut group.members, subscriber),
            None => {
                self.groups.push(Group {
                    name: name.into(),
                    members: vec![subscriber],
                    turn: AtomicUsize::new(0),
                });
                true
            }
        }
    }

    fn remove(&mut self, group: Option<&str>, endpoint: &Arc<Endpoint>) -> bool {
        let Some(name) = group else {
            return take(&mut self.own, endpoint);
        };
        let place = self.groups.iter().position(|group| *group.name == *name);
        let Some(place) = place else { return false };
        let removed = take(&mut self.groups[place].members, endpoint);
        if self.groups[place].members.is_empty() {
            self.groups.swap_remove(place);
        }
        removed
    }

    fn each<'a>(&'a self, visit: &mut dyn FnMut(Reached<'a>)) {
        self.own.iter().for_each(|it| visit(Reached::One(it)));
        self.groups.iter().for_each(|it| visit(Reached::OneOf(it)));
    }
}

fn put(list: &mut Vec<Subscriber>, subscriber: Subscriber) -> bool {
    let standing = list
        .iter_mut()
        .find(|standing| Arc::ptr_eq(&standing.endpoint, &subscriber.endpoint));
    match standing {
        Some(standing) => {
            *standing = subscriber;
            false
        }
        None => {
            list.push(subscriber);
            true
        }
    }
}

fn take(list: &mut Vec<Subscriber>, endpoint: &Arc<Endpoint>) -> bool {
    let place = list
        .iter()
        .position(|standing| Arc::ptr_eq(&standing.endpoint, endpoint));
    place.map(|place| list.swap_remove(place)).is_some()
}

impl Group {
    /// The member whose turn it is to take a message of that size; one that is
    /// connected and keeps up before one that does not.
    pub(super) fn next(&self, bytes: usize) -> Option<&Subscriber> {
        let count = self.members.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut members = (0..count).map(|step| &self.members[turn.wrapping_add(step) % count]);
        let first = members.clone().next();
        members.find(|it| it.endpoint.is_ready(bytes)).or(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mqtt::codec::Qos;

    #[test]
    fn a_group_takes_turns() {
        let mut trie = Trie::default();
        let filter = TopicFilter::new("a/#").unwrap();
        let members: Vec<_> = (0..3).map(|_| Endpoint::for_test()).collect();
        for (id, endpoint) in members.iter().enumerate() {
            trie.insert(&filter, Some("g"), subscriber(endpoint, id as u32));
        }
        let seen: Vec<_> = (0..6).flat_map(|_| reached(&trie, "a/b")).collect();
        assert_eq!(seen, [0, 1, 2, 0, 1, 2]);
        assert_eq!(trie.len(), 3);
    }

    fn subscriber(endpoint: &Arc<Endpoint>, id: u32) -> Subscriber {
        Subscriber {
            endpoint: endpoint.clone(),
            options: SubscribeOptions::qos(Qos::AtMostOnce),
            id: Some(id),
        }
    }

    fn reached(trie: &Trie, topic: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        trie.matching(topic, &mut |reached| match reached {
            Reached::One(subscriber) => ids.extend(subscriber.id),
            Reached::OneOf(group) => ids.extend(group.next(0).and_then(|it| it.id)),
        });
        ids.sort_unstable();
        ids
    }

    /// Every third subscription is shared, in a group of its own.
    fn group(id: usize) -> Option<&'static str> {
        const NAMES: [&str; 7] = ["g0", "g3", "g6", "g9", "g12", "g15", "g18"];
        id.is_multiple_of(3).then(|| NAMES[id / 3])
    }

    proptest! {
        /// The tree reaches whom the filters match one by one, whatever was
        /// added and removed before, and leaves no node behind.
        #[test]
        fn the_tree_agrees_with_the_filters(
            filters in proptest::collection::vec("(\\+|a|b|\\$x|)(/(\\+|a|b|)){0,3}(/#)?", 1..20),
            removed in proptest::collection::vec(any::<bool>(), 20),
            topics in proptest::collection::vec("(\\$x|a|b|)(/(a|b|)){0,4}", 1..20),
        ) {
            let mut trie = Trie::default();
            let mut standing = Vec::new();
            for (id, text) in filters.iter().enumerate() {
                let Ok(filter) = TopicFilter::new(text) else { continue };
                let endpoint = Endpoint::for_test();
                trie.insert(&filter, group(id), subscriber(&endpoint, id as u32));
                standing.push((filter, endpoint, id as u32));
            }
            standing.retain(|(filter, endpoint, id)| {
                let remove = removed[*id as usize];
                if remove {
                    assert!(trie.remove(filter, group(*id as usize), endpoint));
                }
                !remove
            });
            for topic in topics.iter().filter(|topic| !topic.is_empty()) {
                let expected: Vec<u32> = standing
                    .iter()
                    .filter(|(filter, ..)| filter.matches(topic))
                    .map(|(.., id)| *id)
                    .collect();
                prop_assert_eq!(reached(&trie, topic), expected);
            }
            for (filter, endpoint, id) in &standing {
                prop_assert!(trie.remove(filter, group(*id as usize), endpoint));
                prop_assert!(!trie.remove(filter, group(*id as usize), endpoint));
            }
            prop_assert_eq!((trie.len(), trie.nodes.len()), (0, 1));
        }
    }
}
