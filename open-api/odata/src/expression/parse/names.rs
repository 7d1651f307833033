//! Paths: which row, attribute or set a name means.

use super::{Parsed, Parser, Power, condition};
use crate::cursor::Fault;
use crate::expression::ast::{AttributePath, Node, Quantifier, ROOT, RowPath, Slot};
use crate::expression::types::Type;
use crate::limits::{MAX_PATH_SEGMENTS, MAX_QUANTIFIERS};
use crate::schema::{Attribute, EntityType, Kind, Relation, Version};

/// The rows that names may be about.
pub(super) struct Scope {
    root: EntityType,
    /// Of the lambdas that are open, the innermost last.
    variables: Vec<Variable>,
    plain_sets: Vec<PlainSet>,
    /// Sets that paths lead through so far, plain ones and lambdas.
    sets: usize,
}

struct Variable {
    name: String,
    slot: Slot,
    of: EntityType,
}

/// A set that plain paths lead through. All of them that start the same mean the
/// same row of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlainSet {
    pub(super) slot: Slot,
    pub(super) source: RowPath,
    pub(super) relation: &'static Relation,
}

/// How far a path has been read.
struct Walk {
    row: RowPath,
    of: EntityType,
    segments: usize,
}

impl Scope {
    pub(super) fn new(root: EntityType) -> Self {
        Self {
            root,
            variables: Vec::new(),
            plain_sets: Vec::new(),
            sets: 0,
        }
    }

    pub(super) fn has_plain_sets(&self) -> bool {
        !self.plain_sets.is_empty()
    }

    pub(super) fn into_plain_sets(self) -> Vec<PlainSet> {
        self.plain_sets
    }

    fn new_slot(&mut self, position: usize) -> Result<Slot, Fault> {
        if self.sets == MAX_QUANTIFIERS {
            let limit = format!("paths may lead through {MAX_QUANTIFIERS} sets in all");
            return Err(Fault::limit(position, limit));
        }
        self.sets += 1;
        Ok(self.sets as Slot)
    }

    fn plain_set(
        &mut self,
        source: RowPath,
        relation: &'static Relation,
        position: usize,
    ) -> Result<Slot, Fault> {
        let known = self
            .plain_sets
            .iter()
            .find(|set| set.source == source && set.relation == relation);
        if let Some(set) = known {
            return Ok(set.slot);
        }
        let slot = self.new_slot(position)?;
        self.plain_sets.push(PlainSet {
            slot,
            source,
            relation,
        });
        Ok(slot)
    }
}

