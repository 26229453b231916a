use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use stellar_xdr::{
    AccountMergeResult, AlphaNum4, Asset, AssetCode4, ClaimableBalanceId, CreateAccountOp,
    CreateAccountResult, CreateClaimableBalanceResult, FeeBumpTransaction, FeeBumpTransactionEnvelope,
    FeeBumpTransactionExt, FeeBumpTransactionInnerTx, Hash, InnerTransactionResult,
    InnerTransactionResultExt, InnerTransactionResultPair, InvokeHostFunctionOp, Memo as XdrMemo,
    MuxedAccountMed25519, Operation, OperationBody, OperationResultTr, PathPaymentStrictReceiveOp,
    PathPaymentStrictReceiveResult, PathPaymentStrictReceiveResultSuccess, PathPaymentStrictSendOp,
    PathPaymentStrictSendResult, PathPaymentStrictSendResultSuccess, PaymentOp, PaymentResult, Preconditions,
    PublicKey, SequenceNumber, SetTrustLineFlagsResult, SimplePaymentResult, Transaction, TransactionExt,
    TransactionResultExt, TransactionV1Envelope, Uint256, VecM, WriteXdr,
};

use super::*;
use crate::account::Account;
use crate::memo::Memo;

mod failure;
mod meta;

const LEDGER: u32 = 77;
const ID: u64 = 77 << 32 | 5 << 12;

fn network() -> Network {
    Network::new(Network::TESTNET)
}

fn ours() -> AccountId {
    AccountId::from_bytes([1; 32])
}

fn theirs() -> AccountId {
    AccountId::from_bytes([2; 32])
}

fn plain(account: AccountId) -> MuxedAccount {
    MuxedAccount::Ed25519(Uint256(*account.as_bytes()))
}

fn muxed(account: AccountId, id: u64) -> MuxedAccount {
    MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id, ed25519: Uint256(*account.as_bytes()) })
}

fn xdr_id(account: AccountId) -> stellar_xdr::AccountId {
    stellar_xdr::AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(*account.as_bytes())))
}

fn usd() -> Asset {
    let issuer = xdr_id(AccountId::from_bytes([9; 32]));
    Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USD\0"), issuer })
}

fn base64(value: &impl WriteXdr) -> String {
    BASE64_STANDARD.encode(value.to_xdr(codec::limits()).unwrap())
}

/// One operation with its result.
type Step = (Operation, OperationResult);

fn step(body: OperationBody, result: OperationResultTr) -> Step {
    (Operation { source_account: None, body }, OperationResult::OpInner(result))
}

fn payment(to: MuxedAccount, amount: i64) -> Step {
    let op = PaymentOp { destination: to, asset: usd(), amount };
    step(OperationBody::Payment(op), OperationResultTr::Payment(PaymentResult::Success))
}

fn last(to: AccountId, amount: i64) -> SimplePaymentResult {
    SimplePaymentResult { destination: xdr_id(to), asset: usd(), amount }
}

fn strict_send(to: MuxedAccount, dest_min: i64, received: SimplePaymentResult) -> Step {
    let op = PathPaymentStrictSendOp {
        send_asset: Asset::Native,
        send_amount: 1_000_000,
        destination: to,
        dest_asset: usd(),
        dest_min,
        path: VecM::default(),
    };
    let success = PathPaymentStrictSendResultSuccess { offers: VecM::default(), last: received };
    let result = PathPaymentStrictSendResult::Success(success);
    step(OperationBody::PathPaymentStrictSend(op), OperationResultTr::PathPaymentStrictSend(result))
}

fn strict_receive(to: MuxedAccount, amount: i64) -> Step {
    let op = PathPaymentStrictReceiveOp {
        send_asset: Asset::Native,
        send_max: 1_000_000,
        destination: to,
        dest_asset: usd(),
        dest_amount: amount,
        path: VecM::default(),
    };
    let success =
        PathPaymentStrictReceiveResultSuccess { offers: VecM::default(), last: last(ours(), amount) };
    let result = PathPaymentStrictReceiveResult::Success(success);
    step(OperationBody::PathPaymentStrictReceive(op), OperationResultTr::PathPaymentStrictReceive(result))
}

fn create(to: AccountId, lumens: i64) -> Step {
    let op = CreateAccountOp { destination: xdr_id(to), starting_balance: lumens };
    step(OperationBody::CreateAccount(op), OperationResultTr::CreateAccount(CreateAccountResult::Success))
}

