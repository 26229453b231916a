//! How a deposit is delivered: decided from what the ledger shows, without asking anybody.

use super::envelope::{Claimant, Payment};
use super::{AccountSnapshot, TrustLine};
use crate::account::{Account, AccountId};
use crate::amount::StellarAmount;
use crate::asset::StellarAsset;
use crate::memo::Memo;

/// Base reserves that every account needs.
const ACCOUNT_RESERVES: i64 = 2;

/// Lumens beyond the reserves that an account needs to add a trust line: 0.01, for some fees.
const TRUST_FEES: i64 = 100_000;

/// What may be done besides paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanFeatures {
    /// The anchor creates accounts that do not exist, and gives those that cannot afford a trust line the lumens
    /// for it (SEP-24 `features.account_creation`).
    pub account_creation: bool,
    /// Anchor **and** wallet support claimable balances.
    pub claimable_balances: bool,
    /// The issuer has to authorise trust lines, and the anchor does that for it.
    pub authorization: bool,
}

/// Everything that decides how a deposit is delivered.
#[derive(Debug, Clone)]
pub struct PlanInput<'a> {
    /// Where the deposit goes.
    pub destination: Account,
    /// The destination's `G…` account; `None` only if the ledger proved that it does not exist.
    pub snapshot: Option<&'a AccountSnapshot>,
    /// What is paid.
    pub asset: &'a StellarAsset,
    /// How much.
    pub amount: StellarAmount,
    /// The memo that the payment will carry.
    pub memo: &'a Memo,
    /// The account that pays.
    pub distribution: &'a AccountSnapshot,
    /// What may be done besides paying.
    pub features: PlanFeatures,
    /// The network's base reserve: 0.5 XLM.
    pub base_reserve: StellarAmount,
    /// What a new account gets, so that it can add a trust line: 2.01 XLM as SEP-24 recommends.
    pub starting_balance: StellarAmount,
    /// The most that the paying account may have to spend on the fee of an operation; zero if a channel account pays it.
    pub fee: StellarAmount,
    /// From when (Unix seconds) the anchor may take an unclaimed balance back; never if absent.
    pub reclaim_from: Option<u64>,
}

/// What to do about a deposit now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// Pay; this delivers the deposit.
    Pay(Payment),
    /// Create the account. Delivers the deposit if `delivers`; otherwise plan again once it exists.
    CreateAccount {
        /// What to send.
        payment: Payment,
        /// The new account's lumens are the deposit itself.
        delivers: bool,
    },
    /// Give the account the lumens that its trust line needs, then plan again.
    FundTrust(Payment),
    /// Pay together with the issuer's authorisation of the trust line; this delivers the deposit.
    Authorize(Payment),
    /// Set the deposit aside on the ledger; this delivers it.
    ClaimableBalance(Payment),
    /// Nothing can be sent until the recipient's trust line changes. Look again later.
    AwaitTrust(TrustGap),
    /// Nothing can be sent until a person changes something.
    Hold(HoldReason),
}

/// What is wrong with the recipient's trust line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TrustGap {
    /// There is none for this asset.
    #[error("the account has no trust line for the asset")]
    Missing,
    /// The issuer has not authorised it.
    #[error("the trust line is not authorized by the issuer")]
    Unauthorized,
    /// The amount does not fit below its limit.
    #[error("the amount exceeds what the trust line may hold")]
    Full,
}

/// Why a person has to look. Written for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HoldReason {
    /// Nothing is left to pay.
    #[error("the amount to pay is zero")]
    ZeroAmount,
    /// Contracts are not paid by this version.
    #[error("the destination is a contract")]
    ContractDestination,
    /// Paying oneself delivers nothing.
    #[error("the destination is the distribution account itself")]
    OwnAccount,
    /// The muxed account's number and the memo contradict each other.
    #[error("a payment to a muxed account carries no memo")]
    MuxedWithMemo,
    /// SEP-29: paying without a memo would lose the money.
    #[error("the destination requires a memo and none was given (SEP-29)")]
    MemoRequired,
    /// The account does not exist and may not be created.
    #[error("the destination account does not exist")]
    NoDestination,
    /// The account does not exist and the lumens do not suffice to create it.
    #[error("the amount is below the minimum balance of a new account")]
    BelowReserve,
    /// The recipient's balance would no longer fit the ledger.
    #[error("the destination cannot hold that much")]
    TooMuch,
    /// The paying account cannot use the asset at all.
    #[error("the distribution account has no authorized trust line for the asset")]
    DistributionTrust,
    /// The paying account holds less than the amount.
    #[error("the distribution account has not enough of the asset")]
    DistributionAsset,
    /// The paying account lacks lumens above its minimum balance.
    #[error("the distribution account has not enough lumens")]
    DistributionLumens,
    /// The snapshot is of another account than the destination.
    #[error("the wrong account was looked up")]
    WrongSnapshot,
}

