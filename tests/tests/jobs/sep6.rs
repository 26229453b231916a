//! What was asked for by API, through the same jobs to its end.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::amount::Amount;
use anchor_core::clock::Clock as _;
use anchor_core::integration::{FundsOutcome, PayoutOutcome, StartStep};
use anchor_core::memo::{Memo, MemoText};
use anchor_core::ops::commit;
use anchor_core::ops::info::tell;
use anchor_core::ops::quote::{Wish, create};
use anchor_core::ops::start::{ApiRequest, StartRequest, by_api};
use anchor_core::quote::Quote;
use anchor_core::store::Callbacks;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    Actor, Fact, InfoField, InfoKind, InfoNeed, Kind, Protocol, State, Status, Transaction,
};

use crate::sep24::only_payment;
use crate::world::{End, World};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn request(kind: Kind, amount: &str) -> ApiRequest {
    let account = (kind == Kind::Deposit).then(|| samples::user().account().to_string());
    let request =
        StartRequest { asset_code: some("USDC"), amount: some(amount), account, ..Default::default() };
    ApiRequest { request, funding_method: some("SEPA"), ..Default::default() }
}

async fn asked(world: &World, kind: Kind, request: &ApiRequest) -> Transaction {
    let subject = Account::from(samples::user().account()).into();
    by_api(&world.anchor, kind, subject, None, request).await.unwrap()
}

fn memo(transaction: &Transaction) -> Memo {
    transaction.receiving().unwrap().memo.clone()
}

fn branch() -> InfoNeed {
    let fields = vec![InfoField::new("branch", "Which branch")];
    InfoNeed::Transaction { fields, message: some("where?") }
}

async fn answered(world: &World, transaction: &Transaction) -> Transaction {
    let told = [("branch".to_owned(), "12".to_owned())].into();
    tell(&world.anchor, &world.fetch(transaction.id).await, &told).await.unwrap()
}

#[tokio::test]
async fn r_06_016_deposit_and_withdrawal_go_the_way_of_all_others() {
    let world = World::by_api().await;
    let deposit = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    assert_eq!((deposit.protocol, &deposit.state), (Protocol::Sep6, &State::AwaitingFunds));
    world.credit(deposit.id, "100");
    world.settle().await;
    let paid = world.fetch(deposit.id).await;
    assert_eq!((paid.status(), world.user_holds().as_str()), (Status::Completed, "99.75"));
    assert!(paid.stellar_transaction_id.is_some() && paid.completed_at.is_some());

    let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
    world.pay("50", memo(&withdrawal));
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::Completed);
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!(transfer.amount, samples::usd("49.75"));
}

/// 543 reals for 100 tokens, or 101 tokens for reals.
async fn quoted(world: &World, kind: Kind) -> (Quote, ApiRequest) {
    let (reals, token) = (samples::money("BRL").to_string(), format!("stellar:{}", samples::token()));
    let (sell, buy, amount, sell_by, buy_by) = match kind {
        Kind::Deposit => (reals, token, "543", Some("PIX"), None),
        Kind::Withdrawal => (token, reals, "101", None, Some("PIX")),
    };
    let wish = Wish {
        sell_asset: Some(sell),
        buy_asset: Some(buy),
        sell_amount: some(amount),
        sell_delivery_method: sell_by.map(str::to_owned),
        buy_delivery_method: buy_by.map(str::to_owned),
        context: some("sep6"),
        ..Wish::default()
    };
    let quote = create(&world.anchor, Account::from(samples::user().account()).into(), &wish).await.unwrap();
    let mut asked = request(kind, amount);
    asked.request.exchange = true;
    asked.request.off_chain_asset = some("iso4217:BRL");
    asked.request.quote_id = Some(quote.id.to_string());
    asked.funding_method = some("PIX");
    (quote, asked)
}

#[tokio::test]
async fn r_06_029_r_06_030_exchanges_keep_the_quoted_rate_for_money_that_came_in_time() {
    let world = World::by_api().await;
    let (quote, request) = quoted(&world, Kind::Deposit).await;
    let deposit = asked(&world, Kind::Deposit, &request).await;
    let amount: Amount = "543".parse().unwrap();
    let at = world.clock.now();
    let reference = format!("credit-{}", deposit.id);
    world.rails.report(deposit.id, FundsOutcome::ReceivedAt { amount, reference, from: None, at });
    world.settle().await;
    let paid = world.fetch(deposit.id).await;
    assert_eq!((paid.status(), world.user_holds().as_str()), (Status::Completed, "100"));
    assert_eq!(paid.amounts.unwrap().amount_out, quote.buy());

    let (quote, request) = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = asked(&world, Kind::Withdrawal, &request).await;
    world.pay("101", memo(&withdrawal));
    world.work().await;
    world.settle().await;
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!((transfer.amount.clone(), world.state(withdrawal.id).await), (quote.buy(), "paid_out"));
}

