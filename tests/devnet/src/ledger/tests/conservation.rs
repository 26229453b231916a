//! Whatever is submitted, nothing appears and nothing vanishes.

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use stellar_xdr::{
    AccountId, Asset, ClaimClaimableBalanceOp, ClaimPredicate, Claimant, ClaimantV0,
    CreateClaimableBalanceOp, LedgerEntryData, ManageBuyOfferOp, ManageSellOfferOp, MuxedAccount,
    OperationBody, OperationResult, OperationResultTr, PathPaymentStrictReceiveOp,
    PathPaymentStrictReceiveResult, PathPaymentStrictSendOp, PathPaymentStrictSendResult, Price,
    SimplePaymentResult, TransactionEnvelope,
};

use super::fixture::{World, XLM, id};
use crate::ledger::asset::{account_of, is_issuer, of_trust_line};
use crate::ledger::holding::line_liabilities;
use crate::ledger::{Submitted, TransactionRecord, account, build, exchange, operation_results};

const HOLDERS: usize = 3;

/// One random operation; indices are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Pay { from: usize, to: usize, asset: usize, amount: i64 },
    Sell { from: usize, give: usize, take: usize, amount: i64, price: (i32, i32), change: Option<usize> },
    Buy { from: usize, give: usize, take: usize, amount: i64, price: (i32, i32) },
    Receive { from: usize, to: usize, give: usize, take: usize, via: Option<usize>, amount: i64 },
    Send { from: usize, to: usize, give: usize, take: usize, via: Option<usize>, amount: i64 },
    Park { from: usize, to: usize, asset: usize, amount: i64 },
    Claim { from: usize, index: usize },
    Limit { from: usize, asset: usize, limit: i64 },
    Revoke { whom: usize, asset: usize, keep: bool },
    Merge { from: usize, to: usize },
}

/// With `first_trader` 0 the issuer trades too.
fn act(first_trader: usize) -> impl Strategy<Value = Act> {
    let who = || 0..=HOLDERS;
    let trader = move || first_trader..=HOLDERS;
    let asset = || 0..3_usize;
    let amount = || prop_oneof![1..2_000_i64, Just(i64::MAX), 1..10_i64];
    let price = || prop_oneof![(1..20_i32, 1..20_i32), (1..i32::MAX, 1..i32::MAX)];
    let via = || proptest::option::of(0..3_usize);
    prop_oneof![
        3 => (who(), who(), asset(), amount()).prop_map(|(from, to, asset, amount)| Act::Pay { from, to, asset, amount }),
        6 => (trader(), asset(), asset(), amount(), price(), proptest::option::weighted(0.2, 0..9_usize))
            .prop_map(|(from, give, take, amount, price, change)| Act::Sell { from, give, take, amount, price, change }),
        3 => (trader(), asset(), asset(), amount(), price())
            .prop_map(|(from, give, take, amount, price)| Act::Buy { from, give, take, amount, price }),
        3 => (trader(), who(), asset(), asset(), via(), amount())
            .prop_map(|(from, to, give, take, via, amount)| Act::Receive { from, to, give, take, via, amount }),
        3 => (trader(), who(), asset(), asset(), via(), amount())
            .prop_map(|(from, to, give, take, via, amount)| Act::Send { from, to, give, take, via, amount }),
        1 => (who(), 1..=HOLDERS, asset(), amount()).prop_map(|(from, to, asset, amount)| Act::Park { from, to, asset, amount }),
        1 => (who(), 0..5_usize).prop_map(|(from, index)| Act::Claim { from, index }),
        1 => (who(), asset(), 0..3_000_i64).prop_map(|(from, asset, limit)| Act::Limit { from, asset, limit }),
        1 => (who(), asset(), any::<bool>()).prop_map(|(whom, asset, keep)| Act::Revoke { whom, asset, keep }),
        1 => (who(), who()).prop_map(|(from, to)| Act::Merge { from, to }),
    ]
}

struct Play {
    world: World,
    /// The issuer, then the holders.
    keys: Vec<SigningKey>,
    assets: [Asset; 3],
}

