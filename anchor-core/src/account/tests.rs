use proptest::prelude::*;

use super::*;

const CLASSIC: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
const CONTRACT: &str = "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA";
const MUXED_0: &str = "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ";
const MUXED: [(u64, &str); 6] = [
    (0, MUXED_0),
    (1, "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAAGZFQ"),
    (1234, "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAE2JUG6"),
    (i64::MAX.cast_unsigned(), "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJU7777777777777ZRG"),
    (1 << 63, "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLK"),
    (u64::MAX, "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJV7777777777775ZO4"),
];

/// The invalid vectors of SEP-23, except for the signed payloads, which are no accounts in any case.
const INVALID: [&str; 12] = [
    "GAAAAAAAACGC6",
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUR",
    "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZA",
    "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUACUSI",
    "G47QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVP2I",
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLKA",
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAAV75I",
    "M47QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ",
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUK===",
    "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUO",
    "BAAD6DBUX6J22DMZOHIEZTEQ64CVCHEDRKWZONFEUL5Q26QD7R76RGR4TV",
    "BAAT6DBUX6J22DMZOHIEZTEQ64CVCHEDRKWZONFEUL5Q26QD7R76RGXACA",
];

/// Valid strkeys of SEP-23 that are no accounts.
const OTHER_KINDS: [&str; 2] = [
    "LA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUPJN",
    "BAAD6DBUX6J22DMZOHIEZTEQ64CVCHEDRKWZONFEUL5Q26QD7R76RGR4TU",
];

fn account(text: &str) -> Account {
    text.parse().expect("an account")
}

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

#[test]
fn r_23_006_valid_vectors_are_accepted_and_printed_as_written() {
    assert!(matches!(account(CLASSIC), Account::Classic(_)));
    assert!(matches!(account(CONTRACT), Account::Contract(_)));
    assert!(matches!(account(MUXED_0), Account::Muxed { id: 0, .. }));
    for text in [CLASSIC, CONTRACT, MUXED_0] {
        assert_eq!(account(text).to_string(), text);
    }
    let Account::Contract(contract) = account(CONTRACT) else { panic!("a contract") };
    assert_eq!(
        Some(contract.as_bytes()),
        account(CLASSIC).ledger_account().as_ref().map(AccountId::as_bytes)
    );
}

#[test]
fn r_23_001_r_23_002_r_23_003_r_23_004_r_23_005_r_23_006_invalid_vectors_are_refused() {
    for text in INVALID {
        assert!(text.parse::<Account>().is_err(), "{text}");
        assert!(text.parse::<AccountId>().is_err(), "{text}");
        assert!(text.parse::<ContractId>().is_err(), "{text}");
        assert!(text.parse::<Subject>().is_err(), "{text}");
    }
}

#[test]
fn r_23_006_strkeys_of_other_kinds_are_no_accounts() {
    for text in OTHER_KINDS {
        assert_eq!(text.parse::<Account>(), Err(AccountError::Account), "{text}");
    }
    assert_eq!(MUXED_0.parse::<AccountId>(), Err(AccountError::AccountId));
    assert_eq!(CONTRACT.parse::<AccountId>(), Err(AccountError::AccountId));
    assert_eq!(CLASSIC.parse::<ContractId>(), Err(AccountError::ContractId));
}

#[test]
fn r_23_007_accounts_are_not_trimmed_folded_or_guessed() {
    let lower = CLASSIC.to_lowercase();
    let padded = [format!(" {CLASSIC}"), format!("{CLASSIC}\n"), format!("{CLASSIC}=")];
    for text in
        ["", "invalid-account", "not a valid account", "G", "Ğ", &lower, &padded[0], &padded[1], &padded[2]]
    {
        assert!(text.parse::<Account>().is_err(), "{text}");
    }
}

#[test]
fn r_23_008_a_pasted_seed_is_refused_and_never_repeated() {
    let seed = crate::keys::SigningKey::from_seed([7; 32]).to_strkey();
    let error = seed.expose().parse::<Account>().expect_err("a seed is no account");
    let subject = seed.expose().parse::<Subject>().expect_err("a seed is no subject");
    let json =
        serde_json::from_value::<Account>(seed.expose().as_str().into()).expect_err("a seed is no account");
    for text in [format!("{error} {error:?}"), format!("{subject} {subject:?}"), format!("{json} {json:?}")] {
        assert!(!text.contains(&seed.expose()[..8]), "the error repeats the seed");
    }
}

#[test]
fn r_mx_001_a_muxed_account_is_its_classic_account_on_the_ledger() {
    assert_eq!(account(MUXED_0).ledger_account(), CLASSIC.parse().ok());
    assert_eq!(account(CLASSIC).ledger_account(), CLASSIC.parse().ok());
    assert_eq!(account(CONTRACT).ledger_account(), None);
    assert_eq!(account(CONTRACT).muxed_id(), None);
}

