//! `madang agency`.

use clap::Subcommand;
use domain::AgencyId;

use super::client::ServerArgs;

#[derive(Subcommand)]
pub enum AgencyCommand {
    /// Add an agency, as `madang agency add seoul --name 서울특별시`
    Add {
        /// A-Z a-z 0-9 . _ ~ -, at most 64
        id: AgencyId,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the agencies
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub fn run(command: AgencyCommand) -> anyhow::Result<()> {
    match command {
        AgencyCommand::Add { id, name, server } => {
            let agency = server.operator()?.create_agency(&id, &name)?;
            println!("{}\t{}", agency.id, agency.name);
        }
        AgencyCommand::List { server } => {
            for agency in server.operator()?.agencies() {
                let agency = agency?;
                println!("{}\t{}", agency.id, agency.name);
            }
        }
    }
    Ok(())
}