impl Play {
    fn new() -> Self {
        Self::in_world(World::new())
    }

    fn in_world(mut world: World) -> Self {
        let (issuer, usd) = world.issuer();
        world.run(&issuer, super::trust::flags(2)).unwrap();
        let eur = build::credit("EURO5", &id(&issuer));
        let mut keys = vec![issuer.clone()];
        for index in 0..HOLDERS {
            let key = world.holder(&format!("holder {index}"), &usd, 1_000);
            world.trust(&key, &eur);
            world.run(&issuer, build::payment(id(&key), &eur, 1_000)).unwrap();
            keys.push(key);
        }
        Self { world, keys, assets: [Asset::Native, usd, eur] }
    }

    fn operation(&self, act: &Act) -> (usize, OperationBody) {
        let asset = |index: usize| self.assets[index].clone();
        let to = |index: usize| id(&self.keys[index]);
        let path = |via: Option<usize>| via.map(asset).into_iter().collect::<Vec<_>>().try_into().unwrap();
        match *act {
            Act::Pay { from, to: whom, asset: what, amount } => {
                (from, build::payment(to(whom), &asset(what), amount))
            }
            Act::Sell { from, give, take, amount, price: (n, d), change } => {
                let offers: Vec<_> =
                    self.world.network.offers_of(&to(from)).map(|(_, offer)| offer.offer_id).collect();
                let offer_id =
                    change.and_then(|index| offers.get(index % offers.len().max(1)).copied()).unwrap_or(0);
                let price = Price { n, d };
                let op =
                    ManageSellOfferOp { selling: asset(give), buying: asset(take), amount, price, offer_id };
                (from, OperationBody::ManageSellOffer(op))
            }
            Act::Buy { from, give, take, amount, price: (n, d) } => {
                let price = Price { n, d };
                let op = ManageBuyOfferOp {
                    selling: asset(give),
                    buying: asset(take),
                    buy_amount: amount,
                    price,
                    offer_id: 0,
                };
                (from, OperationBody::ManageBuyOffer(op))
            }
            Act::Receive { from, to: whom, give, take, via, amount } => {
                let op = PathPaymentStrictReceiveOp {
                    send_asset: asset(give),
                    send_max: i64::MAX,
                    destination: to(whom).into(),
                    dest_asset: asset(take),
                    dest_amount: amount,
                    path: path(via),
                };
                (from, OperationBody::PathPaymentStrictReceive(op))
            }
            Act::Send { from, to: whom, give, take, via, amount } => {
                let op = PathPaymentStrictSendOp {
                    send_asset: asset(give),
                    send_amount: amount,
                    destination: to(whom).into(),
                    dest_asset: asset(take),
                    dest_min: 1,
                    path: path(via),
                };
                (from, OperationBody::PathPaymentStrictSend(op))
            }
            Act::Park { from, to: whom, asset: what, amount } => {
                let claimant = ClaimantV0 { destination: to(whom), predicate: ClaimPredicate::Unconditional };
                let claimants = vec![Claimant::ClaimantTypeV0(claimant)].try_into().unwrap();
                let op = CreateClaimableBalanceOp { asset: asset(what), amount, claimants };
                (from, OperationBody::CreateClaimableBalance(op))
            }
            Act::Claim { from, index } => {
                let balances: Vec<_> = self
                    .world
                    .network
                    .claimable_balances()
                    .map(|(_, balance)| balance.balance_id.clone())
                    .collect();
                let Some(balance_id) = balances.get(index % balances.len().max(1)).cloned() else {
                    return (from, build::payment(to(from), &Asset::Native, 1));
                };
                (from, OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id }))
            }
            Act::Limit { from, asset: what, limit } => (from, build::change_trust(&asset(what), limit)),
            Act::Revoke { whom, asset: what, keep } => {
                let (set, clear) = if keep { (1, 2) } else { (0, 3) };
                (0, super::trust::authorize(&self.keys[whom], &asset(what), set, clear))
            }
            Act::Merge { from, to: whom } => (from, super::accounts::merge_into(&self.keys[whom])),
        }
    }

    /// Submits a ledger's worth of acts, at most one transaction per account; several acts of one account share
    /// a transaction.
    fn ledger(&mut self, acts: &[Act]) {
        let mut by_source = vec![Vec::new(); self.keys.len()];
        for act in acts {
            let (from, body) = self.operation(act);
            by_source[from].push(body);
        }
        for (from, bodies) in by_source.into_iter().enumerate() {
            let key = self.keys[from].clone();
            let draft = bodies.into_iter().fold(self.world.draft(&key), build::Draft::operation);
            let envelope = self.world.sign(&draft, &[&key]);
            let submitted = self.world.submit(envelope);
            assert!(!matches!(submitted, Submitted::Duplicate { .. }));
        }
        self.world.close();
    }

    fn check(&self) {
        let ledger = self.world.network.latest();
        let lumens = self.world.outstanding(&Asset::Native);
        assert_eq!(lumens + i128::from(ledger.fee_pool), i128::from(ledger.total_coins));
        for (_, entry) in self.world.network.entries() {
            match &entry.data {
                LedgerEntryData::Account(account) => self.check_account(account),
                LedgerEntryData::Trustline(line) => {
                    let liabilities = line_liabilities(line);
                    assert!(
                        line.balance >= liabilities.selling
                            && line.balance + liabilities.buying <= line.limit
                    );
                    let asset = of_trust_line(&line.asset).unwrap();
                    assert_eq!(
                        (liabilities.selling, liabilities.buying),
                        self.promised(&line.account_id, &asset)
                    );
                }
                LedgerEntryData::ClaimableBalance(balance) => assert!(balance.amount > 0),
                _ => {}
            }
        }
        for record in &ledger.transactions {
            let result = format!("{:?}", record.result());
            assert!(!result.contains("InternalError"), "{result}");
        }
    }

    fn check_account(&self, account: &stellar_xdr::AccountEntry) {
        let id = &account.account_id;
        let lines = self.world.network.trust_lines_of(id).count();
        let offers = self.world.network.offers_of(id).count();
        assert_eq!(account.num_sub_entries as usize, lines + offers);
        let liabilities = account::liabilities(account);
        assert!(account.balance >= 0);
        assert_eq!((liabilities.selling, liabilities.buying), self.promised(id, &Asset::Native));
        let sponsored = self
            .world
            .network
            .claimable_balances()
            .filter(|(entry, _)| crate::ledger::sponsor_of(&entry.ext) == Some(id));
        assert_eq!(account::num_sponsoring(account) as usize, sponsored.count());
    }

    /// What the open offers of `account` promise of `asset`: out, in.
    fn promised(&self, account: &AccountId, asset: &Asset) -> (i64, i64) {
        assert!(!is_issuer(account, asset));
        self.world.network.offers_of(account).fold((0, 0), |(out, into), (_, offer)| {
            let (selling, buying) =
                exchange::offer_liabilities(&offer.price, offer.amount, i64::MAX).unwrap();
            (
                out + if offer.selling == *asset { selling } else { 0 },
                into + if offer.buying == *asset { buying } else { 0 },
            )
        })
    }
}

