//! Functions of numbers.

use super::Function;
use crate::value::Value;

/// `None` where it is no function of numbers, or this is none.
pub(super) fn call(function: Function, arguments: &[Value<'_>]) -> Option<Value<'static>> {
    let rounded: fn(f64) -> f64 = match function {
        // Halves away from zero.
        Function::Round => f64::round,
        Function::Floor => f64::floor,
        Function::Ceiling => f64::ceil,
        _ => return None,
    };
    match arguments.first()? {
        Value::Int(whole) => Some(Value::Int(*whole)),
        Value::Number(number) => Some(Value::Number(rounded(*number))),
        _ => None,
    }
}
