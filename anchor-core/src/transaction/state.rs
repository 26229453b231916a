//! Where a transaction stands. Only [`machine::transition`](super::machine::transition) makes a new one.

use serde::{Deserialize, Serialize};

use super::info::{AfterInfo, InfoNeed};
use crate::id::{AttemptId, OrderId};

/// Which way the value moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money comes in off the ledger, tokens go out on it.
    Deposit,
    /// Tokens come in on the ledger, money goes out off it.
    Withdrawal,
}

/// The protocol that a transaction was started with; decides how its state is labelled for wallets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protocol {
    /// Deposit and withdrawal by API.
    Sep6,
    /// Hosted deposit and withdrawal.
    Sep24,
    /// Payments from one anchor to another; here the receiving one, whose transactions are withdrawals of the sender.
    Sep31,
    /// None: the anchor's own, which returns a payment that nobody was credited for. No wallet ever sees it.
    Suspense,
}

/// The way money goes back to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundVia {
    /// A payment on the ledger: what came in as tokens.
    Ledger,
    /// A payout order to the rails: what came in as money.
    Rails,
}

/// The open instruction that carries a refund out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStep {
    /// An envelope.
    Attempt(AttemptId),
    /// A payout order.
    Order(OrderId),
}

/// Where a held transaction goes on when it is released. Only funded work can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// Pay the tokens of a deposit.
    Pay,
    /// Pay the money of a withdrawal.
    PayOut,
    /// Ask again what became of this order; never a second order.
    Order(OrderId),
    /// Ask the custodian again what became of this payment; never a second one.
    Attempt(AttemptId),
    /// Send the money back.
    Refund(RefundVia),
    /// Ask again what became of this refund order.
    RefundOrder(OrderId),
    /// Ask the custodian again what became of this refund.
    RefundAttempt(AttemptId),
}

/// Why a transaction failed without ever holding the user's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureCode {
    /// Rejected by the rails or the business.
    Error,
    /// Below the asset's minimum.
    TooSmall,
    /// Above the asset's maximum.
    TooLarge,
    /// Nobody sells the lumens that the account needs.
    NoMarket,
}

/// Where a transaction stands, with the data that is only meaningful there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum State {
    /// The user is still telling us what they want.
    Collecting,
    /// The wallet has told everything, and the business decides on the terms.
    Deciding,
    /// The user has to tell more. With money of the user's here if `resume` says so.
    AwaitingInfo {
        /// What.
        need: InfoNeed,
        /// Where it goes on afterwards.
        resume: AfterInfo,
    },

    /// Deposit: the user has to send money.
    AwaitingFunds,
    /// Deposit: the rails see the money coming; it is not ours yet.
    FundsInTransit,
    /// Deposit: the money is here, the tokens are due.
    ReadyToPay,
    /// Deposit: the money is here, the user's account cannot hold the token yet.
    AwaitingTrust,
    /// Deposit: an envelope exists, or an order to the custodian. Nothing else may be signed or ordered until it is applied
    /// or proved dead.
    Paying {
        /// The one open attempt, or order to the custodian.
        attempt: AttemptId,
    },
    /// Deposit: the tokens were delivered.
    Paid {
        /// The attempt that delivered them.
        attempt: AttemptId,
    },

    /// Withdrawal: the user has to pay tokens to us.
    AwaitingPayment,
    /// Withdrawal: the tokens are here, the money is due.
    ReadyToPayOut,
    /// Withdrawal: a payout order exists. From here on the rails are asked about it before anything else.
    PayingOut {
        /// The one open order.
        order: OrderId,
    },
    /// Withdrawal: the rails have the order under way.
    PayoutInTransit {
        /// The one open order.
        order: OrderId,
    },
    /// Withdrawal: the money waits for the user.
    ReadyForPickup {
        /// The one open order.
        order: OrderId,
    },
    /// Withdrawal: the money was delivered.
    PaidOut {
        /// The order that delivered it.
        order: OrderId,
    },

    /// The user's money has to go back.
    RefundDue {
        /// The way back.
        via: RefundVia,
    },
    /// The refund's instruction exists.
    Refunding {
        /// The one open instruction.
        step: RefundStep,
    },
    /// The user's money went back.
    Refunded {
        /// The instruction that returned it.
        step: RefundStep,
    },

    /// Funded and waiting for the operator.
    OnHold {
        /// Where to go on.
        resume: Resume,
    },
    /// The user never sent anything. Late funds still lead to a refund.
    Expired,
    /// Ended without the user's money. Late funds still lead to a refund.
    Failed {
        /// Why.
        code: FailureCode,
    },
}

/// The work list on which a state waits. Every job claims from exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Ask the business about the terms, and whether it knows by now what the user had to tell.
    Terms,
    /// Ask the rails whether the money has come.
    Funds,
    /// Plan, sign and submit a ledger payment (deposits and refunds).
    Payments,
    /// Resolve an open attempt.
    Attempts,
    /// Look for the trust line.
    Trust,
    /// Open and execute a payout order, or recover one that was under way (payouts and refunds).
    Payouts,
    /// Ask the rails what became of an order.
    Orders,
}

impl Queue {
    /// All queues, in the order of a transaction's life.
    pub const ALL: [Self; 7] =
        [Self::Terms, Self::Funds, Self::Payments, Self::Attempts, Self::Trust, Self::Payouts, Self::Orders];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Funds => "funds",
            Self::Payments => "payments",
            Self::Attempts => "attempts",
            Self::Trust => "trust",
            Self::Payouts => "payouts",
            Self::Orders => "orders",
        }
    }
}

