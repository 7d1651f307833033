//! Who makes a change, from where, and by which means.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::{ApiKeyId, ApplicationId, BatchId, ClaimId, DeviceId, PersonId, ServiceTokenId};

/// Who makes a change, as whoever authenticated them says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    pub who: Who,
    /// Where the request came from, whatever proxies are between; none where
    /// there was no request.
    pub address: Option<IpAddr>,
    pub means: Means,
}

/// In whose name a change is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Who holds the operator's token, or a session that was opened with it.
    Operator,
    /// A program of an agency or of the platform.
    ServiceToken(ServiceTokenId),
    /// Somebody with an account.
    Person(PersonId),
    /// An application's developer.
    Application(ApplicationId),
    /// Somebody without a proof: anybody may make an application.
    Anonymous,
    /// Devices, by fields that they send for the first time: one change makes
    /// the datastreams of many, and each datastream names its device.
    Devices,
    /// The platform by itself.
    Platform,
}

/// What a change was made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Means {
    /// A bearer token in the request.
    Token,
    /// The cookie of a session that a page opened.
    Session,
    /// A person's password, with what else it logs in with.
    Password,
    /// What an identity provider says of a person.
    Provider,
    /// An invitation to set a password.
    Invitation,
    /// This key of an application.
    ApiKey(ApiKeyId),
    /// A credential of this device.
    Device(DeviceId),
    /// The code of this claim.
    Claim(ClaimId),
    /// The credential of this batch.
    Batch(BatchId),
    /// A request that proved nothing.
    NoProof,
    /// A message of a device.
    Telemetry,
    /// The start of the platform.
    Start,
    /// The platform's clock.
    Clock,
}

impl Actor {
    /// The operator by its token, where no request is: whoever opens a registry
    /// by itself.
    pub const OPERATOR: Self = Self::local(Who::Operator, Means::Token);
    pub const DEVICES: Self = Self::local(Who::Devices, Means::Telemetry);
    pub const START: Self = Self::local(Who::Platform, Means::Start);
    pub const CLOCK: Self = Self::local(Who::Platform, Means::Clock);

    const fn local(who: Who, means: Means) -> Self {
        Self {
            who,
            address: None,
            means,
        }
    }
}

const UNKNOWN: &str = "it names nobody, or no means, of this platform";

/// What is written by [`fmt::Display`] for it.
impl FromStr for Who {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None => match text {
                "operator" => Ok(Self::Operator),
                "anonymous" => Ok(Self::Anonymous),
                "devices" => Ok(Self::Devices),
                "platform" => Ok(Self::Platform),
                _ => Err(UNKNOWN),
            },
            Some(("service-token", id)) => parse(id).map(Self::ServiceToken),
            Some(("person", id)) => parse(id).map(Self::Person),
            Some(("application", id)) => parse(id).map(Self::Application),
            Some(_) => Err(UNKNOWN),
        }
    }
}

/// What is written by [`fmt::Display`] for it.
impl FromStr for Means {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None => match text {
                "token" => Ok(Self::Token),
                "session" => Ok(Self::Session),
                "password" => Ok(Self::Password),
                "provider" => Ok(Self::Provider),
                "invitation" => Ok(Self::Invitation),
                "no-proof" => Ok(Self::NoProof),
                "telemetry" => Ok(Self::Telemetry),
                "start" => Ok(Self::Start),
                "clock" => Ok(Self::Clock),
                _ => Err(UNKNOWN),
            },
            Some(("api-key", id)) => parse(id).map(Self::ApiKey),
            Some(("device", id)) => parse(id).map(Self::Device),
            Some(("claim", id)) => parse(id).map(Self::Claim),
            Some(("batch", id)) => parse(id).map(Self::Batch),
            Some(_) => Err(UNKNOWN),
        }
    }
}

fn parse<T: FromStr>(id: &str) -> Result<T, &'static str> {
    id.parse().map_err(|_| UNKNOWN)
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::ServiceToken(id) => write!(f, "service-token:{id}"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Application(id) => write!(f, "application:{id}"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Devices => f.write_str("devices"),
            Self::Platform => f.write_str("platform"),
        }
    }
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str("token"),
            Self::Session => f.write_str("session"),
            Self::Password => f.write_str("password"),
            Self::Provider => f.write_str("provider"),
            Self::Invitation => f.write_str("invitation"),
            Self::ApiKey(id) => write!(f, "api-key:{id}"),
            Self::Device(id) => write!(f, "device:{id}"),
            Self::Claim(id) => write!(f, "claim:{id}"),
            Self::Batch(id) => write!(f, "batch:{id}"),
            Self::NoProof => f.write_str("no-proof"),
            Self::Telemetry => f.write_str("telemetry"),
            Self::Start => f.write_str("start"),
            Self::Clock => f.write_str("clock"),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.who, self.means)?;
        match self.address {
            Some(address) => write!(f, " from {address}"),
            None => Ok(()),
        }
    }
}
