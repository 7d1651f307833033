//! MQTT over WebSocket: devices, and pages in a browser with their own keys.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sdk::api::{ApiCredential, KeyKind, NewApplication, NewKeyRequest, ObservationQuery};
use tests::{BareClient, TestDevice, TestPlatform};
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

const PAGE: &str = "https://app.example";

/// A WebSocket as a stream of bytes: a write is a message.
struct Messages {
    socket: WebSocket<TcpStream>,
    rest: Vec<u8>,
}

impl Messages {
    /// As a page of `origin` would, or a program.
    fn open(address: SocketAddr, origin: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        let mut request =
            ClientRequestBuilder::new(format!("ws://{address}/mqtt").parse().unwrap())
                .with_sub_protocol("mqtt");
        if let Some(origin) = origin {
            request = request.with_header("Origin", origin);
        }
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Self {
            socket,
            rest: Vec::new(),
        }
    }
}

impl Read for Messages {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => self.rest = bytes.to_vec(),
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed) => return Ok(0),
                Ok(_) => {}
                Err(error) => return Err(io::Error::new(ErrorKind::ConnectionReset, error)),
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.socket.send(Message::binary(bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn publish(client: &mut BareClient<Messages>, device: &TestDevice, id: u16) {
    let payload = format!(r#"{{"pm25": {id}}}"#);
    client
        .publish(&device.topic(), id, payload.as_bytes())
        .unwrap();
    let acknowledged = client.read().unwrap();
    assert_eq!((acknowledged.kind(), acknowledged.id()), (4, id));
}

fn connect(device: &TestDevice, ws: SocketAddr) -> BareClient<Messages> {
    let mut client = BareClient::over(Messages::open(ws, None));
    let code = client.connect(device.id.as_str(), device.id.as_str(), &device.token());
    assert_eq!(code.unwrap(), 0);
    client
}

#[test]
fn a_device_publishes_over_web_socket() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut client = connect(&device, platform.address("ws"));
    publish(&mut client, &device, 1);
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let stored = api.observations(pm25, &ObservationQuery::default());
    assert_eq!(stored.collect_all().unwrap().len(), 1);
}

#[test]
fn a_page_reads_with_its_own_key_and_no_other_page_does() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let application = platform
        .anonymous()
        .create_application(&NewApplication {
            name: "watcher".to_owned(),
            contact: "dev@example.com".to_owned(),
        })
        .unwrap();
    let browsers = NewKeyRequest {
        kind: KeyKind::Publishable,
        origins: vec![PAGE.to_owned()],
    };
    let key = platform
        .client(ApiCredential::Bearer(application.key.key))
        .create_key(&application.id, &browsers)
        .unwrap()
        .key;
    let ws = platform.address("ws");
    for elsewhere in [None, Some("https://other.example")] {
        let mut client = BareClient::over(Messages::open(ws, elsewhere));
        // "Not authorised", as MQTT 3.1.1 says it.
        assert_eq!(client.connect("page", "page", &key).unwrap(), 5);
    }
    let mut page = BareClient::over(Messages::open(ws, Some(PAGE)));
    assert_eq!(page.connect("page", "page", &key).unwrap(), 0);
    assert_eq!(page.subscribe("devices/air-1/rejects").unwrap(), 0x80);
    assert_eq!(page.subscribe("open/seoul/#").unwrap(), 1);
    let mut sensor = connect(&device, ws);
    publish(&mut sensor, &device, 1);
    let delivered = page.read().unwrap();
    assert_eq!(delivered.kind(), 3);
    let body = String::from_utf8_lossy(&delivered.body);
    assert!(body.contains("open/seoul/safety/air/air-1/pm25"), "{body}");
    // A page reads only: 3.1.1 closes the connection of who publishes.
    page.publish("open/seoul/safety/air/air-1/pm25", 2, b"1")
        .unwrap();
    assert!(
        std::iter::repeat_with(|| page.read())
            .take(10)
            .any(|read| read.is_err())
    );
}
