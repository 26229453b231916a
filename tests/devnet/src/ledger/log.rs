//! Closed ledgers in a file: append-only, checksummed, on disk before anyone sees the ledger.
//!
//! The file starts with [`MAGIC`] and a record that holds the configuration and the birth time of the network;
//! then one record per ledger. A record is its length, the complement of its length, a checksum and the
//! contents. Only the last record can be torn by a crash; it is cut off when the file is opened. Opening replays
//! all ledgers through the same code that made them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use stellar_xdr::{Limits, ReadXdr, TransactionEnvelope};

use super::close::Contents;
use super::config::LedgerConfig;
use super::frame::Frame;
use super::network::Network;
use super::record::{ClosedLedger, encode};
use super::signatures::Verification;

const MAGIC: &[u8] = b"anchor-devnet ledger 1\n";
const HEAD: usize = 16;
/// Envelopes in the log were decoded with at most this depth when they were submitted.
const DEPTH: u32 = 1_000;

/// Why a ledger file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file could not be opened, created or locked.
    #[error("cannot open the ledger file")]
    Open(#[source] io::Error),
    /// Another process has the file open.
    #[error("the ledger file is in use by another process")]
    InUse,
    /// The file could not be read.
    #[error("cannot read the ledger file")]
    Read(#[source] io::Error),
    /// A ledger could not be written. The file is as it was before.
    #[error("cannot write to the ledger file")]
    Write(#[source] io::Error),
    /// An earlier write failed and what it left could not be cleaned up; the network has to be opened anew.
    #[error("the ledger file is unusable after a failed write")]
    Unusable,
    /// The file is something else.
    #[error("the file is not a ledger file")]
    NotALog,
    /// The file was begun with other parameters.
    #[error("the ledger file belongs to a network with another configuration")]
    OtherConfig,
    /// A record before the last is damaged.
    #[error("the ledger file is damaged after ledger {after}")]
    Damaged {
        /// Last ledger that could be read.
        after: u32,
    },
    /// Replaying the file gives other ledgers than it was written with: it was written by another version of this
    /// program, or tampered with.
    #[error("the ledger file does not replay: ledger {sequence} differs")]
    Diverged {
        /// First ledger that came out differently.
        sequence: u32,
    },
    /// An envelope does not encode (it cannot have been submitted).
    #[error("an envelope does not encode")]
    Encode(#[source] stellar_xdr::Error),
}

/// An open, locked file positioned at its end.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    end: u64,
    unusable: bool,
}

/// A file whose first record was read.
#[derive(Debug)]
pub(crate) struct Opened {
    file: File,
    born_at: u64,
    ledgers_from: u64,
}

/// One ledger as the file has it.
#[derive(Debug)]
struct Entry {
    previous_hash: [u8; 32],
    closed_at: u64,
    fee_rate: i64,
    envelopes: Vec<TransactionEnvelope>,
}

impl Log {
    /// Opens (and locks) the file at `path`, or begins one.
    pub(crate) fn open(path: &Path, config: &LedgerConfig, now: u64) -> Result<Opened, LogError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(LogError::Open)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LogError::InUse),
            Err(TryLockError::Error(error)) => return Err(LogError::Open(error)),
        }
        let mut reader = Records::from_start(&file)?;
        let mut magic = vec![0; MAGIC.len().min(reader.left_len())];
        reader.read_exact(&mut magic)?;
        if !MAGIC.starts_with(&magic) {
            return Err(LogError::NotALog);
        }
        let first = if magic.len() == MAGIC.len() { reader.next(0)? } else { None };
        let Some(first) = first else {
            begin(&mut file, path, config, now)?;
            let ledgers_from = file.stream_position().map_err(LogError::Read)?;
            return Ok(Opened { file, born_at: now, ledgers_from });
        };
        let born_at = first
            .last_chunk::<8>()
            .map(|bytes| u64::from_be_bytes(*bytes))
            .ok_or(LogError::Damaged { after: 0 })?;
        if first != identity(config, born_at) {
            return Err(LogError::OtherConfig);
        }
        let ledgers_from = reader.position;
        Ok(Opened { file, born_at, ledgers_from })
    }

    /// Writes the ledger that is about to follow `previous` and waits until it is on disk.
    pub(crate) fn append(&mut self, previous: &ClosedLedger, contents: &Contents) -> Result<(), LogError> {
        if self.unusable {
            return Err(LogError::Unusable);
        }
        let mut payload = Vec::new();
        payload.extend_from_slice(&previous.hash);
        payload.extend_from_slice(&contents.closed_at.to_be_bytes());
        payload.extend_from_slice(&contents.fee_rate.to_be_bytes());
        for frame in &contents.frames {
            let envelope = encode(frame.envelope()).map_err(LogError::Encode)?;
            payload.extend_from_slice(&u32::try_from(envelope.len()).unwrap_or(u32::MAX).to_be_bytes());
            payload.extend_from_slice(&envelope);
        }
        let record = framed(&payload);
        let written = self.file.seek(SeekFrom::Start(self.end)).and_then(|_| {
            self.file.write_all(&record)?;
            self.file.sync_data()
        });
        match written {
            Ok(()) => {
                self.end += record.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Half a record must not stay: the next one would be written behind it.
                self.unusable = self.file.set_len(self.end).and_then(|()| self.file.sync_data()).is_err();
                Err(LogError::Write(error))
            }
        }
    }
}

