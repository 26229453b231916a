//! What can be used once or for a while.

use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};

use super::books::{Books, refused};
use crate::store::{Callbacks, Session, StoreError};

impl Books {
    pub(super) fn session_open(
        &mut self,
        url_token: &[u8; 32],
        cookie: &[u8; 32],
        csrf: &str,
        callbacks: &Callbacks,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Session>, StoreError> {
        if self.sessions.contains_key(cookie) {
            return Err(refused("session_open", "the cookie is taken"));
        }
        let token = self.url_tokens.get_mut(url_token);
        let Some(token) = token.filter(|token| !token.used && token.expires_at > now) else {
            return Ok(None);
        };
        token.used = true;
        let session = Session { transaction: token.transaction, csrf: csrf.to_owned(), expires_at };
        self.sessions.insert(*cookie, session.clone());
        if *callbacks != Callbacks::default() {
            self.callbacks.entry(session.transaction).or_insert_with(|| callbacks.clone());
        }
        Ok(Some(session))
    }

    pub(super) fn challenge_use(&mut self, hash: &[u8; 32], expires_at: DateTime<Utc>) -> bool {
        match self.challenges.entry(*hash) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(expires_at);
                true
            }
        }
    }

    pub(super) fn expired_delete(&mut self, now: DateTime<Utc>) -> u64 {
        let before = self.short_lived();
        self.url_tokens.retain(|_, token| !token.used && token.expires_at > now);
        self.sessions.retain(|_, session| session.expires_at > now);
        self.challenges.retain(|_, expires_at| *expires_at > now);
        let ended = before
            .saturating_sub(self.short_lived())
            .saturating_add(self.customer_expired_delete(now))
            .saturating_add(self.answers_delete_forgotten());
        u64::try_from(ended).unwrap_or(u64::MAX)
    }

    fn short_lived(&self) -> usize {
        [self.url_tokens.len(), self.sessions.len(), self.challenges.len()].iter().sum()
    }
}