#[tokio::test]
async fn r_06_031_money_after_the_end_of_a_quote_goes_back_and_the_transaction_says_so() {
    let world = World::by_api().await;
    let (quote, request) = quoted(&world, Kind::Withdrawal).await;
    let withdrawal = asked(&world, Kind::Withdrawal, &request).await;
    let time = (quote.expires_at - world.clock.now()).to_std().unwrap();
    world.clock.advance(time);
    world.ledger.close_at(u64::try_from(quote.expires_at.timestamp()).unwrap());
    world.pay("101", memo(&withdrawal));
    world.settle().await;
    let back = world.fetch(withdrawal.id).await;
    assert_eq!((back.status(), world.user_holds().as_str()), (Status::Refunded, "101"));
    assert!(back.message.is_some_and(|message| message.contains("sent back")));
}

/// The wallet has its answer, and the business its time.
#[tokio::test]
async fn r_06_058_what_is_decided_later_is_decided_by_a_job() {
    let world = World::by_api().await;
    world.terms.say(StartStep::Later);
    let deposit = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
    for _ in 0..3 {
        world.settle().await;
        assert_eq!(
            (world.state(deposit.id).await, world.state(withdrawal.id).await),
            ("deciding", "deciding")
        );
    }
    world.terms.fail();
    world.settle().await;
    assert_eq!(world.state(deposit.id).await, "deciding");
    world.terms.agree();
    world.settle().await;
    let agreed = world.fetch(deposit.id).await;
    assert_eq!(agreed.status(), Status::PendingUserTransferStart);
    assert_eq!(agreed.terms.unwrap().instructions[0].field.as_deref(), Some("bank_account_number"));
    world.credit(deposit.id, "100");
    world.pay("50", memo(&world.fetch(withdrawal.id).await));
    world.settle().await;
    assert_eq!((world.state(deposit.id).await, world.state(withdrawal.id).await), ("paid", "paid_out"));
}

#[tokio::test]
async fn refusal_that_comes_later_ends_it_and_so_does_time() {
    let world = World::by_api().await;
    world.terms.say(StartStep::Later);
    let refused = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    let forgotten = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    world.clock.advance(Duration::from_secs(6 * 24 * 3600));
    world.settle().await;
    assert_eq!(world.state(forgotten.id).await, "deciding");
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.terms.say(StartStep::Refused { reason: "not for you".to_owned() });
    let newer = asked_undecided(&world).await;
    world.settle().await;
    for id in [refused.id, forgotten.id, newer] {
        let ended = world.fetch(id).await.status();
        assert!(matches!(ended, Status::Error | Status::Expired), "{ended}");
    }
    let ended = world.fetch(newer).await;
    assert_eq!((ended.status(), ended.message.as_deref()), (Status::Error, Some("not for you")));
}

/// The business says nothing at first.
async fn asked_undecided(world: &World) -> anchor_core::id::TransactionId {
    let before = StartStep::Refused { reason: "not for you".to_owned() };
    world.terms.fail();
    let id = asked(world, Kind::Deposit, &request(Kind::Deposit, "100")).await.id;
    world.terms.say(before);
    id
}

#[tokio::test]
async fn r_06_192_customer_who_has_told_what_was_missing_goes_on_by_itself() {
    let world = World::by_api().await;
    world.terms.say(StartStep::NeedsCustomerInfo { message: some("who?") });
    let deposit = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    for _ in 0..3 {
        world.settle().await;
        assert_eq!(world.fetch(deposit.id).await.status(), Status::PendingCustomerInfoUpdate);
    }
    // asked again and again, and told once
    let changes = world.events.all().into_iter().filter(|event| event.transaction.id == deposit.id).count();
    assert_eq!(changes, 1);
    world.terms.agree();
    world.settle().await;
    assert_eq!(world.fetch(deposit.id).await.status(), Status::PendingUserTransferStart);
    world.credit(deposit.id, "100");
    world.settle().await;
    assert_eq!(world.state(deposit.id).await, "paid");
}

