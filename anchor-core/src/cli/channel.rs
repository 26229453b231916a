//! The pool of channel accounts.

use std::time::Duration;

use async_trait::async_trait;
use clap::Subcommand;
use serde_json::json;

use super::output::{Format, note, say};
use super::{CliError, Parts, Settings};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::id::TransactionId;
use crate::integration::{
    DepositIntegration, FundsOutcome, IntegrationError, PayoutOrder, PayoutOutcome, PendingDeposit,
    RailsIntegration, TrustIntegration, TrustOutcome, TrustRequest, WithdrawalIntegration,
};
use crate::ops::channels::{self, ChannelsError};
use crate::ops::{JobSettings, confirm};
use crate::store::Channel;

/// Between two looks at the ledger.
const PAUSE: Duration = Duration::from_secs(1);

/// So often in a row nothing happens before the command gives up: longer than an envelope may land.
const TRIES: u32 = 180;

/// The pool of channel accounts, which carry as many envelopes at once as there are.
#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Create accounts on the ledger until the pool has so many, and use them. Put CHANNEL_SEED into the settings of all
    /// workers first, and restart them: they cannot sign for the channels otherwise. Safe to repeat.
    Create {
        /// How many there should be in all.
        #[arg(long)]
        count: u32,
        /// The distribution account that pays; the first one if absent.
        #[arg(long)]
        payer: Option<AccountId>,
    },
    /// Show all channels, what they hold, and whether they have an open envelope.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Take channels out of use, the last ones first, until the pool has so many. Their lumens stay where they are until
    /// `merge` fetches them, and `create` uses the same accounts again.
    Retire {
        /// How many should be left.
        #[arg(long)]
        count: u32,
    },
    /// Close the accounts of retired channels on the ledger, which gives their lumens back. Safe to repeat.
    Merge {
        /// Who gets the lumens; the first distribution account if absent.
        #[arg(long)]
        into: Option<AccountId>,
    },
}

impl ChannelCommand {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), CliError> {
        let anchor = bare(settings).await?;
        match self {
            Self::Create { count, payer } => create(&anchor, count, payer).await,
            Self::List { format } => list(&anchor, format).await,
            Self::Retire { count } => retire(&anchor, count).await,
            Self::Merge { into } => merge(&anchor, into).await,
        }
    }
}

async fn create(anchor: &Anchor, count: u32, payer: Option<AccountId>) -> Result<(), CliError> {
    let first = anchor.assets().first().map(|asset| asset.distribution);
    let payer =
        payer.or(first).ok_or_else(|| CliError::Refused("there is no asset yet: `asset add`".into()))?;
    let owner = format!("channel-create-{}", anchor.ids().next());
    let (settings, sight) = (JobSettings::new(owner), confirm::Sight::default());
    let (mut before, mut idle) = (u32::MAX, 0_u32);
    loop {
        let missing = match channels::grow(anchor, payer, count).await {
            Ok(0) => break,
            Ok(missing) => missing,
            // perhaps of a worker's: whoever comes first closes it
            Err(ChannelsError::Busy(_)) => before,
            Err(error) => return Err(CliError::Refused(error.to_string())),
        };
        if missing < before {
            note(format_args!("{missing} of {count} are missing"));
            idle = 0;
        }
        before = missing;
        idle = idle.saturating_add(1);
        if idle > TRIES {
            return Err(CliError::Refused("the ledger takes no envelope: see `doctor`".into()));
        }
        tokio::time::sleep(PAUSE).await;
        confirm::confirm(anchor, &settings, &sight).await?;
    }
    note(format_args!("The pool has {count} channels."));
    Ok(())
}

async fn list(anchor: &Anchor, format: Format) -> Result<(), CliError> {
    let channels = anchor.store().channel_list().await?;
    let ids: Vec<AccountId> = channels.iter().map(|channel| channel.account).collect();
    if !format.json {
        say(format_args!("{:>4}  {:<56}  {:<18}  use", "no.", "account", "holds"))?;
    }
    for (channel, shown) in channels.iter().zip(anchor.ledger().accounts(&ids).await) {
        let condition = condition(channel, matches!(shown, Ok(None)));
        if format.json {
            say(json!({
                "position": channel.position,
                "account": channel.account.to_string(),
                "balance": shown.as_ref().ok().and_then(Option::as_ref).map(|shown| shown.balance.to_string()),
                "is_on_ledger": shown.as_ref().ok().map(Option::is_some),
                "retired": channel.retired,
                "attempt": channel.attempt.map(|attempt| attempt.to_string()),
                "use": condition,
            }))?;
            continue;
        }
        let holds = match shown {
            Ok(Some(shown)) => format!("{} lumens", shown.balance),
            Ok(None) => "not on the ledger".to_owned(),
            Err(error) => format!("unknown: {error}"),
        };
        say(format_args!("{}  {}  {holds:<18}  {condition}", place(channel), channel.account))?;
    }
    Ok(())
}

