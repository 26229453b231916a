//! A signer in memory that takes its time and fails where it is told to, and the rules that every signer has to keep.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::AccountId;
use crate::integration::{AccountSignature, IntegrationError, Signer, SigningOutcome, SigningRequest};
use crate::keys::SigningKey;
use crate::stellar::envelope::attach;
use crate::transaction::TransactionHash;

pub mod conformance;

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignerFault {
    /// "I do not know", before the request was filed.
    ErrorBefore,
    /// "I do not know", after it was signed.
    ErrorAfter,
    /// "Do not ask again".
    Permanent,
    /// Never answers.
    Silent,
    /// Panics.
    Panic,
    /// Answers with a signature over something else.
    WrongSignature,
    /// Answers with no signature at all.
    NoSignature,
}

/// A signer in memory: the keys of some accounts, each with one or several signers. Clones share everything.
///
/// It signs at once, or after so many questions ([`takes`](Self::takes)), or when it is told to
/// ([`hold`](Self::hold), [`approve`](Self::approve)), once for each hash.
#[derive(Debug, Clone, Default)]
pub struct ScriptedSigner(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    keys: BTreeMap<AccountId, Vec<SigningKey>>,
    questions: BTreeMap<TransactionHash, u32>,
    approved: BTreeSet<TransactionHash>,
    refused: BTreeMap<TransactionHash, String>,
    requests: Vec<SigningRequest>,
    refuses: Option<String>,
    takes: u32,
    holds: bool,
    faults: VecDeque<SignerFault>,
}

impl ScriptedSigner {
    /// Signs for this account with these keys, all of them.
    #[must_use]
    pub fn with(self, account: AccountId, keys: impl IntoIterator<Item = SigningKey>) -> Self {
        self.book().keys.insert(account, keys.into_iter().collect());
        self
    }

    /// For accounts with their own keys only.
    pub fn of(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        keys.into_iter().fold(Self::default(), |signer, key| signer.with(key.account(), [key]))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many questions about an envelope are answered with `Pending` first.
    pub fn takes(&self, questions: u32) {
        self.book().takes = questions;
    }

    /// From now on nothing is signed unless it is approved, or (`false`) it is again.
    pub fn hold(&self, holds: bool) {
        self.book().holds = holds;
    }

    /// Whoever has to agree to this envelope does.
    pub fn approve(&self, hash: TransactionHash) {
        self.book().approved.insert(hash);
    }

    /// From now on new requests are refused with this, or (`None`) they are not.
    pub fn refuse(&self, reason: Option<&str>) {
        self.book().refuses = reason.map(str::to_owned);
    }

    /// The next answer goes wrong. Faults happen in the order in which they were ordered.
    pub fn inject(&self, fault: SignerFault) {
        self.book().faults.push_back(fault);
    }

    /// Every question, oldest first.
    pub fn requests(&self) -> Vec<SigningRequest> {
        self.book().requests.clone()
    }

    /// The envelope with the signatures that this signer makes, as somebody would send it behind the anchor's back;
    /// `None` if it has not the keys.
    pub fn leak(&self, request: &SigningRequest) -> Option<String> {
        let signatures: Vec<_> =
            self.book().sign(request).into_iter().map(|one| (one.signer, one.signature)).collect();
        attach(&request.network, &request.envelope, request.hash, &signatures).ok().map(|signed| signed.xdr)
    }
}

impl Book {
    fn sign(&self, request: &SigningRequest) -> Vec<AccountSignature> {
        let keys = request.accounts.iter().filter_map(|account| self.keys.get(account)).flatten();
        let sign = |key: &SigningKey| AccountSignature {
            signer: key.account(),
            signature: key.sign(request.hash.as_bytes()),
        };
        keys.map(sign).collect()
    }

    fn answer(&mut self, request: &SigningRequest) -> SigningOutcome {
        let hash = request.hash;
        if let Some(reason) = self.refused.get(&hash) {
            return SigningOutcome::Refused { reason: reason.clone() };
        }
        let is_new = !self.questions.contains_key(&hash);
        let asked = self.questions.entry(hash).or_default();
        *asked = asked.saturating_add(1);
        let asked = *asked;
        let is_ours = request.accounts.iter().all(|account| self.keys.contains_key(account));
        let refusal = match request.check() {
            Err(error) => Some(error.to_string()),
            Ok(()) if !is_ours || request.accounts.is_empty() => Some("no key for these accounts".to_owned()),
            Ok(()) => self.refuses.clone().filter(|_| is_new),
        };
        if let Some(reason) = refusal {
            self.refused.insert(hash, reason.clone());
            return SigningOutcome::Refused { reason };
        }
        if !self.approved.contains(&hash) && (self.holds || asked <= self.takes) {
            return SigningOutcome::Pending;
        }
        self.approved.insert(hash);
        SigningOutcome::Signed(self.sign(request))
    }
}

#[async_trait]
impl Signer for ScriptedSigner {
    fn accounts(&self) -> Vec<AccountId> {
        self.book().keys.keys().copied().collect()
    }

    async fn sign(&self, request: &SigningRequest) -> Result<SigningOutcome, IntegrationError> {
        let (fault, answer) = {
            let mut book = self.book();
            book.requests.push(request.clone());
            let fault = book.faults.pop_front();
            let is_filed = !matches!(fault, Some(SignerFault::ErrorBefore | SignerFault::Permanent));
            (fault, is_filed.then(|| book.answer(request)))
        };
        match (fault, answer) {
            (None, Some(answer)) => Ok(answer),
            (Some(SignerFault::Permanent), _) => {
                Err(IntegrationError::permanent("the scripted signer cannot know"))
            }
            (Some(SignerFault::Silent), _) => std::future::pending().await,
            (Some(SignerFault::Panic), _) => {
                #[expect(clippy::panic, reason = "this is what it was told to do")]
                {
                    panic!("the scripted signer panics")
                }
            }
            (Some(SignerFault::NoSignature), _) => Ok(SigningOutcome::Signed(Vec::new())),
            (Some(SignerFault::WrongSignature), Some(SigningOutcome::Signed(mut signatures))) => {
                for one in &mut signatures {
                    one.signature = [1; 64];
                }
                Ok(SigningOutcome::Signed(signatures))
            }
            (Some(SignerFault::WrongSignature), Some(answer)) => Ok(answer),
            (Some(SignerFault::ErrorBefore | SignerFault::ErrorAfter), _) | (_, None) => {
                Err(IntegrationError::transient("the scripted signer does not know"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