#[tokio::test]
async fn r_06_194_wallet_tells_what_is_missing_before_and_after_the_money() {
    let world = World::by_api().await;
    let InfoNeed::Transaction { fields, message } = branch() else { unreachable!() };
    world.terms.say(StartStep::NeedsTransactionInfo { fields, message });
    let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::PendingTransactionInfoUpdate);
    world.terms.agree();
    answered(&world, &withdrawal).await;
    world.settle().await;
    let agreed = world.fetch(withdrawal.id).await;
    assert_eq!(agreed.status(), Status::PendingUserTransferStart);

    // the bank does not know this account: the money waits, and the same money goes out under another order
    world.rails.decide(PayoutOutcome::NeedsInfo { need: branch() });
    world.pay("50", memo(&agreed));
    world.settle().await;
    let waits = world.fetch(withdrawal.id).await;
    assert_eq!(waits.status(), Status::PendingTransactionInfoUpdate);
    assert!(waits.state.holds_funds() && waits.deadline.is_none());
    assert_eq!(world.transfers(withdrawal.id), []);
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await, waits, "nothing happens until it is told");
    let delivered = PayoutOutcome::Delivered { reference: some("T1") };
    world.rails.decide(delivered);
    let told = answered(&world, &withdrawal).await;
    assert_eq!(told.status(), Status::PendingAnchor);
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::Completed);
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!(transfer.amount, samples::usd("49.75"));
}

#[tokio::test]
async fn r_06_193_operator_may_send_back_or_give_up_what_waits_for_an_answer() {
    let world = World::by_api().await;
    let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
    world.rails.decide(PayoutOutcome::NeedsInfo { need: InfoNeed::Customer { message: None } });
    world.pay("50", memo(&withdrawal));
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::PendingCustomerInfoUpdate);
    // no deadline ends what holds money
    world.clock.advance(Duration::from_secs(30 * 24 * 3600));
    world.settle().await;
    assert_eq!(world.fetch(withdrawal.id).await.status(), Status::PendingCustomerInfoUpdate);
    let via = anchor_core::transaction::RefundVia::Ledger;
    let back = Fact::RefundDecided { via, reason: "nobody answers".to_owned() };
    world.tell(withdrawal.id, back, Actor::Operator("ana".to_owned())).await;
    world.settle().await;
    assert_eq!(
        (world.fetch(withdrawal.id).await.status(), world.user_holds().as_str()),
        (Status::Refunded, "50")
    );

    world.terms.say(StartStep::NeedsCustomerInfo { message: None });
    let deposit = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    let code = anchor_core::transaction::FailureCode::Error;
    let gone = Fact::Failed { code, reason: "nobody answers".to_owned() };
    world.tell(deposit.id, gone, Actor::Operator("ana".to_owned())).await;
    assert_eq!(world.fetch(deposit.id).await.status(), Status::Error);
    // an answer that comes after the end changes nothing
    let late = Fact::InfoGiven { kind: InfoKind::Customer };
    commit(&world.anchor, &world.fetch(deposit.id).await, late, Actor::User, false).await.unwrap();
    assert_eq!(world.fetch(deposit.id).await.status(), Status::Error);
}

#[tokio::test]
async fn r_06_191_r_06_185_r_06_186_r_06_187_r_06_188_r_06_189_r_06_190_refund_goes_to_the_payer_with_the_refund_memo()
 {
    let world = World::by_api().await;
    let mut asked_for = request(Kind::Withdrawal, "100");
    asked_for.request.memo = some("back to Ada");
    asked_for.request.memo_type = some("text");
    let withdrawal = asked(&world, Kind::Withdrawal, &asked_for).await;
    world.pay("0.3", memo(&withdrawal));
    world.settle().await;
    let back = world.fetch(withdrawal.id).await;
    assert_eq!((back.status(), world.user_holds().as_str()), (Status::Refunded, "0.3"));
    let [refund] = &back.refunds[..] else { panic!("{:?}", back.refunds) };
    assert_eq!((refund.amount.to_string(), refund.fee.is_zero()), ("0.3".to_owned(), true));
    let Memo::Text(text) = Memo::Text(MemoText::new("back to Ada").unwrap()) else { unreachable!() };
    let memo = stellar_xdr::Memo::Text(text.as_bytes().to_vec().try_into().unwrap());
    assert_eq!(only_payment(&world), (memo, samples::user().account().to_string()));
    world.settle().await;
    assert_eq!(world.user_holds(), "0.3", "once");
}

#[tokio::test]
async fn r_06_210_r_06_099_other_amounts_are_computed_anew_and_other_memos_are_nobodys() {
    let world = World::by_api().await;
    let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
    world.pay("50", Memo::None);
    world.pay("50", Memo::Id(1));
    world.settle().await;
    assert_eq!(world.state(withdrawal.id).await, "awaiting_payment");
    assert_eq!(world.anchor.store().suspense_list(None).await.unwrap().len(), 2);
    world.pay("45", memo(&withdrawal));
    world.settle().await;
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!(transfer.amount, samples::usd("44.75"));
}

