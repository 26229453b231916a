//! Several servers of one network as one ledger.
//!
//! | question | who answers |
//! |---|---|
//! | how far has the ledger come | all; the one that has read furthest |
//! | an account | the one that has read furthest, and never from before what was shown already |
//! | what became of an envelope | whoever knows it; *not found* only together |
//! | what arrived | one at a time; another one is asked when it fails, or keeps silent |
//! | here is an envelope | one; the next one if it is unknown whether that one took it |
//!
//! All of them have to be of one kind, with positions that are the network's own numbers: then a position that one of
//! them told means the same to the others, and reading goes on at another server without a gap. A server that has not
//! read that far has nothing new to tell.
//!
//! A server that fails three times in a row is left alone for a while, longer each time. One that lags far behind is
//! asked last. If all are in trouble, all are asked.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::{BoxStream, FuturesUnordered};
use tokio::time::Instant;

use super::{
    AccountSnapshot, BalanceLookup, Cursor, Ledger, LedgerError, LedgerPoint, Lookup, Movement, MovementPage,
    Network, Submission,
};
use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::transaction::TransactionHash;

pub use endpoints::{Endpoint, EndpointState, Endpoints};

use agree::{Said, agree, found_in, is_contradictory};
use health::{About, Health, Standing};

mod accounts;
mod agree;
mod balances;
mod endpoints;
mod follow;
mod health;
mod history;
#[cfg(test)]
mod tests;

/// How patient it is with its servers.
#[derive(Debug, Clone, Copy)]
pub struct FailoverOptions {
    /// So many servers have to say that a transaction is not there; 1.
    pub quorum: usize,
    /// A server that has read so many ledgers fewer than another one is asked last, and outvoted; 12, about a minute.
    pub lag_max: u32,
    /// So long the others are waited for when one server has answered; 3 s.
    pub grace: Duration,
    /// After so many failures in a row a server is left alone; 3. A timeout counts as so many.
    pub failures_max: u32,
    /// For so long at first, then doubled up to `backoff_max`; 5 s.
    pub backoff: Duration,
    /// At most for so long; 5 minutes.
    pub backoff_max: Duration,
    /// When a watched account has been silent for so long, the other servers are asked too; 15 s.
    pub silence: Duration,
    /// What no server can show any more after this time is forgotten to have been shown; 60 s.
    pub shown_for: Duration,
}

impl Default for FailoverOptions {
    fn default() -> Self {
        Self {
            quorum: 1,
            lag_max: 12,
            grace: Duration::from_secs(3),
            failures_max: 3,
            backoff: Duration::from_secs(5),
            backoff_max: Duration::from_secs(300),
            silence: Duration::from_secs(15),
            shown_for: Duration::from_secs(60),
        }
    }
}

/// The servers cannot be used together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FailoverError {
    /// None was given.
    #[error("there is no ledger server")]
    Nobody,
    /// They are for different networks.
    #[error("the ledger servers are for different networks")]
    OtherNetwork,
    /// More servers have to agree than there are.
    #[error("the quorum of ledger servers is larger than their number, or zero")]
    Quorum,
}

struct Server {
    name: String,
    ledger: Arc<dyn Ledger>,
    health: Health,
}

/// A [`Ledger`] over several of one kind.
pub struct FailoverLedger {
    network: Network,
    servers: Vec<Server>,
    options: FailoverOptions,
    contradictions: AtomicU64,
    /// The latest ledger that anybody was shown, and when.
    shown: Mutex<Option<(u32, Instant)>>,
}

impl FailoverLedger {
    /// Contacts nobody yet. The first server is preferred; names are for logs and metrics.
    ///
    /// # Errors
    /// See [`FailoverError`].
    pub fn new(
        servers: Vec<(String, Arc<dyn Ledger>)>,
        options: FailoverOptions,
    ) -> Result<Self, FailoverError> {
        let network =
            servers.first().map(|(_, ledger)| ledger.network().clone()).ok_or(FailoverError::Nobody)?;
        if servers.iter().any(|(_, ledger)| *ledger.network() != network) {
            return Err(FailoverError::OtherNetwork);
        }
        if !(1..=servers.len()).contains(&options.quorum) {
            return Err(FailoverError::Quorum);
        }
        let server = |(name, ledger)| Server { name, ledger, health: Health::default() };
        Ok(Self {
            network,
            servers: servers.into_iter().map(server).collect(),
            options,
            contradictions: AtomicU64::new(0),
            shown: Mutex::default(),
        })
    }

