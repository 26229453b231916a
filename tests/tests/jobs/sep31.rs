//! What SEP-31 asks of the journeys: payments of other anchors are matched by their memo, paid out once, or go back.

use std::time::Duration;

use anchor_core::account::Account;
use anchor_core::clock::Clock as _;
use anchor_core::integration::{PayoutOutcome, ReceiveOutcome};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::ops::info::tell;
use anchor_core::ops::quote::{Wish, create};
use anchor_core::ops::receive::{ReceiveRequest, receive};
use anchor_core::quote::Quote;
use anchor_core::store::{Callbacks, SuspenseReason};
use anchor_core::testing::fakes::{CallbackAnswer, samples};
use anchor_core::transaction::{InfoField, InfoNeed, State, Status, Transaction};
use chrono::{DateTime, Utc};

use crate::sep24::only_payment;
use crate::world::{End, World, lumens};

fn subject() -> anchor_core::account::Subject {
    Account::from(samples::user().account()).into()
}

fn request() -> ReceiveRequest {
    ReceiveRequest {
        asset_code: Some("USDC".to_owned()),
        amount: Some("100".to_owned()),
        funding_method: Some("SEPA".to_owned()),
        ..ReceiveRequest::default()
    }
}

async fn announced(world: &World, request: &ReceiveRequest) -> Transaction {
    receive(&world.anchor, subject(), None, request).await.unwrap()
}

fn memo(transaction: &Transaction) -> Memo {
    transaction.receiving().unwrap().memo.clone()
}

/// What 101 tokens are worth in reals.
async fn quoted(world: &World) -> (Quote, ReceiveRequest) {
    let wish = Wish {
        sell_asset: Some(format!("stellar:{}", samples::token())),
        buy_asset: Some(samples::money("BRL").to_string()),
        sell_amount: Some("101".to_owned()),
        buy_delivery_method: Some("PIX".to_owned()),
        context: Some("sep31".to_owned()),
        ..Wish::default()
    };
    let quote = create(&world.anchor, subject(), &wish).await.unwrap();
    let (quote_id, amount) = (Some(quote.id.to_string()), Some("101".to_owned()));
    (quote, ReceiveRequest { quote_id, amount, funding_method: None, ..request() })
}

fn pass(world: &World, until: DateTime<Utc>) {
    let time = (until - world.clock.now()).to_std().unwrap();
    world.clock.advance(time);
    world.ledger.close_at(u64::try_from(until.timestamp()).unwrap());
}

#[tokio::test]
async fn r_31_012_r_31_014_r_31_018_r_31_079_r_31_080_payment_is_matched_by_its_memo_and_paid_out_after_fees()
{
    let world = World::receiving().await;
    let transaction = announced(&world, &request()).await;
    assert_eq!(
        (transaction.status(), transaction.state.clone()),
        (Status::PendingSender, State::AwaitingPayment)
    );
    // from an account that nobody has heard of
    let other = SigningKey::from_seed([77; 32]).account();
    let to: Account = samples::distribution().account().into();
    world.ledger.arrives(other.into(), to, samples::token(), "100".parse().unwrap(), memo(&transaction));
    world.work().await;
    world.settle().await;
    let [transfer] = &world.transfers(transaction.id)[..] else { panic!() };
    assert_eq!(transfer.amount, samples::usd("97"), "less two and one per cent");
    let completed = world.fetch(transaction.id).await;
    assert_eq!(completed.status(), Status::Completed);
    assert!(completed.completed_at.is_some() && completed.stellar_transaction_id.is_some());
}

#[tokio::test]
async fn r_31_013_only_the_asset_with_its_issuer_under_the_memo_with_its_type_is_credited() {
    let world = World::receiving().await;
    let transaction = announced(&world, &request()).await;
    let Memo::Id(number) = memo(&transaction) else { panic!() };
    let fake = format!("USDC:{}", SigningKey::from_seed([78; 32]).account()).parse().unwrap();
    world.pay_asset("100", fake, memo(&transaction));
    world.pay("100", Memo::parse("text", &number.to_string()).unwrap());
    world.pay("100", Memo::None);
    world.settle().await;
    assert_eq!(world.state(transaction.id).await, "awaiting_payment");
    let suspense = world.anchor.store().suspense_list(None).await.unwrap();
    let reasons: Vec<_> = suspense.iter().filter_map(|payment| payment.suspense).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons.contains(&SuspenseReason::WrongAsset) && reasons.contains(&SuspenseReason::Unmatched));
    // a second one under the same memo is nobody's either
    world.pay("100", memo(&transaction));
    world.pay("100", memo(&transaction));
    world.settle().await;
    assert_eq!(world.transfers(transaction.id).len(), 1);
    let duplicates = world.anchor.store().suspense_list(Some(SuspenseReason::Duplicate)).await.unwrap();
    assert_eq!(duplicates.len(), 1);
}

