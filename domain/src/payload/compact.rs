//! Compact JSON: `{"t": TIME, "v": {"pm25": 12.1, "pm10": 30}}`, an array of
//! these, or a flat object of fields without `v`.
//!
//! ThingsBoard's form is read too: `ts` at the outside is `t`, and `values` that
//! is an object is `v`; nobody who sends it means a field of that name.
//!
//! Beside the fields stand `t` (RFC 3339, or seconds or milliseconds since
//! 1970), `loc` (`[lat, lon]` in degrees), `seq` (the device's own count) and
//! `q` (quality); they mean the same in a flat object and may stand before or
//! after the fields. If one of them cannot be read, the observations that it
//! belongs to are rejected, since without it they would say something else.

use std::borrow::Cow;

use super::json::{Keys, Reader, Token, refuse_duplicates};
use super::name;
use super::{MAX_OBSERVATIONS, PayloadError};
use crate::value::MAX_TEXT_BYTES;
use crate::{
    DeviceId, Location, ParsedObservation, ParsedValue, Quality, RejectReason, Rejection,
    Telemetry, Timestamp,
};

/// Brackets open around a value of a plain object, and around one inside `v`,
/// where the objects stand in an array.
const DEPTH_OF_OBJECT: usize = 2;
const DEPTH_OF_FIELDS: usize = 3;

/// Adds what `text` says to an empty `telemetry`.
pub(super) fn parse<'a>(
    text: &'a str,
    device: &DeviceId,
    telemetry: &mut Telemetry<'a>,
) -> Result<(), PayloadError> {
    let mut reader = Reader::new(text);
    let mut message = Message {
        device: device.as_str(),
        telemetry,
        count: 0,
    };
    match reader.token()? {
        Token::Object => message.object(&mut reader)?,
        Token::Array => {
            let mut objects = 0;
            while reader.element(objects == 0)? {
                objects += 1;
                if objects > MAX_OBSERVATIONS {
                    return Err(PayloadError::TooManyObservations);
                }
                if reader.token()? != Token::Object {
                    return Err(PayloadError::Shape);
                }
                message.object(&mut reader)?;
            }
            if objects == 0 {
                return Err(PayloadError::Shape);
            }
        }
        _ => return Err(PayloadError::Shape),
    }
    reader.end()?;
    telemetry
        .rejections
        .sort_by_key(|rejection| rejection.index);
    Ok(())
}

struct Message<'m, 'a> {
    device: &'m str,
    telemetry: &'m mut Telemetry<'a>,
    /// Fields seen so far, rejected ones too.
    count: usize,
}

/// What one object says of all its fields.
#[derive(Default)]
struct Shared {
    time: Option<Timestamp>,
    location: Option<Location>,
    quality: Option<Quality>,
    /// The first of them that could not be read.
    fault: Option<RejectReason>,
    /// `t` or `ts` was there.
    timed: bool,
}

