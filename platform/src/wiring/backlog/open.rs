//! What applications have missed: a walk over the frames, since nearly all of
//! them are theirs.

use domain::Offset;
use ingest::{StreamItem, StreamStart};
use transport::{BacklogPage, LogPosition, SinkFault};

use super::page::{Page, Unreadable, survive};
use super::{Filters, Source};

/// Frames that are looked at for one page: a few milliseconds.
const PAGE_FRAMES: usize = 4_096;
/// The same where many filters look at each.
const MIN_PAGE_FRAMES: usize = 64;

pub(super) fn read(
    source: &Source,
    filters: &Filters,
    from: LogPosition,
) -> Result<BacklogPage, SinkFault> {
    let mut open = source.met.lock().pop().unwrap_or_default();
    open.refresh(&source.registry);
    let wanted = filters.from(from);
    let mut page = Page::default();
    let before = Offset::new(from.offset().get().saturating_sub(1));
    let mut stream = source.ingest.stream(StreamStart::After(before));
    // The more filters, the more work is a frame.
    let frames = (PAGE_FRAMES / filters.count().max(1)).max(MIN_PAGE_FRAMES);
    let mut looked_at = 0;
    let read = loop {
        if looked_at == frames || page.is_full() {
            break Ok(page.goes_on(after(stream.position(), from)));
        }
        looked_at += 1;
        match stream.try_next() {
            Ok(Some(StreamItem::Frame(frame))) => {
                open.observations(&source.registry, &frame, &wanted, &mut page.messages);
            }
            Ok(Some(StreamItem::Gap { from, to })) => page.lost(from, to),
            Ok(None) => break Ok(page.ends(after(stream.position(), from))),
            Err(error) => {
                let next = stream.position().next();
                match survive(&error) {
                    Ok(Unreadable::Frame) => {
                        page.lost(next, next);
                        stream = source.ingest.stream(StreamStart::After(next));
                    }
                    Ok(Unreadable::Rest) => {
                        let last = source.ingest.applied_offset();
                        page.lost(next, last);
                        break Ok(page.ends(after(last, from)));
                    }
                    Err(fault) => break Err(fault),
                }
            }
        }
    };
    source.met.lock().push(open);
    read
}

/// After all messages of a frame, and never back.
fn after(offset: Offset, from: LogPosition) -> LogPosition {
    from.max(LogPosition::at(offset.next()))
}
