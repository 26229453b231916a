//! The rules that every [`Signer`] has to keep, to be run against your own vault's sandbox.
//!
//! ```
//! use anchor_core::integration::Signer;
//! use anchor_core::keys::SigningKey;
//! use anchor_core::testing::signer::{ScriptedSigner, conformance};
//! use anchor_core::transaction::TransactionHash;
//! use async_trait::async_trait;
//!
//! struct Sandbox(ScriptedSigner);
//!
//! #[async_trait]
//! impl conformance::SignerHarness for Sandbox {
//!     fn signer(&self) -> &dyn Signer {
//!         &self.0
//!     }
//!
//!     async fn approve(&self, hash: TransactionHash) {
//!         self.0.approve(hash);
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let vault = ScriptedSigner::of([SigningKey::generate()]);
//! vault.hold(true);
//! assert_eq!(conformance::check(&Sandbox(vault)).await, []);
//! # });
//! ```
#![expect(clippy::expect_used, reason = "envelopes of constants can be built")]

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::account::AccountId;
use crate::asset::StellarAsset;
use crate::id::{AttemptId, IdSource as _, RandomIds};
use crate::integration::{AccountSignature, IntegrationError, Signer, SigningOutcome, SigningRequest};
use crate::keys::{self, SigningKey};
use crate::memo::Memo;
use crate::stellar::Network;
use crate::stellar::envelope::{EnvelopeSpec, Payment};
use crate::transaction::{AttemptPurpose, TransactionHash};

/// So often one envelope is asked about before it counts as never signed.
const PATIENCE: usize = 20;

/// The network's limit.
const SIGNATURES_MAX: usize = 20;

/// What the rules are checked on.
#[async_trait]
pub trait SignerHarness: Send + Sync {
    /// The integration under test.
    fn signer(&self) -> &dyn Signer;

    /// Whoever has to agree to an envelope does; nothing to do for a signer that asks nobody.
    async fn approve(&self, hash: TransactionHash);

    /// The network whose envelopes the sandbox signs; the test network's if it does not matter.
    fn network(&self) -> Network {
        Network::new(Network::TESTNET)
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Checks all rules, with payments of one stroop that are never sent. An empty list means that they are kept.
pub async fn check(harness: &dyn SignerHarness) -> Vec<Violation> {
    let mut suite = Suite { harness, violations: Vec::new() };
    let accounts = harness.signer().accounts();
    suite.rule("there is an account to sign for", !accounts.is_empty(), || "none".to_owned());
    let again: BTreeSet<_> = harness.signer().accounts().into_iter().collect();
    let is_same = again == accounts.iter().copied().collect();
    suite.rule("the accounts are the same each time", is_same, || format!("{accounts:?}, {again:?}"));
    for account in accounts {
        suite.approved_envelope_is_signed(account).await;
        suite.signed_envelope_stays_signed(account).await;
        suite.each_envelope_gets_its_own_signatures(account).await;
        suite.questions_at_the_same_time_agree(account).await;
        suite.hash_of_something_else_is_not_signed(account).await;
        suite.envelope_of_another_network_is_not_signed(account).await;
    }
    suite.account_of_somebody_else_is_not_signed_for().await;
    suite.violations
}

struct Suite<'a> {
    harness: &'a dyn SignerHarness,
    violations: Vec<Violation>,
}

impl Suite<'_> {
    fn rule(&mut self, rule: &'static str, kept: bool, found: impl FnOnce() -> String) {
        if !kept {
            self.violations.push(Violation { rule, found: found() });
        }
    }

    fn request(&self, account: AccountId) -> SigningRequest {
        request(&self.harness.network(), account)
    }

    /// Asks, as the job does, until it is signed.
    async fn signed(&self, request: &SigningRequest) -> Result<Vec<AccountSignature>, String> {
        let mut last = String::new();
        for _ in 0..PATIENCE {
            match self.harness.signer().sign(request).await {
                Ok(SigningOutcome::Signed(signatures)) => return Ok(signatures),
                Ok(SigningOutcome::Pending) => last = "Pending".to_owned(),
                Ok(SigningOutcome::Refused { reason }) => return Err(format!("Refused: {reason}")),
                Err(error) => last = format!("{error:?}"),
            }
            self.harness.approve(request.hash).await;
        }
        Err(last)
    }

    async fn approved_envelope_is_signed(&mut self, account: AccountId) {
        let request = self.request(account);
        let signatures = match self.signed(&request).await {
            Ok(signatures) => signatures,
            Err(found) => return self.rule("an envelope that was approved is signed", false, || found),
        };
        let fits = (1..=SIGNATURES_MAX).contains(&signatures.len());
        self.rule("there are one to twenty signatures", fits, || signatures.len().to_string());
        let verifies = signatures.iter().all(|one| verify(&request, one));
        self.rule("each signature is its signer's, over the hash", verifies, || format!("{signatures:?}"));
        let signers: BTreeSet<_> = signatures.iter().map(|one| one.signer).collect();
        let kept = signers.len() == signatures.len();
        self.rule("each signer signs once", kept, || format!("{signatures:?}"));
    }

