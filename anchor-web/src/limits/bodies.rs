//! Bodies that are being read: each has its time, and when there are too many, the oldest gives way.
//!
//! Honest bodies are here in no time, those that are held back on purpose are the oldest ones. To turn newcomers away
//! instead would lock everybody out with a few hundred connections.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// It took too long.
    TooSlow,
    /// Too many others came after it.
    GaveWay,
}

/// The bodies of one kind of clients.
#[derive(Debug)]
pub(crate) struct Bodies {
    most: usize,
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    count: u64,
    /// Oldest first. Who is dropped here has to give way.
    places: BTreeMap<u64, oneshot::Sender<()>>,
}

/// Given back when it is dropped.
struct Place<'a> {
    bodies: &'a Bodies,
    number: u64,
}

impl Bodies {
    pub(super) fn new(most: usize) -> Self {
        Self { most, reading: Mutex::default() }
    }

    /// Reads a body that has to be here within `time`.
    ///
    /// # Errors
    /// See [`Interrupted`].
    pub(crate) async fn read<T>(
        &self,
        time: Duration,
        body: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        let (_place, gives_way) = self.enter();
        tokio::select! {
            biased;
            read = body => Ok(read),
            _ = gives_way => {
                tracing::warn!("too much is being read (BODIES_AT_ONCE, UPLOAD_BYTES_AT_ONCE): the oldest was given up");
                Err(Interrupted::GaveWay)
            }
            () = tokio::time::sleep(time) => Err(Interrupted::TooSlow),
        }
    }

    /// The oldest of them gives way, if there is one.
    pub(super) fn give_up_oldest(&self) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.places.pop_first();
    }

    fn enter(&self) -> (Place<'_>, oneshot::Receiver<()>) {
        let (held, gives_way) = oneshot::channel();
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let number = reading.count;
        reading.count = number.wrapping_add(1);
        if reading.places.len() >= self.most {
            reading.places.pop_first();
        }
        reading.places.insert(number, held);
        (Place { bodies: self, number }, gives_way)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut reading = self.bodies.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.places.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::{FutureExt as _, join};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn oldest_body_gives_way_and_no_place_is_lost() {
        let bodies = Bodies::new(2);
        for _ in 0..10 {
            assert_eq!(bodies.read(LONG, ready(1)).await, Ok(1));
        }
        let (mut one, mut two) =
            (Box::pin(bodies.read(LONG, pending::<()>())), Box::pin(bodies.read(LONG, pending::<()>())));
        assert_eq!((one.as_mut().now_or_never(), two.as_mut().now_or_never()), (None, None));
        assert_eq!(bodies.read(LONG, ready(1)).await, Ok(1), "a newcomer is served");
        assert_eq!(one.await, Err(Interrupted::GaveWay));
        assert_eq!(two.as_mut().now_or_never(), None, "the younger one still has its place");
        drop(two);
        assert!(bodies.reading.lock().unwrap().places.is_empty());
    }

    #[tokio::test]
    async fn body_that_takes_too_long_is_given_up() {
        let bodies = Bodies::new(2);
        let (slow, quick) =
            join!(bodies.read(Duration::from_millis(1), pending::<()>()), bodies.read(LONG, ready(())));
        assert_eq!((slow, quick), (Err(Interrupted::TooSlow), Ok(())));
    }
}
