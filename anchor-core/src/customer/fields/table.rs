//! The names of SEP-9 1.18.0, one a row.

use super::Category::{self, Card, Financial, Organization, Person};
use super::Check::{
    self, Cbu, Choice, Clabe, Country2, Country3, Date, Digits, Email, File, Ip, Language, Line, Lines, Luhn,
    Occupation, Phone, Region, ShortDate, Whole,
};
use super::FieldSpec;
use super::FieldType::{self, Binary, Number, String};
use super::Sensitivity::{self, Never, Personal, Secret};

const fn row(
    name: &'static str,
    kind: FieldType,
    check: Check,
    category: Category,
    sensitivity: Sensitivity,
) -> FieldSpec {
    FieldSpec { name, kind, check, category, sensitivity, stored_as: name }
}

/// Another name for the same datum.
const fn alias(other: FieldSpec, of: &'static str) -> FieldSpec {
    FieldSpec { stored_as: of, ..other }
}

pub(super) const SEXES: &[&str] = &["male", "female", "other"];
pub(super) const BANK_ACCOUNT_TYPES: &[&str] = &["checking", "savings"];

/// The 92 names.
pub(super) static FIELDS: [FieldSpec; 92] = [
    alias(row("family_name", String, Line, Person, Personal), "last_name"),
    row("last_name", String, Line, Person, Personal),
    alias(row("given_name", String, Line, Person, Personal), "first_name"),
    row("first_name", String, Line, Person, Personal),
    row("additional_name", String, Line, Person, Personal),
    row("address_country_code", String, Country3, Person, Personal),
    row("state_or_province", String, Line, Person, Personal),
    row("city", String, Line, Person, Personal),
    row("postal_code", String, Line, Person, Personal),
    row("address", String, Lines, Person, Personal),
    row("mobile_number", String, Phone, Person, Personal),
    row("mobile_number_format", String, Line, Person, Personal),
    row("email_address", String, Email, Person, Personal),
    row("birth_date", FieldType::Date, Date, Person, Personal),
    row("birth_place", String, Line, Person, Personal),
    row("birth_country_code", String, Country3, Person, Personal),
    row("tax_id", String, Line, Person, Secret),
    row("tax_id_name", String, Line, Person, Personal),
    row("occupation", Number, Occupation, Person, Personal),
    row("employer_name", String, Line, Person, Personal),
    row("employer_address", String, Lines, Person, Personal),
    row("language_code", String, Language, Person, Personal),
    row("id_type", String, Line, Person, Personal),
    row("id_country_code", String, Country3, Person, Personal),
    row("id_issue_date", FieldType::Date, Date, Person, Personal),
    row("id_expiration_date", FieldType::Date, Date, Person, Personal),
    row("id_number", String, Line, Person, Secret),
    row("photo_id_front", Binary, File, Person, Secret),
    row("photo_id_back", Binary, File, Person, Secret),
    row("notary_approval_of_photo_id", Binary, File, Person, Secret),
    row("ip_address", String, Ip, Person, Personal),
    row("photo_proof_residence", Binary, File, Person, Secret),
    row("sex", String, Choice(SEXES), Person, Personal),
    row("proof_of_income", Binary, File, Person, Secret),
    row("proof_of_liveness", Binary, File, Person, Secret),
    row("referral_id", String, Line, Person, Personal),
    row("bank_name", String, Line, Financial, Personal),
    row("bank_account_type", String, Choice(BANK_ACCOUNT_TYPES), Financial, Personal),
    row("bank_account_number", String, Line, Financial, Secret),
    row("bank_number", String, Line, Financial, Secret),
    row("bank_phone_number", String, Phone, Financial, Personal),
    row("bank_branch_number", String, Line, Financial, Secret),
    row("external_transfer_memo", String, Line, Financial, Secret),
    row("clabe_number", String, Clabe, Financial, Secret),
    row("cbu_number", String, Cbu, Financial, Secret),
    row("cbu_alias", String, Line, Financial, Secret),
    row("mobile_money_number", String, Phone, Financial, Secret),
    row("mobile_money_provider", String, Line, Financial, Personal),
    row("crypto_address", String, Line, Financial, Secret),
    alias(row("crypto_memo", String, Line, Financial, Secret), "external_transfer_memo"),
    row("organization.bank_name", String, Line, Financial, Personal),
    row("organization.bank_account_type", String, Choice(BANK_ACCOUNT_TYPES), Financial, Personal),
    row("organization.bank_account_number", String, Line, Financial, Secret),
    row("organization.bank_number", String, Line, Financial, Secret),
    row("organization.bank_phone_number", String, Phone, Financial, Personal),
    row("organization.bank_branch_number", String, Line, Financial, Secret),
    row("organization.external_transfer_memo", String, Line, Financial, Secret),
    row("organization.clabe_number", String, Clabe, Financial, Secret),
    row("organization.cbu_number", String, Cbu, Financial, Secret),
    row("organization.cbu_alias", String, Line, Financial, Secret),
    row("organization.mobile_money_number", String, Phone, Financial, Secret),
    row("organization.mobile_money_provider", String, Line, Financial, Personal),
    row("organization.crypto_address", String, Line, Financial, Secret),
    alias(
        row("organization.crypto_memo", String, Line, Financial, Secret),
        "organization.external_transfer_memo",
    ),
    row("organization.name", String, Line, Organization, Personal),
    row("organization.VAT_number", String, Line, Organization, Secret),
    row("organization.registration_number", String, Line, Organization, Personal),
    row("organization.registration_date", String, Line, Organization, Personal),
    row("organization.registered_address", String, Lines, Organization, Personal),
    row("organization.number_of_shareholders", Number, Whole, Organization, Personal),
    row("organization.shareholder_name", String, Line, Organization, Personal),
    row("organization.photo_incorporation_doc", Binary, File, Organization, Secret),
    row("organization.photo_proof_address", Binary, File, Organization, Secret),
    row("organization.address_country_code", String, Country3, Organization, Personal),
    row("organization.state_or_province", String, Line, Organization, Personal),
    row("organization.city", String, Line, Organization, Personal),
    row("organization.postal_code", String, Line, Organization, Personal),
    row("organization.director_name", String, Line, Organization, Personal),
    row("organization.website", String, Line, Organization, Personal),
    row("organization.email", String, Email, Organization, Personal),
    row("organization.phone", String, Line, Organization, Personal),
    row("card.number", String, Luhn, Card, Never),
    row("card.expiration_date", FieldType::Date, ShortDate, Card, Secret),
    row("card.cvc", String, Digits { least: 3, most: 4 }, Card, Never),
    row("card.holder_name", String, Line, Card, Secret),
    row("card.network", String, Line, Card, Secret),
    row("card.postal_code", String, Line, Card, Secret),
    row("card.country_code", String, Country2, Card, Secret),
    row("card.state_or_province", String, Region, Card, Secret),
    row("card.city", String, Line, Card, Secret),
    row("card.address", String, Lines, Card, Secret),
    row("card.token", String, Line, Card, Secret),
];
