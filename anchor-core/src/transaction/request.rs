//! What a wallet asked for.

use serde::{Deserialize, Serialize};

use super::state::Kind;
use crate::account::Account;
use crate::amount::Amount;
use crate::memo::Memo;

/// What the wallet asked for. Never changed afterwards, never trusted for amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The amount in the asset that the user gives, if the wallet announced one.
    pub amount: Option<Amount>,
    /// Deposit: where the tokens go. Withdrawal: where they are said to come from (informational).
    pub account: Account,
    /// Deposit: the memo on the outgoing payment. Withdrawal: the memo on a refund.
    pub memo: Memo,
    /// RFC 4646 tag for everything that the user reads.
    pub language: Option<String>,
    /// Deposit: the wallet can claim a claimable balance.
    pub claimable_balances: bool,
    /// The anchor's id of the customer, as claimed by the wallet; not verified.
    pub customer: Option<String>,
    /// The anchor's id of the customer who sends (SEP-31): one of the sending anchor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The same of the one who is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
    /// One asset is exchanged for another (SEP-6 `deposit-exchange`, `withdraw-exchange`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exchange: bool,
    /// How the user pays the anchor, or the anchor the user (SEP-6 and SEP-31 `funding_method`): one of the asset's. With a
    /// firm quote, the way that it was priced for, in SEP-24 too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_method: Option<String>,
    /// Where the user hands in or fetches cash (SEP-6 `location_id`); not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Where the user lives: ISO 3166-1 alpha-3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Request {
    /// Nothing but an account.
    pub const fn new(account: Account) -> Self {
        Self {
            amount: None,
            account,
            memo: Memo::None,
            language: None,
            claimable_balances: false,
            customer: None,
            sender: None,
            receiver: None,
            exchange: false,
            funding_method: None,
            location: None,
            country: None,
        }
    }
}

/// The kind of a transaction as wallets list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// Tokens for the money that they stand for.
    Deposit,
    /// Tokens for other money.
    DepositExchange,
    /// The money that the tokens stand for.
    Withdrawal,
    /// Other money for tokens.
    WithdrawalExchange,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Deposit, Self::DepositExchange, Self::Withdrawal, Self::WithdrawalExchange];

    /// Of a transaction.
    pub const fn of(kind: Kind, exchange: bool) -> Self {
        match (kind, exchange) {
            (Kind::Deposit, false) => Self::Deposit,
            (Kind::Deposit, true) => Self::DepositExchange,
            (Kind::Withdrawal, false) => Self::Withdrawal,
            (Kind::Withdrawal, true) => Self::WithdrawalExchange,
        }
    }

    /// SEP-6's word, which is also stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::DepositExchange => "deposit-exchange",
            Self::Withdrawal => "withdrawal",
            Self::WithdrawalExchange => "withdrawal-exchange",
        }
    }

    /// The one that SEP-6 calls so.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.as_str() == word)
    }
}
