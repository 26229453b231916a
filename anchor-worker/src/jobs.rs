//! The jobs, one a file. Each can also be run alone, in a process of its own.

use std::sync::Arc;

use anchor_core::Anchor;
use anchor_core::ops::JobSettings;
use anchor_core::ops::callback::CallbackSender;

use crate::job::Job;

mod check_trustlines;
mod confirm_payments;
mod decide_terms;
mod deliver_events;
mod execute_outgoing_transactions;
mod expire;
mod feed_channels;
mod poll_outgoing_transactions;
mod process_pending_deposits;
mod reclaim_balances;
mod sign_payments;
mod submit_payments;
mod watch_transactions;

pub use check_trustlines::CheckTrustlines;
pub use confirm_payments::ConfirmPayments;
pub use decide_terms::DecideTerms;
pub use deliver_events::DeliverEvents;
pub use execute_outgoing_transactions::ExecuteOutgoingTransactions;
pub use expire::Expire;
pub use feed_channels::FeedChannels;
pub use poll_outgoing_transactions::PollOutgoingTransactions;
pub use process_pending_deposits::ProcessPendingDeposits;
pub use reclaim_balances::ReclaimBalances;
pub use sign_payments::SignPayments;
pub use submit_payments::SubmitPayments;
pub use watch_transactions::WatchTransactions;

/// So many activations side by side of jobs that wait for banks and wallets. One that hangs does not hold up what becomes
/// due meanwhile, and nobody is asked for more at once than twice what the settings say.
const LANES: usize = 2;

/// The names of all jobs, in the order in which a transaction meets them.
pub const NAMES: [&str; 13] = [
    "decide_terms",
    "process_pending_deposits",
    "watch_transactions",
    "submit_payments",
    "sign_payments",
    "confirm_payments",
    "check_trustlines",
    "execute_outgoing_transactions",
    "poll_outgoing_transactions",
    "expire",
    "deliver_events",
    "feed_channels",
    "reclaim_balances",
];

/// All jobs of an anchor, in the order of [`NAMES`].
pub(crate) fn all(
    anchor: &Anchor,
    settings: &JobSettings,
    sender: Arc<dyn CallbackSender>,
) -> Vec<Arc<dyn Job>> {
    let (a, s) = (anchor, settings);
    vec![
        Arc::new(DecideTerms::new(a.clone(), s.clone())),
        Arc::new(ProcessPendingDeposits::new(a.clone(), s.clone())),
        Arc::new(WatchTransactions::new(a.clone(), s.clone())),
        Arc::new(SubmitPayments::new(a.clone(), s.clone())),
        Arc::new(SignPayments::new(a.clone(), s.clone())),
        Arc::new(ConfirmPayments::new(a.clone(), s.clone())),
        Arc::new(CheckTrustlines::new(a.clone(), s.clone())),
        Arc::new(ExecuteOutgoingTransactions::new(a.clone(), s.clone())),
        Arc::new(PollOutgoingTransactions::new(a.clone(), s.clone())),
        Arc::new(Expire::new(a.clone(), s.clone())),
        Arc::new(DeliverEvents::new(a.clone(), s.clone(), sender)),
        Arc::new(FeedChannels::new(a.clone(), s.clone())),
        Arc::new(ReclaimBalances::new(a.clone(), s.clone())),
    ]
}