impl Opened {
    /// Rebuilds the network. Signatures are believed at first, since they were verified on submission; if that
    /// leads to other ledgers, everything is replayed with full verification.
    pub(crate) fn replay(self, config: LedgerConfig) -> Result<Network, LogError> {
        let (network, end) = match self.rebuild(&config, Verification::Trusting) {
            Err(LogError::Diverged { .. }) => self.rebuild(&config, Verification::Full)?,
            other => other?,
        };
        let length = self.file.metadata().map_err(LogError::Read)?.len();
        if length > end {
            self.file.set_len(end).and_then(|()| self.file.sync_data()).map_err(LogError::Write)?;
        }
        Ok(network.with_log(Log { file: self.file, end, unusable: false }))
    }

    fn rebuild(&self, config: &LedgerConfig, verification: Verification) -> Result<(Network, u64), LogError> {
        let mut network = Network::genesis(config.clone(), self.born_at);
        let mut records = Records::from_start(&self.file)?;
        records.skip_to(self.ledgers_from)?;
        while let Some(payload) = records.next(network.latest().sequence)? {
            let latest = network.latest();
            let entry = Entry::read(&payload).ok_or(LogError::Damaged { after: latest.sequence })?;
            if entry.previous_hash != latest.hash {
                return Err(LogError::Diverged { sequence: latest.sequence });
            }
            let frames = entry
                .envelopes
                .into_iter()
                .map(|envelope| Frame::new(envelope, network.network_id()).map(Arc::new))
                .collect::<Result<Vec<_>, _>>()
                .map_err(LogError::Encode)?;
            let contents = Contents { closed_at: entry.closed_at, fee_rate: entry.fee_rate, frames };
            network.advance(&contents, verification);
        }
        Ok((network, records.position))
    }
}

impl Entry {
    fn read(payload: &[u8]) -> Option<Self> {
        let (previous_hash, rest) = payload.split_first_chunk::<32>()?;
        let (closed_at, rest) = rest.split_first_chunk::<8>()?;
        let (fee_rate, mut rest) = rest.split_first_chunk::<8>()?;
        let mut envelopes = Vec::new();
        while !rest.is_empty() {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let (envelope, tail) =
                tail.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            let limits = Limits { depth: DEPTH, len: envelope.len() };
            envelopes.push(TransactionEnvelope::from_xdr(envelope, limits).ok()?);
            rest = tail;
        }
        Some(Self {
            previous_hash: *previous_hash,
            closed_at: u64::from_be_bytes(*closed_at),
            fee_rate: i64::from_be_bytes(*fee_rate),
            envelopes,
        })
    }
}

/// Reads records one after the other.
struct Records<'a> {
    reader: BufReader<&'a File>,
    /// End of the last whole record.
    position: u64,
    length: u64,
}

