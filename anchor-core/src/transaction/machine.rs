//! The one function that moves a transaction.
//!
//! ```text
//! Deposit     Collecting -> AwaitingFunds -> FundsInTransit -> ReadyToPay -> Paying -> Paid
//!                                                              ReadyToPay <-> AwaitingTrust
//! Withdrawal  Collecting -> AwaitingPayment -> ReadyToPayOut -> PayingOut -> PayoutInTransit -> PaidOut
//!                                                                           ReadyForPickup  -> PaidOut
//! By API      Deciding -> AwaitingFunds, AwaitingPayment    Deciding <-> AwaitingInfo (nothing paid yet)
//!             ReadyToPay, ReadyToPayOut <-> AwaitingInfo    PayingOut -> AwaitingInfo
//! Refund      RefundDue -> Refunding -> Refunded          before funds: Expired, Failed
//! Any state that holds funds and has nothing open <-> OnHold
//! ```
//!
//! The complete table is in `docs/reference/states.md`, generated from this function and checked by a test.

use super::fact::{AfterRefusal, AfterVoid, Effect, Fact, Settlement};
use super::info::{AfterInfo, InfoKind, InfoNeed};
use super::state::{FailureCode, Kind, RefundStep, RefundVia, Resume, State};
use crate::id::{AttemptId, OrderId};

/// What a fact does to a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The transaction goes on to this state.
    Moved(State),
    /// Already known: nothing to store.
    Unchanged,
    /// Does not fit. Stored as an anomaly, never dropped; the state stays.
    Refused(Refusal),
}

/// Why a fact does not fit a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No arrow leads from this state on this fact.
    #[error("this fact does not fit the state of the transaction")]
    Unexpected,
    /// Money arrived for a transaction that has its money already.
    #[error("the transaction was funded before by another receipt")]
    AlreadyFunded,
    /// The rails report a credit that has funded another transaction.
    #[error("this receipt has funded another transaction")]
    ReceiptTaken,
    /// The fact speaks of another attempt or order than the open one.
    #[error("the fact belongs to another attempt or order")]
    OtherInstruction,
    /// A deposit's fact for a withdrawal, or the reverse.
    #[error("the fact belongs to another kind of transaction")]
    OtherKind,
    /// Terms at a price that is promised no longer. Found by [`Transaction::apply`](super::Transaction::apply), which
    /// knows the quote and the time.
    #[error("the firm quote of the transaction has ended")]
    QuoteEnded,
}

use Verdict::{Moved, Refused, Unchanged};

