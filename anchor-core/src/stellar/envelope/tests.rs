use proptest::prelude::*;

use super::*;
use crate::keys::SigningKey;
use crate::memo::MemoText;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn account(seed: u8) -> AccountId {
    key(seed).account()
}

fn stroops(stroops: i64) -> StellarAmount {
    StellarAmount::from_stroops(stroops).unwrap()
}

fn usd() -> StellarAsset {
    StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: account(9) }
}

fn pay(destination: impl Into<Account>) -> Operation {
    Payment::Pay { destination: destination.into(), asset: usd(), amount: stroops(5) }.into()
}

fn network() -> Network {
    Network::new(Network::TESTNET)
}

fn spec(network: &Network) -> EnvelopeSpec<'_> {
    EnvelopeSpec {
        network,
        transaction_source: account(1),
        sequence: 7,
        operation_source: Some(account(2)),
        operations: vec![pay(account(3))],
        memo: Memo::None,
        fee_per_operation: 100,
        max_time: 1_900_000_000,
    }
}

fn refused(change: impl FnOnce(&mut EnvelopeSpec<'_>)) -> EnvelopeError {
    let network = network();
    let mut spec = spec(&network);
    change(&mut spec);
    spec.build().unwrap_err()
}

fn signature(seed: u8, envelope: &UnsignedEnvelope) -> (AccountId, [u8; 64]) {
    (account(seed), key(seed).sign(envelope.hash().as_bytes()))
}

#[test]
fn envelope_is_signed_by_both_sources() {
    let network = network();
    let envelope = spec(&network).build().unwrap();
    assert_eq!(envelope.signers(), [account(1), account(2)]);
    let signatures = [signature(1, &envelope), signature(2, &envelope)];
    let hash = envelope.hash();
    let signed = envelope.sign(&signatures).unwrap();
    assert_eq!(signed.hash, hash);

    let read = read_signed(&signed.xdr, &network).unwrap();
    assert_eq!(read.hash, hash);
    assert_eq!(read.source, account(1).into());
    assert_eq!((read.sequence, read.max_time), (7, 1_900_000_000));
    assert_eq!(read.operations, [(Some(account(2).into()), pay(account(3)))]);
    assert_eq!(read.signatures, signatures.map(|(_, signature)| signature.to_vec()));
}

#[test]
fn one_source_needs_one_signature() {
    let network = network();
    for operation_source in [None, Some(account(1))] {
        let envelope = EnvelopeSpec { operation_source, ..spec(&network) }.build().unwrap();
        assert_eq!(envelope.signers(), [account(1)]);
        let signatures = [signature(1, &envelope)];
        envelope.sign(&signatures).unwrap();
    }
}

fn authorize(holder: u8) -> Operation {
    Operation::AuthorizeTrust { holder: account(holder), asset: usd() }
}

#[test]
fn issuer_signs_for_the_trust_line_that_it_authorizes() {
    let network = network();
    let wanted = EnvelopeSpec { operations: vec![authorize(3), pay(account(3))], ..spec(&network) };
    let envelope = wanted.build().unwrap();
    assert_eq!(envelope.signers(), [account(1), account(9), account(2)]);
    let signatures = [9, 1, 2].map(|seed| signature(seed, &envelope));
    let unsigned = envelope.clone().sign(&signatures[1..]).unwrap_err();
    assert_eq!(unsigned, EnvelopeError::Unsigned(account(9)));
    let read = read_signed(&envelope.sign(&signatures).unwrap().xdr, &network).unwrap();
    let (issuer, payer) = (Some(account(9).into()), Some(account(2).into()));
    assert_eq!(read.operations, [(issuer, authorize(3)), (payer, pay(account(3)))]);

    // an issuer that pays itself signs once
    let own = EnvelopeSpec {
        transaction_source: account(9),
        operation_source: None,
        operations: vec![authorize(3), pay(account(3))],
        ..spec(&network)
    };
    assert_eq!(own.build().unwrap().signers(), [account(9)]);
    for asset in [usd(), StellarAsset::Native] {
        let wrong = Operation::AuthorizeTrust { holder: account(9), asset };
        assert_eq!(refused(|spec| spec.operations = vec![wrong]), EnvelopeError::TrustLine);
    }
}

#[test]
fn account_is_merged_into_another_one_only() {
    let network = network();
    let merge = |into| Operation::Merge { into: account(into) };
    let wanted = EnvelopeSpec { operation_source: None, operations: vec![merge(3)], ..spec(&network) };
    let envelope = wanted.build().unwrap();
    assert_eq!(envelope.signers(), [account(1)]);
    let signatures = [signature(1, &envelope)];
    let read = read_signed(&envelope.sign(&signatures).unwrap().xdr, &network).unwrap();
    assert_eq!(read.operations, [(None, merge(3))]);
    assert_eq!(refused(|spec| spec.operations = vec![merge(2)]), EnvelopeError::Merge);
}

#[test]
fn wrong_missing_or_repeated_signatures_are_refused() {
    let network = network();
    let envelope = spec(&network).build().unwrap();
    let (one, two) = (signature(1, &envelope), signature(2, &envelope));
    let sign = |signatures: &[(AccountId, [u8; 64])]| envelope.clone().sign(signatures).unwrap_err();
    assert_eq!(sign(&[]), EnvelopeError::Unsigned(account(1)));
    assert_eq!(sign(&[one]), EnvelopeError::Unsigned(account(2)));
    assert_eq!(sign(&[one, one, two]), EnvelopeError::Signatures);
    assert_eq!(sign(&[one, (account(2), one.1)]), EnvelopeError::Signature(account(2)));
    let elsewhere = Network::new(Network::PUBLIC);
    let other = spec(&elsewhere).build().unwrap();
    assert_eq!(sign(&[signature(1, &other), two]), EnvelopeError::Signature(account(1)));
}

#[test]
fn hash_depends_on_the_network() {
    let (here, elsewhere) = (network(), Network::new(Network::PUBLIC));
    assert_ne!(spec(&here).build().unwrap().hash(), spec(&elsewhere).build().unwrap().hash());
}

#[test]
fn r_mx_006_muxed_destination_keeps_its_account_and_number() {
    let network = network();
    for id in [0, 1, 1 << 63, u64::MAX] {
        let destination = Account::Muxed { account: account(3), id };
        let envelope = EnvelopeSpec { operations: vec![pay(destination)], ..spec(&network) }.build().unwrap();
        let operation = read::operation(&envelope.transaction.operations[0].body).unwrap();
        assert_eq!(operation, pay(destination));
    }
}

#[test]
fn muxed_destination_with_a_memo_is_refused() {
    let destination = Account::Muxed { account: account(3), id: 0 };
    let error = refused(|spec| {
        spec.operations = vec![pay(account(4)), pay(destination)];
        spec.memo = Memo::Id(0);
    });
    assert_eq!(error, EnvelopeError::MuxedWithMemo);
}

#[test]
fn contract_destination_is_refused() {
    let contract = crate::account::ContractId::from_bytes([1; 32]);
    assert_eq!(refused(|spec| spec.operations = vec![pay(contract)]), EnvelopeError::ContractDestination);
}

#[test]
fn zero_amounts_are_refused() {
    let zero = StellarAmount::ZERO;
    let claimants = vec![Claimant { account: account(3), from: None }];
    for payment in [
        Payment::Pay { destination: account(3).into(), asset: usd(), amount: zero },
        Payment::CreateAccount { destination: account(3), starting_balance: zero },
        Payment::ClaimableBalance { claimants, asset: usd(), amount: zero },
    ] {
        assert_eq!(refused(|spec| spec.operations = vec![payment.into()]), EnvelopeError::Amount);
    }
}

#[test]
fn number_of_operations_is_bounded() {
    assert_eq!(refused(|spec| spec.operations.clear()), EnvelopeError::Operations);
    assert_eq!(refused(|spec| spec.operations = vec![pay(account(3)); 101]), EnvelopeError::Operations);
    let network = network();
    let full = EnvelopeSpec { operations: vec![pay(account(3)); 100], ..spec(&network) };
    assert_eq!(full.build().unwrap().transaction.fee, 10_000);
}

#[test]
fn fee_is_refused_instead_of_cut_off() {
    assert_eq!(refused(|spec| spec.fee_per_operation = 99), EnvelopeError::Fee);
    let error = refused(|spec| {
        spec.operations = vec![pay(account(3)); 2];
        spec.fee_per_operation = u32::MAX / 2 + 51;
    });
    assert_eq!(error, EnvelopeError::Fee);
}

#[test]
fn envelope_without_an_end_is_refused() {
    for max_time in [0, u64::MAX, i64::MAX as u64, 253_402_300_800] {
        assert_eq!(refused(|spec| spec.max_time = max_time), EnvelopeError::MaxTime, "{max_time}");
    }
}

#[test]
fn unusable_sequence_numbers_are_refused() {
    for sequence in [0, -1, i64::MIN] {
        assert_eq!(refused(|spec| spec.sequence = sequence), EnvelopeError::Sequence);
    }
}

#[test]
fn memo_text_that_is_not_utf8_is_refused() {
    let text = MemoText::new([0xff]).unwrap();
    assert_eq!(refused(|spec| spec.memo = Memo::Text(text)), EnvelopeError::Memo);
}

#[test]
fn claimants_are_few_and_different() {
    let claimant = |seed| Claimant { account: account(seed), from: None };
    for claimants in [vec![], vec![claimant(3); 2], (0..11).map(claimant).collect()] {
        let payment = Payment::ClaimableBalance { claimants, asset: usd(), amount: stroops(1) };
        assert_eq!(refused(|spec| spec.operations = vec![payment.into()]), EnvelopeError::Claimants);
    }
}

#[test]
fn trust_lines_for_lumens_or_an_own_asset_are_refused() {
    let own = StellarAsset::Credit { code: "USD".parse().unwrap(), issuer: account(2) };
    for asset in [StellarAsset::Native, own] {
        let change = Operation::ChangeTrust { asset, limit: stroops(1) };
        assert_eq!(refused(|spec| spec.operations = vec![change]), EnvelopeError::TrustLine);
    }
}

#[test]
fn texts_beyond_the_networks_limits_are_refused() {
    let data = |name: &str, value: &[u8]| Operation::SetData { name: name.into(), value: Some(value.into()) };
    for operation in [
        Operation::SetHomeDomain("a".repeat(33)),
        Operation::SetHomeDomain("\u{e4}.example".into()),
        data("", b"1"),
        data(&"a".repeat(65), b"1"),
        data("a\nb", b"1"),
        data("a\\b", b"1"),
        data("a", b""),
        data("a", &[1; 65]),
    ] {
        assert_eq!(refused(|spec| spec.operations = vec![operation.clone()]), EnvelopeError::Text);
    }
}

fn assets() -> impl Strategy<Value = StellarAsset> {
    let credit = ("[a-zA-Z0-9]{1,12}", 10_u8..20).prop_map(|(code, issuer)| StellarAsset::Credit {
        code: code.parse().unwrap(),
        issuer: account(issuer),
    });
    prop_oneof![Just(StellarAsset::Native), credit]
}

fn amounts() -> impl Strategy<Value = StellarAmount> {
    (1..=i64::MAX).prop_map(stroops)
}

fn payments() -> impl Strategy<Value = Operation> {
    let claimant = |seed, from| Claimant { account: account(seed), from };
    prop_oneof![
        (any::<Option<u64>>(), assets(), amounts()).prop_map(|(id, asset, amount)| {
            let to = account(3);
            let destination = id.map_or(Account::Classic(to), |id| Account::Muxed { account: to, id });
            Payment::Pay { destination, asset, amount }.into()
        }),
        amounts().prop_map(|amount| {
            Payment::CreateAccount { destination: account(4), starting_balance: amount }.into()
        }),
        (prop::option::of(0_u64..=253_402_300_799), assets(), amounts()).prop_map(
            move |(from, asset, amount)| {
                let claimants = vec![claimant(3, None), claimant(2, from)];
                Payment::ClaimableBalance { claimants, asset, amount }.into()
            }
        ),
    ]
}

fn setups() -> impl Strategy<Value = Operation> {
    prop_oneof![
        ("[a-zA-Z0-9]{1,12}", 0..=i64::MAX).prop_map(|(code, limit)| Operation::ChangeTrust {
            asset: StellarAsset::Credit { code: code.parse().unwrap(), issuer: account(9) },
            limit: stroops(limit),
        }),
        "00000000[0-9a-f]{64}".prop_map(|balance| Operation::Claim { balance }),
        "[ -\\[\\]-~]{0,32}".prop_map(Operation::SetHomeDomain),
        ("[ -\\[\\]-~]{1,64}", prop::option::of(prop::collection::vec(any::<u8>(), 1..=64)))
            .prop_map(|(name, value)| Operation::SetData { name, value }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_passes_the_checks_is_built_as_asked(
        operations in prop::collection::vec(prop_oneof![payments(), setups()], 1..8),
        sequence in 1..=i64::MAX,
        fee_per_operation in 100..=500_000_000_u32,
        max_time in 1..=253_402_300_799_u64,
        hash in any::<Option<[u8; 32]>>(),
    ) {
        let network = network();
        let is_muxed = operations.iter().any(|operation| {
            matches!(operation, Operation::Pay(Payment::Pay { destination: Account::Muxed { .. }, .. }))
        });
        let memo = hash.filter(|_| !is_muxed).map_or(Memo::None, Memo::Hash);
        let spec = EnvelopeSpec { operations, sequence, fee_per_operation, max_time, memo, ..spec(&network) };
        // build() compares every field itself
        let envelope = spec.build().unwrap();
        let signatures = [signature(1, &envelope), signature(2, &envelope)];
        let signed = envelope.sign(&signatures).unwrap();
        prop_assert_eq!(read_signed(&signed.xdr, &network).unwrap().hash, signed.hash);
    }
}
