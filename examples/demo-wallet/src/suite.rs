//! What the official validation suite (`stellar-anchor-tests`) wants to find: it makes most of what it looks at by itself,
//! but for a few hosted transactions that have gone a certain way.

use std::time::Duration;

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::anchor::{AnchorClient, Kind, Started, Transaction};
use crate::ledger::Account;
use crate::{auth, pages};

/// Between two looks at a transaction.
const PAUSE: Duration = Duration::from_millis(300);

/// Enough to withdraw a part of it twice.
const DEPOSIT: &str = "100";
const WITHDRAWAL: &str = "10";

/// The key that a configuration logs in with.
pub fn key(config: &Value) -> Result<SigningKey> {
    let secret = config["24"]["account"]["secretKey"].as_str();
    Ok(secret.context("the configuration has no 24.account.secretKey")?.parse()?)
}

/// Makes the transactions that a configuration names under `24`, and puts them there.
pub async fn complete(anchor: &AnchorClient, config: &mut Value) -> Result<()> {
    let account = Account::with_key(key(config)?, &anchor.toml).await?;
    account.trust(&anchor.toml.asset).await.context("the trust line could not be added")?;
    let token = auth::authenticate(anchor, &account.key).await.context("the anchor did not let us in")?;
    let suite = Transactions { anchor, account: &account, token: &token };
    let deposited = suite.deposit(&account.key.account(), "completed").await?;
    // whoever does not trust the token cannot be paid: this one waits for as long as it takes
    let stranger = Account::with_key(SigningKey::generate(), &anchor.toml).await?;
    let waiting = suite.deposit(&stranger.key.account(), "pending_trust").await?;
    let withdrawn = suite.withdrawal(true).await?;
    let unpaid = suite.withdrawal(false).await?;
    let part = &mut config["24"];
    part["depositPendingTransaction"] = json!({ "id": waiting.id, "status": waiting.status });
    part["depositCompletedTransaction"] = completed(&deposited);
    part["withdrawCompletedTransaction"] = completed(&withdrawn);
    part["withdrawPendingUserTransferStartTransaction"] = json!({
        "id": unpaid.id,
        "status": unpaid.status,
        "amount_in": unpaid.amount_in,
        "amount_in_asset": format!("stellar:{}", anchor.toml.asset),
        "withdraw_anchor_account": unpaid.withdraw_anchor_account,
        "withdraw_memo": unpaid.withdraw_memo,
        "withdraw_memo_type": unpaid.withdraw_memo_type,
    });
    Ok(())
}

fn completed(transaction: &Transaction) -> Value {
    json!({
        "id": transaction.id,
        "status": transaction.status,
        "stellar_transaction_id": transaction.stellar_transaction_id,
    })
}

/// Whose they are, and where.
struct Transactions<'a> {
    anchor: &'a AnchorClient,
    account: &'a Account,
    token: &'a str,
}

impl Transactions<'_> {
    async fn deposit(&self, to: &AccountId, status: &str) -> Result<Transaction> {
        let id = self.start(Kind::Deposit, to, DEPOSIT.parse()?).await?;
        self.until(&id, status).await
    }

    async fn withdrawal(&self, paid: bool) -> Result<Transaction> {
        let id = self.start(Kind::Withdraw, &self.account.key.account(), WITHDRAWAL.parse()?).await?;
        let unpaid = self.until(&id, "pending_user_transfer_start").await?;
        if !paid {
            return Ok(unpaid);
        }
        self.account.pay(&self.anchor.toml.asset, &unpaid).await?;
        self.until(&id, "completed").await
    }

    async fn start(&self, kind: Kind, account: &AccountId, amount: StellarAmount) -> Result<String> {
        let Started { id, url } = self.anchor.start(kind, self.token, account, amount).await?;
        pages::fill(&url, amount).await.context("the anchor's pages could not be filled in")?;
        Ok(id)
    }

    async fn until(&self, id: &str, status: &str) -> Result<Transaction> {
        loop {
            let transaction = self.anchor.transaction(self.token, id).await?;
            if transaction.status == status {
                return Ok(transaction);
            }
            ensure!(!transaction.is_over(), "{} instead of {status}", transaction.line());
            tokio::time::sleep(PAUSE).await;
        }
    }
}
