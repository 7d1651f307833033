//! The newest observation of a Datastream, by phenomenon time.
//!
//! A page has up to 10,000 of them: each is written once, where it is found, and
//! by hand.

use std::ops::ControlFlow;

use axum::response::Response;
use device_registry::Datastream;
use domain::{Assurance, DatastreamId, Location, Offset};
use http_edge::reply::csv::{self, cell};
use http_edge::reply::{Form, PageUrl};
use ingest::StoredObservation;
use utoipa::ToSchema;

use super::observation::write_observed;
use crate::views::{FlagsView, PlaceView, Rfc3339, ValueView, json, rfc3339};

/// Items for which there is room at first.
const USUAL_ITEMS: usize = 100;
const BYTES_AN_ITEM: usize = 400;

/// A page of the latest table. A stream with `from_offset` = `offset` + 1 goes
/// on from here without a gap.
#[derive(ToSchema)]
#[schema(as = LatestList)]
#[expect(dead_code, reason = "it describes what `LatestPage` writes")]
pub(crate) struct LatestListSchema<'a> {
    items: Vec<LatestView<'a>>,
    next: Option<String>,
    /// Everything up to this offset is in the table.
    offset: u64,
}

/// A page as far as it is written.
pub(crate) struct LatestPage {
    form: Form,
    limit: usize,
    items: usize,
    last: Option<DatastreamId>,
    /// There is more than the page has room for.
    is_full: bool,
    out: Vec<u8>,
}

impl LatestPage {
    pub(crate) fn new(form: Form, limit: usize) -> Self {
        let mut out = Vec::with_capacity(limit.min(USUAL_ITEMS) * BYTES_AN_ITEM);
        match form {
            Form::Json => out.extend_from_slice(b"{\"items\":["),
            Form::Csv => csv::write_header(&mut out, LatestView::COLUMNS),
        }
        Self {
            form,
            limit,
            items: 0,
            last: None,
            is_full: false,
            out,
        }
    }

    /// Appends an item, or breaks off where there is no room for it.
    pub(crate) fn push(&mut self, view: &LatestView<'_>) -> ControlFlow<()> {
        if self.items == self.limit {
            self.is_full = true;
            return ControlFlow::Break(());
        }
        match self.form {
            Form::Json => {
                if self.items > 0 {
                    self.out.push(b',');
                }
                view.write_json(&mut self.out);
            }
            Form::Csv => view.write_line(&mut self.out),
        }
        self.items += 1;
        self.last = Some(DatastreamId::new(view.id));
        ControlFlow::Continue(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items == 0
    }

    pub(crate) fn finish(mut self, url: &PageUrl, offset: Offset) -> Response {
        let last = self.last.filter(|_| self.is_full);
        let next = last.map(|last| url.after(&last));
        if self.form == Form::Json {
            self.out.extend_from_slice(b"],\"next\":");
            json::value(&mut self.out, &next);
            self.out.extend_from_slice(b",\"offset\":");
            json::value(&mut self.out, &offset.get());
            self.out.push(b'}');
        }
        self.form.response(self.out, next.as_deref())
    }
}

/// A datastream and its newest observation, flat.
#[derive(ToSchema)]
#[schema(as = Latest, example = json!({
    "id": 5, "device": "dev-1", "thing": "dev-1", "agency": "seoul", "domain": "traffic",
    "model": "traffic.flow", "field": "speed", "unit": "km/h",
    "location": {"lat": 37.5665, "lon": 126.9775},
    "phenomenon_time": "2026-05-01T00:00:00Z", "result_time": "2026-05-01T00:00:00.214Z",
    "value": 43.5, "quality": "good", "revision": 0, "offset": 120_345
}))]
pub(crate) struct LatestView<'a> {
    /// The datastream's.
    id: u32,
    device: &'a str,
    thing: &'a str,
    agency: &'a str,
    domain: &'a str,
    model: &'a str,
    field: &'a str,
    unit: Option<&'a str>,
    /// Where it was observed, or else the thing's place.
    #[schema(value_type = Option<PlaceView>)]
    location: Option<Location>,
    #[schema(value_type = String, format = DateTime)]
    phenomenon_time: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    result_time: Rfc3339,
    value: ValueView<'a>,
    quality: &'static str,
    revision: u16,
    offset: u64,
    #[schema(value_type = Option<Vec<String>>)]
    flags: FlagsView,
    /// `password`, `key` or `signed-message`.
    assurance: Option<&'static str>,
}

