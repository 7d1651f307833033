//! `madang device send`: what a device does over CoAP, for trying it out.
//!
//! One confirmable POST of a signed message (RFC 7252, RFC 9052), sent again
//! until it is answered; what it prints was proved by the platform's receipt.

use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use coap_lite::{CoapOption, MessageClass, MessageType, Packet, RequestType};
use domain::payload::ContentFormat;
use domain::{DeviceId, DeviceTopic};
use sdk::PrivateKey;
use sdk::coap::{CONTENT_FORMAT_COSE_SIGN1, SignedTelemetry, verify_receipt};

use super::client::ServerArgs;

/// RFC 7252, 4.8: the first wait for an answer, doubled each time.
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RETRANSMIT: u32 = 4;
/// A separate answer (RFC 7252, 5.2.2) comes within this time.
const SEPARATE: Duration = Duration::from_secs(30);
/// The longest body that goes in one datagram: what every path takes.
const MAX_BODY: usize = 1_024;
const MAX_DATAGRAM: usize = 1_472;

#[derive(clap::Args)]
pub struct SendArgs {
    id: DeviceId,
    /// As '{"pm25": 12.1, "pm10": 30}': compact JSON, or SenML in JSON
    payload: String,
    /// The device's key, as `madang device keygen` wrote it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The CoAP listener [default: the one that the server tells of]
    #[arg(long, value_name = "ADDR:PORT")]
    coap: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) fn run(args: &SendArgs) -> anyhow::Result<()> {
    let key = read_key(&args.key)?;
    let api = args.server.anonymous()?;
    let platform = api.platform()?;
    let server = match &args.coap {
        Some(given) => given.clone(),
        None => coap_of(api.base_url(), platform.listeners.get("coap").copied())?,
    };
    let server = server
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .with_context(|| format!("--coap {server:?} is no ADDR:PORT"))?;
    let now = crate::runtime::timestamp(std::time::SystemTime::now());
    let message = SignedTelemetry {
        device: &args.id,
        // This has no flash to count its boots in: each call is a boot, and the
        // clock only grows.
        boot_epoch: u64::try_from(now.as_micros() / 1_000)?,
        sequence: 1,
        time: now,
        format: format(&args.payload),
        payload: args.payload.as_bytes(),
    };
    let body = message.sign(&key)?;
    if body.len() > MAX_BODY {
        bail!(
            "the signed message has {} bytes; {MAX_BODY} at most go in one datagram",
            body.len()
        );
    }
    let answer = exchange(server, &args.id, &body)?;
    let code = answer.header.get_code();
    let receipt = verify_receipt(&answer.payload, platform.receipt_keys()?, &body);
    match (code.as_str(), receipt) {
        ("2.04", Ok(receipt)) => {
            println!("durable at offset {}", receipt.offset);
            Ok(())
        }
        ("4.00", Ok(receipt)) => bail!(
            "kept at offset {}, but it cannot be read: madang device watch {} tells why",
            receipt.offset,
            args.id
        ),
        (_, Err(error)) if code == "2.04" => Err(error)
            .context("the answer proves nothing, so it may not have come from the platform"),
        _ => bail!(
            "coap://{server} answered {code} {}: madang device watch {} tells why",
            String::from_utf8_lossy(&answer.payload),
            args.id
        ),
    }
}

/// A SenML pack is an array of records; compact JSON has objects with `v`, or
/// fields.
fn format(payload: &str) -> ContentFormat {
    let senml = payload.trim_start().starts_with('[') && payload.contains("\"n\"");
    if senml {
        ContentFormat::SenmlJson
    } else {
        ContentFormat::CompactJson
    }
}

/// The API's host, at CoAP's port.
fn coap_of(url: &str, port: Option<u16>) -> anyhow::Result<String> {
    let port =
        port.with_context(|| format!("the platform at {url} has no CoAP: start it with --coap"))?;
    let authority = url.split("://").nth(1).unwrap_or(url);
    let authority = authority.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, rest)) if !rest.contains(']') => host,
        _ => authority,
    };
    Ok(format!("{host}:{port}"))
}

fn exchange(server: SocketAddr, device: &DeviceId, body: &[u8]) -> anyhow::Result<Packet> {
    let any = match server {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(any).context("cannot open a UDP socket")?;
    socket
        .connect(server)
        .with_context(|| format!("cannot reach coap://{server}"))?;
    let request = request(device, body)?;
    let bytes = request.to_bytes().context("the request")?;
    let mut patience = ACK_TIMEOUT;
    for _ in 0..=MAX_RETRANSMIT {
        socket.send(&bytes)?;
        if let Some(answer) = answer(&socket, &request, patience)? {
            return Ok(answer);
        }
        patience *= 2;
    }
    bail!("coap://{server} does not answer")
}

fn request(device: &DeviceId, body: &[u8]) -> anyhow::Result<Packet> {
    let mut random = [0; 6];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let mut packet = Packet::new();
    packet.header.set_type(MessageType::Confirmable);
    packet.header.code = MessageClass::Request(RequestType::Post);
    packet.header.message_id = u16::from_be_bytes([random[0], random[1]]);
    packet.set_token(random[2..].to_vec());
    for level in DeviceTopic::telemetry(device).levels() {
        packet.add_option(CoapOption::UriPath, level.as_bytes().to_vec());
    }
    let format = CONTENT_FORMAT_COSE_SIGN1.to_be_bytes();
    packet.add_option(CoapOption::ContentFormat, vec![format[1]]);
    packet.payload = body.to_vec();
    Ok(packet)
}

/// Waits for the answer to `request`; an empty acknowledgement means that it
/// comes by itself later.
fn answer(
    socket: &UdpSocket,
    request: &Packet,
    mut patience: Duration,
) -> anyhow::Result<Option<Packet>> {
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        socket.set_read_timeout(Some(patience))?;
        let length = match socket.recv(&mut buffer) {
            Ok(length) => length,
            Err(error) if is_timeout(&error) => return Ok(None),
            Err(error) => return Err(error).context("nothing listens there"),
        };
        let Ok(packet) = Packet::from_bytes(&buffer[..length]) else {
            continue;
        };
        if packet.header.code == MessageClass::Empty {
            if packet.header.message_id == request.header.message_id {
                patience = SEPARATE;
            }
            continue;
        }
        if packet.get_token() != request.get_token() {
            continue;
        }
        if packet.header.get_type() == MessageType::Confirmable {
            let mut acknowledgement = Packet::new();
            acknowledgement
                .header
                .set_type(MessageType::Acknowledgement);
            acknowledgement.header.code = MessageClass::Empty;
            acknowledgement.header.message_id = packet.header.message_id;
            if let Ok(bytes) = acknowledgement.to_bytes() {
                let _ = socket.send(&bytes);
            }
        }
        return Ok(Some(packet));
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}

/// The private key in a file.
pub(super) fn read_key(path: &Path) -> anyhow::Result<PrivateKey> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the key {}", path.display()))?;
    PrivateKey::read(&text).with_context(|| {
        format!(
            "{} holds no private key of Ed25519 or P-256 as a PKCS#8 PEM or a JSON Web Key",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_is_the_servers_host_at_the_port_that_it_tells() {
        for (url, found) in [
            ("http://127.0.0.1:8080", "127.0.0.1:5683"),
            ("https://madang.example.kr", "madang.example.kr:5683"),
            ("http://[::1]:8080/", "[::1]:5683"),
            ("http://[::1]", "[::1]:5683"),
        ] {
            assert_eq!(coap_of(url, Some(5683)).unwrap(), found);
        }
        assert!(coap_of("http://127.0.0.1", None).is_err());
    }
}