impl Resume {
    /// The state that follows a release.
    pub const fn state(self) -> State {
        match self {
            Self::Pay => State::ReadyToPay,
            Self::PayOut => State::ReadyToPayOut,
            Self::Order(order) => State::PayingOut { order },
            Self::Refund(via) => State::RefundDue { via },
            Self::RefundOrder(order) => State::Refunding { step: RefundStep::Order(order) },
            Self::Attempt(attempt) => State::Paying { attempt },
            Self::RefundAttempt(attempt) => State::Refunding { step: RefundStep::Attempt(attempt) },
        }
    }
}

impl State {
    /// Names of the states in which something is still to be done.
    pub const OPEN: [&'static str; 16] = [
        "collecting",
        "deciding",
        "awaiting_info",
        "awaiting_funds",
        "funds_in_transit",
        "ready_to_pay",
        "awaiting_trust",
        "paying",
        "awaiting_payment",
        "ready_to_pay_out",
        "paying_out",
        "payout_in_transit",
        "ready_for_pickup",
        "refund_due",
        "refunding",
        "on_hold",
    ];
    /// Names of all others: the ends, of which only late money leads out of some.
    pub const ENDED: [&'static str; 5] = ["paid", "paid_out", "refunded", "expired", "failed"];

    /// The name that is stored and shown to operators.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Collecting => "collecting",
            Self::Deciding => "deciding",
            Self::AwaitingInfo { .. } => "awaiting_info",
            Self::AwaitingFunds => "awaiting_funds",
            Self::FundsInTransit => "funds_in_transit",
            Self::ReadyToPay => "ready_to_pay",
            Self::AwaitingTrust => "awaiting_trust",
            Self::Paying { .. } => "paying",
            Self::Paid { .. } => "paid",
            Self::AwaitingPayment => "awaiting_payment",
            Self::ReadyToPayOut => "ready_to_pay_out",
            Self::PayingOut { .. } => "paying_out",
            Self::PayoutInTransit { .. } => "payout_in_transit",
            Self::ReadyForPickup { .. } => "ready_for_pickup",
            Self::PaidOut { .. } => "paid_out",
            Self::RefundDue { .. } => "refund_due",
            Self::Refunding { .. } => "refunding",
            Self::Refunded { .. } => "refunded",
            Self::OnHold { .. } => "on_hold",
            Self::Expired => "expired",
            Self::Failed { .. } => "failed",
        }
    }

    /// The work list on which this state waits for a job; `None` if nobody but the user, the ledger or the
    /// operator can move it.
    pub const fn queue(&self) -> Option<Queue> {
        match self {
            // what a customer told comes through another door, and may have come while nobody looked
            Self::Deciding | Self::AwaitingInfo { need: InfoNeed::Customer { .. }, .. } => Some(Queue::Terms),
            Self::AwaitingFunds | Self::FundsInTransit => Some(Queue::Funds),
            Self::ReadyToPay | Self::RefundDue { via: RefundVia::Ledger } => Some(Queue::Payments),
            Self::Paying { .. } | Self::Refunding { step: RefundStep::Attempt(_) } => Some(Queue::Attempts),
            Self::AwaitingTrust => Some(Queue::Trust),
            Self::ReadyToPayOut | Self::PayingOut { .. } | Self::RefundDue { via: RefundVia::Rails } => {
                Some(Queue::Payouts)
            }
            Self::PayoutInTransit { .. }
            | Self::ReadyForPickup { .. }
            | Self::Refunding { step: RefundStep::Order(_) } => Some(Queue::Orders),
            Self::Collecting
            | Self::AwaitingInfo { need: InfoNeed::Transaction { .. }, .. }
            | Self::AwaitingPayment
            | Self::Paid { .. }
            | Self::PaidOut { .. }
            | Self::Refunded { .. }
            | Self::OnHold { .. }
            | Self::Expired
            | Self::Failed { .. } => None,
        }
    }

    /// True while nothing but words was exchanged and no money is ours: a deadline may end it.
    pub const fn can_expire(&self) -> bool {
        matches!(
            self,
            Self::Collecting
                | Self::Deciding
                | Self::AwaitingInfo { resume: AfterInfo::Decide, .. }
                | Self::AwaitingFunds
                | Self::AwaitingPayment
        )
    }

    /// Names of the states that [can expire](Self::can_expire), some of which do so only without money.
    pub const EXPIRING: [&'static str; 5] =
        ["collecting", "deciding", "awaiting_info", "awaiting_funds", "awaiting_payment"];

    /// Where a transaction of this protocol begins.
    pub const fn first(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Sep24 => Self::Collecting,
            Protocol::Sep6 | Protocol::Sep31 => Self::Deciding,
            Protocol::Suspense => Self::AwaitingPayment,
        }
    }

    /// True from the moment the user's money is ours until it was delivered or returned.
    pub const fn holds_funds(&self) -> bool {
        match self {
            Self::ReadyToPay
            | Self::AwaitingTrust
            | Self::Paying { .. }
            | Self::ReadyToPayOut
            | Self::PayingOut { .. }
            | Self::PayoutInTransit { .. }
            | Self::ReadyForPickup { .. }
            | Self::RefundDue { .. }
            | Self::Refunding { .. }
            | Self::OnHold { .. } => true,
            Self::AwaitingInfo { resume, .. } => resume.holds_funds(),
            Self::Collecting
            | Self::Deciding
            | Self::AwaitingFunds
            | Self::FundsInTransit
            | Self::Paid { .. }
            | Self::AwaitingPayment
            | Self::PaidOut { .. }
            | Self::Refunded { .. }
            | Self::Expired
            | Self::Failed { .. } => false,
        }
    }

    /// True when the value reached its end: nothing leads out any more.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Paid { .. } | Self::PaidOut { .. } | Self::Refunded { .. })
    }
}
