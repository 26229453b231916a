//! The fields that belong to a type of operation.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use stellar_xdr::{
    AccountFlags, Asset, ChangeTrustAsset, ClaimPredicate, Claimant, ClaimantV0, LedgerKey, OperationBody,
    OperationResultTr, PathPaymentStrictReceiveResult, PathPaymentStrictSendResult, Price,
    RevokeSponsorshipOp, SetOptionsOp, TrustLineFlags,
};

use super::{Applied, balance_id, insert_account};
use crate::horizon::{
    amount::{decimal, price},
    asset, envelope,
    time::rfc3339_signed,
};

type Object = Map<String, Value>;

/// Whether an operation is listed under `/payments`.
pub(crate) fn is_payment(body: &OperationBody) -> bool {
    matches!(
        body,
        OperationBody::CreateAccount(_)
            | OperationBody::Payment(_)
            | OperationBody::PathPaymentStrictReceive(_)
            | OperationBody::PathPaymentStrictSend(_)
            | OperationBody::AccountMerge(_)
    )
}

/// Adds the fields of the operation's type.
pub(crate) fn insert(object: &mut Object, applied: &Applied<'_>) {
    match &applied.operation.body {
        OperationBody::CreateAccount(_)
        | OperationBody::Payment(_)
        | OperationBody::PathPaymentStrictReceive(_)
        | OperationBody::PathPaymentStrictSend(_)
        | OperationBody::AccountMerge(_) => payment(object, applied),
        OperationBody::ManageSellOffer(_)
        | OperationBody::ManageBuyOffer(_)
        | OperationBody::CreatePassiveSellOffer(_) => offer(object, &applied.operation.body),
        OperationBody::ChangeTrust(_)
        | OperationBody::AllowTrust(_)
        | OperationBody::SetTrustLineFlags(_)
        | OperationBody::Clawback(_) => trust(object, applied),
        OperationBody::CreateClaimableBalance(_)
        | OperationBody::ClaimClaimableBalance(_)
        | OperationBody::ClawbackClaimableBalance(_) => claimable(object, applied),
        OperationBody::BeginSponsoringFutureReserves(_)
        | OperationBody::EndSponsoringFutureReserves
        | OperationBody::RevokeSponsorship(_) => sponsorship(object, applied),
        OperationBody::SetOptions(options) => set_options(object, options),
        OperationBody::ManageData(data) => {
            put(object, "name", String::from_utf8_lossy(data.data_name.0.as_slice()).into_owned());
            let value = data.data_value.as_ref().map(|value| BASE64_STANDARD.encode(value.0.as_slice()));
            put(object, "value", value.unwrap_or_default());
        }
        OperationBody::BumpSequence(bump) => put(object, "bump_to", bump.bump_to.0.to_string()),
        OperationBody::ExtendFootprintTtl(extend) => put(object, "extend_to", extend.extend_to),
        OperationBody::Inflation
        | OperationBody::LiquidityPoolDeposit(_)
        | OperationBody::LiquidityPoolWithdraw(_)
        | OperationBody::InvokeHostFunction(_)
        | OperationBody::RestoreFootprint(_) => {}
    }
}

fn payment(object: &mut Object, applied: &Applied<'_>) {
    match &applied.operation.body {
        OperationBody::CreateAccount(create) => {
            insert_account(object, "funder", applied.source());
            put(object, "account", create.destination.to_string());
            put(object, "starting_balance", decimal(create.starting_balance));
        }
        OperationBody::Payment(payment) => {
            insert_account(object, "from", applied.source());
            insert_account(object, "to", &payment.destination);
            put(object, "amount", decimal(payment.amount));
            asset::insert(object, "", &payment.asset);
        }
        OperationBody::PathPaymentStrictReceive(payment) => {
            insert_account(object, "from", applied.source());
            insert_account(object, "to", &payment.destination);
            put(object, "amount", decimal(payment.dest_amount));
            put(object, "source_amount", decimal(sent(applied)));
            put(object, "source_max", decimal(payment.send_max));
            asset::insert(object, "", &payment.dest_asset);
            asset::insert(object, "source_", &payment.send_asset);
            put(object, "path", path(&payment.path));
        }
        OperationBody::PathPaymentStrictSend(payment) => {
            insert_account(object, "from", applied.source());
            insert_account(object, "to", &payment.destination);
            put(object, "amount", decimal(received(applied)));
            put(object, "source_amount", decimal(payment.send_amount));
            put(object, "destination_min", decimal(payment.dest_min));
            asset::insert(object, "", &payment.dest_asset);
            asset::insert(object, "source_", &payment.send_asset);
            put(object, "path", path(&payment.path));
        }
        OperationBody::AccountMerge(into) => {
            insert_account(object, "account", applied.source());
            insert_account(object, "into", into);
        }
        _ => {}
    }
}

