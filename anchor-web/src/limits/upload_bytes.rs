//! How many bytes of uploads are in memory at once. Nobody waits for them: two uploads that wait for each other's would
//! wait until their time is over.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Bodies;
use crate::error::SepError;

/// What all uploads share.
#[derive(Debug)]
pub(crate) struct UploadBytes(Arc<Semaphore>);

/// The bytes of one upload, given back when this is dropped: it lives as long as they do.
#[derive(Debug)]
pub(crate) struct Held {
    of: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl UploadBytes {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    /// For an upload that begins.
    pub(crate) fn hold(&self) -> Held {
        Held { of: Arc::clone(&self.0), permit: None }
    }
}

impl Held {
    /// Counts bytes that came, before they are kept. Where there is no room, the oldest of `bodies` gives way, for those
    /// who come back: what is held back on purpose is the oldest.
    ///
    /// # Errors
    /// 503 with the time after which to come back.
    pub(crate) fn add(&mut self, bytes: usize, bodies: &Bodies) -> Result<(), SepError> {
        let more = u32::try_from(bytes).ok();
        let more = more.and_then(|bytes| Arc::clone(&self.of).try_acquire_many_owned(bytes).ok());
        let Some(more) = more else {
            tracing::warn!("UPLOAD_BYTES_AT_ONCE are in memory: an upload was turned away");
            bodies.give_up_oldest();
            return Err(SepError::busy());
        };
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn bytes_of_uploads_are_counted_until_the_upload_is_dropped() {
        let (bytes, bodies) = (UploadBytes::new(10), Bodies::new(1));
        let (mut one, mut other) = (bytes.hold(), bytes.hold());
        one.add(4, &bodies).unwrap();
        one.add(3, &bodies).unwrap();
        other.add(3, &bodies).unwrap();
        assert!(other.add(1, &bodies).is_err(), "nobody waits");
        assert!(one.add(1, &bodies).is_err());
        drop(one);
        other.add(7, &bodies).unwrap();
        drop(other);
        bytes.hold().add(10, &bodies).unwrap();
    }
}
