//! What a returned challenge must look like: everything but the client's signatures.

use proptest::prelude::*;
use stellar_xdr::{Asset, PaymentOp, TransactionExt};

use super::*;

/// The signed example of the SEP's "Token" section.
const SAMPLE: &str = "AAAAAgAAAADIiRu2BrqqeOcP28PWCkD4D5Rjjsqh71HwvqFX+F4VXAAAAGQAAAAAAAAAAAAAAAEAAAAAXzrUcQAAAABfOtf1AAAAAAAAAAEAAAABAAAAAEEB8rhqNa70RYjaNnF1ARE2CbL50iR9HPXST/fImJN1AAAACgAAADB0aGlzaXNhdGVzdC5zYW5kYm94LmFuY2hvci5hbmNob3Jkb21haW4uY29tIGF1dGgAAAABAAAAQGdGOFlIQm1zaGpEWEY0L0VJUFZucGVlRkxVTDY2V0tKMVBPYXZuUVVBNjBoL09XaC91M2Vvdk54WFJtSTAvQ2UAAAAAAAAAAvheFVwAAABAheKE1HjGnUCNwPbX8mz7CqotShKbA+xM2Hbjl6X0TBpEprVOUVjA6lqMJ1j62vrxn1mF3eJzsLa9s9hRofG3AsiYk3UAAABArIrkvqmA0V9lIZcVyCUdja6CiwkPwsV8BfI4CZOyR1Oq7ysvNJWwY0G42dpxN9OP1qz4dum8apG2hqvxVWjkDQ==";

#[test]
fn t_10_25_sample_of_the_sep_is_decoded_and_refused() {
    let envelope = decode(SAMPLE);
    let server: AccountId = "GDEISG5WA25KU6HHB7N4HVQKID4A7FDDR3FKD32R6C7KCV7YLYKVY7S7".parse().unwrap();
    let client: AccountId = "GBAQD4VYNI2255CFRDNDM4LVAEITMCNS7HJCI7I46XJE756ITCJXLV7E".parse().unwrap();
    assert_eq!(codec::account(&envelope.tx.source_account), server.into());
    assert_eq!((envelope.tx.seq_num.0, envelope.tx.fee), (0, 100));
    assert_eq!(envelope::bounds(&envelope.tx), Some((1_597_690_993, 1_597_691_893)));

    let hash = |passphrase| envelope::hash(&envelope.tx, &Network::new(passphrase)).unwrap();
    let verifies = |account, index: usize, passphrase| {
        crate::keys::verify(&account, &hash(passphrase), &envelope.signatures[index].signature)
    };
    assert!(verifies(server, 0, Network::TESTNET) && verifies(client, 1, Network::TESTNET));
    assert!(!verifies(server, 0, Network::PUBLIC) && !verifies(client, 1, Network::PUBLIC));

    let home_domains = "thisisatest.sandbox.anchor.anchordomain.com".parse().unwrap();
    let network = testnet();
    let rules = ReadRules {
        network: &network,
        servers: &[server],
        home_domains: &home_domains,
        web_auth_domain: "thisisatest.sandbox.anchor.anchordomain.com",
        now: 1_597_691_000,
    };
    assert_eq!(read(SAMPLE, &rules), Err(ChallengeError::WebAuthDomain));
}

#[test]
fn issued_challenge_is_read_back() {
    let issue = Issue { memo: Some(9), client_domain: Some(wallet()), ..Issue::default() };
    let read = read_now(&signed(issue.transaction(), &[SERVER, WALLET_KEY, CLIENT])).unwrap();
    assert_eq!(read.client, id(CLIENT).into());
    assert_eq!(read.memo, Some(9));
    assert_eq!(read.home_domain, HOME);
    assert_eq!(read.client_domain, Some(wallet()));
    assert_eq!(read.hash, envelope::hash(&issue.transaction(), &testnet()).unwrap());
    assert_eq!((read.min_time, read.max_time), (NOW, NOW + 900));
}

