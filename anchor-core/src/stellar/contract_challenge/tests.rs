//! The SEP's own samples, and what a challenge of ours is made of. How challenges come back is tested over HTTP, with a
//! network that simulates.

use stellar_xdr::{
    LedgerFootprint, LedgerKey, LedgerKeyContractCode, OperationBody, ReadXdr as _, ScVal,
    SorobanAuthorizationEntries, SorobanAuthorizedFunction, SorobanCredentials, SorobanResources,
    SorobanTransactionData, SorobanTransactionDataExt, TransactionEnvelope, WriteXdr as _,
};

use super::arguments::Arguments;
use super::*;
use crate::account::AccountId;
use crate::domain::HomeDomains;
use crate::keys::{self, SigningKey};
use crate::stellar::{Network, codec};

mod samples;

use samples::{ANSWER, CHALLENGE, CLIENT, CONTRACT, SERVER, SIGNER};

const NOW: u64 = 1_767_225_600;

fn network() -> Network {
    Network::new(Network::TESTNET)
}

fn server() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn contract() -> ContractId {
    ContractId::from_bytes([45; 32])
}

fn client() -> ContractId {
    ContractId::from_bytes([7; 32])
}

fn spec(network: &Network, server: &SigningKey) -> String {
    ContractChallengeSpec {
        network,
        server,
        contract: contract(),
        client: client(),
        home_domain: "anchor.example",
        web_auth_domain: "login.anchor.example",
        client_domain: None,
        entropy: Entropy { challenge: 5, entries: [1, 2, 3] },
        max_time: NOW + 900,
        expiration_ledger: 280,
    }
    .build()
    .unwrap()
}

/// As the client signs it; here nobody verifies that.
fn answered(challenge: &str) -> String {
    let mut entries = entries(challenge);
    let SorobanCredentials::Address(credentials) = &mut entries[0].credentials else {
        panic!("another kind")
    };
    credentials.signature_expiration_ledger = 150;
    credentials.signature = ScVal::U32(1);
    SorobanAuthorizationEntries(entries.try_into().unwrap()).to_xdr_base64(codec::limits()).unwrap()
}

fn entries(text: &str) -> Vec<stellar_xdr::SorobanAuthorizationEntry> {
    codec::read::<SorobanAuthorizationEntries>(text).unwrap().0.into()
}

fn read_ours(text: &str, servers: &[AccountId]) -> Result<ReadContractChallenge, ContractChallengeError> {
    let rules = ContractReadRules {
        network: &network(),
        servers,
        contract: contract(),
        home_domains: &"anchor.example".parse::<HomeDomains>().unwrap(),
        web_auth_domain: "login.anchor.example",
        now: NOW,
    };
    read(text, &rules)
}

fn ours() -> ReadContractChallenge {
    read_ours(&answered(&spec(&network(), &server())), &[server().account()]).unwrap()
}

/// Address, expiration, signing key and signature of an entry; and whether it verifies on a network.
fn verifies(entry: &stellar_xdr::SorobanAuthorizationEntry, key: &AccountId, network: &Network) -> bool {
    let SorobanCredentials::Address(it) = &entry.credentials else { panic!("another kind") };
    let payload =
        build::payload(network, it.nonce, it.signature_expiration_ledger, &entry.root_invocation).unwrap();
    let ScVal::Vec(Some(list)) = &it.signature else { return false };
    let ScVal::Map(Some(map)) = &list[0] else { panic!("no map") };
    let ScVal::Bytes(signature) = &map[1].val else { panic!("no signature") };
    let written = build::signature(key, signature.as_slice().try_into().unwrap()).unwrap();
    assert_eq!(written, it.signature, "we write it in the same way");
    keys::verify(key, &payload, signature.as_slice())
}

