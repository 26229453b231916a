use std::collections::BTreeSet;

use super::*;

/// The table of SEP-9 1.18.0, as the specification has it.
const PERSON: &[&str] = &[
    "family_name",
    "last_name",
    "given_name",
    "first_name",
    "additional_name",
    "address_country_code",
    "state_or_province",
    "city",
    "postal_code",
    "address",
    "mobile_number",
    "mobile_number_format",
    "email_address",
    "birth_date",
    "birth_place",
    "birth_country_code",
    "tax_id",
    "tax_id_name",
    "occupation",
    "employer_name",
    "employer_address",
    "language_code",
    "id_type",
    "id_country_code",
    "id_issue_date",
    "id_expiration_date",
    "id_number",
    "photo_id_front",
    "photo_id_back",
    "notary_approval_of_photo_id",
    "ip_address",
    "photo_proof_residence",
    "sex",
    "proof_of_income",
    "proof_of_liveness",
    "referral_id",
];
const FINANCIAL: &[&str] = &[
    "bank_name",
    "bank_account_type",
    "bank_account_number",
    "bank_number",
    "bank_phone_number",
    "bank_branch_number",
    "external_transfer_memo",
    "clabe_number",
    "cbu_number",
    "cbu_alias",
    "mobile_money_number",
    "mobile_money_provider",
    "crypto_address",
    "crypto_memo",
];
const ORGANIZATION: &[&str] = &[
    "name",
    "VAT_number",
    "registration_number",
    "registration_date",
    "registered_address",
    "number_of_shareholders",
    "shareholder_name",
    "photo_incorporation_doc",
    "photo_proof_address",
    "address_country_code",
    "state_or_province",
    "city",
    "postal_code",
    "director_name",
    "website",
    "email",
    "phone",
];
const CARD: &[&str] = &[
    "number",
    "expiration_date",
    "cvc",
    "holder_name",
    "network",
    "postal_code",
    "country_code",
    "state_or_province",
    "city",
    "address",
    "token",
];

fn checked(name: &str, value: &str) -> Result<String, FieldFault> {
    check(find(name).unwrap().check, value)
}

