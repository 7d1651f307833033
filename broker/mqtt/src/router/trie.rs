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
        if multi_level {
            &mut self.below
        } else {
            &mut self.here
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
mod tests;
