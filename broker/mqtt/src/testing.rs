//! What the benchmark needs of the session and nobody else does.

use std::sync::Arc;
use std::time::Instant;

use transport::{PublishRight, Receipt};

use crate::codec::{self, Connect};
use crate::limits::Config;
use crate::session::{Action, Held, Keeping, Kept, Session, read_connect};

/// Takes PUBLISH packets through a session and acknowledges them, so many
/// times: decode, session, `stage`, PUBACK.
pub fn acknowledge<R: Receipt>(
    connect: &Connect<'_>,
    packets: &[u8],
    rounds: u32,
    stage: impl Fn() -> R,
) {
    let (protocol, config) = (connect.protocol, Arc::new(Config::default()));
    let max_packet = config.max_packet;
    let requested = read_connect(connect, &config).expect("a usable CONNECT");
    let (keeping, kept) = (Keeping::Memory, Kept::default());
    let mut session = Session::new(config, requested, keeping, kept, Instant::now());
    let (mut out, mut held) = (Vec::new(), Held::default());
    for _ in 0..rounds {
        let (now, mut rest) = (Instant::now(), packets);
        let mut staged = Vec::with_capacity(100);
        while let Ok(Some((packet, used))) = codec::decode(rest, protocol, max_packet) {
            rest = &rest[used..];
            let Ok(Action::Publish(publish)) = session.handle(packet, now, &mut out, &mut held)
            else {
                unreachable!("only messages are sent")
            };
            let topic = session.topic_of(&publish);
            if session.known_right(topic, 0).is_none() {
                assert_eq!(session.check_topic(topic), Ok(true));
                session.remember_right(publish.topic, 0, Ok(PublishRight::Telemetry));
            }
            staged.push(stage());
            session.staged(&publish);
        }
        out.clear();
        for receipt in &staged {
            session.committed(receipt, &mut out, &mut held);
        }
        std::hint::black_box(&out);
    }
}
