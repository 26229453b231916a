//! What must hold, whatever happened: compared are the ledger, the bank's book, and the anchor's own books.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use anchor_core::account::AccountId;
use anchor_core::amount::{Amount, StellarAmount};
use anchor_core::asset::StellarAsset;
use anchor_core::stellar::BalanceClaim;
use anchor_core::stellar::envelope::{Operation, Payment};
use anchor_core::store::{PaymentRecord, SetAsideState, SuspenseReason};
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{
    AttemptPurpose, AttemptStatus, Kind, OrderStatus, State, Transaction, TransactionHash,
};

use super::story::{TOKENS, World};
use super::tale::{Tale, lumens};

/// Follows the ledger and looks at everything again and again.
pub(super) struct Auditor {
    tales: Vec<Tale>,
    applied: BTreeSet<TransactionHash>,
    /// What the anchor sent to each account on the ledger.
    tokens: BTreeMap<AccountId, Vec<StellarAmount>>,
    gifts: BTreeMap<AccountId, u32>,
}

/// What left the anchor for one transaction, by both ways.
struct Left {
    tokens: Vec<Amount>,
    money: Vec<Amount>,
}

impl Auditor {
    pub(super) fn new(tales: &[Tale]) -> Self {
        Self {
            tales: tales.to_vec(),
            applied: BTreeSet::new(),
            tokens: BTreeMap::new(),
            gifts: BTreeMap::new(),
        }
    }

    /// At every moment: nothing left twice, and the books claim nothing that is not so.
    pub(super) fn look(&mut self, world: &World) {
        self.follow(world);
        let transactions = world.books.transactions();
        for tale in &self.tales {
            let left = self.left(world, tale);
            let sim = &world.sim;
            if left.tokens.len() + left.money.len() > 1 {
                let (tokens, money) = (&left.tokens, &left.money);
                sim.violated(format!("paid twice: {:?} {}: {tokens:?} {money:?}", tale.plot, tale.id));
            }
            if self.gifts.get(&tale.account).is_some_and(|gifts| *gifts > 1) {
                sim.violated(format!("lumens given twice: {:?} {}", tale.plot, tale.id));
            }
            let transaction = transactions.iter().find(|transaction| transaction.id == tale.id);
            if let Some(wrong) = transaction.and_then(|transaction| contradiction(transaction, &left)) {
                sim.violated(format!("{:?} {}: {wrong}", tale.plot, tale.id));
            }
        }
        for (attempt, status) in world.books.attempts() {
            if status == AttemptStatus::Void && self.applied.contains(&attempt.hash) {
                world.sim.violated(format!("given up, and applied all the same: {}", attempt.hash));
            }
        }
        self.look_at_balances(world);
        let posted = world.posted.lock().unwrap_or_else(PoisonError::into_inner);
        for (address, _) in posted.iter().filter(|(_, times)| **times > 1) {
            world.sim.violated(format!("the end of the flow was told twice to {address}"));
        }
    }

    /// Nobody is said to have what lies on the ledger, nor the anchor what somebody else claimed.
    fn look_at_balances(&self, world: &World) {
        let claimed = world.network.claimed();
        for one in world.books.set_asides() {
            let by = claimed.iter().find(|claim| claim.balance == one.balance);
            let is_so = match one.state {
                SetAsideState::Claimed => by.is_some(),
                SetAsideState::Reclaimed => by.is_some_and(is_ours),
                _ => true,
            };
            if !is_so {
                let state = one.state.as_str();
                world.sim.violated(format!("a balance for {} is {state} in the books only", one.transaction));
            }
        }
    }

    fn follow(&mut self, world: &World) {
        for (hash, operations) in world.network.applied(self.applied.len()) {
            self.applied.insert(hash);
            for operation in operations {
                let Operation::Pay(payment) = operation else { continue };
                self.count(payment);
            }
        }
    }

    fn count(&mut self, payment: Payment) {
        let (account, asset, amount) = match payment {
            Payment::Pay { destination, asset, amount } => (destination.ledger_account(), asset, amount),
            Payment::CreateAccount { destination, starting_balance } => {
                (Some(destination), StellarAsset::Native, starting_balance)
            }
            Payment::ClaimableBalance { claimants, asset, amount } => {
                (claimants.first().map(|claimant| claimant.account), asset, amount)
            }
            _ => return,
        };
        let Some(account) = account else { return };
        if asset == samples::token() {
            self.tokens.entry(account).or_default().push(amount);
        } else {
            *self.gifts.entry(account).or_default() += 1;
        }
    }

