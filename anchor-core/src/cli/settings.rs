//! The environment, and a `.env` file for what the environment does not say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::{CliError, known};
use crate::account::AccountId;
use crate::config::{Config, ConfigError};
use crate::stellar::Network;
use crate::store::diesel::DieselStore;

/// Settings by name. The process's environment goes before the file; the environment itself is never changed.
#[derive(Clone)]
pub struct Settings {
    path: PathBuf,
    file: BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    elsewhere: Vec<AccountId>,
    custodian: bool,
    own: BTreeSet<String>,
}

/// The values may be secrets: only the names are shown.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.file.keys().chain(self.defaults.keys())).finish()
    }
}

impl Settings {
    /// Reads a `.env` file; a file that does not exist is an empty one.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, CliError> {
        let path = path.into();
        let unreadable = |source| CliError::EnvFile { path: path.display().to_string(), source };
        let file = match dotenvy::from_path_iter(&path) {
            Ok(pairs) => pairs.collect::<Result<_, _>>().map_err(unreadable)?,
            Err(error) if error.not_found() => BTreeMap::new(),
            Err(error) => return Err(unreadable(error)),
        };
        Ok(Self {
            path,
            file,
            defaults: BTreeMap::new(),
            elsewhere: Vec::new(),
            custodian: false,
            own: BTreeSet::new(),
        })
    }

    /// One setting; empty counts as absent.
    pub fn get(&self, name: &str) -> Option<String> {
        let given = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        given.or_else(|| self.file.get(name).cloned()).or_else(|| self.defaults.get(name).cloned())
    }

    /// What holds if neither environment nor file says anything. Not written to the file.
    pub fn set_default(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.defaults.insert(name.into(), value.into());
    }

    /// Tells `doctor` which settings are the binary's own: it notes every other name in the file that the framework does not
    /// know either, because it may be misspelt.
    pub fn set_own<N: Into<String>>(&mut self, names: impl IntoIterator<Item = N>) {
        self.own.extend(names.into_iter().map(Into::into));
    }

    /// Names in the file that nobody knows.
    pub(super) fn unknown(&self) -> Vec<&str> {
        let is_known = |name: &&str| {
            known::is_known(name) || self.own.contains(*name) || self.defaults.contains_key(*name)
        };
        self.file.keys().map(String::as_str).filter(|name| !is_known(name)).collect()
    }

    /// Tells `doctor` for which accounts the binary attaches a [`Signer`](crate::integration::Signer): those of its
    /// `accounts`.
    pub fn set_signed_elsewhere(&mut self, accounts: Vec<AccountId>) {
        self.elsewhere = accounts;
    }

    /// Tells `doctor` that the binary attaches a [custodian](crate::integration::CustodyIntegration).
    pub fn set_custodian(&mut self) {
        self.custodian = true;
    }

    pub(super) fn signed_elsewhere(&self) -> &[AccountId] {
        &self.elsewhere
    }

    pub(super) fn has_custodian(&self) -> bool {
        self.custodian
    }

    /// Writes a setting to the file, readable by its owner only, and replaces an earlier one of the same name.
    /// A kill leaves the old file or the new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(&mut self, name: &str, value: &str) -> Result<(), CliError> {
        let unwritable = |source| CliError::Write { path: self.path.display().to_string(), source };
        let before = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unwritable(error)),
        };
        let mut text = String::new();
        for line in before.lines().filter(|line| !line.starts_with(&format!("{name}="))) {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&format!("{name}=\"{value}\"\n"));
        replace(&self.path, &text).map_err(unwritable)?;
        self.file.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// All settings, checked.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::from_source(|name| self.get(name))
    }

    /// The database of `DATABASE_URL`, and nothing else: who only looks into it needs no keys. Contacts it not yet.
    pub(super) fn open_store(&self) -> Result<DieselStore, CliError> {
        Ok(DieselStore::open(self.get("DATABASE_URL").as_deref().unwrap_or(crate::config::DATABASE_URL))?)
    }

    /// Whether it is the public network: where tokens are money.
    pub(super) fn is_public(&self) -> bool {
        self.get("STELLAR_NETWORK_PASSPHRASE").is_some_and(|passphrase| passphrase.trim() == Network::PUBLIC)
    }

    /// Keys and assets are made by themselves only where nothing is at stake.
    ///
    /// # Errors
    /// On the public network, and where `HOST_URL` is not this machine.
    pub(super) fn require_playground(&self, what: &str) -> Result<(), CliError> {
        let refused = |why: &str| Err(CliError::Refused(format!("{what} {why}")));
        if self.is_public() {
            return refused("by itself on the public network");
        }
        let host = self.get("HOST_URL").map(|host| Url::parse(host.trim()));
        let is_here = match host.as_ref().map(|host| host.as_ref().ok().and_then(Url::host)) {
            None => true,
            Some(Some(Host::Domain(name))) => name == "localhost",
            Some(Some(Host::Ipv4(address))) => address.is_loopback(),
            Some(Some(Host::Ipv6(address))) => address.is_loopback(),
            Some(None) => false,
        };
        if is_here { Ok(()) } else { refused("by itself where HOST_URL is not this machine (localhost)") }
    }
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("new{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_settings_are_read_again_and_replace_earlier_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let mut settings = Settings::load(&path).unwrap();
        settings.store("ANCHOR_TEST_ONE", "a b").unwrap();
        settings.store("ANCHOR_TEST_TWO", "2").unwrap();
        settings.store("ANCHOR_TEST_ONE", "c").unwrap();
        let again = Settings::load(&path).unwrap();
        assert_eq!(again.get("ANCHOR_TEST_ONE").as_deref(), Some("c"));
        assert_eq!(again.get("ANCHOR_TEST_TWO").as_deref(), Some("2"));
        assert_eq!(std::fs::read_to_string(&path).unwrap().matches("ANCHOR_TEST_ONE").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn stored_settings_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        Settings::load(&path).unwrap().store("ANCHOR_TEST_SECRET", "s").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn names_in_the_file_that_nobody_knows_are_found_and_the_binarys_own_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "FEE_BUDGE=1\nFEE_BUDGET=1\nUSD_ISSUER_SEED=s\nBANK_URL=b\n").unwrap();
        let mut settings = Settings::load(path).unwrap();
        assert_eq!(settings.unknown(), ["BANK_URL", "FEE_BUDGE"]);
        settings.set_own(["BANK_URL"]);
        assert_eq!(settings.unknown(), ["FEE_BUDGE"]);
    }

    #[test]
    fn keys_are_made_on_this_machines_test_networks_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        let with = |lines: &str| {
            std::fs::write(&path, lines).unwrap();
            Settings::load(&path).unwrap().require_playground("keys are not made")
        };
        for host in
            ["", "HOST_URL=http://localhost:8000", "HOST_URL=http://127.0.0.1:1", "HOST_URL=http://[::1]:1"]
        {
            with(host).unwrap();
        }
        for wrong in
            ["HOST_URL=https://anchor.example", "HOST_URL=nonsense", "HOST_URL=http://localhost.example"]
        {
            assert!(with(wrong).unwrap_err().to_string().contains("HOST_URL"), "{wrong}");
        }
        let public = format!("STELLAR_NETWORK_PASSPHRASE=\"{}\"", Network::PUBLIC);
        assert!(with(&public).unwrap_err().to_string().contains("public network"));
    }

    #[test]
    fn debug_shows_names_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::load(folder.path().join(".env")).unwrap();
        settings.store("ANCHOR_TEST_SECRET", "hunter2").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
