//! Personal data by the names that all anchors use (SEP-9), each with its kind of answer.

use super::field::{Field, FieldKind};

macro_rules! sep9 {
    ($($variant:ident = $name:literal, $kind:expr;)*) => {
        /// A field of SEP-9. Its label is translated by the pages.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Sep9 {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Sep9 {
            /// All that are known here.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in SEP-9.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What kind of answer it has.
            pub const fn kind(self) -> FieldKind {
                match self {
                    $(Self::$variant => $kind,)*
                }
            }
        }
    };
}

const fn text(max_chars: usize) -> FieldKind {
    FieldKind::Text { max_chars }
}

sep9! {
    FirstName = "first_name", text(100);
    LastName = "last_name", text(100);
    AdditionalName = "additional_name", text(100);
    EmailAddress = "email_address", FieldKind::Email;
    MobileNumber = "mobile_number", text(24);
    BirthDate = "birth_date", FieldKind::Date;
    BirthPlace = "birth_place", text(200);
    Address = "address", text(300);
    City = "city", text(100);
    StateOrProvince = "state_or_province", text(100);
    PostalCode = "postal_code", text(20);
    AddressCountryCode = "address_country_code", text(3);
    TaxId = "tax_id", text(40);
    EmployerName = "employer_name", text(200);
    IdType = "id_type", text(40);
    IdNumber = "id_number", text(60);
    IdCountryCode = "id_country_code", text(3);
    IdIssueDate = "id_issue_date", FieldKind::Date;
    IdExpirationDate = "id_expiration_date", FieldKind::Date;
    BankName = "bank_name", text(100);
    BankAccountType = "bank_account_type", text(40);
    BankAccountNumber = "bank_account_number", text(40);
    BankNumber = "bank_number", text(40);
    BankBranchNumber = "bank_branch_number", text(40);
    ClabeNumber = "clabe_number", text(18);
    CbuNumber = "cbu_number", text(22);
    MobileMoneyNumber = "mobile_money_number", text(24);
}

impl Field {
    /// A field of SEP-9: its kind is known, the pages have its label in every language, and browsers fill it in.
    ///
    /// Where only some answers are possible, such as the countries that you serve, use
    /// [`select`](Self::select) with [`Sep9::name`] and an empty label.
    pub fn sep9(field: Sep9) -> Self {
        Self::new(field.name(), "", field.kind())
    }

    /// A whole number within these limits.
    pub fn number(
        name: impl Into<String>,
        label: impl Into<String>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Self {
        Self::new(name, label, FieldKind::Number { range })
    }
}