    fn left(&self, world: &World, tale: &Tale) -> Left {
        let tokens = self.tokens.get(&tale.account).into_iter().flatten();
        Left { tokens: tokens.map(|amount| (*amount).into()).collect(), money: world.bank.transfers(tale.id) }
    }

    /// What is not at its end yet.
    pub(super) fn unsettled(&self, world: &World) -> Vec<String> {
        let transactions = world.books.transactions();
        let mut unsettled = Vec::new();
        for tale in &self.tales {
            let transaction = transactions.iter().find(|transaction| transaction.id == tale.id);
            let state = transaction.map_or("unknown", |transaction| transaction.state.name());
            if !tale.plot.ends().contains(&state) {
                unsettled.push(format!("{:?} {} is {state}", tale.plot, tale.id));
            }
        }
        let heard = world.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for (event, delivered) in world.books.events() {
            if !delivered || !heard.contains(&(event.transaction.id, event.transaction.version)) {
                let state = event.transaction.state.name();
                unsettled.push(format!("nobody heard that {} is {state}", event.transaction.id));
            }
        }
        unsettled.extend(self.unsettled_balances(world));
        let recorded: BTreeSet<_> =
            world.books.payments().into_iter().map(|payment| payment.movement.id).collect();
        let arrived = world.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        for movement in arrived.iter().filter(|movement| !recorded.contains(&movement.id)) {
            unsettled.push(format!("the payment {} is in no book", movement.id));
        }
        unsettled
    }

    /// What may be taken back is somebody's in the end, and the books know whose.
    fn unsettled_balances(&self, world: &World) -> Vec<String> {
        let (claimed, known) = (world.network.claimed(), world.books.set_asides());
        let attempts = world.books.attempts();
        let open = attempts.iter().filter(|(attempt, status)| {
            attempt.purpose == AttemptPurpose::Reclaim && *status == AttemptStatus::Open
        });
        let mut unsettled: Vec<String> =
            open.map(|(attempt, _)| format!("the claim {} is open", attempt.hash)).collect();
        for tale in self.tales.iter().filter(|tale| tale.plot.may_come_back()) {
            let one = known.iter().find(|one| one.transaction == tale.id);
            let by = one.and_then(|one| claimed.iter().find(|claim| claim.balance == one.balance));
            let should = by.map(|claim| match is_ours(claim) {
                true => SetAsideState::Reclaimed,
                false => SetAsideState::Claimed,
            });
            if should.is_none() || one.map(|one| one.state) != should {
                let state = one.map_or("unknown", |one| one.state.as_str());
                unsettled.push(format!("the balance of {:?} {} is {state}", tale.plot, tale.id));
            }
        }
        unsettled
    }

    /// At the end: everything adds up.
    pub(super) fn settle(&mut self, world: &World) {
        self.look(world);
        let sim = &world.sim;
        for tale in &self.tales {
            let left = self.left(world, tale);
            let wanted = wanted(world, tale);
            if left.tokens != wanted.tokens || left.money != wanted.money {
                let (tokens, money) = (&left.tokens, &left.money);
                sim.violated(format!("wrong amount: {:?} {}: {tokens:?} {money:?}", tale.plot, tale.id));
            }
        }
        self.reconcile(world);
        for (attempt, status) in world.books.attempts() {
            if status == AttemptStatus::Open {
                sim.violated(format!("the attempt {} is still open", attempt.id));
            }
        }
        for (order, status) in world.books.orders() {
            if status == OrderStatus::Open {
                sim.violated(format!("the order {} is still open", order.id));
            }
        }
    }

