//! From a fact to a change: the machine decides where to, this module what is written.

use chrono::{DateTime, Utc};

use super::attempt::AttemptStatus;
use super::change::{Change, ChangeEffect};
use super::custody::CustodyStatus;
use super::event::{Event, EventKind};
use super::fact::{Actor, Effect, Fact, FactRecord, Settlement};
use super::machine::{Refusal, Verdict, transition};
use super::money::{Receipt, Refund, Terms};
use super::order::OrderStatus;
use super::state::{RefundStep, RefundVia, State};
use super::{Status, Transaction};
use crate::amount::Amount;
use crate::id::{EventId, FactId, IdSource};

/// Who says so, when, and where ids come from.
#[derive(Debug, Clone)]
pub struct ApplyContext<'a> {
    /// Ids of the history row and the events.
    pub ids: &'a dyn IdSource,
    /// Who establishes the fact.
    pub actor: Actor,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "short-lived, and nearly always the large one")]
pub enum Applied {
    /// To be stored.
    Changed(Change),
    /// Known already.
    Unchanged,
    /// Does not fit: store the record as an anomaly; the transaction stays as it is.
    Anomaly(FactRecord, Refusal),
}

impl Transaction {
    /// What `fact` does to this transaction. Pure: nothing is written until a store takes the [`Change`].
    pub fn apply(&self, fact: Fact, context: &ApplyContext<'_>) -> Applied {
        match self.verdict(&fact, context.at) {
            Verdict::Unchanged => Applied::Unchanged,
            Verdict::Refused(refusal) => {
                Applied::Anomaly(self.record(fact, context, Some(refusal.to_string())), refusal)
            }
            Verdict::Moved(state) => Applied::Changed(self.moved(state, fact, context)),
        }
    }

    fn verdict(&self, fact: &Fact, at: DateTime<Utc>) -> Verdict {
        if !fact.suits(self.kind) || !fact.suits_protocol(self.protocol) {
            return Verdict::Refused(Refusal::OtherKind);
        }
        match (&self.receipt, fact.receipt()) {
            (Some(before), Some(again)) if before.reference == again.reference => Verdict::Unchanged,
            (Some(_), Some(_)) => Verdict::Refused(Refusal::AlreadyFunded),
            _ => match transition(&self.state, fact) {
                Verdict::Moved(_) if self.agrees_too_late(fact, at) => Verdict::Refused(Refusal::QuoteEnded),
                verdict => verdict,
            },
        }
    }

    /// Nobody agrees to a price that is promised no longer: what is in reserve for it may be somebody else's by now.
    fn agrees_too_late(&self, fact: &Fact, at: DateTime<Utc>) -> bool {
        let has_ended = self.quote.as_ref().is_some_and(|quote| quote.has_ended(at));
        has_ended && matches!(fact, Fact::TermsAgreed { .. })
    }

    fn record(&self, fact: Fact, context: &ApplyContext<'_>, refused: Option<String>) -> FactRecord {
        FactRecord {
            id: FactId::new(context.ids.next()),
            transaction: self.id,
            fact,
            actor: context.actor.clone(),
            at: context.at,
            refused,
        }
    }

    fn moved(&self, state: State, fact: Fact, context: &ApplyContext<'_>) -> Change {
        let mut next = self.clone();
        next.version = self.version.saturating_add(1);
        next.state = state;
        next.learn(&fact);
        if !next.state.can_expire() {
            next.deadline = None;
        }
        let status_changed = next.status() != self.status();
        if status_changed {
            next.updated_at = context.at;
        }
        if matches!(next.status(), Status::Completed | Status::Refunded) {
            next.completed_at = next.completed_at.or(Some(context.at));
        }
        // SEP-24: with success or without
        let is_end_of_flow = matches!(self.state, State::Collecting)
            && matches!(fact, Fact::TermsAgreed { .. } | Fact::Failed { .. });
        let flow_finished = is_end_of_flow.then_some(EventKind::FlowFinished);
        let changed = status_changed.then_some(EventKind::StatusChanged);
        let events = flow_finished
            .into_iter()
            .chain(changed)
            .map(|kind| Event {
                id: EventId::new(context.ids.next()),
                kind,
                transaction: next.clone(),
                at: context.at,
            })
            .collect();
        Change {
            expected_version: self.version,
            effect: effect_of(&fact),
            fact: self.record(fact, context, None),
            events,
            answers: None,
            transaction: next,
        }
    }

