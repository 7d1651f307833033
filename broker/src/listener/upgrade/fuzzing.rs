//! What a fuzz target needs of WebSocket and nobody else does.

use super::request;
pub use crate::mqtt::connection::read_frames;

/// Reads a head and writes the answer to it.
pub fn read_request(head: &[u8]) {
    let answer = match request::read(head) {
        Ok(accepted) => accepted.answer(),
        Err(refused) => refused.answer(),
    };
    assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("\r\n\r\n"));
}
