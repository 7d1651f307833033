//! Fields that a device sends for the first time: they get their datastreams
//! from a thread of their own, so that whoever stages never waits for the
//! registry. Only the message that has such a field waits, wherever its sender
//! keeps it.
//!
//! Each device has a bound of its own for an hour ([`HourlyBound`]): what is beyond
//! it is quarantined, and the other fields of the message are kept.
//!
//! A device waits once, for all of its messages: whoever asks for it again
//! joins, and who gives up takes nothing away. So no device keeps the others
//! out by asking often.

mod hourly_bound;

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::Arc;
use std::thread::JoinHandle;

use device_registry::{MAX_EXTRA_FIELDS, NewExtraField, Registry, StoreError};
use domain::DeviceId;
use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashMap;
use supervisor::Scope;
use tokio::sync::watch;

pub(crate) use hourly_bound::HourlyBound;

/// Fields that wait to be registered, of all devices: up to 1 KiB of memory
/// each. As after an update of the firmware of many thousand devices.
const MAX_WAITING: usize = 32_768;
/// Fields that are registered in one change of the registry: some tens of
/// milliseconds, as a piece of an import.
const MOST_AT_ONCE: usize = 256;

/// The fields of one message that have no datastream yet.
#[derive(Debug)]
pub struct NewFields {
    pub(crate) device: DeviceId,
    pub(crate) fields: Vec<NewExtraField>,
}

/// Why a message's new fields have no datastreams.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegisterFieldsError {
    #[error("too many new fields wait for the registry")]
    Busy,
    #[error("the platform is stopping")]
    Closed,
    #[error("cannot make datastreams for fields that the model does not know")]
    Store(#[source] Arc<StoreError>),
}

type Answer = Result<(), RegisterFieldsError>;

/// The thread, and the way to it.
pub(crate) struct Registrar {
    queue: Arc<Queue>,
    bound: Arc<HourlyBound>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Registrar {
    pub(crate) fn start(
        registry: &Arc<Registry>,
        bound: HourlyBound,
        scope: &Scope,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let bound = Arc::new(bound);
        let (registry, asked, within) =
            (Arc::clone(registry), Arc::clone(&queue), Arc::clone(&bound));
        let thread = scope.thread("new-fields", move || run(&registry, &asked, &within))?;
        Ok(Self {
            queue,
            bound,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Resolves when the fields have datastreams, as far as they may have any
    /// and had a place. Whoever stages the message again learns which have none.
    pub(crate) fn register(
        &self,
        new: NewFields,
    ) -> impl Future<Output = Answer> + Send + 'static + use<> {
        answered(self.queue.join(new))
    }

    /// Whether the device may have another datastream made in this hour.
    pub(crate) fn has_room(&self, device: &DeviceId) -> bool {
        self.bound.left(device) > 0
    }

    /// Takes no more, and waits for the change that is under way.
    pub(crate) fn stop(&self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().take() {
            // A panic there has been told by the panic hook.
            let _ = thread.join();
        }
    }
}

async fn answered(joined: Result<Receiver, RegisterFieldsError>) -> Answer {
    let mut receiver = joined?;
    // Nobody answers any more where the thread has ended.
    let answer = receiver.wait_for(Option::is_some).await.ok();
    answer
        .and_then(|answer| answer.clone())
        .unwrap_or(Err(RegisterFieldsError::Closed))
}

fn run(registry: &Registry, queue: &Queue, bound: &HourlyBound) {
    let queue = ClosedAtEnd(queue);
    while let Some(batch) = queue.0.take() {
        let within = batch.iter().flat_map(|(id, waiting)| {
            let left = bound.left(id);
            waiting.fields.iter().take(left)
        });
        let made = registry.make_extra_datastreams(within);
        let answer = match made {
            Ok(made) => {
                made.iter().for_each(|field| bound.count(field.device()));
                Ok(())
            }
            Err(error) => Err(RegisterFieldsError::Store(Arc::new(error))),
        };
        for (_, waiting) in batch {
            waiting.answer.send_replace(Some(answer.clone()));
        }
    }
}

/// After a panic too: nobody waits for a thread that is gone.
struct ClosedAtEnd<'a>(&'a Queue);

impl Drop for ClosedAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What waits for the registry.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    asked: Condvar,
}

#[derive(Default)]
struct Waiting {
    devices: FxHashMap<DeviceId, WaitingDevice>,
    /// The same devices, the oldest first.
    order: VecDeque<DeviceId>,
    /// Of all of them.
    fields: usize,
    is_closed: bool,
}

/// The new fields of one device, for all who wait for them.
#[derive(Default)]
struct WaitingDevice {
    fields: Vec<NewExtraField>,
    answer: watch::Sender<Option<Answer>>,
}

type Receiver = watch::Receiver<Option<Answer>>;

impl Queue {
    fn join(&self, new: NewFields) -> Result<Receiver, RegisterFieldsError> {
        let waiting = &mut *self.waiting.lock();
        if waiting.is_closed {
            return Err(RegisterFieldsError::Closed);
        }
        let room = MAX_WAITING - waiting.fields;
        let device = match waiting.devices.entry(new.device) {
            Entry::Occupied(device) => device.into_mut(),
            Entry::Vacant(_) if room == 0 => return Err(RegisterFieldsError::Busy),
            Entry::Vacant(device) => {
                waiting.order.push_back(device.key().clone());
                device.insert(WaitingDevice::default())
            }
        };
        waiting.fields += device.add(new.fields, room);
        self.asked.notify_one();
        Ok(device.answer.subscribe())
    }

    /// The devices of the next change; `None` at the end.
    fn take(&self) -> Option<Vec<(DeviceId, WaitingDevice)>> {
        let mut waiting = self.waiting.lock();
        while waiting.order.is_empty() && !waiting.is_closed {
            self.asked.wait(&mut waiting);
        }
        (!waiting.is_closed).then(|| waiting.take())
    }

    /// Those who wait are told at once.
    fn close(&self) {
        let closed = Waiting {
            is_closed: true,
            ..Waiting::default()
        };
        let told = mem::replace(&mut *self.waiting.lock(), closed);
        self.asked.notify_one();
        drop(told);
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<(DeviceId, WaitingDevice)> {
        let (mut batch, mut fields) = (Vec::new(), 0);
        while fields <= MOST_AT_ONCE - MAX_EXTRA_FIELDS
            && let Some(id) = self.order.pop_front()
            && let Some(device) = self.devices.remove(&id)
        {
            fields += device.fields.len();
            batch.push((id, device));
        }
        self.fields -= fields;
        batch
    }
}

impl WaitingDevice {
    /// Adds what is not there yet, as far as the device may have it and there
    /// is room; how many. What is left out comes again, if it still is new then.
    fn add(&mut self, fields: Vec<NewExtraField>, room: usize) -> usize {
        let before = self.fields.len();
        let most = MAX_EXTRA_FIELDS.min(before + room);
        for field in fields {
            if self.fields.len() < most && !self.fields.contains(&field) {
                self.fields.push(field);
            }
        }
        self.fields.len() - before
    }
}

#[cfg(test)]
mod tests;
