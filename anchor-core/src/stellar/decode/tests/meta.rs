//! What only the meta tells: claimed balances, and assets that contracts paid out.

use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    ClaimClaimableBalanceOp, ClaimClaimableBalanceResult, ClaimableBalanceEntry, ContractEvent,
    ContractEventBody, ContractEventType, ContractEventV0, ContractId as XdrContractId, ContractIdPreimage,
    HashIdPreimage, HashIdPreimageContractId, Int128Parts, InvokeHostFunctionResult, LedgerEntry,
    LedgerEntryChange, LedgerEntryChanges, LedgerEntryData, LedgerEntryExt, LedgerEntryExtensionV1,
    LedgerKeyClaimableBalance, OperationMeta, OperationMetaV2, ScAddress, ScMap, ScMapEntry, ScVal,
    SorobanTransactionMeta, SponsorshipDescriptor, TransactionMeta, TransactionMetaV3, TransactionMetaV4,
};

use super::*;
use crate::account::ContractId;

fn balance_id() -> ClaimableBalanceId {
    ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash([7; 32]))
}

fn claim() -> Step {
    let body = OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id: balance_id() });
    step(body, OperationResultTr::ClaimClaimableBalance(ClaimClaimableBalanceResult::Success))
}

/// A claim by this account.
fn claim_by(account: AccountId) -> Step {
    let (mut operation, result) = claim();
    operation.source_account = Some(plain(account));
    (operation, result)
}

fn claimed(amount: i64, sponsor: Option<AccountId>) -> LedgerEntryChanges {
    let entry =
        ClaimableBalanceEntry { balance_id: balance_id(), asset: usd(), amount, ..Default::default() };
    let sponsoring_id = SponsorshipDescriptor(sponsor.map(xdr_id));
    let entry = LedgerEntry {
        last_modified_ledger_seq: 3,
        data: LedgerEntryData::ClaimableBalance(entry),
        ext: LedgerEntryExt::V1(LedgerEntryExtensionV1 { sponsoring_id, ..Default::default() }),
    };
    let key = LedgerKeyClaimableBalance { balance_id: balance_id() };
    let removed = LedgerEntryChange::Removed(stellar_xdr::LedgerKey::ClaimableBalance(key));
    LedgerEntryChanges(vec![LedgerEntryChange::State(entry), removed].try_into().unwrap())
}

fn v4(operations: Vec<OperationMetaV2>) -> Option<String> {
    let meta = TransactionMetaV4 { operations: operations.try_into().unwrap(), ..Default::default() };
    Some(base64(&TransactionMeta::V4(meta)))
}

fn changed(changes: LedgerEntryChanges) -> OperationMetaV2 {
    OperationMetaV2 { changes, ..Default::default() }
}

#[test]
fn claimed_balance_is_read_from_what_the_operation_changed() {
    let sponsor = AccountId::from_bytes([5; 32]);
    let mut listed = Listed::of(&[payment(plain(theirs()), 1), claim_by(ours())]);
    listed.meta = v4(vec![OperationMetaV2::default(), changed(claimed(33, Some(sponsor)))]);
    let movement = listed.read().unwrap().remove(0);
    assert_eq!((movement.amount.stroops(), movement.asset.code()), (33, "USD"));
    assert_eq!((movement.from, movement.to), (sponsor.into(), ours().into()));
    assert_eq!(movement.id, (ID + 2).to_string());

    let operations = vec![OperationMeta { changes: claimed(34, None) }].try_into().unwrap();
    let mut listed = Listed::of(&[claim_by(ours())]);
    listed.meta = Some(base64(&TransactionMeta::V3(TransactionMetaV3 { operations, ..Default::default() })));
    assert_eq!(listed.arrived(), arrived(&[(34, "USD")]));
}

#[test]
fn claim_of_others_is_no_arrival_and_a_claim_that_is_not_told_is_an_error() {
    let mut listed = Listed::of(&[claim_by(theirs())]);
    listed.meta = v4(vec![changed(claimed(33, None))]);
    assert_eq!(listed.arrived(), []);
    let mut listed = Listed::of(&[claim_by(ours())]);
    for meta in [
        v4(Vec::new()),
        v4(vec![OperationMetaV2::default()]),
        Some("AAAA".to_owned()),
        v4(vec![changed(claimed(-1, None))]),
    ] {
        listed.meta = meta;
        listed.read().unwrap_err();
    }
    // without meta, as ever: nothing is known of claims
    listed.meta = None;
    assert_eq!(listed.arrived(), []);
}

