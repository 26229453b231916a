//! Envelopes that somebody else has to sign: asked for, verified, stored, and only then sent.
//!
//! ```text
//! stored without signatures  -- ask --  verify, add local ones  -- stored with them --  sent
//!                           (1)        (2)                     (3)                     (4)
//! ```
//! Whoever has signed an envelope may send it too, or lose it to somebody who does. So the attempt is open from the commit
//! on that stores it, before anybody is asked, and `confirm` alone closes it, by what the ledger proves: signed, refused
//! or forgotten makes no difference. Killed at (1) or (2), the same question is asked again, under the same hash; at (3)
//! and (4), `confirm` sends what is stored. Signatures for an attempt that is closed by then are thrown away.
//!
//! The signatures of channel accounts are added last, here: an envelope that uses a channel's sequence number cannot land
//! behind our back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::ask::ask;
use super::submit::send_all;
use super::work::{JobSettings, Progress};
use super::{OpsError, chain};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::integration::{AccountSignature, IntegrationError, Retry, Signer, SigningOutcome, SigningRequest};
use crate::stellar::envelope::{EnvelopeError, Needed, attach, needed};
use crate::store::{ClaimedSigning, SigningEnd};
use crate::transaction::Attempt;

mod issuer;
mod weigh;

pub(super) use issuer::Issuer;
use weigh::Ballot;

/// The longest pause between two questions about one envelope: it does not live for ever.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Where the work on one envelope ended.
enum Step {
    Closed,
    Wait(Duration),
}

/// Asks the signer for signatures that are due, several side by side.
///
/// # Errors
/// The store's, before anything was claimed. Later trouble gives the touched envelopes back.
pub async fn sign(anchor: &Anchor, settings: &JobSettings) -> Result<Progress, OpsError> {
    let mut progress = Progress::default();
    let Some(signer) = anchor.signer() else { return Ok(progress) };
    let claim = settings.claim(anchor);
    let claimed = anchor.store().signing_claim(&claim).await?;
    if claimed.is_empty() {
        return Ok(progress);
    }
    progress.claimed = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
    // a signer that does not answer: whoever comes next has a whole lease
    let latest_start = claim.now + chrono::Duration::from_std(claim.lease / 2).unwrap_or_default();
    let desk = Desk { anchor, settings, signer, latest_start };
    let asked: Vec<_> = claimed.iter().map(|one| desk.settle(one).map(move |ended| (one, ended))).collect();
    let mut answers = stream::iter(asked).buffer_unordered(settings.width.max(1));
    let mut back = Vec::new();
    while let Some((one, ended)) = answers.next().await {
        let pause = match ended {
            Ok(Step::Closed) => {
                progress.moved = progress.moved.saturating_add(1);
                continue;
            }
            Ok(Step::Wait(pause)) => pause,
            Err(error) => {
                progress.failed = progress.failed.saturating_add(1);
                tracing::warn!(
                    attempt.id = %one.attempt.id,
                    hash = %one.hash,
                    error = chain(&error),
                    "an envelope is not known to have been signed; asked again"
                );
                error.retry_after().unwrap_or_default().max(desk.pause(one))
            }
        };
        let pause = chrono::Duration::from_std(pause).unwrap_or(chrono::Duration::days(1));
        back.push((one.hash, one.lease, anchor.clock().now() + pause));
    }
    if let Err(error) = anchor.store().signing_release(&back).await {
        tracing::warn!(error = chain(&error), "leases were not given back; they will run out");
    }
    Ok(progress)
}

struct Desk<'a> {
    anchor: &'a Anchor,
    settings: &'a JobSettings,
    signer: &'a dyn Signer,
    latest_start: DateTime<Utc>,
}

