//! From text to the checked tree.
//!
//! Operators bind as OData says (URL conventions, 5.1.1.17), tightest first: `in`;
//! `-` and `not`; `mul div mod`; `add sub`; `gt ge lt le`; `eq ne`; `and`; `or`.
//! Each function of the parser that calls itself goes through
//! [`Parser::nested`], and each node knows its height: neither the parser nor
//! whoever walks the tree goes deeper than the limit.

mod calls;
mod names;
mod primary;
mod quantify;

use super::Expr;
use super::ast::{Arithmetic, Comparison, Node};
use super::types::Type;
use crate::cursor::{Cursor, Fault};
use crate::limits::{MAX_EXPRESSION_DEPTH, MAX_LIST_ITEMS};
use crate::schema::{EntityType, Version};
use names::Scope;

/// What an expression is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `$filter`: something that is true or false.
    Condition,
    /// `$orderby`: something that has an order, one for each row.
    Key,
}

/// Reads an expression up to where it ends. `points` counts those of geometries.
pub(crate) fn parse(
    cursor: &mut Cursor<'_>,
    version: Version,
    of: EntityType,
    purpose: Purpose,
    points: &mut usize,
) -> Result<Expr, Fault> {
    let start = cursor.clone();
    let mut parser = Parser {
        cursor,
        version,
        scope: Scope::new(of),
        points,
        depth: 0,
    };
    let parsed = parser.expression(Power::OR)?;
    let scope = parser.scope;
    // Of two mistakes the first one is told.
    cursor.skip_spaces();
    if purpose == Purpose::Condition && !matches!(cursor.peek(), None | Some(';' | ')')) {
        return Err(cursor.fault("an operator, as eq or and"));
    }
    match purpose {
        Purpose::Condition if !parsed.of.is_condition() => Err(Fault::unexpected(
            start.position(),
            parsed.of.describe(),
            Type::Bool.describe(),
        )),
        Purpose::Key if !parsed.of.has_order() => Err(Fault::unexpected(
            start.position(),
            parsed.of.describe(),
            "something that has an order",
        )),
        Purpose::Key if scope.has_plain_sets() => {
            Err(start.fault("one value for each row: this path leads through a set"))
        }
        _ => Ok(Expr(quantify::place(parsed.node, scope.into_plain_sets()))),
    }
}

/// How tightly an operator binds; a greater one binds tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Power(u8);

impl Power {
    pub(crate) const OR: Self = Self(1);
    pub(crate) const AND: Self = Self(2);
    pub(crate) const EQUALITY: Self = Self(3);
    pub(crate) const RELATION: Self = Self(4);
    pub(crate) const ADDITIVE: Self = Self(5);
    pub(crate) const MULTIPLICATIVE: Self = Self(6);
    pub(crate) const UNARY: Self = Self(7);
    pub(crate) const IN: Self = Self(8);
    pub(crate) const PRIMARY: Self = Self(9);

    /// What the right side of an operator has to have: all of them are
    /// left-associative.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(crate) fn of_comparison(comparison: Comparison) -> Self {
        if comparison.is_equality() {
            Self::EQUALITY
        } else {
            Self::RELATION
        }
    }

    pub(crate) fn of_arithmetic(operation: Arithmetic) -> Self {
        if operation.is_additive() {
            Self::ADDITIVE
        } else {
            Self::MULTIPLICATIVE
        }
    }
}

#[derive(Clone, Copy)]
enum Connective {
    And,
    Or,
}

#[derive(Clone, Copy)]
enum Operator {
    Connect(Connective),
    Compare(Comparison),
    Arithmetic(Arithmetic),
    In,
}

impl Operator {
    fn by_word(word: &str) -> Option<Self> {
        match word {
            "or" => Some(Self::Connect(Connective::Or)),
            "and" => Some(Self::Connect(Connective::And)),
            "in" => Some(Self::In),
            _ => Comparison::by_word(word)
                .map(Self::Compare)
                .or_else(|| Arithmetic::by_word(word).map(Self::Arithmetic)),
        }
    }

    fn power(self) -> Power {
        match self {
            Self::Connect(Connective::Or) => Power::OR,
            Self::Connect(Connective::And) => Power::AND,
            Self::Compare(comparison) => Power::of_comparison(comparison),
            Self::Arithmetic(operation) => Power::of_arithmetic(operation),
            Self::In => Power::IN,
        }
    }
}

/// A node, with what is known of it.
struct Parsed {
    node: Node,
    of: Type,
    /// Of the tree below it; a leaf has 1.
    height: usize,
    /// Where its text starts.
    position: usize,
    /// Whether it is `and`s or `or`s without brackets around them, so that one
    /// more joins them.
    is_open_chain: bool,
}

struct Parser<'p, 't> {
    cursor: &'p mut Cursor<'t>,
    version: Version,
    scope: Scope,
    points: &'p mut usize,
    depth: usize,
}