#[test]
fn peer_r_10_063_too_long_a_text_is_refused() {
    assert_eq!(read_now(&"A".repeat(50_001)), Err(ChallengeError::TooLong));
    assert_eq!(read_now(&"A".repeat(50_000)), Err(ChallengeError::Xdr));
}

#[test]
fn r_10_063_bytes_after_the_envelope_are_refused() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    let text = signed(Issue::default().transaction(), &[SERVER, CLIENT]);
    let mut bytes = BASE64_STANDARD.decode(text).unwrap();
    bytes.extend([0; 4]);
    assert_eq!(read_now(&BASE64_STANDARD.encode(bytes)), Err(ChallengeError::Xdr));
}

#[test]
fn r_10_065_what_is_no_envelope_is_refused() {
    for (text, error) in [
        ("", ChallengeError::Xdr),
        ("AAAA", ChallengeError::Xdr),
        ("!!!!", ChallengeError::Base64),
        ("{\"transaction\":\"\"}", ChallengeError::Base64),
    ] {
        assert_eq!(read_now(text), Err(error), "{text:?}");
    }
}

#[test]
fn t_10_19_t_10_20_t_10_21_only_standard_base64_is_read() {
    let text = loop_until_plus();
    read_now(&text).unwrap();
    assert_eq!(read_now(&text.replace('+', " ")), Err(ChallengeError::Spaces));
    assert_eq!(read_now(&text.replace('+', "-")), Err(ChallengeError::Base64));
    assert_eq!(read_now(&format!("{text}\n")), Err(ChallengeError::Base64));
    assert_eq!(read_now(&text.replace('+', "\n+")), Err(ChallengeError::Base64));
    assert_eq!(read_now(text.trim_end_matches('=')), Err(ChallengeError::Base64));
}

/// Signatures differ with the client, so some text has a plus and padding.
fn loop_until_plus() -> String {
    let texts = (0..).map(|number| {
        let issue = Issue { client: muxed(number), ..Issue::default() };
        signed(issue.transaction(), &[SERVER, CLIENT])
    });
    texts.into_iter().find(|text| text.contains('+') && text.ends_with('=')).unwrap()
}

#[test]
fn t_10_17_fee_bump_is_refused() {
    let transaction = Issue::default().transaction();
    let signatures: VecM<_, 20> =
        vec![signature(SERVER, &transaction), signature(CLIENT, &transaction)].try_into().unwrap();
    let inner = TransactionV1Envelope { tx: transaction, signatures: signatures.clone() };
    let bump = FeeBumpTransaction {
        fee_source: plain(id(SERVER)),
        fee: 1000,
        inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
        ext: FeeBumpTransactionExt::V0,
    };
    let text = encode(TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx: bump, signatures }));
    assert_eq!(read_now(&text), Err(ChallengeError::EnvelopeType));
}

#[test]
fn q_10_05_version_0_envelope_is_refused() {
    let transaction = Issue::default().transaction();
    let signatures = vec![signature(SERVER, &transaction), signature(CLIENT, &transaction)];
    let old = TransactionV0 {
        source_account_ed25519: Uint256(*id(SERVER).as_bytes()),
        fee: transaction.fee,
        seq_num: transaction.seq_num,
        time_bounds: Some(TimeBounds { min_time: TimePoint(NOW), max_time: TimePoint(NOW + 900) }),
        memo: transaction.memo,
        operations: transaction.operations,
        ext: TransactionV0Ext::V0,
    };
    let signatures = signatures.try_into().unwrap();
    let text = encode(TransactionEnvelope::TxV0(TransactionV0Envelope { tx: old, signatures }));
    assert_eq!(read_now(&text), Err(ChallengeError::EnvelopeType));
}

