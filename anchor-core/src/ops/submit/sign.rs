//! Envelopes, built and signed.

use super::super::OpsError;
use super::super::absence::LIFETIME_MAX;
use super::Round;
use super::channel::Taken;
use super::group::Parcel;
use crate::anchor::Anchor;
use crate::id::AttemptId;
use crate::stellar::envelope::{EnvelopeError, EnvelopeSpec, SignedEnvelope, UnsignedEnvelope};
use crate::transaction::Attempt;

impl Round<'_> {
    /// Builds and signs. The inner error is about the envelope itself: trying again would not help.
    pub(super) async fn sign(
        &self,
        parcel: &Parcel,
        channel: &Taken,
    ) -> Result<Result<Attempt, EnvelopeError>, OpsError> {
        // a bound on *ledger* time: this machine's clock may be wrong
        let lifetime = self.settings.attempt_lifetime.as_secs().min(LIFETIME_MAX);
        let max_time = self.latest.closed_at.saturating_add(lifetime);
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
        let SignedEnvelope { hash, xdr } = signed(self.anchor, unsigned).await?;
        Ok(Ok(Attempt {
            id: AttemptId::new(self.anchor.ids().next()),
            purpose: parcel.purpose,
            hash,
            envelope: xdr.into(),
            source: channel.account,
            sequence: channel.sequence,
            max_time,
            fee: parcel.fee(self.fee),
        }))
    }
}

pub(in crate::ops) async fn signed(
    anchor: &Anchor,
    unsigned: UnsignedEnvelope,
) -> Result<SignedEnvelope, OpsError> {
    let hash = unsigned.hash();
    let mut signatures = Vec::new();
    for signer in unsigned.signers() {
        signatures.push((*signer, anchor.signer().sign(signer, hash.as_bytes()).await?));
    }
    unsigned.sign(&signatures).map_err(|error| OpsError::Envelope(error.to_string()))
}
