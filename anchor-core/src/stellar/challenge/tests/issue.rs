//! What a challenge looks like, and which ones are never issued.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::account::ContractId;

fn operations(issue: &Issue) -> Vec<(Account, String, Vec<u8>)> {
    let transaction = issue.transaction();
    let read = |operation: &Operation| {
        let OperationBody::ManageData(data) = &operation.body else { panic!("{operation:?}") };
        let source = codec::account(operation.source_account.as_ref().unwrap());
        let name = String::from_utf8(data.data_name.to_vec()).unwrap();
        (source, name, data.data_value.as_ref().unwrap().to_vec())
    };
    transaction.operations.iter().map(read).collect()
}

#[test]
fn r_10_042_r_10_043_challenge_is_a_version_1_envelope_in_standard_base64() {
    let text = Issue::default().build().unwrap();
    assert!(BASE64_STANDARD.decode(&text).is_ok());
    decode(&text);
}

#[test]
fn r_10_044_r_10_045_source_is_the_server_and_the_sequence_number_is_0() {
    let transaction = Issue::default().transaction();
    assert_eq!(codec::account(&transaction.source_account), id(SERVER).into());
    assert_eq!(transaction.seq_num, SequenceNumber(0));
}

#[test]
fn r_10_046_challenge_is_good_from_now_for_15_minutes() {
    let bounds = envelope::bounds(&Issue::default().transaction());
    assert_eq!(bounds, Some((NOW, NOW + 900)));
}

#[test]
fn r_10_047_t_10_05_t_10_07_memo_is_an_id_if_asked_for_and_0_is_one() {
    assert_eq!(Issue::default().transaction().memo, Memo::None);
    for number in [0, 1, 1 << 63, u64::MAX] {
        let issue = Issue { memo: Some(number), ..Issue::default() };
        assert_eq!(issue.transaction().memo, Memo::Id(number));
        let read = read_now(&issue.build().unwrap()).unwrap();
        assert_eq!(read.memo, Some(number));
        assert_eq!(read.subject().to_string(), format!("{}:{number}", id(CLIENT)));
    }
}

#[test]
fn r_10_048_r_10_049_first_operation_carries_client_home_domain_and_nonce() {
    let (source, name, value) = operations(&Issue::default()).remove(0);
    assert_eq!(source, id(CLIENT).into());
    assert_eq!(name, "anchor.example auth");
    assert_eq!(value.len(), 64);
    assert_eq!(BASE64_STANDARD.decode(value).unwrap(), [7; 48]);
}

#[test]
fn r_10_011_r_10_048_t_10_07_muxed_client_stays_muxed() {
    for number in [0, 1 << 63, u64::MAX] {
        let issue = Issue { client: muxed(number), ..Issue::default() };
        assert_eq!(operations(&issue)[0].0, muxed(number));
        let read = read_now(&issue.build().unwrap()).unwrap();
        assert_eq!(read.subject().to_string(), muxed(number).to_string());
        assert_eq!(read.ledger_account(), Some(id(CLIENT)));
    }
}

#[test]
fn r_10_050_second_operation_names_the_web_auth_domain() {
    let operations = operations(&Issue::default());
    assert_eq!(operations[1], (id(SERVER).into(), "web_auth_domain".into(), AUTH_DOMAIN.into()));
    assert_eq!(operations.len(), 2);
}

#[test]
fn r_10_052_client_domain_operation_belongs_to_the_wallet() {
    let issue = Issue { client_domain: Some(wallet()), ..Issue::default() };
    let operations = operations(&issue);
    assert_eq!(operations[2], (id(WALLET_KEY).into(), "client_domain".into(), WALLET.into()));
    assert_eq!(operations.len(), 3);
}

#[test]
fn r_10_055_r_10_056_challenge_has_one_signature_the_servers_for_this_network() {
    let envelope = decode(&Issue::default().build().unwrap());
    assert_eq!(envelope.signatures.to_vec(), [signature(SERVER, &envelope.tx)]);
}

#[test]
fn r_10_012_contract_is_not_challenged() {
    let issue = Issue { client: ContractId::from_bytes([1; 32]).into(), ..Issue::default() };
    assert_eq!(issue.build(), Err(ChallengeError::Contract));
}

#[test]
fn r_10_014_muxed_client_with_a_memo_is_not_challenged() {
    let issue = Issue { client: muxed(0), memo: Some(0), ..Issue::default() };
    assert_eq!(issue.build(), Err(ChallengeError::MuxedWithMemo));
}

#[test]
fn r_10_057_t_10_14_accounts_whose_key_signs_anyway_are_not_challenged() {
    let account = |seed| id(seed).into();
    let number = |seed| Account::Muxed { account: id(seed), id: 5 };
    for (client, client_domain) in [
        (account(SERVER), None),
        (number(SERVER), None),
        (account(WALLET_KEY), Some(wallet())),
        (number(WALLET_KEY), Some(wallet())),
        (account(CLIENT), Some(ClientDomain { domain: WALLET.into(), account: id(SERVER) })),
    ] {
        let issue = Issue { client, client_domain, ..Issue::default() };
        assert_eq!(issue.build(), Err(ChallengeError::ReservedAccount));
    }
}

#[test]
fn r_10_048_t_10_22_home_domain_has_at_most_59_bytes() {
    let issue = |len| Issue { home_domain: "a".repeat(len), ..Issue::default() }.build();
    issue(59).unwrap();
    for len in [0, 60] {
        assert_eq!(issue(len), Err(ChallengeError::Domain("home_domain")));
    }
}

#[test]
fn r_10_024_r_10_050_domains_are_plain_hosts_of_at_most_64_bytes() {
    let web_auth = |domain: &str| Issue { web_auth_domain: domain.into(), ..Issue::default() }.build();
    let client = |domain: &str| {
        let client_domain = ClientDomain { domain: domain.into(), account: id(WALLET_KEY) };
        Issue { client_domain: Some(client_domain), ..Issue::default() }.build()
    };
    for good in ["localhost:8000", "a.example", &"a".repeat(64)] {
        web_auth(good).unwrap();
        client(good).unwrap();
    }
    let long = "a".repeat(65);
    for bad in ["", "a b", "https://a.example", "a/b", "u@a", "a?b", "a\n", "\u{e4}.example", "a\\b", &long] {
        assert_eq!(web_auth(bad), Err(ChallengeError::Domain("web_auth_domain")), "{bad:?}");
        assert_eq!(client(bad), Err(ChallengeError::Domain("client_domain")), "{bad:?}");
    }
}

#[test]
fn time_beyond_the_calendar_is_an_error() {
    for now in [u64::MAX, u64::MAX - 900, i64::MAX as u64] {
        let issue = Issue { now, ..Issue::default() };
        assert_eq!(issue.build(), Err(ChallengeError::TimeBounds));
    }
}