fn merge(to: MuxedAccount, lumens: i64) -> Step {
    let result = OperationResultTr::AccountMerge(AccountMergeResult::Success(lumens));
    step(OperationBody::AccountMerge(to), result)
}

/// A transaction by somebody else, and what a server tells of it.
#[derive(Debug, Clone)]
struct Listed {
    hash: TransactionHash,
    id: u64,
    envelope: String,
    result: String,
    meta: Option<String>,
}

fn transaction(steps: &[Step], memo: XdrMemo) -> Transaction {
    let operations: Vec<_> = steps.iter().map(|(operation, _)| operation.clone()).collect();
    Transaction {
        source_account: plain(theirs()),
        fee: 100,
        seq_num: SequenceNumber(1),
        cond: Preconditions::None,
        memo,
        operations: operations.try_into().unwrap(),
        ext: TransactionExt::V0,
    }
}

fn results(steps: &[Step]) -> VecM<OperationResult> {
    steps.iter().map(|(_, result)| result.clone()).collect::<Vec<_>>().try_into().unwrap()
}

fn result_of(result: TransactionResultResult) -> String {
    base64(&TransactionResult { fee_charged: 100, result, ext: TransactionResultExt::V0 })
}

impl Listed {
    fn new(envelope: &TransactionEnvelope, result: TransactionResultResult) -> Self {
        let hash = envelope.hash(*network().id()).unwrap();
        Self {
            hash: TransactionHash::from_bytes(hash),
            id: ID,
            envelope: base64(envelope),
            result: result_of(result),
            meta: None,
        }
    }

    fn of(steps: &[Step]) -> Self {
        Self::with_memo(steps, XdrMemo::None)
    }

    fn with_memo(steps: &[Step], memo: XdrMemo) -> Self {
        let envelope = envelope(transaction(steps, memo));
        Self::new(&envelope, TransactionResultResult::TxSuccess(results(steps)))
    }

    fn read(&self) -> Result<Vec<Movement>, DecodeError> {
        self.brought().map(|brought| brought.movements)
    }

    fn brought(&self) -> Result<Brought, DecodeError> {
        let transaction = ForeignTransaction {
            hash: self.hash,
            ledger: LEDGER,
            at: DateTime::UNIX_EPOCH,
            id: self.id,
            envelope: &self.envelope,
            result: &self.result,
            meta: self.meta.as_deref(),
        };
        brought(&transaction, &ours(), &network())
    }

    /// Amounts in stroops, with the asset's code.
    fn arrived(&self) -> Vec<(i64, String)> {
        let movements = self.read().unwrap();
        movements.iter().map(|each| (each.amount.stroops(), each.asset.code().to_owned())).collect()
    }
}

fn envelope(tx: Transaction) -> TransactionEnvelope {
    TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() })
}

fn bumped(
    steps: &[Step],
    inner_result: InnerTransactionResultResult,
) -> (TransactionEnvelope, TransactionResultResult) {
    let inner = TransactionV1Envelope { tx: transaction(steps, XdrMemo::Id(3)), signatures: VecM::default() };
    let hash = Hash(inner.tx.hash(*network().id()).unwrap());
    let tx = FeeBumpTransaction {
        fee_source: plain(AccountId::from_bytes([8; 32])),
        fee: 1000,
        inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
        ext: FeeBumpTransactionExt::V0,
    };
    let succeeded = matches!(inner_result, InnerTransactionResultResult::TxSuccess(_));
    let result =
        InnerTransactionResult { fee_charged: 0, result: inner_result, ext: InnerTransactionResultExt::V0 };
    let pair = InnerTransactionResultPair { transaction_hash: hash, result };
    let result = if succeeded {
        TransactionResultResult::TxFeeBumpInnerSuccess(pair)
    } else {
        TransactionResultResult::TxFeeBumpInnerFailed(pair)
    };
    let envelope = FeeBumpTransactionEnvelope { tx, signatures: VecM::default() };
    (TransactionEnvelope::TxFeeBump(envelope), result)
}

fn arrived(amounts: &[(i64, &str)]) -> Vec<(i64, String)> {
    amounts.iter().map(|(amount, code)| (*amount, (*code).to_owned())).collect()
}