impl<'a> Records<'a> {
    fn from_start(file: &'a File) -> Result<Self, LogError> {
        let length = file.metadata().map_err(LogError::Read)?.len();
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(0)).map_err(LogError::Read)?;
        Ok(Self { reader, position: 0, length })
    }

    fn skip_to(&mut self, position: u64) -> Result<(), LogError> {
        self.reader.seek(SeekFrom::Start(position)).map_err(LogError::Read)?;
        self.position = position;
        Ok(())
    }

    fn left_len(&self) -> usize {
        usize::try_from(self.length.saturating_sub(self.position)).unwrap_or(usize::MAX)
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> Result<(), LogError> {
        self.reader.read_exact(bytes).map_err(LogError::Read)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// The next record; `None` at the end or at a torn record, which `position` then stands before.
    fn next(&mut self, after: u32) -> Result<Option<Vec<u8>>, LogError> {
        let start = self.position;
        let left = self.left_len();
        if left < HEAD {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.read_exact(&mut head)?;
        let [a, b, c, d, e, f, g, h, checksum @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        if length != !u32::from_be_bytes([e, f, g, h]) {
            // Blocks a file system had set aside but not filled read as zeros.
            self.position = start;
            return if self.only_zeros(head)? { Ok(None) } else { Err(LogError::Damaged { after }) };
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > left - HEAD {
            self.position = start;
            return Ok(None);
        }
        let mut payload = vec![0; length];
        self.read_exact(&mut payload)?;
        if checksum_of(&payload) == checksum {
            return Ok(Some(payload));
        }
        self.position = start;
        if length == left - HEAD { Ok(None) } else { Err(LogError::Damaged { after }) }
    }

    fn only_zeros(&mut self, head: [u8; HEAD]) -> Result<bool, LogError> {
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest).map_err(LogError::Read)?;
        Ok(head.iter().chain(&rest).all(|byte| *byte == 0))
    }
}

/// Begins an empty file, replacing what a crash may have left of an earlier beginning.
fn begin(file: &mut File, path: &Path, config: &LedgerConfig, now: u64) -> Result<(), LogError> {
    let mut start = MAGIC.to_vec();
    start.extend(framed(&identity(config, now)));
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&start)?;
        file.sync_all()?;
        // The name of the file has to survive a crash too.
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            Some(_) | None => File::open(".")?.sync_all(),
        }
    };
    write(file).map_err(LogError::Write)
}

/// What makes a network this one: its parameters (`close_seconds` and `ledgers_queued` are matters of submission only)
/// and its birth.
fn identity(config: &LedgerConfig, born_at: u64) -> Vec<u8> {
    let mut bytes = config.passphrase.as_bytes().to_vec();
    for parameter in [config.base_fee, config.base_reserve, config.capacity, config.protocol_version] {
        bytes.extend(parameter.to_be_bytes());
    }
    bytes.extend(born_at.to_be_bytes());
    bytes
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut record = Vec::with_capacity(HEAD + payload.len());
    record.extend(length.to_be_bytes());
    record.extend((!length).to_be_bytes());
    record.extend(checksum_of(payload));
    record.extend(payload);
    record
}

fn checksum_of(payload: &[u8]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(payload).into();
    [digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Submitted;
    use crate::ledger::build::{self, Draft};

    #[test]
    fn a_ledger_that_cannot_be_written_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        std::fs::write(&path, b"").unwrap();
        let read_only = File::open(&path).unwrap();
        let network = Network::genesis(LedgerConfig::default(), 1);
        let mut network = network.with_log(Log { file: read_only, end: 0, unusable: false });
        let root = build::key_from_seed(network.root_seed());
        let draft = Draft::new(&build::account(&root), 1)
            .operation(build::create_account(&build::account(&build::key("alice")), 10_000_000));
        let Submitted::Pending { hash } = network.submit(draft.sign(network.network_id(), &[&root]), 1)
        else {
            panic!("it is valid");
        };
        assert!(matches!(network.close(2), Err(LogError::Write(_))));
        assert!(
            matches!(network.close(2), Err(LogError::Unusable)),
            "what was half written could not be cut off"
        );
        assert_eq!(network.latest().sequence, 1);
        assert!(network.pending(&hash));
        assert!(network.account(&build::account(&build::key("alice"))).is_none());
    }
}
