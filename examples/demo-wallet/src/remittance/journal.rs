//! What has to be remembered of one payment, on disk: an order is announced once and paid once, however often the program
//! is started with it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::ledger::Signed;

/// Longest name of an order; it is the name of a file.
const KEY_MAX: usize = 100;

/// One payment, as far as it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an example's own, not an API that is versioned")]
pub struct Known {
    /// What was ordered: the same name cannot stand for something else.
    pub order: String,
    /// What is announced, from before it is: said again, it has to be the same.
    pub prepared: Option<Prepared>,
    /// The receiving anchor's id.
    pub id: Option<String>,
    /// Our payment, from before it is sent. Only when it is proved that it can never land it is forgotten.
    pub signed: Option<Signed>,
    /// Our payment, once it has landed: never a second one.
    pub paid: Option<String>,
}

/// What an announcement is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an example's own, not an API that is versioned")]
pub struct Prepared {
    /// The receiving anchor's ids of sender and receiver.
    pub customers: [String; 2],
    /// The quote, if the money is another one.
    pub quote: Option<String>,
    /// What it will deliver, if it promised.
    pub promised: Option<String>,
}

/// The file of one payment. While it is open, no other process pays for the same order.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    folder: PathBuf,
    known: Known,
    _lock: File,
}

impl Journal {
    /// Opens what is known of an order, or begins with nothing.
    pub fn open(folder: &Path, key: &str) -> Result<Self> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        ensure!(
            (1..=KEY_MAX).contains(&key.len()) && key.chars().all(is_plain),
            "an order is named by up to {KEY_MAX} letters, digits, - and _"
        );
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        let lock = OpenOptions::new().create(true).append(true).open(folder.join(format!("{key}.lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another process is at work on {key}"),
            Err(TryLockError::Error(error)) => return Err(error).context("the order cannot be locked"),
        }
        let path = folder.join(format!("{key}.json"));
        let known = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is not what we wrote", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Known::default(),
            // not being able to look is not the same as nothing being there
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        Ok(Self { path, folder: folder.to_owned(), known, _lock: lock })
    }

    /// What is known.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Remembers more. When this returns it is on disk, whatever happens to machine or process; if it fails nothing may be done
    /// that depends on it.
    pub fn remember(&mut self, change: impl FnOnce(&mut Known)) -> Result<()> {
        let mut next = self.known.clone();
        change(&mut next);
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(&next)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        // the new name is to last, too
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        self.known = next;
        Ok(())
    }
}
