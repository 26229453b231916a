//! Our own transactions: what they do, and their signed form.
//!
//! Building uses stellar-base; what it wrote is read again with stellar-xdr and compared with what was asked for,
//! field by field and by hash, before anybody signs it.

use stellar_xdr::{
    BytesM, DecoratedSignature, Signature, SignatureHint, Transaction, TransactionEnvelope,
    TransactionV1Envelope, VecM, WriteXdr as _,
};

use super::Network;
use super::codec::{self, DecodeError};
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::keys;
use crate::memo::Memo;
use crate::transaction::TransactionHash;

mod attach;
pub(super) mod base;
pub mod bump;
mod check;
mod read;
#[cfg(any(test, feature = "testing"))]
mod signed;

pub use attach::{Needed, attach, hash_of, needed};
pub(super) use read::bounds;
#[cfg(any(test, feature = "testing"))]
pub(crate) use signed::{read_signed, read_wrapped};

/// The network's limit.
const OPERATIONS_MAX: usize = 100;

/// The network's limit.
const SIGNATURES_MAX: usize = 20;

/// What one operation of ours pays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payment {
    /// To an account that exists and can hold the asset.
    Pay {
        /// A `G…` or `M…`; contracts are refused.
        destination: Account,
        /// What.
        asset: StellarAsset,
        /// How much; never zero.
        amount: StellarAmount,
    },
    /// Lumens to an account that does not exist yet.
    CreateAccount {
        /// The new account.
        destination: AccountId,
        /// How much; at least the network's minimum balance.
        starting_balance: StellarAmount,
    },
    /// Set aside on the ledger until one of the claimants takes it.
    ClaimableBalance {
        /// Who may take it, 1 to 10, all different.
        claimants: Vec<Claimant>,
        /// What.
        asset: StellarAsset,
        /// How much; never zero.
        amount: StellarAmount,
    },
}

/// Who may take a claimable balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    /// The account.
    pub account: AccountId,
    /// From this time on (Unix seconds); at once if absent.
    pub from: Option<u64>,
}

/// What one operation of ours does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Moves value.
    Pay(Payment),
    /// Opens, changes or (limit zero) closes a trust line.
    ChangeTrust {
        /// Never lumens.
        asset: StellarAsset,
        /// The most that it may hold.
        limit: StellarAmount,
    },
    /// The issuer allows an account's trust line to receive. Its source is the issuer, whatever the others' is.
    AuthorizeTrust {
        /// Whose trust line.
        holder: AccountId,
        /// Never lumens.
        asset: StellarAsset,
    },
    /// Closes the account, which has nothing but lumens, and gives them to another one.
    Merge {
        /// Who gets them.
        into: AccountId,
    },
    /// Takes a claimable balance.
    Claim {
        /// Its id: 72 hex characters.
        balance: String,
    },
    /// Names the account's domain.
    SetHomeDomain(
        /// At most 32 ASCII characters.
        String,
    ),
    /// Writes or (no value) removes a data entry.
    SetData {
        /// 1 to 64 printable ASCII characters.
        name: String,
        /// 1 to 64 bytes.
        value: Option<Vec<u8>>,
    },
}

impl From<Payment> for Operation {
    fn from(payment: Payment) -> Self {
        Self::Pay(payment)
    }
}

/// One transaction of ours.
#[derive(Debug, Clone)]
pub struct EnvelopeSpec<'a> {
    /// The network that it is for.
    pub network: &'a Network,
    /// Whose sequence number it uses, and who pays the fee.
    pub transaction_source: AccountId,
    /// The sequence number to use: one more than the account's last.
    pub sequence: i64,
    /// Whose value moves, if not the transaction source's.
    pub operation_source: Option<AccountId>,
    /// 1 to 100.
    pub operations: Vec<Operation>,
    /// For all operations.
    pub memo: Memo,
    /// Bid in stroops, at least 100.
    pub fee_per_operation: u32,
    /// The upper bound, in Unix seconds of ledger time, inclusive: what makes an envelope mortal.
    pub max_time: u64,
}

/// Why there is no such envelope. Nothing was signed or sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// No operation, or more than 100.
    #[error("a transaction has 1 to 100 operations")]
    Operations,
    /// An amount of zero moves nothing.
    #[error("an amount is more than zero")]
    Amount,
    /// A contract cannot be paid by a payment operation.
    #[error("a contract cannot receive a payment operation")]
    ContractDestination,
    /// The network itself has no such trust line.
    #[error("nobody trusts lumens or their own asset")]
    TrustLine,
    /// Nobody inherits from themselves.
    #[error("an account is not merged into itself")]
    Merge,
    /// The user number of an `M…` is the memo; a second one contradicts it.
    #[error("a payment to a muxed account carries no memo")]
    MuxedWithMemo,
    /// A memo text that is not UTF-8 cannot be built.
    #[error("the text of a memo has to be UTF-8")]
    Memo,
    /// None, more than 10, or one twice.
    #[error("a claimable balance has 1 to 10 different claimants")]
    Claimants,
    /// Not the id of a claimable balance.
    #[error("the id of a claimable balance is 72 lower-case hex digits")]
    Balance,
    /// A home domain or data entry outside the network's limits.
    #[error(
        "a home domain has at most 32, the name of a data entry 1 to 64 printable ASCII characters, its value 1 to 64 bytes"
    )]
    Text,
    /// Below 100 stroops per operation, or beyond what the network's field can hold.
    #[error("the fee is out of range")]
    Fee,
    /// Not a sequence number that any account can use.
    #[error("the sequence number is out of range")]
    Sequence,
    /// No upper bound, or beyond what can be represented.
    #[error("the upper time bound is missing or out of range")]
    MaxTime,
    /// The library that builds envelopes refused.
    #[error("the envelope could not be built: {0}")]
    Build(String),
    /// What was built is not what was asked for.
    #[error("the built envelope differs from what was asked for: {0}")]
    Mismatch(&'static str),
    /// What was built cannot be read again.
    #[error("the built envelope could not be read again")]
    Unreadable(#[from] DecodeError),
    /// A signature that does not verify.
    #[error("the signature of {0} is wrong")]
    Signature(AccountId),
    /// A source account whose signature was not given.
    #[error("the signature of {0} is missing")]
    Unsigned(AccountId),
    /// The same account twice, or more than 20.
    #[error("a transaction has at most 20 signatures, one an account")]
    Signatures,
}

/// A transaction that waits for its signatures. Every field was compared with its specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedEnvelope {
    hash: TransactionHash,
    transaction: Transaction,
    signers: Vec<AccountId>,
}