/// What a strict-receive path payment took from the sender: what the first hop sold, or, without a hop, the
/// amount itself. Zero when the transaction failed.
fn sent(applied: &Applied<'_>) -> i64 {
    let success = match applied.result() {
        Some(OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(
            success,
        ))) if applied.successful() => success,
        _ => return 0,
    };
    let OperationBody::PathPaymentStrictReceive(payment) = &applied.operation.body else { return 0 };
    if success.offers.is_empty() {
        return success.last.amount;
    }
    let bought = success.offers.iter().filter(|claim| claimed(claim).0 == &payment.send_asset);
    bought.map(|claim| claimed(claim).1).fold(0, i64::saturating_add)
}

/// Asset and amount that the maker of a claimed offer got.
fn claimed(claim: &stellar_xdr::ClaimAtom) -> (&Asset, i64) {
    match claim {
        stellar_xdr::ClaimAtom::V0(claim) => (&claim.asset_bought, claim.amount_bought),
        stellar_xdr::ClaimAtom::OrderBook(claim) => (&claim.asset_bought, claim.amount_bought),
        stellar_xdr::ClaimAtom::LiquidityPool(claim) => (&claim.asset_bought, claim.amount_bought),
    }
}

/// What a strict-send path payment brought to the destination. Zero when the transaction failed.
fn received(applied: &Applied<'_>) -> i64 {
    match applied.result() {
        Some(OperationResultTr::PathPaymentStrictSend(PathPaymentStrictSendResult::Success(success)))
            if applied.successful() =>
        {
            success.last.amount
        }
        _ => 0,
    }
}

fn path(assets: &[Asset]) -> Value {
    assets.iter().map(asset::object).collect()
}

fn offer(object: &mut Object, body: &OperationBody) {
    let (selling, buying, amount, price_r, id) = match body {
        OperationBody::ManageSellOffer(op) => {
            (&op.selling, &op.buying, op.amount, &op.price, Some(op.offer_id))
        }
        OperationBody::ManageBuyOffer(op) => {
            (&op.selling, &op.buying, op.buy_amount, &op.price, Some(op.offer_id))
        }
        OperationBody::CreatePassiveSellOffer(op) => (&op.selling, &op.buying, op.amount, &op.price, None),
        _ => return,
    };
    put(object, "amount", decimal(amount));
    insert_price(object, price_r);
    asset::insert(object, "buying_", buying);
    asset::insert(object, "selling_", selling);
    if let Some(id) = id {
        put(object, "offer_id", id.to_string());
    }
}

fn insert_price(object: &mut Object, ratio: &Price) {
    put(object, "price", price(i64::from(ratio.n), i64::from(ratio.d)));
    put(object, "price_r", json!({ "n": ratio.n, "d": ratio.d }));
}

fn trust(object: &mut Object, applied: &Applied<'_>) {
    match &applied.operation.body {
        OperationBody::ChangeTrust(change) => {
            insert_account(object, "trustor", applied.source());
            put(object, "limit", decimal(change.limit));
            let credit = match &change.line {
                ChangeTrustAsset::Native => Asset::Native,
                ChangeTrustAsset::CreditAlphanum4(credit) => Asset::CreditAlphanum4(credit.clone()),
                ChangeTrustAsset::CreditAlphanum12(credit) => Asset::CreditAlphanum12(credit.clone()),
                ChangeTrustAsset::PoolShare(_) => {
                    put(object, "asset_type", "liquidity_pool_shares");
                    return;
                }
            };
            asset::insert(object, "", &credit);
            if let Some((_, issuer)) = asset::code_and_issuer(&credit) {
                put(object, "trustee", issuer.to_string());
            }
        }
        OperationBody::AllowTrust(allow) => {
            asset::insert(object, "", &asset::of_issuer(&allow.asset, envelope::account(applied.source())));
            insert_account(object, "trustee", applied.source());
            put(object, "trustor", allow.trustor.to_string());
            let has = |flag: TrustLineFlags| allow.authorize & flag as u32 != 0;
            let authorized = has(TrustLineFlags::AuthorizedFlag);
            put(object, "authorize", authorized);
            let maintain = authorized || has(TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag);
            put(object, "authorize_to_maintain_liabilities", maintain);
        }
        OperationBody::SetTrustLineFlags(set) => {
            asset::insert(object, "", &set.asset);
            put(object, "trustor", set.trustor.to_string());
            insert_flags(object, "set_flags", set.set_flags, &TRUSTLINE_FLAGS);
            insert_flags(object, "clear_flags", set.clear_flags, &TRUSTLINE_FLAGS);
        }
        OperationBody::Clawback(clawback) => {
            asset::insert(object, "", &clawback.asset);
            insert_account(object, "from", &clawback.from);
            put(object, "amount", decimal(clawback.amount));
        }
        _ => {}
    }
}

fn claimable(object: &mut Object, applied: &Applied<'_>) {
    match &applied.operation.body {
        OperationBody::CreateClaimableBalance(create) => {
            put(object, "asset", asset::canonical(&create.asset));
            put(object, "amount", decimal(create.amount));
            put(object, "claimants", create.claimants.iter().map(claimant).collect::<Value>());
        }
        OperationBody::ClaimClaimableBalance(claim) => {
            put(object, "balance_id", balance_id(&claim.balance_id));
            insert_account(object, "claimant", applied.source());
        }
        OperationBody::ClawbackClaimableBalance(clawback) => {
            put(object, "balance_id", balance_id(&clawback.balance_id));
        }
        _ => {}
    }
}

