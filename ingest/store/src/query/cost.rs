//! What a question would read, told before it is answered.

use domain::{DatastreamId, Timestamp};

use crate::query::merge::estimate;
use crate::view::View;

/// About how many rows of `datastreams`, ascending and each once, lie from
/// `from` to before `to`: as if those of each file and head were spread evenly.
/// No file is read for it.
pub(crate) fn rows(
    view: &View,
    datastreams: &[DatastreamId],
    from: Timestamp,
    to: Timestamp,
) -> u64 {
    if from >= to {
        return 0;
    }
    let in_files: u64 = view
        .files
        .iter()
        .filter(|file| {
            file.entry.min_time < to.as_micros() && file.entry.max_time >= from.as_micros()
        })
        .flat_map(|file| file.index.some(datastreams))
        .filter(|entry| entry.overlaps(from, to))
        .map(|entry| estimate(entry, from, to).max(1))
        .sum();
    let in_heads: u64 = view
        .heads()
        .map(|head| head.estimate(datastreams, from, to))
        .sum();
    in_files + in_heads
}
