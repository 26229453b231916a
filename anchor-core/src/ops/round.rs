//! One round of calls to wallets: strangers' servers, some of which let everybody wait.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use url::Url;

use super::ask::ask;
use super::callback::{CallbackError, CallbackRequest, CallbackSender, authority};
use super::work::JobSettings;
use crate::anchor::Anchor;
use crate::integration::IntegrationError;

/// What the calls of a round have in common.
pub(super) struct Round<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    sender: &'a dyn CallbackSender,
    /// Nothing is begun after it: whoever takes the news next has a whole lease.
    latest_start: DateTime<Utc>,
    /// Servers that did not answer.
    silent: Mutex<HashSet<String>>,
}

impl<'a> Round<'a> {
    /// From the moment of the claim.
    pub(super) fn new(anchor: &'a Anchor, settings: &'a JobSettings, sender: &'a dyn CallbackSender) -> Self {
        let claim = settings.claim(anchor);
        let half = chrono::Duration::from_std(claim.lease / 2).unwrap_or(chrono::Duration::days(1));
        Self { anchor, settings, sender, latest_start: claim.now + half, silent: Mutex::default() }
    }

    /// Whether it is too late to begin anything.
    pub(super) fn is_over(&self) -> bool {
        self.anchor.clock().now() > self.latest_start
    }

    /// Whether this wallet's server has let somebody wait for nothing: it is not waited for again in the same round.
    pub(super) fn is_silent(&self, url: &Url) -> bool {
        self.silent().contains(&authority(url))
    }

    /// Posts it once, within the settings' time for a call.
    pub(super) async fn post(&self, request: &CallbackRequest) -> Result<u16, CallbackError> {
        let post = async { Ok(self.sender.post(request).await) };
        let answer = match ask(self.settings.call_timeout(), post).await {
            Ok(answer) => answer,
            Err(unanswered) => Err(CallbackError::Unknown(Box::new(IntegrationError::from(unanswered)))),
        };
        if matches!(answer, Err(CallbackError::NotSent(_) | CallbackError::Unknown(_))) {
            self.silent().insert(authority(&request.url));
        }
        answer
    }

    fn silent(&self) -> MutexGuard<'_, HashSet<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
