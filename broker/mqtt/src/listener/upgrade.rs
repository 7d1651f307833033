//! WebSocket's opening handshake: a request of HTTP and its answer (RFC 6455,
//! section 4), before anything of MQTT.

mod request;

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use request::Refused;

use crate::stream::Stream;

/// Request line and headers, in bytes.
const MAX_HEAD_BYTES: usize = 8 * 1024;
/// Bytes read at once.
const READ_BYTES: usize = 1_024;
/// How long a peer has to take a refusal and close, and what it may still send
/// meanwhile, in bytes.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 64 * 1024;

/// Why there is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpgradeError {
    #[error("the connection ended in the WebSocket handshake")]
    Gone(#[source] io::Error),
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Answers the request. After a refusal the peer has been told.
pub(crate) async fn upgrade(mut stream: Stream) -> Result<Stream, UpgradeError> {
    let head = match read_head(&mut stream).await {
        Ok(head) => head,
        Err(UpgradeError::Refused(refused)) => return refuse(stream, refused).await,
        Err(gone) => return Err(gone),
    };
    let accepted = match request::read(&head) {
        Ok(accepted) => accepted,
        Err(refused) => return refuse(stream, refused).await,
    };
    write(&mut stream, accepted.answer().as_bytes())
        .await
        .map_err(UpgradeError::Gone)?;
    Ok(stream.into_web_socket(accepted.origin))
}

/// Up to the empty line. A client has nothing to say after it until it has
/// been answered.
async fn read_head(stream: &mut Stream) -> Result<Vec<u8>, UpgradeError> {
    const END: &[u8] = b"\r\n\r\n";
    let mut head = Vec::new();
    loop {
        let mut chunk = [0; READ_BYTES];
        let count = poll_fn(|cx| stream.poll_read(cx, &mut chunk))
            .await
            .map_err(UpgradeError::Gone)?;
        if count == 0 {
            return Err(UpgradeError::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        // The end may lie across two reads.
        let seen = head.len().saturating_sub(END.len() - 1);
        head.extend_from_slice(&chunk[..count]);
        if head.len() > MAX_HEAD_BYTES {
            return Err(Refused::TooLong.into());
        }
        match memchr::memmem::find(&head[seen..], END) {
            Some(place) if seen + place + END.len() == head.len() => return Ok(head),
            Some(_) => return Err(Refused::TooEarly.into()),
            None => {}
        }
    }
}

async fn write(stream: &mut Stream, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let taken = stream.try_write(bytes)?;
        bytes = &bytes[taken..];
        if bytes.is_empty() && !stream.has_unsent() {
            return Ok(());
        }
        poll_fn(|cx| stream.poll_writable(cx)).await?;
    }
}

async fn refuse(mut stream: Stream, refused: Refused) -> Result<Stream, UpgradeError> {
    if write(&mut stream, refused.answer().as_bytes())
        .await
        .is_ok()
    {
        stream.say_end();
        let mut left = LINGER_BYTES;
        let peer_closed = poll_fn(|cx| stream.poll_waste(cx, &mut left));
        // It is as good as closed: whether the peer was quick is no matter.
        let _ = tokio::time::timeout(LINGER, peer_closed).await;
    }
    Err(refused.into())
}

/// Reads a head and writes the answer to it.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_request(head: &[u8]) {
    let answer = match request::read(head) {
        Ok(accepted) => accepted.answer(),
        Err(refused) => refused.answer(),
    };
    assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("\r\n\r\n"));
}
