//! What MQTT 3.1.1 owes: one test for each behaviour of the interoperability
//! suite, and those that belong to them.

use transport::Protocol::V311;

use crate::behaviours::{connect, publish, retained, session, subscribe, will};

#[test]
fn messages_of_each_qos_reach_a_subscriber() {
    publish::each_qos(V311);
}

#[test]
fn a_second_connect_ends_the_connection() {
    connect::second_connect(V311);
}

#[test]
fn a_foreign_protocol_is_not_served() {
    connect::foreign_protocol(V311);
}

#[test]
fn retained_messages_come_to_a_later_subscriber() {
    retained::replayed(V311);
}

#[test]
fn an_empty_payload_removes_a_retained_message() {
    retained::removed(V311);
}

#[test]
fn a_will_is_published_when_a_connection_breaks() {
    will::on_abrupt_end(V311);
}

#[test]
fn a_client_without_an_id_needs_a_clean_session() {
    connect::zero_length_id(V311);
}

#[test]
fn messages_wait_for_a_session_that_is_away() {
    session::messages_wait(V311);
}

#[test]
fn a_clean_session_forgets_the_one_before() {
    session::clean_start(V311);
}

#[test]
fn overlapping_subscriptions_bring_the_highest_qos() {
    subscribe::overlapping(V311);
}

#[test]
fn a_silent_client_is_disconnected() {
    connect::keep_alive(V311);
}

#[test]
fn what_is_unacknowledged_is_sent_again() {
    session::redelivered(V311);
}

#[test]
fn a_filter_that_is_not_allowed_is_refused() {
    subscribe::refused_filter(V311);
}

#[test]
fn wildcards_do_not_match_dollar_topics() {
    subscribe::dollar_topics(V311);
}

#[test]
fn nothing_comes_after_unsubscribing() {
    subscribe::unsubscribe(V311);
}
