//! A registered device, its key, and the ways it can speak.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use domain::{AgencyId, DatastreamId, DeviceId, DeviceTopic, ModelId, Timestamp};
use sdk::DeviceKey;
use sdk::api::{ApiClient, DatastreamFilter, NewDevice, Position, PublicKeyDocument};
use sdk::coap::SignedTelemetry;
use sdk::telemetry::ContentFormat;

use crate::{BareClient, TestPlatform};

pub const AGENCY: &str = "seoul";
/// What tests put into a token: the platform's usual name.
pub const AUDIENCE: &str = "madang";
const DAY: Duration = Duration::from_secs(24 * 3_600);

pub struct TestDevice {
    pub id: DeviceId,
    pub key: DeviceKey,
}

impl TestDevice {
    /// A key without a registration.
    pub fn unregistered(id: &str) -> Self {
        Self {
            id: DeviceId::new(id).unwrap(),
            key: DeviceKey::generate().unwrap(),
        }
    }

    /// A public one in Seoul; makes the agency where it is absent.
    pub fn register(platform: &TestPlatform, id: &str, model: &str) -> Self {
        let device = Self::unregistered(id);
        let operator = platform.operator();
        make_agency(&operator);
        operator
            .register_device(&device.registration(model))
            .unwrap();
        device
    }

    pub fn registration(&self, model: &str) -> NewDevice {
        let agency = AgencyId::new(AGENCY).unwrap();
        NewDevice {
            location: Some(Position {
                lat: 37.566_412_3,
                lon: 126.977_968_9,
            }),
            keys: vec![PublicKeyDocument::from(self.key.public_key())],
            visibility: Some("public".to_owned()),
            ..NewDevice::new(self.id.clone(), agency, ModelId::new(model).unwrap())
        }
    }

    pub fn topic(&self) -> String {
        DeviceTopic::telemetry(&self.id).to_string()
    }

    pub fn token(&self) -> String {
        self.token_at(now())
    }

    /// A token as it would have been made at `time`, for a day.
    pub fn token_at(&self, time: Timestamp) -> String {
        self.key.jwt(&self.id, AUDIENCE, time, DAY)
    }

    /// A connected MQTT 3.1.1 client.
    pub fn connect(&self, mqtt: SocketAddr) -> BareClient {
        let mut client = BareClient::open(mqtt).unwrap();
        let code = client.connect(self.id.as_str(), self.id.as_str(), &self.token());
        assert_eq!(code.unwrap(), 0, "{} is let in", self.id);
        client
    }

    /// The body of a CoAP POST.
    pub fn signed(&self, boot_epoch: u64, sequence: u64, senml: &[u8]) -> Vec<u8> {
        let message = SignedTelemetry {
            device: &self.id,
            boot_epoch,
            sequence,
            time: now(),
            format: ContentFormat::SenmlJson,
            payload: senml,
        };
        message.sign(&self.key).unwrap()
    }

    /// The number of its datastream for a field.
    pub fn datastream(&self, api: &ApiClient, field: &str) -> DatastreamId {
        let filter = DatastreamFilter {
            device: Some(self.id.to_string()),
            field: Some(field.to_owned()),
            ..DatastreamFilter::default()
        };
        let found = api.datastreams(&filter).next().expect("the field exists");
        found.unwrap().id
    }
}

pub fn make_agency(operator: &ApiClient) {
    match operator.create_agency(&AgencyId::new(AGENCY).unwrap(), "서울특별시") {
        Ok(_) => {}
        Err(error) => assert!(error.is_conflict(), "{error}"),
    }
}

pub fn now() -> Timestamp {
    platform::runtime::timestamp(std::time::SystemTime::now())
}

/// One CoAP exchange: a confirmable POST; gives the code (`2.04` is 0x44) and
/// the payload of the answer.
pub fn coap_post(server: SocketAddr, device: &str, message_id: u16, body: &[u8]) -> (u8, Vec<u8>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut request = vec![0x42, 0x02];
    request.extend_from_slice(&message_id.to_be_bytes());
    request.extend_from_slice(b"tk");
    // Uri-Path is option 11; two more follow; Content-Format is 12.
    push_option(&mut request, 11, b"devices");
    push_option(&mut request, 0, device.as_bytes());
    push_option(&mut request, 0, b"telemetry");
    push_option(&mut request, 1, &[18]);
    request.push(0xff);
    request.extend_from_slice(body);
    socket.send_to(&request, server).unwrap();
    let mut answer = [0; 2048];
    loop {
        let (length, _) = socket.recv_from(&mut answer).unwrap();
        let (code, token) = (answer[1], usize::from(answer[0] & 0x0f));
        // An empty ACK announces a separate answer.
        if code != 0 {
            return (code, payload(&answer[4 + token..length]));
        }
    }
}

fn push_option(out: &mut Vec<u8>, delta: u8, value: &[u8]) {
    if value.len() < 13 {
        out.push(delta << 4 | u8::try_from(value.len()).unwrap());
    } else {
        out.push(delta << 4 | 13);
        out.push(u8::try_from(value.len() - 13).unwrap());
    }
    out.extend_from_slice(value);
}

/// What stands after the options of an answer.
fn payload(mut rest: &[u8]) -> Vec<u8> {
    while let Some((&head, tail)) = rest.split_first() {
        if head == 0xff {
            return tail.to_vec();
        }
        let extra = |nibble: u8| match nibble {
            13 => 1,
            14 => 2,
            _ => 0,
        };
        let (delta, length) = (head >> 4, head & 0x0f);
        let value = match length {
            13 => usize::from(tail[extra(delta)]) + 13,
            n => usize::from(n),
        };
        rest = &tail[extra(delta) + extra(length) + value..];
    }
    Vec::new()
}