#[tokio::test]
async fn r_31_080_payout_that_takes_its_time_is_external_until_it_is_there() {
    let world = World::receiving().await;
    world.rails.decide(PayoutOutcome::Initiated { reference: Some("T-1".to_owned()) });
    let transaction = announced(&world, &request()).await;
    world.pay("100", memo(&transaction));
    world.settle().await;
    let external = world.fetch(transaction.id).await;
    assert_eq!(external.status(), Status::PendingExternal);
    assert_eq!(external.external_transaction_id.as_deref(), Some("T-1"));
    // waiting in a shop is no delivery
    world.rails.decide(PayoutOutcome::ReadyForPickup { reference: None });
    world.settle().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::PendingExternal);
    world.rails.decide(PayoutOutcome::Delivered { reference: None });
    world.settle().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
}

#[tokio::test]
async fn r_31_015_r_31_042_another_amount_counts_within_the_limits_with_its_own_fee() {
    let world = World::receiving().await;
    world.ledger.fund(samples::user().account(), lumens(10));
    for (paid, delivered) in [("200", Some("196")), ("50.5", Some("47.99")), ("0.5", None), ("10000.5", None)]
    {
        let transaction = announced(&world, &request()).await;
        world.pay(paid, memo(&transaction));
        world.work().await;
        world.settle().await;
        let transfers = world.transfers(transaction.id);
        let after = world.fetch(transaction.id).await;
        match delivered {
            Some(delivered) => {
                assert_eq!(transfers[0].amount, samples::usd(delivered), "{paid}");
                assert_eq!(after.status(), Status::Completed);
            }
            None => assert_eq!((transfers.len(), after.status()), (0, Status::Refunded), "{paid}"),
        }
    }
}

#[tokio::test]
async fn r_31_074_quoted_payment_delivers_what_was_quoted() {
    let world = World::receiving().await;
    let (quote, request) = quoted(&world).await;
    let transaction = announced(&world, &request).await;
    assert_eq!(transaction.off_chain_asset, samples::money("BRL"));
    world.pay("101", memo(&transaction));
    world.settle().await;
    let [transfer] = &world.transfers(transaction.id)[..] else { panic!() };
    assert_eq!(transfer.amount, quote.buy());
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
}

#[tokio::test]
async fn r_31_017_payment_counts_if_its_ledger_closed_before_the_end_of_the_quote() {
    let world = World::receiving().await;
    let (quote, request) = quoted(&world).await;
    let transaction = announced(&world, &request).await;
    world.work().await;
    world.ledger.close_at(u64::try_from(quote.expires_at.timestamp()).unwrap() - 6);
    let paid = world.pay("101", memo(&transaction));
    assert!(paid.at < quote.expires_at);
    // nobody looks before it is over
    pass(&world, quote.expires_at + chrono::Duration::seconds(1));
    world.worker.activate_once("expire").await.unwrap();
    world.settle().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
}

#[tokio::test]
async fn peer_r_31_017_payment_at_the_end_of_the_quote_goes_back_at_no_other_price() {
    let world = World::receiving().await;
    let (quote, request) = quoted(&world).await;
    let transaction = announced(&world, &request).await;
    pass(&world, quote.expires_at);
    world.pay("101", memo(&transaction));
    world.settle().await;
    let after = world.fetch(transaction.id).await;
    assert_eq!((after.status(), world.user_holds().as_str()), (Status::Refunded, "101"));
    assert!(world.transfers(transaction.id).is_empty());
}

#[tokio::test]
async fn r_31_078_r_31_077_unpaid_ends_with_its_quote_or_its_time() {
    let world = World::receiving().await;
    let plain = announced(&world, &request()).await;
    let (quote, request) = quoted(&world).await;
    let transaction = announced(&world, &request).await;
    assert_eq!(transaction.deadline, Some(quote.expires_at));
    world.work().await;
    // until everything that the ledger closed before is read
    pass(&world, quote.expires_at + chrono::Duration::seconds(40));
    world.work().await;
    world.work().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Expired);
    assert_eq!(world.fetch(plain.id).await.status(), Status::PendingSender);
    world.clock.advance(Duration::from_secs(25 * 3600));
    world.work().await;
    world.work().await;
    assert_eq!(world.fetch(plain.id).await.status(), Status::Expired);
    // and money that comes later goes back all the same
    world.pay("100", memo(&plain));
    world.settle().await;
    assert_eq!(world.fetch(plain.id).await.status(), Status::Refunded);
}

