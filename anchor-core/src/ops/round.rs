//! One round of calls to wallets: strangers' servers, some of which let everybody wait.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use url::Url;

use super::ask::ask;
use super::callback::{CallbackError, CallbackRequest, CallbackSender, authority};
use super::work::JobSettings;
use crate::anchor::Anchor;
use crate::integration::IntegrationError;

/// Who fails only after this time is not asked again in the same round.
const SLOW: Duration = Duration::from_secs(1);

/// What the calls of a round have in common.
pub(super) struct Round<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    sender: &'a dyn CallbackSender,
    /// Nothing is begun after it: whoever takes the news next has a whole lease.
    latest_start: DateTime<Utc>,
    slow: Mutex<HashSet<String>>,
}

impl<'a> Round<'a> {
    /// From the moment of the claim.
    pub(super) fn new(anchor: &'a Anchor, settings: &'a JobSettings, sender: &'a dyn CallbackSender) -> Self {
        let claim = settings.claim(anchor);
        let half = chrono::Duration::from_std(claim.lease / 2).unwrap_or(chrono::Duration::days(1));
        Self { anchor, settings, sender, latest_start: claim.now + half, slow: Mutex::default() }
    }

    /// Whether it is too late to begin anything.
    pub(super) fn is_over(&self) -> bool {
        self.anchor.clock().now() > self.latest_start
    }

    /// Whether this wallet's server has let somebody wait for nothing.
    pub(super) fn is_slow(&self, url: &Url) -> bool {
        self.slow().contains(&authority(url))
    }

    /// Posts it once, within the settings' time for a call.
    pub(super) async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError> {
        let began = Instant::now();
        let post = async { Ok(self.sender.post(request).await) };
        let answer = match ask(self.settings.call_timeout(), post).await {
            Ok(answer) => answer,
            Err(unanswered) => Err(CallbackError::Unknown(Box::new(IntegrationError::from(unanswered)))),
        };
        if answer.is_err() && began.elapsed() >= SLOW {
            self.slow().insert(authority(&request.url));
        }
        answer
    }

    fn slow(&self) -> MutexGuard<'_, HashSet<String>> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