impl<'a> LatestView<'a> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "device",
        "thing",
        "agency",
        "domain",
        "model",
        "field",
        "unit",
        "location.lat",
        "location.lon",
        "phenomenon_time",
        "result_time",
        "value",
        "quality",
        "revision",
        "offset",
        "flags",
    ];

    /// `location` is where it was observed, as the viewer may see it.
    pub(crate) fn new(
        datastream: &Datastream<'a>,
        location: Option<Location>,
        stored: &'a StoredObservation,
    ) -> Self {
        Self {
            id: datastream.id.get(),
            device: datastream.device.as_str(),
            thing: datastream.thing.as_str(),
            agency: datastream.agency.as_str(),
            domain: datastream.model.domain(),
            model: datastream.model.as_str(),
            field: datastream.field.as_str(),
            unit: datastream.unit,
            location,
            phenomenon_time: Rfc3339(stored.time),
            result_time: Rfc3339(stored.received),
            value: ValueView(stored.value.as_ref()),
            quality: stored.quality.as_str(),
            revision: stored.revision,
            offset: stored.offset.get(),
            flags: FlagsView(stored.flags),
            assurance: stored.flags.assurance().map(Assurance::as_str),
        }
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        json::value(out, &self.id);
        for (name, text) in [
            (",\"device\":", self.device),
            (",\"thing\":", self.thing),
            (",\"agency\":", self.agency),
            (",\"domain\":", self.domain),
            (",\"model\":", self.model),
            (",\"field\":", self.field),
        ] {
            out.extend_from_slice(name.as_bytes());
            json::text(out, text);
        }
        out.extend_from_slice(b",\"unit\":");
        match self.unit {
            Some(unit) => json::text(out, unit),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"location\":");
        json::place(out, self.location);
        out.extend_from_slice(b",\"phenomenon_time\":\"");
        rfc3339::write(out, self.phenomenon_time.0);
        out.extend_from_slice(b"\",\"result_time\":\"");
        rfc3339::write(out, self.result_time.0);
        out.extend_from_slice(b"\",\"value\":");
        json::value(out, &self.value);
        out.extend_from_slice(b",\"quality\":");
        json::text(out, self.quality);
        out.extend_from_slice(b",\"revision\":");
        json::value(out, &self.revision);
        out.extend_from_slice(b",\"offset\":");
        json::value(out, &self.offset);
        if !self.flags.is_empty() {
            out.extend_from_slice(b",\"flags\":");
            json::value(out, &self.flags);
        }
        if let Some(assurance) = self.assurance {
            out.extend_from_slice(b",\"assurance\":");
            json::text(out, assurance);
        }
        out.push(b'}');
    }

    /// As a line of [`Self::COLUMNS`].
    fn write_line(&self, out: &mut Vec<u8>) {
        json::value(out, &self.id);
        for text in [
            self.device,
            self.thing,
            self.agency,
            self.domain,
            self.model,
            self.field,
        ] {
            out.push(b',');
            cell::text(out, text);
        }
        out.push(b',');
        if let Some(unit) = self.unit {
            cell::text(out, unit);
        }
        let place = self.location.map(|place| [place.lat_e7(), place.lon_e7()]);
        for axis in [0, 1] {
            out.push(b',');
            if let Some(place) = place {
                json::degrees(out, place[axis]);
            }
        }
        out.push(b',');
        let times = [self.phenomenon_time, self.result_time];
        write_observed(
            out,
            times,
            self.value,
            self.quality,
            self.revision,
            self.offset,
            self.flags,
        );
        out.extend_from_slice(b"\r\n");
    }
}
