//! A transaction of a closed ledger, decoded for rendering.

use std::{ops::Deref, sync::Arc};

use stellar_xdr::{TransactionEnvelope, TransactionResult};

use super::toid::Toid;
use crate::ledger::TransactionRecord;

/// A record with its envelope and result decoded once.
#[derive(Debug)]
pub(crate) struct Landed {
    record: Arc<TransactionRecord>,
    pub(crate) envelope: TransactionEnvelope,
    pub(crate) result: TransactionResult,
}

impl Landed {
    pub(crate) fn new(record: &Arc<TransactionRecord>) -> Self {
        Self { record: Arc::clone(record), envelope: record.envelope(), result: record.result() }
    }

    pub(crate) fn toid(&self) -> Toid {
        position(&self.record)
    }
}

impl Deref for Landed {
    type Target = TransactionRecord;

    fn deref(&self) -> &TransactionRecord {
        &self.record
    }
}

/// A transaction's place in history.
pub(crate) fn position(record: &TransactionRecord) -> Toid {
    Toid::new(record.ledger, record.index, 0)
}
