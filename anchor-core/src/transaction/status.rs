//! The label that a wallet sees: a pure function of state and protocol.

use std::fmt;

use super::info::InfoNeed;
use super::state::{FailureCode, Protocol, State};

/// A `status` of SEP-24 §14, of SEP-6 §15 or of SEP-31: they share most of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the protocol's own")]
pub enum Status {
    Incomplete,
    PendingUserTransferStart,
    PendingUserTransferComplete,
    PendingExternal,
    PendingAnchor,
    OnHold,
    PendingStellar,
    PendingTrust,
    PendingCustomerInfoUpdate,
    PendingTransactionInfoUpdate,
    PendingSender,
    PendingReceiver,
    Completed,
    Refunded,
    Expired,
    NoMarket,
    TooSmall,
    TooLarge,
    Error,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Incomplete,
        Self::PendingUserTransferStart,
        Self::PendingUserTransferComplete,
        Self::PendingExternal,
        Self::PendingAnchor,
        Self::OnHold,
        Self::PendingStellar,
        Self::PendingTrust,
        Self::PendingCustomerInfoUpdate,
        Self::PendingTransactionInfoUpdate,
        Self::PendingSender,
        Self::PendingReceiver,
        Self::Completed,
        Self::Refunded,
        Self::Expired,
        Self::NoMarket,
        Self::TooSmall,
        Self::TooLarge,
        Self::Error,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::PendingUserTransferStart => "pending_user_transfer_start",
            Self::PendingUserTransferComplete => "pending_user_transfer_complete",
            Self::PendingExternal => "pending_external",
            Self::PendingAnchor => "pending_anchor",
            Self::OnHold => "on_hold",
            Self::PendingStellar => "pending_stellar",
            Self::PendingTrust => "pending_trust",
            Self::PendingCustomerInfoUpdate => "pending_customer_info_update",
            Self::PendingTransactionInfoUpdate => "pending_transaction_info_update",
            Self::PendingSender => "pending_sender",
            Self::PendingReceiver => "pending_receiver",
            Self::Completed => "completed",
            Self::Refunded => "refunded",
            Self::Expired => "expired",
            Self::NoMarket => "no_market",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::Error => "error",
        }
    }

    /// How `state` is called in `protocol`.
    pub const fn of(state: &State, protocol: Protocol) -> Self {
        match protocol {
            // what nobody asked for has the same words in the operator's lists and the business's news
            Protocol::Sep6 | Protocol::Sep24 | Protocol::Suspense => Self::of_user(state),
            Protocol::Sep31 => Self::of_sender(state),
        }
    }

    /// What a user's wallet is told. `Deciding` and `AwaitingInfo` are states of SEP-6 only.
    const fn of_user(state: &State) -> Self {
        match state {
            State::Collecting => Self::Incomplete,
            State::AwaitingInfo { need, .. } => Self::of_need(need),
            State::AwaitingFunds | State::AwaitingPayment => Self::PendingUserTransferStart,
            State::FundsInTransit | State::PayoutInTransit { .. } => Self::PendingExternal,
            State::Deciding
            | State::ReadyToPay
            | State::ReadyToPayOut
            | State::PayingOut { .. }
            | State::RefundDue { .. }
            | State::Refunding { .. } => Self::PendingAnchor,
            State::Paying { .. } => Self::PendingStellar,
            State::AwaitingTrust => Self::PendingTrust,
            State::ReadyForPickup { .. } => Self::PendingUserTransferComplete,
            State::OnHold { .. } => Self::OnHold,
            State::Paid { .. } | State::PaidOut { .. } => Self::Completed,
            State::Refunded { .. } => Self::Refunded,
            State::Expired => Self::Expired,
            State::Failed { code } => match code {
                FailureCode::Error => Self::Error,
                FailureCode::TooSmall => Self::TooSmall,
                FailureCode::TooLarge => Self::TooLarge,
                FailureCode::NoMarket => Self::NoMarket,
            },
        }
    }

    /// What a sending anchor is told, which has fewer words: it cannot do anything about most of them.
    const fn of_sender(state: &State) -> Self {
        match state {
            State::AwaitingInfo { need, .. } => Self::of_need(need),
            State::AwaitingFunds | State::AwaitingPayment => Self::PendingSender,
            State::FundsInTransit | State::PayoutInTransit { .. } | State::ReadyForPickup { .. } => {
                Self::PendingExternal
            }
            State::Collecting
            | State::Deciding
            | State::ReadyToPay
            | State::AwaitingTrust
            | State::ReadyToPayOut
            | State::PayingOut { .. }
            | State::RefundDue { .. }
            | State::Refunding { .. }
            | State::OnHold { .. } => Self::PendingReceiver,
            State::Paying { .. } => Self::PendingStellar,
            State::Paid { .. } | State::PaidOut { .. } => Self::Completed,
            State::Refunded { .. } => Self::Refunded,
            State::Expired => Self::Expired,
            State::Failed { .. } => Self::Error,
        }
    }

    const fn of_need(need: &InfoNeed) -> Self {
        match need {
            InfoNeed::Customer { .. } => Self::PendingCustomerInfoUpdate,
            InfoNeed::Transaction { .. } => Self::PendingTransactionInfoUpdate,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
