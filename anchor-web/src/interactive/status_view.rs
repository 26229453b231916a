//! A transaction as its user sees it: where it stands, what to do, what it costs, what happened.

use anchor_core::Anchor;
use anchor_core::amount::Money;
use anchor_core::asset::Asset;
use anchor_core::ops::amounts::{AmountsError, SENT_BACK_LATE};
use anchor_core::transaction::{Amounts, Fact, FactRecord, Kind, Refund, State, Status, Transaction};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::figures;
use super::messages::Messages;
use super::payment_request::payment_request;
use super::qr::Qr;

/// The page of a transaction.
#[derive(Debug, Serialize)]
pub(super) struct StatusView {
    title: String,
    text: String,
    /// `act` (it is the user's turn), `wait`, `done` or `end`.
    tone: &'static str,
    note: Option<String>,
    pay_title: String,
    pay: Vec<Row>,
    /// What a wallet on a phone scans.
    pay_qr: Option<Qr>,
    amounts: Vec<Row>,
    details: Vec<Row>,
    refunds: Vec<Row>,
    timeline: Vec<Entry>,
    /// Changes whenever the page would.
    version: String,
    /// It may still change.
    live: bool,
    /// Only in the flow: the wallet's window waits.
    pub(super) wallet: Option<WalletView>,
}

/// What the script tells the wallet's window.
#[derive(Debug, Serialize)]
pub(super) struct WalletView {
    pub(super) message: Option<String>,
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) callback: bool,
    pub(super) on_change: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    label: String,
    value: String,
    /// What the button copies.
    copy: Option<String>,
    /// Machine-readable, for the script.
    time: Option<String>,
    strong: bool,
    code: bool,
    qr: Option<Qr>,
}

#[derive(Debug, Serialize)]
struct Entry {
    text: String,
    time: String,
    shown: String,
}

struct Headline {
    title: &'static str,
    text: &'static str,
    tone: &'static str,
}

impl StatusView {
    pub(super) fn new(
        anchor: &Anchor,
        transaction: &Transaction,
        facts: &[FactRecord],
        messages: &Messages,
    ) -> Self {
        let late = is_late(transaction, anchor.clock().now());
        let headline = headline(transaction, late);
        let code = figures::code(&transaction.asset.clone().into());
        let asset = anchor.asset(&transaction.asset).map(|asset| transaction.exchanged(asset));
        let words = Words { messages, asset: asset.as_deref() };
        let awaits_user = !late && matches!(transaction.state, State::AwaitingFunds | State::AwaitingPayment);
        let pay = if awaits_user { words.pay(transaction) } else { Vec::new() };
        Self {
            title: messages.fill(headline.title, &[("code", &code)]),
            text: messages.fill(headline.text, &[("code", &code)]),
            tone: headline.tone,
            note: transaction.message.as_deref().map(|message| note(message, messages)),
            pay_title: messages
                .text(match transaction.kind {
                    Kind::Deposit => "section.instructions",
                    Kind::Withdrawal => "section.pay",
                })
                .to_owned(),
            pay_qr: awaits_user
                .then(|| payment_request(transaction, anchor.config().network.passphrase()))
                .flatten()
                .and_then(|request| Qr::of(&request, messages.text("pay.scan").to_owned())),
            pay,
            amounts: transaction.amounts.as_ref().map(|amounts| words.amounts(amounts)).unwrap_or_default(),
            details: words.details(transaction),
            refunds: words.refunds(transaction),
            timeline: timeline(transaction, facts, messages),
            version: format!("{}{}", transaction.version, if late { "-late" } else { "" }),
            live: !(transaction.state.is_final() || (late && !may_be_shown_later(transaction))),
            wallet: None,
        }
    }
}

/// The job that writes `Expired` may be late; nobody should be told to pay meanwhile.
fn is_late(transaction: &Transaction, now: DateTime<Utc>) -> bool {
    transaction.state.can_expire() && transaction.deadline.is_some_and(|deadline| deadline <= now)
}

/// Nobody should pay any more, but a bank may still show what came before the end of the quote.
fn may_be_shown_later(transaction: &Transaction) -> bool {
    transaction.quote.is_some() && transaction.state == State::AwaitingFunds
}