impl Parser<'_, '_> {
    /// An attribute of some row, or `any(...)` of a set.
    pub(super) fn path(&mut self) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        let mut walk = self.first_row();
        loop {
            let name = self.cursor.name();
            if let Some(attribute) = walk.of.attribute(self.version, name) {
                self.cursor.advance(name);
                return self.attribute(walk, attribute, at);
            }
            let Some(relation) = walk.of.relation(self.version, name) else {
                return Err(self.cursor.fault(names_of(walk.of, self.version)));
            };
            self.cursor.advance(name);
            self.cursor.expect('/', "\"/\" and an attribute of it")?;
            self.count_segment(&mut walk)?;
            if !relation.many {
                walk.row.relations.push(relation);
            } else if self.cursor.rest().starts_with("any(") {
                return self.any(walk, relation, at);
            } else {
                let slot = self.scope.plain_set(walk.row, relation, at)?;
                walk.row = RowPath {
                    start: slot,
                    relations: Vec::new(),
                };
            }
            walk.of = relation.target;
        }
    }

    /// The row that the path starts from: a lambda's, if it starts with its
    /// variable.
    fn first_row(&mut self) -> Walk {
        let name = self.cursor.name();
        let is_variable = self.cursor.rest()[name.len()..].starts_with('/');
        let variables = &self.scope.variables;
        let variable = variables.iter().find(|one| is_variable && one.name == name);
        let (start, of) = match variable {
            Some(variable) => {
                self.cursor.advance(name);
                self.cursor.advance("/");
                (variable.slot, variable.of)
            }
            None => (ROOT, self.scope.root),
        };
        Walk {
            row: RowPath {
                start,
                relations: Vec::new(),
            },
            of,
            segments: 1,
        }
    }

    fn count_segment(&self, walk: &mut Walk) -> Result<(), Fault> {
        if walk.segments == MAX_PATH_SEGMENTS {
            let limit = format!("a path may have {MAX_PATH_SEGMENTS} segments");
            return Err(Fault::limit(self.cursor.position(), limit));
        }
        walk.segments += 1;
        Ok(())
    }

    /// The rest of a path from an attribute on.
    fn attribute(
        &mut self,
        mut walk: Walk,
        attribute: &'static Attribute,
        at: usize,
    ) -> Result<Parsed, Fault> {
        let mut members = Vec::new();
        while self.cursor.peek() == Some('/') {
            self.cursor.advance("/");
            self.count_segment(&mut walk)?;
            let start = self.cursor.clone();
            let member = self.cursor.member();
            match attribute.kind {
                Kind::Interval if members.is_empty() && matches!(member, "start" | "end") => {}
                Kind::Interval => return Err(start.fault("start or end")),
                Kind::Json | Kind::Any | Kind::Geometry if member.is_empty() => {
                    return Err(start.fault("the name of a member"));
                }
                Kind::Json | Kind::Any | Kind::Geometry => {}
                _ => return Err(start.fault(format!("no path into {}", attribute.name))),
            }
            members.push(member.to_owned());
        }
        let of = match (attribute.kind, members.is_empty()) {
            (kind, true) => Type::of_kind(kind),
            (Kind::Interval, false) => Type::Time,
            (_, false) => Type::Any,
        };
        let path = AttributePath {
            row: walk.row,
            attribute,
            members,
        };
        self.node(Node::Path(path), of, 0, at)
    }

    /// `any(variable: condition)` or `any()`.
    fn any(&mut self, walk: Walk, relation: &'static Relation, at: usize) -> Result<Parsed, Fault> {
        self.cursor.advance("any(");
        let slot = self.scope.new_slot(at)?;
        self.cursor.skip_spaces();
        let (variable, body, height) = if self.cursor.eat(')') {
            (None, None, 0)
        } else {
            let (name, body) = self.lambda(slot, relation)?;
            (Some(name), Some(body.node), body.height)
        };
        let quantifier = Quantifier {
            slot,
            source: walk.row,
            relation,
            variable,
            body,
        };
        self.node(Node::Some(Box::new(quantifier)), Type::Bool, height, at)
    }

    fn lambda(&mut self, slot: Slot, relation: &Relation) -> Result<(String, Parsed), Fault> {
        let name = self.cursor.name();
        if !self.may_be_variable(name) {
            return Err(self
                .cursor
                .fault("a variable of a name that is not in use, and \":\""));
        }
        self.cursor.advance(name);
        self.cursor.skip_spaces();
        self.cursor.expect(':', "\":\" after the variable")?;
        self.scope.variables.push(Variable {
            name: name.to_owned(),
            slot,
            of: relation.target,
        });
        let body = self.expression(Power::OR)?;
        self.scope.variables.pop();
        condition(&body)?;
        self.cursor.skip_spaces();
        self.cursor.expect(')', "an operator or \")\"")?;
        Ok((name.to_owned(), body))
    }

    /// A variable hides no name, so that a path means one thing.
    fn may_be_variable(&self, name: &str) -> bool {
        let (root, version) = (self.scope.root, self.version);
        let is_taken = root.attribute(version, name).is_some()
            || root.relation(version, name).is_some()
            || self.scope.variables.iter().any(|one| one.name == name);
        !name.is_empty() && !is_taken && !matches!(name, "not" | "null" | "true" | "false")
    }
}

/// What may stand where a name of the type does.
fn names_of(of: EntityType, version: Version) -> String {
    let attributes = of.attributes(version).iter().map(|one| one.name);
    let relations = of.relations(version).iter().map(|one| one.name);
    let names: Vec<_> = attributes.chain(relations).collect();
    format!("one of {}", names.join(", "))
}
