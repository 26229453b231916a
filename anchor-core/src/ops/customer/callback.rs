//! Telling wallets how a customer stands, until it is accepted or rejected.
//!
//! A callback is a row with what its owner knows. Whenever it is due (something was sent or decided, or some time has
//! passed, because the business may have changed its mind) the customer is looked at, and the owner is told if that is news.
//! Killed between a delivery and its row, the same is told again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use url::Url;

use super::refusal::{CustomerError, CustomerRefusal};
use super::{Resolved, answer, type_or_usual};
use crate::anchor::Anchor;
use crate::http::check_url;
use crate::ops::OpsError;
use crate::ops::callback::{CallbackError, CallbackRequest, CallbackSender};
use crate::ops::round::Round;
use crate::ops::work::{JobSettings, Progress, chain};
use crate::store::{CallbackEnd, ClaimedCallback, CustomerCallback, CustomerKeyed};

/// How soon a customer is looked at again while nothing is known to have happened, at the earliest; see [`look_after`].
const LOOK: Duration = Duration::from_secs(30);
/// How often a customer is looked at who was accepted or rejected when the callback was registered; and the least often.
const LOOK_AT_SETTLED: Duration = Duration::from_secs(24 * 3600);
/// No retry is later than this after the last one.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Remembers where the owner of a customer wants to hear of it, instead of anywhere else. The owner knows how the customer
/// stands now: it hears of changes.
///
/// # Errors
/// See [`CustomerError`].
pub async fn register(
    anchor: &Anchor,
    resolved: &Resolved,
    customer_type: Option<&str>,
    url: Option<&str>,
) -> Result<(), CustomerError> {
    let url = url.ok_or(CustomerRefusal::Missing("url"))?;
    let url = Url::parse(url).map_err(|_| CustomerRefusal::Url)?;
    check_url(&url, anchor.config().local_mode).map_err(|_| CustomerRefusal::Url)?;
    let customer = resolved.customer.as_ref().ok_or(CustomerError::Unknown)?;
    let of = type_or_usual(anchor, Some(customer), customer_type)?;
    let told = answer(anchor, Some(customer), of, None).await.standing.as_str();
    let callback =
        CustomerCallback { url, customer_type: Some(of.name.clone()), told: Some(told.to_owned()) };
    let known = anchor.store().customer_callback_put(customer.id, &callback, anchor.clock().now()).await?;
    if known { Ok(()) } else { Err(CustomerError::Unknown) }
}

/// Looks at the callbacks that are due.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble leaves the callback to its next try.
pub async fn notify(
    anchor: &Anchor,
    settings: &JobSettings,
    sender: &dyn CallbackSender,
) -> Result<Progress, OpsError> {
    if anchor.customers().is_none() {
        return Ok(Progress::default());
    }
    let round = Round::new(anchor, settings, sender);
    let claimed = anchor.store().customer_callback_claim(&settings.claim(anchor)).await?;
    let works = claimed.iter().map(|one| {
        let work = AssertUnwindSafe(notify_one(anchor, settings, &round, one)).catch_unwind();
        async move {
            let trouble = match work.await {
                Ok(Ok(told)) => return Progress { claimed: 1, moved: u32::from(told), failed: 0 },
                Ok(Err(error)) => chain(&error),
                Err(_panic) => "it panicked".to_owned(),
            };
            tracing::warn!(customer.id = %one.customer, error = trouble, "a customer's wallet was not told");
            Progress { claimed: 1, moved: 0, failed: 1 }
        }
        .boxed()
    });
    let works: Vec<_> = works.collect();
    let outcomes = stream::iter(works).buffer_unordered(settings.width.max(1));
    Ok(outcomes.fold(Progress::default(), |sum, one| async move { sum.and(one) }).await)
}

