//! Asking jobs to stop, and hearing of it.

use tokio::sync::watch;

/// Asks everybody who holds the matching [`Shutdown`] to stop. Dropping it asks too.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<bool>);

/// Says whether to stop. Clones hear of the same request.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// A connected pair.
pub fn channel() -> (ShutdownTrigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (ShutdownTrigger(sender), Shutdown(receiver))
}

impl ShutdownTrigger {
    /// Asks to stop, once and for all.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// On SIGTERM or Ctrl-C. The task that listens lives as long as the process.
    pub fn on_signal() -> Self {
        let (trigger, shutdown) = channel();
        tokio::spawn(async move {
            signal().await;
            tracing::info!("asked to stop; finishing the work at hand");
            trigger.stop();
        });
        shutdown
    }

    /// Whether somebody asked to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns once somebody asked to stop.
    pub async fn asked(&self) {
        let mut receiver = self.0.clone();
        // an error means that the trigger is gone: nobody could ask any more
        let _ = receiver.wait_for(|stop| *stop).await;
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be heard; Ctrl-C stops the jobs");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_is_heard_before_and_after_it_was_asked() {
        let (trigger, shutdown) = channel();
        assert!(!shutdown.is_asked());
        let waiting = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.asked().await }
        });
        trigger.stop();
        waiting.await.unwrap();
        shutdown.asked().await;
        assert!(shutdown.is_asked());
    }

    #[tokio::test]
    async fn lost_trigger_stops() {
        let (trigger, shutdown) = channel();
        drop(trigger);
        shutdown.asked().await;
        assert!(shutdown.is_asked());
    }
}
