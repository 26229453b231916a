//! Following an account: catching up page by page, then listening, for ever.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use reqwest::Response;

use super::history::{add, empty};
use super::sse::Parser;
use super::{HorizonLedger, malformed};
use crate::account::AccountId;
use crate::stellar::{Cursor, LedgerError, MovementPage};

/// Doubling stops here, long after `backoff_max` is reached.
const DOUBLINGS_MAX: u32 = 16;

pub(super) fn follow(
    ledger: &HorizonLedger,
    account: AccountId,
    after: Cursor,
) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
    let follower = Follower { ledger, account, after, phase: Phase::CatchingUp, failures: 0, pause: None };
    stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await;
        Some((item, follower))
    })
    .boxed()
}

struct Follower<'a> {
    ledger: &'a HorizonLedger,
    account: AccountId,
    /// Everything up to here was handed out.
    after: Cursor,
    phase: Phase,
    /// In a row.
    failures: u32,
    /// Before anything else is tried.
    pause: Option<Duration>,
}

enum Phase {
    /// Pages, until there is nothing new.
    CatchingUp,
    /// The open stream, and what it said that was not handed out yet.
    Listening(Box<Listening>),
}

struct Listening {
    response: Response,
    parser: Parser,
    ready: VecDeque<MovementPage>,
    is_over: bool,
}

impl Follower<'_> {
    /// The next page that brings the reader on, or trouble.
    async fn next(&mut self) -> Result<MovementPage, LedgerError> {
        loop {
            if let Some(pause) = self.pause.take() {
                tokio::time::sleep(pause).await;
            }
            let step = match &mut self.phase {
                Phase::CatchingUp => self.catch_up().await,
                Phase::Listening(_) => self.listen().await,
            };
            match step {
                Ok(Some(page)) => {
                    self.failures = 0;
                    self.after = page.next.clone();
                    return Ok(page);
                }
                Ok(None) => {}
                Err(error) => {
                    self.phase = Phase::CatchingUp;
                    self.pause = Some(self.backoff(&error));
                    self.failures = self.failures.saturating_add(1);
                    return Err(error);
                }
            }
        }
    }

    async fn catch_up(&mut self) -> Result<Option<MovementPage>, LedgerError> {
        let page = self.ledger.movement_page(&self.account, &self.after).await?;
        if page.next != self.after {
            return Ok(Some(page));
        }
        let (id, after) = (self.account.to_string(), self.after.to_string());
        let query = [("cursor", after.as_str()), ("order", "asc"), ("include_failed", "false")];
        let opened = self.ledger.http.stream(&["accounts", &id, "transactions"], &query).await;
        let response = match opened {
            Err(LedgerError::Server { status: 404 }) => {
                // the account does not exist yet
                self.pause = Some(self.ledger.options.backoff);
                return Ok(None);
            }
            opened => opened?,
        };
        let parser = Parser::new(self.ledger.options.body_max);
        let listening = Listening { response, parser, ready: VecDeque::new(), is_over: false };
        self.phase = Phase::Listening(Box::new(listening));
        Ok(None)
    }

    async fn listen(&mut self) -> Result<Option<MovementPage>, LedgerError> {
        let Phase::Listening(listening) = &mut self.phase else { return Ok(None) };
        if let Some(page) = listening.ready.pop_front() {
            return Ok(Some(page));
        }
        if listening.is_over {
            self.phase = Phase::CatchingUp;
            return Ok(None);
        }
        let silence = self.ledger.options.silence;
        let Ok(chunk) = tokio::time::timeout(silence, listening.response.chunk()).await else {
            // Nothing to tell, or nobody there any more: paging finds out which.
            self.phase = Phase::CatchingUp;
            return Ok(None);
        };
        let chunk = chunk.map_err(|error| self.ledger.http.failed(error))?;
        let Some(bytes) = chunk else {
            // Servers end streams as they like; only one that never said anything is trouble.
            self.phase = Phase::CatchingUp;
            self.pause = Some(self.ledger.options.backoff);
            return Ok(None);
        };
        self.failures = 0;
        let mut after = self.after.clone();
        for event in listening.parser.push(&bytes)? {
            match event.kind.as_str() {
                "" | "message" => {
                    let page = self.ledger.record(&event.data, &self.account, &after)?;
                    after = page.next.clone();
                    listening.ready.push_back(page);
                }
                "close" => listening.is_over = true,
                "error" => return Err(malformed("the stream reports an error")),
                _ => {}
            }
        }
        Ok(None)
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

impl HorizonLedger {
    /// A record of a stream, as a page of its own.
    fn record(&self, data: &str, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        let record = serde_json::from_str(data).map_err(|error| malformed(error.to_string()))?;
        let mut page = empty(after);
        add(&mut page, record, account, &self.network)?;
        Ok(page)
    }
}
