//! What is signed at once, what people have to look at, and what is never signed.

use stellar_xdr::{Limits, OperationBody, ReadXdr as _, TransactionEnvelope};

/// Nothing that an anchor sends is longer or more deeply nested.
const LIMITS: Limits = Limits { depth: 100, len: 64 * 1024 };

/// What an envelope asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Pays so many stroops in all, of whatever.
    Pays(i128),
    /// Bids a fee, in stroops, for an envelope that was signed before.
    Bids(i64),
}

/// Reads an envelope. Only what an anchor does is known here.
///
/// # Errors
/// Why it is never signed.
pub fn read(envelope: &str) -> Result<Wish, String> {
    let envelope =
        TransactionEnvelope::from_xdr_base64(envelope, LIMITS).map_err(|error| error.to_string())?;
    let transaction = match envelope {
        TransactionEnvelope::Tx(envelope) => envelope.tx,
        TransactionEnvelope::TxFeeBump(envelope) => return Ok(Wish::Bids(envelope.tx.fee)),
        TransactionEnvelope::TxV0(_) => return Err("an envelope of another age".to_owned()),
    };
    let mut sum: i128 = 0;
    for operation in transaction.operations.iter() {
        let amount = match &operation.body {
            OperationBody::Payment(payment) => payment.amount,
            OperationBody::CreateAccount(create) => create.starting_balance,
            OperationBody::CreateClaimableBalance(create) => create.amount,
            // brings value, and only to the account that signs
            OperationBody::ClaimClaimableBalance(_) => 0,
            _ => return Err("an operation that an anchor has no use for".to_owned()),
        };
        sum = sum.saturating_add(i128::from(amount));
    }
    Ok(Wish::Pays(sum))
}

impl std::fmt::Display for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pays(stroops) => write!(f, "pays {stroops} stroops"),
            Self::Bids(stroops) => write!(f, "bids a fee of {stroops} stroops"),
        }
    }
}

impl Wish {
    /// Whether nobody has to be asked.
    #[must_use]
    pub fn is_small(self, limit: i128) -> bool {
        match self {
            Self::Pays(stroops) => stroops <= limit,
            // a hundredth of a lumen for each of a hundred operations
            Self::Bids(stroops) => stroops <= 10_000_000,
        }
    }
}
