//! Building and signing envelopes, for friendbot and for tests.
//!
//! ```
//! use anchor_devnet::ledger::build::{self, Draft};
//! use anchor_devnet::ledger::{LedgerConfig, Network, Submitted};
//!
//! let mut network = Network::genesis(LedgerConfig::default(), 1_700_000_000);
//! let root = build::key_from_seed(network.root_seed());
//! let alice = build::key("alice");
//! let envelope = Draft::new(&build::account(&root), 1)
//!     .operation(build::create_account(&build::account(&alice), 1_000_0000000))
//!     .sign(network.network_id(), &[&root]);
//! assert!(matches!(network.submit(envelope, 1_700_000_001), Submitted::Pending { .. }));
//! let ledger = network.close(1_700_000_005).expect("a network in memory");
//! assert!(ledger.transactions[0].successful);
//! ```

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, AlphaNum12, Asset, AssetCode4, AssetCode12, BytesM, ChangeTrustAsset,
    ChangeTrustOp, CreateAccountOp, DecoratedSignature, FeeBumpTransaction, FeeBumpTransactionEnvelope,
    FeeBumpTransactionExt, FeeBumpTransactionInnerTx, Memo, MuxedAccount, MuxedAccountMed25519, Operation,
    OperationBody, PaymentOp, Preconditions, SequenceNumber, Signature, SignatureHint, TimeBounds, TimePoint,
    Transaction, TransactionEnvelope, TransactionExt, TransactionV1Envelope, Uint256, VecM,
};

use super::asset::{account_id, public_key};
use super::signatures::tail;

/// A transaction in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    source: MuxedAccount,
    sequence: i64,
    fee_per_operation: u32,
    cond: Preconditions,
    memo: Memo,
    operations: Vec<Operation>,
}

impl Draft {
    /// A transaction of `source` with this sequence number: one more than the account's.
    #[must_use]
    pub fn new(source: &AccountId, sequence: i64) -> Self {
        Self {
            source: source.clone().into(),
            sequence,
            fee_per_operation: 100,
            cond: Preconditions::None,
            memo: Memo::None,
            operations: Vec::new(),
        }
    }

    /// Names a sub-account of the source.
    #[must_use]
    pub fn muxed_source(mut self, id: u64) -> Self {
        let (MuxedAccount::Ed25519(ed25519)
        | MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { ed25519, .. })) = self.source;
        self.source = MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id, ed25519 });
        self
    }

    /// Adds an operation of the source account.
    #[must_use]
    pub fn operation(mut self, body: OperationBody) -> Self {
        self.operations.push(Operation { source_account: None, body });
        self
    }

    /// Adds an operation of another account.
    #[must_use]
    pub fn operation_of(mut self, source: &AccountId, body: OperationBody) -> Self {
        self.operations.push(Operation { source_account: Some(source.clone().into()), body });
        self
    }

    /// Offers this much per operation, in stroops; 100 unless told.
    #[must_use]
    pub fn fee_per_operation(mut self, stroops: u32) -> Self {
        self.fee_per_operation = stroops;
        self
    }

    /// Bounds the close time; a `max_time` of 0 is no bound.
    #[must_use]
    pub fn time_bounds(mut self, min_time: u64, max_time: u64) -> Self {
        self.cond =
            Preconditions::Time(TimeBounds { min_time: TimePoint(min_time), max_time: TimePoint(max_time) });
        self
    }

    /// Sets all preconditions.
    #[must_use]
    pub fn preconditions(mut self, cond: Preconditions) -> Self {
        self.cond = cond;
        self
    }

    /// Sets the memo.
    #[must_use]
    pub fn memo(mut self, memo: Memo) -> Self {
        self.memo = memo;
        self
    }

    /// The transaction without signatures.
    ///
    /// # Panics
    ///
    /// With more than 100 operations.
    #[must_use]
    #[expect(clippy::expect_used, reason = "documented: the caller adds the operations one by one")]
    pub fn transaction(&self) -> Transaction {
        let count = u32::try_from(self.operations.len()).unwrap_or(u32::MAX);
        Transaction {
            source_account: self.source.clone(),
            fee: self.fee_per_operation.saturating_mul(count),
            seq_num: SequenceNumber(self.sequence),
            cond: self.cond.clone(),
            memo: self.memo.clone(),
            operations: self.operations.clone().try_into().expect("at most 100 operations"),
            ext: TransactionExt::V0,
        }
    }

    /// The envelope, signed by `signers`.
    ///
    /// # Panics
    ///
    /// With more than 100 operations.
    #[must_use]
    pub fn sign(&self, network_id: [u8; 32], signers: &[&SigningKey]) -> TransactionEnvelope {
        sign(self.transaction().into(), network_id, signers)
    }
}

