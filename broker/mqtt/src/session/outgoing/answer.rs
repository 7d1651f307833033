//! The answer to a question, where the client listens for it.

use transport::{Answer, is_publishable};

use super::Session;
use crate::codec::{Property, PropertyList, Publish, Qos};

impl Session {
    /// Writes it with QoS 0: its acknowledgement tells the client whether to ask
    /// again. MQTT 5 says where to answer and by which words the client knows the
    /// answer again (4.10).
    pub(in crate::session) fn tell(
        &self,
        question: &Publish<'_>,
        answer: &Answer,
        out: &mut Vec<u8>,
    ) {
        let mut topic = answer.topic.as_str();
        let mut properties = PropertyList::default().with(Property::ContentType(JSON));
        for property in question.properties.iter() {
            match property {
                Property::ResponseTopic(asked) => topic = asked,
                Property::CorrelationData(_) => properties.push(property),
                _ => {}
            }
        }
        if !is_publishable(topic, self.topic_limits()) {
            return;
        }
        let mut listens = false;
        for subscription in &self.subscriptions {
            if subscription.group.is_none() && subscription.filter.matches(topic) {
                listens = true;
                let id = subscription.id.map(Property::SubscriptionId);
                id.into_iter().for_each(|id| properties.push(id));
            }
        }
        if !listens {
            return;
        }
        let start = out.len();
        let publish = Publish {
            duplicate: false,
            qos: Qos::AtMostOnce,
            retain: false,
            topic,
            packet_id: 0,
            properties: properties.as_properties(),
            payload: &answer.payload,
        };
        publish.encode(self.protocol, out);
        if out.len() - start > self.outgoing.max_packet {
            out.truncate(start);
        }
    }
}

const JSON: &str = "application/json";