/// Decides how a deposit is delivered (SEP-24 §4, SEP-29). Pure: the same input gives the same plan.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let plan = deliver(input).unwrap_or_else(Plan::Hold);
    let funded = match &plan {
        Plan::Pay(payment)
        | Plan::CreateAccount { payment, .. }
        | Plan::FundTrust(payment)
        | Plan::ClaimableBalance(payment) => check_funds(input, payment, 1),
        Plan::Authorize(payment) => check_funds(input, payment, 2),
        Plan::AwaitTrust(_) | Plan::Hold(_) => Ok(()),
    };
    funded.map_or_else(Plan::Hold, |()| plan)
}

fn deliver(input: &PlanInput<'_>) -> Result<Plan, HoldReason> {
    let account = input.destination.ledger_account().ok_or(HoldReason::ContractDestination)?;
    if input.amount.is_zero() {
        return Err(HoldReason::ZeroAmount);
    }
    if input.destination.muxed_id().is_some() && *input.memo != Memo::None {
        return Err(HoldReason::MuxedWithMemo);
    }
    if account == input.distribution.id {
        return Err(HoldReason::OwnAccount);
    }
    let Some(snapshot) = input.snapshot else {
        return create(input, account);
    };
    if snapshot.id != account {
        return Err(HoldReason::WrongSnapshot);
    }
    let pay =
        || Payment::Pay { destination: input.destination, asset: input.asset.clone(), amount: input.amount };
    let gap = trust(input, snapshot)?;
    let can_be_authorized = gap == Some(TrustGap::Unauthorized) && can_be_authorized(input, snapshot);
    // what needs the issuer's authorisation could not be claimed without it either
    let can_claim = !input.features.authorization || gap == Some(TrustGap::Full);
    match gap {
        None if lacks_memo(input, snapshot) => Err(HoldReason::MemoRequired),
        None => Ok(Plan::Pay(pay())),
        Some(_) if can_be_authorized && lacks_memo(input, snapshot) => Err(HoldReason::MemoRequired),
        Some(_) if can_be_authorized => Ok(Plan::Authorize(pay())),
        Some(_) if input.features.claimable_balances && can_claim => Ok(set_aside(input, account)),
        Some(gap) => Ok(match lumens_for_trust(input, snapshot) {
            Some(amount) if gap == TrustGap::Missing && !lacks_memo(input, snapshot) => {
                Plan::FundTrust(Payment::Pay {
                    destination: account.into(),
                    asset: StellarAsset::Native,
                    amount,
                })
            }
            _ => Plan::AwaitTrust(gap),
        }),
    }
}

/// What the account lacks to add a trust line; `None` if nothing, or if the anchor does not help with that: whoever
/// lacks more than a new account would get has other reasons for it.
fn lumens_for_trust(input: &PlanInput<'_>, account: &AccountSnapshot) -> Option<StellarAmount> {
    if !input.features.account_creation {
        return None;
    }
    let needed = minimum_balance(account, input.base_reserve, 1)?
        .checked_add(account.selling_liabilities)?
        .checked_add(StellarAmount::from_stroops(TRUST_FEES).ok()?)?;
    let missing = needed.checked_sub(account.balance)?;
    (!missing.is_zero() && missing <= input.starting_balance).then_some(missing)
}

/// For an account that does not exist.
fn create(input: &PlanInput<'_>, account: AccountId) -> Result<Plan, HoldReason> {
    let create = |starting_balance, delivers| {
        let minimum = reserves(input.base_reserve, ACCOUNT_RESERVES).ok_or(HoldReason::BelowReserve)?;
        if starting_balance < minimum {
            return Err(HoldReason::BelowReserve);
        }
        let payment = Payment::CreateAccount { destination: account, starting_balance };
        Ok(Plan::CreateAccount { payment, delivers })
    };
    match input.asset {
        _ if !input.features.account_creation => match input.asset {
            StellarAsset::Credit { .. }
                if input.features.claimable_balances && !input.features.authorization =>
            {
                Ok(set_aside(input, account))
            }
            StellarAsset::Credit { .. } | StellarAsset::Native => Err(HoldReason::NoDestination),
        },
        StellarAsset::Native => create(input.amount, true),
        StellarAsset::Credit { .. } => create(input.starting_balance, false),
    }
}

/// What keeps an existing account from receiving the payment.
fn trust(input: &PlanInput<'_>, snapshot: &AccountSnapshot) -> Result<Option<TrustGap>, HoldReason> {
    match input.asset {
        StellarAsset::Native => {
            snapshot.balance.checked_add(input.amount).ok_or(HoldReason::TooMuch).map(|_| None)
        }
        StellarAsset::Credit { issuer, .. } if *issuer == snapshot.id => Ok(None),
        StellarAsset::Credit { .. } => Ok(trust_gap(line(snapshot, input.asset), input.amount)),
    }
}

