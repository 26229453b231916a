//! What a successful transaction brought: any envelope with any results and any meta, as a server could list them.
#![no_main]

use anchor_core::account::AccountId;
use anchor_core::stellar::Network;
use anchor_core::stellar::decode::{ForeignTransaction, movements};
use anchor_core::transaction::TransactionHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use stellar_xdr::{
    Limits, MuxedAccount, Operation, OperationBody, OperationResult, TransactionEnvelope, TransactionMeta,
    TransactionResult, TransactionResultExt, TransactionResultResult, WriteXdr,
};

const LEDGER: u32 = 1;

fuzz_target!(|input: (TransactionEnvelope, Vec<OperationResult>, Option<TransactionMeta>)| {
    let (envelope, results, meta) = input;
    let network = Network::new("Test SDF Network ; September 2015");
    let (source, operations) = body(&envelope);
    let account = watched(source, operations);
    // as many results as operations: otherwise nothing else is looked at
    let results: Vec<_> = results.iter().cycle().take(operations.len()).cloned().collect();
    let Ok(results) = results.try_into() else { return };
    let result = TransactionResult {
        fee_charged: 100,
        result: TransactionResultResult::TxSuccess(results),
        ext: TransactionResultExt::V0,
    };
    let limits = Limits { depth: 200, len: 100_000 };
    let (Ok(hash), Ok(text), Ok(result)) = (
        envelope.hash(*network.id()),
        envelope.to_xdr(limits.clone()),
        result.to_xdr(limits.clone()),
    ) else {
        return;
    };
    let (text, result) = (STANDARD.encode(text), STANDARD.encode(result));
    let meta = meta.and_then(|meta| meta.to_xdr(limits).ok()).map(|meta| STANDARD.encode(meta));
    let transaction = ForeignTransaction {
        hash: TransactionHash::from_bytes(hash),
        ledger: LEDGER,
        at: DateTime::from_timestamp(1_800_000_000, 0).expect("a time"),
        id: u64::from(LEDGER) << 32,
        envelope: &text,
        result: &result,
        meta: meta.as_deref(),
    };
    let Ok(arrived) = movements(&transaction, &account, &network) else { return };
    for (index, movement) in arrived.iter().enumerate() {
        assert!(!movement.amount.is_zero(), "what arrives is something");
        assert_eq!(movement.to.ledger_account(), Some(account), "and it arrives here");
        assert!(arrived[..index].iter().all(|other| other.id != movement.id), "each arrives once");
    }
});

fn body(envelope: &TransactionEnvelope) -> (MuxedAccount, &[Operation]) {
    match envelope {
        TransactionEnvelope::TxV0(v0) => {
            (MuxedAccount::Ed25519(v0.tx.source_account_ed25519.clone()), &v0.tx.operations)
        }
        TransactionEnvelope::Tx(v1) => (v1.tx.source_account.clone(), &v1.tx.operations),
        TransactionEnvelope::TxFeeBump(bump) => match &bump.tx.inner_tx {
            stellar_xdr::FeeBumpTransactionInnerTx::Tx(v1) => {
                (v1.tx.source_account.clone(), &v1.tx.operations)
            }
        },
    }
}

/// An account to which something may go: the first payment's destination.
fn watched(source: MuxedAccount, operations: &[Operation]) -> AccountId {
    let to = operations.iter().find_map(|operation| match &operation.body {
        OperationBody::Payment(payment) => Some(payment.destination.clone()),
        OperationBody::PathPaymentStrictReceive(payment) => Some(payment.destination.clone()),
        OperationBody::PathPaymentStrictSend(payment) => Some(payment.destination.clone()),
        OperationBody::AccountMerge(destination) => Some(destination.clone()),
        _ => None,
    });
    let key = match to.unwrap_or(source) {
        MuxedAccount::Ed25519(key) => key,
        MuxedAccount::MuxedEd25519(muxed) => muxed.ed25519,
    };
    AccountId::from_bytes(key.0)
}
