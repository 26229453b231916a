//! Following an account at one server, and at another one when that fails or keeps silent.
//!
//! The position is the network's own: a server takes over exactly where the other one stopped, and one that has not read
//! so far waits until it has.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::{About, FailoverLedger, Server};
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, MovementPage};

/// Doubling stops here, long after `backoff_max` is reached.
const DOUBLINGS_MAX: u32 = 16;

pub(super) fn follow(
    ledger: &FailoverLedger,
    account: AccountId,
    after: Cursor,
) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
    let follower = Follower { ledger, account, after, followed: None, failures: 0, pause: Duration::ZERO };
    stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await;
        Some((item, follower))
    })
    .boxed()
}

struct Follower<'a> {
    ledger: &'a FailoverLedger,
    account: AccountId,
    /// Everything up to here was handed out.
    after: Cursor,
    /// Whom, and what it says.
    followed: Option<(&'a Server, BoxStream<'a, Result<MovementPage, LedgerError>>)>,
    /// In a row, whoever failed.
    failures: u32,
    /// Before the next server is followed: all of them have failed.
    pause: Duration,
}

impl Follower<'_> {
    /// The next page that brings the reader on, or trouble with all servers. What was read by a server when this is
    /// dropped is read again.
    async fn next(&mut self) -> Result<MovementPage, LedgerError> {
        loop {
            tokio::time::sleep(std::mem::take(&mut self.pause)).await;
            self.begin();
            let Some((server, pages)) = &mut self.followed else {
                return Err(LedgerError::NoQuorum { said: 0, wanted: 1 });
            };
            let server = *server;
            match tokio::time::timeout(self.ledger.options.silence, pages.next()).await {
                Ok(Some(Ok(page))) => {
                    self.ledger.note(server, About::AllElse, &Ok(()));
                    return Ok(self.goes_on(page));
                }
                Ok(Some(Err(error))) => {
                    self.ledger.note::<()>(server, About::AllElse, &Err(error.clone()));
                    self.followed = None;
                    if let Some(page) = self.failed(error, server).await? {
                        return Ok(self.goes_on(page));
                    }
                }
                Ok(None) => self.followed = None,
                Err(_) => {
                    if let Some(page) = self.told_elsewhere(server).await {
                        return Ok(self.goes_on(page));
                    }
                }
            }
        }
    }

    fn begin(&mut self) {
        if self.followed.is_none()
            && let Some(server) = self.ledger.order().into_iter().next()
        {
            let pages = server.ledger.follow(self.account, self.after.clone());
            self.followed = Some((server, pages));
        }
    }

    fn goes_on(&mut self, page: MovementPage) -> MovementPage {
        self.failures = 0;
        self.after = page.next.clone();
        page
    }

    /// Another server is looked for. Its next page, if it has one already; an error if nobody can tell any more.
    async fn failed(
        &mut self,
        error: LedgerError,
        failed: &Server,
    ) -> Result<Option<MovementPage>, LedgerError> {
        self.failures = self.failures.saturating_add(1);
        let ledger = self.ledger;
        for server in ledger.order().into_iter().filter(|server| !std::ptr::eq(*server, failed)) {
            let answer = server.ledger.movements(&self.account, &self.after).await;
            ledger.note(server, About::AllElse, &answer);
            if let Ok(page) = answer {
                self.followed = Some((server, server.ledger.follow(self.account, page.next.clone())));
                return Ok((page.next != self.after).then_some(page));
            }
        }
        self.pause = self.backoff(&error);
        Err(error)
    }

    /// A server that keeps silent is not believed if another one has something to tell.
    async fn told_elsewhere(&mut self, silent: &Server) -> Option<MovementPage> {
        let ledger = self.ledger;
        let (server, page) = ledger.elsewhere(&self.account, &self.after, silent).await?;
        silent.health.fell_behind(&silent.name);
        self.followed = Some((server, server.ledger.follow(self.account, page.next.clone())));
        Some(page)
    }

    /// Half of it by chance, so that many followers do not come back at once.
    fn backoff(&self, error: &LedgerError) -> Duration {
        let options = &self.ledger.options;
        let doubled = options.backoff.saturating_mul(1 << self.failures.saturating_sub(1).min(DOUBLINGS_MAX));
        let half = doubled.min(options.backoff_max.min(Duration::from_secs(30))) / 2;
        let jitter = half.saturating_mul(rand::random_range(0..=100)) / 100;
        error.retry_after().unwrap_or_default().max(half.saturating_add(jitter))
    }
}
