//! `madang device transfer`, `replace` and `decommission`.

use std::path::PathBuf;

use clap::Subcommand;
use domain::{AgencyId, DeviceId};
use sdk::api::OldCredentials;

use super::client::ServerArgs;
use super::device::keys;

#[derive(Subcommand)]
pub enum LifecycleCommand {
    /// Give a device to another agency, with its thing, its datastreams and its history
    Transfer {
        id: DeviceId,
        /// The agency that it goes to
        #[arg(long, value_name = "AGENCY")]
        to: AgencyId,
        /// Let it go on with the credentials that it has, which the former agency knows
        #[arg(long)]
        keep_credentials: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Register a new device in the place of a broken one, which goes out of service
    Replace {
        id: DeviceId,
        /// The new device's id
        new: DeviceId,
        /// The new device's key, as `madang device keygen` or openssl wrote it, or a JSON Web Key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Its public key where the private one is elsewhere: base64url, PEM or JSON Web Key, of Ed25519 or P-256
        #[arg(long, value_name = "KEY", conflicts_with = "key")]
        public_key: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take a device out of service, for good; what it sent stays
    Decommission {
        id: DeviceId,
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub(super) fn run(command: LifecycleCommand) -> anyhow::Result<()> {
    match command {
        LifecycleCommand::Transfer {
            id,
            to,
            keep_credentials,
            server,
        } => {
            let credentials = if keep_credentials {
                OldCredentials::Keep
            } else {
                OldCredentials::End
            };
            let device = server.operator()?.transfer_device(&id, &to, credentials)?;
            println!("{id} belongs to {} from now on", device.agency);
            Ok(())
        }
        LifecycleCommand::Replace {
            id,
            new,
            key,
            public_key,
            server,
        } => {
            let keys = keys(key.as_deref(), public_key)?;
            let device = server.operator()?.replace_device(&id, &new, &keys)?;
            println!("{new} serves {} in the place of {id}", device.thing);
            Ok(())
        }
        LifecycleCommand::Decommission { id, server } => {
            server.operator()?.decommission_device(&id)?;
            println!("{id} is out of service: it is disconnected, and refused from now on");
            Ok(())
        }
    }
}
