//! How fast the network itself is, through its handle, on one thread: a measurement of others means something only
//! where this is many times faster. Envelopes are built and signed before the clock runs, and the clock is the thread's own
//! processor time: others on the machine do not count.

use std::time::{Duration, Instant};

use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::ledger::Submitted;
use anchor_devnet::ledger::build::{self, Draft};
use anchor_devnet::{CloseMode, Devnet};
use anyhow::{Context as _, Result, bail, ensure};
use stellar_xdr::{AccountId, Asset, OperationBody, TransactionEnvelope};

use super::stand::{numbered_keys, xdr};

/// Accounts whose sequence numbers pay: each has one transaction in a ledger.
const CHANNELS: usize = 2_000;
/// Operations that a ledger holds, and that a transaction holds at most.
const CAPACITY: usize = 1_000;
const BATCH: usize = 100;
/// What is measured, in ledgers.
const LEDGERS: usize = 40;

/// Prints what was measured.
///
/// # Errors
/// When the network does not do what it is told to.
pub async fn network() -> Result<()> {
    let mut stand = Stand::new(CloseMode::Manual).await?;
    stand.single_payments()?;
    stand.batches()?;
    stand.reads()?;
    stand.memory()?;
    Stand::new(CloseMode::Instant).await?.instant()
}

struct Stand {
    devnet: Devnet,
    network_id: [u8; 32],
    distribution: SigningKey,
    channels: Vec<SigningKey>,
    accounts: Vec<AccountId>,
    usd: Asset,
    sequences: Vec<i64>,
    hashes: Vec<[u8; 32]>,
}

impl Stand {
    async fn new(mode: CloseMode) -> Result<Self> {
        let devnet = Devnet::builder().close(mode).capacity(u32::try_from(CAPACITY)?).start().await?;
        let (network_id, root) = {
            let network = devnet.network();
            (network.network_id(), SigningKey::from_seed(network.root_seed()))
        };
        let (distribution, issuer) = (samples::distribution(), samples::issuer());
        let channels = numbered_keys(CHANNELS);
        let accounts: Vec<_> = channels.iter().map(xdr).collect();
        let usd = build::credit("USD", &xdr(&issuer));
        let mut stand = Self {
            devnet,
            network_id,
            distribution,
            channels,
            accounts,
            usd,
            sequences: Vec::new(),
            hashes: Vec::new(),
        };
        let create = |id: &AccountId| build::create_account(id, 10_000_000_000);
        let own = [xdr(&stand.distribution), xdr(&issuer)];
        for some in own.iter().chain(&stand.accounts.clone()).collect::<Vec<_>>().chunks(BATCH) {
            let sequence = stand.sequence(&xdr(&root))?;
            let draft = some
                .iter()
                .fold(Draft::new(&xdr(&root), sequence + 1), |draft, id| draft.operation(create(id)));
            stand.land(draft.sign(network_id, &[root.dalek()]))?;
        }
        let trust = |key: &SigningKey, sequence| {
            Draft::new(&xdr(key), sequence + 1)
                .operation(build::change_trust(&stand.usd, i64::MAX))
                .sign(network_id, &[key.dalek()])
        };
        for key in [&stand.distribution].into_iter().chain(&stand.channels) {
            let sequence = stand.sequence(&xdr(key))?;
            ensure!(matches!(stand.devnet.submit(trust(key, sequence)), Submitted::Pending { .. }), "trust");
            if stand.devnet.network().pending_count() == CAPACITY {
                stand.devnet.close_ledger()?;
            }
        }
        stand.devnet.close_ledger()?;
        let sequence = stand.sequence(&xdr(&issuer))?;
        let issue = build::payment(xdr(&stand.distribution), &stand.usd, 1_000_000_000_000_000);
        let draft = Draft::new(&xdr(&issuer), sequence + 1).operation(issue);
        stand.land(draft.sign(network_id, &[issuer.dalek()]))?;
        stand.sequences = stand.accounts.iter().map(|id| stand.sequence(id)).collect::<Result<_>>()?;
        Ok(stand)
    }

    fn sequence(&self, id: &AccountId) -> Result<i64> {
        Ok(self.devnet.network().account(id).context("no account")?.seq_num.0)
    }

    fn land(&self, envelope: TransactionEnvelope) -> Result<()> {
        match self.devnet.submit(envelope) {
            Submitted::Pending { .. } => self.devnet.close_ledger().map(drop).map_err(Into::into),
            other => bail!("not taken: {other:?}"),
        }
    }

    /// Of the distribution account through a channel: two signatures.
    fn envelope(&mut self, channel: usize, payments: usize) -> TransactionEnvelope {
        self.sequences[channel] += 1;
        let source = xdr(&self.distribution);
        let pay = |number: usize| -> OperationBody {
            build::payment(self.accounts[(channel + number * 7) % CHANNELS].clone(), &self.usd, 1)
        };
        let draft = (0..payments)
            .fold(Draft::new(&self.accounts[channel], self.sequences[channel]), |draft, number| {
                draft.operation_of(&source, pay(number))
            });
        let envelope =
            draft.sign(self.network_id, &[self.channels[channel].dalek(), self.distribution.dalek()]);
        self.hashes.extend(envelope.hash(self.network_id));
        envelope
    }

