//! Customers, and what an operator decides about them.

use clap::Subcommand;

use super::CliError;
use crate::clock::{Clock as _, SystemClock, format_utc};
use crate::config::Config;
use crate::customer::{Customer, Decision, Place, Vault};
use crate::id::CustomerId;
use crate::ops::customer::{decide, reseal};
use crate::store::{CustomerKeyed, Store};

/// Customers of one list.
const LISTED: u32 = 50;

/// Customers.
#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// The newest, and what was decided about them.
    List {
        /// Those registered before this one.
        #[arg(long)]
        before: Option<CustomerId>,
    },
    /// What is known of one: names and states, not values.
    Show {
        /// Its id.
        customer: CustomerId,
        /// Values too: personal data, on your screen.
        #[arg(long)]
        values: bool,
    },
    /// One is good for what a type is for.
    Accept {
        /// Its id.
        customer: CustomerId,
        /// The type, as wallets name it.
        #[arg(long = "type")]
        of: String,
    },
    /// One will never be.
    Reject {
        /// Its id.
        customer: CustomerId,
        /// The type, as wallets name it.
        #[arg(long = "type")]
        of: String,
        /// For the customer: say no more than the law allows.
        #[arg(long)]
        message: String,
    },
    /// Ask one for more, or for something again.
    Ask {
        /// Its id.
        customer: CustomerId,
        /// The type, as wallets name it.
        #[arg(long = "type")]
        of: String,
        /// Names of fields, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        fields: Vec<String>,
        /// For the customer: what was wrong.
        #[arg(long)]
        message: Option<String>,
    },
    /// Take back what was decided: the business is asked again.
    Undecide {
        /// Its id.
        customer: CustomerId,
        /// The type, as wallets name it.
        #[arg(long = "type")]
        of: String,
    },
    /// Seal everything under the first of CUSTOMER_KEYS, so that the others can go.
    Reseal,
}

impl CustomerCommand {
    pub(super) async fn run(self, config: &Config, store: &dyn Store) -> Result<(), CliError> {
        let vault = Vault::new(config.customer_keys.clone());
        match self {
            Self::List { before } => {
                for customer in store.customer_list(before, LISTED).await? {
                    println!("{}", line(&customer));
                }
                Ok(())
            }
            Self::Show { customer, values } => show(store, &vault, customer, values).await,
            Self::Accept { customer, of } => decided(store, customer, &of, Some(Decision::Accepted)).await,
            Self::Reject { customer, of, message } => {
                decided(store, customer, &of, Some(Decision::Rejected { message })).await
            }
            Self::Ask { customer, of, fields, message } => {
                decided(store, customer, &of, Some(Decision::NeedsInfo { fields, message })).await
            }
            Self::Undecide { customer, of } => decided(store, customer, &of, None).await,
            Self::Reseal => {
                println!("{} values and files are sealed anew.", reseal(store, &vault).await?);
                Ok(())
            }
        }
    }
}

fn line(customer: &Customer) -> String {
    let decisions = customer.decisions.iter().map(|(of, decision)| format!("{of}: {}", decision.as_str()));
    let decisions: Vec<_> = decisions.collect();
    let decisions = if decisions.is_empty() { "undecided".to_owned() } else { decisions.join(", ") };
    format!("{}  {}  {}  {decisions}", customer.id, format_utc(customer.created_at), customer.owner)
}

async fn show(store: &dyn Store, vault: &Vault, id: CustomerId, values: bool) -> Result<(), CliError> {
    let customer = store.customer_fetch(&CustomerKeyed::Id(id)).await?.ok_or(CliError::UnknownCustomer)?;
    println!("{}", line(&customer));
    for field in &customer.fields {
        let state = match &field.file {
            Some(file) => format!("{:?}, file {file}", field.state),
            None => format!("{:?}", field.state),
        };
        let value = match (&field.value, values) {
            (Some(sealed), true) => {
                let place = Place::Field(id, field.name.clone());
                let value =
                    vault.open_text(&place, sealed).map_err(crate::ops::customer::CustomerError::from)?;
                format!(" = {value}")
            }
            _ => String::new(),
        };
        println!("  {}  {state}  {}{value}", field.name, format_utc(field.received_at));
    }
    Ok(())
}

async fn decided(
    store: &dyn Store,
    id: CustomerId,
    of: &str,
    decision: Option<Decision>,
) -> Result<(), CliError> {
    if !decide(store, id, of, decision, SystemClock.now()).await? {
        return Err(CliError::UnknownCustomer);
    }
    let customer = store.customer_fetch(&CustomerKeyed::Id(id)).await?.ok_or(CliError::UnknownCustomer)?;
    println!("{}", line(&customer));
    Ok(())
}
