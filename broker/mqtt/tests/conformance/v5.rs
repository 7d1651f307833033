//! What MQTT 5 owes: one test for each behaviour of the interoperability suite,
//! and those that belong to them.

use transport::Protocol::V5;

use crate::behaviours::will::Delay;
use crate::behaviours::{
    aliases, connect, expiry, flow, options, publish, retained, session, subscribe, will,
};
use crate::login::KEPT;

#[test]
fn messages_of_each_qos_reach_a_subscriber() {
    publish::each_qos(V5);
}

#[test]
fn a_second_connect_ends_the_connection() {
    connect::second_connect(V5);
}

#[test]
fn a_foreign_protocol_is_not_served() {
    connect::foreign_protocol(V5);
}

#[test]
fn a_client_without_an_id_is_let_in() {
    connect::zero_length_id(V5);
}

#[test]
fn a_client_is_told_the_id_that_it_was_given() {
    connect::assigned_id();
}

#[test]
fn a_silent_client_is_disconnected() {
    connect::keep_alive(V5);
}

#[test]
fn a_client_is_told_the_keep_alive_that_holds() {
    connect::server_keep_alive();
}

#[test]
fn user_properties_are_passed_on_in_their_order() {
    publish::user_properties();
}

#[test]
fn payload_format_and_content_type_are_passed_on() {
    publish::payload_format();
}

#[test]
fn a_request_finds_its_response() {
    publish::request_and_response();
}

#[test]
fn aliases_out_of_range_are_refused() {
    aliases::refused_aliases();
}

#[test]
fn an_alias_of_a_client_lives_as_long_as_its_connection() {
    aliases::client_alias();
}

#[test]
fn the_broker_sets_aliases_where_it_may() {
    aliases::server_alias();
}

#[test]
fn a_client_gets_no_more_than_its_receive_maximum() {
    flow::client_receive_maximum();
}

#[test]
fn the_broker_takes_no_more_than_its_receive_maximum() {
    flow::server_receive_maximum();
}

#[test]
fn a_client_gets_no_packet_above_its_size() {
    flow::client_packet_size();
}

#[test]
fn the_broker_takes_no_packet_above_its_size() {
    flow::server_packet_size();
}

#[test]
fn retained_messages_come_to_a_later_subscriber() {
    retained::replayed(V5);
}

#[test]
fn an_empty_payload_removes_a_retained_message() {
    retained::removed(V5);
}

#[test]
fn messages_wait_for_a_session_that_is_away() {
    session::messages_wait(V5);
}

#[test]
fn a_clean_start_forgets_the_session_before() {
    session::clean_start(V5);
}

#[test]
fn what_is_unacknowledged_is_sent_again() {
    session::redelivered(V5);
}

#[test]
fn a_session_without_an_expiry_ends_with_its_connection() {
    expiry::session_expiry(0, None, false, false);
}

#[test]
fn a_session_outlives_its_connection_as_long_as_asked() {
    expiry::session_expiry(KEPT, None, true, true);
}

#[test]
fn a_session_ends_when_its_expiry_has_passed() {
    expiry::session_expiry(1, None, true, false);
}

#[test]
fn a_disconnect_can_lengthen_the_expiry() {
    expiry::session_expiry(1, Some(KEPT), true, true);
}

#[test]
fn a_disconnect_can_end_the_session() {
    expiry::session_expiry(KEPT, Some(0), false, false);
}

#[test]
fn a_message_that_expired_does_not_come() {
    expiry::message_expiry();
}

#[test]
fn overlapping_subscriptions_bring_the_highest_qos() {
    subscribe::overlapping(V5);
}

#[test]
fn a_filter_that_is_not_allowed_is_refused() {
    subscribe::refused_filter(V5);
}

#[test]
fn wildcards_do_not_match_dollar_topics() {
    subscribe::dollar_topics(V5);
}

#[test]
fn nothing_comes_after_unsubscribing() {
    subscribe::unsubscribe(V5);
}

#[test]
fn a_message_carries_the_identifiers_of_its_subscriptions() {
    subscribe::identifiers();
}

#[test]
fn a_shared_message_reaches_one_member() {
    subscribe::shared();
}

#[test]
fn no_local_keeps_own_messages_away() {
    options::no_local();
}

#[test]
fn the_retain_flag_is_kept_where_asked() {
    options::retain_as_published();
}

#[test]
fn retained_messages_come_as_the_subscription_asks() {
    options::retain_handling();
}

#[test]
fn a_will_is_published_when_a_connection_breaks() {
    will::on_abrupt_end(V5);
}

#[test]
fn a_will_waits_for_its_delay() {
    will::delayed(Delay {
        will: 1,
        session: KEPT,
        expected: 1,
    });
}

#[test]
fn a_will_does_not_wait_beyond_its_session() {
    will::delayed(Delay {
        will: KEPT,
        session: 1,
        expected: 1,
    });
}

#[test]
fn a_will_of_a_session_that_ends_at_once_comes_at_once() {
    will::delayed(Delay {
        will: KEPT,
        session: 0,
        expected: 0,
    });
}

#[test]
fn a_client_that_comes_back_withdraws_its_will() {
    will::withdrawn();
}
