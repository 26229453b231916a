//! Customers, and what an operator decides about them.

use clap::Subcommand;
use serde_json::{Value, json};

use super::CliError;
use super::output::{Format, note, say};
use crate::account::Subject;
use crate::clock::{Clock as _, SystemClock, format_utc};
use crate::config::Config;
use crate::customer::file::FileCustomers;
use crate::customer::{Customer, CustomerOwner, CustomerType, Decision, KeptField, Place, Vault, fields};
use crate::id::CustomerId;
use crate::integration::CustomerIntegration as _;
use crate::ops::customer::{CustomerError, decide, reseal};
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
        #[command(flatten)]
        format: Format,
    },
    /// What is known of one: names and states, not values.
    Show {
        /// Its id.
        customer: CustomerId,
        /// Values too: personal data, on your screen.
        #[arg(long)]
        values: bool,
        #[command(flatten)]
        format: Format,
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
    /// Erase what a user told and sent who is no customer: at once, or at the end of a transaction that may still have to pay by
    /// it. Their wallet may do the same, where customers are asked something.
    Forget {
        /// As in a token: G…, G…:MEMO, M… or C…
        user: Subject,
    },
    /// Seal everything under the first of CUSTOMER_KEYS, so that the others can go; also what older versions did not seal.
    Reseal,
}