#[tokio::test]
async fn r_31_040_r_31_073_r_31_075_refund_goes_to_the_payer_with_the_memo_that_was_asked_for() {
    let refused = || PayoutOutcome::Refused { reason: "no such account".to_owned(), refund: true };
    let wanted = ReceiveRequest {
        refund_memo: Some("back to Ann".to_owned()),
        refund_memo_type: Some("text".to_owned()),
        ..request()
    };
    for request in [wanted, request()] {
        let world = World::receiving().await;
        world.rails.decide(refused());
        let transaction = announced(&world, &request).await;
        world.pay("100", memo(&transaction));
        world.settle().await;
        let after = world.fetch(transaction.id).await;
        assert_eq!((after.status(), world.user_holds().as_str()), (Status::Refunded, "100"));
        let [refund] = &after.refunds[..] else { panic!("{after:?}") };
        assert_eq!(refund.amount, "100".parse().unwrap());
        assert!(refund.fee.is_zero() && after.message.is_none_or(|message| !message.is_empty()));
        let (sent, destination) = only_payment(&world);
        assert_eq!(destination, samples::user().account().to_string());
        match request.refund_memo {
            Some(text) => assert_eq!(sent, stellar_xdr::Memo::Text(text.as_str().try_into().unwrap())),
            // the memo of the payment itself
            None => {
                let Memo::Id(number) = memo(&transaction) else { panic!() };
                assert_eq!(sent, stellar_xdr::Memo::Id(number));
            }
        }
    }
}

#[tokio::test]
async fn r_31_045_r_31_083_r_31_084_undecided_payment_is_decided_later_and_then_told_where_to_go() {
    let world = World::receiving().await;
    world.receiver.answer(Ok(ReceiveOutcome::Later));
    let transaction = announced(&world, &request()).await;
    assert_eq!((transaction.status(), transaction.receiving()), (Status::PendingReceiver, None));
    world.receiver.answer(Ok(ReceiveOutcome::Later));
    world.receiver.answer(Err("nobody is there"));
    for _ in 0..2 {
        world.work().await;
        world.clock.advance(Duration::from_secs(600));
        assert_eq!(world.fetch(transaction.id).await.status(), Status::PendingReceiver);
    }
    world.work().await;
    let agreed = world.fetch(transaction.id).await;
    assert_eq!(agreed.status(), Status::PendingSender);
    assert!(agreed.receiving().is_some());
    assert_eq!(agreed.terms.unwrap().amounts, transaction.amounts);
    world.pay("100", memo(&world.fetch(transaction.id).await));
    world.settle().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
    // or it is not taken after all
    world.receiver.answer(Ok(ReceiveOutcome::Later));
    let other = announced(&world, &request()).await;
    world.receiver.answer(Ok(ReceiveOutcome::Refused { reason: "not to Atlantis".to_owned() }));
    world.work().await;
    let refused = world.fetch(other.id).await;
    assert_eq!((refused.status(), refused.message.as_deref()), (Status::Error, Some("not to Atlantis")));
}

#[tokio::test]
async fn r_31_081_r_31_082_payout_that_needs_to_know_more_waits_for_it_and_is_tried_again() {
    let world = World::receiving().await;
    let fields = vec![InfoField::new("receiver_account_number", "Another account")];
    let need = InfoNeed::Transaction { fields, message: Some("the account is closed".to_owned()) };
    world.rails.decide(PayoutOutcome::NeedsInfo { need });
    let transaction = announced(&world, &request()).await;
    world.pay("100", memo(&transaction));
    world.settle().await;
    let waiting = world.fetch(transaction.id).await;
    assert_eq!(waiting.status(), Status::PendingTransactionInfoUpdate);

    let told = [("receiver_account_number".to_owned(), "123".to_owned())].into();
    let next = tell(&world.anchor, &waiting, &told).await.unwrap();
    assert_eq!(next.status(), Status::PendingReceiver);
    world.rails.decide(PayoutOutcome::Delivered { reference: None });
    world.settle().await;
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
    // or about a customer; without an answer it stays where it is, with the money
    let need = InfoNeed::Customer { message: None };
    world.rails.decide(PayoutOutcome::NeedsInfo { need });
    let transaction = announced(&world, &request()).await;
    world.pay("100", memo(&transaction));
    world.settle().await;
    let waiting = world.fetch(transaction.id).await;
    assert_eq!(waiting.status(), Status::PendingCustomerInfoUpdate);
    assert!(waiting.state.holds_funds());
}

