//! How many domains are looked up at the same time, and how many of them may be one stranger's.

use std::sync::{Mutex, PoisonError};

use anchor_core::domain::Domain;

/// Domains that are fetched at the same time. Known ones are answered beyond that.
const FETCHES_MAX: usize = 32;
/// Of those, below the same parent: names below a name cost nothing.
const OF_ONE_PARENT_MAX: usize = 4;
/// Below these and a country, names are sold to everybody.
const SHARED: [&str; 7] = ["ac", "co", "com", "edu", "gov", "net", "org"];

/// The parents of what is being fetched.
#[derive(Debug, Default)]
pub(super) struct Fetches(Mutex<Vec<String>>);

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    fetches: &'a Fetches,
    parent: String,
}

impl Fetches {
    /// The right to fetch, unless too many do.
    pub(super) fn permit(&self, domain: &Domain) -> Option<Permit<'_>> {
        let parent = parent(domain);
        let mut fetched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_parent = fetched.iter().filter(|other| *other == parent).count();
        if fetched.len() >= FETCHES_MAX || of_parent >= OF_ONE_PARENT_MAX {
            return None;
        }
        fetched.push(parent.to_owned());
        Some(Permit { fetches: self, parent: parent.to_owned() })
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut fetched = self.fetches.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = fetched.iter().position(|other| *other == self.parent) {
            fetched.swap_remove(at);
        }
    }
}

/// Roughly what somebody registered: the last two labels, or three below the likes of `co.uk`. With the port: that is only
/// found in development, where this machine plays all wallets.
pub(super) fn parent(domain: &Domain) -> &str {
    let text = domain.as_str();
    let mut dots = text.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return text };
    let (country, shared) = (text.get(last + 1..), text.get(second + 1..last));
    let is_shared =
        country.is_some_and(|country| country.len() == 2) && shared.is_some_and(|it| SHARED.contains(&it));
    let start = if is_shared { dots.next() } else { Some(second) };
    start.and_then(|dot| text.get(dot + 1..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    #[test]
    fn subdomains_of_one_stranger_take_few_of_the_places() {
        let fetches = Fetches::default();
        let mut evil: Vec<_> = (0..4)
            .map(|number| fetches.permit(&domain(&format!("x{number}.evil.example"))).unwrap())
            .collect();
        assert!(fetches.permit(&domain("x4.evil.example")).is_none());
        let good: Vec<_> = (0..28)
            .map(|number| fetches.permit(&domain(&format!("wallet{number}.example"))).unwrap())
            .collect();
        assert!(fetches.permit(&domain("another.example")).is_none(), "all places are taken");
        evil.pop();
        assert!(fetches.permit(&domain("x4.evil.example")).is_some(), "a place was given back");
        drop((evil, good));
        assert!(fetches.0.lock().unwrap().is_empty());
    }

    #[test]
    fn parent_of_a_domain_is_what_was_registered() {
        for (text, of) in [
            ("example", "example"),
            ("wallet.example", "wallet.example"),
            ("a.b.wallet.example", "wallet.example"),
            ("a.wallet.co.uk", "wallet.co.uk"),
            ("wallet.co.uk", "wallet.co.uk"),
            ("a.co.example", "co.example"),
            ("localhost:80", "localhost:80"),
        ] {
            assert_eq!(parent(&domain(text)), of);
        }
    }
}
