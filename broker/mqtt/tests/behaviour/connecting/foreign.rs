//! Somebody else's client, both versions.

use std::time::Duration;

use crate::harness::client::telemetry;
use crate::harness::{DEADLINE, TestBroker};

const MESSAGES: usize = 200;

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, test).await.unwrap() });
}

#[test]
fn rumqttc_of_3_1_1_publishes_and_subscribes() {
    use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
    let broker = TestBroker::start();
    block_on(async {
        let mut options = MqttOptions::new("d", "127.0.0.1", broker.mqtt.port());
        options
            .set_credentials("d", "pass")
            .set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, MESSAGES + 10);
        client.subscribe("open/#", QoS::AtLeastOnce).await.unwrap();
        let (mut acknowledged, mut delivered) = (0, 0);
        while acknowledged < MESSAGES || delivered < MESSAGES {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::SubAck(_)) => {
                    for n in 0..MESSAGES {
                        let payload = format!("{n}");
                        let topic = telemetry("d");
                        client
                            .publish(topic, QoS::AtLeastOnce, false, payload.clone())
                            .await
                            .unwrap();
                        broker.publish("open/x", payload);
                    }
                }
                Event::Incoming(Packet::PubAck(_)) => acknowledged += 1,
                Event::Incoming(Packet::Publish(message)) => {
                    assert_eq!(message.payload, format!("{delivered}"));
                    delivered += 1;
                }
                _ => {}
            }
        }
    });
    let expected: Vec<_> = (0..MESSAGES).map(|n| format!("{n}")).collect();
    assert_eq!(broker.sink.payloads(), expected);
}

#[test]
fn rumqttc_of_5_publishes_and_subscribes() {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::Packet;
    use rumqttc::v5::{AsyncClient, Event, MqttOptions};
    let broker = TestBroker::start();
    block_on(async {
        let mut options = MqttOptions::new("d", "127.0.0.1", broker.mqtt.port());
        options
            .set_credentials("d", "pass")
            .set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, MESSAGES + 10);
        client.subscribe("open/#", QoS::AtLeastOnce).await.unwrap();
        let (mut offsets, mut delivered) = (Vec::new(), 0);
        while offsets.len() < MESSAGES || delivered < MESSAGES {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::SubAck(_)) => {
                    for n in 0..MESSAGES {
                        let payload = format!("{n}");
                        let topic = telemetry("d");
                        client
                            .publish(topic, QoS::AtLeastOnce, false, payload.clone())
                            .await
                            .unwrap();
                        broker.publish("open/x", payload);
                    }
                }
                Event::Incoming(Packet::PubAck(ack)) => {
                    let properties = ack.properties.unwrap().user_properties;
                    assert_eq!(properties[0].0, "offset");
                    offsets.push(properties[0].1.parse::<u64>().unwrap());
                }
                Event::Incoming(Packet::Publish(message)) => {
                    assert_eq!(message.payload, format!("{delivered}"));
                    delivered += 1;
                }
                _ => {}
            }
        }
        assert!(offsets.is_sorted());
        client.disconnect().await.unwrap();
        while events.poll().await.is_ok() {}
    });
    assert_eq!(broker.sink.messages.lock().len(), MESSAGES);
}