/// A transaction that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEnvelope {
    /// What the ledger will know it by.
    pub hash: TransactionHash,
    /// Base64 XDR.
    pub xdr: String,
}

impl EnvelopeSpec<'_> {
    /// Builds the transaction, reads it again and compares.
    ///
    /// # Errors
    /// See [`EnvelopeError`].
    pub fn build(&self) -> Result<UnsignedEnvelope, EnvelopeError> {
        check::check(self)?;
        let built = base::transaction(self)?;
        let bytes = base::bytes(&built)?;
        let envelope: TransactionEnvelope = codec::read_bytes(&bytes)?;
        let TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, .. }) = envelope else {
            return Err(EnvelopeError::Mismatch("envelope type"));
        };
        read::compare(&transaction, self)?;
        let hash = hash(&transaction, self.network)?;
        if base::hash(&built, self.network)? != hash {
            return Err(EnvelopeError::Mismatch("hash"));
        }
        let mut signers = vec![self.transaction_source];
        for source in self.operations.iter().filter_map(|operation| self.source_of(operation)) {
            if !signers.contains(&source) {
                signers.push(source);
            }
        }
        Ok(UnsignedEnvelope { hash: TransactionHash::from_bytes(hash), transaction, signers })
    }
}

impl EnvelopeSpec<'_> {
    /// An operation's own source account, if it has one.
    fn source_of(&self, operation: &Operation) -> Option<AccountId> {
        match operation {
            Operation::AuthorizeTrust { asset, .. } => {
                asset.issuer().copied().filter(|issuer| *issuer != self.transaction_source)
            }
            _ => self.operation_source,
        }
    }
}

pub(super) fn hash(transaction: &Transaction, network: &Network) -> Result<[u8; 32], DecodeError> {
    transaction.hash(*network.id()).map_err(|error| DecodeError::Xdr(error.to_string()))
}

impl UnsignedEnvelope {
    /// What has to be signed, and what the ledger will know it by.
    pub const fn hash(&self) -> TransactionHash {
        self.hash
    }

    /// The accounts whose signatures are needed: the sources of the transaction and of its operations.
    pub fn signers(&self) -> &[AccountId] {
        &self.signers
    }

    /// The envelope without any signature (base64 XDR), for somebody else to sign.
    ///
    /// # Errors
    /// [`EnvelopeError::Unreadable`] if it cannot be written.
    pub fn xdr(&self) -> Result<String, EnvelopeError> {
        let (tx, signatures) = (self.transaction.clone(), VecM::default());
        Ok(write(&TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }))?)
    }

    /// Adds the signatures over [`hash`](Self::hash), after verifying each of them.
    ///
    /// # Errors
    /// A wrong, missing or repeated signature.
    pub fn sign(self, signatures: &[(AccountId, [u8; 64])]) -> Result<SignedEnvelope, EnvelopeError> {
        let mut decorated = Vec::with_capacity(signatures.len());
        for (index, (account, signature)) in signatures.iter().enumerate() {
            if signatures.iter().take(index).any(|(earlier, _)| earlier == account) {
                return Err(EnvelopeError::Signatures);
            }
            if !keys::verify(account, self.hash.as_bytes(), signature) {
                return Err(EnvelopeError::Signature(*account));
            }
            decorated.push(decorate(account, signature)?);
        }
        let is_missing = |signer: &&AccountId| !signatures.iter().any(|(account, _)| account == *signer);
        if let Some(missing) = self.signers.iter().find(is_missing) {
            return Err(EnvelopeError::Unsigned(*missing));
        }
        if decorated.len() > SIGNATURES_MAX {
            return Err(EnvelopeError::Signatures);
        }
        let signatures = VecM::try_from(decorated).map_err(|_| EnvelopeError::Signatures)?;
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx: self.transaction, signatures });
        Ok(SignedEnvelope { hash: self.hash, xdr: write(&envelope)? })
    }
}

pub(super) fn decorate(account: &AccountId, signature: &[u8; 64]) -> Result<DecoratedSignature, DecodeError> {
    let [.., a, b, c, d] = *account.as_bytes();
    let signature =
        BytesM::try_from(signature.as_slice()).map_err(|error| DecodeError::Xdr(error.to_string()))?;
    Ok(DecoratedSignature { hint: SignatureHint([a, b, c, d]), signature: Signature(signature) })
}

pub(super) fn write(envelope: &TransactionEnvelope) -> Result<String, DecodeError> {
    envelope.to_xdr_base64(codec::limits()).map_err(|error| DecodeError::Xdr(error.to_string()))
}

#[cfg(test)]
mod tests;