#[test]
fn r_mx_003_ids_of_all_64_bits_survive() {
    for (id, text) in MUXED {
        assert_eq!(account(text).muxed_id(), Some(id));
        assert_eq!(Account::Muxed { account: CLASSIC.parse().expect("an account"), id }.to_string(), text);
        let json = serde_json::to_string(&account(text)).expect("json");
        assert_eq!(serde_json::from_str::<Account>(&json).expect("json"), account(text));
    }
    let other = "MB43KVROR7TFJ6KAPCYRF2FJROTZAH4FHLTJLPWX4DRZCC5NASLGIJX7PS6ILOTLWCPGQ";
    assert_eq!(account(other).muxed_id(), Some(2_810_101_841_641_761_712));
    assert_eq!(
        account(other).ledger_account().map(|account| account.to_string()).as_deref(),
        Some("GB43KVROR7TFJ6KAPCYRF2FJROTZAH4FHLTJLPWX4DRZCC5NASLGITR6"),
    );
}

#[test]
fn r_mx_004_id_zero_is_not_no_id() {
    assert_eq!(account(MUXED_0).muxed_id(), Some(0));
    assert_eq!(account(CLASSIC).muxed_id(), None);
    assert_ne!(account(MUXED_0), account(CLASSIC));
}

#[test]
fn r_10_101_r_06_022_subjects_round_trip() {
    let with_memos = [0, 123, 1 << 63, u64::MAX].map(|memo| format!("{CLASSIC}:{memo}"));
    for text in with_memos.iter().map(String::as_str).chain([CLASSIC, MUXED_0, CONTRACT]) {
        assert_eq!(subject(text).to_string(), text);
    }
    assert_eq!(subject(&with_memos[3]).memo(), Some(u64::MAX));
    assert_eq!(subject(&with_memos[1]).account(), account(CLASSIC));
    assert_eq!(subject(MUXED_0).memo(), None);
    assert_eq!(Subject::from(account(CLASSIC)), subject(CLASSIC));
}

#[test]
fn subject_memos_have_one_spelling() {
    for memo in ["", "-1", "+1", "01", "01x", "1.0", "1e3", " 1", "0x1", "٣", "18446744073709551616", "1:2"]
    {
        assert_eq!(format!("{CLASSIC}:{memo}").parse::<Subject>(), Err(AccountError::SubjectMemo), "{memo}");
    }
}

#[test]
fn only_classic_accounts_take_a_memo() {
    for text in [MUXED_0, CONTRACT] {
        assert_eq!(format!("{text}:1").parse::<Subject>(), Err(AccountError::MemoNotAllowed));
        assert_eq!(Subject::new(account(text), Some(1)), Err(AccountError::MemoNotAllowed));
    }
}

#[test]
fn q_24_02_the_muxed_and_the_memo_form_of_a_user_share_a_key() {
    for (id, muxed) in MUXED {
        let with_memo = subject(&format!("{CLASSIC}:{id}"));
        assert_eq!(subject(muxed).key(), with_memo.key());
        assert_ne!(with_memo.key(), subject(CLASSIC).key());
    }
    assert_ne!(subject(MUXED[0].1).key(), subject(MUXED[1].1).key());
    assert_eq!(subject(CONTRACT).key(), CONTRACT);
    assert_eq!(subject(CLASSIC).key(), CLASSIC);
}

#[test]
fn debug_shows_the_strkey() {
    assert_eq!(format!("{:?}", account(CLASSIC).ledger_account()), format!("Some({CLASSIC})"));
    assert_eq!(format!("{:?}", account(CONTRACT)), format!("Contract({CONTRACT})"));
}

proptest! {
    #[test]
    fn printed_accounts_parse_to_the_same_account(bytes in any::<[u8; 32]>(), id in any::<u64>()) {
        let classic = AccountId::from_bytes(bytes);
        for account in [
            Account::Classic(classic),
            Account::Muxed { account: classic, id },
            Account::Contract(ContractId::from_bytes(bytes)),
        ] {
            prop_assert_eq!(account.to_string().parse(), Ok(account));
        }
        let subject = Subject::new(classic.into(), Some(id)).expect("classic");
        prop_assert_eq!(subject.to_string().parse(), Ok(subject));
    }

    #[test]
    fn one_wrong_character_is_always_noticed(at in 0_usize..56, to in "[A-Z2-7]") {
        let mut text = CLASSIC.to_owned();
        text.replace_range(at..=at, &to);
        prop_assert_eq!(text.parse::<AccountId>().is_ok(), text == CLASSIC);
    }

    #[test]
    fn any_accepted_text_is_canonical(text in "[GMCSL][A-Z2-7]{55,68}(:[0-9]{1,20})?|\\PC*") {
        if let Ok(subject) = text.parse::<Subject>() {
            prop_assert_eq!(subject.to_string(), text);
        }
    }
}
