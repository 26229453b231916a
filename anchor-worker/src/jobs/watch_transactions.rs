//! Watches the anchor's accounts for payments by users.

use std::collections::BTreeSet;

use anchor_core::Anchor;
use anchor_core::account::AccountId;
use anchor_core::ops::observe::{self, Watched};
use anchor_core::ops::{JobSettings, Progress, chain};
use anchor_core::stellar::{LedgerError, MovementPage};
use anchor_core::store::WatchLease;
use async_trait::async_trait;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt as _};

use crate::driver::Rhythm;
use crate::job::{Job, JobError};

/// Watches the anchor's accounts for payments by users.
///
/// Each account is watched by one process at a time, which holds its lease; another takes over where it stopped.
/// Where to read on is stored together with what was read, so that downtime skips nothing.
#[derive(Debug, Clone)]
pub struct WatchTransactions {
    anchor: Anchor,
    settings: JobSettings,
}

/// How following an account ended.
enum Ended {
    /// Somebody else has the account.
    Lost,
    /// The time to look after the lease has come, or to stop.
    Renew,
}

impl WatchTransactions {
    /// The job of this anchor.
    pub const fn new(anchor: Anchor, settings: JobSettings) -> Self {
        Self { anchor, settings }
    }

    /// Those of the assets, and those that were theirs before: somebody may have been told to pay there.
    async fn accounts(&self) -> Result<BTreeSet<AccountId>, JobError> {
        let present = self.anchor.assets().iter().map(|asset| asset.distribution);
        Ok(present.chain(self.anchor.store().watch_list().await?).collect())
    }

    /// The right to watch an account, with a position to read on from; `None` if somebody else has it.
    async fn claim(&self, account: &AccountId) -> Result<Option<WatchLease>, JobError> {
        let lease = self.lease(account).await?;
        if !matches!(&lease, Some(lease) if lease.cursor.is_none()) {
            return Ok(lease);
        }
        // nobody was told to pay here before: that would have started the watch
        let start = self.anchor.ledger().movements_start(account).await?;
        self.anchor.store().watch_start(account, &start).await?;
        self.lease(account).await
    }

    /// Takes the lease, or renews it.
    async fn lease(&self, account: &AccountId) -> Result<Option<WatchLease>, JobError> {
        let now = self.anchor.clock().now();
        let store = self.anchor.store();
        Ok(store.watch_claim(account, &self.settings.owner, now, self.settings.watch_lease()).await?)
    }

    /// Pages until there is nothing new, and leaves the account to whoever looks next.
    async fn drain(&self, account: &AccountId) -> Result<Progress, JobError> {
        let Some(mut lease) = self.claim(account).await? else { return Ok(Progress::default()) };
        let drained = self.pages(&mut lease).await;
        self.anchor.store().watch_release(&lease).await?;
        drained
    }

    async fn pages(&self, lease: &mut WatchLease) -> Result<Progress, JobError> {
        let mut progress = Progress::default();
        let Some(cursor) = lease.cursor.clone() else { return Ok(progress) };
        let ledger = self.anchor.ledger();
        let mut page = ledger.movements(&lease.account, &cursor).await?;
        while lease.cursor.as_ref() != Some(&page.next) {
            // what comes next is read while this is written
            let ahead = async {
                if page.more { Some(ledger.movements(&lease.account, &page.next).await) } else { None }
            };
            let (recorded, ahead) = tokio::join!(observe::record(&self.anchor, lease, &page), ahead);
            match recorded? {
                Watched::On(next) => *lease = next,
                _ => break,
            }
            let found = u32::try_from(page.movements.len()).unwrap_or(u32::MAX);
            progress.claimed = progress.claimed.saturating_add(found);
            progress.moved = progress.moved.saturating_add(found);
            match ahead {
                Some(next) => page = next?,
                None => break,
            }
        }
        Ok(progress)
    }

    /// Watches one account until told to stop, whenever no other process does.
    async fn attend(&self, account: AccountId, rhythm: &Rhythm) {
        let mut errors: u32 = 0;
        while !rhythm.shutdown.is_asked() {
            match self.follow(account, rhythm).await {
                Ok(Ended::Renew) => errors = 0,
                Ok(Ended::Lost) => {
                    errors = 0;
                    rhythm.pulse.succeeded(Progress::default());
                    rhythm.pause(self.settings.watch_lease() / 4).await;
                }
                Err(error) => {
                    errors = errors.saturating_add(1);
                    let error = chain(&error);
                    tracing::warn!(%account, error, errors, "an account cannot be watched; tried again");
                    rhythm.pulse.failed(error);
                    rhythm.pause(rhythm.after_errors(errors)).await;
                }
            }
        }
    }