#[test]
fn t_45_01_r_45_020_sample_challenge_of_the_sep_is_read_as_it_says() {
    let entries = entries(CHALLENGE);
    assert_eq!(entries.len(), 2);
    let (server, client): (AccountId, ContractId) = (SERVER.parse().unwrap(), CLIENT.parse().unwrap());
    let SorobanCredentials::Address(theirs) = &entries[0].credentials else { panic!("another kind") };
    assert_eq!(theirs.address, build::contract(&client));
    assert_eq!((&theirs.signature, theirs.signature_expiration_ledger), (&ScVal::Void, 0));
    let SorobanCredentials::Address(signed) = &entries[1].credentials else { panic!("another kind") };
    assert_eq!(signed.address, build::account(&server));
    assert_eq!(signed.signature_expiration_ledger, 1_658_461);
    assert!(verifies(&entries[1], &server, &network()));
    assert!(!verifies(&entries[1], &server, &Network::new(Network::PUBLIC)));
    for entry in &entries {
        let SorobanAuthorizedFunction::ContractFn(call) = &entry.root_invocation.function else {
            panic!("no call")
        };
        assert_eq!(call.contract_address, build::contract(&CONTRACT.parse().unwrap()));
        let arguments = Arguments::read(&call.args).unwrap();
        let wanted = Arguments {
            account: CLIENT.to_owned(),
            client_domain: None,
            client_domain_account: None,
            home_domain: "localhost:8080".to_owned(),
            nonce: "2318448561".to_owned(),
            web_auth_domain: "localhost:8080".to_owned(),
            web_auth_domain_account: SERVER.to_owned(),
        };
        assert_eq!(arguments, wanted);
        assert_eq!(arguments.write().unwrap(), call.args, "we write them in the same way");
    }
}

#[test]
fn t_45_02_sample_answer_of_the_sep_is_read_as_it_says() {
    let entries = entries(ANSWER);
    let (server, signer): (AccountId, AccountId) = (SERVER.parse().unwrap(), SIGNER.parse().unwrap());
    for (entry, key, expiration) in [(&entries[0], signer, 1_658_486), (&entries[1], server, 1_658_477)] {
        let SorobanCredentials::Address(it) = &entry.credentials else { panic!("another kind") };
        assert_eq!(it.signature_expiration_ledger, expiration);
        assert!(verifies(entry, &key, &network()));
        assert!(!verifies(entry, &key, &Network::new(Network::PUBLIC)));
    }
    let SorobanAuthorizedFunction::ContractFn(call) = &entries[0].root_invocation.function else {
        panic!("no call")
    };
    assert_eq!(Arguments::read(&call.args).unwrap().nonce, "322221399");
}

#[test]
fn challenge_comes_back_as_what_was_issued() {
    let challenge = ours();
    assert_eq!((challenge.client, challenge.max_time), (client(), NOW + 900));
    assert_eq!((&*challenge.home_domain, challenge.client_domain.is_none()), ("anchor.example", true));
    assert_eq!(challenge.subject().to_string(), client().to_string());
    assert_eq!(challenge.verify_expirations(150), Ok(()));
    let expired = ContractChallengeError::SignatureExpired { expired: 150, latest: 151 };
    assert_eq!(challenge.verify_expirations(151), Err(expired));
    assert_eq!(challenge.verify_expirations(281), Err(ContractChallengeError::Expired));
    // what is remembered of it does not depend on who signed it until when
    assert_eq!(hex::encode(challenge.hash).len(), 64);
}

#[test]
fn challenges_of_a_retired_key_are_good_while_it_is_listed() {
    let text = answered(&spec(&network(), &server()));
    let next = SigningKey::from_seed([2; 32]).account();
    assert!(read_ours(&text, &[next, server().account()]).is_ok());
    assert_eq!(read_ours(&text, &[next]), Err(ContractChallengeError::Server));
}

#[test]
fn r_45_018_nonces_say_until_when_and_nothing_else_is_one() {
    let nonce = nonce::write(NOW, u128::MAX).unwrap();
    assert_eq!((nonce.len(), nonce::max_time(&nonce)), (49, Some(NOW)));
    assert_ne!(nonce, nonce::write(NOW, 1).unwrap());
    assert_eq!(nonce::write(10_000_000_000, 1), None);
    let long = format!("{nonce}0");
    for other in ["", "2318448561", &nonce[1..], &long, &nonce.replace('3', "+"), &nonce.replace('3', "٣")] {
        assert_eq!(nonce::max_time(other), None, "{other}");
    }
}

fn envelope(challenge: &ReadContractChallenge) -> stellar_xdr::Transaction {
    let text = challenge.transaction().unwrap();
    let TransactionEnvelope::Tx(envelope) = codec::read(&text).unwrap() else { panic!("another version") };
    assert!(envelope.signatures.is_empty());
    envelope.tx
}

