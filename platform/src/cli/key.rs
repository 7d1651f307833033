//! `madang key`.

use clap::Subcommand;
use sdk::api::{ApiCredential, KeyKind, NewApplication, NewKeyRequest};

use super::client::ServerArgs;

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Add an application of a developer and print its API key, once
    Create {
        /// The application's name
        name: String,
        /// How its developer is reached, as an address for mail
        #[arg(long)]
        contact: String,
        /// Print a key for browsers in its place, which only reads and only works from pages of
        /// this origin, as https://app.example.kr; may stand several times
        #[arg(long, value_name = "ORIGIN")]
        origin: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub fn run(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create {
            name,
            contact,
            origin,
            server,
        } => {
            let application = NewApplication { name, contact };
            let api = server.anonymous()?;
            let created = api.create_application(&application)?;
            if origin.is_empty() {
                eprintln!("application {}; its key is shown only now:", created.id);
                println!("{}", created.key.key);
                return Ok(());
            }
            let of_pages = NewKeyRequest {
                kind: KeyKind::Publishable,
                origins: origin,
            };
            let secret = ApiCredential::Bearer(created.key.key.clone());
            let issued = api
                .with_credential(&secret)
                .create_key(&created.id, &of_pages)?;
            eprintln!(
                "application {}; its secret key {} is shown only now, and its key for browsers:",
                created.id, created.key.key
            );
            println!("{}", issued.key);
        }
    }
    Ok(())
}
