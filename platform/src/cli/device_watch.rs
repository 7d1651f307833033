//! `madang device watch` and `madang device quarantine`: why a device does not
//! connect, and what was refused of its messages.

use std::time::Duration;

use domain::{DeviceId, Offset};
use sdk::api::{Event, Quarantined, Reason};

use super::client::ServerArgs;

/// How often `watch` asks for news.
const INTERVAL: Duration = Duration::from_millis(500);
/// Refused messages of before its start that `watch` shows.
const SHOWN: usize = 10;

pub(super) fn watch(server: &ServerArgs, id: &DeviceId) -> anyhow::Result<()> {
    let operator = server.operator()?;
    eprintln!("watching {id}; Ctrl-C ends it");
    let (mut after, mut offset) = (None, None);
    loop {
        for event in operator.device_events(id, after) {
            let event = event?;
            after = Some(event.sequence);
            show_event(&event);
        }
        let refused = operator.quarantine(id, offset).collect_all()?;
        let skipped = match offset {
            None => refused.len().saturating_sub(SHOWN),
            Some(_) => 0,
        };
        let last = refused.last().map(|message| message.offset);
        offset = last.or(offset).or(Some(Offset::new(0)));
        refused.iter().skip(skipped).for_each(show_refused);
        std::thread::sleep(INTERVAL);
    }
}

pub(super) fn quarantine(server: &ServerArgs, id: &DeviceId) -> anyhow::Result<()> {
    let mut is_empty = true;
    for message in server.operator()?.quarantine(id, None) {
        show_refused(&message?);
        is_empty = false;
    }
    if is_empty {
        eprintln!("nothing was refused of {id}'s messages");
    }
    Ok(())
}

fn show_event(event: &Event) {
    let often = match event.count {
        0 | 1 => String::new(),
        count => format!(" ({count} times)"),
    };
    println!(
        "{}  {:<14} {} from {}: {}{often}",
        event.time, event.kind, event.listener, event.address, event.reason
    );
    show_cure(&event.cure);
}

fn show_refused(message: &Quarantined) {
    let (time, offset) = (message.time, message.offset);
    if let Some(reason) = &message.unreadable {
        println!(
            "{time}  {:<14} offset {offset}: {}",
            "not read", reason.message
        );
        show_cure(&reason.cure);
    }
    for rejection in &message.rejections {
        let Reason { message, cure, .. } = &rejection.reason;
        println!(
            "{time}  {:<14} offset {offset}, observation {}, {}: {message}",
            "refused", rejection.index, rejection.field
        );
        show_cure(cure);
    }
}

fn show_cure(cure: &str) {
    if !cure.is_empty() {
        println!("    -> {cure}");
    }
}
