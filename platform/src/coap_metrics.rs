//! What CoAP counts, for `/metrics`.

use coap::CoapStats;
use text_formats::prometheus::Exposition;

pub(crate) fn write(page: &mut Exposition, stats: &CoapStats) {
    // Names them all, so that none is left out.
    let CoapStats {
        datagrams_in,
        bytes_in,
        datagrams_out,
        bytes_out,
        send_failed,
        source_limited,
        malformed,
        pings,
        duplicates,
        rejected_requests,
        transfers_refused,
        unreadable_signatures,
        refused,
        unchecked,
        repeated_messages,
        replayed,
        device_limited,
        overloaded,
        accepted,
        unreadable_payloads,
        separate_answers,
        retransmissions,
        unacknowledged,
        sink_faults,
    } = *stats;
    for (name, help, count) in [
        (
            "madang_coap_datagrams_in_total",
            "Datagrams received",
            datagrams_in,
        ),
        ("madang_coap_bytes_in_total", "Bytes received", bytes_in),
        (
            "madang_coap_datagrams_out_total",
            "Datagrams sent",
            datagrams_out,
        ),
        ("madang_coap_bytes_out_total", "Bytes sent", bytes_out),
        (
            "madang_coap_send_failed_total",
            "Datagrams that the kernel refused to send",
            send_failed,
        ),
        (
            "madang_coap_source_limited_total",
            "Datagrams dropped: their source sends too many, or from port 0",
            source_limited,
        ),
        (
            "madang_coap_malformed_total",
            "Datagrams that are no CoAP message",
            malformed,
        ),
        ("madang_coap_pings_total", "Pings answered", pings),
        (
            "madang_coap_duplicates_total",
            "Repeats of a request that was taken already",
            duplicates,
        ),
        (
            "madang_coap_rejected_requests_total",
            "Requests that are no telemetry, or ask for what is not understood",
            rejected_requests,
        ),
        (
            "madang_coap_transfers_refused_total",
            "Block1 transfers ended by a gap, an overlap or a bound",
            transfers_refused,
        ),
        (
            "madang_coap_unreadable_signatures_total",
            "Bodies that are no COSE_Sign1 of the expected form",
            unreadable_signatures,
        ),
        (
            "madang_coap_refused_total",
            "Messages of unknown, revoked or expired devices, and forged signatures",
            refused,
        ),
        (
            "madang_coap_unchecked_total",
            "Messages that were not looked at, since too many that did not verify came before them",
            unchecked,
        ),
        (
            "madang_coap_repeated_messages_total",
            "Signed messages that came again and were answered by their receipt",
            repeated_messages,
        ),
        (
            "madang_coap_replayed_total",
            "Messages whose epoch and sequence another message has used",
            replayed,
        ),
        (
            "madang_coap_device_limited_total",
            "Messages beyond the rate of their device",
            device_limited,
        ),
        (
            "madang_coap_overloaded_total",
            "Messages turned away, since too many waited for durability",
            overloaded,
        ),
        (
            "madang_coap_accepted_total",
            "Messages made durable and answered 2.04",
            accepted,
        ),
        (
            "madang_coap_unreadable_payloads_total",
            "Messages made durable whose payload could not be read",
            unreadable_payloads,
        ),
        (
            "madang_coap_separate_answers_total",
            "Answers that did not ride on the ACK",
            separate_answers,
        ),
        (
            "madang_coap_retransmissions_total",
            "Separate answers sent again",
            retransmissions,
        ),
        (
            "madang_coap_unacknowledged_total",
            "Separate answers that nobody acknowledged",
            unacknowledged,
        ),
        (
            "madang_coap_sink_faults_total",
            "Messages that could not be made durable",
            sink_faults,
        ),
    ] {
        page.counter(name, help, count);
    }
}