impl Parser<'_, '_> {
    /// Operands and operators that bind at least as tightly as told.
    fn expression(&mut self, least: Power) -> Result<Parsed, Fault> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            loop {
                parser.cursor.skip_spaces();
                let word = parser.cursor.name();
                let Some(operator) = Operator::by_word(word) else {
                    return Ok(left);
                };
                if operator.power() < least {
                    return Ok(left);
                }
                let at = parser.cursor.position();
                parser.cursor.advance(word);
                left = parser.infix(left, operator, at)?;
            }
        })
    }

    fn infix(&mut self, left: Parsed, operator: Operator, at: usize) -> Result<Parsed, Fault> {
        let power = operator.power().next();
        match operator {
            Operator::In => self.membership(left),
            Operator::Connect(connective) => {
                condition(&left)?;
                let right = self.expression(power)?;
                condition(&right)?;
                self.connected(left, connective, right)
            }
            Operator::Compare(comparison) => {
                let right = self.expression(power)?;
                self.comparison(left, comparison, right)
            }
            Operator::Arithmetic(operation) => {
                let right = self.expression(power)?;
                self.arithmetic(left, operation, right, at)
            }
        }
    }

    /// `and` and `or` of as many as there are form one node: a long chain is no
    /// deep tree. One in brackets stays a node of its own.
    fn connected(
        &mut self,
        left: Parsed,
        connective: Connective,
        right: Parsed,
    ) -> Result<Parsed, Fault> {
        let mut height_below = left.height.max(right.height);
        let node = match (connective, left.node) {
            (Connective::And, Node::And(mut all)) if left.is_open_chain => {
                height_below = right.height.max(left.height - 1);
                all.push(right.node);
                Node::And(all)
            }
            (Connective::Or, Node::Or(mut all)) if left.is_open_chain => {
                height_below = right.height.max(left.height - 1);
                all.push(right.node);
                Node::Or(all)
            }
            (Connective::And, left) => Node::And(vec![left, right.node]),
            (Connective::Or, left) => Node::Or(vec![left, right.node]),
        };
        let connected = self.node(node, Type::Bool, height_below, left.position)?;
        Ok(Parsed {
            is_open_chain: true,
            ..connected
        })
    }

    fn comparison(
        &mut self,
        left: Parsed,
        comparison: Comparison,
        right: Parsed,
    ) -> Result<Parsed, Fault> {
        if !left.of.compares(comparison, right.of) {
            let expected = if left.of.has_order() || comparison.is_equality() {
                format!("{} to compare with", left.of.describe())
            } else {
                "something that has an order".to_owned()
            };
            return Err(Fault::unexpected(
                right.position,
                right.of.describe(),
                expected,
            ));
        }
        let height = left.height.max(right.height);
        let node = Node::Compare(comparison, Box::new([left.node, right.node]));
        self.node(node, Type::Bool, height, left.position)
    }

    fn arithmetic(
        &mut self,
        left: Parsed,
        operation: Arithmetic,
        right: Parsed,
        at: usize,
    ) -> Result<Parsed, Fault> {
        let Some(of) = left.of.combined(operation, right.of) else {
            let found = format!(
                "{} {} {}",
                left.of.describe(),
                operation.word(),
                right.of.describe()
            );
            return Err(Fault::unexpected(
                at,
                found,
                "arithmetic that has a meaning",
            ));
        };
        let operation = match (operation, left.of, right.of) {
            (Arithmetic::Divide, Type::Int, Type::Int) => Arithmetic::DivideWhole,
            _ => operation,
        };
        let height = left.height.max(right.height);
        let node = Node::Arithmetic(operation, Box::new([left.node, right.node]));
        self.node(node, of, height, left.position)
    }

    /// What follows `in`: a list in brackets, or an array within JSON.
    fn membership(&mut self, left: Parsed) -> Result<Parsed, Fault> {
        self.cursor.skip_spaces();
        if self.cursor.peek() != Some('(') {
            let start = self.cursor.clone();
            let array = self.expression(Power::PRIMARY)?;
            if !array.of.is_open() && array.of != Type::Json {
                return Err(start.fault("a list in brackets, or an array"));
            }
            let height = left.height.max(array.height);
            let node = Node::InArray(Box::new([left.node, array.node]));
            return self.node(node, Type::Bool, height, left.position);
        }
        self.cursor.advance("(");
        let mut items = Vec::new();
        let mut height = left.height;
        loop {
            if items.len() == MAX_LIST_ITEMS {
                let limit = format!("a list may have {MAX_LIST_ITEMS} items");
                return Err(Fault::limit(self.cursor.position(), limit));
            }
            let item = self.expression(Power::OR)?;
            if !left.of.compares(Comparison::Equal, item.of) {
                let expected = left.of.describe();
                return Err(Fault::unexpected(
                    item.position,
                    item.of.describe(),
                    expected,
                ));
            }
            height = height.max(item.height);
            items.push(item.node);
            self.cursor.skip_spaces();
            if self.cursor.eat(')') {
                break;
            }
            self.cursor.expect(',', "\",\" or \")\"")?;
        }
        let node = Node::In(Box::new(left.node), items);
        self.node(node, Type::Bool, height, left.position)
    }

    /// Keeps count of how deep the parser is in its own functions.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == MAX_EXPRESSION_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// A node one higher than what is below it.
    fn node(
        &self,
        node: Node,
        of: Type,
        height_below: usize,
        position: usize,
    ) -> Result<Parsed, Fault> {
        if height_below >= MAX_EXPRESSION_DEPTH {
            return Err(self.too_deep());
        }
        Ok(Parsed {
            node,
            of,
            height: height_below + 1,
            position,
            is_open_chain: false,
        })
    }

    fn too_deep(&self) -> Fault {
        let limit =
            format!("brackets and operators may be {MAX_EXPRESSION_DEPTH} deep within each other");
        Fault::limit(self.cursor.position(), limit)
    }
}

/// An error unless it may be true or false.
fn condition(parsed: &Parsed) -> Result<(), Fault> {
    if parsed.of.is_condition() {
        return Ok(());
    }
    let expected = Type::Bool.describe();
    Err(Fault::unexpected(
        parsed.position,
        parsed.of.describe(),
        expected,
    ))
}