impl Desk<'_> {
    /// Grows with the time that the envelope has waited.
    fn pause(&self, one: &ClaimedSigning) -> Duration {
        let waited = self.anchor.clock().now().signed_duration_since(one.opened_at);
        let longest = self.settings.pause_max.min(PAUSE_MAX).max(self.settings.pause_min);
        (waited.to_std().unwrap_or_default() / 10).clamp(self.settings.pause_min, longest)
    }

    async fn settle(&self, one: &ClaimedSigning) -> Result<Step, OpsError> {
        if self.anchor.clock().now() > self.latest_start {
            return Ok(Step::Wait(Duration::ZERO));
        }
        let needs = needed(&one.envelope).map_err(broken)?;
        let given = match self.ask(one, &needs).await {
            Ok(SigningOutcome::Signed(given)) => given,
            Ok(SigningOutcome::Pending) => return Ok(Step::Wait(self.pause(one))),
            Ok(SigningOutcome::Refused { reason }) => return self.refuse(one, reason).await,
            Err(error) if error.retry() == Retry::Permanent => {
                return self.refuse(one, format!("the signer cannot tell: {}", chain(&error))).await;
            }
            Err(error) => return Err(error.into()),
        };
        let signatures = self.signatures(one, &needs, given).await?;
        let network = self.anchor.ledger().network();
        let signed = attach(network, &one.envelope, one.hash, &signatures).map_err(broken)?;
        let attempt = Attempt { envelope: signed.xdr.into(), ..one.attempt.clone() };
        let end = SigningEnd::Signed { envelope: attempt.envelope.clone() };
        if self.close(one, &end).await? {
            send_all(self.anchor, &[attempt]).await;
        }
        Ok(Step::Closed)
    }

    async fn ask(&self, one: &ClaimedSigning, needs: &Needed) -> Result<SigningOutcome, IntegrationError> {
        let accounts = needs.accounts().into_iter();
        let accounts: Vec<_> = accounts.filter(|id| self.anchor.is_signed_elsewhere(id)).collect();
        if accounts.is_empty() {
            // since it was stored, the keys have come here
            return Ok(SigningOutcome::Signed(Vec::new()));
        }
        let request = SigningRequest {
            hash: one.hash,
            attempt: one.attempt.id,
            purpose: one.attempt.purpose,
            is_wrapping: needs.is_wrapping,
            network: self.anchor.ledger().network().clone(),
            envelope: one.envelope.clone(),
            accounts,
            max_time: one.attempt.max_time,
        };
        ask(self.settings.call_timeout(), self.signer.sign(&request)).await.map_err(Into::into)
    }

    /// Those that the network wants, no more: one too many, and it refuses the envelope.
    async fn signatures(
        &self,
        one: &ClaimedSigning,
        needs: &Needed,
        given: Vec<AccountSignature>,
    ) -> Result<Vec<(AccountId, [u8; 64])>, OpsError> {
        let flawed = |flaw: weigh::Flaw| OpsError::Signatures(flaw.to_string());
        let mut ballot = Ballot::count(one.hash, given).map_err(flawed)?;
        for account in needs.accounts() {
            let is_elsewhere = self.anchor.is_signed_elsewhere(&account);
            let authorizes = needs.authorizers.contains(&account);
            if !is_elsewhere && !authorizes {
                ballot.add(account, self.anchor.keys().sign_hash(&account, one.hash.as_bytes())?);
                continue;
            }
            let Some(shown) = self.anchor.ledger().account(&account).await? else {
                return Err(OpsError::Signatures(format!("account {account} does not exist")));
            };
            let pays = needs.payers.contains(&account);
            let wanted = if pays { shown.medium_threshold } else { shown.low_threshold };
            ballot.elect(&shown, wanted, self.anchor.keys()).map_err(flawed)?;
        }
        ballot.elected().map_err(flawed)
    }

    async fn refuse(&self, one: &ClaimedSigning, reason: String) -> Result<Step, OpsError> {
        tracing::error!(
            attempt.id = %one.attempt.id,
            hash = %one.hash,
            reason,
            "an envelope is not signed: its transactions go on hold when it cannot land any more"
        );
        self.close(one, &SigningEnd::Refused { reason }).await?;
        Ok(Step::Closed)
    }

    async fn close(&self, one: &ClaimedSigning, end: &SigningEnd) -> Result<bool, OpsError> {
        let at = self.anchor.clock().now();
        let is_written = self.anchor.store().signing_close(&one.hash, one.lease, end, at).await?;
        if !is_written {
            tracing::warn!(attempt.id = %one.attempt.id, hash = %one.hash, "an answer of the signer came too late");
        }
        Ok(is_written)
    }
}

fn broken(error: EnvelopeError) -> OpsError {
    OpsError::Envelope(error.to_string())
}
