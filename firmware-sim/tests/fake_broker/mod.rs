//! An MQTT server on a real socket that acknowledges everything at QoS 1 and
//! 2, answers pings, and remembers what it got. It forwards nothing but to
//! subscribers of everything.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// One PUBLISH as it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Published {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

/// Client id; user name and password.
pub(crate) type Login = (String, Option<(String, String)>);

#[derive(Clone)]
pub(crate) struct FakeBroker {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    published: Mutex<Vec<Published>>,
    logins: Mutex<Vec<Login>>,
    subscribers: Mutex<Vec<TcpStream>>,
    /// Every connection that was taken.
    connections: Mutex<Vec<TcpStream>>,
    /// The next CONNECTs are answered by CONNACK 3, server unavailable.
    unavailable: AtomicUsize,
    /// Close each connection after so many publishes without acknowledging
    /// the last one; usize::MAX is never.
    break_after: AtomicUsize,
}

impl FakeBroker {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            break_after: AtomicUsize::new(usize::MAX),
            ..State::default()
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// Breaks the connections that come from now on after `publishes` each.
    pub(crate) fn break_after(&self, publishes: usize) {
        self.state.break_after.store(publishes, Ordering::SeqCst);
    }

    /// Turns away the next `count` CONNECTs.
    pub(crate) fn be_unavailable(&self, count: usize) {
        self.state.unavailable.store(count, Ordering::SeqCst);
    }

    /// Ends every connection, as a restart does.
    pub(crate) fn hang_up_all(&self) {
        for stream in self.state.connections.lock().unwrap().drain(..) {
            // One that its client has closed already is gone.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn published(&self) -> Vec<Published> {
        self.state.published.lock().unwrap().clone()
    }

    /// Of each CONNECT.
    pub(crate) fn logins(&self) -> Vec<Login> {
        self.state.logins.lock().unwrap().clone()
    }

    pub(crate) fn subscribers(&self) -> usize {
        self.state.subscribers.lock().unwrap().len()
    }
}

impl State {
    /// Whether this CONNECT is one of those to be turned away.
    fn turns_away(&self) -> bool {
        let less = |count: usize| count.checked_sub(1);
        self.unavailable
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }
}

fn serve(mut stream: TcpStream, state: &State) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let taken = stream.try_clone().ok()?;
    state.connections.lock().unwrap().push(taken);
    let mut left = state.break_after.load(Ordering::SeqCst);
    while let Some((first, body)) = packet(&mut stream) {
        match first >> 4 {
            1 => {
                state.logins.lock().unwrap().push(login(&body));
                let turned_away = state.turns_away();
                let code = if turned_away { 3 } else { 0 };
                stream.write_all(&[0x20, 2, 0, code]).ok()?;
                if turned_away {
                    return hang_up(&mut stream);
                }
            }
            3 => {
                let qos = first >> 1 & 3;
                let (topic, rest) = text(&body);
                let (id, payload) = rest.split_at(if qos == 0 { 0 } else { 2 });
                left -= 1;
                if left == 0 {
                    return hang_up(&mut stream);
                }
                forward(state, &topic, payload);
                state.published.lock().unwrap().push(Published {
                    topic,
                    payload: payload.to_vec(),
                });
                match qos {
                    1 => stream.write_all(&[0x40, 2, id[0], id[1]]).ok()?,
                    2 => stream.write_all(&[0x50, 2, id[0], id[1]]).ok()?,
                    _ => {}
                }
            }
            6 => stream.write_all(&[0x70, 2, body[0], body[1]]).ok()?,
            8 => {
                stream.write_all(&[0x90, 3, body[0], body[1], 0]).ok()?;
                state
                    .subscribers
                    .lock()
                    .unwrap()
                    .push(stream.try_clone().ok()?);
            }
            12 => stream.write_all(&[0xd0, 0]).ok()?,
            _ => return None,
        }
    }
    None
}

/// Closes so that what was acknowledged still arrives: unread bytes would make
/// the kernel reset the connection, and take the acknowledgements with it.
fn hang_up(stream: &mut TcpStream) -> Option<()> {
    stream.shutdown(Shutdown::Write).ok()?;
    let mut rest = [0; 4_096];
    while stream.read(&mut rest).ok()? > 0 {}
    None
}

fn forward(state: &State, topic: &str, payload: &[u8]) {
    let mut packet = vec![0x30];
    let mut length = 2 + topic.len() + payload.len();
    while length >= 128 {
        packet.push((length % 128) as u8 | 0x80);
        length /= 128;
    }
    packet.push(length as u8);
    packet.extend_from_slice(&(topic.len() as u16).to_be_bytes());
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(payload);
    for subscriber in state.subscribers.lock().unwrap().iter_mut() {
        let _ = subscriber.write_all(&packet);
    }
}

fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte).ok()?;
    let first = byte[0];
    let (mut length, mut shift) = (0usize, 0);
    loop {
        stream.read_exact(&mut byte).ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((first, body))
}

fn text(bytes: &[u8]) -> (String, &[u8]) {
    let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let (text, rest) = bytes[2..].split_at(length);
    (String::from_utf8(text.to_vec()).unwrap(), rest)
}

fn login(body: &[u8]) -> Login {
    let flags = body[7];
    let (client, rest) = text(&body[10..]);
    let credentials = (flags & 0xc0 == 0xc0).then(|| {
        let (user, rest) = text(rest);
        (user, text(rest).0)
    });
    (client, credentials)
}
