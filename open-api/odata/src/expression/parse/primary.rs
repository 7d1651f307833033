//! Operands: constants, brackets, the two prefix operators, and whatever starts
//! with a name.

use super::{Parsed, Parser, Power, condition};
use crate::cursor::Fault;
use crate::expression::ast::{Literal, Node};
use crate::expression::functions::Function;
use crate::expression::literal;
use crate::expression::types::Type;
use crate::expression::wkt;

/// What may stand where an operand does.
const AN_OPERAND: &str = "an attribute, a constant, a function or a bracket";

impl Parser<'_, '_> {
    pub(super) fn operand(&mut self) -> Result<Parsed, Fault> {
        self.cursor.skip_spaces();
        let at = self.cursor.position();
        match self.cursor.peek() {
            Some('(') => self.bracketed(),
            Some('\'') => {
                let text = self.cursor.quoted()?;
                self.literal(Literal::Text(text), at)
            }
            Some('0'..='9') => {
                let literal = literal::bare(self.cursor)?;
                self.literal(literal, at)
            }
            Some('-') => self.negative(),
            _ => match self.cursor.name() {
                "" => Err(self.cursor.fault(AN_OPERAND)),
                name => self.named(name),
            },
        }
    }

    pub(super) fn literal(&self, literal: Literal, at: usize) -> Result<Parsed, Fault> {
        let of = Type::of_literal(&literal);
        self.node(Node::Literal(literal), of, 0, at)
    }

    fn bracketed(&mut self) -> Result<Parsed, Fault> {
        self.cursor.advance("(");
        let mut inner = self.expression(Power::OR)?;
        self.cursor.skip_spaces();
        self.cursor.expect(')', "an operator or \")\"")?;
        inner.is_open_chain = false;
        Ok(inner)
    }

    /// A minus before digits is part of the number.
    fn negative(&mut self) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        self.cursor.advance("-");
        if matches!(self.cursor.peek(), Some('0'..='9')) {
            let start = self.cursor.clone();
            return match literal::bare(self.cursor)? {
                Literal::Int(whole) => self.literal(Literal::Int(-whole), at),
                Literal::Number(number) => self.literal(Literal::Number(-number), at),
                _ => Err(start.fault("a number after the minus")),
            };
        }
        let operand = self.expression(Power::UNARY)?;
        if !operand.of.is_number() && operand.of != Type::Duration {
            let found = operand.of.describe();
            return Err(Fault::unexpected(operand.position, found, "a number"));
        }
        let of = operand.of;
        self.node(Node::Negate(Box::new(operand.node)), of, operand.height, at)
    }

    fn named(&mut self, name: &str) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        let after = self.cursor.rest()[name.len()..].chars().next();
        let constant = match (name, after) {
            ("not", Some(' ' | '\t' | '(')) => return self.negation(),
            ("null", _) => Literal::Null,
            ("true", _) => Literal::Bool(true),
            ("false", _) => Literal::Bool(false),
            ("duration", Some('\'')) => return self.duration(),
            ("geography" | "geometry", Some('\'')) => return self.geometry(name),
            ("cast", Some('(')) => return self.cast(),
            (_, Some('(')) => {
                let Some(function) = Function::by_name(name) else {
                    return Err(self.cursor.fault("a function of the standard"));
                };
                return self.call(function);
            }
            _ => return self.path(),
        };
        self.cursor.advance(name);
        self.literal(constant, at)
    }

    fn negation(&mut self) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        self.cursor.advance("not");
        let operand = self.expression(Power::UNARY)?;
        condition(&operand)?;
        let node = Node::Not(Box::new(operand.node));
        self.node(node, Type::Bool, operand.height, at)
    }

    fn duration(&mut self) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        self.cursor.advance("duration");
        let start = self.cursor.clone();
        let text = self.cursor.quoted()?;
        match literal::duration(&text) {
            Some(duration) => self.literal(Literal::Duration(duration), at),
            None => Err(start.fault("days, hours, minutes and seconds, as 'P1DT30M'")),
        }
    }

    fn geometry(&mut self, prefix: &str) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        self.cursor.advance(prefix);
        let start = self.cursor.position() + 1;
        let text = self.cursor.quoted()?;
        let geometry = wkt::parse(&text, self.points).map_err(|fault| Fault {
            position: start + fault.position,
            ..fault
        })?;
        self.literal(Literal::Geometry(Box::new(geometry)), at)
    }
}
