//! `/v1/stream`: server-sent events, one a frame, whose id is its offset.
//!
//! An [`EventStream`] ends when the connection does. Whoever wants to go on
//! asks again with [`EventStream::last_offset`]: nothing is lost or doubled,
//! and a [`Gap`] tells what the log no longer holds.

use std::io::{BufRead as _, BufReader, Read as _};

use domain::{DatastreamId, Offset, Quality, Timestamp, Value};
use serde::Deserialize;
use ureq::BodyReader;

use super::datastreams::datastream_id;
use super::latest::list;
use super::observations::offset;
use crate::api::client::{ApiClient, Call, Query, unreadable};
use crate::api::error::ApiError;
use crate::api::wire::{Position, quality, time, value};

/// The longest line of a stream, in bytes: a frame of 1,000 observations has
/// about 200 kB.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// Which frames come; what is not set does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct StreamQuery {
    /// Start with this frame; else with what comes now.
    pub from_offset: Option<Offset>,
    /// Go on after this frame; sent as Last-Event-ID.
    pub after: Option<Offset>,
    pub domain: Option<String>,
    pub model: Option<String>,
    pub agency: Option<String>,
    /// West, south, east, north, in degrees.
    pub bbox: Option<[f64; 4]>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum StreamEvent {
    Frame(Frame),
    Gap(Gap),
}

/// One message of a device, as far as it passes the filter.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Frame {
    #[serde(deserialize_with = "offset")]
    pub offset: Offset,
    #[serde(deserialize_with = "time")]
    pub result_time: Timestamp,
    pub device: String,
    pub thing: String,
    pub agency: String,
    pub domain: String,
    pub model: String,
    #[serde(default)]
    pub location: Option<Position>,
    /// The gateway that published for the device; told to operators.
    #[serde(default)]
    pub gateway: Option<String>,
    pub observations: Vec<FrameObservation>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct FrameObservation {
    #[serde(deserialize_with = "datastream_id")]
    pub datastream: DatastreamId,
    pub field: String,
    pub unit: Option<String>,
    #[serde(deserialize_with = "time")]
    pub phenomenon_time: Timestamp,
    #[serde(deserialize_with = "value")]
    pub value: Option<Value>,
    #[serde(deserialize_with = "quality")]
    pub quality: Quality,
    pub revision: u16,
}

/// Frames that the log no longer holds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Gap {
    #[serde(deserialize_with = "offset")]
    pub from_offset: Offset,
    /// Exclusive.
    #[serde(deserialize_with = "offset")]
    pub to_offset: Offset,
    /// The query that fills it.
    #[serde(default)]
    pub fill: String,
}

/// A standing answer of `/v1/stream`.
pub struct EventStream {
    reader: BufReader<BodyReader<'static>>,
    url: String,
    last: Option<Offset>,
    finished: bool,
}

impl ApiClient {
    pub fn stream(&self, stream: &StreamQuery) -> Result<EventStream, ApiError> {
        let mut query = Query::new("/v1/stream");
        query
            .add("from_offset", stream.from_offset)
            .add("domain", stream.domain.as_deref())
            .add("model", stream.model.as_deref())
            .add("agency", stream.agency.as_deref())
            .add("bbox", stream.bbox.map(|numbers| list(&numbers)));
        let path = query.finish();
        let after = stream.after.map(|offset| offset.to_string());
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(after.as_deref().map(|id| ("last-event-id", id)));
        let response = self.send(&Call {
            method: "GET",
            path: &path,
            body: None,
            headers: &headers,
        })?;
        let body = response.into_body().into_with_config().limit(u64::MAX);
        Ok(EventStream {
            reader: BufReader::new(body.reader()),
            url: self.address(&path),
            last: stream.after,
            finished: false,
        })
    }
}

impl EventStream {
    /// The last frame that came: go on with `after: last_offset()`.
    pub fn last_offset(&self) -> Option<Offset> {
        self.last
    }

    /// Reads lines up to the empty one that ends an event. `None` at the end.
    fn event(&mut self) -> Result<Option<StreamEvent>, ApiError> {
        let (mut name, mut data, mut id) = (String::new(), String::new(), None);
        loop {
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            if line.is_empty() {
                if data.is_empty() {
                    continue;
                }
                self.last = id.or(self.last);
                return self.decode(&name, &data).map(Some);
            }
            match line.split_once(':').unwrap_or((&line, "")) {
                ("event", rest) => rest.trim_start_matches(' ').clone_into(&mut name),
                ("data", rest) => {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(rest.strip_prefix(' ').unwrap_or(rest));
                }
                ("id", rest) => id = rest.trim().parse().ok().map(Offset::new),
                // Comments keep the connection alive; other fields may come.
                _ => {}
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, ApiError> {
        let mut line = String::new();
        let read = (&mut self.reader)
            .take(MAX_LINE_BYTES)
            .read_line(&mut line)
            .map_err(|cause| ApiError::Stream {
                url: self.url.clone(),
                cause,
            })?;
        if read == 0 || !line.ends_with('\n') {
            return Ok(None);
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(Some(line))
    }

    fn decode(&self, name: &str, data: &str) -> Result<StreamEvent, ApiError> {
        let event = match name {
            "gap" => serde_json::from_str(data).map(StreamEvent::Gap),
            _ => serde_json::from_str(data).map(StreamEvent::Frame),
        };
        event.map_err(|cause| unreadable("GET", &self.url, cause))
    }
}

impl Iterator for EventStream {
    type Item = Result<StreamEvent, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.event() {
            Ok(Some(event)) => Some(Ok(event)),
            Ok(None) => {
                self.finished = true;
                None
            }
            Err(error) => {
                self.finished = true;
                Some(Err(error))
            }
        }
    }
}
