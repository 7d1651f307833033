//! Rows that become messages, and columns that are refused.

use super::*;

const MAP: &str = "title='t'\nagency='a'\nagency_name='A'\n\
    [[rule]]\nmetric='level'\nunit='cm'\nmodel='disaster.water-level'\nfield='level'\n\
    [[rule]]\nmetric='flow'\nunit='m3/s'\nmodel='disaster.water-level'\nfield='discharge'\n";

#[test]
fn rows_of_one_time_are_one_message_and_a_repeated_field_is_another() {
    let csv = "device,time_rfc3339,metric,value,unit\n\
        a,2020-05-01T00:00:00+09:00,level,278.7,cm\n\
        b,2020-05-01T00:00:00+09:00,level,1,cm\n\
        a,2020-05-01T00:00:00+09:00,flow,269.4,m3/s\n\
        a,2020-05-01T00:00:00+09:00,level,278.8,cm\n\
        a,2020-05-01T00:10:00+09:00,level,x,cm\n\
        a,2020-05-01T00:10:00,level,1,cm\n\
        a,2020-05-01T00:10:00+09:00,status,1,\n\
        a,2020-05-01T00:10:00+09:00,level,280,cm\n";
    let recording = Recording::read(csv.as_bytes(), &Map::parse(MAP).unwrap(), Span::ALL).unwrap();
    assert_eq!((recording.rows, recording.unreadable), (8, 2));
    assert_eq!(
        recording.unmapped,
        BTreeMap::from([("status []".to_owned(), 1)])
    );
    let a = &recording.devices[0];
    let values: Vec<_> = a.messages.iter().map(|m| a.values(m).to_vec()).collect();
    assert_eq!(
        values,
        [
            vec![(0, 278.7), (1, 269.4)],
            vec![(0, 278.8)],
            vec![(0, 280.0)]
        ]
    );
    assert_eq!(recording.messages(), 4);
    assert_eq!(
        recording.start(),
        Timestamp::parse("2020-05-01T00:00:00+09:00").ok()
    );
}

#[test]
fn other_columns_are_refused() {
    let map = Map::parse(MAP).unwrap();
    let fault = Recording::read(&b"device,time,metric,value\n"[..], &map, Span::ALL).unwrap_err();
    assert!(fault.to_string().contains("time_rfc3339"));
}
