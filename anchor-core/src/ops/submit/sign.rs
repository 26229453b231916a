//! Envelopes, built, and signed where this process has all the keys.

use std::sync::Arc;

use super::super::OpsError;
use super::super::absence::LIFETIME_MAX;
use super::super::signing::Issuer;
use super::Round;
use super::channel::Taken;
use super::group::Parcel;
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::id::AttemptId;
use crate::stellar::envelope::{EnvelopeError, EnvelopeSpec, UnsignedEnvelope, attach};
use crate::transaction::{Attempt, TransactionHash, Unsigned};

/// Nobody else may take longer to sign, in seconds of ledger time. It blocks a channel for as long, and what was given up
/// is searched for as far back: half of what the shortest usual retention of a Stellar RPC server (a day) leaves.
const SIGNER_LIFETIME_MAX: u64 = 12 * 3600;

impl Round<'_> {
    /// Builds, and signs what this process can sign alone. The inner error is about the envelope itself: trying again
    /// would not help.
    pub(super) fn sign(
        &self,
        parcel: &Parcel,
        channel: &Taken,
    ) -> Result<Result<Attempt, EnvelopeError>, OpsError> {
        // a bound on *ledger* time: this machine's clock may be wrong
        let max_time = self.latest.closed_at.saturating_add(self.lifetime(&[channel.account, parcel.payer]));
        let spec = EnvelopeSpec {
            network: self.anchor.ledger().network(),
            transaction_source: channel.account,
            sequence: channel.sequence,
            operation_source: (channel.account != parcel.payer).then_some(parcel.payer),
            operations: parcel.operations(),
            memo: parcel.memo.clone(),
            fee_per_operation: self.fee,
            max_time,
        };
        let unsigned = match spec.build() {
            Ok(unsigned) => unsigned,
            Err(error) => return Ok(Err(error)),
        };
        // whoever pays too signs with the account's own key, for both
        let issuer = parcel.issuer.as_ref().filter(|issuer| issuer.id != parcel.payer);
        let Signed { hash, envelope, unsigned } =
            signed(self.anchor, unsigned, issuer, self.latest.closed_at)?;
        Ok(Ok(Attempt {
            id: AttemptId::new(self.anchor.ids().next()),
            purpose: parcel.purpose,
            hash,
            envelope,
            source: channel.account,
            sequence: channel.sequence,
            max_time,
            fee: parcel.fee(self.fee),
            unsigned,
            reclaim: parcel.reclaim(),
        }))
    }

    /// Longer where somebody else has to sign.
    fn lifetime(&self, accounts: &[AccountId]) -> u64 {
        if accounts.iter().any(|account| self.anchor.is_signed_elsewhere(account)) {
            self.settings.signer_lifetime.as_secs().min(SIGNER_LIFETIME_MAX)
        } else {
            self.settings.attempt_lifetime.as_secs().min(LIFETIME_MAX)
        }
    }
}

/// What is stored of an envelope: with all its signatures, or with none.
pub(in crate::ops) struct Signed {
    pub(in crate::ops) hash: TransactionHash,
    pub(in crate::ops) envelope: Arc<str>,
    pub(in crate::ops) unsigned: Option<Unsigned>,
}

/// Signs, unless somebody else has to. Then local keys sign last: as long as a channel's signature is missing, nobody can
/// send the envelope. `issuer`: who authorises a trust line with it, perhaps by other keys than its account's own.
pub(in crate::ops) fn signed(
    anchor: &Anchor,
    unsigned: UnsignedEnvelope,
    issuer: Option<&Issuer>,
    since: u64,
) -> Result<Signed, OpsError> {
    let hash = unsigned.hash();
    let broken = |error: EnvelopeError| OpsError::Envelope(error.to_string());
    if unsigned.signers().iter().any(|signer| anchor.is_signed_elsewhere(signer)) {
        let envelope = unsigned.xdr().map_err(broken)?.into();
        return Ok(Signed { hash, envelope: "".into(), unsigned: Some(Unsigned { envelope, since }) });
    }
    let mut signers: Vec<AccountId> = unsigned.signers().to_vec();
    if let Some(issuer) = issuer {
        signers.retain(|signer| *signer != issuer.id);
        let keys = issuer.keys(anchor.keys(), &signers);
        let keys = keys.ok_or_else(|| OpsError::Signatures(format!("too few for issuer {}", issuer.id)))?;
        signers.extend(keys);
    }
    let mut signatures = Vec::with_capacity(signers.len());
    for signer in signers {
        signatures.push((signer, anchor.keys().sign_hash(&signer, hash.as_bytes())?));
    }
    let signed = match issuer {
        Some(_) => attach(anchor.ledger().network(), &unsigned.xdr().map_err(broken)?, hash, &signatures),
        None => unsigned.sign(&signatures),
    };
    let signed = signed.map_err(broken)?;
    Ok(Signed { hash, envelope: signed.xdr.into(), unsigned: None })
}
