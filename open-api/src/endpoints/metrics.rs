//! `/metrics`, in Prometheus' text format 0.0.4. Figures only: no names of
//! devices, keys or people, and those of agencies for operators alone.

use std::fmt::Write;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::RejectReason;
use ingest::{ClockReport, ClockStanding, Stats};

use crate::access;
use crate::envelope::Arrival;
use crate::problem::Problem;
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
    let mut text = String::with_capacity(4_096);
    data_plane(&mut text, &state.ingest.stats());
    gauge(
        &mut text,
        "madang_durable_offset",
        "The newest durable offset.",
        state.ingest.durable_offset().get(),
    );
    gauge(
        &mut text,
        "madang_applied_offset",
        "The newest applied offset.",
        state.ingest.applied_offset().get(),
    );
    gauge(
        &mut text,
        "madang_devices",
        "Registered devices.",
        state.registry.snapshot().device_count() as u64,
    );
    gauge(
        &mut text,
        "madang_http_streams",
        "Open SSE streams.",
        state.streams.count() as u64,
    );
    head(
        &mut text,
        "madang_http_replies_total",
        "counter",
        "HTTP replies by class of status.",
    );
    for (class, count) in state.http.by_class() {
        line(
            &mut text,
            "madang_http_replies_total",
            Some(("class", class)),
            count,
        );
    }
    clock(&mut text, &state.clock.report());
    of_connections(&mut text, &state);
    state.connections.prometheus(&mut text, names);
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response())
}

/// What the limits on connections did.
fn of_connections(text: &mut String, state: &ApiState) {
    gauge(
        text,
        "madang_http_connections",
        "Open HTTP connections.",
        state.book.open() as u64,
    );
    gauge(
        text,
        "madang_http_unsent_bytes",
        "Bytes of replies that no socket has taken yet.",
        state.unsent.bytes() as u64,
    );
    head(
        text,
        "madang_http_connections_total",
        "counter",
        "HTTP connections by what became of them: accepted, refused for want of room, or ended for a newcomer, by a deadline, since they hoarded replies, for a flood of frames.",
    );
    for (outcome, count) in state.book.outcomes() {
        line(
            text,
            "madang_http_connections_total",
            Some(("outcome", outcome)),
            count,
        );
    }
}

fn data_plane(text: &mut String, stats: &Stats) {
    for (name, help, value) in [
        (
            "madang_messages_total",
            "Messages accepted and applied.",
            stats.messages,
        ),
        (
            "madang_observations_total",
            "Observations stored, revisions included.",
            stats.observations,
        ),
        (
            "madang_duplicates_total",
            "Observations that were there already.",
            stats.duplicates,
        ),
        (
            "madang_revisions_total",
            "Corrections of observations.",
            stats.revisions,
        ),
        (
            "madang_late_total",
            "Observations behind what the sequencer remembers.",
            stats.late,
        ),
        (
            "madang_log_syncs_total",
            "fdatasync calls of the log.",
            stats.syncs,
        ),
        (
            "madang_log_groups_total",
            "Groups written to the log.",
            stats.groups,
        ),
        (
            "madang_log_bytes_total",
            "Bytes written to the log.",
            stats.bytes_logged,
        ),
        (
            "madang_flush_failures_total",
            "Flushes that failed and were tried again.",
            stats.flush_failures,
        ),
        (
            "madang_compactions_total",
            "Times that files were made files of a day, or one of several.",
            stats.compactions,
        ),
        (
            "madang_compaction_failures_total",
            "Compactions that failed and are tried again.",
            stats.compaction_failures,
        ),
        (
            "madang_compaction_rows_total",
            "Rows written by compactions.",
            stats.compaction_rows,
        ),
        (
            "madang_compaction_bytes_total",
            "Bytes written by compactions.",
            stats.compaction_bytes,
        ),
        (
            "madang_repeats_dropped_total",
            "Rows left out by compactions, since they repeated a value.",
            stats.repeats_dropped,
        ),
        (
            "madang_files_expired_total",
            "Files set aside, since their retention was over.",
            stats.files_expired,
        ),
        (
            "madang_rows_expired_total",
            "Rows of those files.",
            stats.rows_expired,
        ),
        (
            "madang_times_put_back_total",
            "Times assigned in the order of offsets alone, since the clock once was ahead.",
            stats.times_put_back,
        ),
        (
            "madang_quarantine_evicted_total",
            "Quarantined messages pushed out.",
            stats.quarantine_evicted,
        ),
    ] {
        head(text, name, "counter", help);
        line(text, name, None, value);
    }
    for (name, help, value) in [
        (
            "madang_head_rows",
            "Rows that are in no file yet.",
            stats.head_rows,
        ),
        ("madang_files", "Parquet files served.", stats.files),
        (
            "madang_day_files",
            "Of those, the ones of one day, agency and model.",
            stats.day_files,
        ),
        ("madang_file_rows", "Rows in files.", stats.file_rows),
        ("madang_file_bytes", "Bytes of files.", stats.file_bytes),
        (
            "madang_files_set_aside",
            "Damaged files set aside.",
            stats.files_set_aside,
        ),
        (
            "madang_files_kept_aside",
            "Files that retention has set aside and not removed yet.",
            stats.files_kept_aside,
        ),
        (
            "madang_stream_readers",
            "Readers of the live log.",
            stats.stream_readers,
        ),
        (
            "madang_stream_readers_behind",
            "Of those, the ones that read files.",
            stats.stream_readers_behind,
        ),
    ] {
        gauge(text, name, help, value);
    }
    head(
        text,
        "madang_rejected_total",
        "counter",
        "Quarantined observations by reason.",
    );
    for (reason, count) in RejectReason::ALL.into_iter().zip(stats.rejected) {
        line(
            text,
            "madang_rejected_total",
            Some(("reason", reason.code())),
            count,
        );
    }
    head(
        text,
        "madang_unreadable_total",
        "counter",
        "Messages that could not be read.",
    );
    line(
        text,
        "madang_unreadable_total",
        None,
        stats.unreadable.iter().sum(),
    );
}

/// A leap of the system's clock is worth an alarm.
fn clock(text: &mut String, report: &ClockReport) {
    let seconds = |micros: i64| micros as f64 / 1e6;
    head(
        text,
        "madang_clock_system_ahead_seconds",
        "gauge",
        "How far the system's clock is ahead of the platform's.",
    );
    let ahead = seconds(report.system_ahead);
    writeln!(text, "madang_clock_system_ahead_seconds {ahead}").expect("a String takes all");
    let followed = u64::from(report.standing == ClockStanding::Followed);
    gauge(
        text,
        "madang_clock_followed",
        "Whether the system's clock is believed as it is.",
        followed,
    );
    head(
        text,
        "madang_clock_leaps_total",
        "counter",
        "Leaps of the system's clock.",
    );
    line(text, "madang_clock_leaps_total", None, report.leaps);
    let waits = seconds(report.deletion_waits.unwrap_or(0)) as u64;
    gauge(
        text,
        "madang_retention_waits_seconds",
        "How long retention waits before it counts from a clock that has leapt.",
        waits,
    );
}

fn gauge(text: &mut String, name: &str, help: &str, value: u64) {
    head(text, name, "gauge", help);
    line(text, name, None, value);
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes all");
}

fn line(text: &mut String, name: &str, label: Option<(&str, &str)>, value: u64) {
    match label {
        None => writeln!(text, "{name} {value}"),
        Some((key, word)) => writeln!(text, "{name}{{{key}=\"{word}\"}} {value}"),
    }
    .expect("a String takes all");
}
