//! Senders and receivers, as the receiving anchor wants to know them: SEP-12.

use std::collections::BTreeMap;

use super::receiver::Receiver;
use crate::anchor::answer;
use crate::customers::Customer;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// How often a customer is told about before somebody has to look.
const TRIES_MAX: usize = 5;

/// A client of ours, or whom they send money to.
#[derive(Debug, Clone)]
pub struct Person {
    /// What the receiving anchor asks of them: one of its types.
    pub of: String,
    /// All that we know, by the names of SEP-9.
    pub known: BTreeMap<String, String>,
    /// Where several clients share our account, this is what tells them apart.
    pub memo: Option<u64>,
}

impl Receiver {
    /// Makes somebody known before there is a payment: all that is asked for, until nothing is missing. The anchor's id.
    pub async fn make_known(&self, person: &Person) -> Result<String> {
        let mut id = None;
        for _ in 0..TRIES_MAX {
            let customer = self.customer(person, id.as_deref(), None).await?;
            match (customer.status.as_str(), customer.id.clone()) {
                ("NEEDS_INFO", _) => {
                    id = Some(self.tell(person, id.as_deref(), None, &wanted(person, &customer)?).await?);
                }
                (_, Some(id)) => return Ok(id),
                (status, None) => bail!("a customer without an id is {status}"),
            }
        }
        bail!("the anchor asks again and again")
    }

    /// Tells what a payment waits for, until the customer is accepted or the anchor has to look. Whether something was told.
    pub async fn tell_what_is_missing(&self, person: &Person, id: &str, payment: &str) -> Result<bool> {
        for round in 0..TRIES_MAX {
            let customer = self.customer(person, Some(id), Some(payment)).await?;
            ensure!(customer.status != "REJECTED", "refused: {}", customer.message.unwrap_or_default());
            if customer.status != "NEEDS_INFO" {
                return Ok(round > 0);
            }
            self.tell(person, Some(id), Some(payment), &wanted(person, &customer)?).await?;
        }
        bail!("the anchor asks again and again")
    }

    /// Tells what has changed, of somebody who is known.
    pub async fn tell_changed(&self, person: &Person, id: &str, names: &[&str]) -> Result<String> {
        let changed = person.known.iter().filter(|(name, _)| names.contains(&name.as_str()));
        let changed = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.tell(person, Some(id), None, &changed).await
    }

    /// How somebody stands, for a payment if there is one.
    pub async fn customer(
        &self,
        person: &Person,
        id: Option<&str>,
        payment: Option<&str>,
    ) -> Result<Customer> {
        let mut query = vec![("type", person.of.clone())];
        query.extend(named(person, id));
        query.extend(payment.map(|payment| ("transaction_id", payment.to_owned())));
        let request = self.client.http.get(format!("{}/customer", self.kyc_server()?)).query(&query);
        answer(request.bearer_auth(&self.token).send().await?).await
    }

    async fn tell(
        &self,
        person: &Person,
        id: Option<&str>,
        payment: Option<&str>,
        fields: &BTreeMap<String, String>,
    ) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            id: String,
        }
        let mut body = fields.clone();
        body.insert("type".to_owned(), person.of.clone());
        body.extend(payment.map(|payment| ("transaction_id".to_owned(), payment.to_owned())));
        body.extend(named(person, id).map(|(name, value)| (name.to_owned(), value)));
        let request = self.client.http.put(format!("{}/customer", self.kyc_server()?)).json(&body);
        Ok(answer::<Answer>(request.bearer_auth(&self.token).send().await?).await?.id)
    }

    fn kyc_server(&self) -> Result<&str> {
        self.client.toml.kyc_server.as_deref().context("this anchor asks nothing of its customers")
    }
}

/// Of what is asked, what we know. Everything that is not optional has to be among it.
fn wanted(person: &Person, customer: &Customer) -> Result<BTreeMap<String, String>> {
    let mut told = BTreeMap::new();
    for (name, field) in &customer.fields {
        match person.known.get(name) {
            Some(value) => drop(told.insert(name.clone(), value.clone())),
            None => ensure!(
                field.optional,
                "the anchor asks for {name} ({}), which we do not know",
                field.description
            ),
        }
    }
    Ok(told)
}

/// By the anchor's id, or by what tells our clients apart.
fn named(person: &Person, id: Option<&str>) -> impl Iterator<Item = (&'static str, String)> {
    let named = match (id, person.memo) {
        (Some(id), _) => vec![("id", id.to_owned())],
        (None, Some(memo)) => vec![("memo", memo.to_string()), ("memo_type", "id".to_owned())],
        (None, None) => Vec::new(),
    };
    named.into_iter()
}
