//! Panics are told as log lines and counted, wherever they happen.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static LAST: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Of the process, since [`install`].
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Puts the log in the place of the standard hook, which writes to standard
/// error and may wait there.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        COUNT.fetch_add(1, Ordering::Relaxed);
        let text = text(info);
        // Gone where the thread's own values are being dropped.
        let _ = LAST.try_with(|last| *last.borrow_mut() = Some(Arc::clone(&text)));
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("without a name").to_owned();
        tracing::error!(thread = name, "a panic: {text}");
    }));
}

/// What the panic that unwinds this thread said.
pub(crate) fn last_of_this_thread() -> Arc<str> {
    let last = LAST.try_with(|last| last.borrow().clone()).ok().flatten();
    last.unwrap_or_else(|| "its message is in the log".into())
}

fn text(info: &PanicHookInfo<'_>) -> Arc<str> {
    let payload = info.payload();
    let payload = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of no text");
    match info.location() {
        Some(place) => format!("{payload} ({}:{})", place.file(), place.line()).into(),
        None => payload.into(),
    }
}
