//! The SEP transaction: one deposit or withdrawal of one user, and the only way to change it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Subject;
use crate::asset::{Asset, AssetId, StellarAsset};
use crate::id::TransactionId;
use crate::quote::QuoteUse;

mod apply;
mod attempt;
mod change;
mod custody;
mod event;
mod fact;
mod info;
pub mod machine;
mod money;
mod order;
mod request;
#[cfg(test)]
mod samples;
mod state;
mod status;

pub use apply::{Applied, ApplyContext};
pub use attempt::{Attempt, AttemptPurpose, AttemptStatus, HashError, Reclaim, TransactionHash, Unsigned};
pub use change::{Change, ChangeEffect};
pub use custody::{CustodyOrder, CustodyStatus};
pub use event::{Event, EventKind};
pub use fact::{Actor, AfterRefusal, AfterVoid, Effect, Fact, FactRecord, Settlement};
pub use info::{AfterInfo, InfoField, InfoKind, InfoNeed};
pub use machine::{Refusal, Verdict, transition};
pub use money::{Amounts, Instruction, LedgerReceipt, Receipt, Receiving, Refund, Terms};
pub use order::{Order, OrderPurpose, OrderStatus};
pub use request::{Request, Variant};
pub use state::{FailureCode, Kind, Protocol, Queue, RefundStep, RefundVia, Resume, State};
pub use status::Status;

/// One deposit or withdrawal.
///
/// A value of this type is a snapshot: it changes only through [`Transaction::apply`] and the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// Given by us, unique for ever. Knowing it authorises nothing.
    pub id: TransactionId,
    /// Counts the changes; a writer that read an older version is refused.
    pub version: i64,
    /// Which way the value moves.
    pub kind: Kind,
    /// How wallets see it.
    pub protocol: Protocol,
    /// Where it stands.
    pub state: State,
    /// The token.
    pub asset: StellarAsset,
    /// The money on the other side.
    pub off_chain_asset: AssetId,
    /// Whose it is: all that their tokens may see.
    pub subject: Subject,
    /// The wallet's proven domain, if it proved one (SEP-10 `client_domain`).
    pub client_domain: Option<String>,
    /// What the wallet asked for.
    pub request: Request,
    /// The firm quote that it is made with, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteUse>,
    /// What was agreed; `None` while the user is still in the flow.
    pub terms: Option<Terms>,
    /// The amounts: as agreed at first (`None` where any amount may come), recomputed from the receipt once money is here.
    pub amounts: Option<Amounts>,
    /// What arrived; `None` until it did.
    pub receipt: Option<Receipt>,
    /// What went back.
    pub refunds: Vec<Refund>,
    /// The ledger transaction that delivered a deposit or funded a withdrawal.
    pub stellar_transaction_id: Option<TransactionHash>,
    /// The rails' reference that funded a deposit or delivered a withdrawal.
    pub external_transaction_id: Option<String>,
    /// What the user has to claim, where a deposit was delivered as a claimable balance.
    pub claimable_balance_id: Option<String>,
    /// For the user: why it failed, waits or was returned.
    pub message: Option<String>,
    /// When the wallet asked.
    pub started_at: DateTime<Utc>,
    /// When the current status was reached.
    pub updated_at: DateTime<Utc>,
    /// When it was completed or refunded.
    pub completed_at: Option<DateTime<Utc>>,
    /// Until when the user has to act; `None` where nothing is awaited from the user.
    pub deadline: Option<DateTime<Utc>>,
}

/// All that is needed to start a transaction.
#[derive(Debug, Clone)]
pub struct NewTransaction {
    /// From the id source.
    pub id: TransactionId,
    /// Which way.
    pub kind: Kind,
    /// Through which protocol.
    pub protocol: Protocol,
    /// The token.
    pub asset: StellarAsset,
    /// The money on the other side.
    pub off_chain_asset: AssetId,
    /// Whose it is.
    pub subject: Subject,
    /// The wallet's proven domain.
    pub client_domain: Option<String>,
    /// What the wallet asked for.
    pub request: Request,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when the interactive flow has to be finished, or the terms agreed.
    pub deadline: DateTime<Utc>,
}

impl Transaction {
    /// A new transaction, where those of its protocol [begin](State::first). It exists once the store has inserted it.
    pub fn start(new: NewTransaction) -> Self {
        Self {
            id: new.id,
            version: 0,
            kind: new.kind,
            protocol: new.protocol,
            state: State::first(new.protocol),
            asset: new.asset,
            off_chain_asset: new.off_chain_asset,
            subject: new.subject,
            client_domain: new.client_domain,
            request: new.request,
            quote: None,
            terms: None,
            amounts: None,
            receipt: None,
            refunds: Vec::new(),
            stellar_transaction_id: None,
            external_transaction_id: None,
            claimable_balance_id: None,
            message: None,
            started_at: new.at,
            updated_at: new.at,
            completed_at: None,
            deadline: Some(new.deadline),
        }
    }

    /// Made with a firm quote: the amounts are agreed from the beginning, and it ends with the quote if no money comes.
    #[must_use]
    pub fn quoted(self, quote: QuoteUse, amounts: Amounts) -> Self {
        let deadline = self.deadline.map(|deadline| deadline.min(quote.expires_at));
        Self { quote: Some(quote), amounts: Some(amounts), deadline, ..self }
    }

    /// The amounts are agreed from the beginning, as they are where one amount only is announced (SEP-31).
    #[must_use]
    pub fn priced(self, amounts: Amounts) -> Self {
        Self { amounts: Some(amounts), ..self }
    }

    /// The asset as this transaction exchanges it: as it is taken from sending anchors, if it comes from one; with a quote, for
    /// the quote's money, and in the quoted amount only.
    pub fn exchanged<'a>(&self, asset: &'a Asset) -> Cow<'a, Asset> {
        let asset = match self.protocol {
            Protocol::Sep31 => Cow::Owned(asset.received().unwrap_or_else(|| asset.clone())),
            Protocol::Sep6 | Protocol::Sep24 | Protocol::Suspense => Cow::Borrowed(asset),
        };
        let (Some(quote), Some(amounts)) = (&self.quote, &self.amounts) else { return asset };
        let mut asset = asset.into_owned();
        asset.off_chain = self.off_chain_asset.clone();
        asset.off_chain_scale = quote.off_chain_scale;
        let offer = match self.kind {
            Kind::Deposit => &mut asset.deposit,
            Kind::Withdrawal => &mut asset.withdrawal,
        };
        if let Some(offer) = offer {
            let exactly = Some(amounts.amount_in.amount);
            (offer.min, offer.max) = (exactly, exactly);
        }
        Cow::Owned(asset)
    }

    /// What will return a payment that nobody was credited for, `AwaitingPayment` until its first and only receipt. The
    /// store begins it together with that ([`Change::begins`]).
    #[must_use]
    pub fn returning(new: NewTransaction) -> Self {
        let (kind, protocol) = (Kind::Withdrawal, Protocol::Suspense);
        Self { deadline: None, ..Self::start(NewTransaction { kind, protocol, ..new }) }
    }

    /// The kind as wallets list it.
    pub const fn variant(&self) -> Variant {
        Variant::of(self.kind, self.request.exchange)
    }

    /// The label for wallets.
    pub const fn status(&self) -> Status {
        Status::of(&self.state, self.protocol)
    }

    /// The reserved (account, memo) pair of a withdrawal.
    pub fn receiving(&self) -> Option<&Receiving> {
        self.terms.as_ref()?.receiving.as_ref()
    }
}
