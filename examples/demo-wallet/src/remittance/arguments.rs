//! A remittance, as it is said on a command line.

use std::fmt;

use anchor_core::amount::StellarAmount;

use super::people::Person;
use super::send::Order;

/// One payment to somebody whom the receiving anchor pays.
#[derive(clap::Args)]
#[non_exhaustive]
pub struct Remittance {
    /// Names this payment: started again with the same name, it goes on and is paid once.
    #[arg(long)]
    pub order: String,
    /// How much of the token.
    #[arg(long)]
    pub amount: StellarAmount,
    /// The receiver's money, as SEP-38 writes it; without it, the token's own.
    #[arg(long)]
    pub money: Option<String>,
    /// How the receiver gets it.
    #[arg(long, default_value = "SEPA")]
    pub by: String,
    /// What is known of the sender: NAME=VALUE, by the names of SEP-9.
    #[arg(long, value_parser = field)]
    pub sender: Vec<(String, String)>,
    /// What is known of the receiver.
    #[arg(long, value_parser = field)]
    pub receiver: Vec<(String, String)>,
}

impl fmt::Debug for Remittance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remittance").field("order", &self.order).finish_non_exhaustive()
    }
}

impl Remittance {
    /// The order for it. The numbers tell senders and receivers of one account apart; `None`: the account itself.
    pub fn into_order(self, sender: Option<u64>, receiver: Option<u64>) -> Order {
        let person = |of: &str, known: Vec<(String, String)>, memo| Person {
            of: of.to_owned(),
            known: known.into_iter().collect(),
            memo,
        };
        Order {
            key: self.order,
            amount: self.amount,
            money: self.money,
            funding_method: self.by,
            sender: person("sep31-sender", self.sender, sender),
            receiver: person("sep31-receiver", self.receiver, receiver),
        }
    }
}

/// `NAME=VALUE`.
///
/// # Errors
/// What should stand there.
pub fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("should be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
