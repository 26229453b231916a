//! One of everything, for the tests of this module.

use chrono::{DateTime, Utc};

use super::*;
use crate::account::{Account, AccountId};
use crate::amount::Money;
use crate::asset::AssetId;
use crate::fee::FeeBreakdown;
use crate::id::{AttemptId, IdSource as _, OrderId, SequentialIds};
use crate::memo::Memo;

pub(super) fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn attempt_id() -> AttemptId {
    AttemptId::new(uuid::Uuid::from_u128(1))
}

fn order_id() -> OrderId {
    OrderId::new(uuid::Uuid::from_u128(2))
}

/// Every state, with the attempt and order that the facts speak of.
pub(super) fn states() -> Vec<State> {
    let (attempt, order) = (attempt_id(), order_id());
    let mut states = vec![
        State::Collecting,
        State::Deciding,
        State::AwaitingFunds,
        State::FundsInTransit,
        State::ReadyToPay,
        State::AwaitingTrust,
        State::Paying { attempt },
        State::Paid { attempt },
        State::AwaitingPayment,
        State::ReadyToPayOut,
        State::PayingOut { order },
        State::PayoutInTransit { order },
        State::ReadyForPickup { order },
        State::PaidOut { order },
    ];
    for need in [customer_need(), transaction_need()] {
        for resume in [AfterInfo::Decide, AfterInfo::Pay, AfterInfo::PayOut] {
            states.push(State::AwaitingInfo { need: need.clone(), resume });
        }
    }
    for via in [RefundVia::Ledger, RefundVia::Rails] {
        states.push(State::RefundDue { via });
    }
    for step in [RefundStep::Attempt(attempt), RefundStep::Order(order)] {
        states.push(State::Refunding { step });
        states.push(State::Refunded { step });
    }
    for resume in [
        Resume::Pay,
        Resume::PayOut,
        Resume::Order(order),
        Resume::Refund(RefundVia::Ledger),
        Resume::Refund(RefundVia::Rails),
        Resume::RefundOrder(order),
        Resume::Attempt(attempt),
        Resume::RefundAttempt(attempt),
    ] {
        states.push(State::OnHold { resume });
    }
    states.push(State::Expired);
    for code in [FailureCode::Error, FailureCode::TooSmall, FailureCode::TooLarge, FailureCode::NoMarket] {
        states.push(State::Failed { code });
    }
    states
}

fn customer_need() -> InfoNeed {
    InfoNeed::Customer { message: Some("who are you?".to_owned()) }
}

fn transaction_need() -> InfoNeed {
    let fields = vec![InfoField::new("bank_account_number", "Where the money goes")];
    InfoNeed::Transaction { fields, message: Some("the account is closed".to_owned()) }
}

pub(super) fn labels() -> Vec<&'static str> {
    facts().into_iter().map(|(label, _)| label).collect()
}

