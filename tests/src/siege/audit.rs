//! Afterwards: the wallets' balances, the ledger, the bank's books and the anchor's own words have to agree.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::{Cursor, Ledger as _, Movement};
use anchor_devnet::Devnet;
use anyhow::{Context as _, Result};
use demo_wallet::anchor::Transaction;

use super::Siege;
use super::customer::{Customer, again, token};
use crate::anchor_process::AnchorProgram;

/// What was found.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names are the lines of the report")]
pub struct Report {
    pub deposits: usize,
    pub withdrawals: usize,
    pub abandoned: usize,
    pub kills: u32,
    pub chaos: u8,
    pub silence: bool,
    pub split: bool,
    pub channels: u32,
    pub duration: Duration,
    /// Everything that does not add up; empty if the anchor held.
    pub violations: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "processes              {}", if self.split { "one for each job" } else { "one" })?;
        writeln!(f, "kills (SIGKILL)        {}", self.kills)?;
        writeln!(f, "channel accounts       {}", self.channels)?;
        writeln!(f, "network faults         {} % of requests, each kind", self.chaos)?;
        writeln!(f, "network silences       {}", if self.silence { "yes" } else { "no" })?;
        writeln!(f, "deposits completed     {}", self.deposits)?;
        writeln!(f, "withdrawals completed  {}", self.withdrawals)?;
        writeln!(f, "flows left unfinished  {}", self.abandoned)?;
        writeln!(f, "duration               {} s", self.duration.as_secs())?;
        if self.violations.is_empty() {
            return write!(f, "verdict                every payment accounted for, none twice, none lost");
        }
        writeln!(f, "verdict                {} VIOLATIONS", self.violations.len())?;
        self.violations.iter().try_for_each(|violation| writeln!(f, "  {violation}"))
    }
}

/// Waits until nothing moves any more, and compares.
pub(super) async fn audit(
    siege: &Siege,
    anchor: &AnchorProgram,
    devnet: &Devnet,
    customers: &[Customer],
    kills: u32,
    duration: Duration,
) -> Result<Report> {
    let mut report = Report {
        deposits: 0,
        withdrawals: 0,
        abandoned: 0,
        kills,
        chaos: siege.chaos,
        silence: siege.silence,
        split: siege.split,
        channels: siege.channels,
        duration,
        violations: Vec::new(),
    };
    let mut bank = books(anchor).await?;
    for customer in customers {
        let transactions = settled(customer).await;
        let ledger = HorizonLedger::new(
            &devnet.url().parse()?,
            customer.client.toml.network.clone(),
            HorizonOptions::default(),
        )?;
        compare(&mut report, customer, &transactions, &ledger, &mut bank).await?;
    }
    for (key, lines) in bank {
        report.violations.push(format!("the bank sent {lines} transfers under {key} that nobody asked for"));
    }
    let expected = (siege.deposits, siege.withdrawals);
    if report.deposits < expected.0 as usize || report.withdrawals < expected.1 as usize {
        report.violations.push(format!("expected at least {expected:?} to be completed"));
    }
    Ok(report)
}

/// All transactions of a customer, once all that hold money have ended.
async fn settled(customer: &Customer) -> Vec<Transaction> {
    let token = token(customer).await;
    loop {
        let transactions =
            again("transactions", async || customer.client.all_transactions(&token).await).await;
        let waits = |status: &str| matches!(status, "completed" | "incomplete" | "refunded" | "expired");
        let unpaid = |transaction: &Transaction| {
            transaction.kind == "withdrawal" && transaction.status == "pending_user_transfer_start"
        };
        if transactions.iter().all(|transaction| waits(&transaction.status) || unpaid(transaction)) {
            return transactions;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn compare(
    report: &mut Report,
    customer: &Customer,
    transactions: &[Transaction],
    ledger: &HorizonLedger,
    bank: &mut BTreeMap<String, usize>,
) -> Result<()> {
    let user = customer.account.key.account();
    let mut arrived = arrivals(ledger, &user, customer).await?;
    let mut balance = 0_i64;
    let mut sent: Vec<_> = customer.paid.clone();
    for transaction in transactions.iter().filter(|transaction| transaction.status == "completed") {
        let hash = transaction.stellar_transaction_id.clone().unwrap_or_default();
        let out = transaction.amount_out.as_deref().unwrap_or_default();
        if transaction.kind == "deposit" {
            report.deposits += 1;
            let amount: StellarAmount = out.parse().context("amount_out of a deposit")?;
            balance += amount.stroops();
            let found = arrived.iter().position(|movement| movement.hash.to_string() == hash);
            match found.map(|index| arrived.remove(index)) {
                Some(movement) if movement.amount == amount => {}
                Some(movement) => {
                    report
                        .violations
                        .push(format!("{}: paid {} instead of {amount}", transaction.id, movement.amount));
                }
                None => report.violations.push(format!("{}: never paid on the ledger", transaction.id)),
            }
        } else {
            report.withdrawals += 1;
            let key = transaction.external_transaction_id.clone().unwrap_or_default();
            match bank.remove(&format!("{key} {out}")) {
                Some(1) => {}
                Some(lines) => report.violations.push(format!("{}: paid out {lines} times", transaction.id)),
                None => report.violations.push(format!("{}: never paid out as {key}", transaction.id)),
            }
            match sent.iter().position(|(paid, _)| *paid == hash) {
                Some(index) => balance -= sent.remove(index).1.stroops(),
                None => report.violations.push(format!("{}: nobody paid {hash}", transaction.id)),
            }
        }
    }
    report.abandoned += transactions.iter().filter(|transaction| transaction.status != "completed").count();
    for movement in arrived {
        report
            .violations
            .push(format!("{user}: {} of {} too many ({})", movement.amount, movement.asset, movement.hash));
    }
    for (hash, amount) in sent {
        report.violations.push(format!("{user}: paid {amount} in {hash} for nothing"));
    }
    let held = customer.account.balance(&customer.client.toml.asset).await?.stroops();
    if held != balance {
        report.violations.push(format!("{user}: holds {held} stroops, should hold {balance}"));
    }
    Ok(())
}

/// Everything in the anchor's asset that ever arrived on the user's account.
async fn arrivals(ledger: &HorizonLedger, user: &AccountId, customer: &Customer) -> Result<Vec<Movement>> {
    let mut cursor: Cursor = "0".parse()?;
    let mut arrived = Vec::new();
    loop {
        let page = ledger.movements(user, &cursor).await?;
        arrived.extend(
            page.movements.into_iter().filter(|movement| movement.asset == customer.client.toml.asset),
        );
        if !page.more {
            return Ok(arrived);
        }
        cursor = page.next;
    }
}

/// How many transfers the bank made for each key and amount.
async fn books(anchor: &AnchorProgram) -> Result<BTreeMap<String, usize>> {
    let text = tokio::fs::read_to_string(anchor.bank_book()).await.unwrap_or_default();
    let mut books = BTreeMap::new();
    for line in text.lines() {
        let transfer: serde_json::Value = serde_json::from_str(line)?;
        let word = |name: &str| transfer.get(name).and_then(|word| word.as_str()).unwrap_or_default();
        *books.entry(format!("{} {}", word("key"), word("amount"))).or_default() += 1;
    }
    Ok(books)
}
