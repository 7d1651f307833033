//! A JPEG without what it tells beside its picture.
//!
//! Cameras write into a file where, when and with what a picture was taken, and
//! phones append films and further pictures to it. Only the segments that a
//! decoder needs are taken over; all others, known or not, are left out, and so
//! is what follows the end of the picture.

use memchr::memchr;

/// The longest photo, in bytes.
pub const MAX_PHOTO_BYTES: usize = 512 * 1024;
/// The longest side of a photo, in pixels: a small file may be a picture that
/// takes up a browser's memory.
pub const MAX_PHOTO_SIDE: u16 = 4_096;
/// Scans of a progressive photo, each of which goes over the whole picture: cameras
/// and editors write ten or so, and a small file of thousands keeps a browser busy
/// for minutes.
pub const MAX_PHOTO_SCANS: usize = 64;

/// Every marker begins with it.
const MARK: u8 = 0xff;
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// Frames of baseline, extended and progressive pictures: browsers show no others.
const FRAMES: [u8; 3] = [0xc0, 0xc1, 0xc2];
/// Tables of Huffman codes and of quantization, and the restart interval.
const TABLES: [u8; 3] = [0xc4, 0xdb, 0xdd];
/// Adobe's, which says how colours are stored; of one length.
const ADOBE: u8 = 0xee;
const ADOBE_BYTES: usize = 14;

/// Why bytes are no photo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JpegError {
    #[error("it has more than {MAX_PHOTO_BYTES} bytes")]
    TooLong,
    #[error("it is no JPEG")]
    Form,
    #[error("it is a JPEG of a kind that browsers do not show")]
    Kind,
    #[error("it is cut short or damaged")]
    Damaged,
    #[error("it has more than {MAX_PHOTO_SCANS} scans")]
    Scans,
    #[error("a side has no pixel, or more than {MAX_PHOTO_SIDE}")]
    Size,
}

/// A picture, and nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Jpeg {
    pub bytes: Vec<u8>,
    pub width: u16,
    pub height: u16,
}

impl Jpeg {
    /// Takes the picture out of a file.
    pub fn without_metadata(file: &[u8]) -> Result<Self, JpegError> {
        if file.len() > MAX_PHOTO_BYTES {
            return Err(JpegError::TooLong);
        }
        let start = [MARK, START];
        let mut rest = file.strip_prefix(&start).ok_or(JpegError::Form)?;
        let mut bytes = Vec::with_capacity(file.len());
        bytes.extend_from_slice(&start);
        let mut size = None;
        let mut scans = 0;
        loop {
            let (marker, after) = marker(rest)?;
            if marker == END {
                break;
            }
            let (segment, after) = segment(after)?;
            if is_needed(marker, segment)? {
                bytes.extend_from_slice(&[MARK, marker]);
                bytes.extend_from_slice(segment);
            }
            rest = after;
            if FRAMES.contains(&marker) && size.replace(frame_size(segment)?).is_some() {
                return Err(JpegError::Damaged);
            }
            if marker == SCAN {
                size.ok_or(JpegError::Damaged)?;
                let scan = scan(after)?;
                bytes.extend_from_slice(scan);
                rest = &after[scan.len()..];
                scans += 1;
                if scans > MAX_PHOTO_SCANS {
                    return Err(JpegError::Scans);
                }
            }
        }
        bytes.extend_from_slice(&[MARK, END]);
        match size {
            Some((width, height)) if scans > 0 => Ok(Self {
                bytes,
                width,
                height,
            }),
            _ => Err(JpegError::Damaged),
        }
    }
}

/// The next marker; it may have fill bytes before it.
fn marker(bytes: &[u8]) -> Result<(u8, &[u8]), JpegError> {
    let after = bytes.strip_prefix(&[MARK]).ok_or(JpegError::Damaged)?;
    let fill = after.iter().take_while(|byte| **byte == MARK).count();
    let (marker, rest) = after[fill..].split_first().ok_or(JpegError::Damaged)?;
    Ok((*marker, rest))
}

/// What a marker leads, with the two bytes of its length.
fn segment(bytes: &[u8]) -> Result<(&[u8], &[u8]), JpegError> {
    let (length, _) = bytes.split_first_chunk().ok_or(JpegError::Damaged)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 2 {
        return Err(JpegError::Damaged);
    }
    bytes.split_at_checked(length).ok_or(JpegError::Damaged)
}

fn is_needed(marker: u8, segment: &[u8]) -> Result<bool, JpegError> {
    if marker == SCAN || TABLES.contains(&marker) || FRAMES.contains(&marker) {
        return Ok(true);
    }
    if marker == ADOBE {
        return Ok(segment.len() == ADOBE_BYTES && segment[2..].starts_with(b"Adobe"));
    }
    // Applications' segments and comments.
    let is_left_out = matches!(marker, 0xe0..=0xef | 0xfe);
    is_left_out.then_some(false).ok_or(JpegError::Kind)
}

/// Width and height: after its length and the bits of a sample.
fn frame_size(segment: &[u8]) -> Result<(u16, u16), JpegError> {
    let Some([height_1, height_0, width_1, width_0]) = segment.get(3..7) else {
        return Err(JpegError::Damaged);
    };
    let side = |high: &u8, low: &u8| {
        let side = u16::from_be_bytes([*high, *low]);
        let is_sound = (1..=MAX_PHOTO_SIDE).contains(&side);
        is_sound.then_some(side).ok_or(JpegError::Size)
    };
    Ok((side(width_1, width_0)?, side(height_1, height_0)?))
}

/// The coded picture up to the next marker; zeros after 0xff and restarts belong
/// to it.
fn scan(bytes: &[u8]) -> Result<&[u8], JpegError> {
    let mut at = 0;
    loop {
        let mark = memchr(MARK, &bytes[at..]).ok_or(JpegError::Damaged)? + at;
        match bytes.get(mark + 1) {
            None => return Err(JpegError::Damaged),
            Some(0 | 0xd0..=0xd7) => at = mark + 2,
            Some(_) => return Ok(&bytes[..mark]),
        }
    }
}

#[cfg(test)]
mod tests;
