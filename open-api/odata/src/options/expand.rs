//! `$expand`: relations, each with options of its own in brackets.
//!
//! A path `a/b` expands b within a. Several paths may start with the same relation
//! (`Datastreams/Sensor,Datastreams/ObservedProperty`), which is then expanded
//! once; but one relation cannot be named twice in its own right, as its options
//! might differ.

use super::name::SystemOption;
use super::read::Reader;
use super::select::check_distinct;
use super::{Expand, Options, OptionsErrorKind};
use crate::cursor::Fault;
use crate::limits::{MAX_EXPAND_DEPTH, MAX_EXPANDS};
use crate::schema::{EntityType, Relation};

/// An expansion that may still get more within it.
struct Branch {
    relation: &'static Relation,
    /// As it was asked for.
    name: String,
    /// Whether it was named in its own right, not on the way to another.
    is_named: bool,
    options: Options,
    branches: Vec<Branch>,
}

impl Reader<'_, '_> {
    pub(super) fn expand(&mut self) -> Result<Vec<Expand>, Fault> {
        let mut branches = Vec::new();
        self.paths(&mut branches)?;
        Ok(finished(branches))
    }

    /// The list, whose branches join those that are there.
    fn paths(&mut self, branches: &mut Vec<Branch>) -> Result<(), Fault> {
        loop {
            self.path(branches)?;
            self.cursor.skip_spaces();
            if !self.cursor.eat(',') {
                return Ok(());
            }
        }
    }

    /// One item of the list: the relations of its path, then its options.
    fn path(&mut self, mut branches: &mut Vec<Branch>) -> Result<(), Fault> {
        let (mut of, mut depth) = (self.of, self.depth);
        loop {
            self.cursor.skip_spaces();
            let at = self.cursor.position();
            let name = self.cursor.name();
            let relation = self.relation(of)?;
            depth += 1;
            if depth > MAX_EXPAND_DEPTH {
                let limit =
                    format!("{MAX_EXPAND_DEPTH} relations may be expanded within each other");
                return Err(Fault::limit(at, limit));
            }
            of = relation.target;
            let branch = self.branch(branches, relation, name, at)?;
            if self.cursor.eat('/') {
                branches = &mut branch.branches;
                continue;
            }
            if branch.is_named {
                return Err(Fault::new(at, OptionsErrorKind::Twice).within(relation.name));
            }
            branch.is_named = true;
            self.cursor.skip_spaces();
            if self.cursor.eat('(') {
                self.nested(of, depth, branch)?;
            }
            return Ok(());
        }
    }

    fn relation(&mut self, of: EntityType) -> Result<&'static Relation, Fault> {
        let name = self.cursor.name();
        let Some(relation) = of.relation(self.version, name) else {
            let relations = of.relations(self.version).iter().map(|one| one.name);
            let names: Vec<_> = relations.collect();
            return Err(self.cursor.fault(format!("one of {}", names.join(", "))));
        };
        self.cursor.advance(name);
        Ok(relation)
    }

    /// The branch of a relation, which is new unless a path came through before.
    fn branch<'b>(
        &mut self,
        branches: &'b mut Vec<Branch>,
        relation: &'static Relation,
        name: &str,
        at: usize,
    ) -> Result<&'b mut Branch, Fault> {
        let known = branches.iter().position(|one| one.relation == relation);
        let index = match known {
            Some(index) => index,
            None => {
                if self.budget.expands == MAX_EXPANDS {
                    let limit = format!("{MAX_EXPANDS} relations may be expanded in all");
                    return Err(Fault::limit(at, limit));
                }
                self.budget.expands += 1;
                branches.push(Branch {
                    relation,
                    name: name.to_owned(),
                    is_named: false,
                    options: Options::default(),
                    branches: Vec::new(),
                });
                branches.len() - 1
            }
        };
        Ok(&mut branches[index])
    }

    /// Options in brackets, of which the first is passed, separated by `;`.
    fn nested(&mut self, of: EntityType, depth: usize, branch: &mut Branch) -> Result<(), Fault> {
        let mut given = Vec::new();
        loop {
            self.cursor.skip_spaces();
            let start = self.cursor.clone();
            let name = self.cursor.name();
            self.cursor.advance(name);
            let option = match SystemOption::by_name(self.version, name) {
                Ok(Some(option)) if option.nests() => option,
                Err(fault) => {
                    let position = start.position();
                    return Err(Fault { position, ..fault }.within(name));
                }
                _ => return Err(start.fault("an option, as $filter or $top")),
            };
            if given.contains(&option) {
                return Err(Fault::new(start.position(), OptionsErrorKind::Twice).within(name));
            }
            given.push(option);
            self.cursor.skip_spaces();
            self.cursor.expect('=', "\"=\"")?;
            let mut inner = Reader {
                version: self.version,
                of,
                cursor: &mut *self.cursor,
                budget: &mut *self.budget,
                depth,
            };
            let read = match option {
                SystemOption::Expand => inner.paths(&mut branch.branches),
                _ => inner.option(option, &mut branch.options),
            };
            read.map_err(|fault| fault.within(name))?;
            self.cursor.skip_spaces();
            if self.cursor.eat(')') {
                return check_distinct(&branch.options);
            }
            self.cursor.expect(';', "\";\" or \")\"")?;
        }
    }
}

fn finished(branches: Vec<Branch>) -> Vec<Expand> {
    let expands = branches.into_iter().map(|branch| Expand {
        relation: branch.relation,
        name: branch.name,
        options: Options {
            expand: finished(branch.branches),
            ..branch.options
        },
    });
    expands.collect()
}
