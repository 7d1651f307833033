//! `madang device connection`.

use sdk::api::{DeviceConnection, Event};

/// One fact a line; what is not known is left out.
pub(super) fn show(connection: &DeviceConnection) {
    fn line(name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            println!("{name:<16}{value}");
        }
    }
    line("device", Some(&connection.device));
    line("connected", Some(yes_or_no(connection.connected)));
    line("since", connection.since);
    line("address", connection.address.as_ref());
    line("listener", connection.listener.as_ref());
    line("protocol", connection.protocol.as_ref());
    line("client id", connection.client_id.as_ref());
    line("keep-alive", connection.keep_alive.map(seconds));
    line("session expiry", connection.session_expiry.map(seconds));
    line("assurance", connection.assurance.as_ref());
    line("messages in", connection.messages_in);
    line("messages out", connection.messages_out);
    let rate = connection.message_rate;
    line(
        "message rate",
        rate.map(|rate| format!("{rate:.2} a second")),
    );
    line("dropped", connection.dropped);
    line("queued", connection.queued);
    line("last seen", connection.last_seen);
    if let Some(gateway) = &connection.gateway {
        let connected = match (gateway.connected, gateway.since) {
            (true, Some(since)) => format!("connected since {since}"),
            (true, None) => "connected".to_owned(),
            (false, _) => "not connected".to_owned(),
        };
        line("gateway", Some(format!("{}, {connected}", gateway.device)));
    }
    event("last disconnect", connection.last_disconnect.as_ref());
    event("last error", connection.last_error.as_ref());
}

fn event(name: &str, event: Option<&Event>) {
    let Some(event) = event else {
        return;
    };
    println!("{name:<16}{} {}: {}", event.time, event.kind, event.reason);
    if !event.cure.is_empty() {
        println!("{:<16}-> {}", "", event.cure);
    }
}

fn seconds(seconds: impl std::fmt::Display) -> String {
    format!("{seconds} s")
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
