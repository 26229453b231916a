//! Starts a hosted transaction: everything that a wallet said is checked here, once, and written down.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::amounts::{self, AmountsError};
use super::{OpsError, own};
use crate::Anchor;
use crate::account::{Account, Sharing, Subject};
use crate::amount::{Amount, AmountError, STELLAR_SCALE};
use crate::asset::{Asset, AssetId};
use crate::id::TransactionId;
use crate::memo::{Memo, MemoError};
use crate::secret::Secret;
use crate::transaction::{Kind, NewTransaction, Protocol, Request, Transaction};

mod quoted;

pub(super) use quoted::{Quoted, read as read_quote};

/// How long the user may take for the interactive flow before the transaction expires.
pub const FLOW_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the address of the interactive flow can be opened: once, and soon.
pub const URL_TOKEN_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Longest accepted [`StartRequest::customer_id`], in bytes.
const CUSTOMER_ID_MAX: usize = 256;
/// Longest language tag of RFC 4646 that is kept.
const LANGUAGE_MAX: usize = 35;

/// What a wallet asks for, in its own words. Absent and empty are the same.
#[derive(Debug, Clone, Default)]
pub struct StartRequest {
    /// `native`, or the code of an asset.
    pub asset_code: Option<String>,
    /// Needed where two assets share a code.
    pub asset_issuer: Option<String>,
    /// Deposit: `source_asset`, withdrawal: `destination_asset`.
    pub off_chain_asset: Option<String>,
    /// Plain decimal, of what the user gives.
    pub amount: Option<String>,
    /// A firm quote.
    pub quote_id: Option<String>,
    /// Deposit: where the tokens go. Withdrawal: where they come from. The token's account if absent.
    pub account: Option<String>,
    /// Deposit: `memo`, withdrawal: `refund_memo`.
    pub memo: Option<String>,
    /// Deposit: `memo_type`, withdrawal: `refund_memo_type`.
    pub memo_type: Option<String>,
    /// RFC 4646; anything else counts as absent.
    pub language: Option<String>,
    /// Deposit: the wallet can claim a claimable balance.
    pub claimable_balances: bool,
    /// The anchor's id of the customer, unverified.
    pub customer_id: Option<String>,
}

/// A transaction that exists from now on, and the one way into its pages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// As stored.
    pub transaction: Transaction,
    /// Goes into the address of the interactive flow, and nowhere else: only its hash is stored.
    pub url_token: Secret<String>,
}

