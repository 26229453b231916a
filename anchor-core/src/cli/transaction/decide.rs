//! What only a person can decide. The jobs go on from there by themselves.

use crate::amount::{Amount, Money, STELLAR_SCALE};
use crate::cli::CliError;
use crate::clock::{Clock as _, SystemClock};
use crate::id::{OrderId, RandomIds, TransactionId};
use crate::ops::amounts::SENT_BACK_LATE;
use crate::store::{Store, Stored};
use crate::transaction::{
    Actor, AfterRefusal, Applied, ApplyContext, Fact, Kind, Receipt, RefundStep, RefundVia, Refusal, Resume,
    Settlement, State, Transaction,
};

/// How often a decision is made anew because the transaction changed meanwhile.
const TRIES: u32 = 8;

/// What an operator decided about a transaction.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// Nothing more happens to it until it is released.
    Hold { reason: String },
    /// It goes on where it stopped.
    Release,
    /// The money goes back instead.
    Refund { reason: String },
    /// A deposit's money came after the transaction had ended: it goes back.
    Late { amount: String, reference: String },
    /// The bank carried the order out, as a person found out.
    Delivered { reference: Option<String> },
    /// The bank did not and will not carry the order out, as a person found out.
    Undelivered { reason: String },
}

/// Writes the decision down. Made twice, the second time changes nothing.
///
/// Killed in between, an order is asked about again, or nothing happened.
pub(super) async fn decide(
    store: &dyn Store,
    id: TransactionId,
    decision: &Decision,
    operator: &str,
) -> Result<Transaction, CliError> {
    for _ in 0..TRIES {
        let found = store.transaction_fetch(id).await?;
        let mut transaction = found.ok_or_else(|| CliError::Refused(format!("no transaction {id}")))?;
        let fact = fact(store, &transaction, decision).await?;
        let settles = matches!(fact, Fact::PayoutDelivered { .. } | Fact::PayoutRefused { .. });
        if settles && matches!(transaction.state, State::OnHold { .. }) {
            // an order is settled from the state in which the bank is asked about it
            match tell(store, &transaction, Fact::Released, operator).await? {
                Some(released) => transaction = released,
                None => continue,
            }
        }
        if let Some(next) = tell(store, &transaction, fact, operator).await? {
            return Ok(next);
        }
    }
    Err(CliError::Refused(format!("{id} kept changing meanwhile: try again")))
}

/// `None`: somebody else changed the transaction first.
async fn tell(
    store: &dyn Store,
    transaction: &Transaction,
    fact: Fact,
    operator: &str,
) -> Result<Option<Transaction>, CliError> {
    let actor = Actor::Operator(operator.to_owned());
    let context = ApplyContext { ids: &RandomIds, actor, at: SystemClock.now() };
    let change = match transaction.apply(fact, &context) {
        Applied::Changed(change) => change,
        Applied::Unchanged => return Ok(Some(transaction.clone())),
        Applied::Anomaly(record, refusal) => {
            return Err(CliError::Refused(impossible(transaction, &record.fact, refusal)));
        }
    };
    match store.transaction_apply(&change, false).await? {
        Stored::Applied => Ok(Some(change.into_transaction())),
        Stored::ReceiptTaken => Err(CliError::Refused(Refusal::ReceiptTaken.to_string())),
        Stored::Stale | Stored::SourceBusy | Stored::MemoTaken => Ok(None),
    }
}

