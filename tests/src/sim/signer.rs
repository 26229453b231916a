//! Somebody else with the key of the distribution account, who takes time, refuses, forgets, or sends what was signed
//! without telling.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anchor_core::account::AccountId;
use anchor_core::integration::{IntegrationError, Signer, SigningOutcome, SigningRequest};
use anchor_core::stellar::Ledger as _;
use anchor_core::stellar::envelope::attach;
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::testing::signer::ScriptedSigner;
use anchor_core::transaction::TransactionHash;
use async_trait::async_trait;

use super::life::Life;
use super::weather::Sim;

/// What is done with one envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// After so many questions.
    Signs(u64),
    Refuses,
    /// Nobody ever decides.
    Forgets,
    /// Signed and sent, and nobody says so.
    Sends,
}

/// The one vault. Clones share its book.
#[derive(Clone)]
pub(super) struct Vault {
    sim: Sim,
    network: FakeLedger,
    signer: ScriptedSigner,
    manners: Arc<Mutex<BTreeMap<TransactionHash, Manner>>>,
}

impl Vault {
    pub(super) fn new(sim: &Sim, network: &FakeLedger) -> Self {
        let signer = ScriptedSigner::of([samples::distribution()]);
        Self { sim: sim.clone(), network: network.clone(), signer, manners: Arc::default() }
    }

    /// What becomes of it was decided when it was seen first; one question less is to come.
    fn manner(&self, hash: TransactionHash) -> Manner {
        let mut manners = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
        let manner = manners.entry(hash).or_insert_with(|| self.draw());
        let now = *manner;
        if let Manner::Signs(questions) = manner {
            *questions = questions.saturating_sub(1);
        }
        now
    }

    fn draw(&self) -> Manner {
        if self.sim.is_calm() {
            return Manner::Signs(0);
        }
        self.sim.chance(|chance| match chance.below(20) {
            0 | 1 => Manner::Refuses,
            2 | 3 => Manner::Forgets,
            4..=6 => Manner::Sends,
            _ => Manner::Signs(chance.below(4)),
        })
    }

    /// Behind the anchor's back.
    pub(super) async fn send(&self, hash: TransactionHash, unsigned: &str) {
        let key = samples::distribution();
        let signature = (key.account(), key.sign(hash.as_bytes()));
        if let Ok(signed) = attach(self.network.network(), unsigned, hash, &[signature]) {
            self.sim.note("vault", || format!("sends {hash}"));
            self.network.submit(&signed.xdr).await.ok();
        }
    }

    async fn answer(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        match self.manner(request.hash) {
            Manner::Signs(0) => self.signer.sign(request).await,
            Manner::Signs(_) | Manner::Forgets => Ok(SigningOutcome::Pending),
            Manner::Refuses => Ok(SigningOutcome::Refused { reason: "not today".to_owned() }),
            Manner::Sends => {
                self.send(request.hash, &request.envelope).await;
                Ok(SigningOutcome::Pending)
            }
        }
    }
}

/// The vault as one process reaches it.
pub(super) struct SimSigner {
    pub(super) life: Life,
    pub(super) vault: Vault,
}

impl fmt::Debug for SimSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimSigner").field(&self.life).finish()
    }
}

#[async_trait]
impl Signer for SimSigner {
    fn accounts(&self) -> Vec<AccountId> {
        vec![samples::distribution().account()]
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        let unknown = || IntegrationError::transient("the line to the vault broke");
        self.life.call("vault: sign", self.vault.answer(request), unknown).await
    }
}
