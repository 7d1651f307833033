//! A time-series store of a page: takes the line protocol over HTTP/1.1, keeps
//! points in memory, and fails as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::parser::{self, FieldValue, ParsedLine};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct PointKey {
    /// Measurement and tags.
    pub(crate) series: String,
    pub(crate) field: String,
    pub(crate) time: i64,
}

pub(crate) type Points = BTreeMap<PointKey, FieldValue>;

/// A request for writing, as it came.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// Of the body before it was unpacked.
    pub(crate) packed_bytes: usize,
    pub(crate) text: String,
    pub(crate) lines: Vec<ParsedLine>,
    pub(crate) at: Instant,
}

/// What the store does with a request.
pub(crate) enum Reply {
    /// Takes the lines: 204.
    Take,
    /// The same, and ends the connection as its answer says.
    TakeAndClose,
    /// Takes nothing and says why.
    Status(u16, Vec<(&'static str, String)>),
    /// Takes nothing, and ends the connection as its answer says.
    Close(u16),
    /// Ends the connection without an answer.
    Reset,
    /// Takes the lines and ends the connection without an answer.
    TakeAndReset,
}

type Behaviour = Box<dyn FnMut(&Request) -> Reply + Send>;

struct State {
    points: Points,
    /// Points and when they were taken: what a kill loses is the newest.
    taken: Vec<(Instant, ParsedLine)>,
    requests: Vec<Request>,
    behaviour: Behaviour,
    /// What `/metrics` tells of the start of the process.
    started: Option<u64>,
}

struct Shared {
    state: Mutex<State>,
    connections: Mutex<Vec<TcpStream>>,
    down: AtomicBool,
}

pub(crate) struct Store {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Store {
    /// Takes everything, and tells nothing of itself.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut store = Self {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    points: Points::new(),
                    taken: Vec::new(),
                    requests: Vec::new(),
                    behaviour: Box::new(|_| Reply::Take),
                    started: None,
                }),
                connections: Mutex::default(),
                down: AtomicBool::new(false),
            }),
            acceptor: None,
        };
        store.accept(listener);
        store
    }

    /// One whose `/metrics` tells when it started.
    pub(crate) fn with_start_time() -> Self {
        let store = Self::new();
        store.shared.state.lock().unwrap().started = Some(1);
        store
    }

    /// Tells that it started then.
    pub(crate) fn tell_start(&self, seconds: u64) {
        self.shared.state.lock().unwrap().started = Some(seconds);
    }

    pub(crate) fn behaving(behaviour: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let store = Self::new();
        store.behave(behaviour);
        store
    }

    pub(crate) fn behave(&self, behaviour: impl FnMut(&Request) -> Reply + Send + 'static) {
        self.shared.state.lock().unwrap().behaviour = Box::new(behaviour);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn points(&self) -> Points {
        let mut points = self.shared.state.lock().unwrap().points.clone();
        // The line that proves the settings.
        points.retain(|key, _| key.series != "madang.feed,agency=madang,thing=feed");
        points
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// SIGKILL: connections break, and what was taken within `lost` is gone.
    pub(crate) fn kill(&mut self, lost: Duration) {
        self.shared.down.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which closes the port.
        let _ = TcpStream::connect(self.address);
        self.acceptor.take().unwrap().join().unwrap();
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let mut state = self.shared.state.lock().unwrap();
        let now = Instant::now();
        state.taken.retain(|(at, _)| now - *at > lost);
        let kept: Vec<ParsedLine> = state.taken.iter().map(|(_, line)| line.clone()).collect();
        state.points.clear();
        for line in &kept {
            state.put(line);
        }
        state.started = state.started.map(|started| started + 1);
    }

    /// Up again on the same port, with what was not lost.
    pub(crate) fn start_again(&mut self) {
        self.shared.down.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).unwrap();
        self.accept(listener);
    }

    fn accept(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        self.acceptor = Some(std::thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.down.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(connection) = connection else { continue };
                let known = connection.try_clone().unwrap();
                shared.connections.lock().unwrap().push(known);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&shared, &connection));
            }
        }));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.acceptor.is_some() {
            self.kill(Duration::ZERO);
        }
    }
}

impl State {
    fn put(&mut self, line: &ParsedLine) {
        let mut series = line.measurement.clone();
        for (key, value) in &line.tags {
            series.push_str(&format!(",{key}={value}"));
        }
        for (field, value) in &line.fields {
            let key = PointKey {
                series: series.clone(),
                field: field.clone(),
                time: line.time,
            };
            self.points.insert(key, value.clone());
        }
    }

    fn take(&mut self, lines: &[ParsedLine]) {
        let now = Instant::now();
        for line in lines {
            self.put(line);
            self.taken.push((now, line.clone()));
        }
    }
}

fn serve(shared: &Shared, connection: &TcpStream) {
    let mut reader = BufReader::new(connection);
    while let Some((method, request)) = read_request(&mut reader) {
        let mut state = shared.state.lock().unwrap();
        if shared.down.load(Ordering::SeqCst) {
            return;
        }
        let answer = if method == "GET" {
            match state.started {
                Some(started) => {
                    let body = format!("process_start_time_seconds {started}\n");
                    response(200, &[], &body)
                }
                None => response(404, &[], "no metrics"),
            }
        } else {
            state.requests.push(request.clone());
            match (state.behaviour)(&request) {
                Reply::Take => {
                    state.take(&request.lines);
                    response(204, &[], "")
                }
                Reply::TakeAndClose => {
                    state.take(&request.lines);
                    return last_answer(connection, 204);
                }
                Reply::Close(status) => return last_answer(connection, status),
                Reply::Status(status, headers) => response(status, &headers, "told so"),
                Reply::TakeAndReset => {
                    state.take(&request.lines);
                    let _ = connection.shutdown(Shutdown::Both);
                    return;
                }
                Reply::Reset => {
                    let _ = connection.shutdown(Shutdown::Both);
                    return;
                }
            }
        };
        drop(state);
        let mut writer = connection;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Ends the connection, as it says.
fn last_answer(mut connection: &TcpStream, status: u16) {
    let answer = response(status, &[("Connection", "close".to_owned())], "");
    // Whoever asked may have gone.
    let _ = connection.write_all(answer.as_bytes());
    let _ = connection.shutdown(Shutdown::Write);
}

fn response(status: u16, headers: &[(&'static str, String)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status} Told\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if status != 204 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}")
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<(String, Request)> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut packed = vec![0; length];
    reader.read_exact(&mut packed).ok()?;
    let mut text = String::new();
    let mut lines = Vec::new();
    if method == "POST" {
        assert_eq!(headers["content-encoding"], "gzip");
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        lines = parser::lines(&text).unwrap_or_else(|error| panic!("{error}"));
    }
    let request = Request {
        path,
        headers,
        packed_bytes: length,
        text,
        lines,
        at: Instant::now(),
    };
    Some((method, request))
}