/// Units of `asset` that its issuer put out (or, below zero, took back) in `record`, by what the operations say.
/// The issuer does not trade here.
fn issued(record: &TransactionRecord, asset: &Asset, issuer: &AccountId) -> i128 {
    let TransactionEnvelope::Tx(envelope) = record.envelope() else { panic!("plain") };
    if !record.successful {
        return 0;
    }
    let from_issuer = account_of(&envelope.tx.source_account) == *issuer;
    let to_issuer = |destination: &MuxedAccount, delivered: &SimplePaymentResult| {
        if account_of(destination) == *issuer && delivered.asset == *asset {
            -i128::from(delivered.amount)
        } else {
            0
        }
    };
    let result = record.result();
    let per_operation =
        envelope.tx.operations.iter().zip(operation_results(&result)).map(|(operation, result)| {
            let OperationResult::OpInner(result) = result else { panic!("{result:?}") };
            match (&operation.body, result) {
                (OperationBody::Payment(op), _) if op.asset == *asset => {
                    let signs = i128::from(from_issuer) - i128::from(account_of(&op.destination) == *issuer);
                    signs * i128::from(op.amount)
                }
                (OperationBody::CreateClaimableBalance(op), _) if op.asset == *asset && from_issuer => {
                    i128::from(op.amount)
                }
                (
                    OperationBody::PathPaymentStrictReceive(op),
                    OperationResultTr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(
                        success,
                    )),
                ) => to_issuer(&op.destination, &success.last),
                (
                    OperationBody::PathPaymentStrictSend(op),
                    OperationResultTr::PathPaymentStrictSend(PathPaymentStrictSendResult::Success(success)),
                ) => to_issuer(&op.destination, &success.last),
                _ => 0,
            }
        });
    per_operation.sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_appears_and_nothing_vanishes(
        ledgers in proptest::collection::vec(proptest::collection::vec(act(1), 1..8), 1..25),
    ) {
        let mut play = Play::new();
        let issuer = id(&play.keys[0]);
        for acts in &ledgers {
            let before = play.assets.clone().map(|asset| play.world.outstanding(&asset));
            play.ledger(acts);
            play.check();
            let latest = play.world.network.latest();
            for (asset, before) in play.assets.iter().zip(before).skip(1) {
                let issued: i128 = latest.transactions.iter().map(|record| issued(record, asset, &issuer)).sum();
                prop_assert_eq!(play.world.outstanding(asset) - before, issued);
            }
        }
    }

    #[test]
    fn entries_stay_consistent_when_the_issuer_trades_too(
        ledgers in proptest::collection::vec(proptest::collection::vec(act(0), 1..8), 1..25),
    ) {
        let mut play = Play::new();
        for acts in &ledgers {
            play.ledger(acts);
            play.check();
        }
    }

    #[test]
    fn crossing_never_favours_the_one_who_leaves_and_stays_within_limits(
        n in 1..i32::MAX, d in 1..i32::MAX,
        maker_gives in 0..i64::MAX, maker_takes in 0..i64::MAX, taker_takes in 1..i64::MAX, taker_gives in 1..i64::MAX,
    ) {
        let price = Price { n, d };
        let gives = exchange::adjusted_amount(&price, maker_gives, maker_takes).unwrap();
        prop_assert_eq!(exchange::adjusted_amount(&price, gives, maker_takes).unwrap(), gives, "adjusting twice changes nothing");
        if gives > 0 {
            let limits = exchange::Limits { maker_gives: gives, maker_takes, taker_takes, taker_gives };
            let done = exchange::cross(&price, limits, exchange::Rounding::Offer).unwrap();
            prop_assert!(done.bought <= gives.min(taker_takes) && done.paid <= maker_takes.min(taker_gives));
            let worth = i128::from(done.bought) * i128::from(n);
            let given = i128::from(done.paid) * i128::from(d);
            let fair = if done.maker_stays { given >= worth } else { given <= worth };
            prop_assert!(fair);
            prop_assert_eq!(done.bought == 0, done.paid == 0);
        }
    }
}

proptest! {
    // Every ledger waits for the disk.
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn a_random_history_replays_from_its_file(
        ledgers in proptest::collection::vec(proptest::collection::vec(act(0), 1..8), 1..8),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        let mut play = Play::in_world(World::in_file(&path));
        for acts in &ledgers {
            play.ledger(acts);
        }
        play.world.close();
        let hash = play.world.network.latest().hash;
        drop(play);
        prop_assert_eq!(World::in_file(&path).network.latest().hash, hash);
    }
}

#[test]
fn the_starting_point_of_the_property_is_sound() {
    let play = Play::new();
    play.check();
    assert!(play.world.available(&play.keys[1]) > 900 * XLM);
}
