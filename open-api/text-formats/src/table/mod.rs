//! Tables that people and their spreadsheets write: which letters they are in,
//! their columns and rows; and texts of one value a line.

mod encoding;
mod lines;
mod records;

pub use encoding::{TableEncoding, decode};
pub use lines::lines;
pub use records::{Columns, records};

/// What to do with a table that another program wrote otherwise.
const SAVE_AS: &str = "save the table as \"CSV UTF-8\", separated by commas";

/// Why a table, or a row of it, cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableFault {
    /// The column at fault, where it is one.
    pub column: Option<Box<str>>,
    pub message: String,
    pub cure: &'static str,
}

/// One of no single column.
fn fault(message: String, cure: &'static str) -> TableFault {
    TableFault {
        column: None,
        message,
        cure,
    }
}
