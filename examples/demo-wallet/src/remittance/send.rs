//! One payment from its announcement to its end, taken up where it was after any interruption.

use std::time::Duration;

use anchor_core::amount::StellarAmount;
use anchor_core::memo::Memo;
use anyhow::{Context as _, Result, bail, ensure};
use url::Url;

use super::journal::{Journal, Prepared};
use super::people::Person;
use super::receiver::{Announcement, Payment, Receiver};
use crate::ledger::{Account, Settled};

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

impl Order {
    /// Without the people: who they are stays out of the journal.
    fn text(&self, anchor: &Receiver) -> String {
        let Self { amount, money, funding_method, .. } = self;
        let money = money.as_deref().unwrap_or("its money");
        format!("{amount} {} as {money} by {funding_method}", anchor.client.toml.asset)
    }
}

/// Makes both customers known, takes a quote if the money is another one, and announces the payment; what was done before is
/// not done again. The receiving anchor's id.
pub async fn announce(
    anchor: &Receiver,
    order: &Order,
    journal: &mut Journal,
    news: Option<&Url>,
) -> Result<String> {
    let text = order.text(anchor);
    if journal.known().order.is_empty() {
        journal.remember(|known| known.order.clone_from(&text))?;
    }
    ensure!(journal.known().order == text, "{} is another order: {}", order.key, journal.known().order);
    if let Some(id) = &journal.known().id {
        return Ok(id.clone());
    }
    let prepared = match &journal.known().prepared {
        Some(prepared) => prepared.clone(),
        None => {
            let prepared = prepare(anchor, order).await?;
            journal.remember(|known| known.prepared = Some(prepared.clone()))?;
            prepared
        }
    };
    // killed before the answer is written down: the same announcement under the same key is the same payment
    let [sender, receiver] = &prepared.customers;
    let announcement = announcement(anchor, order, sender, receiver, prepared.quote.as_deref());
    let id = anchor.announce(&announcement, &order.key).await?.id;
    if let Some(news) = news {
        anchor.call_back(&id, news).await?;
    }
    journal.remember(|known| known.id = Some(id.clone()))?;
    Ok(id)
}

async fn prepare(anchor: &Receiver, order: &Order) -> Result<Prepared> {
    let sender = anchor.make_known(&order.sender).await.context("the sender")?;
    let receiver = anchor.make_known(&order.receiver).await.context("the receiver")?;
    let quote = match &order.money {
        Some(money) => Some(anchor.quote(money, order.amount, &order.funding_method).await?),
        None => None,
    };
    let (quote, promised) = quote.map(|quote| (quote.id, quote.buy_amount)).unzip();
    Ok(Prepared { customers: [sender, receiver], quote, promised })
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
    journal: &mut Journal,
) -> Result<Payment> {
    // what was signed before is settled first, whatever the anchor says by now
    if journal.known().paid.is_none() && journal.known().signed.is_some() {
        settle(account, journal).await?;
    }
    let id = journal.known().id.clone().context("it was not announced")?;
    let payment = anchor.payment(&id).await?;
    match payment.status.as_str() {
        // only now: before, the anchor is not ready for it
        "pending_sender" if journal.known().paid.is_none() => {
            sign(anchor, account, order, &payment, journal).await?;
            settle(account, journal).await?;
        }
        "pending_customer_info_update" => {
            let prepared = journal.known().prepared.clone().context("it was not announced")?;
            for (person, customer) in [&order.sender, &order.receiver].into_iter().zip(&prepared.customers) {
                anchor.tell_what_is_missing(person, customer, &id).await?;
            }
        }
        "pending_transaction_info_update" => bail!("the anchor asks for something that we do not know"),
        _ => {}
    }
    Ok(payment)
}

/// Until nothing more happens.
pub async fn follow(
    anchor: &Receiver,
    account: &Account,
    order: &Order,
    journal: &mut Journal,
) -> Result<Payment> {
    let mut shown = String::new();
    loop {
        let payment = step(anchor, account, order, journal).await?;
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

/// Signs exactly what the anchor says now, which is what it will look for, and writes it down before anybody else can see it.
async fn sign(
    anchor: &Receiver,
    account: &Account,
    order: &Order,
    payment: &Payment,
    journal: &mut Journal,
) -> Result<()> {
    let missing = "the anchor did not say what to pay where";
    let destination = payment.stellar_account_id.as_deref().context(missing)?.parse()?;
    let memo_type = payment.stellar_memo_type.as_deref().context(missing)?;
    let memo = Memo::parse(memo_type, payment.stellar_memo.as_deref().context(missing)?)?;
    let amount: StellarAmount = payment.amount_in.as_deref().context(missing)?.parse()?;
    ensure!(amount == order.amount, "the anchor wants {amount} instead of {}", order.amount);
    let signed = account.sign_payment(&anchor.client.toml.asset, destination, memo, amount).await?;
    journal.remember(|known| known.signed = Some(signed))
}

/// Finds out what became of the payment that was signed, and sends it until it has landed or never will. Another one may be
/// signed only after it was forgotten here.
async fn settle(account: &Account, journal: &mut Journal) -> Result<()> {
    let signed = journal.known().signed.clone().context("nothing was signed")?;
    match account.settle(&signed).await? {
        Settled::Landed => journal.remember(|known| known.paid = Some(signed.hash)),
        Settled::Failed(codes) => {
            journal.remember(|known| known.signed = None)?;
            bail!("the ledger says {codes}")
        }
        // the next step looks whether it is still wanted
        Settled::Dead => journal.remember(|known| known.signed = None),
    }
}
