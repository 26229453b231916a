//! Why a wallet's request cannot be served.

use crate::account::Sharing;
use crate::amount::{Amount, AmountError};
use crate::memo::MemoError;
use crate::ops::OpsError;
use crate::ops::amounts::AmountsError;

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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartRefusal {
    /// Required.
    #[error("{0} is required")]
    Missing(&'static str),
    /// Not offered in this direction.
    #[error("{0} names no asset that is enabled for this operation")]
    UnknownAsset(&'static str),
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
    /// Money that is exchanged at a firm price only.
    #[error("quote_id is required: {0} is exchanged at the price of a firm quote")]
    NeedsQuote(&'static str),
    /// Not a SEP-38 identifier of something that is exchanged for the other asset.
    #[error("{0} is not exchanged for this asset")]
    NotExchanged(&'static str),
    /// Quotes are not served.
    #[error("quote_id cannot be used: this anchor gives no quotes")]
    Quote,
    /// Not one of this user's.
    #[error("quote_id is not a quote of yours")]
    UnknownQuote,
    /// Made for another protocol.
    #[error("quote_id is a quote for another context than {0}")]
    QuoteContext(&'static str),
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
    /// Below what is offered, or eaten by the fee; and what would be enough.
    #[error("amount is not possible: it has to be at least {0}")]
    TooSmall(Amount),
    /// Outside of what is offered.
    #[error("amount is not possible: {0}")]
    Limits(AmountsError),
    /// Longer than any of our ids.
    #[error("customer_id is too long")]
    Customer,
    /// Nobody's, or somebody else's: the same for both.
    #[error("customer_id is not the id of a customer of yours")]
    UnknownCustomer,
    /// Several are offered, and the wallet names none.
    #[error("funding_method is required: it has to be one of those in /info")]
    MissingMethod,
    /// Not one of the asset's.
    #[error("funding_method is none of those that /info lists for this asset")]
    UnknownMethod,
    /// Not a country by its three letters.
    #[error("country_code has to be of ISO 3166-1 alpha-3, such as BRA")]
    Country,
    /// Longer than any of ours.
    #[error("location_id is too long")]
    Location,
    /// One of those that `/info` lists as required.
    #[error("{0} is required: /info says what it is")]
    MissingField(String),
    /// Not one of those that `/info` lists.
    #[error("{0} is none of the choices that /info lists for it")]
    UnknownChoice(String),
    /// By the business.
    #[error("{0}")]
    Business(String),
}

pub(super) const fn not_admitted(wanted: Sharing) -> StartRefusal {
    match wanted {
        Sharing::Single => StartRefusal::IsShared,
        Sharing::Shared | Sharing::Both => StartRefusal::NotShared,
    }
}