fn headline(transaction: &Transaction, late: bool) -> Headline {
    let deposit = transaction.kind == Kind::Deposit;
    let by_kind = |for_deposit, for_withdrawal| if deposit { for_deposit } else { for_withdrawal };
    let ((title, text), tone) = match transaction.status() {
        _ if late => (("status.expired", "status.expired.text"), "end"),
        Status::Incomplete => (("status.incomplete", "status.incomplete.text"), "act"),
        Status::PendingUserTransferStart => (
            by_kind(
                (
                    "status.pending_user_transfer_start.deposit",
                    "status.pending_user_transfer_start.deposit.text",
                ),
                (
                    "status.pending_user_transfer_start.withdrawal",
                    "status.pending_user_transfer_start.withdrawal.text",
                ),
            ),
            "act",
        ),
        _ if matches!(transaction.state, State::RefundDue { .. } | State::Refunding { .. }) => {
            (("status.returning", "status.returning.text"), "wait")
        }
        Status::PendingExternal => (
            by_kind(
                ("status.pending_external.deposit", "status.pending_external.deposit.text"),
                ("status.pending_external.withdrawal", "status.pending_external.withdrawal.text"),
            ),
            "wait",
        ),
        Status::PendingStellar => (("status.pending_stellar", "status.pending_stellar.text"), "wait"),
        Status::PendingTrust => (("status.pending_trust", "status.pending_trust.text"), "act"),
        Status::PendingUserTransferComplete => {
            (("status.pending_user_transfer_complete", "status.pending_user_transfer_complete.text"), "act")
        }
        Status::PendingCustomerInfoUpdate => {
            (("status.pending_customer_info_update", "status.pending_customer_info_update.text"), "act")
        }
        Status::PendingTransactionInfoUpdate => {
            (("status.pending_transaction_info_update", "status.pending_transaction_info_update.text"), "act")
        }
        Status::OnHold => (("status.on_hold", "status.on_hold.text"), "wait"),
        Status::Completed if transaction.claimable_balance_id.is_some() => {
            (("status.claimable", "status.claimable.text"), "done")
        }
        Status::Completed => (
            by_kind(
                ("status.completed.deposit", "status.completed.deposit.text"),
                ("status.completed.withdrawal", "status.completed.withdrawal.text"),
            ),
            "done",
        ),
        Status::Refunded => (("status.refunded", "status.refunded.text"), "done"),
        Status::Expired => (("status.expired", "status.expired.text"), "end"),
        Status::NoMarket | Status::TooSmall | Status::TooLarge | Status::Error => {
            (("status.failed", "status.failed.text"), "end")
        }
        // a status of a later protocol: the anchor is at work
        _ => (
            by_kind(
                ("status.pending_anchor.deposit", "status.pending_anchor.deposit.text"),
                ("status.pending_anchor.withdrawal", "status.pending_anchor.withdrawal.text"),
            ),
            "wait",
        ),
    };
    Headline { title, text, tone }
}

struct Words<'a> {
    messages: &'a Messages,
    asset: Option<&'a Asset>,
}

impl Words<'_> {
    /// What the user needs to pay, each line to be copied.
    fn pay(&self, transaction: &Transaction) -> Vec<Row> {
        let Some(terms) = &transaction.terms else { return Vec::new() };
        let mut rows = Vec::new();
        if let Some(amount_in) = terms.amounts.as_ref().map(|amounts| &amounts.amount_in) {
            rows.push(self.row("row.amount_in", self.money(amount_in)).copy(self.amount(amount_in)).strong());
        }
        for line in &terms.instructions {
            let mut row = Row::new(&line.label, &line.value).copy(line.value.clone());
            if line.qr {
                row.qr = Qr::of(&line.value, line.label.clone());
            }
            rows.push(row);
        }
        if let Some(receiving) = &terms.receiving {
            let account = receiving.account.to_string();
            let memo = receiving.memo.value().unwrap_or_default();
            rows.push(self.row("row.pay_to", account.clone()).copy(account).code());
            rows.push(self.row("row.memo", memo.clone()).copy(memo).strong());
            rows.push(self.row("row.memo_type", receiving.memo.memo_type().to_owned()));
        }
        if let Some(deadline) = transaction.deadline {
            rows.push(self.time("row.deadline", deadline));
        }
        rows
    }

    fn amounts(&self, amounts: &Amounts) -> Vec<Row> {
        let fee = amounts.fee();
        vec![
            self.row("row.amount_in", self.money(&amounts.amount_in)),
            self.row("row.fee", self.money(&fee)),
            self.row("row.amount_out", self.money(&amounts.amount_out)).strong(),
        ]
    }

    fn details(&self, transaction: &Transaction) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut add = |key, value: Option<String>| {
            rows.extend(value.map(|value| self.row(key, value.clone()).copy(value).code()));
        };
        let (counterpart, destination) = match transaction.kind {
            Kind::Deposit => ("row.counterpart.deposit", Some(transaction.request.account.to_string())),
            Kind::Withdrawal => ("row.counterpart.withdrawal", None),
        };
        add("row.destination", destination);
        add("row.stellar", transaction.stellar_transaction_id.map(|hash| hash.to_string()));
        add("row.external", transaction.external_transaction_id.clone());
        add("row.claimable", transaction.claimable_balance_id.clone());
        add("row.id", Some(transaction.id.to_string()));
        let shown = transaction.terms.as_ref().and_then(|terms| terms.counterpart.clone());
        let shown = shown.map(|shown| self.row(counterpart, shown));
        rows.splice(0..0, shown);
        rows.push(self.time("row.started", transaction.started_at));
        rows.extend(transaction.completed_at.map(|at| self.time("row.completed", at)));
        rows
    }

    fn refunds(&self, transaction: &Transaction) -> Vec<Row> {
        let Some(given) = transaction.amounts.as_ref().map(|amounts| &amounts.amount_in.asset) else {
            return Vec::new();
        };
        let money = |amount| self.money(&Money { amount, asset: given.clone() });
        let rows = |refund: &Refund| {
            let mut rows = vec![self.row("row.refund", money(refund.amount)).strong()];
            if !refund.fee.is_zero() {
                rows.push(self.row("row.refund_fee", money(refund.fee)));
            }
            rows.push(self.row("row.refund_id", refund.id.clone()).copy(refund.id.clone()).code());
            rows
        };
        transaction.refunds.iter().flat_map(rows).collect()
    }

    fn row(&self, key: &str, value: String) -> Row {
        Row::new(self.messages.text(key), &value)
    }

    fn time(&self, key: &str, at: DateTime<Utc>) -> Row {
        let time = Some(anchor_core::clock::format_utc(at));
        Row { time, ..self.row(key, figures::time(at)) }
    }

    fn money(&self, money: &Money) -> String {
        self.asset.map_or_else(|| money.to_string(), |asset| figures::money(asset, money))
    }

    fn amount(&self, money: &Money) -> String {
        self.asset.map_or_else(|| money.amount.to_string(), |asset| figures::amount(asset, money))
    }
}