#[test]
fn r_45_041_transaction_is_one_call_with_the_entries_and_nothing_else() {
    let challenge = ours();
    let tx = envelope(&challenge);
    assert_eq!((tx.operations.len(), &tx.memo), (1, &stellar_xdr::Memo::None));
    let OperationBody::InvokeHostFunction(operation) = &tx.operations[0].body else { panic!("no call") };
    assert_eq!(tx.operations[0].source_account, None);
    let stellar_xdr::HostFunction::InvokeContract(call) = &operation.host_function else { panic!("no call") };
    assert_eq!(call.contract_address, build::contract(&contract()));
    assert_eq!(call.function_name.to_string(), "web_auth_verify");
    assert_eq!(Arguments::read(&call.args).unwrap().account, client().to_string());
    assert_eq!(operation.auth.len(), 2);
}

#[test]
fn r_45_046_source_of_the_transaction_is_nobody_and_never_the_same() {
    let challenge = ours();
    let source = |_| match envelope(&challenge).source_account {
        stellar_xdr::MuxedAccount::Ed25519(key) => key.0,
        stellar_xdr::MuxedAccount::MuxedEd25519(_) => panic!("not an account"),
    };
    let sources: std::collections::BTreeSet<[u8; 32]> = (0..20).map(source).collect();
    assert_eq!(sources.len(), 20);
    assert!(!sources.contains(server().account().as_bytes()));
}

fn resources(read_write: Vec<LedgerKey>) -> String {
    let data = SorobanTransactionData {
        ext: SorobanTransactionDataExt::V0,
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: Vec::new().try_into().unwrap(),
                read_write: read_write.try_into().unwrap(),
            },
            instructions: 1,
            disk_read_bytes: 1,
            write_bytes: 1,
        },
        resource_fee: 1,
    };
    data.to_xdr_base64(codec::limits()).unwrap()
}

#[test]
fn r_45_043_r_45_052_r_45_054_success_counts_only_if_everybody_was_asked() {
    let challenge = ours();
    let nonces: Vec<_> = challenge.entries.iter().filter_map(simulation::nonce_key).collect();
    let verify = |written: &[&LedgerKey]| {
        let written = written.iter().map(|key| (*key).clone()).collect();
        challenge.verify_simulation(&resources(written), &contract())
    };
    let (ours, theirs) = (&nonces[0], &nonces[1]);
    let clean = verify(&[ours, theirs]).unwrap();
    assert_eq!((clean.archived, clean.writes), (false, 0));
    for some in [&[][..], &[ours], &[theirs]] {
        assert_eq!(verify(some), Err(ContractChallengeError::NotAsked));
    }
    let code = LedgerKey::ContractCode(LedgerKeyContractCode { hash: stellar_xdr::Hash([1; 32]) });
    let instance = simulation::instance_key(&contract());
    let found = verify(&[&code, theirs, &instance, ours]).unwrap();
    assert_eq!((found.archived, found.writes), (true, 1));
    // a nonce of another challenge is none of this one
    let mut other = theirs.clone();
    let LedgerKey::ContractData(data) = &mut other else { panic!("no data") };
    data.key = ScVal::LedgerKeyNonce(stellar_xdr::ScNonceKey { nonce: 99 });
    assert_eq!(verify(&[ours, &other]), Err(ContractChallengeError::NotAsked));
    for nonsense in ["", "AAAA", "not base64"] {
        assert!(challenge.verify_simulation(nonsense, &contract()).is_err());
    }
}

mod hostile {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn r_45_026_no_bytes_are_more_than_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let refused = read_ours(&BASE64_STANDARD.encode(bytes), &[server().account()]).is_err();
            prop_assert!(refused);
        }

        /// Only what the client signs may be changed; our entry and the call cannot.
        #[test]
        fn r_45_043_changed_byte_is_refused_or_was_the_clients(place in 0_usize..2_000, change in 1_u8..) {
            let text = answered(&spec(&network(), &server()));
            let mut bytes = BASE64_STANDARD.decode(&text).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= change;
            if let Ok(read) = read_ours(&BASE64_STANDARD.encode(bytes), &[server().account()]) {
                let issued = ours();
                prop_assert_eq!(&read.entries[0], &issued.entries[0]);
                prop_assert_eq!((read.hash, read.client), (issued.hash, issued.client));
            }
        }
    }
}

#[test]
fn decoding_stops_where_it_is_told_to() {
    let limits = stellar_xdr::Limits { depth: 200, len: 50_000 };
    assert!(SorobanAuthorizationEntries::from_xdr([0xff; 8], limits).is_err());
}
