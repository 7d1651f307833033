//! `madang demo`: the whole platform with simulated sensors, for a newcomer.
//!
//! City, agencies and river are invented, and every page says that the values
//! are simulated. The sensors are the simulator's, over real sockets; agencies,
//! boundaries, devices, the developer's key and a past week are made through
//! the open API and the devices' own logins, as anybody would.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::compose::Platform;
use crate::config::{Given, Settings};
use crate::reachability::{outward, reachable};
use crate::runtime;

mod banner;
mod fleet;
mod population;
mod story;

#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// Address to listen on, where the browser is on another machine
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The open API and the pages [default: port 8080 of --bind, or any where it is taken]
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<String>,
    /// MQTT [default: port 1883, likewise]
    #[arg(long, value_name = "ADDR:PORT")]
    mqtt: Option<String>,
    /// MQTT over WebSocket [default: port 8083, likewise]
    #[arg(long, value_name = "ADDR:PORT")]
    ws: Option<String>,
    /// CoAP [default: port 5683, likewise]
    #[arg(long, value_name = "ADDR:PORT")]
    coap: Option<String>,
    /// Simulated sensors
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    devices: u32,
    /// Days of the past that the first start makes
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=60))]
    days: u32,
    /// Folder of the data
    #[arg(long, value_name = "DIR", default_value = "madang-data/demo")]
    data: PathBuf,
    /// Written once everything listens, as by `serve`
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

pub fn run(args: DemoArgs) -> ExitCode {
    let listeners = match Listeners::of(&args) {
        Ok(listeners) => listeners,
        Err(error) => {
            super::complain(error);
            return ExitCode::from(2);
        }
    };
    let settings = match listeners.settings(&args).settings() {
        Ok(settings) => Settings {
            simulated: true,
            ..settings
        },
        Err(error) => {
            super::complain(error);
            return ExitCode::from(2);
        }
    };
    super::report_logged(|| runtime::block_on(demo(args, settings, listeners)))
}

async fn demo(args: DemoArgs, settings: Settings, listeners: Listeners) -> anyhow::Result<()> {
    story::refuse_older(&args.data)?;
    let ready_file = settings.observability.ready_file.clone();
    let platform = Platform::start(settings).await?;
    let endpoints = Endpoints::of(&platform, args.bind);
    let settled = {
        let (endpoints, data) = (endpoints.clone(), args.data.clone());
        tokio::task::spawn_blocking(move || {
            let story = story::Story::open(&data, args.days)?;
            population::settle(&endpoints, &data, args.devices, story)
        })
    };
    let population = tokio::select! {
        settled = settled => settled??,
        // What is missing of the past the next start makes.
        () = runtime::stop_signal() => return platform.run(std::future::ready(())).await,
    };
    let fleet = fleet::Fleet::start(&endpoints, &population);
    banner::print(
        &endpoints,
        &population,
        &args.data,
        &listeners.moved(&platform),
    );
    let ready = crate::ready::ReadyFile::write(ready_file, platform.addresses())?;
    let ended = platform.run(runtime::stop_signal()).await;
    fleet.stop();
    ready.remove();
    ended
}

/// How the demo's own parts and its user reach the platform.
#[derive(Debug, Clone)]
pub(super) struct Endpoints {
    pub mqtt: SocketAddr,
    pub coap: SocketAddr,
    pub http: SocketAddr,
    /// The host in the printed addresses.
    pub shown: IpAddr,
}

impl Endpoints {
    fn of(platform: &Platform, bind: IpAddr) -> Self {
        let addresses = platform.addresses();
        let near = |name: &str| {
            let address = addresses.of(name).expect("the demo has every listener on");
            SocketAddr::new(reachable(address.ip()), address.port())
        };
        let http = addresses.of("http").map_or(bind, |address| address.ip());
        Self {
            mqtt: near("mqtt"),
            coap: near("coap"),
            http: near("http"),
            shown: outward(http),
        }
    }
}

/// Where each listener is to listen, and whether that is its usual port.
struct Listeners(Vec<Listener>);

struct Listener {
    name: &'static str,
    usual: u16,
    /// `None`: the usual port of `--bind` is taken.
    at: Option<String>,
    bind: IpAddr,
}

impl Listener {
    /// Its address, or any free port where the usual one is taken.
    fn address(&self) -> String {
        let any = || SocketAddr::new(self.bind, 0).to_string();
        self.at.clone().unwrap_or_else(any)
    }
}

impl Listeners {
    fn of(args: &DemoArgs) -> Result<Self, String> {
        let wanted = [
            ("http", &args.http, 8080),
            ("mqtt", &args.mqtt, 1883),
            ("ws", &args.ws, 8083),
            ("coap", &args.coap, 5683),
        ];
        let mut listeners = Vec::new();
        for (name, given, usual) in wanted {
            if given.as_deref() == Some("off") {
                return Err(format!("--{name}: the demo needs every listener"));
            }
            let there = SocketAddr::new(args.bind, usual);
            let free = match name {
                "coap" => UdpSocket::bind(there).is_ok(),
                _ => TcpListener::bind(there).is_ok(),
            };
            listeners.push(Listener {
                name,
                usual,
                at: given.clone().or_else(|| free.then(|| there.to_string())),
                bind: args.bind,
            });
        }
        Ok(Self(listeners))
    }

    fn settings(&self, args: &DemoArgs) -> Given {
        let mut given = Given::default()
            .with("data", &args.data)
            .with("health-interval", "1");
        for listener in &self.0 {
            given = given.with(listener.name, listener.address());
        }
        match &args.ready_file {
            Some(path) => given.with("ready-file", path),
            None => given,
        }
    }

    /// A line for each whose usual port is taken: name, that port, and the one
    /// that it has.
    fn moved(&self, platform: &Platform) -> Vec<(&'static str, u16, u16)> {
        let taken = self.0.iter().filter(|listener| listener.at.is_none());
        taken
            .filter_map(|listener| {
                let address = platform.addresses().of(listener.name)?;
                Some((listener.name, listener.usual, address.port()))
            })
            .collect()
    }
}
