//! `madang key`.

use clap::Subcommand;
use sdk::api::NewApplication;

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
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub fn run(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create {
            name,
            contact,
            server,
        } => {
            let application = NewApplication { name, contact };
            let created = server.anonymous()?.create_application(&application)?;
            eprintln!("application {}; its key is shown only now:", created.id);
            println!("{}", created.key.key);
        }
    }
    Ok(())
}
