//! What to send on the ledger for a transaction.

use super::accounts::Accounts;
use super::signing::Issuer;
use super::{OpsError, own};
use crate::account::{Account, AccountId};
use crate::amount::{Amount, StellarAmount};
use crate::anchor::Anchor;
use crate::asset::{Asset, Authorization};
use crate::memo::Memo;
use crate::stellar::envelope::Payment;
use crate::stellar::plan::{Plan, PlanFeatures, PlanInput, plan};
use crate::stellar::{AccountSnapshot, SignerKey};
use crate::store::Claimed;
use crate::transaction::{AttemptPurpose, Effect, Fact, RefundVia, State, Transaction};

/// The network's base reserve: 0.5 lumens.
const BASE_RESERVE: i64 = 5_000_000;

/// What a created account gets: 2.01 lumens, as SEP-24 recommends; enough for a trust line and some fees.
const STARTING_BALANCE: i64 = 20_100_000;

/// What to do on the ledger now.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Send this.
    Send {
        /// The operation.
        payment: Payment,
        /// What it is for.
        purpose: AttemptPurpose,
        /// The memo that goes with it.
        memo: Memo,
        /// The account that pays.
        payer: AccountId,
        /// Together with this issuer's authorisation of the trust line.
        authorize: Option<Box<Issuer>>,
    },
    /// The recipient cannot hold the token yet.
    AwaitTrust,
    /// A person has to look.
    Hold(String),
}

/// Who gets what.
struct Transfer {
    payer: AccountId,
    destination: Account,
    memo: Memo,
    amount: Amount,
    features: PlanFeatures,
    delivers: AttemptPurpose,
    /// The issuer, where the anchor authorises trust lines for it.
    issuer: Option<AccountId>,
}

impl Transfer {
    /// `None`: no money of the user's is on record.
    fn of(anchor: &Anchor, transaction: &Transaction) -> Result<Option<Self>, OpsError> {
        let payer = anchor.asset(&transaction.asset).ok_or(OpsError::UnknownAsset)?.distribution;
        let refund = transaction.state == State::RefundDue { via: RefundVia::Ledger };
        Ok(if refund {
            refund_of(payer, anchor, transaction)
        } else {
            delivery_of(payer, anchor, transaction)
        })
    }
}

/// The accounts that [`route`] has to know for these.
pub(super) fn accounts_of(anchor: &Anchor, claimed: &[Claimed]) -> Vec<AccountId> {
    let mut accounts = Vec::with_capacity(claimed.len());
    for one in claimed {
        if let Ok(Some(transfer)) = Transfer::of(anchor, &one.transaction) {
            accounts.push(transfer.payer);
            accounts.extend(transfer.destination.ledger_account());
            accounts.extend(transfer.issuer);
        }
    }
    accounts
}

/// Plans, from accounts that were read before. `reclaim_from`: when the anchor may take back what is set aside, if ever.
///
/// # Errors
/// When something could not be found out: nothing may be concluded from that.
pub(super) async fn route(
    anchor: &Anchor,
    transaction: &Transaction,
    accounts: &Accounts,
    fee: StellarAmount,
    reclaim_from: Option<u64>,
) -> Result<Route, OpsError> {
    let hold = |reason: &str| Ok(Route::Hold(reason.to_owned()));
    let Some(transfer) = Transfer::of(anchor, transaction)? else {
        return hold("no money of the user's is on record");
    };
    let to = transfer.destination.ledger_account();
    if transfer.delivers == AttemptPurpose::Payment && to.is_some_and(|to| own::is_known(anchor, &to)) {
        return hold("the destination is one of the anchor's own accounts");
    }
    let Ok(amount) = transfer.amount.to_stellar() else {
        return hold("the amount does not fit the ledger");
    };
    let Some(payer) = accounts.get(&transfer.payer)? else {
        return hold("the distribution account does not exist");
    };
    let snapshot = match transfer.destination.ledger_account() {
        Some(id) => accounts.get(&id)?,
        None => None,
    };
    let authorization = match transfer.issuer {
        Some(issuer) => accounts.get(&issuer)?.is_some_and(|issuer| issuer.auth_required),
        None => false,
    };
    let planned = plan(&PlanInput {
        destination: transfer.destination,
        snapshot,
        asset: &transaction.asset,
        amount,
        memo: &transfer.memo,
        distribution: payer,
        features: PlanFeatures { authorization, ..transfer.features },
        base_reserve: stroops(BASE_RESERVE),
        starting_balance: stroops(STARTING_BALANCE),
        fee,
        reclaim_from,
    });
    let (delivers, payer) = (transfer.delivers, transfer.payer);
    let send = |payment, purpose| {
        Ok(Route::Send { payment, purpose, memo: transfer.memo.clone(), payer, authorize: None })
    };
    match planned {
        Plan::Authorize(payment) => {
            let issuer = transfer.issuer.map(|issuer| accounts.get(&issuer)).transpose()?.flatten();
            let Some(issuer) = issuer.filter(|issuer| can_sign(anchor, issuer, payer)) else {
                tracing::error!(
                    transaction.id = %transaction.id,
                    asset = %transaction.asset,
                    "a trust line is to be authorised, but the keys of the issuer's account in ISSUER_SEEDS are none of its \
                     signers, or do not reach its low threshold: the deposit waits"
                );
                return Ok(Route::AwaitTrust);
            };
            let (purpose, memo) = (delivers, transfer.memo.clone());
            Ok(Route::Send { payment, purpose, memo, payer, authorize: Some(Box::new(Issuer::of(issuer))) })
        }
        Plan::Pay(payment) | Plan::ClaimableBalance(payment) => send(payment, delivers),
        Plan::CreateAccount { payment, delivers: true } => send(payment, delivers),
        Plan::CreateAccount { payment, delivers: false } | Plan::FundTrust(payment) => {
            // whoever merges the account away or spends its lumens does not get them a second time
            if was_created(anchor, transaction).await? {
                return Ok(Route::AwaitTrust);
            }
            send(payment, AttemptPurpose::CreateAccount)
        }
        Plan::AwaitTrust(gap) if delivers == AttemptPurpose::Refund => {
            hold(&format!("the sender cannot be paid back: {gap}"))
        }
        Plan::AwaitTrust(_) => Ok(Route::AwaitTrust),
        Plan::Hold(reason) => hold(&reason.to_string()),
    }
}

