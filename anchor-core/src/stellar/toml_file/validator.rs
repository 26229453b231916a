//! `[[VALIDATORS]]`: nodes of the network that the organisation runs. An anchor needs none.

use toml::Table;
use url::Url;

use super::check::{At, Notes};
use crate::account::AccountId;
use crate::domain::Domain;

pub(super) fn check(entries: &[&Table], notes: &mut Notes) {
    for (index, table) in entries.iter().enumerate() {
        let name = format!("VALIDATORS[{index}]");
        let at = At::new(table, &name);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_alias = |alias: &str| (2..=16).contains(&alias.len()) && alias.bytes().all(is_plain);
        if notes.text(at, "ALIAS").is_some_and(|alias| !is_alias(alias)) {
            notes.error(at.of("ALIAS"), "has 2 to 16 of a to z, 0 to 9 and -");
        }
        notes.text(at, "DISPLAY_NAME");
        notes.parsed::<AccountId>(at, "PUBLIC_KEY", "has to be a valid account (G…)");
        // an IPv6 address is no domain
        let is_host =
            |host: &str| host.parse::<Domain>().is_ok() || host.parse::<std::net::SocketAddrV6>().is_ok();
        if notes.text(at, "HOST").is_some_and(|host| !is_host(host)) {
            notes.error(at.of("HOST"), "has to be a host and a port");
        }
        if notes.text(at, "HISTORY").is_some_and(|history| Url::parse(history).is_err()) {
            notes.error(at.of("HISTORY"), "has to be an address");
        }
    }
}
