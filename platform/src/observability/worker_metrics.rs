//! What subscribing costs the workers of MQTT, for `/metrics`.

use std::time::Duration;

use mqtt::WorkStats;
use text_formats::prometheus::{Exposition, Kind};

/// Name, type, help, and value.
type Line = (&'static str, Kind, &'static str, f64);

pub(crate) fn write(page: &mut Exposition, work: &WorkStats) {
    for (name, kind, help, value) in lines(work) {
        page.metric(name, kind, help).sample(&[], value);
    }
}

fn lines(work: &WorkStats) -> [Line; 7] {
    let (count, seconds) = (|it: u64| it as f64, |it: Duration| it.as_secs_f64());
    [
        (
            "madang_mqtt_subscribes_total",
            Kind::Counter,
            "SUBSCRIBE packets handled",
            count(work.subscribes),
        ),
        (
            "madang_mqtt_subscribing_seconds_total",
            Kind::Counter,
            "Time of the workers in SUBSCRIBE packets",
            seconds(work.subscribing),
        ),
        (
            "madang_mqtt_longest_subscribe_seconds",
            Kind::Gauge,
            "The longest that one SUBSCRIBE packet has kept a worker",
            seconds(work.longest_subscribe),
        ),
        (
            "madang_mqtt_retained_turns_total",
            Kind::Counter,
            "Turns in which retained messages were sent",
            count(work.retained_turns),
        ),
        (
            "madang_mqtt_retained_steps_total",
            Kind::Counter,
            "Entries that were looked at in them",
            count(work.retained_steps),
        ),
        (
            "madang_mqtt_retained_seconds_total",
            Kind::Counter,
            "Time of the workers in them",
            seconds(work.sending_retained),
        ),
        (
            "madang_mqtt_longest_retained_turn_seconds",
            Kind::Gauge,
            "The longest that one of them has kept a worker",
            seconds(work.longest_retained_turn),
        ),
    ]
}
