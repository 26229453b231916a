//! One payment from its announcement to its end. It can be taken up again by its id after any interruption.

use std::time::Duration;

use anchor_core::amount::StellarAmount;
use anchor_core::memo::Memo;
use anyhow::{Context as _, Result, ensure};
use demo_wallet::ledger::Account;
use url::Url;

use crate::customers::Person;
use crate::receiver::{Announcement, Payment, Receiver};

/// Between two looks; callbacks tell sooner.
const PAUSE: Duration = Duration::from_millis(300);

/// Who sends how much to whom.
#[derive(Debug, Clone)]
pub struct Order {
    /// Ours; the same payment whenever it is the same.
    pub key: String,
    /// Of the token.
    pub amount: StellarAmount,
    /// The receiver's money if it is another one than the token's own, as SEP-38 writes it.
    pub money: Option<String>,
    /// How the receiver gets it.
    pub funding_method: String,
    /// Our client.
    pub sender: Person,
    /// Whom our client sends money to.
    pub receiver: Person,
}

/// An announced payment, as far as we have to remember it.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The receiving anchor's id.
    pub id: String,
    /// Its ids of sender and receiver.
    pub customers: [String; 2],
    /// What it will deliver, if it promised.
    pub promised: Option<String>,
    /// Our payment, once it was made: never a second one.
    pub paid: Option<String>,
}

/// Makes both customers known, takes a quote if the money is another one, and announces the payment.
pub async fn announce(anchor: &Receiver, order: &Order, news: Option<&Url>) -> Result<Sending> {
    let sender = anchor.make_known(&order.sender).await.context("the sender")?;
    let receiver = anchor.make_known(&order.receiver).await.context("the receiver")?;
    let quote = match &order.money {
        Some(money) => Some(anchor.quote(money, order.amount, &order.funding_method).await?),
        None => None,
    };
    let announcement =
        announcement(anchor, order, &sender, &receiver, quote.as_ref().map(|quote| quote.id.as_str()));
    let announced = anchor.announce(&announcement, &order.key).await?;
    if let Some(news) = news {
        anchor.call_back(&announced.id, news).await?;
    }
    let promised = quote.map(|quote| quote.buy_amount);
    Ok(Sending { id: announced.id, customers: [sender, receiver], promised, paid: None })
}

/// What is announced of an order, about these customers.
pub fn announcement(
    anchor: &Receiver,
    order: &Order,
    sender: &str,
    receiver: &str,
    quote: Option<&str>,
) -> Announcement {
    let asset = &anchor.client.toml.asset;
    Announcement {
        amount: order.amount.to_string(),
        asset_code: asset.code().to_owned(),
        asset_issuer: asset.issuer().map(|issuer| issuer.to_string()),
        funding_method: order.funding_method.clone(),
        sender_id: sender.to_owned(),
        receiver_id: receiver.to_owned(),
        quote_id: quote.map(str::to_owned),
    }
}

/// One step: looks, and does what is our turn. How the payment stands.
pub async fn step(
    anchor: &Receiver,
    account: &Account,
    order: &Order,
    sending: &mut Sending,
) -> Result<Payment> {
    let payment = anchor.payment(&sending.id).await?;
    match payment.status.as_str() {
        // only now: before, the anchor is not ready for it
        "pending_sender" if sending.paid.is_none() => {
            sending.paid = Some(pay(anchor, account, order, &payment).await?);
        }
        "pending_customer_info_update" => {
            for (person, id) in [&order.sender, &order.receiver].into_iter().zip(&sending.customers) {
                anchor.tell_what_is_missing(person, id, &sending.id).await?;
            }
        }
        "pending_transaction_info_update" => {
            anyhow::bail!("the anchor asks for something that we do not know")
        }
        _ => {}
    }
    Ok(payment)
}

/// Until nothing more happens.
pub async fn follow(
    anchor: &Receiver,
    account: &Account,
    order: &Order,
    sending: &mut Sending,
) -> Result<Payment> {
    let mut shown = String::new();
    loop {
        let payment = step(anchor, account, order, sending).await?;
        if payment.status != shown {
            println!("status   {}", payment.status);
            shown.clone_from(&payment.status);
        }
        if payment.is_over() {
            return Ok(payment);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Exactly what the anchor says now, which is what it will look for.
async fn pay(anchor: &Receiver, account: &Account, order: &Order, payment: &Payment) -> Result<String> {
    let missing = "the anchor did not say what to pay where";
    let destination = payment.stellar_account_id.as_deref().context(missing)?.parse()?;
    let memo_type = payment.stellar_memo_type.as_deref().context(missing)?;
    let memo = Memo::parse(memo_type, payment.stellar_memo.as_deref().context(missing)?)?;
    let amount: StellarAmount = payment.amount_in.as_deref().context(missing)?.parse()?;
    ensure!(amount == order.amount, "the anchor wants {amount} instead of {}", order.amount);
    account.pay_to(&anchor.client.toml.asset, destination, memo, amount).await
}