/// A deposit goes where the wallet said.
fn delivery_of(payer: AccountId, anchor: &Anchor, transaction: &Transaction) -> Option<Transfer> {
    transaction.receipt.as_ref()?;
    let (request, config) = (&transaction.request, anchor.config());
    Some(Transfer {
        payer,
        delivers: AttemptPurpose::Payment,
        destination: request.account,
        memo: request.memo.clone(),
        amount: transaction.amounts.as_ref()?.amount_out.amount,
        features: PlanFeatures {
            account_creation: config.account_creation,
            claimable_balances: config.claimable_balances && request.claimable_balances,
            authorization: false,
        },
        issuer: anchor.asset(&transaction.asset).and_then(authorizes),
    })
}

/// A withdrawal goes back to who paid, less the fee for that if there is one, with the refund memo of the wallet, or else with the memo it came
/// with. The user number of a muxed sender says whose it is, unless the wallet wants it said by a memo: one payment
/// with both would contradict itself.
fn refund_of(payer: AccountId, anchor: &Anchor, transaction: &Transaction) -> Option<Transfer> {
    let receipt = transaction.receipt.as_ref()?;
    let ledger = receipt.ledger.as_ref()?;
    let (destination, memo) = match (ledger.from, &transaction.request.memo) {
        (Account::Muxed { .. }, Memo::None) => (ledger.from, Memo::None),
        (_, Memo::None) => (ledger.from, ledger.memo.clone()),
        (Account::Muxed { account, .. }, wanted) => (account.into(), wanted.clone()),
        (_, wanted) => (ledger.from, wanted.clone()),
    };
    Some(Transfer {
        payer,
        delivers: AttemptPurpose::Refund,
        destination,
        memo,
        amount: receipt.returned()?,
        features: PlanFeatures {
            account_creation: false,
            // only what was set aside once is set aside again
            claimable_balances: anchor.config().claimable_balances && transaction.request.claimable_balances,
            authorization: false,
        },
        // whoever paid us could hold the token; if that was revoked since, a person has to look
        issuer: None,
    })
}

/// Whether the issuer signs: with keys that are here and reach its threshold, or by whoever signs for it elsewhere. An envelope
/// without good signatures is never applied, and would be made again and again. A custodian only pays.
fn can_sign(anchor: &Anchor, issuer: &AccountSnapshot, payer: AccountId) -> bool {
    let own = SignerKey::Ed25519(issuer.id);
    let is_here = if issuer.id == payer {
        // it pays with its own key
        let counts = issuer.signers.iter().any(|(key, weight)| *key == own && *weight > 0);
        counts && anchor.keys().has(&issuer.id)
    } else {
        Issuer::of(issuer).keys(anchor.keys(), &[]).is_some()
    };
    anchor.custody().is_none() && (is_here || anchor.is_signed_elsewhere(&issuer.id))
}

fn authorizes(asset: &Asset) -> Option<AccountId> {
    let issuer = asset.id.issuer().copied()?;
    (asset.authorization != Authorization::Never).then_some(issuer)
}

async fn was_created(anchor: &Anchor, transaction: &Transaction) -> Result<bool, OpsError> {
    let history = anchor.store().fact_list(transaction.id).await?;
    // whoever made the envelope
    let created = |fact: &Fact| {
        matches!(
            fact,
            Fact::AttemptApplied { effect: Effect::AccountCreated, .. }
                | Fact::CustodyApplied { effect: Effect::AccountCreated, .. }
        )
    };
    Ok(history.iter().any(|record| record.refused.is_none() && created(&record.fact)))
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap_or_default()
}
