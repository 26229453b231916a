//! What every request is checked for, whatever the protocol.

use super::quoted::Quoted;
use super::{Names, StartError, StartRefusal, StartRequest};
use crate::Anchor;
use crate::account::{Account, Subject};
use crate::amount::{Amount, STELLAR_SCALE};
use crate::asset::{Asset, AssetId};
use crate::memo::Memo;
use crate::ops::amounts::{self, AmountsError};
use crate::ops::{OpsError, own};
use crate::transaction::{Kind, Request};

/// Longest accepted [`StartRequest::customer_id`], in bytes.
const CUSTOMER_ID_MAX: usize = 256;
/// Longest language tag of RFC 4646 that is kept.
const LANGUAGE_MAX: usize = 35;

/// Whether the tokens of a deposit can reach somebody.
pub(super) async fn destination(anchor: &Anchor, asset: &Asset, request: &Request) -> Result<(), StartError> {
    if let Some(account) = request.account.ledger_account()
        && own::is_own(anchor, &account).await?
    {
        return Err(StartRefusal::OwnAccount.into());
    }
    if !can_be_paid(anchor, asset, request).await? {
        return Err(StartRefusal::NoAccount.into());
    }
    Ok(())
}

/// Whether the account is there, or something can be done about it. Without asking anybody, if so.
async fn can_be_paid(anchor: &Anchor, asset: &Asset, request: &Request) -> Result<bool, OpsError> {
    let config = anchor.config();
    let is_credit = asset.id.issuer().is_some();
    // the ledger keeps a claimable balance for an account that is yet to come
    let set_aside = is_credit && config.claimable_balances && request.claimable_balances;
    match request.account.ledger_account() {
        Some(account) if !(config.account_creation || set_aside) => {
            Ok(anchor.ledger().account(&account).await?.is_some())
        }
        _ => Ok(true),
    }
}

/// Among those that may be meant.
pub(in crate::ops) fn find_asset<'a>(
    assets: impl Iterator<Item = &'a Asset>,
    kind: Kind,
    request: &StartRequest,
    quoted: Option<&Quoted>,
) -> Result<&'a Asset, StartRefusal> {
    let code = given(request.asset_code.as_ref()).ok_or(StartRefusal::Missing(request.names(kind).asset))?;
    let issuer = given(request.asset_issuer.as_ref());
    if code == "native" && issuer.is_some() {
        return Err(StartRefusal::NativeIssuer);
    }
    let mut named: Vec<&Asset> =
        assets.filter(|asset| asset.id.code() == code && asset.offer(kind).is_some()).collect();
    if named.is_empty() {
        return Err(StartRefusal::UnknownAsset(request.names(kind).asset));
    }
    if let Some(issuer) = issuer {
        named.retain(|asset| asset.id.issuer().is_some_and(|account| account.to_string() == issuer));
    }
    if let Some(quoted) = quoted {
        named.retain(|asset| asset.id == quoted.token);
        if named.is_empty() {
            return Err(StartRefusal::OtherThanQuote(request.names(kind).asset));
        }
    }
    match named.as_slice() {
        [] => Err(StartRefusal::UnknownIssuer),
        [asset] => Ok(asset),
        _ => Err(StartRefusal::AmbiguousAsset),
    }
}

pub(in crate::ops) fn check(
    anchor: &Anchor,
    asset: &Asset,
    kind: Kind,
    subject: Subject,
    request: &StartRequest,
    quoted: Option<&Quoted>,
) -> Result<Request, StartRefusal> {
    let Names { off_chain: off_chain_name, memo: memo_name, .. } = request.names(kind);
    let money = quoted.map_or(&asset.off_chain, |quoted| &quoted.off_chain);
    if let Some(off_chain) = given(request.off_chain_asset.as_ref())
        && off_chain.parse::<AssetId>().ok().as_ref() != Some(money)
    {
        return Err(match quoted {
            Some(_) => StartRefusal::OtherThanQuote(off_chain_name),
            None => StartRefusal::OffChainAsset(off_chain_name),
        });
    }
    let account = match given(request.account.as_ref()) {
        Some(account) => account.parse().map_err(|_| StartRefusal::Account)?,
        None => subject.account(),
    };
    if matches!(account, Account::Contract(_)) {
        return Err(StartRefusal::Contract);
    }
    let destinations = &anchor.config().deposit_destinations;
    if kind == Kind::Deposit && !destinations.allow(&subject.account(), &account) {
        return Err(StartRefusal::Destination);
    }
    let memo = match (given(request.memo_type.as_ref()), given(request.memo.as_ref())) {
        (None, None) => Memo::None,
        (Some(memo_type), Some(memo)) => {
            Memo::parse(memo_type, memo).map_err(|problem| StartRefusal::Memo { memo: memo_name, problem })?
        }
        (Some(_), None) | (None, Some(_)) => return Err(StartRefusal::MemoPair { memo: memo_name }),
    };
    // A payment to M… tells its user apart by the address; a refund's memo stands by itself.
    if kind == Kind::Deposit && memo != Memo::None && account.muxed_id().is_some() {
        return Err(StartRefusal::MuxedMemo);
    }
    let customer = given(request.customer_id.as_ref());
    if customer.is_some_and(|id| id.len() > CUSTOMER_ID_MAX) {
        return Err(StartRefusal::Customer);
    }
    let amount = given(request.amount.as_ref());
    Ok(Request {
        amount: match quoted {
            Some(quoted) => Some(quoted.amount(asset, kind, amount)?),
            None => amount.map(|amount| check_amount(anchor, asset, kind, amount)).transpose()?,
        },
        account,
        memo,
        language: given(request.language.as_ref()).filter(|tag| is_language(tag)).map(str::to_owned),
        claimable_balances: kind == Kind::Deposit && request.claimable_balances,
        customer: customer.map(str::to_owned),
        exchange: request.exchange,
        ..Request::new(account)
    })
}

/// The announced amount is only a wish, but one that could be fulfilled: what `/info` advertises is enforced.
fn check_amount(anchor: &Anchor, asset: &Asset, kind: Kind, text: &str) -> Result<Amount, StartRefusal> {
    // Wallets write seven decimals for any asset; as long as they are zeros, that is the same amount.
    let amount = Amount::parse(text, STELLAR_SCALE).map_err(StartRefusal::Amount)?;
    if amount.is_zero() {
        return Err(StartRefusal::ZeroAmount);
    }
    let agreed = amounts::agreed(anchor.fee(), asset, kind, amount);
    Ok(agreed.map_err(|error| limits(anchor, asset, kind, amount, error))?.amount_in.amount)
}

/// What would be possible, where that can be said.
pub(in crate::ops) fn limits(
    anchor: &Anchor,
    asset: &Asset,
    kind: Kind,
    amount: Amount,
    error: AmountsError,
) -> StartRefusal {
    match error {
        AmountsError::TooSmall => amounts::enough(anchor, asset, kind, amount)
            .map_or(StartRefusal::Limits(error), StartRefusal::TooSmall),
        _ => StartRefusal::Limits(error),
    }
}

pub(super) fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// `en`, `pt-BR`, `zh-Hant-TW`: subtags of one to eight letters and digits.
fn is_language(tag: &str) -> bool {
    let is_subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let starts_with_letters = tag.split('-').next().is_some_and(|first| first.len() >= 2)
        && tag.bytes().take(2).all(|byte| byte.is_ascii_alphabetic());
    tag.len() <= LANGUAGE_MAX && starts_with_letters && tag.split('-').all(is_subtag)
}
