//! `madang device`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;
use domain::{AgencyId, DeviceId, ModelId, Timestamp};
use sdk::DeviceKey;
use sdk::api::{Device, DeviceFilter, NewDevice, Position, PublicKeyDocument};

use super::client::ServerArgs;
use super::device_import::{self, ImportArgs};
use super::device_lifecycle::{self, LifecycleCommand};
use super::device_send::{self, SendArgs, read_key};
use super::{device_connection, device_watch};

/// A day is the longest that a token may live.
const TOKEN_HOURS: u64 = 24;

#[derive(Subcommand)]
pub enum DeviceCommand {
    /// Make an Ed25519 key for a device; the private half is written to a file, the public half printed
    Keygen {
        /// Written with mode 0600
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Register a device
    Add {
        /// A-Z a-z 0-9 . _ ~ -, at most 64
        id: DeviceId,
        #[arg(long)]
        agency: AgencyId,
        /// As traffic.flow
        #[arg(long)]
        model: ModelId,
        #[arg(long, default_value = "")]
        name: String,
        /// Degrees north
        #[arg(long, requires = "lon", allow_negative_numbers = true)]
        lat: Option<f64>,
        /// Degrees east
        #[arg(long, requires = "lat", allow_negative_numbers = true)]
        lon: Option<f64>,
        /// The device's key, as `madang device keygen` or openssl wrote it, or a JSON Web Key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Its public key where the private one is elsewhere: base64url, PEM or JSON Web Key, of Ed25519 or P-256
        #[arg(long, value_name = "KEY", conflicts_with = "key")]
        public_key: Option<String>,
        /// Its certificate, PEM, by whose key it logs in over MQTT with TLS: of Ed25519, P-256, P-384 or RSA
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// Make a password and show it once, for firmware that can do nothing else
        #[arg(long)]
        password: bool,
        /// Anybody may read its observations
        #[arg(long)]
        public: bool,
        /// The device that may publish for it, of the same agency; it then needs no credential of its own
        #[arg(long, value_name = "ID")]
        gateway: Option<DeviceId>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Register many devices from a file, with the line, the reason and the cure of each that cannot be
    Import(ImportArgs),
    /// List the devices
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show one device
    Show {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show whether and how a device is connected, and what went wrong last
    Connection {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Shut a device out at once, for good
    Revoke {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
    #[command(flatten)]
    Lifecycle(LifecycleCommand),
    /// Follow live why a device does not connect, and what is refused of its messages
    Watch {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Send one message for a device over CoAP, signed with its key, and check the platform's receipt
    Send(SendArgs),
    /// List what was refused of a device's messages, and why: the last 1,000
    Quarantine {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make the JWT that a device sends as its MQTT password
    Token {
        id: DeviceId,
        /// The device's key, as `madang device keygen` or openssl wrote it, or a JSON Web Key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[arg(long, default_value = "madang")]
        audience: String,
        /// At most 24
        #[arg(long, default_value_t = TOKEN_HOURS, value_parser = clap::value_parser!(u64).range(1..=TOKEN_HOURS))]
        hours: u64,
    },
}

pub fn run(command: DeviceCommand) -> anyhow::Result<()> {
    match command {
        DeviceCommand::Keygen { out } => keygen(&out),
        DeviceCommand::Add {
            id,
            agency,
            model,
            name,
            lat,
            lon,
            key,
            public_key,
            certificate,
            password,
            public,
            gateway,
            server,
        } => {
            let certificate = certificate.as_deref().map(read_certificate).transpose()?;
            let mut keys = keys(key.as_deref(), public_key)?;
            keys.extend(certificate);
            let device = NewDevice {
                location: lat.zip(lon).map(|(lat, lon)| Position { lat, lon }),
                keys,
                visibility: public.then(|| "public".to_owned()),
                name: (!name.is_empty()).then_some(name),
                gateway,
                ..NewDevice::new(id, agency, model)
            };
            add(&server, &device, password)
        }
        DeviceCommand::Import(args) => device_import::run(&args),
        DeviceCommand::List { server } => list(&server),
        DeviceCommand::Show { id, server } => {
            show(&server.operator()?.device(&id)?);
            Ok(())
        }
        DeviceCommand::Connection { id, server } => {
            device_connection::show(&server.operator()?.device_connection(&id)?);
            Ok(())
        }
        DeviceCommand::Revoke { id, server } => {
            server.operator()?.revoke_device(&id)?;
            println!("{id} is revoked: it is disconnected, and refused from now on");
            Ok(())
        }
        DeviceCommand::Lifecycle(command) => device_lifecycle::run(command),
        DeviceCommand::Send(args) => device_send::run(&args),
        DeviceCommand::Watch { id, server } => device_watch::watch(&server, &id),
        DeviceCommand::Quarantine { id, server } => device_watch::quarantine(&server, &id),
        DeviceCommand::Token {
            id,
            key,
            audience,
            hours,
        } => token(&id, &key, &audience, hours),
    }
}

fn keygen(out: &Path) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let key = DeviceKey::generate()?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("cannot write {}", out.display()))?;
    file.write_all(key.to_pkcs8_pem().as_bytes())?;
    file.sync_all()?;
    println!("{}", key.public_key_base64url());
    Ok(())
}

pub(super) fn keys(
    file: Option<&Path>,
    public: Option<String>,
) -> anyhow::Result<Vec<PublicKeyDocument>> {
    let key = match (file, public) {
        (Some(file), _) => read_key(file)?.public_key(),
        // Its form tells the algorithm.
        (None, Some(public_key)) => PublicKeyDocument {
            alg: String::new(),
            public_key,
        },
        (None, None) => return Ok(Vec::new()),
    };
    Ok(vec![key])
}

/// The first certificate of a file, and nothing else of it: a private key may stand
/// beside it.
fn read_certificate(file: &Path) -> anyhow::Result<PublicKeyDocument> {
    const END: &str = "-----END CERTIFICATE-----";
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificate = || {
        let begin = text.find("-----BEGIN CERTIFICATE-----")?;
        let length = text[begin..].find(END)? + END.len();
        Some(text[begin..begin + length].to_owned())
    };
    Ok(PublicKeyDocument {
        alg: String::new(),
        public_key: certificate()
            .with_context(|| format!("{} holds no certificate (PEM)", file.display()))?,
    })
}

fn add(server: &ServerArgs, device: &NewDevice, password: bool) -> anyhow::Result<()> {
    if device.keys.is_empty() && !password && device.gateway.is_none() {
        bail!(
            "a device needs something to prove itself with: give --key, --public-key, --certificate or \
             --password, or with --gateway the device that publishes for it"
        );
    }
    let operator = server.operator()?;
    let registered = operator.register_device(device)?;
    eprintln!("{} is registered as {}", registered.id, registered.model);
    if password {
        let made = operator.make_password(&device.id, &[])?;
        eprintln!("its password is shown only now:");
        println!("{}", made.password);
    }
    Ok(())
}

fn list(server: &ServerArgs) -> anyhow::Result<()> {
    for device in server.operator()?.devices(&DeviceFilter::default()) {
        let device = device?;
        println!(
            "{}\t{}\t{}\t{}\t{}",
            device.id, device.agency, device.model, device.status, device.name
        );
    }
    Ok(())
}

fn show(device: &Device) {
    println!("id         {}", device.id);
    println!("name       {}", device.name);
    println!("agency     {}", device.agency);
    println!("model      {}", device.model);
    println!("status     {}", device.status);
    if let Some(gateway) = &device.gateway {
        println!("gateway    {gateway}");
    }
    if let Some(place) = &device.location {
        println!("location   {}, {}", place.lat, place.lon);
    }
    match device.last_seen {
        Some(time) => println!("last seen  {time}"),
        None => println!(
            "last seen  never; `madang device watch {}` tells why",
            device.id
        ),
    }
    for credential in &device.credentials {
        println!(
            "credential {} {} {}",
            credential.id,
            credential.kind,
            credential.alg.as_deref().unwrap_or_default()
        );
    }
}

fn token(device: &DeviceId, key: &Path, audience: &str, hours: u64) -> anyhow::Result<()> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let now = Timestamp::from_micros(i64::try_from(now.as_micros())?);
    let lifetime = Duration::from_secs(hours * 3_600);
    println!("{}", read_key(key)?.jwt(device, audience, now, lifetime));
    Ok(())
}
