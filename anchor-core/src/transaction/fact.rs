//! What happened. Facts are the only input of the state machine, and rows of the history that is never changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, TransactionHash};
use super::custody::CustodyOrder;
use super::info::{InfoKind, InfoNeed};
use super::money::{Amounts, Receipt, Terms};
use super::order::Order;
use super::state::{FailureCode, Kind, Protocol, RefundVia};
use crate::id::{AttemptId, FactId, OrderId, TransactionId};

/// What to do with money that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub enum Settlement {
    /// It is what was agreed, or near enough: go on with these amounts, computed from what was received.
    Accept(Amounts),
    /// It cannot be used: send it back.
    Return {
        /// For the user and the operator.
        reason: String,
    },
}

/// What an applied envelope did for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The deposit or the refund was delivered.
    Delivered {
        /// The balance that the user has to claim, if the account could not be paid directly
        /// (72 hex characters, as Horizon prints it).
        claimable_balance: Option<String>,
    },
    /// The user's account has the reserve for a trust line, and exists if it did not; the tokens are still due.
    AccountCreated,
}

/// What to do after an attempt is proved dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterVoid {
    /// Plan and sign anew.
    Retry,
    /// The ledger says that the trust line is missing.
    AwaitTrust,
    /// Somebody has to look at it.
    Hold {
        /// For the operator.
        reason: String,
    },
}

/// What a definite no of the rails means for the user's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRefusal {
    /// Give it back.
    Refund,
    /// Keep it until the operator decides.
    Hold,
}

