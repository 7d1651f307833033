//! `madang demo`: the whole platform with simulated sensors, for a newcomer.
//!
//! The sensors are the simulator's, over real sockets; agencies, devices and
//! the developer's key are made through the open API, as anybody would.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::compose::Platform;
use crate::config::{ServeArgs, Settings};
use crate::runtime;

mod banner;
mod population;

#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    /// Address to listen on, where the browser is on another machine
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Simulated sensors
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    devices: u32,
    /// Folder of the data
    #[arg(long, value_name = "DIR", default_value = "madang-data/demo")]
    data: PathBuf,
    /// Written once everything listens, as by `serve`
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
}

pub fn run(args: DemoArgs) -> ExitCode {
    let settings = match Settings::from_args(serve_args(&args)) {
        Ok(settings) => settings,
        Err(error) => {
            super::complain(error);
            return ExitCode::from(2);
        }
    };
    super::report_logged(|| runtime::block_on(demo(args, settings)))
}

async fn demo(args: DemoArgs, settings: Settings) -> anyhow::Result<()> {
    let ready_file = settings.ready_file.clone();
    let data = args.data.clone();
    let platform = Platform::start(settings).await?;
    let doors = Doors::of(&platform, args.bind);
    let population = {
        let (doors, data, count) = (doors.clone(), data.clone(), args.devices);
        tokio::task::spawn_blocking(move || population::settle(&doors, &data, count)).await??
    };
    let fleet = population::Fleet::start(&doors, &population);
    banner::print(&doors, &population, &data);
    let ready = crate::ready::ReadyFile::write(ready_file, platform.addresses())?;
    let ended = platform.run(runtime::stop_signal()).await;
    fleet.stop();
    ready.remove();
    ended
}

/// How the demo's own parts and its user reach the platform.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    pub mqtt: SocketAddr,
    pub coap: SocketAddr,
    pub http: SocketAddr,
    /// The host in the printed addresses.
    pub shown: IpAddr,
}

impl Doors {
    fn of(platform: &Platform, bind: IpAddr) -> Self {
        let addresses = platform.addresses();
        let near = |name: &str| {
            let address = addresses.of(name).expect("the demo has every listener on");
            SocketAddr::new(reachable(bind), address.port())
        };
        Self {
            mqtt: near("mqtt"),
            coap: near("coap"),
            http: near("http"),
            shown: reachable(bind),
        }
    }
}

/// Nobody connects to "any address"; on this machine loopback stands for it.
fn reachable(bind: IpAddr) -> IpAddr {
    match bind {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        other => other,
    }
}

/// The usual ports, or any free ones where those are taken.
fn serve_args(args: &DemoArgs) -> ServeArgs {
    let at = |port: u16| Some(SocketAddr::new(args.bind, port).to_string());
    let tcp = |usual| {
        let free = TcpListener::bind(SocketAddr::new(args.bind, usual)).is_ok();
        at(if free { usual } else { 0 })
    };
    let coap_is_free = UdpSocket::bind(SocketAddr::new(args.bind, 5683)).is_ok();
    ServeArgs {
        data: Some(args.data.clone()),
        mqtt: tcp(1883),
        ws: tcp(8083),
        coap: at(if coap_is_free { 5683 } else { 0 }),
        http: tcp(8080),
        ready_file: args.ready_file.clone(),
        ..ServeArgs::default()
    }
}

/// Where the demo keeps what it must know again at the next start.
fn private_file(data: &Path, name: &str) -> PathBuf {
    data.join(name)
}
