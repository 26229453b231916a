//! A bank for people without one: every awaited deposit arrives by itself, every transfer is a line in a file.
//!
//! What makes it a usable bank: a transfer has an idempotency key, a key is never used twice, and a transfer can
//! be looked up by its key. Ask your bank for these three.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One transfer out of the bank.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// The idempotency key.
    pub(crate) key: String,
    /// What was sent.
    pub(crate) amount: String,
    /// To whom.
    pub(crate) to: String,
}

/// The bank's books: a file with a line for each transfer.
#[derive(Debug, Clone)]
pub(crate) struct Bank {
    book: PathBuf,
}

impl Bank {
    /// The bank with these books.
    pub(crate) fn new(book: impl Into<PathBuf>) -> Self {
        Self { book: book.into() }
    }

    /// Sends money, once for each key; the lock keeps other processes out.
    ///
    /// # Errors
    /// When the books cannot be read or written: the transfer may or may not be in them.
    pub(crate) fn transfer(&self, transfer: &Transfer) -> std::io::Result<()> {
        let mut book = OpenOptions::new().create(true).read(true).append(true).open(&self.book)?;
        book.lock()?;
        if Self::search(&book, &transfer.key)?.is_none() {
            book.write_all(format!("{}\n", serde_json::to_string(transfer)?).as_bytes())?;
            book.sync_data()?;
        }
        Ok(())
    }

    /// The transfer with this key, if there is one.
    ///
    /// # Errors
    /// When the books cannot be read.
    pub(crate) fn find(&self, key: &str) -> std::io::Result<Option<Transfer>> {
        match File::open(&self.book) {
            Ok(book) => Self::search(&book, key),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn search(book: &File, key: &str) -> std::io::Result<Option<Transfer>> {
        for line in BufReader::new(book).lines() {
            let transfer: Transfer = serde_json::from_str(&line?)?;
            if transfer.key == key {
                return Ok(Some(transfer));
            }
        }
        Ok(None)
    }
}
