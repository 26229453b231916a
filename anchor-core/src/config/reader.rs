//! What every setting is read with: texts, numbers, lists, keys.

use std::collections::BTreeSet;
use std::str::FromStr;

use url::Url;

use crate::keys::SigningKey;
use crate::secret::Secret;

/// Reads one setting after the other, and remembers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, name: &str, wanted: &str) {
        self.problems.push(format!("  {name}: should be {wanted}"));
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.source)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn url(&mut self, name: &str) -> Option<Url> {
        let url = http_url(&self.text(name)?);
        if url.is_none() {
            self.problem(name, "an http(s) address");
        }
        url
    }

    /// Separated by commas or spaces, each of them once.
    pub(super) fn urls(&mut self, name: &str) -> Vec<Url> {
        let text = self.text(name).unwrap_or_default();
        let each = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        let urls: Option<Vec<Url>> = each.filter(|url| !url.is_empty()).map(http_url).collect();
        let distinct = |urls: &Vec<Url>| urls.iter().collect::<BTreeSet<_>>().len() == urls.len();
        urls.filter(distinct).unwrap_or_else(|| {
            self.problem(name, "http(s) addresses, each of them once, separated by commas");
            Vec::new()
        })
    }

    pub(super) fn ledger_quorum(&mut self, servers: usize) -> usize {
        let wanted = "how many of the ledger servers have to agree: 1, up to all of them";
        let quorum = self.number("LEDGER_QUORUM", wanted).unwrap_or(1);
        if !(1..=servers.max(1)).contains(&quorum) {
            self.problem("LEDGER_QUORUM", wanted);
        }
        quorum
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => {
                self.problem(name, "1 or 0");
                None
            }
        }
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let number = self.text(name)?.parse().ok();
        if number.is_none() {
            self.problem(name, wanted);
        }
        number
    }

    /// Separated by commas.
    pub(super) fn list<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<Vec<T>> {
        let list: Option<Vec<T>> = self.text(name)?.split(',').map(|each| each.trim().parse().ok()).collect();
        if list.is_none() {
            self.problem(name, wanted);
        }
        list
    }

    pub(super) fn keys(&mut self, name: &str) -> Vec<SigningKey> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let keys: Result<Vec<_>, _> = text.split(',').map(|seed| seed.trim().parse()).collect();
        keys.unwrap_or_else(|_| {
            self.problem(name, "Stellar secret seeds (S…), separated by commas");
            Vec::new()
        })
    }

    /// Keys that sign tokens.
    pub(super) fn secrets(&mut self, name: &str) -> Vec<Secret<String>> {
        let text = self.text(name).unwrap_or_default();
        let keys: Vec<_> = text.split(',').map(|key| key.trim().to_owned()).collect();
        let distinct = |key: &String| key.bytes().collect::<BTreeSet<_>>().len();
        if keys.iter().any(|key| key.len() < 32 || distinct(key) < 8) {
            self.problem(name, "random, at least 32 characters (see `keys generate`)");
        }
        keys.into_iter().map(Secret::new).collect()
    }
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}
