//! The tree against the filters themselves, and what turns and removals leave.

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
    /// added and removed before, and no node is left over.
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