impl<'a> Message<'_, 'a> {
    /// Reads one object whose opening bracket was taken.
    fn object(&mut self, reader: &mut Reader<'a>) -> Result<(), PayloadError> {
        let mut shared = Shared::default();
        let mut keys = Keys::new();
        let first_observation = self.telemetry.observations.len();
        let first_count = self.count;
        // Where the fields of `v` lie, once it was seen.
        let mut within_v = None;
        let mut first = true;
        while let Some(key) = reader.key(first)? {
            first = false;
            let token = reader.token()?;
            match &*key {
                "t" | "ts" => {
                    reader.skip(&token, DEPTH_OF_OBJECT)?;
                    if std::mem::replace(&mut shared.timed, true) {
                        return Err(PayloadError::DuplicateKey);
                    }
                    shared.time(&token);
                }
                "q" => {
                    reader.skip(&token, DEPTH_OF_OBJECT)?;
                    shared.quality(&token);
                }
                "loc" => shared.location(reader, &token)?,
                "seq" => {
                    reader.skip(&token, DEPTH_OF_OBJECT)?;
                    self.sequence(&token)?;
                }
                "v" | "values" if token == Token::Object => {
                    if within_v.is_some() {
                        return Err(PayloadError::DuplicateKey);
                    }
                    let from = self.count;
                    self.fields(reader)?;
                    within_v = Some(from..self.count);
                }
                "v" => return Err(PayloadError::Shape),
                _ => self.field(reader, &key, token, DEPTH_OF_OBJECT)?,
            }
            keys.push(key);
        }
        refuse_duplicates(&mut keys)?;
        match within_v {
            Some(range) if range.len() < self.count - first_count => {
                self.reject_strays(first_observation, &range);
            }
            None if self.count == first_count => return Err(PayloadError::Shape),
            _ => {}
        }
        self.complete(first_observation, &shared);
        Ok(())
    }

    fn fields(&mut self, reader: &mut Reader<'a>) -> Result<(), PayloadError> {
        let mut keys = Keys::new();
        let mut first = true;
        while let Some(key) = reader.key(first)? {
            first = false;
            let token = reader.token()?;
            self.field(reader, &key, token, DEPTH_OF_FIELDS)?;
            keys.push(key);
        }
        refuse_duplicates(&mut keys)
    }

    #[expect(clippy::ptr_arg, reason = "a borrowed key gives a borrowed field")]
    fn field(
        &mut self,
        reader: &mut Reader<'a>,
        key: &Cow<'a, str>,
        token: Token<'a>,
        depth: usize,
    ) -> Result<(), PayloadError> {
        let index = self.next_index()?;
        let value = match token {
            Token::Number(number) if number.is_finite() => Ok(ParsedValue::Number(number)),
            Token::Number(_) => Err(RejectReason::NotFinite),
            Token::True => Ok(ParsedValue::Boolean(true)),
            Token::False => Ok(ParsedValue::Boolean(false)),
            Token::Text(text) if text.len() <= MAX_TEXT_BYTES => Ok(ParsedValue::Text(text)),
            Token::Text(_) => Err(RejectReason::BadText),
            Token::Null => Ok(ParsedValue::Null),
            Token::Object | Token::Array => {
                reader.skip(&token, depth)?;
                Err(RejectReason::WrongType)
            }
        };
        match (name::resolve(key, self.device), value) {
            (Ok(field), Ok(value)) => {
                let field = match key {
                    Cow::Owned(_) => Cow::Owned(field.to_owned()),
                    // `field` is a part of `key`'s end.
                    Cow::Borrowed(whole) => Cow::Borrowed(&whole[whole.len() - field.len()..]),
                };
                self.telemetry.observations.push(ParsedObservation {
                    index,
                    field,
                    time: None,
                    value,
                    unit: None,
                    quality: None,
                    location: None,
                });
            }
            (Err(reason), _) | (_, Err(reason)) => self.reject(index, key, reason),
        }
        Ok(())
    }

    fn next_index(&mut self) -> Result<u16, PayloadError> {
        if self.count == MAX_OBSERVATIONS {
            return Err(PayloadError::TooManyObservations);
        }
        self.count += 1;
        Ok((self.count - 1) as u16)
    }

    fn sequence(&mut self, token: &Token<'a>) -> Result<(), PayloadError> {
        /// Up to here every integer is an f64.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match *token {
            Token::Number(n) if (0.0..=EXACT).contains(&n) && n.fract() == 0.0 => {
                self.telemetry.sequence = Some(n as u64);
            }
            Token::Null => {}
            _ => {
                let index = self.next_index()?;
                self.reject(index, "seq", RejectReason::WrongType);
            }
        }
        Ok(())
    }

    fn reject(&mut self, index: u16, name: &str, reason: RejectReason) {
        self.telemetry
            .rejections
            .push(Rejection::new(index, name, reason));
    }

    /// Keys beside `v` that mean nothing: refused by name, not dropped.
    #[cold]
    fn reject_strays(&mut self, from: usize, within_v: &std::ops::Range<usize>) {
        let (kept, strays): (Vec<_>, Vec<_>) = self
            .telemetry
            .observations
            .drain(from..)
            .partition(|observation| within_v.contains(&usize::from(observation.index)));
        self.telemetry.observations.extend(kept);
        for stray in strays {
            self.reject(stray.index, &stray.field, RejectReason::UnknownKey);
        }
    }

    /// Gives what the object says of all to each of its observations.
    fn complete(&mut self, from: usize, shared: &Shared) {
        if let Some(reason) = shared.fault {
            let refused: Vec<_> = self.telemetry.observations.drain(from..).collect();
            for observation in refused {
                self.reject(observation.index, &observation.field, reason);
            }
            return;
        }
        for observation in &mut self.telemetry.observations[from..] {
            observation.time = shared.time;
            observation.location = shared.location;
            observation.quality = shared.quality;
        }
    }
}

impl Shared {
    fn fault(&mut self, reason: RejectReason) {
        self.fault.get_or_insert(reason);
    }

    fn time(&mut self, token: &Token<'_>) {
        let time = match token {
            Token::Null => return,
            Token::Text(text) => Timestamp::parse(text).map_err(RejectReason::from),
            Token::Number(number) => Timestamp::from_number(*number).map_err(RejectReason::from),
            _ => Err(RejectReason::UnreadableTime),
        };
        match time {
            Ok(time) => self.time = Some(time),
            Err(reason) => self.fault(reason),
        }
    }

    fn quality(&mut self, token: &Token<'_>) {
        match token {
            Token::Null => {}
            Token::Text(text) => match Quality::parse(text) {
                Some(quality) => self.quality = Some(quality),
                None => self.fault(RejectReason::BadQuality),
            },
            _ => self.fault(RejectReason::BadQuality),
        }
    }

    fn location<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        token: &Token<'a>,
    ) -> Result<(), PayloadError> {
        match token {
            Token::Null => return Ok(()),
            Token::Array => {}
            other => {
                reader.skip(other, DEPTH_OF_OBJECT)?;
                self.fault(RejectReason::BadLocation);
                return Ok(());
            }
        }
        let mut degrees = [f64::NAN; 2];
        let mut count = 0;
        while reader.element(count == 0)? {
            let token = reader.token()?;
            reader.skip(&token, DEPTH_OF_FIELDS)?;
            if let (Some(slot), Token::Number(number)) = (degrees.get_mut(count), &token) {
                *slot = *number;
            }
            count += 1;
        }
        match Location::new(degrees[0], degrees[1]) {
            Ok(location) if count == 2 => self.location = Some(location),
            _ => self.fault(RejectReason::BadLocation),
        }
        Ok(())
    }
}