/// Why a transaction was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The wallet's request cannot be served; the text is for its user.
    #[error(transparent)]
    Refused(#[from] StartRefusal),
    /// Something did not answer. Nothing was started as far as the wallet is concerned.
    #[error(transparent)]
    Failed(#[from] OpsError),
}

/// What is wrong with a request, in the protocol's names. Never repeats the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartRefusal {
    /// Required.
    #[error("asset_code is required")]
    MissingAsset,
    /// Not offered in this direction.
    #[error("asset_code names no asset that is enabled for this operation")]
    UnknownAsset,
    /// Lumens have no issuer.
    #[error("asset_issuer has to be absent for native")]
    NativeIssuer,
    /// Another issuer's asset.
    #[error("asset_issuer is not the issuer of an asset that is enabled for this operation")]
    UnknownIssuer,
    /// Two assets have this code.
    #[error("asset_issuer is required, because several assets have this asset_code")]
    AmbiguousAsset,
    /// Not the money that this token stands for.
    #[error("{0} is not the asset that is exchanged for asset_code")]
    OffChainAsset(&'static str),
    /// Quotes are not served.
    #[error("quote_id cannot be used: this anchor gives no quotes")]
    Quote,
    /// Not one of this user's.
    #[error("quote_id is not a quote of yours")]
    UnknownQuote,
    /// Made for another protocol.
    #[error("quote_id is a quote for another context than sep24")]
    QuoteContext,
    /// Of the other direction, or not about money outside the ledger.
    #[error("quote_id is not a quote for this operation")]
    QuoteDirection,
    /// Too late.
    #[error("the quote of quote_id has ended")]
    QuoteEnded,
    /// By another transaction.
    #[error("the quote of quote_id was used before")]
    QuoteUsed,
    /// The wallet says something else than its quote.
    #[error("{0} is not that of quote_id")]
    OtherThanQuote(&'static str),
    /// Not an account.
    #[error("account is not a valid Stellar account (G… or M…)")]
    Account,
    /// Contracts cannot be paid or watched.
    #[error("account is a contract (C…), which is not supported; use a G… or M… account")]
    Contract,
    /// The operator allows only certain destinations.
    #[error("account has to be the account that authenticated: this anchor pays deposits to no other")]
    Destination,
    /// What the anchor pays itself reaches nobody.
    #[error("account is one of this anchor's own accounts, which are nobody's wallet; name another account")]
    OwnAccount,
    /// The anchor does not create accounts.
    #[error("account does not exist on the network, and this anchor does not create accounts")]
    NoAccount,
    /// The account was used without a memo before (SEP-24, shared accounts).
    #[error("this account is used by one user: authenticate without a memo")]
    NotShared,
    /// The account was used with memos before (SEP-24, shared accounts).
    #[error("this account is shared by several users: authenticate with the memo of one of them")]
    IsShared,
    /// One without the other.
    #[error("{memo} and {memo}_type have to be sent together")]
    MemoPair {
        /// `memo` or `refund_memo`.
        memo: &'static str,
    },
    /// Not a memo of its type.
    #[error("{memo} is not valid: {problem}")]
    Memo {
        /// `memo` or `refund_memo`.
        memo: &'static str,
        /// Why.
        problem: MemoError,
    },
    /// The address has a number in it already.
    #[error("memo cannot be combined with a muxed account (M…)")]
    MuxedMemo,
    /// Not a number of this asset.
    #[error("amount is not valid: {0}")]
    Amount(AmountError),
    /// Nothing at all.
    #[error("amount has to be greater than zero")]
    ZeroAmount,
    /// Outside of what is offered.
    #[error("amount is not possible: {0}")]
    Limits(AmountsError),
    /// Longer than any of our ids.
    #[error("customer_id is too long")]
    Customer,
}

/// Checks `request` and stores a new transaction of `subject`, `incomplete` until the user has been through the
/// flow. Nothing of the request travels through the browser afterwards.
///
/// Sending the same request twice starts two transactions, as SEP-24 has no idempotency key.
///
/// # Errors
/// [`StartError::Refused`] for what the wallet should correct, [`StartError::Failed`] if it can only try again.
pub async fn start(
    anchor: &Anchor,
    kind: Kind,
    subject: Subject,
    client_domain: Option<String>,
    request: &StartRequest,
) -> Result<Started, StartError> {
    let quoted = quoted::find(anchor, kind, &subject, request).await?;
    let asset = find_asset(anchor.assets(), kind, request, quoted.as_ref())?;
    let request = check(anchor, asset, kind, subject, request, quoted.as_ref())?;
    if kind == Kind::Deposit {
        if let Some(account) = request.account.ledger_account()
            && own::is_own(anchor, &account).await?
        {
            return Err(StartRefusal::OwnAccount.into());
        }
        if !can_be_paid(anchor, asset, &request).await? {
            return Err(StartRefusal::NoAccount.into());
        }
    }
    let now = anchor.clock().now();
    let deadline = now.checked_add_signed(seconds(FLOW_WINDOW)).unwrap_or(now);
    let transaction = Transaction::start(NewTransaction {
        id: TransactionId::new(anchor.ids().next()),
        kind,
        protocol: Protocol::Sep24,
        asset: asset.id.clone(),
        off_chain_asset: quoted.as_ref().map_or(&asset.off_chain, |quoted| &quoted.off_chain).clone(),
        subject,
        client_domain,
        request,
        at: now,
        deadline,
    });
    let bytes: [u8; 32] = rand::random();
    let url_token = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let hash = url_token_hash(url_token.expose());
    let url_deadline = now.checked_add_signed(seconds(URL_TOKEN_LIFETIME)).unwrap_or(now);
    let url_token_stored = (&hash, url_deadline);
    let transaction = match quoted {
        Some(quoted) => quoted.start(anchor, transaction, url_token_stored, now).await?,
        None => {
            store(anchor, &transaction, url_token_stored).await?;
            transaction
        }
    };
    tracing::info!(transaction.id = %transaction.id, transaction.asset = %transaction.asset, ?kind, "transaction started");
    Ok(Started { transaction, url_token })
}

/// Under which hash a URL token is stored.
pub fn url_token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The configured asset that `code` and `issuer` mean, whatever directions it is offered in. Several if two
/// issuers share the code.
pub fn assets_named<'a>(assets: &'a [Asset], code: &str) -> Vec<&'a Asset> {
    assets.iter().filter(|asset| asset.id.code() == code).collect()
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

/// Whoever came first decided whether the account is shared. Here and not where tokens are given out: there nobody
/// knows yet which protocol the token is for, and only this one has the rule.
async fn store(
    anchor: &Anchor,
    transaction: &Transaction,
    url_token: (&[u8; 32], DateTime<Utc>),
) -> Result<(), StartError> {
    let store = anchor.store();
    let Some((account, wanted)) = Sharing::of(&transaction.subject) else {
        store.transaction_insert(transaction, Some(url_token)).await.map_err(OpsError::from)?;
        return Ok(());
    };
    let decided = store.transaction_start(transaction, url_token, &account, wanted).await;
    let decided = decided.map_err(OpsError::from)?;
    if decided.admits(wanted) { Ok(()) } else { Err(not_admitted(wanted).into()) }
}

const fn not_admitted(wanted: Sharing) -> StartRefusal {
    match wanted {
        Sharing::Single => StartRefusal::IsShared,
        Sharing::Shared | Sharing::Both => StartRefusal::NotShared,
    }
}

pub(super) fn find_asset<'a>(
    assets: &'a [Asset],
    kind: Kind,
    request: &StartRequest,
    quoted: Option<&Quoted>,
) -> Result<&'a Asset, StartRefusal> {
    let code = given(request.asset_code.as_ref()).ok_or(StartRefusal::MissingAsset)?;
    let issuer = given(request.asset_issuer.as_ref());
    if code == "native" && issuer.is_some() {
        return Err(StartRefusal::NativeIssuer);
    }
    let mut named = assets_named(assets, code);
    named.retain(|asset| asset.offer(kind).is_some());
    if named.is_empty() {
        return Err(StartRefusal::UnknownAsset);
    }
    if let Some(issuer) = issuer {
        named.retain(|asset| asset.id.issuer().is_some_and(|account| account.to_string() == issuer));
    }
    if let Some(quoted) = quoted {
        named.retain(|asset| asset.id == quoted.token);
        if named.is_empty() {
            return Err(StartRefusal::OtherThanQuote("asset_code"));
        }
    }
    match named.as_slice() {
        [] => Err(StartRefusal::UnknownIssuer),
        [asset] => Ok(asset),
        _ => Err(StartRefusal::AmbiguousAsset),
    }
}

pub(super) fn check(
    anchor: &Anchor,
    asset: &Asset,
    kind: Kind,
    subject: Subject,
    request: &StartRequest,
    quoted: Option<&Quoted>,
) -> Result<Request, StartRefusal> {
    let (off_chain_name, memo_name) = match kind {
        Kind::Deposit => ("source_asset", "memo"),
        Kind::Withdrawal => ("destination_asset", "refund_memo"),
    };
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
    let agreed = amounts::agreed(anchor.fee(), asset, kind, amount).map_err(StartRefusal::Limits)?;
    Ok(agreed.amount_in.amount)
}

fn given(text: Option<&String>) -> Option<&str> {
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

fn seconds(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}