/// A claimant with its predicate.
pub(crate) fn claimant(claimant: &Claimant) -> Value {
    let Claimant::ClaimantTypeV0(ClaimantV0 { destination, predicate: condition }) = claimant;
    json!({ "destination": destination.to_string(), "predicate": predicate(condition) })
}

fn predicate(condition: &ClaimPredicate) -> Value {
    match condition {
        ClaimPredicate::Unconditional => json!({ "unconditional": true }),
        ClaimPredicate::And(all) => json!({ "and": all.iter().map(predicate).collect::<Value>() }),
        ClaimPredicate::Or(any) => json!({ "or": any.iter().map(predicate).collect::<Value>() }),
        ClaimPredicate::Not(inner) => {
            json!({ "not": inner.as_ref().map_or_else(|| json!({}), |inner| predicate(inner)) })
        }
        ClaimPredicate::BeforeAbsoluteTime(seconds) => {
            json!({ "abs_before": rfc3339_signed(*seconds), "abs_before_epoch": seconds.to_string() })
        }
        ClaimPredicate::BeforeRelativeTime(seconds) => json!({ "rel_before": seconds.to_string() }),
    }
}

fn sponsorship(object: &mut Object, applied: &Applied<'_>) {
    match &applied.operation.body {
        OperationBody::BeginSponsoringFutureReserves(begin) => {
            put(object, "sponsored_id", begin.sponsored_id.to_string());
        }
        OperationBody::EndSponsoringFutureReserves => {
            if let Some(begin) = super::participants::begin_of(applied) {
                insert_account(object, "begin_sponsor", applied.source_of(begin));
            }
        }
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::Signer(signer)) => {
            put(object, "signer_account_id", signer.account_id.to_string());
            put(object, "signer_key", signer.signer_key.to_string());
        }
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key)) => match key {
            LedgerKey::Account(key) => put(object, "account_id", key.account_id.to_string()),
            LedgerKey::Trustline(key) => {
                put(object, "trustline_account_id", key.account_id.to_string());
                if let Some(held) = asset::of_trustline(&key.asset) {
                    put(object, "trustline_asset", asset::canonical(&held));
                }
            }
            LedgerKey::Offer(key) => put(object, "offer_id", key.offer_id.to_string()),
            LedgerKey::Data(key) => {
                put(object, "data_account_id", key.account_id.to_string());
                put(object, "data_name", String::from_utf8_lossy(key.data_name.0.as_slice()).into_owned());
            }
            LedgerKey::ClaimableBalance(key) => {
                put(object, "claimable_balance_id", balance_id(&key.balance_id));
            }
            _ => {}
        },
        _ => {}
    }
}

const ACCOUNT_FLAGS: [(u32, &str); 4] = [
    (AccountFlags::RequiredFlag as u32, "auth_required"),
    (AccountFlags::RevocableFlag as u32, "auth_revocable"),
    (AccountFlags::ImmutableFlag as u32, "auth_immutable"),
    (AccountFlags::ClawbackEnabledFlag as u32, "auth_clawback_enabled"),
];

const TRUSTLINE_FLAGS: [(u32, &str); 3] = [
    (TrustLineFlags::AuthorizedFlag as u32, "authorized"),
    (TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag as u32, "authorized_to_maintain_liabilities"),
    (TrustLineFlags::TrustlineClawbackEnabledFlag as u32, "clawback_enabled"),
];

/// Adds `{name}` as numbers and `{name}_s` as words, when any flag is up.
fn insert_flags(object: &mut Object, name: &str, flags: u32, known: &[(u32, &str)]) {
    let up: Vec<_> = known.iter().filter(|(flag, _)| flags & flag != 0).collect();
    if !up.is_empty() {
        put(object, name, up.iter().map(|(flag, _)| *flag).collect::<Value>());
        put(object, &format!("{name}_s"), up.iter().map(|(_, word)| *word).collect::<Value>());
    }
}

fn set_options(object: &mut Object, options: &SetOptionsOp) {
    if let Some(destination) = &options.inflation_dest {
        put(object, "inflation_dest", destination.to_string());
    }
    insert_flags(object, "set_flags", options.set_flags.unwrap_or(0), &ACCOUNT_FLAGS);
    insert_flags(object, "clear_flags", options.clear_flags.unwrap_or(0), &ACCOUNT_FLAGS);
    let numbers = [
        ("master_key_weight", options.master_weight),
        ("low_threshold", options.low_threshold),
        ("med_threshold", options.med_threshold),
        ("high_threshold", options.high_threshold),
        ("signer_weight", options.signer.as_ref().map(|signer| signer.weight)),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            put(object, name, number);
        }
    }
    if let Some(domain) = &options.home_domain {
        put(object, "home_domain", String::from_utf8_lossy(domain.0.as_slice()).into_owned());
    }
    if let Some(signer) = &options.signer {
        put(object, "signer_key", signer.key.to_string());
    }
}

fn put(object: &mut Object, name: &str, value: impl Into<Value>) {
    object.insert(name.to_owned(), value.into());
}