/// Every fact in every flavour that the machine distinguishes, with a label for people.
pub(super) fn facts() -> Vec<(&'static str, Fact)> {
    let (attempt, order) = (attempt_id(), order_id());
    let reason = || "because".to_owned();
    let reference = || Some("ref".to_owned());
    let hash = TransactionHash::from_bytes([9; 32]);
    let applied = |effect| Fact::AttemptApplied { attempt, hash, ledger: 7, effect };
    let in_custody =
        |effect| Fact::CustodyApplied { attempt, hash, ledger: 7, movement: "7".to_owned(), effect };
    let voided = |next| Fact::AttemptVoided { attempt, ledger: None, reason: reason(), next };
    let refused = |then| Fact::PayoutRefused { order, reason: reason(), then };
    vec![
        ("terms agreed (deposit)", terms(Kind::Deposit)),
        ("terms agreed (withdrawal)", terms(Kind::Withdrawal)),
        ("customer info needed", Fact::InfoNeeded { need: customer_need() }),
        ("transaction info needed", Fact::InfoNeeded { need: transaction_need() }),
        ("customer info given", Fact::InfoGiven { kind: InfoKind::Customer }),
        ("transaction info given", Fact::InfoGiven { kind: InfoKind::Transaction }),
        ("funds in transit", Fact::FundsInTransit { reference: reference() }),
        ("funds received", received_fact("bank-1")),
        ("funds received, unusable", returned(received_fact("bank-1"))),
        ("funds rejected", Fact::FundsRejected { reason: reason() }),
        ("payment seen", payment_seen("op-1")),
        ("payment seen, unusable", returned(payment_seen("op-1"))),
        ("trust line missing", Fact::TrustMissing),
        ("trust line seen", Fact::TrustSeen),
        ("trust line approved", Fact::TrustApproved),
        ("attempt opened", Fact::AttemptOpened { attempt: sample_attempt() }),
        ("attempt applied", applied(Effect::Delivered { claimable_balance: None })),
        ("attempt created the account", applied(Effect::AccountCreated)),
        ("attempt void, again", voided(AfterVoid::Retry)),
        ("attempt void, no trust line", voided(AfterVoid::AwaitTrust)),
        ("attempt void, hold", voided(AfterVoid::Hold { reason: reason() })),
        ("custody intended", Fact::CustodyIntended { order: sample_custody() }),
        ("custody applied", in_custody(Effect::Delivered { claimable_balance: None })),
        ("custody created the account", in_custody(Effect::AccountCreated)),
        ("custody rejected", Fact::CustodyRejected { attempt, reason: reason() }),
        ("custody disputed", Fact::CustodyDisputed { attempt, reason: reason() }),
        ("payout intended", Fact::PayoutIntended { order: sample_order() }),
        ("payout initiated", Fact::PayoutInitiated { order, reference: reference() }),
        ("payout ready for pickup", Fact::PayoutReadyForPickup { order, reference: reference() }),
        ("payout delivered", Fact::PayoutDelivered { order, reference: reference() }),
        ("payout refused, refund", refused(AfterRefusal::Refund)),
        ("payout refused, hold", refused(AfterRefusal::Hold)),
        ("payout needs customer info", Fact::PayoutNeedsInfo { order, need: customer_need() }),
        ("payout needs transaction info", Fact::PayoutNeedsInfo { order, need: transaction_need() }),
        ("held", Fact::Held { reason: reason() }),
        ("released", Fact::Released),
        ("refund decided (rails)", Fact::RefundDecided { via: RefundVia::Rails, reason: reason() }),
        ("refund decided (ledger)", Fact::RefundDecided { via: RefundVia::Ledger, reason: reason() }),
        ("deadline passed", Fact::DeadlinePassed),
        ("failed", Fact::Failed { code: FailureCode::Error, reason: reason() }),
        ("failed, too small", Fact::Failed { code: FailureCode::TooSmall, reason: reason() }),
        ("failed, too large", Fact::Failed { code: FailureCode::TooLarge, reason: reason() }),
        ("failed, no market", Fact::Failed { code: FailureCode::NoMarket, reason: reason() }),
    ]
}

pub(super) fn fact(label: &str) -> Fact {
    facts().into_iter().find(|(name, _)| *name == label).unwrap().1
}

fn usd() -> AssetId {
    "iso4217:USD".parse().unwrap()
}

fn token() -> StellarAsset {
    format!("TEST:{}", AccountId::from_bytes([3; 32])).parse().unwrap()
}

fn money(amount: &str, asset: AssetId) -> Money {
    Money { amount: amount.parse().unwrap(), asset }
}

pub(super) fn amounts(kind: Kind) -> Amounts {
    let (give, get) = match kind {
        Kind::Deposit => (usd(), token().into()),
        Kind::Withdrawal => (token().into(), usd()),
    };
    Amounts {
        amount_in: money("100", give),
        fee: FeeBreakdown::new("1".parse().unwrap(), Vec::new()).unwrap(),
        fee_asset: None,
        amount_out: money("99", get),
    }
}

