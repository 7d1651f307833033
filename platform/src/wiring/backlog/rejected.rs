//! What devices have missed of their rejects.
//!
//! Most devices that come back have missed none, and all may come back at
//! once: nobody walks over the log for them. The quarantine knows the frames,
//! the newest 1,000 of each device and 100,000 in all (what it lets go is
//! counted there); the log has them whole.

use std::ops::Range;

use domain::{DeviceId, DeviceTopic, Offset};
use ingest::{StreamItem, StreamStart};
use transport::{BacklogPage, LogPosition, SinkFault};

use super::page::{Page, Unreadable, survive};
use super::{Filters, Source};
use crate::wiring::messages;

/// Frames of one page. Each may lie in another part of the log.
const PAGE_FRAMES: usize = 32;
/// Children of a gateway that are asked for one by one on a worker: some 0.1 ms.
const FEW_CHILDREN: usize = 64;

/// Whether it speaks for so few that a worker may look for what they have
/// missed: a gateway of thousands is left to a thread that may be slow.
pub(super) fn is_quickly_known(source: &Source, device: &DeviceId) -> bool {
    let snapshot = source.registry.snapshot();
    snapshot.children_of(device).nth(FEW_CHILDREN).is_none()
}

/// The frames in `range` that may hold something for the device and the
/// children that it speaks for now, oldest first.
pub(super) fn frames(
    source: &Source,
    device: &DeviceId,
    filters: &Filters,
    range: Range<LogPosition>,
) -> Vec<Offset> {
    let mut frames = Vec::new();
    let (first, end) = (range.start.offset(), range.end.offset());
    let mut take = |of: &DeviceId| frames.extend(source.ingest.quarantined(of, first, end));
    if filters.reach(&DeviceTopic::rejects(device).to_string()) {
        take(device);
    }
    for child in source.registry.snapshot().children_of(device) {
        let topic = DeviceTopic::rejects(device).for_child(&child.id);
        if filters.reach(&topic.to_string()) {
            take(&child.id);
        }
    }
    frames.sort_unstable();
    frames.dedup();
    frames
}

pub(super) fn read(
    source: &Source,
    filters: &Filters,
    range: Range<LogPosition>,
    frames: &[Offset],
) -> Result<BacklogPage, SinkFault> {
    let wanted = filters.from(range.start);
    let mut page = Page::default();
    for (place, offset) in frames.iter().enumerate() {
        if place == PAGE_FRAMES || page.is_full() {
            return Ok(page.goes_on(range.start.max(LogPosition::at(*offset))));
        }
        let before = Offset::new(offset.get() - 1);
        match source.ingest.stream(StreamStart::After(before)).try_next() {
            Ok(Some(StreamItem::Frame(frame))) => {
                messages::rejects(&frame, &wanted, &mut page.messages);
            }
            Ok(Some(StreamItem::Gap { .. })) => page.lost(*offset, *offset),
            // It is applied, so the stream has it or tells of a gap.
            Ok(None) => {}
            Err(error) => match survive(&error)? {
                Unreadable::Frame | Unreadable::Rest => page.lost(*offset, *offset),
            },
        }
    }
    Ok(page.ends(range.end))
}