#[test]
fn r_cb_001_claims_are_known_without_meta_and_with_it_under_the_id_of_what_they_brought() {
    let mut listed = Listed::of(&[payment(plain(ours()), 1), claim_by(theirs()), claim_by(ours())]);
    let claims = listed.brought().unwrap().claims;
    assert_eq!(claims.len(), 1);
    assert_eq!((claims[0].id.clone(), claims[0].by), ((ID + 3).to_string(), ours().into()));
    assert_eq!(claims[0].balance, format!("00000000{}", "07".repeat(32)));
    listed.meta =
        v4(vec![OperationMetaV2::default(), OperationMetaV2::default(), changed(claimed(33, None))]);
    let brought = listed.brought().unwrap();
    assert_eq!((brought.claims, brought.movements[1].id.clone()), (claims, (ID + 3).to_string()));
}

fn call() -> Step {
    let result = InvokeHostFunctionResult::Success(Hash([0; 32]));
    let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp::default());
    step(body, OperationResultTr::InvokeHostFunction(result))
}

fn contract_of(asset: &Asset, network: &Network) -> XdrContractId {
    let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
        network_id: Hash(*network.id()),
        contract_id_preimage: ContractIdPreimage::Asset(asset.clone()),
    });
    XdrContractId(Hash(Sha256::digest(preimage.to_xdr(codec::limits()).unwrap()).into()))
}

fn symbol(name: &str) -> ScVal {
    ScVal::Symbol(name.try_into().unwrap())
}

fn account(id: AccountId) -> ScVal {
    ScVal::Address(ScAddress::Account(xdr_id(id)))
}

fn a_contract() -> ScVal {
    ScVal::Address(ScAddress::Contract(XdrContractId(Hash([6; 32]))))
}

fn text(text: &str) -> ScVal {
    ScVal::String(stellar_xdr::ScString(text.try_into().unwrap()))
}

fn usd_text() -> ScVal {
    text(&format!("USD:{}", AccountId::from_bytes([9; 32])))
}

fn i128_of(amount: i128) -> ScVal {
    let (hi, lo) =
        (i64::try_from(amount >> 64).unwrap(), u64::try_from(amount & i128::from(u64::MAX)).unwrap());
    ScVal::I128(Int128Parts { hi, lo })
}

fn event(contract: XdrContractId, topics: Vec<ScVal>, data: ScVal) -> ContractEvent {
    let body = ContractEventV0 { topics: topics.try_into().unwrap(), data };
    ContractEvent {
        contract_id: Some(contract),
        type_: ContractEventType::Contract,
        body: ContractEventBody::V0(body),
        ..Default::default()
    }
}

fn usd_event(topics: Vec<ScVal>, data: ScVal) -> ContractEvent {
    event(contract_of(&usd(), &network()), topics, data)
}

fn transfer(from: ScVal, to: ScVal, data: ScVal) -> ContractEvent {
    usd_event(vec![symbol("transfer"), from, to, usd_text()], data)
}

fn called(events: &[ContractEvent]) -> Listed {
    let mut listed = Listed::of(&[call()]);
    let events = events.to_vec().try_into().unwrap();
    listed.meta = v4(vec![OperationMetaV2 { events, ..Default::default() }]);
    listed
}

#[test]
fn contract_that_pays_an_asset_is_told_by_the_assets_own_events() {
    let native = event(
        contract_of(&Asset::Native, &network()),
        vec![symbol("transfer"), account(theirs()), account(ours()), text("native")],
        i128_of(8),
    );
    let events = [transfer(a_contract(), account(ours()), i128_of(7)), native];
    let movements = called(&events).read().unwrap();
    let told: Vec<_> = movements
        .iter()
        .map(|each| (each.id.clone(), each.from, each.asset.code().to_owned(), each.amount.stroops()))
        .collect();
    let contract = Account::Contract(ContractId::from_bytes([6; 32]));
    let id = ID + 1;
    let expected = [
        (format!("{id}-1"), contract, "USD".to_owned(), 7),
        (format!("{id}-2"), theirs().into(), "native".to_owned(), 8),
    ];
    assert_eq!(told, expected);

    let events = events.to_vec().try_into().unwrap();
    let soroban_meta = Some(SorobanTransactionMeta { events, ..soroban() });
    let mut listed = Listed::of(&[call()]);
    listed.meta =
        Some(base64(&TransactionMeta::V3(TransactionMetaV3 { soroban_meta, ..Default::default() })));
    assert_eq!(listed.arrived(), arrived(&[(7, "USD"), (8, "native")]));
}