fn line<'a>(account: &'a AccountSnapshot, asset: &StellarAsset) -> Option<&'a TrustLine> {
    account.trust_lines.iter().find(|line| line.asset == *asset)
}

fn trust_gap(line: Option<&TrustLine>, amount: StellarAmount) -> Option<TrustGap> {
    let Some(line) = line else { return Some(TrustGap::Missing) };
    if !line.authorized {
        return Some(TrustGap::Unauthorized);
    }
    if has_room(line, amount) { None } else { Some(TrustGap::Full) }
}

fn has_room(line: &TrustLine, amount: StellarAmount) -> bool {
    let room =
        line.limit.checked_sub(line.balance).and_then(|room| room.checked_sub(line.buying_liabilities));
    room.is_some_and(|room| room >= amount)
}

/// Whether nobody has decided about this trust line yet. One that was authorised before, which shows by what it holds or
/// by the offers that it may keep, was revoked: a person's decision, that a person has to take back.
fn can_be_authorized(input: &PlanInput<'_>, snapshot: &AccountSnapshot) -> bool {
    let is_untouched = |line: &TrustLine| {
        !line.authorized && !line.limited && line.balance.is_zero() && line.selling_liabilities.is_zero()
    };
    input.features.authorization
        && line(snapshot, input.asset).is_some_and(|line| is_untouched(line) && has_room(line, input.amount))
}

/// SEP-29 asks only of payments to an account itself, not of muxed ones.
fn lacks_memo(input: &PlanInput<'_>, snapshot: &AccountSnapshot) -> bool {
    snapshot.memo_required && *input.memo == Memo::None && input.destination.muxed_id().is_none()
}

fn set_aside(input: &PlanInput<'_>, account: AccountId) -> Plan {
    let mut claimants = vec![Claimant { account, from: None }];
    claimants
        .extend(input.reclaim_from.map(|from| Claimant { account: input.distribution.id, from: Some(from) }));
    Plan::ClaimableBalance(Payment::ClaimableBalance {
        claimants,
        asset: input.asset.clone(),
        amount: input.amount,
    })
}

/// The paying account can send this in so many operations, and keeps its minimum balance.
fn check_funds(input: &PlanInput<'_>, payment: &Payment, operations: i64) -> Result<(), HoldReason> {
    let (asset, amount, new_reserves) = match payment {
        Payment::Pay { asset, amount, .. } => (asset, *amount, 0),
        Payment::CreateAccount { starting_balance, .. } => (&StellarAsset::Native, *starting_balance, 0),
        Payment::ClaimableBalance { claimants, asset, amount } => {
            (asset, *amount, i64::try_from(claimants.len()).unwrap_or(i64::MAX))
        }
    };
    let distribution = input.distribution;
    let lumens = match asset {
        StellarAsset::Native => amount,
        StellarAsset::Credit { issuer, .. } if *issuer == distribution.id => StellarAmount::ZERO,
        StellarAsset::Credit { .. } => {
            let line = line(distribution, asset).filter(|line| line.authorized);
            let line = line.ok_or(HoldReason::DistributionTrust)?;
            let free = line.balance.checked_sub(line.selling_liabilities);
            if free.is_none_or(|free| free < amount) {
                return Err(HoldReason::DistributionAsset);
            }
            StellarAmount::ZERO
        }
    };
    let needed = minimum_balance(distribution, input.base_reserve, new_reserves)
        .and_then(|sum| sum.checked_add(distribution.selling_liabilities))
        .and_then(|sum| sum.checked_add(lumens))
        .and_then(|sum| sum.checked_add(reserves(input.fee, operations)?));
    if needed.is_some_and(|needed| needed <= distribution.balance) {
        Ok(())
    } else {
        Err(HoldReason::DistributionLumens)
    }
}

/// What an account may not go below, with `new` more entries to pay reserves for.
fn minimum_balance(
    account: &AccountSnapshot,
    base_reserve: StellarAmount,
    new: i64,
) -> Option<StellarAmount> {
    let entries = ACCOUNT_RESERVES
        .checked_add(i64::from(account.subentries))?
        .checked_add(i64::from(account.sponsoring))?
        .checked_sub(i64::from(account.sponsored))?
        .checked_add(new)?;
    reserves(base_reserve, entries.max(0))
}

fn reserves(base_reserve: StellarAmount, entries: i64) -> Option<StellarAmount> {
    StellarAmount::from_stroops(base_reserve.stroops().checked_mul(entries)?).ok()
}

#[cfg(test)]
mod tests;
