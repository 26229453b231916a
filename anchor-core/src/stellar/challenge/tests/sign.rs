//! Whose signatures make a challenge an authentication.

use super::*;

/// The challenge, returned with the server's and these signatures.
fn returned(issue: &Issue, seeds: &[u8]) -> ReadChallenge {
    let seeds: Vec<u8> = [SERVER].iter().chain(seeds).copied().collect();
    read_now(&signed(issue.transaction(), &seeds)).unwrap()
}

/// By an existing account with these signers.
fn verify(seeds: &[u8], signers: &[(u8, u32)], medium_threshold: u32) -> Result<(), ChallengeError> {
    returned(&Issue::default(), seeds).verify_signers(Some(&snapshot(signers, medium_threshold)))
}

/// The same, with a wallet that wants to be known.
fn verify_wallet(seeds: &[u8], signers: &[(u8, u32)]) -> Result<(), ChallengeError> {
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    returned(&issue, seeds).verify_signers(Some(&snapshot(signers, 1)))
}

/// By an account that does not exist.
fn verify_missing(issue: &Issue, seeds: &[u8]) -> Result<(), ChallengeError> {
    returned(issue, seeds).verify_signers(None)
}

#[test]
fn r_10_076_at_least_one_client_signature_is_needed() {
    assert_eq!(verify(&[], &[(CLIENT, 1)], 0), Err(ChallengeError::NoClientSignature));
    assert_eq!(verify(&[CLIENT], &[(CLIENT, 1)], 0), Ok(()));
}

#[test]
fn r_10_076_signers_of_a_muxed_account_are_those_of_its_ledger_account() {
    for number in [0, u64::MAX] {
        let issue = Issue { client: muxed(number), ..Issue::default() };
        assert_eq!(returned(&issue, &[CLIENT]).verify_signers(Some(&snapshot(&[(CLIENT, 1)], 1))), Ok(()));
        assert_eq!(verify_missing(&issue, &[CLIENT]), Ok(()));
    }
}

#[test]
fn r_10_077_t_10_16_every_signature_has_to_be_of_a_signer() {
    assert_eq!(verify(&[9], &[(CLIENT, 1)], 0), Err(ChallengeError::UnknownSignature));
    assert_eq!(verify(&[CLIENT, 9], &[(CLIENT, 1)], 1), Err(ChallengeError::UnknownSignature));
    let signers = [(CLIENT, 1), (5, 1), (6, 1)];
    assert_eq!(verify(&[CLIENT, 5, 9], &signers, 1), Err(ChallengeError::UnknownSignature));
}

#[test]
fn r_10_077_incorrect_signature_is_refused() {
    let transaction = Issue::default().transaction();
    let mut clients = signature(CLIENT, &transaction);
    let mut bytes = clients.signature.to_vec();
    bytes[0] ^= 1;
    clients.signature = stellar_xdr::Signature(bytes.try_into().unwrap());
    let signatures = vec![signature(SERVER, &transaction), clients].try_into().unwrap();
    let text = encode(TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, signatures }));
    let read = read_now(&text).unwrap();
    let account = snapshot(&[(CLIENT, 1)], 0);
    assert_eq!(read.verify_signers(Some(&account)), Err(ChallengeError::UnknownSignature));
    assert_eq!(read.verify_signers(None), Err(ChallengeError::MissingAccountSignatures));
}

#[test]
fn r_10_078_r_10_079_weights_have_to_reach_the_medium_threshold() {
    let signers = [(CLIENT, 1), (5, 2), (6, 3)];
    assert_eq!(verify(&[CLIENT], &signers, 1), Ok(()));
    assert_eq!(verify(&[CLIENT], &signers, 2), Err(ChallengeError::Weight));
    assert_eq!(verify(&[CLIENT, 5], &signers, 3), Ok(()));
    assert_eq!(verify(&[CLIENT, 5], &signers, 4), Err(ChallengeError::Weight));
    assert_eq!(verify(&[6, 5, CLIENT], &signers, 6), Ok(()));
}

#[test]
fn weights_do_not_overflow() {
    let signers = [(CLIENT, u32::MAX), (5, u32::MAX)];
    assert_eq!(verify(&[CLIENT, 5], &signers, u32::MAX), Ok(()));
}

#[test]
fn r_10_080_t_10_13_servers_signature_never_counts_for_the_client() {
    let signers = [(CLIENT, 1), (SERVER, 10)];
    assert_eq!(verify(&[], &signers, 1), Err(ChallengeError::NoClientSignature));
    assert_eq!(verify(&[CLIENT], &signers, 2), Err(ChallengeError::Weight));
    assert_eq!(verify(&[CLIENT], &signers, 1), Ok(()));
}

#[test]
fn r_10_081_t_10_11_signer_counts_once() {
    let signers = [(CLIENT, 0), (5, 1), (6, 1)];
    assert_eq!(verify(&[5, 6], &signers, 2), Ok(()));
    assert_eq!(verify(&[5, 5], &signers, 2), Err(ChallengeError::UnknownSignature));
    assert_eq!(verify(&[5, 6, 6], &signers, 2), Err(ChallengeError::UnknownSignature));
    // even if the server lists it twice
    assert_eq!(verify(&[5, 5], &[(5, 1), (5, 1)], 2), Err(ChallengeError::UnknownSignature));
}