fn place(channel: &Channel) -> String {
    channel.position.map_or_else(|| "   -".to_owned(), |position| format!("{position:>4}"))
}

fn condition(channel: &Channel, is_gone: bool) -> String {
    match (&channel.attempt, channel.retired) {
        (Some(attempt), _) => format!("open envelope {attempt}"),
        (None, true) if is_gone => "merged".to_owned(),
        (None, true) => "retired".to_owned(),
        (None, false) => "free".to_owned(),
    }
}

async fn retire(anchor: &Anchor, count: u32) -> Result<(), CliError> {
    let channels = anchor.store().channel_list().await?;
    let surplus =
        |channel: &&Channel| !channel.retired && channel.position.is_some_and(|position| position >= count);
    let mut busy = 0_u32;
    for channel in channels.iter().filter(surplus) {
        if channels::retire(anchor, channel).await? {
            note(format_args!("retired {}", channel.account));
        } else {
            busy = busy.saturating_add(1);
        }
    }
    if busy > 0 {
        return Err(CliError::Refused(format!("{busy} have an open envelope: try again when it is closed")));
    }
    Ok(())
}

async fn merge(anchor: &Anchor, into: Option<AccountId>) -> Result<(), CliError> {
    let first = anchor.assets().first().map(|asset| asset.distribution);
    let into =
        into.or(first).ok_or_else(|| CliError::Refused("there is no asset yet: `asset add`".into()))?;
    let owner = format!("channel-merge-{}", anchor.ids().next());
    let (settings, sight) = (JobSettings::new(owner), confirm::Sight::default());
    let (mut before, mut idle) = (u32::MAX, 0_u32);
    let kept = loop {
        let merging = channels::merge(anchor, into).await;
        let merging = merging.map_err(|error| CliError::Refused(error.to_string()))?;
        if merging.open == 0 {
            break merging.kept;
        }
        if merging.open < before {
            note(format_args!("{} are still there", merging.open));
            idle = 0;
        }
        before = merging.open;
        idle = idle.saturating_add(1);
        if idle > TRIES {
            return Err(CliError::Refused("the ledger takes no envelope: see `doctor`".into()));
        }
        tokio::time::sleep(PAUSE).await;
        confirm::confirm(anchor, &settings, &sight).await?;
    };
    for account in &kept {
        note(format_args!("{account} has entries of its own and was not closed"));
    }
    note("No other retired channel is left on the ledger.");
    Ok(())
}

/// An anchor that only looks after its own accounts: nobody asks its bank or shows its pages.
async fn bare(settings: &Settings) -> Result<Anchor, CliError> {
    let Parts { config, store, ledger, .. } = Parts::open(settings)?;
    let anchor = Anchor::builder(config)
        .store(store)
        .ledger(ledger)
        .rails(Nobody)
        .deposit(Nobody)
        .withdrawal(Nobody)
        .trust(Nobody)
        .build()
        .await;
    anchor.map_err(|error| CliError::Refused(error.to_string()))
}

/// Stands where the business's own code stands in servers and workers.
struct Nobody;

impl Nobody {
    fn not_here<T>() -> Result<T, IntegrationError> {
        Err(IntegrationError::permanent("this command has no bank"))
    }
}

impl DepositIntegration for Nobody {}

impl WithdrawalIntegration for Nobody {}

#[async_trait]
impl TrustIntegration for Nobody {
    async fn may_hold(&self, _: &TrustRequest) -> Result<TrustOutcome, IntegrationError> {
        Self::not_here()
    }
}

#[async_trait]
impl RailsIntegration for Nobody {
    async fn poll_pending_deposit(&self, _: &PendingDeposit) -> Result<FundsOutcome, IntegrationError> {
        Self::not_here()
    }

    async fn poll_pending_deposits(
        &self,
        _: &[PendingDeposit],
    ) -> Result<Vec<(TransactionId, Result<FundsOutcome, IntegrationError>)>, IntegrationError> {
        Self::not_here()
    }

    async fn execute_outgoing_transaction(&self, _: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
        Self::not_here()
    }

    async fn find_outgoing_transaction(&self, _: &PayoutOrder) -> Result<PayoutOutcome, IntegrationError> {
        Self::not_here()
    }
}
