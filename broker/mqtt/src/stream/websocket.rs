//! MQTT in WebSocket frames (MQTT 5, section 6), after the opening handshake.
//!
//! What is written in one call leaves as one binary frame, and its bytes are
//! not copied: where the socket takes only a part, the rest of the frame is
//! owed, and the caller offers it again at the next call.

use std::io;
use std::task::{Context, Poll, ready};

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::frames::{FrameFault, Frames, Stage};
use super::pipe::Pipe;

/// The longest header of a server's frame, which has no mask, in bytes.
const MAX_HEADER_BYTES: usize = 10;
/// What is taken from a client that broke the rules, so that it still sees
/// why; in bytes.
const FAULT_WASTE_BYTES: usize = 64 * 1024;

pub(crate) struct WebSocket {
    pipe: Pipe,
    /// The page that a browser connects from.
    origin: Option<Box<str>>,
    frames: Frames,
    /// Payload bytes of the frame being sent that the caller has yet to offer.
    owed: usize,
    /// A control frame, or the end of a header, that the socket has not taken.
    unsent: Vec<u8>,
    /// Close has been said, and nothing may follow it.
    closing: bool,
}

impl WebSocket {
    pub(super) fn new(pipe: Pipe, origin: Option<Box<str>>) -> Self {
        Self {
            pipe,
            origin,
            frames: Frames::new(),
            owed: 0,
            unsent: Vec::new(),
            closing: false,
        }
    }

    pub(super) fn pipe(&self) -> &Pipe {
        &self.pipe
    }

    pub(super) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // Tokio gives others their turn however many empty frames come.
        loop {
            match self.frames.stage {
                Stage::Open => {}
                Stage::Closed(code) => {
                    self.say_close(code);
                    return Poll::Ready(Ok(0));
                }
                Stage::Broken(fault) => return Poll::Ready(Err(self.refuse(cx, fault))),
            }
            let count = ready!(self.pipe.poll_read(cx, buffer))?;
            if count == 0 {
                return Poll::Ready(Ok(0));
            }
            let payload = self.frames.take(&mut buffer[..count]);
            if self.frames.ping.is_some() {
                // An error shows up at the next flush.
                let _ = self.try_write(&[]);
            }
            if payload > 0 {
                return Poll::Ready(Ok(payload));
            }
        }
    }

    /// Tells the client what it did before the connection ends.
    fn refuse(&mut self, cx: &mut Context<'_>, fault: FrameFault) -> io::Error {
        self.say_close(fault.close_code());
        self.pipe.say_end();
        let _ = self.pipe.poll_waste(cx, &mut { FAULT_WASTE_BYTES });
        io::Error::new(io::ErrorKind::InvalidData, fault)
    }

    pub(super) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.flush()? {
            return Ok(0);
        }
        let mut taken = 0;
        if self.owed > 0 {
            taken = self.pipe.try_write(&bytes[..bytes.len().min(self.owed)])?;
            self.owed -= taken;
        }
        if self.owed > 0 {
            return Ok(taken);
        }
        if let Some(ping) = self.frames.ping.take()
            && !self.closing
        {
            self.push_control(Control::Pong, &ping);
            if !self.flush()? {
                return Ok(taken);
            }
        }
        let rest = &bytes[taken..];
        if rest.is_empty() {
            return Ok(taken);
        }
        if self.closing {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(taken + self.begin_frame(rest)?)
    }

    fn begin_frame(&mut self, payload: &[u8]) -> io::Result<usize> {
        let mut header = [0; MAX_HEADER_BYTES];
        let length = write_header(OpCode::Data(Data::Binary), payload.len(), &mut header);
        let header = &header[..length];
        let count = self.pipe.try_write_both(header, payload)?;
        match count.checked_sub(length) {
            Some(taken) => {
                self.owed = payload.len() - taken;
                Ok(taken)
            }
            // No frame has begun.
            None if count == 0 => Ok(0),
            None => {
                self.unsent.extend_from_slice(&header[count..]);
                self.owed = payload.len();
                Ok(0)
            }
        }
    }

    fn push_control(&mut self, control: Control, body: &[u8]) {
        let mut header = [0; MAX_HEADER_BYTES];
        let length = write_header(OpCode::Control(control), body.len(), &mut header);
        self.unsent.extend_from_slice(&header[..length]);
        self.unsent.extend_from_slice(body);
    }

    /// Whether nothing of its own waits any more.
    fn flush(&mut self) -> io::Result<bool> {
        let taken = self.pipe.try_write(&self.unsent)?;
        if taken < self.unsent.len() {
            self.unsent.drain(..taken);
            return Ok(false);
        }
        if taken > 0 {
            self.unsent = Vec::new();
        }
        Ok(true)
    }

    pub(super) fn has_unsent(&self) -> bool {
        let pong_is_due = self.frames.ping.is_some() && self.owed == 0 && !self.closing;
        !self.unsent.is_empty() || pong_is_due || self.pipe.has_unsent()
    }

    /// Between two frames; within one there is no place for it.
    fn say_close(&mut self, code: CloseCode) {
        if self.closing || self.owed > 0 {
            return;
        }
        self.push_control(Control::Close, &u16::from(code).to_be_bytes());
        self.closing = true;
        // Nobody is left to tell of an error.
        let _ = self.flush();
    }

    pub(super) fn say_end(&mut self) {
        self.say_close(CloseCode::Normal);
        self.pipe.say_end();
    }

    pub(super) fn poll_waste(&mut self, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
        self.pipe.poll_waste(cx, left)
    }
}

/// How many bytes it has.
fn write_header(opcode: OpCode, length: usize, out: &mut [u8; MAX_HEADER_BYTES]) -> usize {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let mut left = out.as_mut_slice();
    let written = header.format(length as u64, &mut left);
    debug_assert!(
        written.is_ok(),
        "a header without a mask has 10 bytes at most"
    );
    MAX_HEADER_BYTES - left.len()
}
