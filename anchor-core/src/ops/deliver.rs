//! News for others: the business's own sink, and the wallet that asked to be called back.
//!
//! The outbox row was written with the change that it tells of, so no news is lost. It is delivered at least once
//! and in order: of one transaction only the oldest undelivered news is taken. Nothing here ever touches a
//! transaction.
//!
//! Killed between a delivery and its acknowledgement, the news is delivered again; receivers recognise it by the
//! event's id and the transaction's status. Only the end of the flow is posted at most once (SEP-24): it is marked
//! as told before it is posted, and a worker that is killed in between leaves a wallet that has to ask.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use url::Url;

use super::OpsError;
use super::ask::ask;
use super::callback::{CallbackError, CallbackRequest, CallbackSender};
use super::round::Round;
use super::work::{JobSettings, Progress, chain};
use crate::anchor::Anchor;
use crate::integration::IntegrationError;
use crate::store::{ClaimedEvent, EventProgress};
use crate::transaction::{Event, EventKind, Protocol};

/// No retry is later than this after the last one.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// After this time old news is offered to a wallet once more and then given up: newer news waits behind it.
const NEWS_AGE_MAX: chrono::Duration = chrono::Duration::days(1);

/// Delivers what is due.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble leaves the touched news to its next try.
pub async fn deliver(
    anchor: &Anchor,
    settings: &JobSettings,
    sender: &dyn CallbackSender,
) -> Result<Progress, OpsError> {
    let round = Round::new(anchor, settings, sender);
    let claimed = anchor.store().event_claim(&settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| {
        let work = AssertUnwindSafe(deliver_one(anchor, settings, &round, one)).catch_unwind();
        async move {
            let trouble = match work.await {
                Ok(Ok(delivered)) => return Progress { claimed: 1, moved: u32::from(delivered), failed: 0 },
                Ok(Err(error)) => chain(&error),
                Err(_panic) => "it panicked".to_owned(),
            };
            let transaction = &one.event.transaction;
            tracing::warn!(transaction.id = %transaction.id, error = trouble, "news was not delivered");
            Progress { claimed: 1, moved: 0, failed: 1 }
        }
        .boxed()
    });
    let works: Vec<_> = works.collect();
    let outcomes = stream::iter(works).buffer_unordered(settings.width.max(1));
    Ok(outcomes.fold(Progress::default(), |sum, one| async move { sum.and(one) }).await)
}

/// `true` once everybody has it.
async fn deliver_one(
    anchor: &Anchor,
    settings: &JobSettings,
    round: &Round<'_>,
    claimed: &ClaimedEvent,
) -> Result<bool, OpsError> {
    let mut progress = claimed.progress;
    let event = claimed.event.id;
    if round.is_over() {
        // whoever told it later might tell it after newer news
        anchor.store().event_defer(event, claimed.lease, progress, anchor.clock().now()).await?;
        return Ok(false);
    }
    if !progress.sink {
        progress.sink = tell_sink(anchor, settings, &claimed.event).await;
    }
    if !progress.callback {
        progress.callback = tell_wallet(anchor, settings, round, claimed, progress).await?;
    }
    let now = anchor.clock().now();
    if progress == (EventProgress { sink: true, callback: true }) {
        anchor.store().event_ack(event, claimed.lease, now).await?;
        return Ok(true);
    }
    let pause = settings.pause_min.max(backoff(claimed.tries));
    let due = now + chrono::Duration::from_std(pause).unwrap_or(NEWS_AGE_MAX);
    anchor.store().event_defer(event, claimed.lease, progress, due).await?;
    Ok(false)
}

/// 5, 10, 20… seconds.
fn backoff(tries: u32) -> Duration {
    Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(tries)).min(PAUSE_MAX)
}

async fn tell_sink(anchor: &Anchor, settings: &JobSettings, event: &Event) -> bool {
    let Some(sink) = anchor.events() else { return true };
    let news = async { sink.deliver(event).await };
    match ask(settings.call_timeout(), news).await {
        Ok(()) => true,
        Err(unanswered) => {
            let error = chain(&IntegrationError::from(unanswered));
            tracing::warn!(event.id = %event.id, error, "the event sink did not take the news");
            false
        }
    }
}

/// `true` once the wallet has it, or will never have it.
async fn tell_wallet(
    anchor: &Anchor,
    settings: &JobSettings,
    round: &Round<'_>,
    claimed: &ClaimedEvent,
    progress: EventProgress,
) -> Result<bool, OpsError> {
    let event = &claimed.event;
    let Some(url) = address(anchor, event).await? else { return Ok(true) };
    let age = anchor.clock().now().signed_duration_since(event.at);
    let is_last = claimed.tries.saturating_add(1) >= settings.callback_tries || age > NEWS_AGE_MAX;
    if round.is_silent(&url) {
        return Ok(is_last);
    }
    let Some(documents) = anchor.documents() else {
        tracing::error!("wallets wait for callbacks, but the anchor was built without documents");
        return Ok(true);
    };
    let body = documents.document(&event.transaction).to_string().into_bytes();
    let host = url.host_str().unwrap_or_default().to_owned();
    // signed anew for every try: receivers refuse old timestamps
    let request = CallbackRequest::sign(&anchor.config().signing_key, url, body, anchor.clock().now());
    if event.kind == EventKind::FlowFinished {
        let told = EventProgress { callback: true, ..progress };
        if !anchor.store().event_mark(event.id, claimed.lease, told).await? {
            // somebody else has this news by now, and tells it or told it
            return Ok(false);
        }
    }
    let answer = round.post(&request).await;
    let done = is_done(event.kind, &answer);
    match &answer {
        Ok(status) if (200..300).contains(status) => {}
        Ok(status) => tracing::info!(event.id = %event.id, host, status, "a wallet refused the news"),
        Err(error) => {
            let error = chain(error);
            tracing::info!(event.id = %event.id, host, error, "a wallet did not take the news");
        }
    }
    Ok(done || is_last)
}

/// Where the wallet wants to hear of it. `postMessage` is the business of the user's browser.
async fn address(anchor: &Anchor, event: &Event) -> Result<Option<Url>, OpsError> {
    let transaction = &event.transaction;
    // how it began is what the answer to the request has told (SEP-31)
    let is_beginning = event.at.timestamp_micros() <= transaction.started_at.timestamp_micros();
    if transaction.protocol == Protocol::Sep31 && is_beginning {
        return Ok(None);
    }
    let callbacks = anchor.store().callbacks_fetch(event.transaction.id).await?;
    let wanted = match event.kind {
        EventKind::FlowFinished => callbacks.finished,
        EventKind::StatusChanged => callbacks.on_change,
    };
    let wanted = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case("postMessage"));
    Ok(wanted.and_then(|wanted| Url::parse(&wanted).ok()))
}

/// Whether this answer ends the tries.
///
/// The end of the flow is told at most once, so only a wallet that certainly knows nothing is tried again. A
/// change of status is told until the wallet took or refused it.
fn is_done(kind: EventKind, answer: &Result<u16, CallbackError>) -> bool {
    match (kind, answer) {
        (_, Err(CallbackError::Refused(_))) => true,
        (_, Err(CallbackError::NotSent(_))) => false,
        (EventKind::FlowFinished, Ok(_) | Err(CallbackError::Unknown(_))) => true,
        (EventKind::StatusChanged, Ok(status)) => !matches!(status, 408 | 425 | 429 | 500..=599),
        (EventKind::StatusChanged, Err(CallbackError::Unknown(_))) => false,
    }
}
