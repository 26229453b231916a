//! Which accounts are channels, without asking the database each time.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;

use super::{Store, StoreError};
use crate::account::AccountId;

/// How long the channels are taken to be the same.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// The accounts of the channels, retired ones too, as they were at most [`FRESH`] ago. Every deposit asks for them, and
/// they hardly ever change.
#[derive(Debug, Default)]
pub(crate) struct ChannelsSeen {
    latest: Mutex<Option<(DateTime<Utc>, HashSet<AccountId>)>>,
}

impl ChannelsSeen {
    /// Whoever finds them too old reads them, and the others wait for that.
    pub(crate) async fn contains(
        &self,
        account: &AccountId,
        store: &dyn Store,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut latest = self.latest.lock().await;
        if let Some((at, seen)) = &*latest
            && (TimeDelta::zero()..FRESH).contains(&now.signed_duration_since(at))
        {
            return Ok(seen.contains(account));
        }
        let channels = store.channel_list().await?;
        let seen: HashSet<AccountId> = channels.into_iter().map(|channel| channel.account).collect();
        let is_one = seen.contains(account);
        *latest = Some((now, seen));
        Ok(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SigningKey;
    use crate::testing::store::memory::MemoryStore;

    #[tokio::test]
    async fn channels_are_read_again_when_they_are_old_and_when_the_clock_goes_back() {
        let (store, seen) = (MemoryStore::default(), ChannelsSeen::default());
        let [first, second] = [1, 2].map(|seed| SigningKey::from_seed([seed; 32]).account());
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        store.channel_put(&[(first, Some(0))]).await.unwrap();
        assert!(seen.contains(&first, &store, now).await.unwrap());
        store.channel_put(&[(second, Some(1))]).await.unwrap();
        assert!(!seen.contains(&second, &store, now + FRESH - TimeDelta::microseconds(1)).await.unwrap());
        assert!(seen.contains(&second, &store, now + FRESH).await.unwrap());
        let (empty, seen) = (MemoryStore::default(), ChannelsSeen::default());
        assert!(!seen.contains(&first, &empty, now).await.unwrap());
        empty.channel_put(&[(first, Some(0))]).await.unwrap();
        assert!(seen.contains(&first, &empty, now - TimeDelta::microseconds(1)).await.unwrap());
    }
}
