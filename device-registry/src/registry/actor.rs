//! Who makes a change.

use std::fmt;

use domain::ApplicationId;

/// Who makes a change, as whoever authenticated them says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// Who holds the operator's token, or a session that was opened with it.
    Operator,
    /// An application's developer, by a key of it.
    Application(ApplicationId),
    /// Somebody without a proof: anybody may make an application.
    Anonymous,
    /// Devices, by fields that they send for the first time: one change makes
    /// the datastreams of many, and each datastream names its device.
    Devices,
    /// The platform by itself: at its start, and by the clock.
    Platform,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Application(id) => write!(f, "application {id}"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Devices => f.write_str("devices"),
            Self::Platform => f.write_str("platform"),
        }
    }
}
