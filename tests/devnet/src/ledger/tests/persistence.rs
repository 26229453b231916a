use std::fs;
use std::path::Path;

use stellar_xdr::Asset;

use super::fixture::{BORN, XLM};
use crate::ledger::build::{self, Draft, account};
use crate::ledger::{LedgerConfig, LogError, Network};

fn open(path: &Path) -> Result<Network, LogError> {
    Network::open(path, LedgerConfig::default(), BORN)
}

/// Funds an account per name and closes a ledger for each.
fn play(network: &mut Network, names: &[&str]) {
    let root = build::key_from_seed(network.root_seed());
    for name in names {
        let sequence = network.account(&account(&root)).unwrap().seq_num.0 + 1;
        let draft = Draft::new(&account(&root), sequence)
            .operation(build::create_account(&account(&build::key(name)), 10 * XLM))
            .operation(build::payment(account(&root), &Asset::Native, 1));
        let now = network.latest().closed_at + 5;
        network.submit(draft.sign(network.network_id(), &[&root]), now);
        network.close(now).unwrap();
    }
}

fn hashes(network: &Network) -> Vec<[u8; 32]> {
    (1..=network.latest().sequence).map(|sequence| network.ledger(sequence).unwrap().hash).collect()
}

#[test]
fn a_reopened_network_has_the_same_ledgers_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let mut network = open(&path).unwrap();
    play(&mut network, &["a", "b"]);
    let before = hashes(&network);
    let entries: Vec<_> = network.entries().map(|(key, entry)| (key.clone(), entry.clone())).collect();
    drop(network);
    let mut network = Network::open(&path, LedgerConfig::default(), BORN + 1_000_000).unwrap();
    assert_eq!(hashes(&network), before);
    assert!(network.entries().map(|(key, entry)| (key.clone(), entry.clone())).eq(entries));
    play(&mut network, &["c"]);
    let before = hashes(&network);
    drop(network);
    assert_eq!(hashes(&open(&path).unwrap()), before);
}

#[test]
fn a_file_cut_at_any_byte_opens_as_a_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let mut network = open(&path).unwrap();
    let mut sizes = vec![fs::metadata(&path).unwrap().len()];
    for name in ["a", "b"] {
        play(&mut network, &[name]);
        sizes.push(fs::metadata(&path).unwrap().len());
    }
    let all = hashes(&network);
    drop(network);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let network = open(&path).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let complete = sizes.iter().filter(|size| **size <= cut as u64).count();
        let expected = complete.max(1);
        assert_eq!(hashes(&network), all[..expected], "cut at {cut}");
        drop(network);
        let length = fs::metadata(&path).unwrap().len();
        assert_eq!(length, sizes[expected - 1], "the torn end is gone, cut at {cut}");
    }
}

#[test]
fn a_torn_last_record_of_full_length_is_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let mut network = open(&path).unwrap();
    play(&mut network, &["a", "b"]);
    let all = hashes(&network);
    drop(network);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(hashes(&open(&path).unwrap()), all[..2]);
    let mut zeros = fs::read(&path).unwrap();
    zeros.extend([0; 100]);
    fs::write(&path, &zeros).unwrap();
    assert_eq!(hashes(&open(&path).unwrap()), all[..2]);
}

#[test]
fn damage_before_the_last_record_is_an_error_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let mut network = open(&path).unwrap();
    let start = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    play(&mut network, &["a", "b"]);
    drop(network);
    let whole = fs::read(&path).unwrap();
    for position in [start, start + 5, start + 12, start + 40] {
        let mut bytes = whole.clone();
        bytes[position] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(open(&path), Err(LogError::Damaged { after: 1 })), "at {position}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_file_is_used_by_one_network_with_one_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger");
    let network = open(&path).unwrap();
    assert!(matches!(open(&path), Err(LogError::InUse)));
    drop(network);
    let other = LedgerConfig { base_fee: 200, ..LedgerConfig::default() };
    assert!(matches!(Network::open(&path, other, BORN), Err(LogError::OtherConfig)));
    fs::write(&path, b"my only copy of something else").unwrap();
    assert!(matches!(open(&path), Err(LogError::NotALog)));
}

#[test]
fn a_log_that_replays_differently_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let mut network = open(&one).unwrap();
    let start = usize::try_from(fs::metadata(&one).unwrap().len()).unwrap();
    play(&mut network, &["a"]);
    let first = usize::try_from(fs::metadata(&one).unwrap().len()).unwrap();
    play(&mut network, &["b"]);
    drop(network);
    let bytes = fs::read(&one).unwrap();
    let without_the_first = [&bytes[..start], &bytes[first..]].concat();
    fs::write(&two, without_the_first).unwrap();
    assert!(matches!(open(&two), Err(LogError::Diverged { sequence: 1 })));
}