/// What happened to a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fact {
    /// The user finished the interactive flow, or the business decided on the wallet's request.
    TermsAgreed {
        /// What was agreed.
        terms: Terms,
    },
    /// The user has to tell more before it can go on.
    InfoNeeded {
        /// What.
        need: InfoNeed,
    },
    /// What was missing is known. What it is stands with the answers, or with the customer.
    InfoGiven {
        /// Which of the two.
        kind: InfoKind,
    },
    /// The rails see the user's money coming.
    FundsInTransit {
        /// The rails' own reference, if there is one already.
        reference: Option<String>,
    },
    /// The user's money is ours.
    FundsReceived {
        /// What arrived.
        receipt: Receipt,
        /// What to do with it.
        settlement: Settlement,
    },
    /// The rails say that this money will not come.
    FundsRejected {
        /// For the user.
        reason: String,
    },
    /// The user's tokens are ours.
    PaymentSeen {
        /// What arrived.
        receipt: Receipt,
        /// What to do with it.
        settlement: Settlement,
    },
    /// The account exists but cannot hold the token.
    TrustMissing,
    /// The account can hold the token now.
    TrustSeen,
    /// The issuer's authorisation, which the account lacks, may be given with the payment.
    TrustApproved,
    /// An envelope was signed; it is stored in the same commit as this fact.
    AttemptOpened {
        /// The envelope and its bounds.
        attempt: Attempt,
    },
    /// The ledger applied the envelope successfully.
    AttemptApplied {
        /// Which one.
        attempt: AttemptId,
        /// Its hash as wallets find it.
        hash: TransactionHash,
        /// The ledger that holds it.
        ledger: u32,
        /// What it did.
        effect: Effect,
    },
    /// The envelope is proved to have no effect, now and for ever.
    AttemptVoided {
        /// Which one.
        attempt: AttemptId,
        /// The ledger that failed it, if its sequence number is used up by that; `None` if it is in no ledger, or if
        /// that is not known.
        #[serde(default)]
        ledger: Option<u32>,
        /// The proof, in words: result codes, or the bound and the ledger that passed it.
        reason: String,
        /// What to do next.
        next: AfterVoid,
    },
    /// A payment was ordered from the custodian; it is stored in the same commit as this fact, before the custodian hears
    /// of it.
    CustodyIntended {
        /// The order.
        order: CustodyOrder,
    },
    /// The ledger shows the payment that was ordered from the custodian.
    CustodyApplied {
        /// The order's id.
        attempt: AttemptId,
        /// The transaction that carried it, as the custodian named it and the ledger confirmed it.
        hash: TransactionHash,
        /// The ledger that holds it.
        ledger: u32,
        /// The operation: it stands for this order, and for no other one ever.
        movement: String,
        /// What it did.
        effect: Effect,
    },
    /// The custodian definitely did not and will not make the payment.
    CustodyRejected {
        /// The order's id.
        attempt: AttemptId,
        /// For the operator.
        reason: String,
    },
    /// What the custodian says, or does not know, is not what the ledger shows: a person has to look. The order stays
    /// open, and the custodian is asked about it, and about nothing else, when the transaction is released.
    CustodyDisputed {
        /// The order's id.
        attempt: AttemptId,
        /// For the operator.
        reason: String,
    },
    /// A payout order was made; it is stored in the same commit as this fact, before the rails hear of it.
    PayoutIntended {
        /// The order.
        order: Order,
    },
    /// The rails have the order under way.
    PayoutInitiated {
        /// Which one.
        order: OrderId,
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// The money waits for the user at the rails.
    PayoutReadyForPickup {
        /// Which one.
        order: OrderId,
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// The money was delivered.
    PayoutDelivered {
        /// Which one.
        order: OrderId,
        /// The rails' own reference.
        reference: Option<String>,
    },
    /// The rails definitely did not and will not carry out the order.
    PayoutRefused {
        /// Which one.
        order: OrderId,
        /// For the operator.
        reason: String,
        /// What happens to the money.
        then: AfterRefusal,
    },
    /// The rails definitely did not and will not carry out this order: they have to know more first. The next one has
    /// another key.
    PayoutNeedsInfo {
        /// Which one.
        order: OrderId,
        /// What they have to know.
        need: InfoNeed,
    },
    /// Somebody has to look at it.
    Held {
        /// For the operator.
        reason: String,
    },
    /// The operator lets it go on.
    Released,
    /// The money is to be returned instead of delivered.
    RefundDecided {
        /// The way back.
        via: RefundVia,
        /// For the user.
        reason: String,
    },
    /// The user let the deadline pass.
    DeadlinePassed,
    /// It cannot go on, and nothing of the user's is held.
    Failed {
        /// Why.
        code: FailureCode,
        /// For the user.
        reason: String,
    },
}

impl Fact {
    /// The name that is stored and shown in timelines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TermsAgreed { .. } => "terms_agreed",
            Self::InfoNeeded { .. } => "info_needed",
            Self::InfoGiven { .. } => "info_given",
            Self::FundsInTransit { .. } => "funds_in_transit",
            Self::FundsReceived { .. } => "funds_received",
            Self::FundsRejected { .. } => "funds_rejected",
            Self::PaymentSeen { .. } => "payment_seen",
            Self::TrustMissing => "trust_missing",
            Self::TrustSeen => "trust_seen",
            Self::TrustApproved => "trust_approved",
            Self::AttemptOpened { .. } => "attempt_opened",
            Self::AttemptApplied { .. } => "attempt_applied",
            Self::AttemptVoided { .. } => "attempt_voided",
            Self::CustodyIntended { .. } => "custody_intended",
            Self::CustodyApplied { .. } => "custody_applied",
            Self::CustodyRejected { .. } => "custody_rejected",
            Self::CustodyDisputed { .. } => "custody_disputed",
            Self::PayoutIntended { .. } => "payout_intended",
            Self::PayoutInitiated { .. } => "payout_initiated",
            Self::PayoutReadyForPickup { .. } => "payout_ready_for_pickup",
            Self::PayoutDelivered { .. } => "payout_delivered",
            Self::PayoutRefused { .. } => "payout_refused",
            Self::PayoutNeedsInfo { .. } => "payout_needs_info",
            Self::Held { .. } => "held",
            Self::Released => "released",
            Self::RefundDecided { .. } => "refund_decided",
            Self::DeadlinePassed => "deadline_passed",
            Self::Failed { .. } => "failed",
        }
    }

    /// The receipt of a fact that brings money.
    pub const fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::FundsReceived { receipt, .. } | Self::PaymentSeen { receipt, .. } => Some(receipt),
            _ => None,
        }
    }

    /// True if transactions of this protocol can see this fact at all: only some have a way to ask the user for more.
    pub const fn suits_protocol(&self, protocol: Protocol) -> bool {
        match self {
            Self::InfoNeeded { .. } | Self::InfoGiven { .. } | Self::PayoutNeedsInfo { .. } => {
                matches!(protocol, Protocol::Sep6 | Protocol::Sep31)
            }
            _ => true,
        }
    }

    /// True if transactions of this kind can see this fact at all.
    pub const fn suits(&self, kind: Kind) -> bool {
        match self {
            Self::TermsAgreed { terms } => matches!(
                (kind, terms.kind),
                (Kind::Deposit, Kind::Deposit) | (Kind::Withdrawal, Kind::Withdrawal)
            ),
            Self::FundsInTransit { .. }
            | Self::FundsReceived { .. }
            | Self::FundsRejected { .. }
            | Self::TrustMissing
            | Self::TrustSeen
            | Self::TrustApproved => matches!(kind, Kind::Deposit),
            Self::PaymentSeen { .. } => matches!(kind, Kind::Withdrawal),
            Self::RefundDecided { via, .. } => matches!(
                (kind, via),
                (Kind::Deposit, RefundVia::Rails) | (Kind::Withdrawal, RefundVia::Ledger)
            ),
            // only a deposit needs lumens for an account
            Self::Failed { code: FailureCode::NoMarket, .. } => matches!(kind, Kind::Deposit),
            _ => true,
        }
    }
}

/// Who established a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The user, through the hosted pages or the API.
    User,
    /// One of the jobs.
    Worker,
    /// A person at the anchor.
    Operator(String),
}

/// One line of a transaction's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRecord {
    /// Ordered by time.
    pub id: FactId,
    /// Whose history.
    pub transaction: TransactionId,
    /// What happened.
    pub fact: Fact,
    /// Who says so.
    pub actor: Actor,
    /// When we learnt of it.
    pub at: DateTime<Utc>,
    /// `None` if the fact moved the transaction; else why it did not fit: an anomaly to look at.
    pub refused: Option<String>,
}