/// Adds signatures to an envelope.
///
/// # Panics
///
/// With more than 20 signatures.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "documented, and hashing encodes a value that is within its XDR bounds"
)]
pub fn sign(
    mut envelope: TransactionEnvelope,
    network_id: [u8; 32],
    signers: &[&SigningKey],
) -> TransactionEnvelope {
    let hash = envelope.hash(network_id).expect("an envelope encodes");
    let signatures = match &mut envelope {
        TransactionEnvelope::TxV0(envelope) => &mut envelope.signatures,
        TransactionEnvelope::Tx(envelope) => &mut envelope.signatures,
        TransactionEnvelope::TxFeeBump(envelope) => &mut envelope.signatures,
    };
    let mut all = signatures.to_vec();
    all.extend(signers.iter().map(|signer| signature(signer, &hash)));
    *signatures = all.try_into().expect("at most 20 signatures");
    envelope
}

/// A fee bump around a signed transaction, paid and signed by `payer`.
///
/// # Panics
///
/// When `inner` is not a plain (V1) envelope.
#[must_use]
pub fn fee_bump(
    inner: TransactionEnvelope,
    payer: &SigningKey,
    fee: i64,
    network_id: [u8; 32],
) -> TransactionEnvelope {
    let TransactionEnvelope::Tx(inner) = inner else { panic!("only a plain transaction can be fee-bumped") };
    let tx = FeeBumpTransaction {
        fee_source: account(payer).into(),
        fee,
        inner_tx: FeeBumpTransactionInnerTx::Tx(TransactionV1Envelope {
            tx: inner.tx,
            signatures: inner.signatures,
        }),
        ext: FeeBumpTransactionExt::V0,
    };
    let envelope =
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures: VecM::default() });
    sign(envelope, network_id, &[payer])
}

/// One signature with its hint.
#[must_use]
pub fn signature(signer: &SigningKey, message: &[u8]) -> DecoratedSignature {
    let hint = tail(&signer.verifying_key().to_bytes());
    // 64 bytes fit into 64 bytes; there is no infallible conversion.
    let bytes: BytesM<64> = signer.sign(message).to_bytes().to_vec().try_into().unwrap_or_default();
    DecoratedSignature { hint: SignatureHint(hint), signature: Signature(bytes) }
}

/// The key pair of a name, the same every time. Anyone can compute it: for tests and play money only.
#[must_use]
pub fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name.as_bytes()).into())
}

/// The key pair of a 32-byte seed.
#[must_use]
pub fn key_from_seed(seed: [u8; 32]) -> SigningKey {
    SigningKey::from_bytes(&seed)
}

/// The account of a key pair.
#[must_use]
pub fn account(key: &SigningKey) -> AccountId {
    account_id(key.verifying_key().to_bytes())
}

/// A sub-account.
#[must_use]
pub fn muxed(account: &AccountId, id: u64) -> MuxedAccount {
    MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id, ed25519: Uint256(public_key(account)) })
}

/// The asset `code` of `issuer`: 1 to 4 characters make the short form, up to 12 the long one. More are cut off.
#[must_use]
pub fn credit(code: &str, issuer: &AccountId) -> Asset {
    if code.len() <= 4 {
        let mut bytes = [0; 4];
        bytes[..code.len()].copy_from_slice(code.as_bytes());
        return Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(bytes), issuer: issuer.clone() });
    }
    let mut bytes = [0; 12];
    let length = code.len().min(12);
    bytes[..length].copy_from_slice(&code.as_bytes()[..length]);
    Asset::CreditAlphanum12(AlphaNum12 { asset_code: AssetCode12(bytes), issuer: issuer.clone() })
}

/// Creates `destination` with this balance in stroops.
#[must_use]
pub fn create_account(destination: &AccountId, starting_balance: i64) -> OperationBody {
    OperationBody::CreateAccount(CreateAccountOp { destination: destination.clone(), starting_balance })
}

/// Pays `amount` (in units of 10^-7) of `asset`.
#[must_use]
pub fn payment(destination: impl Into<MuxedAccount>, asset: &Asset, amount: i64) -> OperationBody {
    OperationBody::Payment(PaymentOp { destination: destination.into(), asset: asset.clone(), amount })
}

/// Opens, limits or (with 0) closes a trust line.
#[must_use]
pub fn change_trust(asset: &Asset, limit: i64) -> OperationBody {
    let line = match asset.clone() {
        Asset::Native => ChangeTrustAsset::Native,
        Asset::CreditAlphanum4(alpha) => ChangeTrustAsset::CreditAlphanum4(alpha),
        Asset::CreditAlphanum12(alpha) => ChangeTrustAsset::CreditAlphanum12(alpha),
    };
    OperationBody::ChangeTrust(ChangeTrustOp { line, limit })
}
