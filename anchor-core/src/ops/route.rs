//! What to send on the ledger for a transaction: its plan, with everything the plan needs looked up.

use super::OpsError;
use crate::account::Account;
use crate::amount::{Amount, StellarAmount};
use crate::anchor::Anchor;
use crate::memo::Memo;
use crate::stellar::AccountSnapshot;
use crate::stellar::envelope::Payment;
use crate::stellar::plan::{Plan, PlanFeatures, PlanInput, plan};
use crate::transaction::{AttemptPurpose, Effect, Fact, RefundVia, State, Transaction};

/// The network's base reserve: 0.5 lumens.
const BASE_RESERVE: i64 = 5_000_000;

/// What a created account gets: 2.01 lumens, as SEP-24 recommends; enough for a trust line and some fees.
const STARTING_BALANCE: i64 = 20_100_000;

/// What to do on the ledger now.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub(super) enum Route {
    /// Send this.
    Send {
        /// The operation.
        payment: Payment,
        /// What it is for.
        purpose: AttemptPurpose,
        /// The memo that goes with it.
        memo: Memo,
        /// The account that pays, as it is now.
        source: AccountSnapshot,
    },
    /// The recipient cannot hold the token yet.
    AwaitTrust,
    /// A person has to look.
    Hold(String),
}

/// Who gets what.
struct Transfer {
    destination: Account,
    memo: Memo,
    amount: Amount,
    features: PlanFeatures,
}

/// Looks up both accounts and plans.
///
/// # Errors
/// When something could not be found out: nothing may be concluded from that.
pub(super) async fn route(anchor: &Anchor, transaction: &Transaction, fee: u32) -> Result<Route, OpsError> {
    let hold = |reason: &str| Ok(Route::Hold(reason.to_owned()));
    let asset = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?;
    let refund = transaction.state == State::RefundDue { via: RefundVia::Ledger };
    let transfer = if refund { refund_of(transaction) } else { delivery_of(anchor, transaction) };
    let Some(transfer) = transfer else { return hold("no money of the user's is on record") };
    let Ok(amount) = transfer.amount.to_stellar() else {
        return hold("the amount does not fit the ledger");
    };
    let Some(source) = anchor.ledger().account(&asset.distribution).await? else {
        return hold("the distribution account does not exist");
    };
    let snapshot = match transfer.destination.ledger_account() {
        Some(id) => anchor.ledger().account(&id).await?,
        None => None,
    };
    let planned = plan(&PlanInput {
        destination: transfer.destination,
        snapshot: snapshot.as_ref(),
        asset: &transaction.asset,
        amount,
        memo: &transfer.memo,
        distribution: &source,
        features: transfer.features,
        base_reserve: stroops(BASE_RESERVE),
        starting_balance: stroops(STARTING_BALANCE),
        fee: stroops(i64::from(fee)),
        reclaim_from: None,
    });
    let delivers = if refund { AttemptPurpose::Refund } else { AttemptPurpose::Payment };
    let send = |payment, purpose| Ok(Route::Send { payment, purpose, memo: transfer.memo.clone(), source });
    match planned {
        Plan::Pay(payment) | Plan::ClaimableBalance(payment) => send(payment, delivers),
        Plan::CreateAccount { payment, delivers: true } => send(payment, delivers),
        Plan::CreateAccount { payment, delivers: false } | Plan::FundTrust(payment) => {
            // whoever merges the account away or spends its lumens does not get them a second time
            if was_created(anchor, transaction).await? {
                return Ok(Route::AwaitTrust);
            }
            send(payment, AttemptPurpose::CreateAccount)
        }
        Plan::AwaitTrust(gap) if refund => hold(&format!("the sender cannot be paid back: {gap}")),
        Plan::AwaitTrust(_) => Ok(Route::AwaitTrust),
        Plan::Hold(reason) => hold(&reason.to_string()),
    }
}

/// A deposit goes where the wallet said.
fn delivery_of(anchor: &Anchor, transaction: &Transaction) -> Option<Transfer> {
    transaction.receipt.as_ref()?;
    let (request, config) = (&transaction.request, anchor.config());
    Some(Transfer {
        destination: request.account,
        memo: request.memo.clone(),
        amount: transaction.amounts.as_ref()?.amount_out.amount,
        features: PlanFeatures {
            account_creation: config.account_creation,
            claimable_balances: config.claimable_balances && request.claimable_balances,
        },
    })
}

/// A withdrawal goes back to who paid, in full, with the refund memo of the wallet, or else with the memo it came
/// with. The user number of a muxed sender says whose it is, unless the wallet wants it said by a memo: one payment
/// with both would contradict itself.
fn refund_of(transaction: &Transaction) -> Option<Transfer> {
    let receipt = transaction.receipt.as_ref()?;
    let ledger = receipt.ledger.as_ref()?;
    let (destination, memo) = match (ledger.from, &transaction.request.memo) {
        (Account::Muxed { .. }, Memo::None) => (ledger.from, Memo::None),
        (_, Memo::None) => (ledger.from, ledger.memo.clone()),
        (Account::Muxed { account, .. }, wanted) => (account.into(), wanted.clone()),
        (_, wanted) => (ledger.from, wanted.clone()),
    };
    Some(Transfer {
        destination,
        memo,
        amount: receipt.amount.amount,
        features: PlanFeatures { account_creation: false, claimable_balances: false },
    })
}

async fn was_created(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    let history = anchor.store().fact_list(transaction.id).await?;
    let created = |fact: &Fact| matches!(fact, Fact::AttemptApplied { effect: Effect::AccountCreated, .. });
    Ok(history.iter().any(|record| record.refused.is_none() && created(&record.fact)))
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap_or_default()
}
