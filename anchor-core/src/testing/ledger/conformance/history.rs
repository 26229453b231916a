//! What arrived, in order, without gaps and never twice.
#![expect(clippy::expect_used, reason = "the suite fails by panicking")]

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::{Actor, TestNetwork, failure, land, pay, read_on, stroops};
use crate::account::Account;
use crate::asset::StellarAsset;
use crate::memo::{Memo, MemoText};
use crate::stellar::envelope::Payment;
use crate::stellar::{Cursor, LedgerError, Movement, MovementPage};

async fn start(network: &dyn TestNetwork, actor: &Actor<'_>) -> Cursor {
    network.ledger().movements_start(&actor.id()).await.expect("a start")
}

fn amounts(movements: &[Movement]) -> Vec<i64> {
    movements.iter().map(|movement| movement.amount.stroops()).collect()
}

/// It may come into being later.
pub async fn account_without_history_has_an_empty_page(network: &dyn TestNetwork) {
    let nobody = Actor::new(network);
    let after = start(network, &nobody).await;
    let page = network.ledger().movements(&nobody.id(), &after).await.expect("an answer");
    let empty = MovementPage::empty(after);
    assert_eq!(page, empty);
}

/// Nothing from before, everything from after.
pub async fn history_starts_now(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 10).await;
    let after = start(network, &user).await;
    assert_eq!(read_on(network, &user.id(), &after).await.0, []);
    issuer.apply([pay(user.id(), &issuer.usd(), 20)]).await;
    let (movements, _) = read_on(network, &user.id(), &after).await;
    assert_eq!(amounts(&movements), [20]);
}

/// And nothing is said of one that is not there.
pub async fn what_a_single_transaction_brought_is_what_history_says(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let after = start(network, &user).await;
    let (usd, native) = (issuer.usd(), StellarAsset::Native);
    issuer.apply([pay(user.id(), &usd, 5)]).await;
    let both = [pay(user.id(), &usd, 1), pay(issuer.id(), &native, 9), pay(user.id(), &native, 2)];
    let sent = issuer.apply(both).await;
    let (movements, _) = read_on(network, &user.id(), &after).await;
    let its: Vec<_> = movements.into_iter().filter(|movement| movement.hash == sent.hash).collect();
    let ledger = network.ledger();
    let brought = ledger.arrivals(&sent.hash, &user.id()).await.expect("an answer");
    assert_eq!((amounts(&its), brought), (vec![1, 2], Some(its)));
    let other = Actor::new(network);
    assert_eq!(ledger.arrivals(&sent.hash, &other.id()).await.expect("an answer"), Some(Vec::new()));
    let nothing = issuer.sign([pay(other.id(), &usd, 30)], Memo::None).await;
    failure(land(network, &nothing).await);
    let brought = ledger.arrivals(&nothing.hash, &other.id()).await.expect("an answer");
    assert_eq!(brought, Some(Vec::new()), "it failed");
    let unknown = crate::transaction::TransactionHash::from_bytes([0x5a; 32]);
    assert_eq!(ledger.arrivals(&unknown, &user.id()).await.expect("an answer"), None);
}