fn soroban() -> SorobanTransactionMeta {
    SorobanTransactionMeta {
        ext: stellar_xdr::SorobanTransactionMetaExt::V0,
        events: VecM::default(),
        return_value: ScVal::Void,
        diagnostic_events: VecM::default(),
    }
}

#[test]
fn what_an_issuer_mints_by_contract_arrives_in_both_forms() {
    let new = usd_event(vec![symbol("mint"), account(ours()), usd_text()], i128_of(4));
    let old = usd_event(vec![symbol("mint"), account(theirs()), account(ours()), usd_text()], i128_of(5));
    let movements = called(&[new, old]).read().unwrap();
    let issuer = AccountId::from_bytes([9; 32]).into();
    assert_eq!(movements.iter().map(|each| each.from).collect::<Vec<_>>(), [issuer; 2]);
    assert_eq!(movements.iter().map(|each| each.amount.stroops()).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn muxed_destination_of_a_contract_call_stands_in_the_events_data() {
    let data = |muxed: ScVal| {
        let field = |name: &str, val| ScMapEntry { key: symbol(name), val };
        ScVal::Map(Some(ScMap(
            vec![field("amount", i128_of(7)), field("to_muxed_id", muxed)].try_into().unwrap(),
        )))
    };
    let to = |muxed| called(&[transfer(a_contract(), account(ours()), data(muxed))]).read().unwrap()[0].to;
    assert_eq!(to(ScVal::U64(42)), Account::Muxed { account: ours(), id: 42 });
    assert_eq!(to(text("memo")), ours().into());
}

#[test]
fn forged_and_foreign_events_move_nothing() {
    let topics = || vec![symbol("transfer"), a_contract(), account(ours()), usd_text()];
    let forged = event(XdrContractId(Hash([1; 32])), topics(), i128_of(7));
    let other_network = event(contract_of(&usd(), &Network::new(Network::PUBLIC)), topics(), i128_of(7));
    let diagnostic = ContractEvent {
        type_: ContractEventType::Diagnostic,
        ..transfer(a_contract(), account(ours()), i128_of(7))
    };
    let elsewhere = transfer(a_contract(), account(theirs()), i128_of(7));
    let own = transfer(account(ours()), account(ours()), i128_of(7));
    let burn = usd_event(vec![symbol("burn"), account(ours()), usd_text()], i128_of(7));
    let nothing = transfer(a_contract(), account(ours()), i128_of(0));
    // by what an event says it is about, and not by where it comes from, strangers could stop the history
    let nonsense = event(XdrContractId(Hash([1; 32])), topics(), ScVal::Void);
    let events = [forged, other_network, diagnostic, elsewhere, own, burn, nothing, nonsense];
    assert_eq!(called(&events).arrived(), []);
}

#[test]
fn contract_call_whose_events_are_missing_or_make_no_sense_is_an_error() {
    let mut listed = Listed::of(&[call()]);
    for meta in [None, v4(Vec::new()), Some(base64(&TransactionMeta::V3(TransactionMetaV3::default())))] {
        listed.meta = meta;
        listed.read().unwrap_err();
    }
    for data in
        [ScVal::Void, i128_of(-1), i128_of(1 << 64), i128_of(i128::from(i64::MAX) + 1), ScVal::Map(None)]
    {
        called(&[transfer(a_contract(), account(ours()), data)]).read().unwrap_err();
    }
}

proptest! {
    #[test]
    fn altered_meta_never_panics(flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let mut listed = called(&[transfer(a_contract(), account(ours()), i128_of(7))]);
        listed.meta = listed.meta.map(|meta| flip(&meta, &flips));
        let _ = listed.read();
        let mut listed = Listed::of(&[claim_by(ours())]);
        listed.meta = v4(vec![changed(claimed(33, None))]).map(|meta| flip(&meta, &flips));
        let _ = listed.read();
    }
}