#[test]
fn r_24_130_every_way_of_paying_arrives() {
    let steps = [
        payment(plain(ours()), 1),
        strict_send(plain(ours()), 2, last(ours(), 20)),
        strict_receive(plain(ours()), 3),
        create(ours(), 4),
        merge(plain(ours()), 5),
    ];
    let expected = [(1, "USD"), (20, "USD"), (3, "USD"), (4, "native"), (5, "native")];
    assert_eq!(Listed::of(&steps).arrived(), arrived(&expected));
}

#[test]
fn peer_r_24_130_path_payment_counts_by_what_was_received() {
    let listed = Listed::of(&[strict_send(plain(ours()), 1, last(ours(), 987))]);
    assert_eq!(listed.arrived(), arrived(&[(987, "USD")]));
}

#[test]
fn what_is_paid_to_others_does_not_arrive() {
    let steps = [
        payment(plain(theirs()), 1),
        strict_send(plain(theirs()), 2, last(theirs(), 20)),
        create(theirs(), 4),
        merge(plain(theirs()), 5),
    ];
    assert_eq!(Listed::of(&steps).arrived(), []);
}

#[test]
fn what_we_pay_to_ourselves_does_not_arrive() {
    let (mut operation, result) = payment(muxed(ours(), 4), 1);
    for source in [plain(ours()), muxed(ours(), 9)] {
        operation.source_account = Some(source);
        assert_eq!(Listed::of(&[(operation.clone(), result.clone())]).arrived(), []);
    }
}

#[test]
fn operations_have_ids_of_their_own_that_count_from_one() {
    let listed =
        Listed::of(&[payment(plain(ours()), 1), payment(plain(theirs()), 2), payment(plain(ours()), 3)]);
    let ids: Vec<_> = listed.read().unwrap().into_iter().map(|movement| movement.id).collect();
    assert_eq!(ids, [(ID + 1).to_string(), (ID + 3).to_string()]);
}

#[test]
fn r_mx_006_muxed_accounts_are_kept_on_both_sides() {
    let (mut operation, result) = payment(muxed(ours(), 0), 1);
    operation.source_account = Some(muxed(theirs(), u64::MAX));
    let movement = Listed::with_memo(&[(operation, result)], XdrMemo::Id(5)).read().unwrap().remove(0);
    assert_eq!(movement.to, Account::Muxed { account: ours(), id: 0 });
    assert_eq!(movement.from, Account::Muxed { account: theirs(), id: u64::MAX });
    assert_eq!(movement.memo, Memo::Id(5));
    assert_eq!(movement.reference(), Memo::Id(0));
}

#[test]
fn merged_account_and_path_payment_reach_a_muxed_destination() {
    let steps = [merge(muxed(ours(), 7), 5), strict_send(muxed(ours(), 7), 1, last(ours(), 6))];
    let movements = Listed::of(&steps).read().unwrap();
    assert!(movements.iter().all(|movement| movement.to.muxed_id() == Some(7)));
    assert_eq!(movements.len(), 2);
}

#[test]
fn r_me_005_memos_keep_type_and_bytes() {
    let text = |bytes: &[u8]| XdrMemo::Text(bytes.try_into().unwrap());
    for (memo, stored) in [
        (XdrMemo::None, "none:"),
        (XdrMemo::Id(123), "id:123"),
        (text(b"123"), "text:313233"),
        (text(b"\xff\x00"), "text:ff00"),
        (text(b""), "text:"),
    ] {
        let movement = Listed::with_memo(&[payment(plain(ours()), 1)], memo).read().unwrap().remove(0);
        assert_eq!(movement.memo.to_string(), stored);
    }
}

#[test]
fn fee_bump_is_read_by_its_inner_result_and_known_by_its_outer_hash() {
    let steps = [payment(plain(ours()), 9)];
    let (envelope, result) = bumped(&steps, InnerTransactionResultResult::TxSuccess(results(&steps)));
    let listed = Listed::new(&envelope, result);
    let movement = listed.read().unwrap().remove(0);
    assert_eq!(movement.hash.as_bytes(), &envelope.hash(*network().id()).unwrap());
    assert_eq!((movement.amount.stroops(), movement.memo), (9, Memo::Id(3)));
    assert_eq!(movement.from, theirs().into());
}

