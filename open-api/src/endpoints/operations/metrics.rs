//! `/metrics`, in Prometheus' text format 0.0.4. Figures only: no names of
//! devices, keys or people, and those of agencies for operators alone.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::RejectReason;
use health::{Band, Bands, Fleet};
use http_edge::Problem;
use http_edge::request::Arrival;
use ingest::{ClockReport, ClockStanding, Stats};
use text_formats::prometheus::{Exposition, Kind};

use crate::access;
use crate::ports::Names;
use crate::state::ApiState;

/// The platform's counters. Without a login no name of an agency is among
/// them; an operator, or who has the token of `--metrics-token-file`, gets all.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String, example = "# TYPE madang_messages_total counter\nmadang_messages_total 120345\n"),
        (status = 401, description = "The token is not known")),
    security((), ("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let names = access::may_read_names(&state, &arrival, &parts)?;
    let mut page = Exposition::default();
    data_plane(&mut page, &state.ingest.stats());
    page.gauge(
        "madang_durable_offset",
        "The newest durable offset",
        state.ingest.durable_offset().get(),
    );
    page.gauge(
        "madang_applied_offset",
        "The newest applied offset",
        state.ingest.applied_offset().get(),
    );
    page.gauge(
        "madang_devices",
        "Registered devices",
        state.registry.snapshot().device_count(),
    );
    page.gauge(
        "madang_http_streams",
        "Open SSE streams",
        state.streams.count(),
    );
    state.edge.reply_metrics(&mut page);
    clock(&mut page, &state.clock.report());
    state.edge.connection_metrics(&mut page);
    state.connections.metrics(&mut page, names);
    if names == Names::Shown {
        fleet(&mut page, &state.fleet);
    }
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        page.into_text(),
    )
        .into_response())
}

/// Name, help, and how it is read.
type Figure = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: [Figure; 18] = [
    (
        "madang_messages_total",
        "Messages accepted and applied",
        |it| it.messages,
    ),
    (
        "madang_observations_total",
        "Observations stored, revisions included",
        |it| it.observations,
    ),
    (
        "madang_duplicates_total",
        "Observations that were there already",
        |it| it.duplicates,
    ),
    (
        "madang_revisions_total",
        "Corrections of observations",
        |it| it.revisions,
    ),
    (
        "madang_late_total",
        "Observations older than what the sequencer remembers",
        |it| it.late,
    ),
    (
        "madang_log_syncs_total",
        "fdatasync calls of the log",
        |it| it.log.groups,
    ),
    (
        "madang_log_groups_total",
        "Groups written to the log",
        |it| it.log.groups,
    ),
    ("madang_log_bytes_total", "Bytes written to the log", |it| {
        it.log.bytes
    }),
    (
        "madang_flush_failures_total",
        "Flushes that failed and were tried again",
        |it| it.store.flush_failures,
    ),
    (
        "madang_compactions_total",
        "Times that files were made files of a day, or one of several",
        |it| it.store.compactions,
    ),
    (
        "madang_compaction_failures_total",
        "Compactions that failed and are tried again",
        |it| it.store.compaction_failures,
    ),
    (
        "madang_compaction_rows_total",
        "Rows written by compactions",
        |it| it.store.compaction_rows,
    ),
    (
        "madang_compaction_bytes_total",
        "Bytes written by compactions",
        |it| it.store.compaction_bytes,
    ),
    (
        "madang_repeats_dropped_total",
        "Rows left out by compactions, since they repeated a value",
        |it| it.store.repeats_dropped,
    ),
    (
        "madang_files_expired_total",
        "Files set aside, since their retention was over",
        |it| it.store.files_expired,
    ),
    ("madang_rows_expired_total", "Rows of those files", |it| {
        it.store.rows_expired
    }),
    (
        "madang_times_put_back_total",
        "Times assigned in the order of offsets alone, since the clock once was ahead",
        |it| it.times_put_back,
    ),
    (
        "madang_quarantine_evicted_total",
        "Quarantined messages pushed out",
        |it| it.quarantine_evicted,
    ),
];

const GAUGES: [Figure; 9] = [
    ("madang_head_rows", "Rows that are in no file yet", |it| {
        it.store.head_rows
    }),
    ("madang_files", "Parquet files served", |it| it.store.files),
    (
        "madang_day_files",
        "Of those, the ones of one day, agency and model",
        |it| it.store.day_files,
    ),
    ("madang_file_rows", "Rows in files", |it| it.store.file_rows),
    ("madang_file_bytes", "Bytes of files", |it| {
        it.store.file_bytes
    }),
    ("madang_files_set_aside", "Damaged files set aside", |it| {
        it.store.files_set_aside
    }),
    (
        "madang_files_kept_aside",
        "Files that retention has set aside and not removed yet",
        |it| it.store.files_kept_aside,
    ),
    ("madang_stream_readers", "Readers of the live log", |it| {
        it.stream_readers
    }),
    (
        "madang_stream_readers_behind",
        "Of those, the ones that read files",
        |it| it.stream_readers_lagging,
    ),
];

fn data_plane(page: &mut Exposition, stats: &Stats) {
    for (name, help, read) in COUNTERS {
        page.counter(name, help, read(stats));
    }
    for (name, help, read) in GAUGES {
        page.gauge(name, help, read(stats));
    }
    let mut rejected = page.metric(
        "madang_rejected_total",
        Kind::Counter,
        "Quarantined observations by reason",
    );
    for (reason, count) in RejectReason::ALL.into_iter().zip(stats.rejected) {
        rejected.sample(&[("reason", reason.code())], count);
    }
    page.counter(
        "madang_unreadable_total",
        "Messages that could not be read",
        stats.unreadable.iter().sum::<u64>(),
    );
}

/// Of restricted devices too: not for everybody.
fn fleet(page: &mut Exposition, fleet: &Fleet) {
    let scores = fleet.scores();
    let mut of_all = |name: &'static str, help: &str, bands: Bands| {
        let mut metric = page.metric(name, Kind::Gauge, help);
        for band in Band::ALL {
            metric.sample(&[("band", band.code())], bands.count(band));
        }
    };
    of_all(
        "madang_health_devices",
        "Devices in service by their health",
        scores.bands(),
    );
    of_all(
        "madang_health_datastreams",
        "Their datastreams by their health",
        scores.datastream_bands(),
    );
    let (passes, last) = scores.passes();
    page.counter(
        "madang_health_passes_total",
        "Passes over all devices that came to their end",
        passes,
    );
    page.gauge(
        "madang_health_pass_seconds",
        "Seconds that the last one worked, without its pauses",
        last.worked,
    );
    page.gauge(
        "madang_health_pass_failures",
        "Devices whose data it could not read",
        last.failures,
    );
}

/// A leap of the system's clock is worth an alarm.
fn clock(page: &mut Exposition, report: &ClockReport) {
    let seconds = |micros: i64| micros as f64 / 1e6;
    page.gauge(
        "madang_clock_system_ahead_seconds",
        "How far the system's clock is ahead of the platform's",
        seconds(report.system_ahead),
    );
    page.gauge(
        "madang_clock_followed",
        "Whether the system's clock is believed as it is",
        u8::from(report.standing == ClockStanding::Followed),
    );
    page.counter(
        "madang_clock_leaps_total",
        "Leaps of the system's clock",
        report.leaps,
    );
    page.gauge(
        "madang_retention_waits_seconds",
        "How long retention waits before it counts from a clock that has leapt",
        seconds(report.deletion_waits.unwrap_or(0)) as u64,
    );
}
