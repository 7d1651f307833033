//! How large a payload may be, and how deep.

/// The longest payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
/// The most observations in one message; records and objects count as such.
pub const MAX_OBSERVATIONS: usize = 1_000;
/// Arrays, objects, maps and tags within each other, the outermost counted.
/// The formats themselves need three.
pub const MAX_DEPTH: usize = 8;