/// `true` if the wallet was told something.
async fn notify_one(
    anchor: &Anchor,
    settings: &JobSettings,
    round: &Round<'_>,
    claimed: &ClaimedCallback,
) -> Result<bool, OpsError> {
    let store = anchor.store();
    let known = || claimed.callback.told.clone();
    if round.is_over() {
        let now = anchor.clock().now();
        let end = CallbackEnd::Again { told: known(), tries: claimed.tries, due: now };
        store.customer_callback_end(claimed.customer, claimed.lease, &end).await?;
        return Ok(false);
    }
    let customer = store.customer_fetch(&CustomerKeyed::Id(claimed.customer)).await?;
    let of = type_or_usual(anchor, customer.as_ref(), claimed.callback.customer_type.as_deref());
    let (Some(customer), Ok(of), Some(documents)) = (customer, of, anchor.documents()) else {
        tracing::warn!(customer.id = %claimed.customer, "nobody can be told of a customer: its type is gone, or there are no documents");
        store.customer_callback_end(claimed.customer, claimed.lease, &CallbackEnd::Done).await?;
        return Ok(false);
    };
    let answer = answer(anchor, Some(&customer), of, None).await;
    let standing = answer.standing.as_str();
    let after = |pause: Duration| {
        let now = anchor.clock().now();
        chrono::Duration::from_std(pause).ok().and_then(|pause| now.checked_add_signed(pause)).unwrap_or(now)
    };
    let look = || look_after(anchor.clock().now().signed_duration_since(customer.updated_at));
    if claimed.callback.told.as_deref() == Some(standing) {
        // settled when it was registered: what changes that makes it due at once, if it happens here
        let pause = if answer.standing.is_settled() { LOOK_AT_SETTLED } else { look() };
        let end = CallbackEnd::Again { told: known(), tries: 0, due: after(pause) };
        store.customer_callback_end(claimed.customer, claimed.lease, &end).await?;
        return Ok(false);
    }
    let body = documents.customer(&answer).to_string().into_bytes();
    let url = claimed.callback.url.clone();
    // signed anew for every try: receivers refuse old timestamps
    let request = CallbackRequest::sign(&anchor.config().signing_key, url, body, anchor.clock().now());
    let posted = if round.is_silent(&request.url) { None } else { Some(round.post(&request).await) };
    let is_taken = match &posted {
        Some(Ok(status)) => !matches!(status, 408 | 425 | 429 | 500..=599),
        Some(Err(CallbackError::Refused(_))) => true,
        Some(Err(CallbackError::NotSent(_) | CallbackError::Unknown(_))) | None => false,
    };
    let tries = claimed.tries.saturating_add(1);
    let is_told = is_taken || tries >= settings.callback_tries;
    let told = Some(standing.to_owned());
    let end = match (is_told, answer.standing.is_settled()) {
        (true, true) => CallbackEnd::Done,
        (true, false) => CallbackEnd::Again { told, tries: 0, due: after(look()) },
        (false, _) => {
            let pause =
                Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(claimed.tries)).min(PAUSE_MAX);
            CallbackEnd::Again { told: known(), tries, due: after(pause) }
        }
    };
    store.customer_callback_end(claimed.customer, claimed.lease, &end).await?;
    match posted {
        Some(Ok(status)) if (200..300).contains(&status) => {}
        Some(Ok(status)) => {
            tracing::info!(customer.id = %claimed.customer, status, "a wallet refused news of a customer")
        }
        None => {
            tracing::info!(customer.id = %claimed.customer, "a wallet was not told: its server did not answer just now")
        }
        Some(Err(error)) => {
            let error = chain(&error);
            tracing::info!(customer.id = %claimed.customer, error, "a wallet did not take news of a customer");
        }
    }
    Ok(is_taken)
}

/// Whoever has not told anything for long, and perhaps never comes back, is looked at less and less often. What happens here
/// makes a customer due at once; this is about decisions that only the business knows of.
fn look_after(quiet: chrono::Duration) -> Duration {
    (quiet.to_std().unwrap_or_default() / 10).clamp(LOOK, LOOK_AT_SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_who_are_quiet_for_long_are_looked_at_less_often() {
        for (quiet, pause) in
            [(-5, 30), (0, 30), (299, 30), (3600, 360), (86_400, 8640), (40_000_000, 86_400)]
        {
            assert_eq!(look_after(chrono::Duration::seconds(quiet)).as_secs(), pause, "after {quiet} s");
        }
    }
}