#[test]
fn r_09_003_r_09_101_registry_has_exactly_the_names_of_the_sep() {
    let names =
        |names: &[&str], prefix: &str| names.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>();
    let known = |category: Category| {
        all()
            .filter(|field| field.category == category)
            .map(|field| field.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(known(Category::Person), names(PERSON, ""));
    let both = [names(FINANCIAL, ""), names(FINANCIAL, "organization.")].concat();
    assert_eq!(known(Category::Financial), both);
    assert_eq!(known(Category::Organization), names(ORGANIZATION, "organization."));
    assert_eq!(known(Category::Card), names(CARD, "card."));
    assert_eq!((PERSON.len(), FINANCIAL.len(), ORGANIZATION.len(), CARD.len()), (36, 14, 17, 11));
    assert_eq!(all().count(), 92);
    let of = |kind: FieldType| {
        all().filter(|field| field.kind == kind).map(|field| field.name).collect::<Vec<_>>()
    };
    assert_eq!(of(FieldType::Number), ["occupation", "organization.number_of_shareholders"]);
    let dates = ["birth_date", "id_issue_date", "id_expiration_date", "card.expiration_date"];
    assert_eq!(of(FieldType::Date), dates);
    let words =
        [FieldType::String, FieldType::Number, FieldType::Date, FieldType::Binary].map(FieldType::as_str);
    assert_eq!(words, ["string", "number", "date", "binary"]);
}

#[test]
fn r_09_006_capitals_matter() {
    assert!(find("organization.VAT_number").is_some());
    for other in ["organization.vat_number", "First_name", "first_name ", "organization", ""] {
        assert_eq!(find(other), None, "{other}");
    }
}

#[test]
fn r_09_008_r_09_009_r_09_010_r_09_011_r_09_012_r_09_013_r_09_014_values_have_their_form() {
    for (name, good, bad) in [
        ("language_code", &["pt", "en"][..], &["por", "PT", "xx", "pt-BR"][..]),
        ("address_country_code", &["BRA"], &["BR", "bra", "XXX", "BRAZ"]),
        ("birth_country_code", &["USA"], &["US"]),
        ("id_country_code", &["IDN"], &["ID"]),
        (
            "birth_date",
            &["1976-07-04", "2000-02-29"],
            &["1976-7-4", "2001-02-29", "04.07.1976", "1976-07-04T00:00:00Z"],
        ),
        (
            "mobile_number",
            &["+14155550123", "+551199999999"],
            &["14155550123", "+0123456789", "+1 415 555", "+1234567890123456"],
        ),
        ("mobile_money_number", &["+254712345678"], &["0712345678"]),
        ("occupation", &["251", "011"], &["2511", "abc", "-11", ""]),
        ("organization.number_of_shareholders", &["0", "12"], &["1.5", "-1", "many"]),
        ("email_address", &["ada@example.com"], &["ada", "ada@", "@example.com", "a b@example.com"]),
        ("ip_address", &["192.0.2.1", "2001:db8::1"], &["192.0.2", "example.com"]),
        ("sex", &["male", "female", "other"], &["Male", "m"]),
        ("bank_account_type", &["checking", "savings"], &["current"]),
    ] {
        for value in good {
            assert_eq!(checked(name, value).as_deref(), Ok(*value), "{name} {value}");
        }
        for value in bad {
            assert!(checked(name, value).is_err(), "{name} {value}");
        }
    }
    assert_eq!(checked("occupation", "11").as_deref(), Ok("011"), "a JSON number has lost its zero");
}

#[test]
fn r_09_015_texts_are_trimmed_composed_and_bounded() {
    assert_eq!(checked("first_name", "  Zoe\u{308} ").as_deref(), Ok("Zo\u{eb}"));
    assert_eq!(checked("address", "1 Road\nTown").as_deref(), Ok("1 Road\nTown"));
    assert_eq!(checked("first_name", "1 Road\nTown"), Err(FieldFault::Unprintable));
    for hidden in ["a\u{202e}b", "a\0b", "a\u{7f}"] {
        assert_eq!(checked("address", hidden), Err(FieldFault::Unprintable));
    }
    assert_eq!(checked("first_name", "   "), Err(FieldFault::Empty));
    assert!(checked("first_name", &"a".repeat(1024)).is_ok());
    assert_eq!(checked("first_name", &"a".repeat(1025)), Err(FieldFault::TooLong));
    assert!(checked("address", &"a".repeat(4096)).is_ok());
    assert_eq!(checked("address", &"a".repeat(4097)), Err(FieldFault::TooLong));
}

#[test]
fn r_09_051_r_09_052_organizations_accounts_are_as_persons() {
    for name in FINANCIAL {
        let (own, of_organization) = (find(name).unwrap(), find(&format!("organization.{name}")).unwrap());
        assert_eq!(
            (own.kind, own.check, own.sensitivity),
            (of_organization.kind, of_organization.check, of_organization.sensitivity)
        );
    }
}

#[test]
fn r_09_060_r_09_061_numbers_of_accounts_check_themselves() {
    // Banco de México's own example, and one of the Argentine central bank's form
    assert!(checked("clabe_number", "032180000118359719").is_ok());
    assert!(checked("cbu_number", "2850590940090418135201").is_ok());
    for (name, wrong) in [
        ("clabe_number", "032180000118359718"),
        ("clabe_number", "32180000118359719"),
        ("cbu_number", "2850590940090418135202"),
        ("cbu_number", "2850590840090418135201"),
        ("organization.cbu_number", "abc"),
    ] {
        assert_eq!(checked(name, wrong), Err(FieldFault::Digits), "{wrong}");
    }
}

#[test]
fn r_09_066_old_names_are_kept_as_the_new_ones() {
    assert_eq!(stored_as("crypto_memo"), "external_transfer_memo");
    assert_eq!(stored_as("organization.crypto_memo"), "organization.external_transfer_memo");
    assert_eq!((stored_as("family_name"), stored_as("given_name")), ("last_name", "first_name"));
    assert_eq!(stored_as("colour"), "colour");
}

#[test]
fn r_09_085_r_09_088_r_09_089_r_09_090_r_09_094_r_09_095_cards_have_their_own_forms() {
    for (name, good, bad) in [
        ("card.number", "4242424242424242", "4242424242424241"),
        ("card.expiration_date", "29-11", "2029-11-01"),
        ("card.expiration_date", "30-01", "30-13"),
        ("card.cvc", "123", "12"),
        ("card.country_code", "US", "USA"),
        ("card.state_or_province", "US-CA", "CA"),
    ] {
        assert!(checked(name, good).is_ok(), "{name}");
        assert!(checked(name, bad).is_err(), "{name}");
    }
    let never: Vec<_> =
        all().filter(|field| field.sensitivity == Sensitivity::Never).map(|field| field.name).collect();
    assert_eq!(never, ["card.number", "card.cvc"]);
}

#[test]
fn r_09_103_derived_names_are_taken_apart_and_collide_with_none() {
    for field in all() {
        assert_eq!(derived(field.name), Derived::Value(field.name), "{}", field.name);
        let name = format!("{}_verification", field.name);
        assert_eq!(derived(&name), Derived::Verification(field.name));
        let name = format!("{}_file_id", field.name);
        assert_eq!(derived(&name), Derived::FileId(field.name));
    }
    assert_eq!(derived("_verification"), Derived::Value("_verification"));
    let names: BTreeSet<_> = all().map(|field| field.name).collect();
    assert_eq!(names.len(), 92);
}

#[test]
fn faults_never_repeat_the_value() {
    for field in all().filter(|field| field.kind != FieldType::Binary) {
        if let Err(fault) = check(field.check, "hunter2 \u{7}") {
            assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{}", field.name);
        }
    }
}
