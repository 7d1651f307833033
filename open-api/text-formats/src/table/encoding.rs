//! In which letters a table is written: UTF-8, or CP949 as Korean spreadsheets
//! write it by default.

use bytes::Bytes;
use encoding_rs::{EUC_KR, Encoding, UTF_8};

use super::{SAVE_AS, TableFault, fault};

/// How a table is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableEncoding {
    Utf8,
    /// Windows' code page 949, which EUC-KR is a part of.
    Cp949,
}

/// The text of a table in UTF-8, and what it was in: as `charset` says, or
/// else UTF-8 where it is that, and CP949 where it is not.
pub fn decode(bytes: &Bytes, charset: Option<&str>) -> Result<(Bytes, TableEncoding), TableFault> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(fault("the table is UTF-16".to_owned(), SAVE_AS));
    }
    let named = charset.map(of_label).transpose()?;
    let invalid = std::str::from_utf8(bytes).err();
    match (named, invalid) {
        (Some(TableEncoding::Utf8) | None, None) => Ok((without_mark(bytes), TableEncoding::Utf8)),
        (Some(TableEncoding::Utf8), Some(error)) => Err(fault(
            format!(
                "line {} of the table is no UTF-8, which charset says that it is",
                line_at(bytes, error.valid_up_to())
            ),
            "leave charset out, or save the table as \"CSV UTF-8\"",
        )),
        (Some(TableEncoding::Cp949), _) => from_cp949(bytes)
            .ok_or_else(|| {
                fault(
                    "the table is not in CP949, which charset says that it is".to_owned(),
                    "leave charset out, or save the table as \"CSV UTF-8\"",
                )
            })
            .map(|text| (text, TableEncoding::Cp949)),
        (None, Some(error)) => from_cp949(bytes)
            .ok_or_else(|| {
                let line = line_at(bytes, error.valid_up_to());
                fault(
                    format!("the table is neither UTF-8 (see line {line}) nor CP949"),
                    SAVE_AS,
                )
            })
            .map(|text| (text, TableEncoding::Cp949)),
    }
}

/// Spreadsheets put a byte order mark before UTF-8.
pub(super) fn without_mark(bytes: &Bytes) -> Bytes {
    let mark = "\u{feff}".as_bytes();
    bytes.slice(
        if bytes.starts_with(mark) {
            mark.len()
        } else {
            0
        }..,
    )
}

fn from_cp949(bytes: &[u8]) -> Option<Bytes> {
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(Bytes::from(text.into_owned()))
}

fn of_label(label: &str) -> Result<TableEncoding, TableFault> {
    // Names that the registry of WHATWG does not have.
    let is_windows_name = ["cp949", "ms949", "x-windows-949", "uhc"]
        .iter()
        .any(|name| label.eq_ignore_ascii_case(name));
    let encoding = Encoding::for_label(label.as_bytes());
    if is_windows_name || encoding == Some(EUC_KR) {
        Ok(TableEncoding::Cp949)
    } else if encoding == Some(UTF_8) || label.eq_ignore_ascii_case("us-ascii") {
        Ok(TableEncoding::Utf8)
    } else {
        Err(fault(
            format!("charset={label} is not read"),
            "send the table in UTF-8 or CP949",
        ))
    }
}

/// As an editor numbers it.
fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].split(|byte| *byte == b'\n').count()
}