/// Each with an id of its own, in order.
pub async fn every_operation_of_a_transaction_is_a_movement(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let after = start(network, &user).await;
    let usd = issuer.usd();
    let native = StellarAsset::Native;
    let operations = [
        pay(user.id(), &usd, 1),
        pay(issuer.id(), &native, 9),
        pay(user.id(), &native, 2),
        pay(user.id(), &usd, 3),
    ];
    let sent = issuer.apply(operations).await;
    let (movements, _) = read_on(network, &user.id(), &after).await;
    assert_eq!(amounts(&movements), [1, 2, 3]);
    let assets: Vec<_> = movements.iter().map(|movement| movement.asset.clone()).collect();
    assert_eq!(assets, [usd.clone(), native, usd]);
    let point = network.ledger().latest().await.expect("the latest ledger is known");
    let mut ids: Vec<u64> = Vec::new();
    for movement in &movements {
        assert_eq!((movement.hash, movement.ledger), (sent.hash, point.sequence));
        assert_eq!(u64::try_from(movement.at.timestamp()), Ok(point.closed_at));
        assert_eq!((movement.from, movement.to), (issuer.id().into(), user.id().into()));
        ids.push(movement.id.parse().expect("a number"));
    }
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

/// As they are written on the ledger.
pub async fn muxed_destination_and_memo_are_kept(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let after = start(network, &user).await;
    let usd = issuer.usd();
    let text = Memo::Text(MemoText::new("caf\u{e9}").expect("short enough"));
    let memos =
        [Memo::None, Memo::Id(0), Memo::Id(u64::MAX), text, Memo::Hash([1; 32]), Memo::Return([2; 32])];
    for memo in memos.clone() {
        issuer.apply_with([pay(user.id(), &usd, 1)], memo).await;
    }
    for id in [0, 1 << 63, u64::MAX] {
        issuer.apply([pay(Account::Muxed { account: user.id(), id }, &usd, 1)]).await;
    }
    let (movements, _) = read_on(network, &user.id(), &after).await;
    let references: Vec<Memo> = movements.iter().map(Movement::reference).collect();
    let muxed = [0, 1 << 63, u64::MAX].map(Memo::Id);
    assert_eq!(references, [memos.as_slice(), &muxed].concat());
    let last = movements.last().expect("movements");
    assert_eq!(last.to, Account::Muxed { account: user.id(), id: u64::MAX });
    assert_eq!(last.memo, Memo::None);
}

/// Nor is anything but value.
pub async fn failed_and_outgoing_payments_are_no_movements(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 100).await;
    let nobody = Actor::new(network);
    let after = start(network, &user).await;
    let usd = issuer.usd();
    user.apply([pay(issuer.id(), &usd, 10)]).await;
    let half = issuer.sign([pay(user.id(), &usd, 1), pay(nobody.id(), &usd, 1)], Memo::None).await;
    failure(land(network, &half).await);
    assert_eq!(read_on(network, &user.id(), &after).await.0, []);
    assert_eq!(user.balance(&usd).await, 90);
}

/// As often as one likes.
pub async fn history_is_read_on_from_any_cursor(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let first = start(network, &user).await;
    let usd = issuer.usd();
    issuer.apply([pay(user.id(), &usd, 1)]).await;
    let (movements, second) = read_on(network, &user.id(), &first).await;
    assert_eq!(amounts(&movements), [1]);
    issuer.apply([pay(user.id(), &usd, 2)]).await;
    issuer.apply([pay(user.id(), &usd, 3)]).await;
    let (movements, third) = read_on(network, &user.id(), &second).await;
    assert_eq!(amounts(&movements), [2, 3]);
    assert_eq!(read_on(network, &user.id(), &third).await, (Vec::new(), third.clone()));
    assert_eq!(amounts(&read_on(network, &user.id(), &first).await.0), [1, 2, 3]);
}

/// The next movements of a stream; trouble on the way is none of this suite's business.
async fn next(stream: &mut BoxStream<'_, Result<MovementPage, LedgerError>>) -> (Vec<i64>, Cursor) {
    loop {
        match stream.next().await.expect("a stream without end") {
            Ok(page) if !page.movements.is_empty() => return (amounts(&page.movements), page.next),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Old and new, and again from where it was left.
pub async fn stream_catches_up_and_goes_on(network: &dyn TestNetwork) {
    let issuer = Actor::funded(network).await;
    let user = Actor::holding(network, &issuer, 0).await;
    let after = start(network, &user).await;
    let usd = issuer.usd();
    issuer.apply([pay(user.id(), &usd, 1)]).await;
    let mut stream = network.ledger().follow(user.id(), after);
    assert_eq!(next(&mut stream).await.0, [1]);
    issuer.apply([pay(user.id(), &usd, 2)]).await;
    let (movements, left) = next(&mut stream).await;
    assert_eq!(movements, [2]);
    drop(stream);
    issuer.apply([pay(user.id(), &usd, 3)]).await;
    let mut stream = network.ledger().follow(user.id(), left);
    assert_eq!(next(&mut stream).await.0, [3]);
}

/// An anchor may start before its accounts are funded.
pub async fn stream_waits_for_an_account_that_does_not_exist_yet(network: &dyn TestNetwork) {
    let (actor, user) = (Actor::funded(network).await, Actor::new(network));
    let after = start(network, &user).await;
    let mut stream = network.ledger().follow(user.id(), after);
    let create = Payment::CreateAccount { destination: user.id(), starting_balance: stroops(20_000_000) };
    let (arrived, _) = tokio::join!(next(&mut stream), actor.apply([create.into()]));
    assert_eq!(arrived.0, [20_000_000]);
}
