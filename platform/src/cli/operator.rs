//! `madang operator`.

use std::str::FromStr;

use clap::Subcommand;
use domain::{AgencyId, PersonId};
use sdk::api::{ApiClient, NewOperator, Operator, RoleGrant};

use super::client::ServerArgs;

#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Add a person's account and print its invitation, once: as `madang operator add kim --name
    /// 김민수 --agency seoul --role operator@seoul`
    Add {
        /// The login name: a-z 0-9 . _ -, at most 64
        id: PersonId,
        #[arg(long)]
        name: String,
        /// The agency whose administrators look after the person; without it the platform's do
        #[arg(long)]
        agency: Option<AgencyId>,
        /// viewer, installer, operator or agency-administrator at an agency, auditor at one or for
        /// the whole platform, or platform-administrator; may stand several times
        #[arg(long, value_name = "ROLE[@AGENCY]")]
        role: Vec<RoleArgument>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the people with accounts, and their roles
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Log a person out and let it log in no more
    Disable {
        id: PersonId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let a disabled person log in again
    Enable {
        id: PersonId,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Print an invitation to set a new password, once; the one so far is no longer valid
    Invite {
        id: PersonId,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// As `operator@seoul` or `auditor`; the server knows which roles there are.
#[derive(Clone)]
pub struct RoleArgument(RoleGrant);

impl FromStr for RoleArgument {
    type Err = domain::IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (role, agency) = match text.split_once('@') {
            Some((role, agency)) => (role, Some(AgencyId::new(agency)?.to_string())),
            None => (text, None),
        };
        let role = role.to_owned();
        Ok(Self(RoleGrant { role, agency }))
    }
}

pub fn run(command: OperatorCommand) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Add {
            id,
            name,
            agency,
            role,
            server,
        } => {
            let api = server.operator()?;
            let new = NewOperator {
                id: id.clone(),
                name,
                agency,
                roles: role.into_iter().map(|role| role.0).collect(),
            };
            api.create_operator(&new)?;
            invite(&api, &id)?;
        }
        OperatorCommand::List { server } => {
            for operator in server.operator()?.operators() {
                tell(&operator?);
            }
        }
        OperatorCommand::Disable { id, server } => {
            tell(&server.operator()?.enable_operator(&id, false)?);
        }
        OperatorCommand::Enable { id, server } => {
            tell(&server.operator()?.enable_operator(&id, true)?);
        }
        OperatorCommand::Invite { id, server } => invite(&server.operator()?, &id)?,
    }
    Ok(())
}

/// The link alone on standard output, to be piped on.
fn invite(api: &ApiClient, id: &PersonId) -> anyhow::Result<()> {
    let invitation = api.invite_operator(id)?;
    eprintln!(
        "{id} sets a password there, once, until {}; it is shown only now:",
        invitation.expires
    );
    let below = || format!("{}{}", api.base_url(), invitation.path);
    println!("{}", invitation.url.clone().unwrap_or_else(below));
    Ok(())
}

fn tell(operator: &Operator) {
    let roles = operator.roles.iter().map(|grant| match &grant.agency {
        Some(agency) => format!("{}@{agency}", grant.role),
        None => grant.role.clone(),
    });
    let roles: Vec<String> = roles.collect();
    let state = if operator.enabled { "" } else { "disabled" };
    println!(
        "{}\t{}\t{}\t{}",
        operator.id,
        operator.name,
        roles.join(" "),
        state
    );
}
