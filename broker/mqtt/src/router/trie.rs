//! All subscriptions, as a tree of topic levels.
//!
//! Nodes live in a slab and are removed with their last subscription. Levels
//! are hashed with a random key, since subscribers choose them. The depth is
//! that of the deepest filter, which `Config::topic_levels` bounds, so the
//! recursion is bounded too. A topic of n levels meets 2^n nodes at most: the
//! platform's own have six levels or fewer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slab::Slab;
use smallvec::SmallVec;
use transport::TopicFilter;

use super::endpoint::Endpoint;
use super::subscribers::{Subscriber, SubscriberList};

/// A shared subscription: each message goes to one of its members.
pub(super) struct Group {
    name: Box<str>,
    members: SubscriberList,
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
    own: SubscriberList,
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

    /// Calls `visit` for each subscription of the nodes from the place `from`
    /// on, until it was called some `most` times; the place to go on from.
    pub(super) fn each<'a>(
        &'a self,
        from: usize,
        most: usize,
        visit: &mut dyn FnMut(Reached<'a>),
    ) -> Option<usize> {
        let mut seen = 0;
        for place in from..self.nodes.capacity() {
            if seen >= most {
                return Some(place);
            }
            seen += 1;
            if let Some(node) = self.nodes.get(place) {
                seen += node.here.len() + node.below.len();
                node.here.each(visit);
                node.below.each(visit);
            }
        }
        None
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

    fn len(&self) -> usize {
        self.own.len() + self.groups.len()
    }

    fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| *group.name == *name)
    }

    fn insert(&mut self, group: Option<&str>, subscriber: Subscriber) -> bool {
        let Some(name) = group else {
            return self.own.put(subscriber);
        };
        match self.groups.iter_mut().find(|group| *group.name == *name) {
            Some(group) => group.members.put(subscriber),
            None => {
                self.groups.push(Group {
                    name: name.into(),
                    members: SubscriberList::of(subscriber),
                    turn: AtomicUsize::new(0),
                });
                true
            }
        }
    }

    fn remove(&mut self, group: Option<&str>, endpoint: &Arc<Endpoint>) -> bool {
        let Some(name) = group else {
            return self.own.take(endpoint);
        };
        let place = self.groups.iter().position(|group| *group.name == *name);
        let Some(place) = place else { return false };
        let removed = self.groups[place].members.take(endpoint);
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

/// Members that are asked whether they keep up; where none of them does, the
/// one whose turn it is has the message.
const GROUP_LOOKS: usize = 32;

impl Group {
    /// The member whose turn it is to take a message of that size; one that is
    /// connected and keeps up before one that does not.
    pub(super) fn next(&self, bytes: usize) -> Option<&Subscriber> {
        let count = self.members.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let looks = count.min(GROUP_LOOKS);
        let mut members = (0..looks).map(|step| &self.members[turn.wrapping_add(step) % count]);
        let first = members.clone().next();
        members.find(|it| it.endpoint.is_ready(bytes)).or(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Qos, SubscribeOptions};

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

    /// With many on one filter, so that they are indexed, and few again.
    #[test]
    fn many_on_one_filter_come_and_go() {
        let mut trie = Trie::default();
        let filter = TopicFilter::new("a/#").unwrap();
        let endpoints: Vec<_> = (0..500).map(|_| Endpoint::for_test()).collect();
        for (id, endpoint) in endpoints.iter().enumerate() {
            assert!(trie.insert(&filter, None, subscriber(endpoint, id as u32)));
            assert!(!trie.insert(&filter, None, subscriber(endpoint, id as u32)));
        }
        let mut standing: Vec<u32> = (0..500).collect();
        assert_eq!(reached(&trie, "a/b"), standing);
        // In an order that moves those that stay.
        for round in [3, 2, 5, 1] {
            for id in (0..500).filter(|id| id % round == 0) {
                let stands = standing.contains(&id);
                assert_eq!(trie.remove(&filter, None, &endpoints[id as usize]), stands);
                standing.retain(|it| *it != id);
            }
            assert_eq!(reached(&trie, "a/b"), standing);
        }
        assert_eq!((trie.len(), trie.nodes.len()), (0, 1));
    }

    /// In holds of any length each subscription is seen once.
    #[test]
    fn all_are_seen_in_turns() {
        let mut trie = Trie::default();
        let endpoints: Vec<_> = (0..60).map(|_| Endpoint::for_test()).collect();
        for (id, endpoint) in endpoints.iter().enumerate() {
            let filter = TopicFilter::new(&format!("a/{}/#", id % 7)).unwrap();
            trie.insert(&filter, group(id % 21), subscriber(endpoint, id as u32));
        }
        let all = |most: usize| {
            let (mut seen, mut place, mut holds) = (0, Some(0), 0);
            while let Some(from) = place {
                place = trie.each(from, most, &mut |_| seen += 1);
                holds += 1;
            }
            (seen, holds)
        };
        let (seen, holds) = all(usize::MAX);
        assert_eq!(holds, 1);
        let (same, holds) = all(1);
        assert_eq!(same, seen);
        assert!(holds > 7, "{holds}");
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
