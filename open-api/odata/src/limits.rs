//! How much one request may ask for. More is refused with the limit's name.

/// Bytes of an option's value, decoded.
pub const MAX_OPTION_BYTES: usize = 16 * 1024;
/// Bytes of a whole query, as it stands in the URL.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;
/// Brackets, functions and operators within each other in an expression.
pub const MAX_EXPRESSION_DEPTH: usize = 64;
/// Segments of a path, in a URL and in an expression.
pub const MAX_PATH_SEGMENTS: usize = 16;
/// Relations to many that an expression goes through, each a search within the
/// search.
pub const MAX_QUANTIFIERS: usize = 8;
/// Expanded relations in all, nested ones among them.
pub const MAX_EXPANDS: usize = 32;
/// Expanded relations within each other.
pub const MAX_EXPAND_DEPTH: usize = 8;
/// Items of a list: after `in`, and of `$select` and `$orderby`.
pub const MAX_LIST_ITEMS: usize = 256;
/// Points of all geometries of an option.
pub const MAX_GEOMETRY_POINTS: usize = 1_024;
/// Geometries within each other in a collection.
pub const MAX_GEOMETRY_DEPTH: usize = 4;
/// The most degrees of a coordinate, either way: a map that is zoomed out asks
/// for more than the world.
pub const MAX_COORDINATE: f64 = 1_000.0;
/// The most that `$top` and `$skip` may say: what JSON's readers keep exactly.
pub const MAX_TOP: u64 = (1 << 53) - 1;
