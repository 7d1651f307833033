//! What subscribing costs the workers of MQTT, for `/metrics`.

use std::fmt::Write;
use std::time::Duration;

use broker::WorkStats;

/// The name without the common beginning, the type, the help, and the value.
type Line = (&'static str, &'static str, &'static str, f64);

pub(crate) fn write(out: &mut String, work: &WorkStats) {
    for (name, kind, help, value) in lines(work) {
        let _ = writeln!(
            out,
            "# HELP madang_mqtt_{name} {help}.\n# TYPE madang_mqtt_{name} {kind}\nmadang_mqtt_{name} {value}"
        );
    }
}

fn lines(work: &WorkStats) -> [Line; 7] {
    let (count, seconds) = (|it: u64| it as f64, |it: Duration| it.as_secs_f64());
    [
        (
            "subscribes_total",
            "counter",
            "SUBSCRIBE packets handled",
            count(work.subscribes),
        ),
        (
            "subscribing_seconds_total",
            "counter",
            "Time of the workers in SUBSCRIBE packets",
            seconds(work.subscribing),
        ),
        (
            "longest_subscribe_seconds",
            "gauge",
            "The longest that one SUBSCRIBE packet has kept a worker",
            seconds(work.longest_subscribe),
        ),
        (
            "retained_turns_total",
            "counter",
            "Turns in which retained messages were sent",
            count(work.retained_turns),
        ),
        (
            "retained_steps_total",
            "counter",
            "Entries that were looked at in them",
            count(work.retained_steps),
        ),
        (
            "retained_seconds_total",
            "counter",
            "Time of the workers in them",
            seconds(work.sending_retained),
        ),
        (
            "longest_retained_turn_seconds",
            "gauge",
            "The longest that one of them has kept a worker",
            seconds(work.longest_retained_turn),
        ),
    ]
}
