//! A custodian with the key of the distribution account, who pays by himself: on a bad line, one order after the other, some of
//! them not at all, some long after whoever ordered has given up waiting. One key is paid once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anchor_core::id::AttemptId;
use anchor_core::integration::{CustodyIntegration, CustodyOutcome, IntegrationError};
use anchor_core::stellar::envelope::{EnvelopeSpec, Payment};
use anchor_core::stellar::{Ledger as _, Lookup, Submission};
use anchor_core::testing::fakes::samples;
use anchor_core::testing::ledger::FakeLedger;
use anchor_core::transaction::{CustodyOrder, TransactionHash};
use async_trait::async_trait;
use uuid::Uuid;

use super::Bug;
use super::life::Life;
use super::weather::Sim;

/// More than anybody else ever bids.
const FEE: u32 = 100_000;

/// Custodians wait as long as it takes.
const MAX_TIME: u64 = 4_000_000_000;

/// One custodian. Clones share the book.
#[derive(Clone)]
pub(super) struct Custodian {
    sim: Sim,
    network: FakeLedger,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    standing: BTreeMap<AttemptId, CustodyOutcome>,
    /// Taken, not sent yet.
    queue: VecDeque<CustodyOrder>,
    /// On its way, one at a time: the order, its transaction, and what was sent.
    sent: Option<(AttemptId, TransactionHash, String)>,
    /// Who may hand over which order: whoever stored it, and whoever was told that it was never seen.
    permits: BTreeSet<(AttemptId, String)>,
    /// Keys that a planted bug made up.
    made_up: u128,
}

impl Custodian {
    pub(super) fn new(sim: &Sim, network: &FakeLedger) -> Self {
        Self { sim: sim.clone(), network: network.clone(), book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn permit(&self, order: AttemptId, to: &str) {
        self.book().permits.insert((order, to.to_owned()));
    }

    fn standing(&self, order: AttemptId) -> CustodyOutcome {
        self.book().standing.get(&order).cloned().unwrap_or(CustodyOutcome::NeverSeen)
    }

    /// An order that is known is the same order, however often it comes.
    fn take(&self, order: &CustodyOrder) {
        if self.standing(order.id) != CustodyOutcome::NeverSeen {
            return;
        }
        let rejects = !self.sim.is_calm() && self.sim.chance(|chance| chance.happens(500));
        let mut book = self.book();
        let standing = if rejects {
            CustodyOutcome::Rejected { reason: "over the daily limit".to_owned() }
        } else {
            book.queue.push_back(order.clone());
            CustodyOutcome::Pending
        };
        book.standing.insert(order.id, standing);
    }

    /// Before each ledger: looks at what is on its way, and sends what comes next once it has landed.
    pub(super) async fn work(&self) {
        let sent = self.book().sent.clone();
        if let Some((id, hash, envelope)) = sent {
            let standing = match self.network.lookup(&hash).await {
                Ok(Lookup::Succeeded { .. }) => CustodyOutcome::Applied { hash },
                Ok(Lookup::Failed { failure, .. }) => CustodyOutcome::Rejected { reason: failure.codes },
                Ok(Lookup::NotFound { .. }) | Err(_) => {
                    self.network.submit(&envelope).await.ok();
                    return;
                }
            };
            self.sim.note("custody", || format!("{id}: {standing:?}"));
            let mut book = self.book();
            book.standing.insert(id, standing);
            book.sent = None;
        }
        let Some(next) = self.book().queue.pop_front() else { return };
        match self.sign(&next).await {
            Some((hash, envelope)) => {
                let said = self.network.submit(&envelope).await;
                self.sim.note("custody", || format!("sends {hash} for {}", next.id));
                if matches!(said, Ok(Submission::Rejected(_))) {
                    // nothing of it can land: signed anew for the next ledger
                    return self.book().queue.push_front(next);
                }
                self.book().sent = Some((next.id, hash, envelope));
            }
            None => self.book().queue.push_front(next),
        }
    }

    async fn sign(&self, order: &CustodyOrder) -> Option<(TransactionHash, String)> {
        let key = samples::distribution();
        let source = self.network.account(&key.account()).await.ok()??;
        let payment = if order.creates_account {
            let destination = order.destination.ledger_account()?;
            Payment::CreateAccount { destination, starting_balance: order.amount }
        } else {
            let (destination, asset) = (order.destination, order.asset.clone());
            Payment::Pay { destination, asset, amount: order.amount }
        };
        let unsigned = EnvelopeSpec {
            network: self.network.network(),
            transaction_source: source.id,
            sequence: source.sequence + 1,
            operation_source: None,
            operations: vec![payment.into()],
            memo: order.memo.clone(),
            fee_per_operation: FEE,
            max_time: MAX_TIME,
        };
        let unsigned = unsigned.build().ok()?;
        let signature = key.sign(unsigned.hash().as_bytes());
        let signed = unsigned.sign(&[(source.id, signature)]).ok()?;
        Some((signed.hash, signed.xdr))
    }

    /// The same order under a key that nobody has seen.
    fn under_another_key(&self, order: &CustodyOrder) -> CustodyOrder {
        let mut book = self.book();
        book.made_up += 1;
        CustodyOrder { id: AttemptId::new(Uuid::from_u128((0xC0DE << 64) | book.made_up)), ..order.clone() }
    }
}

/// The custodian as one process reaches him.
pub(super) struct SimCustody {
    pub(super) life: Life,
    pub(super) custodian: Custodian,
}

impl fmt::Debug for SimCustody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimCustody").field(&self.life).finish()
    }
}

fn unknown() -> IntegrationError {
    IntegrationError::transient("the line to the custodian broke")
}

#[async_trait]
impl CustodyIntegration for SimCustody {
    async fn hand_over(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        let custodian = &self.custodian;
        if !custodian.book().permits.remove(&(order.id, self.life.name.to_string())) {
            let what = format!("{} hands over {} again and has not asked for it", self.life.name, order.id);
            custodian.sim.violated(what);
        }
        let sim = &custodian.sim;
        if !sim.is_calm() && sim.chance(|chance| chance.happens(500)) {
            // on its way for longer than anybody waits
            let (custodian, order) = (custodian.clone(), order.clone());
            let travels = sim.chance(|c| c.pause(Duration::from_secs(1), Duration::from_secs(120)));
            tokio::spawn(async move {
                tokio::time::sleep(travels).await;
                custodian.take(&order);
                custodian.sim.note("custody", || format!("takes {} late", order.id));
            });
            return self.life.call("custodian: hand over, slowly", async { Err(unknown()) }, unknown).await;
        }
        let takes = async {
            custodian.take(order);
            Ok(custodian.standing(order.id))
        };
        let answer = self.life.call(&format!("custodian: hand over {}", order.id), takes, unknown).await;
        if answer.is_err() && sim.has(Bug::AnotherKey) {
            let again = custodian.under_another_key(order);
            custodian.take(&again);
            return Ok(custodian.standing(again.id));
        }
        answer
    }

    async fn find(&self, order: &CustodyOrder) -> Result<CustodyOutcome, IntegrationError> {
        let finds = async { Ok(self.custodian.standing(order.id)) };
        let answer = self.life.call(&format!("custodian: find {}", order.id), finds, unknown).await;
        if let Ok(CustodyOutcome::NeverSeen) = answer {
            self.custodian.permit(order.id, &self.life.name);
        }
        answer
    }
}