/// Where `fact` leads from `state`: pure and total.
///
/// The same fact again is [`Verdict::Unchanged`]. Receipts are compared by
/// [`Transaction::apply`](super::Transaction::apply), which knows the recorded one.
pub fn transition(state: &State, fact: &Fact) -> Verdict {
    match fact {
        Fact::TermsAgreed { terms } => match state {
            State::Collecting | State::Deciding => Moved(match terms.kind {
                Kind::Deposit => State::AwaitingFunds,
                Kind::Withdrawal => State::AwaitingPayment,
            }),
            _ => Refused(Refusal::Unexpected),
        },
        Fact::InfoNeeded { need } => info_needed(state, need),
        Fact::InfoGiven { kind } => info_given(state, *kind),
        Fact::FundsInTransit { .. } => match state {
            State::AwaitingFunds => Moved(State::FundsInTransit),
            State::FundsInTransit => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::FundsReceived { settlement, .. } => received(state, settlement, Kind::Deposit),
        Fact::PaymentSeen { settlement, .. } => received(state, settlement, Kind::Withdrawal),
        Fact::FundsRejected { .. } => match state {
            State::AwaitingFunds | State::FundsInTransit => Moved(State::Failed { code: FailureCode::Error }),
            State::Failed { .. } | State::Expired => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::TrustMissing => match state {
            State::ReadyToPay => Moved(State::AwaitingTrust),
            State::AwaitingTrust => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::TrustSeen | Fact::TrustApproved => match state {
            State::AwaitingTrust => Moved(State::ReadyToPay),
            State::ReadyToPay => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::AttemptOpened { attempt } => match state {
            State::ReadyToPay => Moved(State::Paying { attempt: attempt.id }),
            State::RefundDue { via: RefundVia::Ledger } => {
                Moved(State::Refunding { step: RefundStep::Attempt(attempt.id) })
            }
            _ => Refused(Refusal::Unexpected),
        },
        Fact::AttemptApplied { attempt, effect, .. } => applied(state, *attempt, effect),
        Fact::AttemptVoided { attempt, next, .. } => voided(state, *attempt, next),
        Fact::CustodyIntended { order } => match state {
            State::ReadyToPay => Moved(State::Paying { attempt: order.id }),
            State::RefundDue { via: RefundVia::Ledger } => {
                Moved(State::Refunding { step: RefundStep::Attempt(order.id) })
            }
            _ => Refused(Refusal::Unexpected),
        },
        Fact::CustodyApplied { attempt, effect, .. } => applied(state, *attempt, effect),
        Fact::CustodyRejected { attempt, reason } => {
            voided(state, *attempt, &AfterVoid::Hold { reason: reason.clone() })
        }
        Fact::CustodyDisputed { attempt, .. } => disputed(state, *attempt),
        Fact::PayoutIntended { order } => match state {
            State::ReadyToPayOut => Moved(State::PayingOut { order: order.id }),
            State::RefundDue { via: RefundVia::Rails } => {
                Moved(State::Refunding { step: RefundStep::Order(order.id) })
            }
            _ => Refused(Refusal::Unexpected),
        },
        Fact::PayoutInitiated { order, .. }
        | Fact::PayoutReadyForPickup { order, .. }
        | Fact::PayoutDelivered { order, .. }
        | Fact::PayoutRefused { order, .. }
        | Fact::PayoutNeedsInfo { order, .. } => payout(state, fact, *order),
        Fact::Held { .. } => held(state),
        Fact::Released => match state {
            State::OnHold { resume } => Moved(resume.state()),
            _ => Refused(Refusal::Unexpected),
        },
        Fact::RefundDecided { via, .. } => match state {
            State::ReadyToPay
            | State::AwaitingTrust
            | State::ReadyToPayOut
            | State::AwaitingInfo { resume: AfterInfo::Pay | AfterInfo::PayOut, .. }
            | State::OnHold { resume: Resume::Pay | Resume::PayOut } => Moved(State::RefundDue { via: *via }),
            State::RefundDue { .. } => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::DeadlinePassed => match state {
            _ if state.can_expire() => Moved(State::Expired),
            State::Expired => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
        Fact::Failed { code, .. } => match state {
            _ if state.can_expire() => Moved(State::Failed { code: *code }),
            State::Failed { code: before } if before == code => Unchanged,
            _ => Refused(Refusal::Unexpected),
        },
    }
}

/// Nothing may be under way while the user is asked. Another question takes the place of the one before.
fn info_needed(state: &State, need: &InfoNeed) -> Verdict {
    let resume = match state {
        State::Deciding => AfterInfo::Decide,
        State::ReadyToPay | State::OnHold { resume: Resume::Pay } => AfterInfo::Pay,
        State::ReadyToPayOut | State::OnHold { resume: Resume::PayOut } => AfterInfo::PayOut,
        State::AwaitingInfo { need: asked, .. } if asked == need => return Unchanged,
        State::AwaitingInfo { resume, .. } => *resume,
        _ => return Refused(Refusal::Unexpected),
    };
    Moved(State::AwaitingInfo { need: need.clone(), resume })
}

/// An answer to another question than the one that is asked changes nothing. One that comes again is known.
fn info_given(state: &State, kind: InfoKind) -> Verdict {
    match state {
        State::AwaitingInfo { need, resume } if need.kind() == kind => Moved(resume.state()),
        State::AwaitingInfo { .. } | State::Deciding | State::ReadyToPay | State::ReadyToPayOut => Unchanged,
        _ => Refused(Refusal::Unexpected),
    }
}

/// Money arrived. After an end without money it can only go back.
fn received(state: &State, settlement: &Settlement, kind: Kind) -> Verdict {
    let via = match kind {
        Kind::Deposit => RefundVia::Rails,
        Kind::Withdrawal => RefundVia::Ledger,
    };
    let expected = match kind {
        Kind::Deposit => matches!(state, State::AwaitingFunds | State::FundsInTransit),
        Kind::Withdrawal => matches!(state, State::AwaitingPayment),
    };
    match (state, settlement) {
        (_, Settlement::Accept(_)) if expected => Moved(match kind {
            Kind::Deposit => State::ReadyToPay,
            Kind::Withdrawal => State::ReadyToPayOut,
        }),
        (_, Settlement::Return { .. }) if expected => Moved(State::RefundDue { via }),
        (State::Expired | State::Failed { .. }, _) => Moved(State::RefundDue { via }),
        _ if state.holds_funds() || state.is_final() => Refused(Refusal::AlreadyFunded),
        _ => Refused(Refusal::Unexpected),
    }
}

fn applied(state: &State, attempt: AttemptId, effect: &Effect) -> Verdict {
    match (state, effect) {
        (State::Paying { attempt: open }, _) if *open != attempt => Refused(Refusal::OtherInstruction),
        (State::Paying { .. }, Effect::Delivered { .. }) => Moved(State::Paid { attempt }),
        (State::Paying { .. }, Effect::AccountCreated) => Moved(State::AwaitingTrust),
        (State::Refunding { step: RefundStep::Attempt(open) }, Effect::Delivered { .. }) => {
            if *open == attempt {
                Moved(State::Refunded { step: RefundStep::Attempt(attempt) })
            } else {
                Refused(Refusal::OtherInstruction)
            }
        }
        (State::Paid { attempt: done }, _) if *done == attempt => Unchanged,
        (State::Refunded { step: RefundStep::Attempt(done) }, _) if *done == attempt => Unchanged,
        (State::AwaitingTrust, Effect::AccountCreated) => Unchanged,
        _ => Refused(Refusal::Unexpected),
    }
}

fn voided(state: &State, attempt: AttemptId, next: &AfterVoid) -> Verdict {
    match state {
        State::Paying { attempt: open } if *open == attempt => Moved(match next {
            AfterVoid::Retry => State::ReadyToPay,
            AfterVoid::AwaitTrust => State::AwaitingTrust,
            AfterVoid::Hold { .. } => State::OnHold { resume: Resume::Pay },
        }),
        State::Refunding { step: RefundStep::Attempt(open) } if *open == attempt => Moved(match next {
            AfterVoid::Retry => State::RefundDue { via: RefundVia::Ledger },
            // whoever paid us and then closed the trust line: a person has to find a way
            AfterVoid::AwaitTrust | AfterVoid::Hold { .. } => {
                State::OnHold { resume: Resume::Refund(RefundVia::Ledger) }
            }
        }),
        State::Paying { .. } | State::Refunding { .. } => Refused(Refusal::OtherInstruction),
        _ => Refused(Refusal::Unexpected),
    }
}

/// Nobody knows whether the custodian paid: what goes on afterwards is the same question.
fn disputed(state: &State, attempt: AttemptId) -> Verdict {
    match state {
        State::Paying { attempt: open } if *open == attempt => {
            Moved(State::OnHold { resume: Resume::Attempt(attempt) })
        }
        State::Refunding { step: RefundStep::Attempt(open) } if *open == attempt => {
            Moved(State::OnHold { resume: Resume::RefundAttempt(attempt) })
        }
        State::OnHold { resume: Resume::Attempt(held) | Resume::RefundAttempt(held) } if *held == attempt => {
            Unchanged
        }
        State::Paying { .. } | State::Refunding { .. } => Refused(Refusal::OtherInstruction),
        _ => Refused(Refusal::Unexpected),
    }
}

/// What the rails say about an order. `state` decides whether it is a payout or a refund.
fn payout(state: &State, fact: &Fact, order: OrderId) -> Verdict {
    let (open, refund) = match state {
        State::PayingOut { order } | State::PayoutInTransit { order } | State::ReadyForPickup { order } => {
            (*order, false)
        }
        State::Refunding { step: RefundStep::Order(order) } => (*order, true),
        State::PaidOut { order: done } | State::Refunded { step: RefundStep::Order(done) } => {
            let denies = matches!(fact, Fact::PayoutRefused { .. } | Fact::PayoutNeedsInfo { .. });
            let again = *done == order && !denies;
            return if again { Unchanged } else { Refused(Refusal::Unexpected) };
        }
        _ => return Refused(Refusal::Unexpected),
    };
    if open != order {
        return Refused(Refusal::OtherInstruction);
    }
    let next = match (fact, refund) {
        (Fact::PayoutDelivered { .. }, false) => State::PaidOut { order },
        (Fact::PayoutDelivered { .. }, true) => State::Refunded { step: RefundStep::Order(order) },
        (Fact::PayoutInitiated { .. }, false) => State::PayoutInTransit { order },
        (Fact::PayoutReadyForPickup { .. }, false) => State::ReadyForPickup { order },
        // a refund has no visible steps on its way
        (Fact::PayoutInitiated { .. } | Fact::PayoutReadyForPickup { .. }, true) => return Unchanged,
        (Fact::PayoutRefused { then, .. }, false) => match then {
            AfterRefusal::Refund => State::RefundDue { via: RefundVia::Ledger },
            AfterRefusal::Hold => State::OnHold { resume: Resume::PayOut },
        },
        (Fact::PayoutNeedsInfo { need, .. }, false) => {
            State::AwaitingInfo { need: need.clone(), resume: AfterInfo::PayOut }
        }
        // the user cannot be asked about money that goes back: a person finds out
        (Fact::PayoutRefused { .. } | Fact::PayoutNeedsInfo { .. }, true) => {
            State::OnHold { resume: Resume::Refund(RefundVia::Rails) }
        }
        _ => return Refused(Refusal::Unexpected),
    };
    if next == *state { Unchanged } else { Moved(next) }
}

/// An open envelope is never put on hold: it has to be resolved first. So has an order to the custodian, unless what is
/// known of it contradicts itself ([`disputed`]).
fn held(state: &State) -> Verdict {
    let resume = match state {
        State::ReadyToPay | State::AwaitingTrust | State::AwaitingInfo { resume: AfterInfo::Pay, .. } => {
            Resume::Pay
        }
        State::ReadyToPayOut | State::AwaitingInfo { resume: AfterInfo::PayOut, .. } => Resume::PayOut,
        State::PayingOut { order } | State::PayoutInTransit { order } | State::ReadyForPickup { order } => {
            Resume::Order(*order)
        }
        State::RefundDue { via } => Resume::Refund(*via),
        State::Refunding { step: RefundStep::Order(order) } => Resume::RefundOrder(*order),
        State::OnHold { .. } => return Unchanged,
        _ => return Refused(Refusal::Unexpected),
    };
    Moved(State::OnHold { resume })
}

#[cfg(test)]
mod tests;