    /// Copies into the record what the fact says. The state is already the new one.
    fn learn(&mut self, fact: &Fact) {
        match fact {
            Fact::TermsAgreed { terms } => self.agree(terms),
            Fact::InfoNeeded { need } | Fact::PayoutNeedsInfo { need, .. } => {
                self.message = need.message().map(str::to_owned);
            }
            Fact::InfoGiven { .. } => self.message = None,
            Fact::FundsInTransit { reference } => {
                self.external_transaction_id = reference.clone().or(self.external_transaction_id.take());
            }
            Fact::FundsReceived { receipt, settlement } | Fact::PaymentSeen { receipt, settlement } => {
                self.receive(receipt, settlement);
            }
            Fact::AttemptApplied { hash, effect: Effect::Delivered { claimable_balance }, .. }
            | Fact::CustodyApplied { hash, effect: Effect::Delivered { claimable_balance }, .. } => {
                if matches!(self.state, State::Refunded { .. }) {
                    self.returned(hash.to_string(), RefundVia::Ledger);
                    self.claimable_balance_id.clone_from(claimable_balance);
                } else {
                    self.stellar_transaction_id = Some(*hash);
                    self.claimable_balance_id.clone_from(claimable_balance);
                    self.message = None;
                }
            }
            Fact::PayoutInitiated { order, reference }
            | Fact::PayoutReadyForPickup { order, reference }
            | Fact::PayoutDelivered { order, reference } => {
                if let State::Refunded { step: RefundStep::Order(_) } = self.state {
                    self.returned(reference.clone().unwrap_or_else(|| order.to_string()), RefundVia::Rails);
                } else {
                    self.external_transaction_id = reference.clone().or(self.external_transaction_id.take());
                }
            }
            Fact::FundsRejected { reason }
            | Fact::Failed { reason, .. }
            | Fact::RefundDecided { reason, .. }
            | Fact::PayoutRefused { reason, .. } => self.message = Some(reason.clone()),
            Fact::Released => self.message = None,
            Fact::AttemptApplied { effect: Effect::AccountCreated, .. }
            | Fact::CustodyApplied { effect: Effect::AccountCreated, .. }
            | Fact::CustodyIntended { .. }
            | Fact::CustodyRejected { .. }
            | Fact::CustodyDisputed { .. }
            | Fact::TrustMissing
            | Fact::TrustSeen
            | Fact::TrustApproved
            | Fact::AttemptOpened { .. }
            | Fact::AttemptVoided { .. }
            | Fact::PayoutIntended { .. }
            // the operator's reasons stay in the history
            | Fact::Held { .. }
            | Fact::DeadlinePassed => {}
        }
    }

    fn agree(&mut self, terms: &Terms) {
        self.amounts.clone_from(&terms.amounts);
        self.deadline = terms.deadline;
        self.terms = Some(terms.clone());
    }

    fn receive(&mut self, receipt: &Receipt, settlement: &Settlement) {
        match &receipt.ledger {
            Some(ledger) => self.stellar_transaction_id = Some(ledger.hash),
            None => self.external_transaction_id = Some(receipt.reference.clone()),
        }
        self.receipt = Some(receipt.clone());
        match settlement {
            Settlement::Accept(amounts) => self.amounts = Some(amounts.clone()),
            Settlement::Return { reason } => self.message = Some(reason.clone()),
        }
    }

    fn returned(&mut self, id: String, via: RefundVia) {
        if let Some(receipt) = &self.receipt {
            let none = Amount::zero(receipt.amount.amount.scale());
            let amount = receipt.returned().unwrap_or(none);
            self.refunds.push(Refund { id, via, amount, fee: receipt.return_fee.unwrap_or(none) });
        }
    }
}

/// The row that belongs to a fact, beside the transaction itself.
fn effect_of(fact: &Fact) -> ChangeEffect {
    match fact {
        Fact::AttemptOpened { attempt } => ChangeEffect::OpenAttempt(attempt.clone()),
        Fact::AttemptApplied { attempt, ledger, .. } => ChangeEffect::CloseAttempt {
            id: *attempt,
            status: AttemptStatus::Applied,
            ledger: Some(*ledger),
            note: None,
        },
        Fact::AttemptVoided { attempt, ledger, reason, .. } => ChangeEffect::CloseAttempt {
            id: *attempt,
            status: AttemptStatus::Void,
            ledger: *ledger,
            note: Some(reason.clone()),
        },
        Fact::CustodyIntended { order } => ChangeEffect::OpenCustody(order.clone()),
        Fact::CustodyApplied { attempt, hash, movement, .. } => ChangeEffect::CloseCustody {
            id: *attempt,
            status: CustodyStatus::Applied,
            carried: Some((*hash, movement.clone())),
            note: None,
        },
        Fact::CustodyRejected { attempt, reason } => ChangeEffect::CloseCustody {
            id: *attempt,
            status: CustodyStatus::Rejected,
            carried: None,
            note: Some(reason.clone()),
        },
        Fact::PayoutIntended { order } => ChangeEffect::OpenOrder(order.clone()),
        Fact::PayoutInitiated { order, reference } | Fact::PayoutReadyForPickup { order, reference } => {
            ChangeEffect::UpdateOrder { id: *order, status: OrderStatus::Open, reference: reference.clone() }
        }
        Fact::PayoutDelivered { order, reference } => ChangeEffect::UpdateOrder {
            id: *order,
            status: OrderStatus::Delivered,
            reference: reference.clone(),
        },
        Fact::PayoutRefused { order, .. } | Fact::PayoutNeedsInfo { order, .. } => {
            ChangeEffect::UpdateOrder { id: *order, status: OrderStatus::Refused, reference: None }
        }
        Fact::TermsAgreed { .. }
        | Fact::InfoNeeded { .. }
        | Fact::InfoGiven { .. }
        | Fact::FundsInTransit { .. }
        | Fact::FundsReceived { .. }
        | Fact::FundsRejected { .. }
        | Fact::PaymentSeen { .. }
        | Fact::TrustMissing
        | Fact::TrustSeen
        | Fact::TrustApproved
        | Fact::CustodyDisputed { .. }
        | Fact::Held { .. }
        | Fact::Released
        | Fact::RefundDecided { .. }
        | Fact::DeadlinePassed
        | Fact::Failed { .. } => ChangeEffect::None,
    }
}
