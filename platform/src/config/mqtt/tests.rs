//! Each setting against the broker's own default.

use super::*;
use crate::config::Given;

#[test]
fn each_setting_reaches_the_broker() {
    let given = [
        ("data", "d"),
        ("device-rate", "3"),
        ("mqtt-workers", "2"),
        ("mqtt-session-expiry", "60"),
        ("mqtt-waiting-sessions", "5"),
        ("mqtt-subscriptions", "6"),
        ("mqtt-queue-messages", "7"),
        ("mqtt-queue-bytes", "8"),
    ]
    .into_iter()
    .fold(Given::default(), |given, (name, text)| {
        given.with(name, text)
    });
    let limits = given.settings().unwrap().mqtt;
    let config = limits.broker_config(9, Scope::default());
    config.validate().unwrap();
    assert_eq!((config.messages_per_second, config.message_burst), (3, 30));
    assert_eq!((config.workers, limits.worker_count()), (2, 2));
    assert_eq!((config.max_session_expiry, config.max_connections), (60, 9));
    assert_eq!((config.waiting_sessions, config.subscriptions), (5, 6));
    assert_eq!((config.queue_messages, config.queue_bytes), (7, 8));
}

#[test]
fn the_defaults_are_the_brokers() {
    let given = Given::default().with("data", "d");
    let limits = given.settings().unwrap().mqtt;
    let usual = Config::default();
    let config = limits.broker_config(limits.mqtt_connections.get(), usual.scope.clone());
    assert_eq!(config.max_connections, usual.max_connections);
    assert_eq!(config.max_session_expiry, usual.max_session_expiry);
    assert_eq!(config.queue_messages, usual.queue_messages);
    assert_eq!(config.queue_bytes, usual.queue_bytes);
    assert_eq!(config.waiting_sessions, usual.waiting_sessions);
    assert_eq!(config.subscriptions, usual.subscriptions);
    assert_eq!(limits.worker_count(), usual.worker_count());
}