    /// Whom to ask, the best first. Those that are left alone are not among them, unless all are.
    fn order(&self) -> Vec<&Server> {
        let mut ranked: Vec<_> = self.servers.iter().map(|server| (self.standing(server), server)).collect();
        ranked.sort_by_key(|(standing, _)| *standing);
        let best = ranked.first().map(|(standing, _)| *standing);
        if best.is_some_and(|best| best < Standing::Shut) {
            ranked.retain(|(standing, _)| *standing < Standing::Shut);
        }
        ranked.into_iter().map(|(_, server)| server).collect()
    }

    fn standing(&self, server: &Server) -> Standing {
        server.health.state().standing(self.options.failures_max)
    }

    /// Takes down whether a server answered. That history is gone, or a search unfinished, is an answer too.
    fn note<T>(&self, server: &Server, about: About, answer: &Result<T, LedgerError>) {
        match answer {
            Ok(_) | Err(LedgerError::HistoryGone { .. } | LedgerError::Unfinished) => {
                server.health.answered(&server.name, about);
            }
            Err(error) => server.health.failed(&server.name, about, error, &self.options),
        }
    }

    /// As [`note`](Self::note), of several questions that were asked at once.
    fn note_all<T>(&self, server: &Server, about: About, answers: &[Result<T, LedgerError>]) {
        let is_answer = |answer: &&Result<T, LedgerError>| {
            matches!(answer, Ok(_) | Err(LedgerError::HistoryGone { .. } | LedgerError::Unfinished))
        };
        if let Some(answer) = answers.iter().find(is_answer).or(answers.first()) {
            self.note(server, about, answer);
        }
    }

    /// Whoever is not in good standing is waited for only for a moment.
    fn patience(&self, server: &Server) -> Duration {
        if self.standing(server) == Standing::Well { Duration::MAX } else { self.options.grace }
    }

    /// An alarm: at least one of the servers is wrong.
    fn contradicted(&self, what: &str) {
        self.contradictions.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            what,
            "the ledger servers contradict each other: find out which one is wrong, and take it out"
        );
    }

    fn show(&self, sequence: u32) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.is_none_or(|(before, _)| before <= sequence) {
            *shown = Some((sequence, Instant::now()));
        }
    }

    /// Nothing older is shown any more. A server that claimed to be far ahead of all others and left does not stop
    /// them for ever.
    fn floor(&self) -> u32 {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.is_some_and(|(_, at)| at.elapsed() > self.options.shown_for) {
            *shown = None;
        }
        shown.map_or(0, |(sequence, _)| sequence)
    }

    /// How far each of them has read. When one has answered, the others have a moment more.
    async fn points(&self) -> Vec<(&Server, Result<LedgerPoint, LedgerError>)> {
        let servers = self.order();
        let ask = |(place, server): (usize, &&Server)| {
            let ledger = Arc::clone(&server.ledger);
            async move { (place, ledger.latest().await) }
        };
        let mut asked: FuturesUnordered<_> = servers.iter().enumerate().map(ask).collect();
        let (mut answers, mut deadline): (Vec<Option<_>>, Option<Instant>) =
            (vec![None; servers.len()], None);
        loop {
            let next = match deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, asked.next()).await.unwrap_or(None),
                None => asked.next().await,
            };
            let Some((place, answer)) = next else { break };
            if answer.is_ok() && deadline.is_none() {
                deadline = Some(Instant::now() + self.options.grace);
            }
            if let Some(place) = answers.get_mut(place) {
                *place = Some(answer);
            }
        }
        drop(asked);
        let mut told = Vec::with_capacity(servers.len());
        for (server, answer) in servers.into_iter().zip(answers) {
            let answer = answer.unwrap_or_else(|| Err(LedgerError::Unreachable(Arc::new(Slow))));
            self.note(server, About::AllElse, &answer);
            told.push((server, answer));
        }
        told
    }

    /// Those of the transactions that the first server did not find, as all others see them too.
    async fn together(
        &self,
        hashes: &[TransactionHash],
        is_trusted: bool,
        others: &[&Server],
        mut answers: Vec<Result<Lookup, LedgerError>>,
    ) -> Vec<Result<Lookup, LedgerError>> {
        let open =
            |answer: &Result<Lookup, LedgerError>| !matches!(answer, Ok(found) if found_in(found).is_some());
        let rest: Vec<usize> =
            answers.iter().enumerate().filter(|(_, answer)| open(answer)).map(|(place, _)| place).collect();
        if rest.is_empty() {
            return answers;
        }
        let asked: Vec<TransactionHash> =
            rest.iter().filter_map(|place| hashes.get(*place).copied()).collect();
        let ask = |server: &'_ Server| {
            let (ledger, asked) = (Arc::clone(&server.ledger), asked.clone());
            let (is_trusted, patience) = (self.standing(server) == Standing::Well, self.patience(server));
            async move {
                let answers = within(patience, ledger.lookup_all(&asked)).await;
                (
                    is_trusted,
                    answers.unwrap_or_else(|error| asked.iter().map(|_| Err(error.clone())).collect()),
                )
            }
        };
        let told: Vec<(bool, Vec<_>)> = join_all(others.iter().map(|server| ask(server))).await;
        for (server, (_, answers)) in others.iter().zip(&told) {
            self.note_all(server, About::Transactions, answers);
        }
        for (index, place) in rest.into_iter().enumerate() {
            let Some(answer) = answers.get_mut(place) else { continue };
            let mut said = vec![Said { is_trusted, answer: answer.clone() }];
            said.extend(told.iter().filter_map(|(is_trusted, answers)| {
                Some(Said { is_trusted: *is_trusted, answer: answers.get(index)?.clone() })
            }));
            *answer = self.concluded(&said);
        }
        answers
    }

    fn concluded(&self, said: &[Said]) -> Result<Lookup, LedgerError> {
        let verdict = agree(said, &self.options);
        if verdict.is_contradicted {
            self.contradicted("what became of a transaction");
        }
        verdict.answer
    }
}

