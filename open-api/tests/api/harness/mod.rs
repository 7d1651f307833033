//! A platform on a port of its own, and a client that never hides a status.

mod clock;
mod events;
mod reply;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use device_registry::{Actor, Registry};
use domain::Timestamp;
use health::{Fleet, Observer, Pass};
use http_edge::limits::HttpLimits;
use http_edge::request::TrustedProxies;
use ingest::{Clock, Config, Ingest, SystemClock};
use open_api::{
    ApiParts, ApiState, Connections, LoginPolicy, NoConnections, PlatformInfo, Quotas, serve,
};
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub(crate) use self::clock::TestClock;
pub(crate) use self::events::Events;
pub(crate) use self::reply::Reply;

/// Long enough for a machine under load.
const DEADLINE: Duration = Duration::from_secs(60);

/// What a test may want otherwise than usual.
pub(crate) struct Setup {
    pub(crate) quotas: Quotas,
    pub(crate) trusted_proxies: &'static str,
    pub(crate) segment_bytes: u64,
    pub(crate) log_budget_bytes: u64,
    pub(crate) flush_rows: usize,
    pub(crate) tls: Option<Arc<ArcSwap<ServerConfig>>>,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) limits: HttpLimits,
    pub(crate) public_url: Option<&'static str>,
    pub(crate) metrics_token: Option<&'static str>,
    pub(crate) login: LoginPolicy,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            quotas: Quotas::default(),
            trusted_proxies: "",
            segment_bytes: 4 << 20,
            log_budget_bytes: 1 << 30,
            flush_rows: 1_000_000,
            tls: None,
            connections: Arc::new(NoConnections),
            limits: HttpLimits::default(),
            public_url: None,
            metrics_token: None,
            login: LoginPolicy::default(),
        }
    }
}

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) token: String,
    ingest: Ingest,
    fleet: Arc<Fleet>,
    passwords: parking_lot::Mutex<HashMap<String, String>>,
    names: AtomicU32,
    /// Who changed the registry, in order.
    actors: Arc<parking_lot::Mutex<Vec<Actor>>>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Platform {
    pub(crate) fn start() -> Self {
        Self::with(Quotas::default(), "")
    }

    pub(crate) fn with(quotas: Quotas, trusted_proxies: &'static str) -> Self {
        Self::set_up(Setup {
            quotas,
            trusted_proxies,
            ..Setup::default()
        })
    }

    pub(crate) fn set_up(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::<TestClock>::default();
        let of_registry = Arc::clone(&clock);
        let registry = Registry::open(folder.path(), move || of_registry.now()).unwrap();
        let registry = Arc::new(registry);
        let actors = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let told = Arc::clone(&actors);
        registry.on_durable(move |changed| told.lock().push(changed.actor.clone()));
        let config = Config {
            segment_bytes: setup.segment_bytes,
            log_budget_bytes: setup.log_budget_bytes,
            flush_rows: setup.flush_rows,
            ..Config::new(folder.path())
        };
        let of_plane: Arc<dyn Clock> = Arc::<TestClock>::clone(&clock);
        let ingest = Ingest::open(config, Arc::clone(&registry), of_plane).unwrap();
        let token = std::fs::read_to_string(folder.path().join("admin.token")).unwrap();
        let fleet = Arc::<Fleet>::default();
        let state = ApiState::new(ApiParts {
            fleet: Arc::clone(&fleet),
            sign_on: None,
            supervisor: supervisor::Supervisor::default(),
            registry: Arc::clone(&registry),
            ingest: ingest.clone(),
            platform: PlatformInfo {
                version: "0.0.0-test".to_owned(),
                public_key: [7; 32],
                es256_public_key: [4; 65],
                audience: "madang".to_owned(),
                public_url: setup.public_url.map(str::to_owned),
                listeners: vec![("mqtt".to_owned(), 1883)],
                simulated: false,
            },
            connections: setup.connections,
            backups: Arc::new(open_api::NoBackups),
            trusted_proxies: setup.trusted_proxies.parse::<TrustedProxies>().unwrap(),
            quotas: setup.quotas,
            limits: setup.limits,
            metrics_token: setup.metrics_token.map(str::to_owned),
            login: setup.login,
            enrolments: Arc::new(open_api::Enrolments::new(Arc::clone(&registry))),
            clock: Arc::<TestClock>::clone(&clock),
            export_folder: folder.path().join("export"),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let shutdown = async {
                    let _ = stopped.await;
                };
                serve(listener, setup.tls, state, shutdown).await.unwrap();
            });
        });
        Self {
            address,
            registry,
            clock,
            token: token.trim().to_owned(),
            ingest,
            fleet,
            passwords: parking_lot::Mutex::default(),
            names: AtomicU32::new(0),
            actors,
            stop: Some(stop),
            served: Some(served),
            _folder: folder,
        }
    }

    /// Who has changed the registry since it was asked last.
    pub(crate) fn actors(&self) -> Vec<Actor> {
        std::mem::take(&mut *self.actors.lock())
    }

    /// Works out the health of all devices, as the platform does now and then.
    pub(crate) fn look_at_all_devices(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(self.ingest.caught_up());
        let snapshot = self.registry.snapshot();
        let observer = Observer {
            plane: &self.ingest,
            snapshot: &snapshot,
            now: self.clock.now(),
        };
        let mut pass = Pass::begin(&self.fleet);
        while pass.step(&observer, 8) {}
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("http://{}{path}", self.address)
    }

    /// A request of nobody in particular.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    /// A request of the operator.
    pub(crate) fn operator(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(|body| body.to_string().into_bytes());
        self.send(method, path, &headers, body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send("POST", path, &headers, Some(body.to_string().into_bytes()))
    }

    /// A photo by somebody who proves itself with `proof`.
    pub(crate) fn photograph(&self, path: &str, proof: (&str, &str)) -> Reply {
        let headers = [proof, ("content-type", "image/jpeg")];
        self.send("POST", path, &headers, Some(JPEG.to_vec()))
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Reply {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(DEADLINE))
            .allow_non_standard_methods(true)
            .build()
            .new_agent();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => agent.run(request.body(body).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = response.body_mut().with_config().limit(64 << 20);
        let bytes = body.read_to_vec().unwrap();
        Reply {
            line: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers,
            // A picture's bytes are none: its status and its headers tell.
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// An agency of its own for each call.
    pub(crate) fn agency(&self) -> String {
        let id = format!("agency-{}", self.names.fetch_add(1, Ordering::Relaxed));
        let body = json!({"id": id, "name": "서울특별시"});
        self.operator("POST", "/v1/agencies", Some(body))
            .expect(201);
        id
    }

    /// A device whose members come on top of id, agency and model.
    pub(crate) fn device(&self, id: &str, agency: &str, model: &str, more: &Value) -> Value {
        let mut body = json!({"id": id, "agency": agency, "model": model});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let device = self.operator("POST", "/v1/devices", Some(body)).expect(201);
        let made = self
            .operator("POST", &format!("/v1/devices/{id}/password"), None)
            .expect(201);
        let password = made["password"].as_str().unwrap().to_owned();
        self.passwords.lock().insert(id.to_owned(), password);
        device
    }

    /// A public device with an agency of its own.
    pub(crate) fn public_device(&self, id: &str, model: &str) -> Value {
        let agency = self.agency();
        let more =
            json!({"visibility": "public", "location": {"lat": 37.566_412, "lon": 126.977_968}});
        self.device(id, &agency, model, &more)
    }

    /// Telemetry by the device's password.
    pub(crate) fn publish(&self, id: &str, payload: &Value) -> Reply {
        self.publish_at(&format!("/v1/devices/{id}/telemetry"), id, payload)
    }

    /// The same at a path that may be another's.
    pub(crate) fn publish_at(&self, path: &str, sender: &str, payload: &Value) -> Reply {
        let basic = self.basic(sender);
        let headers = [
            ("authorization", basic.as_str()),
            ("content-type", "application/json"),
        ];
        let payload = payload.to_string().into_bytes();
        self.send("POST", path, &headers, Some(payload))
    }

    /// A password that a test made by itself.
    pub(crate) fn knows(&self, id: &str, password: &str) {
        self.passwords
            .lock()
            .insert(id.to_owned(), password.to_owned());
    }

    /// The body of a file that is no text.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let mut response = ureq::get(self.url(path)).call().unwrap();
        response.body_mut().read_to_vec().unwrap()
    }

    pub(crate) fn basic(&self, id: &str) -> String {
        let password = self.passwords.lock()[id].clone();
        format!("Basic {}", STANDARD.encode(format!("{id}:{password}")))
    }

    /// The number of a device's datastream.
    pub(crate) fn datastream(&self, device: &str, field: &str) -> u64 {
        let path = format!("/v1/datastreams?device={device}&field={field}");
        let list = self.operator("GET", &path, None).expect(200);
        list["items"][0]["id"].as_u64().unwrap()
    }

    /// All items of a list, page by page.
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.operator("GET", &path, None).expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(str::to_owned);
        }
        items
    }

    pub(crate) fn stream(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        // HTTP/1.0 has no chunks: what comes are the events alone.
        let mut request = format!("GET {path} HTTP/1.0\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut lines = BufReader::new(socket);
        let mut status = String::new();
        lines.read_line(&mut status).unwrap();
        assert!(status.contains(" 200 "), "{path}: {status}");
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        // The greeting, which the first event ends: from here on, what is applied
        // will come.
        for greeting in ["retry: 2000\n", ": welcome\n"] {
            line.clear();
            lines.read_line(&mut line).unwrap();
            assert_eq!(line, greeting);
        }
        Events { lines }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(served) = self.served.take() {
            let _ = served.join();
        }
    }
}

/// A picture of 8 by 8 pixels, with a place in its EXIF.
const JPEG: &[u8] = b"\xff\xd8\xff\xe1\x00\x16Exif\0\0GPS 37.5665,12\
\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00\
\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00ab\xff\xd9";

/// A time to come, as long as a batch may last.
pub(crate) fn in_a_year() -> String {
    let now = SystemClock.now().as_micros();
    Timestamp::from_micros(now + 365 * 86_400_000_000).to_rfc3339()
}
