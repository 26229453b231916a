//! Payments that nobody was credited for: how they leave suspense.
//!
//! What goes back gets a transaction of its own, which no wallet sees and whose first and only receipt is the payment. From
//! there on it is a refund like any other: an attempt is stored before it is sent, and asked about until it has landed or
//! is proved dead. The payment leaves suspense in the commit in which that transaction begins, so that it goes back once,
//! whoever decides it, and however often.

use super::amounts::{self, AmountsError};
use super::own;
use super::settle::receipt;
use crate::account::AccountId;
use crate::amount::Amount;
use crate::asset::{Asset, Remedy, StellarAsset};
use crate::fee::{FeeBreakdown, FeeError};
use crate::id::TransactionId;
use crate::integration::{FeeInput, FeeIntegration};
use crate::memo::Memo;
use crate::stellar::Movement;
use crate::store::{PaymentRecord, Settled, Store, StoreError, SuspenseReason};
use crate::transaction::{
    Amounts, Applied, ApplyContext, Change, Fact, Kind, NewTransaction, Refusal, Request, Settlement, State,
    Transaction,
};

/// How often a decision is made anew because the transaction changed meanwhile.
const TRIES: u32 = 8;

/// Why a payment cannot be sent back by the anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// No account of the anchor's is known to pay this asset.
    #[error("{0} is not an asset of this anchor: return it from your own wallet")]
    UnknownAsset(StellarAsset),
    /// A contract takes no plain payment.
    #[error("the sender is a contract, which cannot be paid like an account")]
    Contract,
    /// The anchor would pay itself.
    #[error("the sender is an account of the anchor's own")]
    OwnAccount,
    /// Nothing would be left.
    #[error("it is not more than the fee for sending it back")]
    NotMoreThanFee,
}

/// An operator's decision about a payment was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuspenseError {
    /// Nothing with this id arrived.
    #[error("there is no payment {0}")]
    NoPayment(String),
    /// It was credited when it came, or is the anchor's own.
    #[error("the payment {0} is not in suspense")]
    NotInSuspense(String),
    /// Somebody decided before.
    #[error("the payment was settled before, by transaction {0}")]
    Settled(TransactionId),
    /// The anchor cannot send it back.
    #[error("it cannot be sent back: {0}")]
    Obstacle(#[from] Obstacle),
    /// Nobody's.
    #[error("there is no transaction {0}")]
    NoTransaction(TransactionId),
    /// Only a withdrawal that waits for its payment takes one.
    #[error("transaction {id} is {state}: only a withdrawal that is awaiting_payment takes a payment")]
    NotAwaited {
        /// Which one.
        id: TransactionId,
        /// Where it stands.
        state: &'static str,
    },
    /// The payment is in one asset, the transaction about another.
    #[error("the payment is in {paid}, the transaction about {wanted}")]
    OtherAsset {
        /// What arrived.
        paid: StellarAsset,
        /// What is awaited.
        wanted: StellarAsset,
    },
    /// Fees of other amounts are the business's own to compute, so they have to be said.
    #[error("{paid} arrived and {agreed} were agreed: say what you keep of it as the fee")]
    OtherAmount {
        /// What arrived.
        paid: Amount,
        /// What is awaited.
        agreed: Amount,
    },
    /// No amount was agreed on, so that nobody knows what is kept of this one.
    #[error("any amount was agreed on: say what you keep of it as the fee")]
    FeeNeeded,
    /// There are no amounts with this fee.
    #[error("it cannot be credited: {0}")]
    Amounts(#[from] AmountsError),
    /// It does not fit the transaction.
    #[error("it cannot be credited: {0}")]
    Refused(Refusal),
    /// The transaction kept changing.
    #[error("it kept changing meanwhile: try again")]
    Contended,
    /// The store's: it is unknown whether it happened; deciding again is harmless.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
}

/// What an operator wants with the fee for sending a payment back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReturnFee {
    /// What the asset's policy says.
    Policy,
    /// All of it goes back.
    Waived,
}

