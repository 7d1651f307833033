//! The query of a URL: its options, each parsed for the entity type that the path
//! leads to.

mod error;
mod expand;
mod format;
mod name;
mod read;
mod select;
mod split;

pub use error::{OptionsError, OptionsErrorKind};

use crate::cursor::{Cursor, Fault};
use crate::expression::Expr;
use crate::schema::{Attribute, EntityType, Relation, Version};
use name::SystemOption;
use read::{Budget, Reader};

/// What is asked of a set, or of one entity. Which of it makes sense there is for
/// the caller to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    pub filter: Option<Expr>,
    /// In order of importance; the caller appends the id.
    pub order: Vec<OrderItem>,
    pub top: Option<u64>,
    pub skip: Option<u64>,
    pub count: Option<bool>,
    /// `None` for everything.
    pub select: Option<Vec<SelectItem>>,
    /// `$select=distinct:`, in 2.0 only.
    pub distinct: bool,
    pub expand: Vec<Expand>,
    pub format: Option<Format>,
    /// As it was written into a next link, decoded.
    pub skip_token: Option<String>,
    /// Points of the geometries in all options of the query, of which a look at a row
    /// may compare each; 0 in options within `$expand`.
    pub geometry_points: usize,
}

/// A relation whose entities come inline. The path `a/b` is a nested one.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    pub relation: &'static Relation,
    /// The name that it was asked for by, which 2.0 writes in more than one way.
    pub name: String,
    pub options: Options,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    Id,
    /// An attribute, or what the path leads to within it.
    Attribute(&'static Attribute, Vec<String>),
    Relation(&'static Relation),
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem {
    pub by: Expr,
    pub descending: bool,
}

/// `$resultFormat` of 1.1 and `$format` of 2.0; both names are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With 2.0's level of metadata, where it is given.
    Json(Option<Metadata>),
    DataArray,
    GeoJson,
    Csv,
}

/// How much there is beside the data, in 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    Full,
    Minimal,
    None,
}

/// Parses the whole query of a URL, not decoded. It is cut at `&` first, then each
/// option is percent-decoded once. `+` is a space, and where a time has a space in the
/// place of its offset's sign, that was a plus: `09:00:00+09:00` is written by hand.
///
/// Names without `$` that are no option are ignored: they are for others.
pub fn parse_options(
    version: Version,
    of: EntityType,
    query: &str,
) -> Result<Options, OptionsError> {
    let mut query_reader = QueryReader {
        version,
        of,
        given: Vec::new(),
        budget: Budget::default(),
        options: Options::default(),
    };
    for (name, value) in split::options(query)? {
        query_reader
            .read(&name, value)
            .map_err(|fault| fault.of(&name))?;
    }
    let options = Options {
        geometry_points: query_reader.budget.points,
        ..query_reader.options
    };
    select::check_distinct(&options).map_err(|fault| fault.of("$orderby"))?;
    Ok(options)
}

/// What has been read of a query so far.
struct QueryReader {
    version: Version,
    of: EntityType,
    given: Vec<SystemOption>,
    budget: Budget,
    options: Options,
}

impl QueryReader {
    /// Reads an option, of which the value is still encoded.
    fn read(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        let Some(option) = SystemOption::by_name(self.version, name)? else {
            return Ok(());
        };
        if self.given.contains(&option) {
            return Err(Fault::new(0, OptionsErrorKind::Twice));
        }
        self.given.push(option);
        let value = split::value(value)?;
        let mut cursor = Cursor::new(&value);
        let mut reader = Reader {
            version: self.version,
            of: self.of,
            cursor: &mut cursor,
            budget: &mut self.budget,
            depth: 0,
        };
        reader.option(option, &mut self.options)?;
        cursor.skip_spaces();
        if cursor.is_at_end() {
            Ok(())
        } else {
            Err(cursor.fault("its end"))
        }
    }
}