impl Row {
    fn new(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            copy: None,
            time: None,
            strong: false,
            code: false,
            qr: None,
        }
    }

    fn copy(self, text: String) -> Self {
        Self { copy: Some(text), ..self }
    }

    const fn strong(mut self) -> Self {
        self.strong = true;
        self
    }

    const fn code(mut self) -> Self {
        self.code = true;
        self
    }
}

/// What the anchor itself said is said in the user's language; all else is the business's own text.
fn note(message: &str, messages: &Messages) -> String {
    let key = match message {
        SENT_BACK_LATE => Some("note.late"),
        _ if message == AmountsError::TooSmall.sent_back() => Some("note.too_small"),
        _ if message == AmountsError::TooLarge.sent_back() => Some("note.too_large"),
        _ => None,
    };
    key.map_or(message, |key| messages.text(key)).to_owned()
}

/// What happened, newest first. The operator's reasons and the envelopes in between stay with the operator.
fn timeline(transaction: &Transaction, facts: &[FactRecord], messages: &Messages) -> Vec<Entry> {
    let entry = |text, at: DateTime<Utc>| Entry {
        text: messages.text(text).to_owned(),
        time: anchor_core::clock::format_utc(at),
        shown: figures::time(at),
    };
    let moved = facts.iter().filter(|record| record.refused.is_none());
    let mut entries = vec![entry("fact.started", transaction.started_at)];
    entries.extend(moved.filter_map(|record| Some(entry(fact_key(&record.fact)?, record.at))));
    entries.reverse();
    entries
}

const fn fact_key(fact: &Fact) -> Option<&'static str> {
    Some(match fact {
        Fact::TermsAgreed { .. } => "fact.terms_agreed",
        Fact::FundsInTransit { .. } => "fact.funds_in_transit",
        Fact::FundsReceived { .. } => "fact.funds_received",
        Fact::FundsRejected { .. } => "fact.funds_rejected",
        Fact::PaymentSeen { .. } => "fact.payment_seen",
        Fact::TrustMissing => "fact.trust_missing",
        Fact::TrustSeen | Fact::TrustApproved => "fact.trust_seen",
        Fact::AttemptApplied { .. } => "fact.attempt_applied",
        Fact::PayoutInitiated { .. } => "fact.payout_initiated",
        Fact::PayoutReadyForPickup { .. } => "fact.payout_ready_for_pickup",
        Fact::PayoutDelivered { .. } => "fact.payout_delivered",
        Fact::Held { .. } => "fact.held",
        Fact::Released => "fact.released",
        Fact::RefundDecided { .. } => "fact.refund_decided",
        Fact::DeadlinePassed => "fact.deadline_passed",
        Fact::Failed { .. } => "fact.failed",
        _ => return None,
    })
}