/// One of the servers took so long for what others did in the meantime.
#[derive(Debug, thiserror::Error)]
#[error("it is slower than the others")]
struct Slow;

/// Which of two servers' answers to the same envelope says more.
const fn telling(answer: &Result<Submission, LedgerError>) -> u8 {
    match answer {
        Ok(Submission::Accepted | Submission::Applied { .. }) => 3,
        Ok(Submission::Rejected(_)) => 2,
        Ok(Submission::TryAgain) => 1,
        Err(_) => 0,
    }
}

async fn within<T>(patience: Duration, asked: impl Future<Output = T>) -> Result<T, LedgerError> {
    tokio::time::timeout(patience, asked).await.map_err(|_| LedgerError::Timeout(patience))
}

impl fmt::Debug for FailoverLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.servers.iter().map(|server| &server.name).collect();
        f.debug_struct("FailoverLedger").field("servers", &names).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for FailoverLedger {
    fn network(&self) -> &Network {
        &self.network
    }

    fn expect_assets(&self, assets: &[StellarAsset]) {
        self.servers.iter().for_each(|server| server.ledger.expect_assets(assets));
    }

    fn endpoints(&self) -> Option<Endpoints> {
        let endpoint = |server: &Server| {
            let health = server.health.state();
            let state = match health.standing(self.options.failures_max) {
                _ if health.is_elsewhere => EndpointState::OtherNetwork,
                Standing::Well => EndpointState::Well,
                Standing::Behind => EndpointState::Behind,
                Standing::OnTrial | Standing::Shut => EndpointState::Down,
            };
            Endpoint { name: server.name.clone(), state, reached: health.reached, errors: health.errors }
        };
        Some(Endpoints {
            each: self.servers.iter().map(endpoint).collect(),
            contradictions: self.contradictions.load(Ordering::Relaxed),
        })
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        let told = self.points().await;
        let points: Vec<LedgerPoint> =
            told.iter().filter_map(|(_, answer)| answer.as_ref().ok().copied()).collect();
        let Some(latest) = points.iter().max().copied() else {
            let error = told.into_iter().find_map(|(_, answer)| answer.err());
            return Err(error.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 }));
        };
        for (server, point) in
            told.iter().filter_map(|(server, answer)| Some((server, answer.as_ref().ok()?)))
        {
            let is_behind = point.sequence.saturating_add(self.options.lag_max) < latest.sequence;
            server.health.reached(&server.name, *point, is_behind);
        }
        if is_contradictory(&points) {
            self.contradicted("when a ledger closed");
            return Err(LedgerError::Disagreement("when a ledger closed".to_owned()));
        }
        self.show(latest.sequence);
        Ok(latest)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        let answer = self.freshest(std::slice::from_ref(id)).await.pop();
        answer.unwrap_or_else(|| Err(LedgerError::Malformed("an account was not answered for".to_owned())))
    }

    async fn accounts(&self, ids: &[AccountId]) -> Vec<Result<Option<AccountSnapshot>, LedgerError>> {
        self.freshest(ids).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        let mut trouble = None;
        for server in self.order() {
            let answer = server.ledger.fee_bid().await;
            self.note(server, About::AllElse, &answer);
            match answer {
                Ok(bid) => return Ok(bid),
                Err(error) => trouble = Some(error),
            }
        }
        Err(trouble.unwrap_or(LedgerError::NoQuorum { said: 0, wanted: 1 }))
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        let answer = self.submit_all(&[envelope]).await.pop();
        answer.unwrap_or_else(|| Err(LedgerError::Malformed("an envelope was not answered for".to_owned())))
    }

    /// What one server did not take, or may not have taken, goes to the next one: the same envelope lands at most once,
    /// and a server that lags refuses what another one takes.
    async fn submit_all(&self, envelopes: &[&str]) -> Vec<Result<Submission, LedgerError>> {
        let missing = || Err(LedgerError::Malformed("an envelope was not answered for".to_owned()));
        let mut answers: Vec<Result<Submission, LedgerError>> = envelopes.iter().map(|_| missing()).collect();
        for server in self.order() {
            let is_open = |answer: &Result<Submission, LedgerError>| {
                !matches!(answer, Ok(Submission::Accepted | Submission::Applied { .. }))
            };
            let places = answers.iter().enumerate();
            let open: Vec<usize> =
                places.filter(|(_, answer)| is_open(answer)).map(|(place, _)| place).collect();
            if open.is_empty() {
                break;
            }
            let sent: Vec<&str> = open.iter().filter_map(|place| envelopes.get(*place).copied()).collect();
            let told = server.ledger.submit_all(&sent).await;
            self.note_all(server, About::AllElse, &told);
            for (place, told) in open.into_iter().zip(told) {
                if let Some(answer) = answers.get_mut(place)
                    && telling(&told) >= telling(answer)
                {
                    *answer = told;
                }
            }
        }
        answers
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let answer = self.lookup_all(std::slice::from_ref(hash)).await.pop();
        answer.unwrap_or_else(|| Err(LedgerError::Malformed("no answer to a look-up".to_owned())))
    }

    async fn lookup_all(&self, hashes: &[TransactionHash]) -> Vec<Result<Lookup, LedgerError>> {
        if hashes.is_empty() {
            return Vec::new();
        }
        let order = self.order();
        let Some((first, others)) = order.split_first() else { return Vec::new() };
        let is_trusted = self.standing(first) == Standing::Well;
        let answers = first.ledger.lookup_all(hashes).await;
        self.note_all(first, About::Transactions, &answers);
        self.together(hashes, is_trusted, others, answers).await
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        self.balance_of(id).await
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        account: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        self.brought(hash, account).await
    }

    async fn search(&self, hash: &TransactionHash, from: u64, until: u64) -> Result<Lookup, LedgerError> {
        let order = self.order();
        let ask = |server: &'_ Server| {
            let (ledger, hash) = (Arc::clone(&server.ledger), *hash);
            let (is_trusted, patience) = (self.standing(server) == Standing::Well, self.patience(server));
            async move {
                let answer = within(patience, ledger.search(&hash, from, until)).await.and_then(|said| said);
                Said { is_trusted, answer }
            }
        };
        let said = join_all(order.iter().map(|server| ask(server))).await;
        for (server, one) in order.iter().zip(&said) {
            self.note(server, About::Transactions, &one.answer);
        }
        self.concluded(&said)
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        self.start(account).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        self.page(account, after).await
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        follow::follow(self, account, after)
    }
}
