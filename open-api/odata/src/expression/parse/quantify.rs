//! Where a plain path through a set becomes "for some row of it".
//!
//! All plain paths through one set mean one row. So the smallest part of the
//! condition that has all of them is what has to hold for some row: in
//! `Datastreams/name eq 'a' and Datastreams/id gt 5` both sides, in
//! `name eq 'b' or Datastreams/name eq 'a'` the second only, in
//! `not (Datastreams/name eq 'a')` what is in the brackets: no row has that name.

use super::names::PlainSet;
use crate::expression::ast::{Node, Quantifier, RowPath, Slot};

/// Places all. Sets that lie within others come later in the list.
pub(super) fn place(condition: Node, sets: Vec<PlainSet>) -> Node {
    sets.into_iter()
        .rev()
        .fold(condition, |node, set| place_one(node, &set))
}

fn place_one(node: Node, set: &PlainSet) -> Node {
    match node {
        Node::And(all) => among(all, set, Node::And),
        Node::Or(all) => among(all, set, Node::Or),
        Node::Not(inner) => Node::Not(Box::new(place_one(*inner, set))),
        Node::Some(mut inner) if inner.source.start != set.slot => {
            inner.body = inner.body.map(|body| place_one(body, set));
            Node::Some(inner)
        }
        node => quantified(node, set),
    }
}

/// Those of the parts that name the set come together where the first of them
/// stood.
fn among(parts: Vec<Node>, set: &PlainSet, join: fn(Vec<Node>) -> Node) -> Node {
    let all = parts.len();
    let mut first = None;
    let (mut naming, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        if names(&part, set.slot) {
            first.get_or_insert(others.len());
            naming.push(part);
        } else {
            others.push(part);
        }
    }
    let placed = match (naming.len(), naming.pop()) {
        (1, Some(only)) => place_one(only, set),
        (_, Some(last)) => {
            naming.push(last);
            quantified(join(naming), set)
        }
        (_, None) => return join(others),
    };
    if others.is_empty() && all > 1 {
        return placed;
    }
    others.insert(first.unwrap_or(0), placed);
    join(others)
}

fn quantified(body: Node, set: &PlainSet) -> Node {
    Node::Some(Box::new(Quantifier {
        slot: set.slot,
        source: set.source.clone(),
        relation: set.relation,
        variable: None,
        body: Some(body),
    }))
}

/// Whether a path in the node starts from the slot.
fn names(node: &Node, slot: Slot) -> bool {
    let starts = |row: &RowPath| row.start == slot;
    match node {
        Node::Literal(_) => false,
        Node::Path(path) => starts(&path.row),
        Node::Not(inner) | Node::Negate(inner) | Node::Cast(inner, _) => names(inner, slot),
        Node::And(all) | Node::Or(all) => all.iter().any(|one| names(one, slot)),
        Node::Compare(_, sides) | Node::Arithmetic(_, sides) | Node::InArray(sides) => {
            sides.iter().any(|side| names(side, slot))
        }
        Node::In(left, items) => names(left, slot) || items.iter().any(|one| names(one, slot)),
        Node::Call(call) => call.arguments.iter().any(|one| names(one, slot)),
        Node::Some(inner) => {
            starts(&inner.source) || inner.body.as_ref().is_some_and(|body| names(body, slot))
        }
    }
}
