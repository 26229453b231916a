//! What every ledger has to do. Give the suite a network to play with and let the macro write the tests:
//!
//! ```text
//! anchor_core::ledger_conformance!(my_network);
//! ```
//!
//! where `my_network` is an `async fn` that returns a fresh [`TestNetwork`].

use async_trait::async_trait;

use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::keys::SigningKey;
use crate::memo::Memo;
use crate::stellar::envelope::{EnvelopeSpec, Operation, Payment, SignedEnvelope};
use crate::stellar::{AccountSnapshot, Cursor, Failure, Ledger, Lookup, Movement, Submission};

pub mod accounts;
pub mod balances;
pub mod history;
pub mod submission;

/// A network of a test's own, and the implementation that is tested on it.
#[async_trait]
pub trait TestNetwork: Send + Sync {
    /// The implementation under test.
    fn ledger(&self) -> &dyn Ledger;

    /// Creates this account with at least 1,000 lumens.
    async fn fund(&self, account: AccountId);

    /// Closes the next ledger so many seconds (at least one) after the last one, with everything that was accepted.
    async fn close(&self, seconds: u64);
}

/// Writes one `#[tokio::test]` for every case of the suite. The argument is an `async fn` (or a path to one) that
/// returns a fresh [`TestNetwork`](crate::testing::ledger::conformance::TestNetwork).
#[macro_export]
macro_rules! ledger_conformance {
    ($network:path) => {
        $crate::ledger_conformance!($network; accounts:
            missing_account_is_none,
            funded_account_is_seen,
            trust_line_is_seen_with_balance_and_limit,
            memo_requirement_and_home_domain_are_seen,
        );
        $crate::ledger_conformance!($network; submission:
            latest_advances_with_every_ledger,
            fee_bid_is_at_least_the_base_fee,
            payment_lands_and_is_found,
            unknown_transaction_is_not_found_up_to_the_latest_ledger,
            envelope_that_is_sent_again_lands_once,
            payment_without_trust_line_fails_on_the_ledger,
            payment_to_a_missing_account_fails_on_the_ledger,
            used_sequence_number_is_rejected,
            envelope_past_its_bound_is_rejected,
            envelope_that_expires_unapplied_is_never_found,
            unsigned_envelope_is_rejected,
            claimable_balance_tells_its_id,
            new_account_is_created,
        );
        $crate::ledger_conformance!($network; balances:
            balance_is_held_until_it_is_claimed,
            balance_nobody_made_is_absent,
            claimants_come_in_their_time_and_claims_are_read,
            claim_without_a_trust_line_fails_and_the_balance_stays,
        );
        $crate::ledger_conformance!($network; history:
            account_without_history_has_an_empty_page,
            history_starts_now,
            every_operation_of_a_transaction_is_a_movement,
            what_a_single_transaction_brought_is_what_history_says,
            muxed_destination_and_memo_are_kept,
            failed_and_outgoing_payments_are_no_movements,
            history_is_read_on_from_any_cursor,
            stream_catches_up_and_goes_on,
            stream_waits_for_an_account_that_does_not_exist_yet,
        );
    };
    ($network:path; $module:ident: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let network = $network().await;
                $crate::testing::ledger::conformance::$module::$case(&network).await;
            }
        )+
    };
}

/// Somebody with a key and an account.
pub(super) struct Actor<'a> {
    network: &'a dyn TestNetwork,
    key: SigningKey,
}

/// Long enough for any test.
const FAR: u64 = 100_000;

impl<'a> Actor<'a> {
    /// With a fresh key, and without an account.
    pub(super) fn new(network: &'a dyn TestNetwork) -> Self {
        Self { network, key: SigningKey::generate() }
    }

    /// With an account.
    pub(super) async fn funded(network: &'a dyn TestNetwork) -> Self {
        let actor = Self::new(network);
        network.fund(actor.id()).await;
        actor
    }

    /// With a trust line, and so much of the asset.
    pub(super) async fn holding(network: &'a dyn TestNetwork, issuer: &Self, amount: i64) -> Self {
        let actor = Self::funded(network).await;
        actor.apply([trust(&issuer.usd(), i64::MAX)]).await;
        if amount > 0 {
            issuer.apply([pay(actor.id(), &issuer.usd(), amount)]).await;
        }
        actor
    }

    pub(super) fn id(&self) -> AccountId {
        self.key.account()
    }

    /// The dollar that it issues.
    #[expect(clippy::expect_used, reason = "a code that is one")]
    pub(super) fn usd(&self) -> StellarAsset {
        StellarAsset::Credit { code: "USD".parse().expect("an asset code"), issuer: self.id() }
    }

