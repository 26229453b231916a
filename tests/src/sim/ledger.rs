//! The network as one process sees it: through servers that fail, lag and lie about submissions.

use std::fmt;

use anchor_core::account::AccountId;
use anchor_core::stellar::{
    AccountSnapshot, BalanceLookup, Cursor, Failure, FailureKind, Ledger, LedgerError, LedgerPoint, Lookup,
    Movement, MovementPage, Network, Submission,
};
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::store::memory::MemoryStore;
use anchor_core::transaction::TransactionHash;
use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::Bug;
use super::life::Life;

/// The network behind one address, with as many servers as there are lags.
pub(super) struct SimLedger {
    pub(super) life: Life,
    pub(super) network: FakeLedger,
    pub(super) books: MemoryStore,
}

impl fmt::Debug for SimLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network.fmt(f)
    }
}

fn unknown() -> LedgerError {
    LedgerError::Server { status: 504 }
}

impl SimLedger {
    /// The server that answers this time.
    fn server(&self) -> FakeLedger {
        self.network.behind(self.life.sim.lag())
    }

    /// What is sent has to be in the books: nobody would look for it after a crash.
    fn audit(&self, envelope: &str) {
        let is_stored = self.books.attempts().iter().any(|(attempt, _)| *attempt.envelope == *envelope)
            || self.books.bumps().iter().any(|(_, bump)| *bump.envelope == *envelope);
        if !is_stored {
            self.life.sim.violated(format!("{} sends an envelope that is not stored", self.life.name));
        }
    }

    /// One address, two servers: how far one has read, and what another one knows.
    async fn mixed(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let checked = self.server().latest().await?;
        Ok(match self.server().lookup(hash).await? {
            Lookup::NotFound { .. } => Lookup::NotFound { checked },
            _ if self.is_hidden(hash).await? => Lookup::NotFound { checked },
            found => found,
        })
    }

    /// It landed inside of a wrapping, which is all that servers know.
    async fn is_hidden(&self, hash: &TransactionHash) -> Result<bool, LedgerError> {
        if !self.life.sim.climate().hides_wrapped {
            return Ok(false);
        }
        let attempts = self.books.attempts();
        let attempt = attempts.iter().find(|(attempt, _)| attempt.hash == *hash);
        for (of, bump) in self.books.bumps() {
            if attempt.is_some_and(|(attempt, _)| attempt.id == of)
                && !matches!(self.network.lookup(&bump.hash).await?, Lookup::NotFound { .. })
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl Ledger for SimLedger {
    fn network(&self) -> &Network {
        self.network.network()
    }

    async fn latest(&self) -> Result<LedgerPoint, LedgerError> {
        let server = self.server();
        self.life.call("ledger: latest", server.latest(), unknown).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountSnapshot>, LedgerError> {
        let server = self.server();
        self.life.call("ledger: account", server.account(id), unknown).await
    }

    async fn fee_bid(&self) -> Result<u32, LedgerError> {
        self.life.call("ledger: fee", self.network.fee_bid(), unknown).await
    }

    async fn submit(&self, envelope: &str) -> Result<Submission, LedgerError> {
        self.audit(envelope);
        let answer = self.life.call("ledger: submit", self.network.submit(envelope), unknown).await?;
        let sim = &self.life.sim;
        // what a server says to a submission proves nothing, and here it says anything
        let lies = !sim.is_calm() && sim.chance(|chance| chance.happens(sim.climate().failing));
        let lie = Submission::Rejected(Failure::new(FailureKind::BadSequence, "tx_bad_seq"));
        Ok(if lies { lie } else { answer })
    }

    async fn lookup(&self, hash: &TransactionHash) -> Result<Lookup, LedgerError> {
        let sim = &self.life.sim;
        let what = format!("ledger: look up {hash:.8}");
        let answer = self.life.call(&what, self.mixed(hash), unknown).await;
        match answer {
            Ok(Lookup::NotFound { mut checked }) if sim.has(Bug::NoTimeBound) => {
                checked.closed_at += 24 * 3600;
                Ok(Lookup::NotFound { checked })
            }
            Err(_) if sim.has(Bug::SilenceIsFailure) => {
                let failure = Failure::new(FailureKind::TooLate, "504");
                Ok(Lookup::Failed { ledger: 2, failure })
            }
            answer => answer,
        }
    }

    async fn claimable_balance(&self, id: &str) -> Result<BalanceLookup, LedgerError> {
        let server = self.server();
        self.life.call("ledger: claimable balance", server.claimable_balance(id), unknown).await
    }

    async fn arrivals(
        &self,
        hash: &TransactionHash,
        receiver: &AccountId,
    ) -> Result<Option<Vec<Movement>>, LedgerError> {
        let server = self.server();
        self.life.call("ledger: arrivals", server.arrivals(hash, receiver), unknown).await
    }

    async fn movements_start(&self, account: &AccountId) -> Result<Cursor, LedgerError> {
        let server = self.server();
        self.life.call("ledger: history from now", server.movements_start(account), unknown).await
    }

    async fn movements(&self, account: &AccountId, after: &Cursor) -> Result<MovementPage, LedgerError> {
        let server = self.server();
        let mut page = self.life.call("ledger: history", server.movements(account, after), unknown).await?;
        if self.life.sim.has(Bug::UnreadClaims) {
            page.claims.clear();
        }
        Ok(page)
    }

    fn follow(&self, account: AccountId, after: Cursor) -> BoxStream<'_, Result<MovementPage, LedgerError>> {
        self.network.follow(account, after)
    }
}