    /// Follows an account until its lease has to be renewed. Reading goes on from the stored position after it,
    /// so a page that was read but not written is read again.
    async fn follow(&self, account: AccountId, rhythm: &Rhythm) -> Result<Ended, JobError> {
        let Some(mut lease) = self.claim(&account).await? else { return Ok(Ended::Lost) };
        let Some(cursor) = lease.cursor.clone() else { return Ok(Ended::Lost) };
        // the ledger has to answer before this counts as watching
        self.anchor.ledger().movements(&account, &cursor).await?;
        rhythm.pulse.succeeded(Progress::default());
        let mut pages = self.anchor.ledger().follow(account, cursor).fuse();
        let mut ahead = None;
        let renew = tokio::time::sleep(self.settings.watch_lease() / 3);
        tokio::pin!(renew);
        loop {
            let page = tokio::select! {
                biased;
                () = rhythm.shutdown.asked() => {
                    self.anchor.store().watch_release(&lease).await?;
                    return Ok(Ended::Renew);
                }
                () = &mut renew => {
                    let again = self.lease(&account).await?;
                    // another token: somebody else had it in between, and may have read on
                    if again.is_none_or(|again| again.token != lease.token) {
                        return Ok(Ended::Lost);
                    }
                    rhythm.pulse.succeeded(Progress::default());
                    renew.as_mut().reset(tokio::time::Instant::now() + self.settings.watch_lease() / 3);
                    continue;
                }
                page = next_page(&mut ahead, &mut pages) => match page {
                    Some(page) => page?,
                    None => return Ok(Ended::Renew),
                },
            };
            let recorded = {
                let recording = observe::record(&self.anchor, &lease, &page);
                tokio::pin!(recording);
                // what comes next is read while this is written
                tokio::select! {
                    biased;
                    recorded = &mut recording => recorded,
                    next = pages.next() => {
                        ahead = next;
                        recording.await
                    }
                }
            };
            match recorded? {
                Watched::On(next) => lease = next,
                _ => return Ok(Ended::Lost),
            }
            let found = u32::try_from(page.movements.len()).unwrap_or(u32::MAX);
            let mut progress = Progress::default();
            (progress.claimed, progress.moved) = (found, found);
            rhythm.pulse.succeeded(progress);
        }
    }
}

/// The page that was read ahead, or the next one. Nothing is lost when this is dropped before it is done.
async fn next_page(
    ahead: &mut Option<Result<MovementPage, LedgerError>>,
    pages: &mut (impl Stream<Item = Result<MovementPage, LedgerError>> + Unpin),
) -> Option<Result<MovementPage, LedgerError>> {
    match ahead.take() {
        Some(page) => Some(page),
        None => pages.next().await,
    }
}

#[async_trait]
impl Job for WatchTransactions {
    fn name(&self) -> &'static str {
        "watch_transactions"
    }

    async fn activate_once(&self) -> Result<Progress, JobError> {
        let mut progress = Progress::default();
        let mut trouble = None;
        // one account that cannot be read does not keep the others waiting
        for account in self.accounts().await? {
            match self.drain(&account).await {
                Ok(one) => progress = progress.and(one),
                Err(error) => {
                    tracing::warn!(%account, error = chain(&error), "an account could not be read");
                    trouble = Some(error);
                }
            }
        }
        trouble.map_or(Ok(progress), Err)
    }

    async fn run(&self, rhythm: &Rhythm) {
        let mut errors: u32 = 0;
        while !rhythm.shutdown.is_asked() {
            match self.accounts().await {
                Ok(accounts) => {
                    join_all(accounts.into_iter().map(|account| self.attend(account, rhythm))).await;
                    return;
                }
                Err(error) => {
                    errors = errors.saturating_add(1);
                    let error = chain(&error);
                    tracing::warn!(error, errors, "the accounts to be watched are not known; tried again");
                    rhythm.pulse.failed(error);
                    rhythm.pause(rhythm.after_errors(errors)).await;
                }
            }
        }
    }
}