    #[expect(clippy::expect_used, reason = "the suite fails by panicking")]
    pub(super) async fn snapshot(&self) -> AccountSnapshot {
        let account = self.network.ledger().account(&self.id()).await;
        account.expect("the account can be looked up").expect("the account exists")
    }

    pub(super) async fn balance(&self, asset: &StellarAsset) -> i64 {
        let snapshot = self.snapshot().await;
        let line = snapshot.trust_lines.iter().find(|line| line.asset == *asset);
        line.map_or(0, |line| line.balance.stroops())
    }

    /// Signed, with the next sequence number.
    pub(super) async fn sign(&self, operations: impl Into<Vec<Operation>>, memo: Memo) -> SignedEnvelope {
        let sequence = self.snapshot().await.sequence + 1;
        let now = self.now().await;
        self.sign_with(operations, memo, sequence, now + FAR)
    }

    #[expect(clippy::expect_used, reason = "the suite fails by panicking")]
    pub(super) async fn now(&self) -> u64 {
        self.network.ledger().latest().await.expect("the latest ledger is known").closed_at
    }

    #[expect(clippy::expect_used, reason = "the suite fails by panicking")]
    pub(super) fn sign_with(
        &self,
        operations: impl Into<Vec<Operation>>,
        memo: Memo,
        sequence: i64,
        max_time: u64,
    ) -> SignedEnvelope {
        let spec = EnvelopeSpec {
            network: self.network.ledger().network(),
            transaction_source: self.id(),
            sequence,
            operation_source: None,
            operations: operations.into(),
            memo,
            fee_per_operation: 1000,
            max_time,
        };
        let envelope = spec.build().expect("the envelope can be built");
        let signature = self.key.sign(envelope.hash().as_bytes());
        envelope.sign(&[(self.id(), signature)]).expect("the envelope can be signed")
    }

    /// Submits, closes a ledger and expects success.
    pub(super) async fn apply(&self, operations: impl Into<Vec<Operation>>) -> SignedEnvelope {
        self.apply_with(operations, Memo::None).await
    }

    #[expect(clippy::panic, reason = "the suite fails by panicking")]
    pub(super) async fn apply_with(
        &self,
        operations: impl Into<Vec<Operation>>,
        memo: Memo,
    ) -> SignedEnvelope {
        let envelope = self.sign(operations, memo).await;
        match land(self.network, &envelope).await {
            Lookup::Succeeded { .. } => envelope,
            other => panic!("the transaction did not succeed: {other:?}"),
        }
    }
}

/// Submits, closes a ledger and looks.
#[expect(clippy::expect_used, reason = "the suite fails by panicking")]
pub(super) async fn land(network: &dyn TestNetwork, envelope: &SignedEnvelope) -> Lookup {
    let said = network.ledger().submit(&envelope.xdr).await.expect("the envelope is taken");
    assert!(is_taken(&said), "{said:?}");
    network.close(1).await;
    network.ledger().lookup(&envelope.hash).await.expect("the transaction can be looked up")
}

pub(super) const fn is_taken(said: &Submission) -> bool {
    matches!(said, Submission::Accepted | Submission::Applied { .. })
}

#[expect(clippy::panic, reason = "the suite fails by panicking")]
pub(super) fn rejection(said: Submission) -> Failure {
    match said {
        Submission::Rejected(failure) => failure,
        other => panic!("not rejected: {other:?}"),
    }
}

#[expect(clippy::panic, reason = "the suite fails by panicking")]
pub(super) fn failure(lookup: Lookup) -> Failure {
    match lookup {
        Lookup::Failed { failure, .. } => failure,
        other => panic!("not failed: {other:?}"),
    }
}

#[expect(clippy::expect_used, reason = "the suite counts with positive numbers")]
pub(super) fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).expect("not negative")
}

pub(super) fn pay(to: impl Into<Account>, asset: &StellarAsset, amount: i64) -> Operation {
    Payment::Pay { destination: to.into(), asset: asset.clone(), amount: stroops(amount) }.into()
}

pub(super) fn trust(asset: &StellarAsset, limit: i64) -> Operation {
    Operation::ChangeTrust { asset: asset.clone(), limit: stroops(limit) }
}

/// Everything after the cursor, and where it ends.
#[expect(clippy::expect_used, reason = "the suite fails by panicking")]
pub(super) async fn read_on(
    network: &dyn TestNetwork,
    account: &AccountId,
    after: &Cursor,
) -> (Vec<Movement>, Cursor) {
    let (mut movements, mut after) = (Vec::new(), after.clone());
    loop {
        let page = network.ledger().movements(account, &after).await.expect("the history can be read");
        assert_eq!(page.poison, []);
        movements.extend(page.movements);
        after = page.next;
        if !page.more {
            return (movements, after);
        }
    }
}