#[test]
fn r_10_066_foreign_source_account_is_refused() {
    let error = tampered(|transaction| transaction.source_account = plain(id(CLIENT)));
    assert_eq!(error, ChallengeError::Source);
    let muxed = MuxedAccountMed25519 { id: 0, ed25519: Uint256(*id(SERVER).as_bytes()) };
    let error = tampered(|transaction| transaction.source_account = MuxedAccount::MuxedEd25519(muxed));
    assert_eq!(error, ChallengeError::Source);
}

#[test]
fn r_10_067_t_10_03_sequence_number_other_than_0_is_refused() {
    for number in [1, -1, i64::MAX, i64::MIN] {
        let error = tampered(|transaction| transaction.seq_num = SequenceNumber(number));
        assert_eq!(error, ChallengeError::Sequence);
    }
}

#[test]
fn r_10_068_t_10_01_q_10_02_challenge_outside_its_time_bounds_is_refused() {
    let text = signed(Issue::default().transaction(), &[SERVER, CLIENT]);
    for now in [NOW - 300, NOW, NOW + 900] {
        read_at(&text, now).unwrap();
    }
    for now in [0, NOW - 301, NOW + 901, u64::MAX] {
        assert_eq!(read_at(&text, now), Err(ChallengeError::Expired), "{now}");
    }
}

#[test]
fn r_10_068_challenge_without_finite_time_bounds_is_refused() {
    let time =
        |min, max| Preconditions::Time(TimeBounds { min_time: TimePoint(min), max_time: TimePoint(max) });
    let more = PreconditionsV2 {
        time_bounds: Some(TimeBounds { min_time: TimePoint(NOW), max_time: TimePoint(NOW + 900) }),
        min_seq_age: Duration(1),
        ..PreconditionsV2::default()
    };
    for condition in
        [Preconditions::None, Preconditions::V2(more), time(NOW, 0), time(0, 0), time(NOW + 900, NOW)]
    {
        let error = tampered(|transaction| transaction.cond = condition);
        assert_eq!(error, ChallengeError::TimeBounds);
    }
}

#[test]
fn r_10_069_challenge_without_operations_is_refused() {
    let error = tampered(|transaction| edit_operations(transaction, Vec::clear));
    assert_eq!(error, ChallengeError::FirstOperation);
}

#[test]
fn r_10_070_t_10_04_first_operation_without_source_is_refused() {
    let error = tampered(|transaction| {
        edit_operations(transaction, |operations| operations[0].source_account = None);
    });
    assert_eq!(error, ChallengeError::FirstOperation);
}

fn payment(source: AccountId) -> Operation {
    let payment = PaymentOp { destination: plain(id(9)), asset: Asset::Native, amount: 1 };
    Operation { source_account: Some(plain(source)), body: OperationBody::Payment(payment) }
}

#[test]
fn r_10_070_first_operation_that_is_a_payment_is_refused() {
    let error = tampered(|transaction| {
        edit_operations(transaction, |operations| operations[0] = payment(id(CLIENT)));
    });
    assert_eq!(error, ChallengeError::FirstOperation);
}

#[test]
fn r_10_071_first_operation_names_one_of_our_home_domains() {
    for (name, error) in [
        ("other.example auth", None),
        ("elsewhere.example auth", Some(ChallengeError::HomeDomain)),
        (" auth", Some(ChallengeError::HomeDomain)),
        ("Anchor.example auth", Some(ChallengeError::HomeDomain)),
        ("anchor.example. auth", Some(ChallengeError::HomeDomain)),
        ("anchor.example  auth", Some(ChallengeError::HomeDomain)),
        ("anchor.example", Some(ChallengeError::FirstOperation)),
        ("anchor.example auth ", Some(ChallengeError::FirstOperation)),
        ("anchor.exampleauth", Some(ChallengeError::FirstOperation)),
        ("\u{0}", Some(ChallengeError::FirstOperation)),
    ] {
        let mut transaction = Issue::default().transaction();
        edit_operations(&mut transaction, |operations| {
            operations[0] = data(Some(plain(id(CLIENT))), name.as_bytes(), Some(&[b'a'; 64]));
        });
        let read = read_now(&signed(transaction, &[SERVER, CLIENT]));
        assert_eq!(read.as_ref().err(), error.as_ref(), "{name:?}");
        assert!(read.is_err() || read.unwrap().home_domain == "other.example");
    }
}

