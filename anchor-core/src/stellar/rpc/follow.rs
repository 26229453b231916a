//! Following an account: page after page, then looking again and again, for ever.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::RpcLedger;
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, MovementPage};

/// Doubling stops here, long after `backoff_max` is reached.
const DOUBLINGS_MAX: u32 = 16;

pub(super) fn follow(
    ledger: &RpcLedger,
    account: AccountId,
    after: Cursor,
) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
    let follower = Follower { ledger, account, after, failures: 0, pause: Duration::ZERO };
    stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await;
        Some((item, follower))
    })
    .boxed()
}

struct Follower<'a> {
    ledger: &'a RpcLedger,
    account: AccountId,
    /// Everything up to here was handed out.
    after: Cursor,
    /// In a row.
    failures: u32,
    /// Before the next look.
    pause: Duration,
}

impl Follower<'_> {
    /// The next page that brings the reader on, or trouble.
    async fn next(&mut self) -> Result<MovementPage, LedgerError> {
        loop {
            tokio::time::sleep(std::mem::take(&mut self.pause)).await;
            match self.ledger.movement_page(&self.account, &self.after).await {
                Ok(page) => {
                    self.failures = 0;
                    if !page.more {
                        self.pause = self.ledger.options.poll;
                    }
                    if page.next != self.after {
                        self.after = page.next.clone();
                        return Ok(page);
                    }
                }
                Err(error) => {
                    self.pause = self.backoff(&error);
                    self.failures = self.failures.saturating_add(1);
                    return Err(error);
                }
            }
        }
    }

    /// Half of it by chance, so that many followers do not come back at once.
    fn backoff(&self, error: &LedgerError) -> Duration {
        let options = &self.ledger.options;
        let doubled = options.backoff.saturating_mul(1 << self.failures.min(DOUBLINGS_MAX));
        let half = doubled.min(options.backoff_max) / 2;
        let jitter = half.saturating_mul(rand::random_range(0..=100)) / 100;
        error.retry_after().unwrap_or_default().max(half.saturating_add(jitter))
    }
}
