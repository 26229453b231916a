//! The network that is paid on: users with trust lines, and an anchor's account that holds enough.

use std::sync::Arc;
use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::integration::channel_key;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::ledger::{Submitted, asset};
use anchor_devnet::{CloseMode, Devnet};
use anyhow::{Context as _, Result, bail};
use stellar_xdr::{Asset, OperationBody, TransactionEnvelope};

/// Operations of a ledger, as on the public network.
pub(super) const CAPACITY: u32 = 1_000;
/// Ledgers full of operations that may wait.
const QUEUE: u32 = 4;
/// Operations of a transaction.
const BATCH: usize = 100;
/// Stroops of a new account: ten lumens, and a thousand times that for those that pay fees.
const LUMENS: i64 = 100_000_000;
/// What the anchor's account is given, and what is left over however much is paid.
const ISSUED: i64 = 1_000_000_000_000_000_000;

/// How often ledgers close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "test support, not an API that is versioned")]
pub enum Rhythm {
    /// After every transaction.
    Instant,
    /// At this interval, with a thousand operations each.
    Every(Duration),
}

/// A devnet with accounts.
#[derive(Debug)]
pub(super) struct Stand {
    pub(super) devnet: Arc<Devnet>,
    /// The first one is [`samples::user`].
    pub(super) users: Vec<SigningKey>,
    pub(super) usd: Asset,
    /// Accounts whose sequence numbers pay.
    pub(super) channels: Vec<SigningKey>,
    network_id: [u8; 32],
}

/// The seed of the channels' keys: for measuring only.
pub(super) fn channel_seed() -> SigningKey {
    SigningKey::from_seed([4; 32])
}

/// A moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// The last ledger before it.
    pub(super) ledger: u32,
    /// What the anchor's account held.
    pub(super) held: i64,
}

/// The ledgers from the first to the last that had a transaction.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "test support, not an API that is versioned")]
pub struct Used {
    /// How many.
    pub ledgers: u32,
    /// Transactions in them.
    pub transactions: u64,
    /// Operations in their successful transactions.
    pub operations: u64,
    /// Operations that each could have held.
    pub capacity: u32,
}

impl Stand {
    pub(super) async fn new(rhythm: Rhythm, users: u32, channels: u32) -> Result<Self> {
        let mode = match rhythm {
            Rhythm::Instant => CloseMode::Instant,
            Rhythm::Every(interval) => CloseMode::Every(interval),
        };
        let devnet = Devnet::builder().close(mode).capacity(CAPACITY).queue(QUEUE).start().await?;
        let others = numbered_keys(usize::try_from(users.max(1) - 1)?);
        let network_id = devnet.network().network_id();
        let stand = Self {
            network_id,
            users: [samples::user()].into_iter().chain(others).collect(),
            usd: build::credit("USDC", &xdr(&samples::issuer())),
            channels: (0..channels).map(|place| channel_key(&channel_seed(), place)).collect(),
            devnet: Arc::new(devnet),
        };
        stand.open_accounts()?;
        Ok(stand)
    }

    fn open_accounts(&self) -> Result<()> {
        let root = build::key_from_seed(self.devnet.network().root_seed());
        let own = [samples::issuer(), samples::distribution()];
        let rich =
            own.iter().chain(&self.channels).map(|key| build::create_account(&xdr(key), LUMENS * 1_000));
        let poor = self.users.iter().map(|key| build::create_account(&xdr(key), LUMENS));
        let creations: Vec<OperationBody> = rich.chain(poor).collect();
        for some in creations.chunks(BATCH) {
            let source = build::account(&root);
            let draft = Draft::new(&source, self.sequence(&source)? + 1);
            let draft = some.iter().cloned().fold(draft, Draft::operation);
            self.land(vec![draft.sign(self.network_id, &[&root])])?;
        }
        let trusting: Vec<&SigningKey> = self.users.iter().chain([&own[1]]).collect();
        for some in trusting.chunks(usize::try_from(CAPACITY)?) {
            let trust = |key: &&SigningKey| {
                let draft = self.draft(key)?.operation(build::change_trust(&self.usd, i64::MAX));
                Ok(draft.sign(self.network_id, &[key.dalek()]))
            };
            self.land(some.iter().map(trust).collect::<Result<_>>()?)?;
        }
        let issue = build::payment(xdr(&own[1]), &self.usd, ISSUED);
        let issue = self.draft(&own[0])?.operation(issue);
        self.land(vec![issue.sign(self.network_id, &[own[0].dalek()])])
    }