#[test]
fn r_10_018_wildcard_home_domain_covers_what_is_below_it() {
    let read = |home_domain: &str| {
        let issue = Issue { home_domain: home_domain.into(), ..Issue::default() };
        read_now(&signed(issue.transaction(), &[SERVER, CLIENT]))
    };
    assert_eq!(read("a.below.example").unwrap().home_domain, "a.below.example");
    for other in ["below.example", "notbelow.example", "A.below.example"] {
        assert_eq!(read(other), Err(ChallengeError::HomeDomain), "{other}");
    }
}

#[test]
fn t_10_23_challenge_of_a_retired_key_is_good_while_the_key_is_listed() {
    const RETIRED: u8 = 8;
    let mut transaction = Issue::default().transaction();
    transaction.source_account = plain(id(RETIRED));
    edit_operations(&mut transaction, |operations| operations[1].source_account = Some(plain(id(RETIRED))));
    let text = signed(transaction.clone(), &[RETIRED, CLIENT]);
    assert_eq!(read_now(&text), Err(ChallengeError::Source));
    let both = [id(SERVER), id(RETIRED)];
    let read = read_by(&text, &both, NOW).unwrap();
    assert_eq!(read.verify_signers(Some(&snapshot(&[(CLIENT, 1)], 1))), Ok(()));
    // the present key's signature is not the retired one's, and neither counts for a client
    let mixed = signed(transaction, &[SERVER, CLIENT]);
    assert_eq!(read_by(&mixed, &both, NOW), Err(ChallengeError::ServerSignature));
    let issue = Issue { client: id(RETIRED).into(), ..Issue::default() };
    let own = signed(issue.transaction(), &[SERVER, RETIRED]);
    assert_eq!(read_by(&own, &both, NOW), Err(ChallengeError::ReservedAccount));
    let helped = signed(Issue::default().transaction(), &[SERVER, RETIRED]);
    let helped = read_by(&helped, &both, NOW).unwrap();
    let signers = snapshot(&[(CLIENT, 1), (RETIRED, 1)], 1);
    assert_eq!(helped.verify_signers(Some(&signers)), Err(ChallengeError::UnknownSignature));
}

#[test]
fn unsigned_challenge_is_refused_before_the_ledger_is_asked() {
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    for (issue, seeds, enough) in [
        (Issue::default(), &[SERVER][..], false),
        (Issue::default(), &[SERVER, CLIENT], true),
        (Issue { client_domain: Some(wallet()), ..Issue::default() }, &[SERVER, WALLET_KEY], false),
        (issue, &[SERVER, WALLET_KEY, CLIENT], true),
    ] {
        let read = read_now(&signed(issue.transaction(), seeds)).unwrap();
        assert_eq!(read.verify_count().is_ok(), enough, "{seeds:?}");
    }
}

#[test]
fn r_10_071_nonce_is_48_bytes_in_64_of_base64() {
    let urlsafe = [b'-'; 64];
    let wrong: [Option<&[u8]>; 6] =
        [None, Some(b""), Some(&[b'a'; 63]), Some(&[b'a'; 60]), Some(&[0xff; 64]), Some(&urlsafe)];
    for value in wrong {
        let error = tampered(|transaction| {
            edit_operations(transaction, |operations| {
                operations[0] = data(Some(plain(id(CLIENT))), b"anchor.example auth", value);
            });
        });
        assert_eq!(error, ChallengeError::Nonce, "{value:?}");
    }
}