    async fn signed_envelope_stays_signed(&mut self, account: AccountId) {
        let request = self.request(account);
        let Ok(first) = self.signed(&request).await else { return };
        for _ in 0..2 {
            let answer = self.harness.signer().sign(&request).await;
            let rule = "what is signed stays signed, by the same signers";
            self.rule(rule, is_signed_by(&answer, &first), || format!("{answer:?}"));
        }
    }

    async fn each_envelope_gets_its_own_signatures(&mut self, account: AccountId) {
        for _ in 0..2 {
            let request = self.request(account);
            let Ok(signatures) = self.signed(&request).await else { return };
            let kept = signatures.iter().all(|one| verify(&request, one));
            self.rule("each envelope gets signatures of its own", kept, || format!("{signatures:?}"));
        }
    }

    async fn questions_at_the_same_time_agree(&mut self, account: AccountId) {
        let request = self.request(account);
        let signer = self.harness.signer();
        let answers = join_all((0..4).map(|_| signer.sign(&request))).await;
        let refused = answers.iter().any(|answer| matches!(answer, Ok(SigningOutcome::Refused { .. })));
        let rule = "several questions at the same time are one request";
        self.rule(rule, !refused, || format!("{answers:?}"));
        let Ok(first) = self.signed(&request).await else { return };
        let signed = answers.iter().filter(|answer| matches!(answer, Ok(SigningOutcome::Signed(_))));
        let agree = signed.clone().all(|answer| is_signed_by(answer, &first));
        self.rule(rule, agree, || format!("{answers:?}"));
    }

    async fn hash_of_something_else_is_not_signed(&mut self, account: AccountId) {
        let other = self.request(account);
        let request = SigningRequest { hash: other.hash, ..self.request(account) };
        let found = self.signed(&request).await;
        let rule = "a hash that is not the envelope's is not signed";
        self.rule(rule, found.is_err(), || format!("{found:?}"));
    }

    async fn envelope_of_another_network_is_not_signed(&mut self, account: AccountId) {
        let elsewhere = request(&Network::new("another network"), account);
        let request = SigningRequest { network: self.harness.network(), ..elsewhere };
        let found = self.signed(&request).await;
        let rule = "an envelope of another network is not signed";
        self.rule(rule, found.is_err(), || format!("{found:?}"));
    }

    async fn account_of_somebody_else_is_not_signed_for(&mut self) {
        let request = self.request(SigningKey::generate().account());
        let found = self.signed(&request).await;
        let rule = "an account that is not among its own is not signed for";
        self.rule(rule, found.is_err(), || format!("{found:?}"));
    }
}

fn verify(request: &SigningRequest, one: &AccountSignature) -> bool {
    keys::verify(&one.signer, request.hash.as_bytes(), &one.signature)
}

fn is_signed_by(answer: &Result<SigningOutcome, IntegrationError>, first: &[AccountSignature]) -> bool {
    let signers = |all: &[AccountSignature]| all.iter().map(|one| one.signer).collect::<BTreeSet<_>>();
    matches!(answer, Ok(SigningOutcome::Signed(again)) if signers(again) == signers(first))
}

/// One that nobody has seen before: sandboxes remember.
fn request(network: &Network, account: AccountId) -> SigningRequest {
    let (_, random) = RandomIds.next().as_u64_pair();
    let sequence = i64::try_from(random >> 2).unwrap_or(1).max(1);
    let payment = Payment::Pay {
        destination: SigningKey::from_seed([9; 32]).account().into(),
        asset: StellarAsset::Native,
        amount: crate::amount::StellarAmount::from_stroops(1).expect("a constant"),
    };
    let max_time = 1_000_000_000;
    let unsigned = EnvelopeSpec {
        network,
        transaction_source: SigningKey::from_seed([8; 32]).account(),
        sequence,
        operation_source: Some(account),
        operations: vec![payment.into()],
        memo: Memo::None,
        fee_per_operation: 100,
        max_time,
    };
    let unsigned = unsigned.build().expect("it can be built");
    SigningRequest {
        hash: unsigned.hash(),
        attempt: AttemptId::new(RandomIds.next()),
        purpose: AttemptPurpose::Payment,
        is_wrapping: false,
        network: network.clone(),
        envelope: unsigned.xdr().expect("it can be written").into(),
        accounts: vec![account],
        max_time,
    }
}