#[tokio::test]
async fn r_31_092_r_31_093_every_change_is_told_signed_with_the_document_and_the_beginning_is_not() {
    let world = World::receiving().await;
    let transaction = announced(&world, &request()).await;
    let on_change = |address: &str| Callbacks { finished: None, on_change: Some(address.to_owned()) };
    let store = world.anchor.store();
    store.callbacks_put(transaction.id, &on_change("https://old.example/cb")).await.unwrap();
    store.callbacks_put(transaction.id, &on_change("https://sender.example:8443/cb?x=1")).await.unwrap();
    world.work().await;
    assert!(world.callbacks.taken().is_empty(), "how it began is in the answer");
    world.clock.advance(Duration::from_secs(5));
    world.pay("100", memo(&transaction));
    world.settle().await;
    let taken = world.callbacks.taken();
    let statuses: Vec<String> = taken
        .iter()
        .map(|request| serde_json::from_slice::<serde_json::Value>(&request.body).unwrap())
        .map(|body| body["transaction"]["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["pending_receiver", "completed"]);
    for request in &taken {
        assert_eq!(request.url.as_str(), "https://sender.example:8443/cb?x=1", "the last address counts");
        let (time, signature) = request.signature.split_once(", s=").unwrap();
        let time = time.strip_prefix("t=").unwrap();
        let mut signed = format!("{time}.sender.example:8443.").into_bytes();
        signed.extend_from_slice(&request.body);
        let signature = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, signature).unwrap();
        let key = world.anchor.config().signing_key.account();
        assert!(anchor_core::keys::verify(&key, &signed, &signature));
    }
}

#[tokio::test]
async fn r_31_095_news_that_was_not_taken_is_told_again_and_a_refusal_is_taken_for_an_answer() {
    let world = World::receiving().await;
    let transaction = announced(&world, &request()).await;
    let on_change = Some("https://sender.example/cb".to_owned());
    let callbacks = Callbacks { finished: None, on_change };
    world.anchor.store().callbacks_put(transaction.id, &callbacks).await.unwrap();
    world.work().await;
    for answer in [CallbackAnswer::Unreachable, CallbackAnswer::Status(503), CallbackAnswer::Status(400)] {
        world.callbacks.answer(answer);
    }
    world.clock.advance(Duration::from_secs(5));
    world.pay("100", memo(&transaction));
    for _ in 0..6 {
        world.settle().await;
    }
    // the first news three times, the second once
    assert_eq!(world.callbacks.tries(), 4);
    assert_eq!(world.fetch(transaction.id).await.status(), Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_r_31_079_payment_survives_death_at_every_moment() {
    for moment in 0.. {
        let world = World::receiving().await;
        let transaction = announced(&world, &request()).await;
        world.pay("100", memo(&transaction));
        let end = End { transaction: transaction.id, state: "paid_out" };
        let died = world.settle_through_death(&end, moment, true).await;
        assert_eq!(world.state(transaction.id).await, "paid_out", "{moment}");
        assert_eq!(world.transfers(transaction.id).len(), 1, "{moment}");
        if !died {
            assert!(moment > 4, "the road has more moments than {moment}");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_r_31_043_announcement_survives_death_at_every_moment_and_is_made_once() {
    for moment in 0.. {
        let world = World::receiving().await;
        let (_, wanted) = quoted(&world).await;
        let keyed = ReceiveRequest { idempotency_key: Some("8f1a".to_owned()), ..wanted };
        world.switch.arm(moment);
        let first = world.switch.process(receive(&world.anchor, subject(), None, &keyed)).await;
        world.switch.disarm();
        let died = first.is_none();
        let again = announced(&world, &keyed).await;
        if let Some(first) = first {
            assert_eq!(first.unwrap().id, again.id);
        }
        assert_eq!(announced(&world, &keyed).await.id, again.id);
        let count: u64 =
            world.anchor.store().transaction_count().await.unwrap().iter().map(|each| each.count).sum();
        assert_eq!(count, 1, "{moment}");
        world.pay("101", memo(&again));
        world.settle().await;
        assert_eq!(world.fetch(again.id).await.status(), Status::Completed);
        if !died {
            assert!(moment >= 1, "the road has more moments than {moment}");
            break;
        }
    }
}
