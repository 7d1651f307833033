//! What a next link carries: where the page before it ended. Opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{DatastreamId, Timestamp};
use odata::{Id, SortKey};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1_024;

/// The last entity of a page.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Token {
    /// In natural order.
    #[serde(rename = "n")]
    Number(u64),
    #[serde(rename = "t")]
    Text(String),
    /// Datastream and phenomenon time of an observation, in microseconds.
    #[serde(rename = "o")]
    Observation(u32, i64),
    /// In an order that was asked for.
    #[serde(rename = "k")]
    Key(SortKey, Box<Token>),
}

impl Token {
    pub(crate) fn of_id(id: Id) -> Self {
        match id {
            Id::Number(number) => Self::Number(number),
            Id::Text(text) => Self::Text(text.into()),
        }
    }

    pub(crate) fn of_observation(datastream: DatastreamId, time: Timestamp) -> Self {
        Self::Observation(datastream.get(), time.as_micros())
    }

    pub(crate) fn id(self) -> Result<Id, Error> {
        match self {
            Self::Number(number) => Ok(Id::Number(number)),
            Self::Text(text) => Ok(Id::Text(text.into())),
            _ => Err(Error::Token),
        }
    }

    pub(crate) fn observation(&self) -> Result<(DatastreamId, Timestamp), Error> {
        match self {
            Self::Observation(datastream, time) => Ok((
                DatastreamId::new(*datastream),
                Timestamp::from_micros(*time),
            )),
            _ => Err(Error::Token),
        }
    }

    pub(crate) fn key(self) -> Result<(SortKey, Id), Error> {
        match self {
            Self::Key(key, id) => Ok((key, id.id()?)),
            _ => Err(Error::Token),
        }
    }

    pub(crate) fn write(&self) -> Result<String, Error> {
        let json = serde_json::to_vec(self).map_err(Error::Write)?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Error::Token);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Token)?;
        serde_json::from_slice(&json).map_err(|_| Error::Token)
    }
}