/// In words for people: what cannot be done, where the transaction stands, and from where on it can.
fn impossible(transaction: &Transaction, fact: &Fact, refusal: Refusal) -> String {
    let state = &transaction.state;
    let name = state.name();
    let funded = match transaction.kind {
        Kind::Deposit => "ready_to_pay",
        Kind::Withdrawal => "ready_to_pay_out",
    };
    let (cannot, when) = match fact {
        Fact::Held { .. } => ("held", format!("hold works from {funded} on, while no envelope is under way")),
        Fact::Released => ("released", "release works while it is on_hold".to_owned()),
        Fact::RefundDecided { .. } => {
            ("refunded", format!("refund works from {funded} on, while nothing is under way"))
        }
        Fact::PayoutDelivered { .. } | Fact::PayoutRefused { .. } => {
            ("settled", "an order is settled while the bank has one that is open".to_owned())
        }
        other => return format!("{} is not possible while it is {name}: {refusal}", other.name()),
    };
    let stands = match state {
        State::Collecting | State::Deciding => "its terms are not agreed",
        State::AwaitingInfo { .. } => "it awaits what the user has to tell",
        State::AwaitingFunds | State::FundsInTransit | State::AwaitingPayment => "it still awaits its money",
        State::Paying { .. } | State::Refunding { step: RefundStep::Attempt(_) } => {
            "a payment on the ledger is under way"
        }
        State::OnHold { .. } => "it waits for you",
        _ if State::ENDED.contains(&name) => "it has ended",
        _ => "it is worked on",
    };
    format!("cannot be {cannot}: {stands} ({name}); {when}")
}

async fn fact(store: &dyn Store, transaction: &Transaction, decision: &Decision) -> Result<Fact, CliError> {
    Ok(match decision {
        Decision::Hold { reason } => Fact::Held { reason: reason.clone() },
        Decision::Release => Fact::Released,
        Decision::Refund { reason } => Fact::RefundDecided {
            via: match transaction.kind {
                Kind::Deposit => RefundVia::Rails,
                Kind::Withdrawal => RefundVia::Ledger,
            },
            reason: reason.clone(),
        },
        Decision::Late { amount, reference } => late(store, transaction, amount, reference).await?,
        Decision::Delivered { reference } => {
            Fact::PayoutDelivered { order: open_order(transaction)?, reference: reference.clone() }
        }
        Decision::Undelivered { reason } => Fact::PayoutRefused {
            order: open_order(transaction)?,
            reason: reason.clone(),
            // released, it is tried again; refunded, it goes back
            then: AfterRefusal::Hold,
        },
    })
}

/// While a deposit still waits, its money is the rails' news, with a fee and a payout; afterwards it can only go back.
async fn late(
    store: &dyn Store,
    transaction: &Transaction,
    amount: &str,
    reference: &str,
) -> Result<Fact, CliError> {
    let known = transaction.receipt.as_ref().is_some_and(|receipt| receipt.reference == reference);
    if !known && !matches!(transaction.state, State::Expired | State::Failed { .. }) {
        let state = transaction.state.name();
        return Err(CliError::Refused(format!(
            "it is {state}: only a deposit that has ended without money is told of late money"
        )));
    }
    if !Receipt::is_reference(reference) {
        let max = Receipt::REFERENCE_MAX;
        return Err(CliError::Refused(format!("the reference has to have 1 to {max} bytes")));
    }
    let assets = store.asset_list().await?;
    let asset = assets.iter().find(|asset| asset.id == transaction.asset);
    let scale = asset.map_or(STELLAR_SCALE, |asset| transaction.exchanged(asset).off_chain_scale);
    let amount = Amount::parse(amount, scale).ok().and_then(|amount| amount.rescale_exact(scale));
    let Some(amount) = amount.filter(|amount| !amount.is_zero()) else {
        return Err(CliError::Refused(format!(
            "the amount has to be a number above zero with at most {scale} decimals"
        )));
    };
    let asset = transaction.off_chain_asset.clone();
    Ok(Fact::FundsReceived {
        receipt: Receipt {
            reference: reference.to_owned(),
            amount: Money { amount, asset },
            from: None,
            ledger: None,
            return_fee: None,
        },
        settlement: Settlement::Return { reason: SENT_BACK_LATE.to_owned() },
    })
}

fn open_order(transaction: &Transaction) -> Result<OrderId, CliError> {
    match &transaction.state {
        State::PayingOut { order }
        | State::PayoutInTransit { order }
        | State::ReadyForPickup { order }
        | State::PaidOut { order }
        | State::Refunding { step: RefundStep::Order(order) }
        | State::Refunded { step: RefundStep::Order(order) }
        | State::OnHold { resume: Resume::Order(order) | Resume::RefundOrder(order) } => Ok(*order),
        state => Err(CliError::Refused(format!("it is {}: the bank has no order of it", state.name()))),
    }
}

#[cfg(test)]
mod tests;
