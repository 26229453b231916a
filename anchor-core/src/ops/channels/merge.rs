//! Retired channels give their lumens back: each account is closed, and what it held goes to the anchor.
//!
//! A channel is closed by an envelope of its own, with its own sequence number, stored as its attempt. As long as that is
//! open the store gives the channel to nobody, even if it is put into use again meanwhile. Killed before it is stored,
//! nothing happened; killed after, `confirm` sends and closes it as it does every attempt.
//!
//! No envelope that the account has signed before can do anything to an account that comes back under the same key: the
//! ledger lets nobody merge an account whose sequence number is as high as those that new accounts begin with, and
//! every envelope of ours has an upper time bound besides.

use super::{ChannelsError, store};
use crate::account::AccountId;
use crate::anchor::Anchor;
use crate::ops::{OpsError, submit};
use crate::stellar::AccountSnapshot;
use crate::stellar::envelope::Operation;
use crate::store::Channel;

/// How the retired channels stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merging {
    /// Their envelopes are open, or will be with the next call.
    pub open: u32,
    /// The ledger would not close them: they have entries of their own, which somebody else than this program made.
    pub kept: Vec<AccountId>,
}

/// Closes the retired channels; what they hold goes to `into`. Safe to repeat: call again, once the open envelopes are
/// closed, until none is left.
///
/// # Errors
/// See [`ChannelsError`]. What was stored stays stored.
pub async fn merge(anchor: &Anchor, into: AccountId) -> Result<Merging, ChannelsError> {
    let channels = anchor.store().channel_list().await.map_err(OpsError::from)?;
    let retired: Vec<Channel> =
        channels.into_iter().filter(|channel| channel.position.is_some() && channel.retired).collect();
    if retired.is_empty() {
        return Ok(Merging::default());
    }
    // read before the accounts are: what they show has to be as new as this
    let latest = anchor.ledger().latest().await.map_err(OpsError::from)?;
    if anchor.ledger().account(&into).await.map_err(OpsError::from)?.is_none() {
        return Err(ChannelsError::NoPayer(into));
    }
    let ids: Vec<AccountId> = retired.iter().map(|channel| channel.account).collect();
    let (mut merging, mut gone, mut stored) = (Merging::default(), Vec::new(), Vec::new());
    for (channel, shown) in retired.iter().zip(anchor.ledger().accounts(&ids).await) {
        match shown.map_err(OpsError::from)? {
            None if channel.attempt.is_none() => gone.push(channel.account),
            Some(shown) if has_entries(&shown) => merging.kept.push(channel.account),
            shown => {
                merging.open = merging.open.saturating_add(1);
                let is_free = |shown: &AccountSnapshot| {
                    channel.attempt.is_none() && shown.as_of.is_none_or(|as_of| as_of >= latest.sequence)
                };
                if let Some(shown) = shown.filter(is_free) {
                    stored.extend(store(anchor, &shown, vec![Operation::Merge { into }], latest).await?);
                }
            }
        }
    }
    anchor.store().channel_forget(&gone).await.map_err(OpsError::from)?;
    submit::send_all(anchor, &stored).await;
    Ok(merging)
}

/// Trust lines, offers, data, other signers, or reserves that it pays for others: none of our making.
const fn has_entries(account: &AccountSnapshot) -> bool {
    account.subentries > 0 || account.sponsoring > 0
}
