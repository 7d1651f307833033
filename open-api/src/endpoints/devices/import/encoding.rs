//! In which letters a file was written, as an answer tells it.

use serde::Serialize;
use utoipa::ToSchema;

/// What a body was written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = TableEncoding)]
pub(crate) enum TableEncoding {
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows' code page 949, which EUC-KR is a part of.
    #[serde(rename = "cp949")]
    Cp949,
}

impl From<text_formats::table::TableEncoding> for TableEncoding {
    fn from(read: text_formats::table::TableEncoding) -> Self {
        match read {
            text_formats::table::TableEncoding::Utf8 => Self::Utf8,
            text_formats::table::TableEncoding::Cp949 => Self::Cp949,
        }
    }
}
