use std::collections::BTreeSet;

use super::Reader;
use crate::customer::CustomerKey;

/// As SEP-12 suggests.
const FILE_BYTES: usize = 10 * 1024 * 1024;
/// It is held in memory while it is looked at.
const FILE_BYTES_MAX: usize = 100 * 1024 * 1024;

impl Reader<'_> {
    pub(super) fn customer_keys(&mut self) -> Vec<CustomerKey> {
        const NAME: &str = "CUSTOMER_KEYS";
        let wanted = "NAME:KEY pairs separated by commas, each name once (see `keys generate`)";
        let text = self.text(NAME).unwrap_or_default();
        let pairs: Vec<_> = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).collect();
        let names: BTreeSet<_> =
            pairs.iter().filter_map(|pair| pair.split_once(':')).map(|(name, _)| name).collect();
        let keys: Result<Vec<CustomerKey>, _> = pairs.iter().map(|pair| pair.parse()).collect();
        match keys {
            Ok(keys) if names.len() == keys.len() => keys,
            _ => {
                self.problem(NAME, wanted);
                Vec::new()
            }
        }
    }

    pub(super) fn file_bytes_max(&mut self) -> usize {
        const NAME: &str = "FILE_BYTES_MAX";
        let wanted = "a number of bytes, from 1024 to 104857600";
        let bytes = self.number(NAME, wanted).unwrap_or(FILE_BYTES);
        if !(1024..=FILE_BYTES_MAX).contains(&bytes) {
            self.problem(NAME, wanted);
        }
        bytes
    }
}