#[test]
fn r_24_130_failed_transactions_move_nothing() {
    let steps = [payment(plain(ours()), 9)];
    let envelope = envelope(transaction(&steps, XdrMemo::None));
    let no_trust = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::NoTrust));
    for result in [
        TransactionResultResult::TxFailed(vec![no_trust.clone()].try_into().unwrap()),
        TransactionResultResult::TxFailed(results(&steps)),
        TransactionResultResult::TxBadSeq,
    ] {
        assert_eq!(Listed::new(&envelope, result).arrived(), []);
    }
    let failed = InnerTransactionResultResult::TxFailed(vec![no_trust].try_into().unwrap());
    let (envelope, result) = bumped(&steps, failed);
    assert_eq!(Listed::new(&envelope, result).arrived(), []);
}

#[test]
fn result_of_another_transaction_is_an_error() {
    let one = [payment(plain(ours()), 9)];
    let envelope = envelope(transaction(&one, XdrMemo::None));
    let success = |steps: &[Step]| TransactionResultResult::TxSuccess(results(steps));
    for result in [success(&[]), success(&[one.clone(), one.clone()].concat()), success(&[create(ours(), 1)])]
    {
        Listed::new(&envelope, result).read().unwrap_err();
    }
    let underfunded = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::Underfunded));
    let contradiction = TransactionResultResult::TxSuccess(vec![underfunded].try_into().unwrap());
    Listed::new(&envelope, contradiction).read().unwrap_err();
    let elsewhere = strict_send(plain(ours()), 1, last(theirs(), 5));
    Listed::of(&[elsewhere]).read().unwrap_err();
}

#[test]
fn hash_that_is_not_the_envelopes_is_an_error() {
    let mut listed = Listed::of(&[payment(plain(ours()), 9)]);
    listed.hash = TransactionHash::from_bytes([0; 32]);
    listed.read().unwrap_err();
}

#[test]
fn id_of_another_ledger_is_an_error() {
    let mut listed = Listed::of(&[payment(plain(ours()), 9)]);
    listed.id = 78 << 32;
    listed.read().unwrap_err();
}

#[test]
fn contract_call_is_an_error_because_it_may_have_paid() {
    let call = OperationBody::InvokeHostFunction(InvokeHostFunctionOp::default());
    let result = stellar_xdr::InvokeHostFunctionResult::Success(Hash([0; 32]));
    let step = step(call, OperationResultTr::InvokeHostFunction(result));
    Listed::of(&[payment(plain(ours()), 1), step]).read().unwrap_err();
}

#[test]
fn negative_amounts_are_errors() {
    for step in [payment(plain(ours()), -1), create(ours(), -1), merge(plain(ours()), i64::MIN)] {
        Listed::of(&[step]).read().unwrap_err();
    }
}

#[test]
fn nothing_is_no_arrival() {
    assert_eq!(Listed::of(&[create(ours(), 0)]).arrived(), []);
}

#[test]
fn r_24_052_claimable_balance_ids_are_72_hex_characters() {
    let id = ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash([0xab; 32]));
    let created = OperationResultTr::CreateClaimableBalance(CreateClaimableBalanceResult::Success(id));
    let results = vec![OperationResult::OpInner(created)];
    let result = result_of(TransactionResultResult::TxSuccess(results.try_into().unwrap()));
    let claimable_balances = vec![format!("00000000{}", "ab".repeat(32))];
    assert_eq!(outcome(&result), Ok(Outcome::Succeeded { claimable_balances }));
}

fn flip(text: &str, flips: &[(usize, u8)]) -> String {
    let mut bytes = BASE64_STANDARD.decode(text).unwrap();
    for (at, flip) in flips {
        let at = at % bytes.len();
        bytes[at] ^= flip;
    }
    BASE64_STANDARD.encode(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn altered_transactions_never_panic_and_altered_envelopes_never_count(
        envelope_flips in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        result_flips in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        let steps = [payment(plain(ours()), 1), strict_send(plain(ours()), 2, last(ours(), 20)), create(ours(), 4)];
        let original = Listed::of(&steps);
        let mut altered = original.clone();
        altered.envelope = flip(&original.envelope, &envelope_flips);
        altered.result = flip(&original.result, &result_flips);
        let read = altered.read();
        if altered.envelope != original.envelope {
            prop_assert!(read.is_err());
        }
        let _ = outcome(&altered.result);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = BASE64_STANDARD.encode(bytes);
        let mut listed = Listed::of(&[payment(plain(ours()), 1)]);
        listed.result.clone_from(&text);
        let _ = listed.read();
        listed.envelope = text;
        prop_assert!(listed.read().is_err());
    }
}