impl CustomerCommand {
    pub(super) async fn run(self, config: &Config, store: &dyn Store) -> Result<(), CliError> {
        let vault = Vault::new(config.customer_keys.clone());
        match self {
            Self::List { before, format } => {
                for customer in store.customer_list(before, LISTED).await? {
                    if format.json { say(json(&customer))? } else { say(line(&customer))? }
                }
                Ok(())
            }
            Self::Show { customer, values, format } => show(store, &vault, customer, values, format).await,
            Self::Accept { customer, of } => {
                decided(config, store, customer, &of, Some(Decision::Accepted)).await
            }
            Self::Reject { customer, of, message } => {
                decided(config, store, customer, &of, Some(Decision::Rejected { message })).await
            }
            Self::Ask { customer, of, fields, message } => {
                decided(config, store, customer, &of, Some(Decision::NeedsInfo { fields, message })).await
            }
            Self::Undecide { customer, of } => decided(config, store, customer, &of, None).await,
            Self::Forget { user } => forget(store, &CustomerOwner::of(&user)).await,
            Self::Reseal => {
                note(format_args!(
                    "{} values, files and answers are sealed anew.",
                    reseal(store, &vault).await?
                ));
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

fn json(customer: &Customer) -> Value {
    let decisions = customer.decisions.iter().map(|(of, decision)| (of.clone(), decision.as_str().into()));
    let decisions: serde_json::Map<String, Value> = decisions.collect();
    json!({
        "id": customer.id.to_string(),
        "owner": customer.owner.to_string(),
        "created_at": format_utc(customer.created_at).to_string(),
        "decisions": decisions,
    })
}

async fn show(
    store: &dyn Store,
    vault: &Vault,
    id: CustomerId,
    values: bool,
    format: Format,
) -> Result<(), CliError> {
    let customer = fetch(store, id).await?;
    let mut fields = Vec::new();
    for field in &customer.fields {
        let value = match (&field.value, values) {
            (Some(sealed), true) => {
                let place = Place::Field(id, field.name.clone());
                Some(vault.open_text(&place, sealed).map_err(CustomerError::from)?)
            }
            _ => None,
        };
        fields.push((field, value));
    }
    if format.json {
        let field = |(field, value): &(&KeptField, Option<String>)| {
            json!({
                "name": field.name,
                "state": field.state,
                "file": field.file.map(|file| file.to_string()),
                "received_at": format_utc(field.received_at).to_string(),
                "value": value,
            })
        };
        let mut shown = json(&customer);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("fields".to_owned(), fields.iter().map(field).collect());
        }
        return say(shown);
    }
    say(line(&customer))?;
    for (field, value) in fields {
        let state = match &field.file {
            Some(file) => format!("{:?}, file {file}", field.state),
            None => format!("{:?}", field.state),
        };
        let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
        say(format_args!("  {}  {state}  {}{value}", field.name, format_utc(field.received_at)))?;
    }
    Ok(())
}

async fn decided(
    config: &Config,
    store: &dyn Store,
    id: CustomerId,
    of: &str,
    decision: Option<Decision>,
) -> Result<(), CliError> {
    let customer = fetch(store, id).await?;
    let types = file_types(config)?;
    check_type(types.as_deref(), &customer, of)?;
    if let Some(Decision::NeedsInfo { fields, .. }) = &decision {
        check_fields(types.as_deref(), &customer, fields)?;
    }
    if !decide(store, id, of, decision, SystemClock.now()).await? {
        return Err(CliError::UnknownCustomer);
    }
    note(line(&fetch(store, id).await?));
    Ok(())
}

/// A customer may be known to the business too, which only a running anchor can ask.
async fn forget(store: &dyn Store, owner: &CustomerOwner) -> Result<(), CliError> {
    if let Some(customer) = store.customer_fetch(&CustomerKeyed::Owner(owner.clone())).await? {
        let id = customer.id;
        return Err(CliError::Refused(format!(
            "{owner} is the customer {id}: erased by its wallet, or by your program with `ops::customer::delete`, which calls \
             your `erase` first"
        )));
    }
    let said = if store.customer_forget(owner, SystemClock.now()).await? {
        "What this user told is erased, or will be with the end of a transaction that may have to pay by it."
    } else {
        "There is nothing that this user told."
    };
    note(said);
    Ok(())
}

async fn fetch(store: &dyn Store, id: CustomerId) -> Result<Customer, CliError> {
    store.customer_fetch(&CustomerKeyed::Id(id)).await?.ok_or(CliError::UnknownCustomer)
}

/// Those of the file of `CUSTOMERS`; `None` where only the business's own code knows them.
fn file_types(config: &Config) -> Result<Option<Vec<CustomerType>>, CliError> {
    let Some(path) = &config.customers else { return Ok(None) };
    let file = FileCustomers::load(path, config.local_mode);
    let file = file.map_err(|error| CliError::Refused(error.to_string()))?;
    Ok(Some(file.types().to_vec()))
}

/// A decision about a type that nobody asks for would be without any effect.
fn check_type(types: Option<&[CustomerType]>, customer: &Customer, of: &str) -> Result<(), CliError> {
    if customer.last_type.as_deref() == Some(of) || customer.decisions.contains_key(of) {
        return Ok(());
    }
    let Some(types) = types else {
        note(format_args!(
            "note: this customer never asked about a type {of:?}; your own code knows whether there is one"
        ));
        return Ok(());
    };
    if types.iter().any(|known| known.name == of) {
        return Ok(());
    }
    let names: Vec<_> = types.iter().map(|known| &*known.name).collect();
    Err(CliError::Refused(format!("there is no type {of:?}: one of {}", names.join(", "))))
}

/// Asking for what no wallet has a name for would leave the customer waiting for ever.
fn check_fields(
    types: Option<&[CustomerType]>,
    customer: &Customer,
    names: &[String],
) -> Result<(), CliError> {
    let is_own = |name: &str| types.into_iter().flatten().any(|known| known.field(name).is_some());
    let is_kept = |name: &str| customer.fields.iter().any(|field| field.name == fields::stored_as(name));
    let unknown = names.iter().find(|name| {
        let is_known = fields::find(fields::stored_as(name)).is_some() || is_own(name) || is_kept(name);
        !is_known
    });
    match unknown {
        None => Ok(()),
        Some(name) => Err(CliError::Refused(format!(
            "{name:?} is no field of SEP-9, nor one that this customer has: a name such as last_name or photo_id_front"
        ))),
    }
}
