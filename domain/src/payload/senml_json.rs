//! SenML JSON (RFC 8428, 5): an array of records, each an object.

use super::PayloadError;
use super::json::{Keys, Reader, Token, refuse_duplicates};
use super::senml::{Item, Label, Pack, Record, pass_over};
use crate::{DeviceId, Telemetry, Timestamp};

/// Brackets open around a value of a record.
const DEPTH_OF_RECORD: usize = 2;

pub(super) fn parse<'a>(
    text: &'a str,
    device: &DeviceId,
    now: Timestamp,
    telemetry: &mut Telemetry<'a>,
) -> Result<(), PayloadError> {
    let mut reader = Reader::new(text);
    if reader.token()? != Token::Array {
        return Err(PayloadError::Shape);
    }
    let mut pack = Pack::new(device, now, telemetry);
    let mut first = true;
    while reader.element(first)? {
        first = false;
        let mut record = pack.begin()?;
        if reader.token()? != Token::Object {
            return Err(PayloadError::Shape);
        }
        read_record(&mut reader, &mut pack, &mut record)?;
        pack.finish(record);
    }
    reader.end()?;
    pack.end()
}

fn read_record<'a>(
    reader: &mut Reader<'a>,
    pack: &mut Pack<'_, 'a>,
    record: &mut Record<'a>,
) -> Result<(), PayloadError> {
    let mut unknown = Keys::new();
    let mut first = true;
    while let Some(key) = reader.key(first)? {
        first = false;
        let token = reader.token()?;
        reader.skip(&token, DEPTH_OF_RECORD)?;
        match Label::of_text(&key) {
            Some(label) => pack.take(record, label, item(token))?,
            None => {
                pass_over(&key)?;
                unknown.push(key);
            }
        }
    }
    refuse_duplicates(&mut unknown)
}

fn item(token: Token<'_>) -> Item<'_> {
    match token {
        Token::Number(number) => Item::Number(number),
        Token::True => Item::Boolean(true),
        Token::False => Item::Boolean(false),
        Token::Text(text) => Item::Text(text),
        Token::Null => Item::Null,
        Token::Object | Token::Array => Item::Other,
    }
}
