//! What is counted of refusals and ends.

use transport::RefusalKind;

use super::*;

fn event(kind: EventKind, cure: &'static str) -> ConnectionEvent<'static> {
    ConnectionEvent {
        login: None,
        peer: "192.0.2.1:1883".parse().unwrap(),
        listener: Listener::Mqtts,
        kind,
        reason: "".into(),
        cure,
        head: &[],
    }
}

#[test]
fn refusals_and_ends_are_counted_by_listener_and_reason() {
    let book = LoginBook::default();
    let refusal = || Err::<(), _>(Refusal::new(RefusalKind::Expired, "late"));
    for listener in [Listener::Mqtt, Listener::Mqtts, Listener::Mqtts] {
        assert!(book.refusal(listener, refusal()).is_err());
    }
    book.event(&event(EventKind::Connected, ""));
    book.event(&event(EventKind::Disconnected, ""));
    book.event(&event(EventKind::Disconnected, "look at the network"));
    book.event(&event(EventKind::KeepAliveTimeout, "raise it"));
    let mut page = Exposition::default();
    book.metrics(&mut page);
    let out = page.into_text();
    let counted: Vec<&str> = out.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        counted,
        [
            r#"madang_logins_refused_total{listener="mqtt",reason="expired"} 1"#,
            r#"madang_logins_refused_total{listener="mqtts",reason="expired"} 2"#,
            r#"madang_disconnects_total{listener="mqtts",reason="goodbye"} 1"#,
            r#"madang_disconnects_total{listener="mqtts",reason="keep-alive-timeout"} 1"#,
            r#"madang_disconnects_total{listener="mqtts",reason="lost"} 1"#,
        ]
    );
}
