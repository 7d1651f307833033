//! CBOR (RFC 8949) as SenML needs it: one item at a time, with a depth limit.
//!
//! Refused: strings of indefinite length (no sensor sends them, and joining
//! them would allocate), text that is not UTF-8, tags other than a decimal
//! fraction around a number. Arrays and maps of indefinite length are read
//! within the same limits as definite ones.

use std::borrow::Cow;

use minicbor::Decoder;
use minicbor::data::Type;
use smallvec::SmallVec;

use super::senml::Item;
use super::{MAX_DEPTH, PayloadError};

/// RFC 8949, 3.4.4: `[exponent, mantissa]`, mantissa x 10^exponent.
const DECIMAL_FRACTION: u64 = 4;
/// Beyond it every decimal fraction of an i64 is 0 or infinite.
const MAX_EXPONENT: i64 = 400;

pub(super) struct Reader<'a> {
    decoder: Decoder<'a>,
}

/// How many items a container says that it has.
pub(super) enum Length {
    Definite(u64),
    UntilBreak,
}

fn malformed(_: minicbor::decode::Error) -> PayloadError {
    PayloadError::Cbor
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            decoder: Decoder::new(bytes),
        }
    }

    pub(super) fn datatype(&self) -> Result<Type, PayloadError> {
        self.decoder.datatype().map_err(malformed)
    }

    pub(super) fn array(&mut self) -> Result<Length, PayloadError> {
        Ok(length(self.decoder.array().map_err(malformed)?))
    }

    pub(super) fn map(&mut self) -> Result<Length, PayloadError> {
        Ok(length(self.decoder.map().map_err(malformed)?))
    }

    /// Whether a further item follows in a container of `length`.
    pub(super) fn more(&mut self, length: &mut Length) -> Result<bool, PayloadError> {
        match length {
            Length::Definite(0) => Ok(false),
            Length::Definite(left) => {
                *left -= 1;
                Ok(true)
            }
            Length::UntilBreak if self.datatype()? == Type::Break => {
                self.advance()?;
                Ok(false)
            }
            Length::UntilBreak => Ok(true),
        }
    }

    /// Steps over the one byte that was just seen to be a break.
    fn advance(&mut self) -> Result<(), PayloadError> {
        let next = self.decoder.position() + 1;
        self.decoder.set_position(next);
        Ok(())
    }

    pub(super) fn text(&mut self) -> Result<&'a str, PayloadError> {
        self.decoder.str().map_err(malformed)
    }

    pub(super) fn is_integer(kind: Type) -> bool {
        matches!(
            kind,
            Type::U8
                | Type::U16
                | Type::U32
                | Type::U64
                | Type::I8
                | Type::I16
                | Type::I32
                | Type::I64
                | Type::Int
        )
    }

    /// An integer of up to 65 bits, as CBOR has them.
    pub(super) fn integer(&mut self) -> Result<i128, PayloadError> {
        self.decoder.int().map(i128::from).map_err(malformed)
    }

    /// Reads one item; what no label wants is read past.
    pub(super) fn item(&mut self, depth: usize) -> Result<Item<'a>, PayloadError> {
        let kind = self.datatype()?;
        Ok(match kind {
            kind if Self::is_integer(kind) => Item::Number(self.integer()? as f64),
            Type::F16 | Type::F32 | Type::F64 => {
                Item::Number(self.decoder.f64().map_err(malformed)?)
            }
            Type::Bool => Item::Boolean(self.decoder.bool().map_err(malformed)?),
            Type::Null => {
                self.decoder.null().map_err(malformed)?;
                Item::Null
            }
            Type::String => Item::Text(Cow::Borrowed(self.text()?)),
            Type::Tag => self.tagged(depth)?,
            _ => {
                self.skip(depth)?;
                Item::Other
            }
        })
    }

    fn tagged(&mut self, depth: usize) -> Result<Item<'a>, PayloadError> {
        if depth >= MAX_DEPTH {
            return Err(PayloadError::TooDeep);
        }
        let tag = self.decoder.tag().map_err(malformed)?;
        let start = self.decoder.position();
        if tag.as_u64() == DECIMAL_FRACTION
            && let Some(number) = self.decimal_fraction()
        {
            return Ok(number);
        }
        self.decoder.set_position(start);
        self.skip(depth + 1)?;
        Ok(Item::Other)
    }

    /// `None` where it is not one; the position is then anywhere.
    fn decimal_fraction(&mut self) -> Option<Item<'a>> {
        if self.decoder.array().ok()? != Some(2) {
            return None;
        }
        let exponent = self.decoder.i64().ok()?;
        let mantissa = self.decoder.i64().ok()?;
        // Written as text and read again: the nearest f64, not the product of
        // two roundings.
        let exponent = exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT);
        let number = format!("{mantissa}e{exponent}").parse().ok()?;
        Some(match nanos(mantissa, exponent) {
            Some(nanos) => Item::Decimal(number, nanos),
            None => Item::Number(number),
        })
    }

    /// Reads past one item; `depth` is the number of containers around it.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), PayloadError> {
        let kind = self.datatype()?;
        let container = matches!(
            kind,
            Type::Array | Type::ArrayIndef | Type::Map | Type::MapIndef | Type::Tag
        );
        if container && depth >= MAX_DEPTH {
            return Err(PayloadError::TooDeep);
        }
        match kind {
            Type::Tag => {
                self.decoder.tag().map_err(malformed)?;
                self.skip(depth + 1)
            }
            Type::Array | Type::ArrayIndef => {
                let mut length = self.array()?;
                while self.more(&mut length)? {
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            Type::Map | Type::MapIndef => self.skip_map(depth),
            Type::String => self.text().map(drop),
            Type::Bytes => self.decoder.bytes().map(drop).map_err(malformed),
            Type::BytesIndef | Type::StringIndef | Type::Break | Type::Unknown(_) => {
                Err(PayloadError::Cbor)
            }
            _ => self.decoder.skip().map_err(malformed),
        }
    }

    fn skip_map(&mut self, depth: usize) -> Result<(), PayloadError> {
        let mut length = self.map()?;
        let mut keys = RawKeys::new();
        while self.more(&mut length)? {
            let start = self.decoder.position();
            self.skip(depth + 1)?;
            keys.push(&self.decoder.input()[start..self.decoder.position()]);
            self.skip(depth + 1)?;
        }
        refuse_duplicates(&mut keys)
    }

    /// The bytes of the key that `read` reads, for [`refuse_duplicates`].
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.decoder.input()[start..self.decoder.position()]
    }

    pub(super) fn position(&self) -> usize {
        self.decoder.position()
    }

    /// Nothing may follow the one item of a payload.
    pub(super) fn end(&self) -> Result<(), PayloadError> {
        if self.decoder.position() == self.decoder.input().len() {
            Ok(())
        } else {
            Err(PayloadError::Cbor)
        }
    }
}

/// Billionths of `mantissa` x 10^`exponent`, cut; `None` beyond an i128.
fn nanos(mantissa: i64, exponent: i64) -> Option<i128> {
    let shift = exponent + 9;
    let power = 10i128.checked_pow(shift.unsigned_abs().try_into().ok()?);
    match (shift >= 0, power) {
        (true, power) => i128::from(mantissa).checked_mul(power?),
        (false, Some(power)) => Some(i128::from(mantissa).div_euclid(power)),
        (false, None) => Some(0),
    }
}

fn length(length: Option<u64>) -> Length {
    length.map_or(Length::UntilBreak, Length::Definite)
}

/// Encoded keys of one map.
pub(super) type RawKeys<'a> = SmallVec<[&'a [u8]; 8]>;

pub(super) fn refuse_duplicates(keys: &mut RawKeys<'_>) -> Result<(), PayloadError> {
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(PayloadError::DuplicateKey);
    }
    Ok(())
}
