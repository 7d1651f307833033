//! What matches, and what is refused as malformed.

use super::*;

fn matches(filter: &str, topic: &str) -> bool {
    TopicFilter::new(filter).unwrap().matches(topic)
}

#[test]
fn wildcards_take_levels() {
    assert!(matches("a/+/c", "a/b/c"));
    assert!(matches("a/+", "a/"));
    assert!(matches("+/+", "/a"));
    assert!(matches("a/#", "a"));
    assert!(matches("a/#", "a/b/c"));
    assert!(matches("#", "한국/온도"));
    assert!(!matches("a/+", "a"));
    assert!(!matches("a/+", "a/b/c"));
    assert!(!matches("a", "a/b"));
    assert!(!matches("+", "/a"));
}

#[test]
fn a_leading_wildcard_does_not_reach_dollar_topics() {
    assert!(!matches("#", "$SYS/uptime"));
    assert!(!matches("+/uptime", "$SYS/uptime"));
    assert!(matches("$SYS/#", "$SYS/uptime"));
}

#[test]
fn malformed_filters_are_told_apart() {
    for (text, error) in [
        ("", TopicFilterError::Empty),
        ("a\0b", TopicFilterError::Nul),
        ("a/#/b", TopicFilterError::MultiLevel),
        ("a#", TopicFilterError::MultiLevel),
        ("a+/b", TopicFilterError::SingleLevel),
    ] {
        assert_eq!(TopicFilter::new(text), Err(error), "{text:?}");
    }
    let limits = TopicLimits {
        bytes: 10,
        levels: 3,
    };
    assert_eq!(
        TopicFilter::within("a/b/c/d", limits),
        Err(TopicFilterError::TooDeep)
    );
    assert_eq!(
        TopicFilter::within("aaaaaaaaaaa", limits),
        Err(TopicFilterError::TooLong)
    );
    for text in ["$share", "$share/g", "$share//a", "$share/+/a"] {
        let refused = TopicFilter::within(text, limits);
        assert_eq!(refused, Err(TopicFilterError::Shared), "{text:?}");
    }
    let refused = TopicFilter::within("$share/g/", limits);
    assert_eq!(refused, Err(TopicFilterError::Empty));
    let (filter, group) = TopicFilter::within("$share/g/#", limits).unwrap();
    assert_eq!((filter.as_str(), group), ("#", Some("g")));
}

#[test]
fn wildcards_and_excess_cannot_be_published_on() {
    let limits = TopicLimits {
        bytes: 20,
        levels: 3,
    };
    assert!(is_publishable("a/b/c", limits));
    assert!(is_publishable("한국/온도", limits));
    for topic in ["", "a/+", "a/#", "a/b/c/d", "\0", &"x".repeat(21)] {
        assert!(!is_publishable(topic, limits), "{topic:?}");
    }
}