pub(super) fn terms(kind: Kind) -> Fact {
    let receiving = match kind {
        Kind::Deposit => None,
        Kind::Withdrawal => Some(Receiving { account: AccountId::from_bytes([4; 32]), memo: Memo::Id(7) }),
    };
    Fact::TermsAgreed {
        terms: Terms {
            kind,
            amounts: Some(amounts(kind)),
            instructions: Vec::new(),
            receiving,
            counterpart: None,
            deadline: Some(at()),
        },
    }
}

pub(super) fn received_fact(reference: &str) -> Fact {
    Fact::FundsReceived {
        receipt: Receipt {
            reference: reference.to_owned(),
            amount: money("100", usd()),
            from: None,
            ledger: None,
            return_fee: None,
        },
        settlement: Settlement::Accept(amounts(Kind::Deposit)),
    }
}

pub(super) fn payment_seen(reference: &str) -> Fact {
    Fact::PaymentSeen {
        receipt: Receipt {
            reference: reference.to_owned(),
            amount: money("100", token().into()),
            from: None,
            ledger: Some(LedgerReceipt {
                hash: TransactionHash::from_bytes([8; 32]),
                from: AccountId::from_bytes([5; 32]).into(),
                memo: Memo::Id(7),
            }),
            return_fee: None,
        },
        settlement: Settlement::Accept(amounts(Kind::Withdrawal)),
    }
}

fn returned(mut fact: Fact) -> Fact {
    if let Fact::FundsReceived { settlement, .. } | Fact::PaymentSeen { settlement, .. } = &mut fact {
        *settlement = Settlement::Return { reason: "too small".to_owned() };
    }
    fact
}

fn sample_attempt() -> Attempt {
    Attempt {
        id: attempt_id(),
        purpose: AttemptPurpose::Payment,
        hash: TransactionHash::from_bytes([9; 32]),
        envelope: "AAAA".into(),
        source: AccountId::from_bytes([4; 32]),
        sequence: 1,
        max_time: 1_800_000_060,
        fee: 100,
        unsigned: None,
        reclaim: None,
    }
}

fn sample_custody() -> CustodyOrder {
    CustodyOrder {
        id: attempt_id(),
        transaction: TransactionId::new(uuid::Uuid::from_u128(3)),
        purpose: AttemptPurpose::Payment,
        source: AccountId::from_bytes([4; 32]),
        destination: AccountId::from_bytes([5; 32]).into(),
        asset: token(),
        amount: "99".parse().unwrap(),
        memo: Memo::None,
        creates_account: false,
        since: 6,
    }
}

fn sample_order() -> Order {
    Order {
        id: order_id(),
        transaction: TransactionId::new(uuid::Uuid::from_u128(3)),
        purpose: OrderPurpose::Payout,
        amount: money("99", usd()),
    }
}

pub(super) fn start(kind: Kind, protocol: Protocol, ids: &SequentialIds) -> Transaction {
    let account = AccountId::from_bytes([6; 32]);
    Transaction::start(NewTransaction {
        id: TransactionId::new(ids.next()),
        kind,
        protocol,
        asset: token(),
        off_chain_asset: usd(),
        subject: Account::from(account).into(),
        client_domain: None,
        request: Request::new(account.into()),
        at: at(),
        deadline: at(),
    })
}

pub(super) fn deposit(ids: &SequentialIds) -> Transaction {
    start(Kind::Deposit, Protocol::Sep24, ids)
}

pub(super) fn withdrawal(ids: &SequentialIds) -> Transaction {
    start(Kind::Withdrawal, Protocol::Sep24, ids)
}

pub(super) fn apply(transaction: &Transaction, fact: Fact, ids: &SequentialIds) -> Applied {
    transaction.apply(fact, &ApplyContext { ids, actor: Actor::Worker, at: at() })
}

pub(super) fn moved(transaction: &Transaction, fact: Fact, ids: &SequentialIds) -> Transaction {
    match apply(transaction, fact, ids) {
        Applied::Changed(change) => change.into_transaction(),
        other => panic!("not moved: {other:?}"),
    }
}