#[test]
fn r_10_082_t_10_08_signer_without_weight_is_none() {
    let signers = [(CLIENT, 0), (5, 1)];
    for medium_threshold in [0, 1] {
        assert_eq!(verify(&[CLIENT], &signers, medium_threshold), Err(ChallengeError::UnknownSignature));
        assert_eq!(verify(&[CLIENT, 5], &signers, medium_threshold), Err(ChallengeError::UnknownSignature));
    }
    assert_eq!(verify(&[5], &signers, 1), Ok(()));
}

#[test]
fn r_10_083_t_10_12_only_ed25519_signers_count() {
    let mut account = snapshot(&[], 1);
    account.signers = vec![(SignerKey::Other, 10)];
    let read = returned(&Issue::default(), &[CLIENT]);
    assert_eq!(read.verify_signers(Some(&account)), Err(ChallengeError::UnknownSignature));
    account.signers.push((SignerKey::Ed25519(id(CLIENT)), 1));
    assert_eq!(read.verify_signers(Some(&account)), Ok(()));
    account.medium_threshold = 2;
    assert_eq!(read.verify_signers(Some(&account)), Err(ChallengeError::Weight));
}

#[test]
fn t_10_12_preimage_as_signature_is_refused() {
    let transaction = Issue::default().transaction();
    let preimage = stellar_xdr::Signature(b"preimage".to_vec().try_into().unwrap());
    let hashed = DecoratedSignature { hint: SignatureHint([1; 4]), signature: preimage };
    let signatures = vec![signature(SERVER, &transaction), signature(CLIENT, &transaction), hashed];
    let signatures = signatures.try_into().unwrap();
    let text = encode(TransactionEnvelope::Tx(TransactionV1Envelope { tx: transaction, signatures }));
    let mut account = snapshot(&[(CLIENT, 1)], 1);
    account.signers.push((SignerKey::Other, 1));
    assert_eq!(
        read_now(&text).unwrap().verify_signers(Some(&account)),
        Err(ChallengeError::UnknownSignature)
    );
}

#[test]
fn r_10_084_client_domains_signature_never_counts_for_the_client() {
    let signers = [(CLIENT, 1), (WALLET_KEY, 10)];
    assert_eq!(verify_wallet(&[WALLET_KEY], &signers), Err(ChallengeError::NoClientSignature));
    assert_eq!(verify_wallet(&[WALLET_KEY, CLIENT], &signers), Ok(()));
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    let read = returned(&issue, &[WALLET_KEY, CLIENT]);
    assert_eq!(read.verify_signers(Some(&snapshot(&signers, 2))), Err(ChallengeError::Weight));
}

#[test]
fn r_10_088_t_10_15_client_domain_has_to_have_signed() {
    assert_eq!(verify_wallet(&[CLIENT], &[(CLIENT, 1)]), Err(ChallengeError::ClientDomainSignature));
    assert_eq!(verify_wallet(&[CLIENT, 9], &[(CLIENT, 1)]), Err(ChallengeError::ClientDomainSignature));
    assert_eq!(verify_wallet(&[CLIENT, WALLET_KEY], &[(CLIENT, 1)]), Ok(()));
    let twice = verify_wallet(&[CLIENT, WALLET_KEY, WALLET_KEY], &[(CLIENT, 1)]);
    assert_eq!(twice, Err(ChallengeError::ClientDomainSignature));
}

#[test]
fn r_10_077_wallets_signature_without_its_operation_is_surplus() {
    assert_eq!(verify(&[CLIENT, WALLET_KEY], &[(CLIENT, 1)], 1), Err(ChallengeError::UnknownSignature));
}

#[test]
fn r_10_085_r_10_086_missing_account_is_its_master_key_and_nothing_else() {
    let issue = Issue::default();
    assert_eq!(verify_missing(&issue, &[CLIENT]), Ok(()));
    assert_eq!(verify_missing(&issue, &[]), Err(ChallengeError::NoClientSignature));
    for seeds in [[9].as_slice(), &[CLIENT, 9], &[CLIENT, CLIENT], &[CLIENT, WALLET_KEY]] {
        assert_eq!(verify_missing(&issue, seeds), Err(ChallengeError::MissingAccountSignatures), "{seeds:?}");
    }
}

#[test]
fn r_10_086_missing_account_with_client_domain_has_three_signatures() {
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    assert_eq!(verify_missing(&issue, &[CLIENT, WALLET_KEY]), Ok(()));
    assert_eq!(verify_missing(&issue, &[WALLET_KEY, CLIENT]), Ok(()));
    assert_eq!(verify_missing(&issue, &[CLIENT]), Err(ChallengeError::ClientDomainSignature));
    assert_eq!(verify_missing(&issue, &[WALLET_KEY]), Err(ChallengeError::NoClientSignature));
    let more = verify_missing(&issue, &[CLIENT, WALLET_KEY, 9]);
    assert_eq!(more, Err(ChallengeError::MissingAccountSignatures));
}

#[test]
fn t_10_09_merged_away_account_is_a_missing_one_again() {
    let read = returned(&Issue::default(), &[CLIENT]);
    assert_eq!(
        read.verify_signers(Some(&snapshot(&[(CLIENT, 0), (5, 1)], 1))),
        Err(ChallengeError::UnknownSignature)
    );
    assert_eq!(read.verify_signers(None), Ok(()));
}

#[test]
fn snapshot_of_another_account_is_refused() {
    let mut account = snapshot(&[(CLIENT, 1)], 1);
    account.id = id(9);
    let read = returned(&Issue::default(), &[CLIENT]);
    assert_eq!(read.verify_signers(Some(&account)), Err(ChallengeError::WrongSnapshot));
}
