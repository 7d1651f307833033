//! `madang agency`.

use clap::Subcommand;
use domain::{AgencyId, ModelId};
use sdk::api::Agency;

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
    /// Say how many days the agency's data of a model is kept, as `madang agency
    /// keep seoul traffic.flow 400`; without a number: as the model says
    Keep {
        id: AgencyId,
        model: ModelId,
        /// 1 to 36500; what is older goes soon, by whole days
        days: Option<u32>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the agencies, and how long they keep what they do not keep as the
    /// models say
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub fn run(command: AgencyCommand) -> anyhow::Result<()> {
    match command {
        AgencyCommand::Add { id, name, server } => {
            tell(&server.operator()?.create_agency(&id, &name)?);
        }
        AgencyCommand::Keep {
            id,
            model,
            days,
            server,
        } => tell(&server.operator()?.keep_days(&id, &model, days)?),
        AgencyCommand::List { server } => {
            for agency in server.operator()?.agencies() {
                tell(&agency?);
            }
        }
    }
    Ok(())
}

fn tell(agency: &Agency) {
    let kept: Vec<String> = agency
        .retention_days
        .iter()
        .map(|(model, days)| format!("{model} {days} days"))
        .collect();
    println!("{}\t{}\t{}", agency.id, agency.name, kept.join(", "));
}
