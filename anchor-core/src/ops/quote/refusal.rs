//! Why there is no price.

use crate::amount::AmountError;
use crate::asset::AssetError;
use crate::ops::OpsError;
use crate::quote::FiguresError;

/// Why there is no price.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// The client's wish cannot be fulfilled; the text is for the client.
    #[error(transparent)]
    Refused(#[from] QuoteRefusal),
    /// The business makes no promise to this user; the text is for the client.
    #[error("{0}")]
    Forbidden(String),
    /// Something did not answer. No promise was made as far as the client is concerned.
    #[error(transparent)]
    Failed(#[from] OpsError),
}

/// What is wrong with a wish, in the protocol's names. Never repeats the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteRefusal {
    /// Nothing is quoted here.
    #[error("this anchor gives no quotes")]
    NoQuotes,
    /// Required.
    #[error("{0} is required")]
    Missing(&'static str),
    /// Not an identifier.
    #[error("{name} is not an asset: {problem}")]
    AssetSyntax {
        /// Which parameter.
        name: &'static str,
        /// Why.
        problem: AssetError,
    },
    /// Not quoted.
    #[error("{0} is not an asset that is quoted here")]
    Asset(&'static str),
    /// Not exchanged for each other.
    #[error("sell_asset is not exchanged for buy_asset here")]
    Pair,
    /// One of the two says what the list is of.
    #[error("sell_asset or buy_asset has to be sent, with its amount")]
    OneAsset,
    /// One of the two follows from the other.
    #[error("exactly one of sell_amount and buy_amount has to be sent")]
    OneAmount,
    /// Of the other asset.
    #[error("{0} cannot be combined with the asset that was sent")]
    OtherAmount(&'static str),
    /// Not a number of this asset.
    #[error("{name} is not valid: {problem}")]
    Amount {
        /// Which parameter.
        name: &'static str,
        /// Why.
        problem: AmountError,
    },
    /// Nothing at all.
    #[error("{0} has to be greater than zero")]
    ZeroAmount(&'static str),
    /// Tokens are not handed over.
    #[error("{0} cannot be sent for an asset on the ledger")]
    MethodOnLedger(&'static str),
    /// Not in the list.
    #[error("{0} is not a delivery method of this asset")]
    Method(&'static str),
    /// Money moves outside the ledger on one side only.
    #[error("only one of sell_delivery_method and buy_delivery_method can be sent")]
    BothMethods,
    /// Two letters, or with a region.
    #[error("country_code is not valid: two letters (ISO 3166-1), or those and a region (ISO 3166-2)")]
    CountrySyntax,
    /// Not in the list.
    #[error("country_code is not one of this asset")]
    Country,
    /// Not one of those that are allowed here.
    #[error("context has to be one of sep6, sep24 and sep31")]
    Context,
    /// Not one of those that are allowed here.
    #[error("context has to be one of sep6 and sep31")]
    StrictContext,
    /// Not a time.
    #[error("expire_after is not a time such as 2026-01-31T12:00:00Z")]
    ExpireAfterSyntax,
    /// Too late to ask for.
    #[error("expire_after is in the past")]
    ExpireAfterPast,
    /// Nobody promises for so long.
    #[error("expire_after is later than quotes hold here")]
    ExpireAfter,
    /// No amounts follow from this one.
    #[error("no price for this: {0}")]
    Figures(FiguresError),
    /// More than the ledger can hold.
    #[error("the amount is too large")]
    TooLarge,
    /// In open quotes of this user.
    #[error("too much is promised to you in open quotes already: use them, or wait for their end")]
    TooMuchOpen,
    /// In open quotes of all users.
    #[error("not enough of buy_asset can be promised at the moment")]
    NothingLeft,
    /// In the business's words.
    #[error("{0}")]
    Business(String),
}