#[test]
fn r_10_072_t_10_17_operations_that_no_challenge_has_are_refused() {
    let muxed_server = MuxedAccountMed25519 { id: 1, ed25519: Uint256(*id(SERVER).as_bytes()) };
    for operation in [
        payment(id(SERVER)),
        payment(id(CLIENT)),
        data(None, b"x", Some(b"y")),
        data(Some(plain(id(CLIENT))), b"x", Some(b"y")),
        data(Some(plain(id(CLIENT))), b"web_auth_domain", Some(AUTH_DOMAIN.as_bytes())),
        data(Some(MuxedAccount::MuxedEd25519(muxed_server)), b"x", Some(b"y")),
    ] {
        let error = tampered(|transaction| {
            edit_operations(transaction, |operations| operations.push(operation));
        });
        assert_eq!(error, ChallengeError::Operation);
    }
}

#[test]
fn r_10_053_further_operations_of_the_server_are_accepted_in_any_order() {
    let mut transaction = Issue { client_domain: Some(wallet()), ..Issue::default() }.transaction();
    edit_operations(&mut transaction, |operations| {
        operations.insert(1, data(Some(plain(id(SERVER))), b"future use", None));
        operations[1..].reverse();
    });
    let read = read_now(&signed(transaction, &[SERVER, WALLET_KEY, CLIENT])).unwrap();
    assert_eq!(read.client_domain, Some(wallet()));
}

#[test]
fn t_10_17_first_operation_moved_elsewhere_is_refused() {
    let error = tampered(|transaction| {
        edit_operations(transaction, |operations| operations.swap(0, 1));
    });
    assert_eq!(error, ChallengeError::FirstOperation);
}

#[test]
fn r_10_073_web_auth_domain_has_to_be_there_and_ours() {
    let server = || Some(plain(id(SERVER)));
    let wrong: [Option<&[u8]>; 4] =
        [None, Some(b""), Some(b"auth.anchor.example."), Some(b"AUTH.anchor.example")];
    for value in wrong {
        let error = tampered(|transaction| {
            edit_operations(transaction, |operations| {
                operations[1] = data(server(), b"web_auth_domain", value);
            });
        });
        assert_eq!(error, ChallengeError::WebAuthDomain);
        let error = tampered(|transaction| {
            edit_operations(transaction, |operations| {
                operations.push(data(server(), b"web_auth_domain", value));
            });
        });
        assert_eq!(error, ChallengeError::WebAuthDomain);
    }
    let error = tampered(|transaction| edit_operations(transaction, |operations| operations.truncate(1)));
    assert_eq!(error, ChallengeError::WebAuthDomain);
}

#[test]
fn r_10_074_memo_that_is_no_id_is_refused() {
    let hash = stellar_xdr::Hash([0; 32]);
    let text = Memo::Text("1".try_into().unwrap());
    for memo in [text, Memo::Hash(hash.clone()), Memo::Return(hash)] {
        let error = tampered(|transaction| transaction.memo = memo);
        assert_eq!(error, ChallengeError::Memo);
    }
}

#[test]
fn r_10_074_t_10_06_memo_next_to_a_muxed_account_is_refused_even_if_both_are_0() {
    for number in [0, 5] {
        let issue = Issue { client: muxed(number), ..Issue::default() };
        let error = tampered_with(&issue, |transaction| transaction.memo = Memo::Id(0));
        assert_eq!(error, ChallengeError::MuxedWithMemo);
    }
}

#[test]
fn r_10_057_t_10_14_server_as_client_is_refused() {
    let error = tampered(|transaction| {
        edit_operations(transaction, |operations| operations[0].source_account = Some(plain(id(SERVER))));
    });
    assert_eq!(error, ChallengeError::ReservedAccount);
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    for operation in [0, 2] {
        let account = if operation == 0 { id(WALLET_KEY) } else { id(SERVER) };
        let error = tampered_with(&issue, |transaction| {
            edit_operations(transaction, |operations| {
                operations[operation].source_account = Some(plain(account))
            });
        });
        assert_eq!(error, ChallengeError::ReservedAccount);
    }
}