    /// Ledgers of so many transactions with so many payments.
    fn ledgers(&mut self, transactions: usize, payments: usize) -> Vec<Vec<TransactionEnvelope>> {
        (0..LEDGERS)
            .map(|ledger| {
                (0..transactions)
                    .map(|number| self.envelope((ledger * transactions + number) % CHANNELS, payments))
                    .collect()
            })
            .collect()
    }

    /// Submits and applies; the time for submitting, for closing, and for the slowest close.
    fn run(&self, ledgers: Vec<Vec<TransactionEnvelope>>) -> Result<(Duration, Duration, Duration)> {
        let (mut submitting, mut closing, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for envelopes in ledgers {
            let began = used()?;
            for envelope in envelopes {
                let said = self.devnet.submit(envelope);
                ensure!(matches!(said, Submitted::Pending { .. }), "not taken: {said:?}");
            }
            submitting += used()?.saturating_sub(began);
            let began = used()?;
            let ledger = self.devnet.close_ledger()?;
            let took = used()?.saturating_sub(began);
            closing += took;
            slowest = slowest.max(took);
            ensure!(ledger.successful_operation_count == ledger.operation_count, "an operation failed");
        }
        Ok((submitting, closing, slowest))
    }

    fn single_payments(&mut self) -> Result<()> {
        let ledgers = self.ledgers(CAPACITY, 1);
        let (submitting, closing, slowest) = self.run(ledgers)?;
        let count = CAPACITY * LEDGERS;
        println!(
            "{count} single payments, two signatures each: {}/s submitted and applied ({}/s submitted; a ledger \
             of {CAPACITY} closes in {} ms, at most {} ms)",
            rate(count, submitting + closing),
            rate(count, submitting),
            closing.as_millis() / LEDGERS as u128,
            slowest.as_millis(),
        );
        Ok(())
    }

    fn batches(&mut self) -> Result<()> {
        let ledgers = self.ledgers(CAPACITY / BATCH, BATCH);
        let (submitting, closing, slowest) = self.run(ledgers)?;
        let count = CAPACITY * LEDGERS;
        println!(
            "{count} payments in transactions of {BATCH}: {}/s submitted and applied (a ledger of {CAPACITY} \
             closes in {} ms, at most {} ms)",
            rate(count, submitting + closing),
            closing.as_millis() / LEDGERS as u128,
            slowest.as_millis(),
        );
        Ok(())
    }

    /// Too short for the processor's account: by the clock on the wall.
    fn reads(&self) -> Result<()> {
        let began = Instant::now();
        let found = self.accounts.iter().filter(|id| {
            let network = self.devnet.network();
            network.account(id).is_some() && network.trust_lines_of(id).count() == 1
        });
        let count = found.count();
        println!("{count} accounts with their trust lines: {}/s", rate(count, began.elapsed()));
        let began = Instant::now();
        let found = self.hashes.iter().filter(|hash| self.devnet.network().transaction(hash).is_some());
        let count = found.count();
        println!("{count} transactions by hash: {}/s", rate(count, began.elapsed()));
        Ok(())
    }

    fn memory(&mut self) -> Result<()> {
        let before = resident()?;
        let mut count = 0;
        while count < 100_000 {
            // built and forgotten ledger by ledger: only what the network keeps is to be seen
            let envelopes =
                (0..CAPACITY).map(|number| self.envelope((count + number) % CHANNELS, 1)).collect();
            self.run(vec![envelopes])?;
            count += CAPACITY;
        }
        println!("memory: {before} KiB, after {count} more transactions {} KiB", resident()?);
        Ok(())
    }

    fn instant(&mut self) -> Result<()> {
        let mut rates = Vec::new();
        for round in 0..20 {
            let envelopes: Vec<_> = (0..CAPACITY)
                .map(|number| self.envelope((round * CAPACITY + number) % CHANNELS, 1))
                .collect();
            let began = used()?;
            for envelope in envelopes {
                let said = self.devnet.submit(envelope);
                ensure!(matches!(said, Submitted::Pending { .. }), "not taken: {said:?}");
            }
            rates.push(rate(CAPACITY, used()?.saturating_sub(began)));
        }
        println!("a ledger for each payment, {CAPACITY} after {CAPACITY}: {} /s", rates.join(", "));
        Ok(())
    }
}

fn rate(count: usize, time: Duration) -> String {
    let per_second = count as u128 * 1_000_000_000 / time.as_nanos().max(1);
    per_second.to_string()
}

/// The processor time of this thread so far (Linux).
fn used() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = stat.split_whitespace().next().context("an empty schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// Resident memory in KiB.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