/// Sends a payment back to its sender: begins the transaction that does it.
///
/// # Errors
/// See [`SuspenseError`].
pub async fn refund(
    store: &dyn Store,
    payment: &str,
    fee: ReturnFee,
    context: &ApplyContext<'_>,
) -> Result<Transaction, SuspenseError> {
    let (record, reason) = in_suspense(store, payment).await?;
    let assets = store.asset_list().await?;
    let meant = match record.transaction {
        Some(id) => store.transaction_fetch(id).await?,
        None => None,
    };
    let back = Back { movement: &record.movement, meant: meant.as_ref(), reason, fee };
    let change = back.begin(&assets, &record.account, context)?;
    match store.suspense_settle(payment, &change).await? {
        Settled::Settled => Ok(change.into_transaction()),
        // a transaction that begins cannot have changed
        Settled::Taken | Settled::Stale => Err(taken(store, payment).await),
    }
}

/// Credits a withdrawal that waits for its payment with this one, as if it had come with its memo.
///
/// Exactly the agreed amount is accepted as agreed. For any other the operator says what the fee is.
///
/// # Errors
/// See [`SuspenseError`].
pub async fn assign(
    store: &dyn Store,
    payment: &str,
    id: TransactionId,
    fee: Option<Amount>,
    context: &ApplyContext<'_>,
) -> Result<Transaction, SuspenseError> {
    let (record, _) = in_suspense(store, payment).await?;
    let assets = store.asset_list().await?;
    for _ in 0..TRIES {
        let found = store.transaction_fetch(id).await?;
        let transaction = found.ok_or(SuspenseError::NoTransaction(id))?;
        let amounts = amounts_of(&record.movement, &transaction, &assets, fee)?;
        let fact = Fact::PaymentSeen {
            receipt: receipt(&record.movement, None),
            settlement: Settlement::Accept(amounts),
        };
        let change = match transaction.apply(fact, context) {
            Applied::Changed(change) => change,
            Applied::Unchanged => return Ok(transaction),
            Applied::Anomaly(_, refusal) => return Err(SuspenseError::Refused(refusal)),
        };
        match store.suspense_settle(payment, &change).await? {
            Settled::Settled => return Ok(change.into_transaction()),
            Settled::Taken => return Err(taken(store, payment).await),
            Settled::Stale => {}
        }
    }
    Err(SuspenseError::Contended)
}

async fn in_suspense(
    store: &dyn Store,
    payment: &str,
) -> Result<(PaymentRecord, SuspenseReason), SuspenseError> {
    let found = store.payment_fetch(payment).await?;
    let record = found.ok_or_else(|| SuspenseError::NoPayment(payment.to_owned()))?;
    if let Some(by) = record.settled_by {
        return Err(SuspenseError::Settled(by));
    }
    let reason = record.suspense.ok_or_else(|| SuspenseError::NotInSuspense(payment.to_owned()))?;
    Ok((record, reason))
}

/// Somebody else decided at the same moment.
async fn taken(store: &dyn Store, payment: &str) -> SuspenseError {
    in_suspense(store, payment).await.err().unwrap_or(SuspenseError::Contended)
}

/// What a withdrawal is credited with.
fn amounts_of(
    movement: &Movement,
    transaction: &Transaction,
    assets: &[Asset],
    fee: Option<Amount>,
) -> Result<Amounts, SuspenseError> {
    if movement.asset != transaction.asset {
        let (paid, wanted) = (movement.asset.clone(), transaction.asset.clone());
        return Err(SuspenseError::OtherAsset { paid, wanted });
    }
    let (State::AwaitingPayment, Some(terms)) = (&transaction.state, &transaction.terms) else {
        return Err(SuspenseError::NotAwaited { id: transaction.id, state: transaction.state.name() });
    };
    let paid: Amount = movement.amount.into();
    let agreed = terms.amounts.as_ref();
    let other = |agreed: Amount| Err(SuspenseError::OtherAmount { paid, agreed });
    match (fee, agreed, assets.iter().find(|asset| asset.id == transaction.asset)) {
        (None, Some(agreed), _) if agreed.amount_in.amount == paid => Ok(agreed.clone()),
        (None, Some(agreed), _) => other(agreed.amount_in.amount),
        // at which rate?
        (Some(_), Some(agreed), _) if transaction.quote.is_some() => other(agreed.amount_in.amount),
        (None, None, _) => Err(SuspenseError::FeeNeeded),
        (Some(fee), _, Some(asset)) => Ok(amounts::received(&SaidFee(fee), asset, Kind::Withdrawal, paid)?),
        (_, _, None) => Err(AmountsError::NotOffered.into()),
    }
}