/// The user sends what they like; the fee is computed from what arrives.
#[tokio::test]
async fn amount_that_was_left_open_is_what_arrives() {
    let world = World::by_api().await;
    let mut open = request(Kind::Deposit, "1");
    open.request.amount = None;
    let deposit = asked(&world, Kind::Deposit, &open).await;
    let mut open = request(Kind::Withdrawal, "1");
    open.request.amount = None;
    let withdrawal = asked(&world, Kind::Withdrawal, &open).await;
    let little = asked(&world, Kind::Withdrawal, &open).await;
    world.credit(deposit.id, "40");
    world.pay("10", memo(&withdrawal));
    world.pay("0.1", memo(&little));
    world.settle().await;
    assert_eq!(world.fetch(deposit.id).await.amounts.unwrap().amount_out.amount.to_string(), "39.75");
    let [transfer] = &world.transfers(withdrawal.id)[..] else { panic!() };
    assert_eq!(transfer.amount, samples::usd("9.75"));
    assert_eq!(world.fetch(little.id).await.status(), Status::Refunded);
    assert_eq!(world.user_holds(), "39.85");
}

#[tokio::test]
async fn r_06_070_r_06_071_r_06_078_r_06_079_r_06_080_r_06_082_r_06_083_r_06_178_claimable_balances_are_for_those_who_said_so()
 {
    let world = World::by_api().await;
    let user = samples::user().account();
    world.ledger.edit(user, |account| account.trust_lines.clear());
    let waits = asked(&world, Kind::Deposit, &request(Kind::Deposit, "100")).await;
    world.credit(waits.id, "100");
    let mut claims = request(Kind::Deposit, "100");
    claims.request.claimable_balances = true;
    let set_aside = asked(&world, Kind::Deposit, &claims).await;
    world.credit(set_aside.id, "100");
    world.settle().await;
    assert_eq!(world.fetch(waits.id).await.status(), Status::PendingTrust);
    let done = world.fetch(set_aside.id).await;
    assert_eq!(done.status(), Status::Completed);
    let balance = done.claimable_balance_id.unwrap();
    assert!(balance.starts_with("00000000") && balance.len() == 72, "{balance}");
    world.ledger.trust(user, &samples::token(), crate::world::lumens(0));
    world.settle().await;
    assert_eq!(world.fetch(waits.id).await.status(), Status::Completed);
}

#[tokio::test]
async fn r_06_200_r_06_208_wallet_hears_of_every_change_of_status() {
    let world = World::by_api().await;
    world.terms.say(StartStep::Later);
    let mut asked_for = request(Kind::Deposit, "100");
    let on_change = some("https://wallet.example/news");
    asked_for.callbacks = Callbacks { finished: None, on_change };
    let deposit = asked(&world, Kind::Deposit, &asked_for).await;
    world.terms.agree();
    world.settle().await;
    world.credit(deposit.id, "100");
    world.settle().await;
    assert_eq!(world.state(deposit.id).await, "paid");
    let mut told = Vec::new();
    for request in world.callbacks.taken() {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["transaction"]["id"], deposit.id.to_string());
        told.push(body["transaction"]["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(told, ["pending_user_transfer_start", "pending_anchor", "pending_stellar", "completed"]);
}

/// A process that dies at any moment of the way leaves nothing undone and does nothing twice.
#[tokio::test]
async fn request_survives_death_at_every_moment() {
    for moment in 0.. {
        let world = World::by_api().await;
        world.terms.say(StartStep::Later);
        let withdrawal = asked(&world, Kind::Withdrawal, &request(Kind::Withdrawal, "50")).await;
        let InfoNeed::Transaction { fields, message } = branch() else { unreachable!() };
        world.terms.say(StartStep::NeedsTransactionInfo { fields, message });
        let end = End { transaction: withdrawal.id, state: "awaiting_info" };
        let mut died = world.settle_through_death(&end, moment, true).await;
        assert_eq!(world.state(withdrawal.id).await, "awaiting_info", "{moment}");
        world.terms.agree();
        answered(&world, &withdrawal).await;
        let end = End { transaction: withdrawal.id, state: "awaiting_payment" };
        died |= world.settle_through_death(&end, moment, true).await;
        world.pay("50", memo(&world.fetch(withdrawal.id).await));
        world.settle().await;
        assert_eq!((world.state(withdrawal.id).await, world.transfers(withdrawal.id).len()), ("paid_out", 1));
        if !died {
            assert!(moment > 2, "nothing was killed");
            break;
        }
    }
}
