use bytes::Bytes;
use domain::DeviceId;

use super::{Known, RememberedReceipts};
use crate::message::Code;

fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

#[test]
fn receipts_are_bounded_and_a_failed_message_is_forgotten() {
    let mut receipts = RememberedReceipts::new(10, 10);
    for number in 0..100u8 {
        receipts.begin([number; 32], &device("dev-1"));
        assert!(receipts.len() <= 10);
    }
    assert_eq!(receipts.find(&[89; 32]), None);
    assert_eq!(receipts.find(&[90; 32]), Some(&Known::UnderWay));
    receipts.forget(&[90; 32]);
    assert_eq!(receipts.find(&[90; 32]), None);
    receipts.finish(&[99; 32], Code::CHANGED, Bytes::from_static(b"r"));
    assert!(matches!(
        receipts.find(&[99; 32]),
        Some(Known::Durable { .. })
    ));
    // What was pushed out is not brought back by its late receipt.
    receipts.finish(&[1; 32], Code::CHANGED, Bytes::from_static(b"r"));
    assert_eq!((receipts.find(&[1; 32]), receipts.len()), (None, 9));
}
