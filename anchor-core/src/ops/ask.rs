//! Questions to integrations: with a deadline, and with a wall against panics.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::integration::{IntegrationError, Retry};

/// Why an integration's answer is unknown.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It said so.
    Error(IntegrationError),
    /// It took too long: it may still be doing what it was asked to do.
    TimedOut(Duration),
    /// It panicked: it may have done what it was asked to do.
    Panicked,
}

impl From<Unanswered> for IntegrationError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Error(error) => error,
            Unanswered::TimedOut(limit) => Self::transient(format!("no answer within {limit:?}")),
            Unanswered::Panicked => Self::transient("it panicked"),
        }
    }
}

/// Asks, for at most `limit`.
pub(crate) async fn ask<T>(
    limit: Duration,
    question: impl Future<Output = Result<T, IntegrationError>>,
) -> Result<T, Unanswered> {
    match tokio::time::timeout(limit, AssertUnwindSafe(question).catch_unwind()).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(Unanswered::Error(error)),
        Ok(Err(_panic)) => Err(Unanswered::Panicked),
        Err(_elapsed) => Err(Unanswered::TimedOut(limit)),
    }
}

/// What an integration answered about one of many things.
pub(crate) type Answer<T> = Result<T, IntegrationError>;

/// The answers of one question about many things; where that panics or takes too long, of one question about
/// each of them, in twice the time. What is not in the map is unknown. Of several answers the first counts.
///
/// # Errors
/// When the question about all of them was answered by "I do not know".
pub(crate) async fn ask_about_all<'a, K: Copy + Eq + Hash, T>(
    limit: Duration,
    width: usize,
    all: impl Future<Output = Result<Vec<(K, Answer<T>)>, IntegrationError>>,
    each: impl Iterator<Item = (K, BoxFuture<'a, Answer<T>>)>,
) -> Result<HashMap<K, Answer<T>>, IntegrationError> {
    let mut answers = HashMap::new();
    let trouble = match ask(limit, all).await {
        Ok(list) => {
            for (key, answer) in list {
                answers.entry(key).or_insert(answer);
            }
            return Ok(answers);
        }
        Err(Unanswered::Error(error)) => {
            tracing::warn!(error = super::work::chain(&error), "an integration does not know the answer");
            return Err(error);
        }
        Err(trouble) => trouble,
    };
    tracing::error!(?trouble, "an integration did not answer for all; each is asked alone");
    let singles: Vec<_> = each
        .map(|(key, question)| async move { (key, ask(limit / 4, question).await.map_err(Into::into)) })
        .collect();
    let mut singles = stream::iter(singles).buffer_unordered(width.max(1));
    let collect = async {
        while let Some((key, answer)) = singles.next().await {
            answers.entry(key).or_insert(answer);
        }
    };
    if tokio::time::timeout(limit, collect).await.is_err() {
        tracing::warn!("not every question was asked in time; the others come next");
    }
    Ok(answers)
}

/// What "I do not know" about all of them means for one: unknown too, but never a reason to hold it.
pub(crate) fn for_one(error: &IntegrationError) -> IntegrationError {
    let text = "the question about all of them was not answered";
    match error.retry() {
        Retry::After(pause) => IntegrationError::transient_after(pause, text),
        Retry::Transient | Retry::Permanent => IntegrationError::transient(text),
    }
}
