//! All subscriptions, as a tree of topic levels.
//!
//! Nodes live in a slab and are removed with their last subscription. Levels
//! are hashed with a random key, since subscribers choose them. The depth is
//! that of the deepest filter, which `Config::topic_levels` bounds, so the
//! recursion is bounded too.

use std::collections::HashMap;
use std::sync::Arc;

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

pub(super) struct Trie {
    nodes: Slab<Node>,
    count: usize,
}

#[derive(Default)]
struct Node {
    /// By level; `+` is a level like any other here and looked up beside it.
    children: HashMap<Box<str>, usize>,
    /// Subscriptions that end here.
    here: Vec<Subscriber>,
    /// Subscriptions that end in `#` below here.
    below: Vec<Subscriber>,
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
    pub(super) fn insert(&mut self, filter: &TopicFilter, subscriber: Subscriber) -> bool {
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
        let list = self.nodes[at].list(multi_level);
        match list
            .iter_mut()
            .find(|standing| Arc::ptr_eq(&standing.endpoint, &subscriber.endpoint))
        {
            Some(standing) => {
                *standing = subscriber;
                false
            }
            None => {
                list.push(subscriber);
                self.count += 1;
                true
            }
        }
    }

    /// Whether there was something to remove.
    pub(super) fn remove(&mut self, filter: &TopicFilter, endpoint: &Arc<Endpoint>) -> bool {
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
        let list = self.nodes[at].list(multi_level);
        let Some(index) = list
            .iter()
            .position(|standing| Arc::ptr_eq(&standing.endpoint, endpoint))
        else {
            return false;
        };
        list.swap_remove(index);
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

    /// Calls `visit` for each subscription that the topic reaches.
    pub(super) fn matching<'a>(&'a self, topic: &str, visit: &mut dyn FnMut(&'a Subscriber)) {
        let levels: SmallVec<[&str; 16]> = topic.split('/').collect();
        self.walk(ROOT, &levels, !topic.starts_with('$'), visit);
    }

    /// `wildcards`: whether a wildcard may stand at this level.
    fn walk<'a>(
        &'a self,
        at: usize,
        levels: &[&str],
        wildcards: bool,
        visit: &mut dyn FnMut(&'a Subscriber),
    ) {
        let node = &self.nodes[at];
        if wildcards {
            node.below.iter().for_each(&mut *visit);
        }
        let Some((level, rest)) = levels.split_first() else {
            node.here.iter().for_each(&mut *visit);
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
    fn list(&mut self, multi_level: bool) -> &mut Vec<Subscriber> {
        match multi_level {
            true => &mut self.below,
            false => &mut self.here,
        }
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.here.is_empty() && self.below.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mqtt::codec::Qos;

    fn subscriber(endpoint: &Arc<Endpoint>, id: u32) -> Subscriber {
        Subscriber {
            endpoint: endpoint.clone(),
            options: SubscribeOptions::qos(Qos::AtMostOnce),
            id: Some(id),
        }
    }

    fn reached(trie: &Trie, topic: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        trie.matching(topic, &mut |subscriber| ids.extend(subscriber.id));
        ids.sort_unstable();
        ids
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
                let endpoint = Endpoint::for_test(0);
                trie.insert(&filter, subscriber(&endpoint, id as u32));
                standing.push((filter, endpoint, id as u32));
            }
            standing.retain(|(filter, endpoint, id)| {
                let remove = removed[*id as usize];
                if remove {
                    assert!(trie.remove(filter, endpoint));
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
            for (filter, endpoint, _) in &standing {
                prop_assert!(trie.remove(filter, endpoint));
                prop_assert!(!trie.remove(filter, endpoint));
            }
            prop_assert_eq!((trie.len(), trie.nodes.len()), (0, 1));
        }
    }
}
