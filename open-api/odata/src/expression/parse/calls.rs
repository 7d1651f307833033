//! Calls of functions, and `cast`.

use super::{Parsed, Parser, Power};
use crate::cursor::Fault;
use crate::expression::ast::{Call, CastType, Literal, Node};
use crate::expression::functions::{Function, Parameter, zone};
use crate::expression::types::Type;

/// Signs of the DE-9IM, and how many of them.
const PATTERN_SIGNS: [char; 6] = ['T', 'F', '*', '0', '1', '2'];
const PATTERN_LENGTH: usize = 9;

impl Parser<'_, '_> {
    pub(super) fn call(&mut self, function: Function) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        let signature = function.signature();
        self.cursor.advance(signature.name);
        self.cursor.advance("(");
        let arguments = self.arguments(signature.required, signature.parameters)?;
        let mut height = 0;
        let mut constant_zone = None;
        for (argument, parameter) in arguments.iter().zip(signature.parameters) {
            check(argument, *parameter)?;
            height = height.max(argument.height);
            if let (Parameter::Zone, Node::Literal(Literal::Text(name))) =
                (*parameter, &argument.node)
            {
                constant_zone = zone(name);
            }
        }
        let call = Call {
            function,
            arguments: arguments.into_iter().map(|one| one.node).collect(),
            zone: constant_zone,
        };
        self.node(Node::Call(call), signature.result, height, at)
    }

    /// What stands between the brackets, of which the first is passed.
    fn arguments(
        &mut self,
        required: usize,
        parameters: &[Parameter],
    ) -> Result<Vec<Parsed>, Fault> {
        let mut arguments = Vec::with_capacity(parameters.len());
        self.cursor.skip_spaces();
        if parameters.is_empty() {
            self.cursor.expect(')', "\")\": it takes no argument")?;
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(Power::OR)?);
            self.cursor.skip_spaces();
            let expected = match arguments.len() {
                given if given < required => "\",\" and one more argument",
                given if given < parameters.len() => "\",\" or \")\"",
                _ => "\")\": it takes no more arguments",
            };
            if self.cursor.peek() == Some(')') && arguments.len() >= required {
                self.cursor.advance(")");
                return Ok(arguments);
            }
            if self.cursor.peek() != Some(',') || arguments.len() == parameters.len() {
                return Err(self.cursor.fault(expected));
            }
            self.cursor.advance(",");
        }
    }

    pub(super) fn cast(&mut self) -> Result<Parsed, Fault> {
        let at = self.cursor.position();
        self.cursor.advance("cast");
        self.cursor.advance("(");
        let value = self.expression(Power::OR)?;
        self.cursor.skip_spaces();
        self.cursor.expect(',', "\",\" and a type")?;
        self.cursor.skip_spaces();
        let name = self.cursor.name();
        let Some(to) = CastType::by_name(name) else {
            let names: Vec<_> = CastType::names().collect();
            return Err(self.cursor.fault(format!("one of {}", names.join(", "))));
        };
        self.cursor.advance(name);
        self.cursor.skip_spaces();
        self.cursor.expect(')', "\")\"")?;
        let node = Node::Cast(Box::new(value.node), to);
        self.node(node, Type::of_cast(to), value.height, at)
    }
}

/// Whether the argument may stand in its place.
fn check(argument: &Parsed, parameter: Parameter) -> Result<(), Fault> {
    let is_sound = match (parameter, &argument.node) {
        (Parameter::Zone, Node::Literal(Literal::Text(name))) => zone(name).is_some(),
        (Parameter::Pattern, Node::Literal(Literal::Text(pattern))) => is_pattern(pattern),
        (Parameter::Pattern, _) => false,
        _ => parameter.accepts(argument.of),
    };
    if is_sound {
        return Ok(());
    }
    let found = match &argument.node {
        Node::Literal(Literal::Text(text)) => crate::cursor::quote(text),
        _ => argument.of.describe().to_owned(),
    };
    Err(Fault::unexpected(
        argument.position,
        found,
        parameter.describe(),
    ))
}

fn is_pattern(text: &str) -> bool {
    text.len() == PATTERN_LENGTH && text.chars().all(|sign| PATTERN_SIGNS.contains(&sign))
}