#[test]
fn r_10_089_client_domain_is_one_operation_with_a_text_by_a_plain_account() {
    let muxed = MuxedAccountMed25519 { id: 1, ed25519: Uint256(*id(WALLET_KEY).as_bytes()) };
    let source = || Some(plain(id(WALLET_KEY)));
    for operations in [
        vec![data(source(), b"client_domain", None)],
        vec![data(source(), b"client_domain", Some(b""))],
        vec![data(source(), b"client_domain", Some(b"\xff"))],
        vec![data(Some(MuxedAccount::MuxedEd25519(muxed)), b"client_domain", Some(b"a"))],
        vec![data(source(), b"client_domain", Some(b"a")), data(source(), b"client_domain", Some(b"a"))],
    ] {
        let error = tampered(|transaction| {
            edit_operations(transaction, |all| all.extend(operations));
        });
        assert_eq!(error, ChallengeError::ClientDomain);
    }
}

#[test]
fn r_10_075_challenge_that_the_server_did_not_sign_once_is_refused() {
    for seeds in [[].as_slice(), &[CLIENT], &[SERVER, SERVER, CLIENT], &[CLIENT, 9]] {
        let text = signed(Issue::default().transaction(), seeds);
        assert_eq!(read_now(&text), Err(ChallengeError::ServerSignature), "{seeds:?}");
    }
}

#[test]
fn r_10_075_signature_with_a_wrong_hint_is_none() {
    let transaction = Issue::default().transaction();
    let mut servers = signature(SERVER, &transaction);
    servers.hint = SignatureHint([0; 4]);
    let signatures = vec![servers, signature(CLIENT, &transaction)].try_into().unwrap();
    let text = encode(TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, signatures }));
    assert_eq!(read_now(&text), Err(ChallengeError::ServerSignature));
}

#[test]
fn r_10_090_t_10_18_challenge_for_another_network_is_refused() {
    let transaction = Issue::default().transaction();
    let hash = envelope::hash(&transaction, &Network::new(Network::PUBLIC)).unwrap();
    let signatures =
        [SERVER, CLIENT].map(|seed| envelope::decorate(&id(seed), &key(seed).sign(&hash)).unwrap());
    let signatures = signatures.try_into().unwrap();
    let text = encode(TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, signatures }));
    assert_eq!(read_now(&text), Err(ChallengeError::ServerSignature));
}

#[test]
fn t_10_23_challenge_of_a_former_signing_key_is_refused() {
    let mut transaction = Issue::default().transaction();
    transaction.source_account = plain(id(8));
    assert_eq!(read_now(&signed(transaction, &[8, CLIENT])), Err(ChallengeError::Source));
}

#[test]
fn contract_data_in_the_transaction_is_refused() {
    let error = tampered(|transaction| transaction.ext = TransactionExt::V1(Default::default()));
    assert_eq!(error, ChallengeError::Operation);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_altered_challenge_is_accepted(flips in prop::collection::vec((any::<usize>(), 1..=255_u8), 1..4)) {
        use base64::Engine as _;
        use base64::prelude::BASE64_STANDARD;
        let issue = Issue { client_domain: Some(wallet()), memo: Some(5), ..Issue::default() };
        let text = signed(issue.transaction(), &[SERVER, WALLET_KEY, CLIENT]);
        let original = BASE64_STANDARD.decode(text).unwrap();
        let mut bytes = original.clone();
        for (at, flip) in flips {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        prop_assume!(bytes != original);
        let account = snapshot(&[(CLIENT, 1)], 1);
        let read = read_now(&BASE64_STANDARD.encode(bytes));
        prop_assert!(read.and_then(|read| read.verify_signers(Some(&account))).is_err());
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        use base64::Engine as _;
        use base64::prelude::BASE64_STANDARD;
        prop_assert!(read_now(&BASE64_STANDARD.encode(bytes)).is_err());
    }
}
