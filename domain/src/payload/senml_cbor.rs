//! SenML CBOR (RFC 8428, 6): an array of records, each a map with integer
//! labels; text labels are read too.

use minicbor::data::Type;

use super::cbor::{Length, RawKeys, Reader, refuse_duplicates};
use super::senml::{Label, Pack, Record, pass_over};
use super::{MAX_OBSERVATIONS, PayloadError};
use crate::{DeviceId, Telemetry, Timestamp};

/// Containers open around a value of a record.
const DEPTH_OF_RECORD: usize = 2;

pub(super) fn parse<'a>(
    bytes: &'a [u8],
    device: &DeviceId,
    now: Timestamp,
    telemetry: &mut Telemetry<'a>,
) -> Result<(), PayloadError> {
    let mut reader = Reader::new(bytes);
    if !matches!(reader.datatype()?, Type::Array | Type::ArrayIndef) {
        return Err(PayloadError::Shape);
    }
    let mut records = reader.array()?;
    if matches!(records, Length::Definite(n) if n > MAX_OBSERVATIONS as u64) {
        return Err(PayloadError::TooManyObservations);
    }
    let mut pack = Pack::new(device, now, telemetry);
    while reader.more(&mut records)? {
        let mut record = pack.begin()?;
        if !matches!(reader.datatype()?, Type::Map | Type::MapIndef) {
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
    let mut length = reader.map()?;
    let mut unknown = RawKeys::new();
    while reader.more(&mut length)? {
        let start = reader.position();
        match read_label(reader)? {
            Some(label) => {
                let item = reader.item(DEPTH_OF_RECORD)?;
                pack.take(record, label, item)?;
            }
            None => {
                unknown.push(reader.since(start));
                reader.skip(DEPTH_OF_RECORD)?;
            }
        }
    }
    refuse_duplicates(&mut unknown)
}

/// `None` for a label that may be passed over.
fn read_label(reader: &mut Reader<'_>) -> Result<Option<Label>, PayloadError> {
    match reader.datatype()? {
        kind if Reader::is_integer(kind) => {
            let number = i64::try_from(reader.integer()?).ok();
            Ok(number.and_then(Label::of_number))
        }
        Type::String => {
            let text = reader.text()?;
            match Label::of_text(text) {
                Some(label) => Ok(Some(label)),
                None => pass_over(text).map(|()| None),
            }
        }
        _ => Err(PayloadError::Shape),
    }
}
