//! Why an anchor could not be put together.

use crate::account::ContractId;
use crate::asset::{OfferError, StellarAsset};
use crate::quote::file::FileError;
use crate::store::StoreError;

/// The anchor lacks something that its settings promise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A part that every anchor needs was not given.
    #[error("the anchor has no {0}: call AnchorBuilder::{0}(..)")]
    Missing(&'static str),
    /// An asset is offered in a direction that nobody implements.
    #[error("{asset} offers {direction}s, but no {direction} integration is attached")]
    MissingFlow {
        /// Which asset.
        asset: StellarAsset,
        /// `deposit` or `withdrawal`.
        direction: &'static str,
    },
    /// An asset is taken from sending anchors for other money, which nobody prices.
    #[error("{0} is received with quotes, but nothing is quoted")]
    MissingQuotes(StellarAsset),
    /// A custodian makes no claimable balances, and claims none.
    #[error(
        "CLAIMABLE_RECLAIM_AFTER_DAYS is set, but a custodian pays: it does not claim balances; unset it"
    )]
    ReclaimByCustodian,
    /// Nobody says who may hold an asset.
    #[error("{0} is set to ask whose trust lines are authorised, but no trust integration is attached")]
    MissingTrust(StellarAsset),
    /// There is nothing to move.
    #[error("the anchor has no asset: give one with AnchorBuilder::asset(..) or add one with `asset add`")]
    NoAsset,
    /// An asset's terms contradict each other.
    #[error("{asset} cannot be offered")]
    Offer {
        /// Which asset.
        asset: StellarAsset,
        /// Why.
        #[source]
        source: OfferError,
    },
    /// Ledger adapter and settings name different networks.
    #[error("the ledger belongs to another network than STELLAR_NETWORK_PASSPHRASE says")]
    OtherNetwork,
    /// The file of `QUOTES` says nothing that can be quoted.
    #[error("quotes cannot be given")]
    Quotes(#[from] FileError),
    /// The file of `CUSTOMERS` says nothing that can be asked.
    #[error("customers cannot be asked")]
    Customers(#[from] crate::customer::file::FileError),
    /// Contract accounts are to log in, and nobody can be asked about them.
    #[error(
        "there is no Stellar RPC server to ask about WEB_AUTH_CONTRACT_ID {0}: set SEP45_RPC_URI or STELLAR_RPC_URI"
    )]
    NoContractLedger(ContractId),
    /// The client for a Stellar RPC server cannot be set up.
    #[cfg(feature = "rpc")]
    #[error("the Stellar RPC server for contract accounts cannot be asked")]
    Rpc(#[from] crate::stellar::rpc::RpcError),
    /// What users tell would lie open.
    #[error("there is no key for what users tell: set CUSTOMER_KEYS (see `keys generate`)")]
    NoCustomerKey,
    /// Nothing is asked.
    #[error("the customer integration has no types of customers")]
    NoCustomerType,
    /// The assets could not be read or written.
    #[error("the assets could not be read from the store")]
    Store(#[from] StoreError),
}