    /// Gives each user so much of the token.
    pub(super) fn endow(&self, stroops: i64) -> Result<()> {
        let issuer = samples::issuer();
        for some in self.users.chunks(BATCH) {
            let pay = |key| build::payment(xdr(key), &self.usd, stroops);
            let draft = some.iter().map(pay).fold(self.draft(&issuer)?, Draft::operation);
            self.land(vec![self.sign(&draft, &issuer)])?;
        }
        Ok(())
    }

    /// The next transaction of an account.
    pub(super) fn draft(&self, key: &SigningKey) -> Result<Draft> {
        let source = xdr(key);
        Ok(Draft::new(&source, self.sequence(&source)? + 1))
    }

    fn sequence(&self, id: &stellar_xdr::AccountId) -> Result<i64> {
        let sequence = self.devnet.network().account(id).map(|account| account.seq_num.0);
        sequence.context("an account is missing")
    }

    /// Signs for this network.
    pub(super) fn sign(&self, draft: &Draft, key: &SigningKey) -> TransactionEnvelope {
        draft.sign(self.network_id, &[key.dalek()])
    }

    /// Submits, and closes a ledger, in which all of them have to succeed.
    pub(super) fn land(&self, envelopes: Vec<TransactionEnvelope>) -> Result<()> {
        let mut hashes = Vec::new();
        for said in self.devnet.submit_all(envelopes) {
            match said {
                Submitted::Pending { hash } => hashes.push(hash),
                other => bail!("not taken: {other:?}"),
            }
        }
        self.devnet.close_ledger()?;
        let network = self.devnet.network();
        match hashes.iter().all(|hash| network.transaction(hash).is_some_and(|record| record.successful)) {
            true => Ok(()),
            false => bail!("a transaction of the set-up failed"),
        }
    }

    /// The users' addresses, in their order.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.users.iter().map(|key| key.account().to_string()).collect()
    }

    /// What an account holds of the token.
    pub(super) fn held(&self, id: &AccountId) -> i64 {
        let network = self.devnet.network();
        let line = id.to_string().parse().ok();
        let line = line.and_then(|id| network.trust_line(&id, &self.usd).map(|line| line.balance));
        line.unwrap_or_default()
    }

    /// Now.
    pub(super) fn moment(&self) -> Moment {
        let held = self.held(&samples::distribution().account());
        Moment { ledger: self.devnet.network().latest().sequence, held }
    }

    pub(super) fn used_since(&self, moment: Moment) -> Used {
        let network = self.devnet.network();
        let after = moment.ledger + 1..=network.latest().sequence;
        let ledgers: Vec<_> = after.filter_map(|sequence| network.ledger(sequence)).collect();
        let busy = |ledger: &Arc<anchor_devnet::ledger::ClosedLedger>| !ledger.transactions.is_empty();
        let Some(first) = ledgers.iter().position(busy) else { return Used::default() };
        let last = ledgers.iter().rposition(busy).unwrap_or(first);
        let used = &ledgers[first..=last];
        Used {
            ledgers: u32::try_from(used.len()).unwrap_or(u32::MAX),
            transactions: used.iter().map(|ledger| ledger.transactions.len() as u64).sum(),
            operations: used.iter().map(|ledger| u64::from(ledger.successful_operation_count)).sum(),
            capacity: CAPACITY,
        }
    }
}

/// As many keys as wanted, the same each time.
pub(super) fn numbered_keys(count: usize) -> Vec<SigningKey> {
    let seed = |number: usize| {
        let mut seed = [200; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        seed
    };
    (0..count).map(|number| SigningKey::from_seed(seed(number))).collect()
}

/// The account in the network's own terms.
pub(super) fn xdr(key: &SigningKey) -> stellar_xdr::AccountId {
    asset::account_id(*key.account().as_bytes())
}
