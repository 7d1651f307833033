//! Decompressors that were used before.
//!
//! One is so much fresh memory that a query of one datastream waits longer for
//! it than for its page.

use std::io;

use parking_lot::Mutex;
use zstd::bulk::Decompressor;

/// Those that are kept in this process though nobody uses them: about 100 KiB
/// each.
const MAX_IDLE: usize = 8;

static IDLE: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// Unpacks a frame of zstd, which says that it has `most` bytes at most; `None`
/// where it says more, or nothing.
pub(in crate::file) fn decompress(packed: &[u8], most: usize) -> io::Result<Option<Vec<u8>>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed)
        .ok()
        .flatten();
    let size = size.and_then(|size| usize::try_from(size).ok());
    let Some(size) = size.filter(|size| *size <= most) else {
        return Ok(None);
    };
    let idle = IDLE.lock().pop();
    let mut decompressor = match idle {
        Some(idle) => idle,
        None => Decompressor::new()?,
    };
    let mut unpacked = Vec::with_capacity(size);
    decompressor.decompress_to_buffer(packed, &mut unpacked)?;
    let mut idle = IDLE.lock();
    if idle.len() < MAX_IDLE {
        idle.push(decompressor);
    }
    drop(idle);
    Ok(Some(unpacked))
}