/// The fee that a person said.
#[derive(Debug)]
struct SaidFee(Amount);

impl FeeIntegration for SaidFee {
    fn fee(&self, _input: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        FeeBreakdown::new(self.0, Vec::new())
    }
}

/// A payment that is to go back.
pub(super) struct Back<'a> {
    pub(super) movement: &'a Movement,
    /// The transaction that it was perhaps meant for.
    pub(super) meant: Option<&'a Transaction>,
    pub(super) reason: SuspenseReason,
    pub(super) fee: ReturnFee,
}

impl Back<'_> {
    /// What the policy of the asset that was paid says; nothing is said of assets that the anchor does not have.
    pub(super) fn remedy(&self, assets: &[Asset]) -> Remedy {
        let asset = assets.iter().find(|asset| asset.id == self.movement.asset);
        let Some(policy) = asset.map(|asset| &asset.suspense) else { return Remedy::Hold };
        match self.reason {
            SuspenseReason::Unmatched | SuspenseReason::Unexpected => policy.unmatched,
            SuspenseReason::WrongAsset => policy.wrong_asset,
            SuspenseReason::Duplicate => policy.duplicate,
            // their transactions return them themselves, so these are in suspense because they are to be held
            SuspenseReason::Late | SuspenseReason::Underpaid | SuspenseReason::Overpaid => Remedy::Hold,
            // whoever did not claim it for so long may not be able to, and may not want it there
            SuspenseReason::Reclaimed => Remedy::Hold,
        }
    }

    /// The first change of the transaction that returns it, found on `account`. Pure.
    ///
    /// The wallet's memo for refunds is used if the memo of the payment tells which wallet that is.
    pub(super) fn begin(
        &self,
        assets: &[Asset],
        account: &AccountId,
        context: &ApplyContext<'_>,
    ) -> Result<Change, Obstacle> {
        let movement = self.movement;
        let asset = assets.iter().find(|asset| asset.id == movement.asset);
        let asset = asset.ok_or_else(|| Obstacle::UnknownAsset(movement.asset.clone()))?;
        let from = movement.from.ledger_account().ok_or(Obstacle::Contract)?;
        if from == *account || own::deals(assets, &from) {
            return Err(Obstacle::OwnAccount);
        }
        let fee = match self.fee {
            ReturnFee::Policy => asset.suspense.refund_fee,
            ReturnFee::Waived => Amount::zero(0),
        };
        let receipt = receipt(movement, Some(fee));
        if receipt.returned().is_none() {
            return Err(Obstacle::NotMoreThanFee);
        }
        let transaction = Transaction::returning(NewTransaction {
            id: TransactionId::new(context.ids.next()),
            kind: Kind::Withdrawal,
            protocol: crate::transaction::Protocol::Suspense,
            asset: asset.id.clone(),
            off_chain_asset: asset.off_chain.clone(),
            subject: movement.from.into(),
            client_domain: None,
            request: Request {
                memo: self.meant.map_or(Memo::None, |meant| meant.request.memo.clone()),
                // whoever did not claim it may still have no trust line
                claimable_balances: self.reason == SuspenseReason::Reclaimed,
                ..Request::new(movement.from)
            },
            at: context.at,
            deadline: context.at,
        });
        let settlement = Settlement::Return { reason: format!("out of suspense: {}", self.reason.as_str()) };
        match transaction.apply(Fact::PaymentSeen { receipt, settlement }, context) {
            Applied::Changed(change) => Ok(change),
            // a transaction that waits for its first receipt takes any
            Applied::Unchanged | Applied::Anomaly(..) => Err(Obstacle::NotMoreThanFee),
        }
    }
}

/// Why this payment could not be sent back, for lists; `None` if it could, as far as can be said without the ledger.
pub fn obstacle(assets: &[Asset], payment: &PaymentRecord, context: &ApplyContext<'_>) -> Option<Obstacle> {
    let reason = payment.suspense?;
    let back = Back { movement: &payment.movement, meant: None, reason, fee: ReturnFee::Policy };
    back.begin(assets, &payment.account, context).err()
}