    /// Tokens: at the beginning, plus what came, minus what left. And every payment that came has one line.
    fn reconcile(&self, world: &World) {
        let arrived = world.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let mut came = arrived.iter().filter(|movement| movement.asset == samples::token());
        let came = came.try_fold(lumens(TOKENS), |sum, movement| sum.checked_add(movement.amount));
        let back = self.taken_back(world);
        let came = back.iter().fold(came, |sum, (amount, _)| sum?.checked_add(*amount));
        let left = self.tokens.values().flatten();
        let should = left.fold(came, |sum, amount| sum?.checked_sub(*amount));
        let holds = world.network.balance(&samples::distribution().account(), &samples::token());
        if should != Some(holds) {
            world.sim.violated(format!("the anchor holds {holds} tokens instead of {should:?}"));
        }
        let payments = world.books.payments();
        // to the transaction that it was for, or to one that returns it
        let credited = |payment: &&PaymentRecord| {
            payment.suspense.is_none() && payment.transaction.is_some() || payment.settled_by.is_some()
        };
        let funded = world.books.transactions();
        let funded = funded.iter().filter(|t| t.kind == Kind::Withdrawal && t.receipt.is_some()).count();
        if payments.iter().filter(credited).count() != funded {
            world.sim.violated("credited payments and funded withdrawals differ in number".to_owned());
        }
        if payments.len() != arrived.len() + back.len() {
            world.sim.violated(format!(
                "{} payments came and {} balances came back, {} are in the books",
                arrived.len(),
                back.len(),
                payments.len()
            ));
        }
        for (amount, (claim, tale)) in back {
            let is_it = |payment: &&PaymentRecord| {
                payment.movement.id == claim.id
                    && payment.movement.amount == amount
                    && payment.movement.from.ledger_account() == Some(tale.account)
                    && payment.suspense == Some(SuspenseReason::Reclaimed)
                    && payment.transaction == Some(tale.id)
            };
            if payments.iter().filter(is_it).count() != 1 {
                world.sim.violated(format!("what came back of {} is not in suspense", tale.id));
            }
        }
    }

    /// What was set aside and came back, with the claim that brought it, and the story that it was set aside in.
    fn taken_back(&self, world: &World) -> Vec<(StellarAmount, (BalanceClaim, &Tale))> {
        let transactions = world.books.transactions();
        let claims = world.network.claimed().into_iter().filter(is_ours);
        let back = claims.filter_map(|claim| {
            let is_of = |t: &&Transaction| t.claimable_balance_id.as_ref() == Some(&claim.balance);
            let id = transactions.iter().find(is_of)?.id;
            let tale = self.tales.iter().find(|tale| tale.id == id)?;
            Some((*self.tokens.get(&tale.account)?.first()?, (claim, tale)))
        });
        back.collect()
    }
}

fn is_ours(claim: &BalanceClaim) -> bool {
    claim.by.ledger_account() == Some(samples::distribution().account())
}

/// What the books say of value that left, and is not so.
fn contradiction(transaction: &Transaction, left: &Left) -> Option<String> {
    let (tokens, money) = match (&transaction.state, transaction.kind) {
        (State::Paid { .. }, _) | (State::Refunded { .. }, Kind::Withdrawal) => (1, 0),
        (State::PaidOut { .. }, _) | (State::Refunded { .. }, Kind::Deposit) => (0, 1),
        _ => return None,
    };
    let is_so = left.tokens.len() == tokens && left.money.len() == money;
    let (state, tokens, money) = (transaction.state.name(), &left.tokens, &left.money);
    (!is_so).then(|| format!("is {state} in the books, but what left is {tokens:?} {money:?}"))
}

/// What has to have left at the end: what came, less the fee, or all of it back.
fn wanted(world: &World, tale: &Tale) -> Left {
    let transactions = world.books.transactions();
    let state = transactions.iter().find(|t| t.id == tale.id).map_or("", |t| t.state.name());
    let fee: Amount = samples::asset().deposit.map(|offer| offer.fee.fixed).unwrap_or(tale.comes);
    let net: Vec<Amount> = tale.comes.checked_sub(fee).into_iter().collect();
    let (tokens, money) = match (state, tale.plot.kind()) {
        ("paid", _) => (net, Vec::new()),
        ("paid_out", _) => (Vec::new(), net),
        ("refunded", Kind::Deposit) => (Vec::new(), vec![tale.comes]),
        ("refunded", Kind::Withdrawal) => (vec![tale.comes], Vec::new()),
        _ => (Vec::new(), Vec::new()),
    };
    Left { tokens, money }
}
