//! From what was sent to a value in its one form.

use std::net::IpAddr;

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use super::codes::{is_country2, is_country3, is_language};
use crate::integration::form::{is_email, is_unprintable};

/// Longest value, in bytes.
const LINE_BYTES_MAX: usize = 1024;
/// Longest address, in bytes.
const LINES_BYTES_MAX: usize = 4096;
/// Longest e-mail address (RFC 3696, erratum 1690).
const EMAIL_CHARS_MAX: usize = 254;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// One line.
    Line,
    /// Several lines, such as an address.
    Lines,
    /// Three letters (ISO 3166-1).
    Country3,
    /// Two letters (ISO 3166-1).
    Country2,
    /// A country and its part (ISO 3166-2).
    Region,
    /// Two letters (ISO 639-1).
    Language,
    /// A day of the calendar, `YYYY-MM-DD`.
    Date,
    /// A month, `YY-MM`.
    ShortDate,
    /// `+`, country code and number (E.164).
    Phone,
    /// An e-mail address.
    Email,
    /// A minor group of ISCO-08: three digits.
    Occupation,
    /// A whole number.
    Whole,
    /// Any number.
    Decimal,
    /// The address of a computer.
    Ip,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// So many digits.
    Digits {
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// 18 digits, the last of which checks the others.
    Clabe,
    /// 22 digits, two of which check the others.
    Cbu,
    /// 12 to 19 digits, the last of which checks the others.
    Luhn,
    /// A file.
    File,
}

/// What is wrong with a value. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldFault {
    /// An empty value would say nothing: what is to stay is left out.
    #[error("is empty: leave it out to keep what was sent before")]
    Empty,
    /// Too many bytes.
    #[error("is too long")]
    TooLong,
    /// Control characters.
    #[error("has characters that cannot be printed")]
    Unprintable,
    /// Three letters.
    #[error("is not a country: three letters such as BRA (ISO 3166-1 alpha-3)")]
    Country3,
    /// Two letters.
    #[error("is not a country: two letters such as BR (ISO 3166-1 alpha-2)")]
    Country2,
    /// Country and part.
    #[error("is not a part of a country such as US-CA (ISO 3166-2)")]
    Region,
    /// Two letters.
    #[error("is not a language: two letters such as pt (ISO 639-1)")]
    Language,
    /// A day.
    #[error("is not a day such as 1976-07-04 (ISO 8601)")]
    Date,
    /// A month.
    #[error("is not a month such as 29-11 (YY-MM)")]
    ShortDate,
    /// A number to call.
    #[error("is not a phone number such as +14155550123 (E.164)")]
    Phone,
    /// An e-mail address.
    #[error("is not an e-mail address")]
    Email,
    /// An occupation.
    #[error("is not an occupation: three digits (ISCO-08)")]
    Occupation,
    /// A number.
    #[error("is not a number")]
    Number,
    /// An address of a computer.
    #[error("is not an IP address")]
    Ip,
    /// Not in the list.
    #[error("is not one of the choices")]
    Choice,
    /// Digits.
    #[error("does not have the digits that it should have")]
    Digits,
    /// Bytes in a text.
    #[error("is a file: send it as a part of multipart/form-data, or upload it and send its file_id")]
    File,
}

/// A value in its one form: trimmed, composed (NFC), and with what the check says.
///
/// # Errors
/// What is wrong with it.
pub fn check(check: Check, sent: &str) -> Result<String, FieldFault> {
    if check == Check::File {
        return Err(FieldFault::File);
    }
    let (most, breaks) = match check {
        Check::Lines => (LINES_BYTES_MAX, true),
        _ => (LINE_BYTES_MAX, false),
    };
    if sent.len() > most {
        return Err(FieldFault::TooLong);
    }
    let value: String = sent.trim().nfc().collect();
    if value.len() > most {
        return Err(FieldFault::TooLong);
    }
    if value.is_empty() {
        return Err(FieldFault::Empty);
    }
    if value.chars().any(|c| is_unprintable(c) && !(breaks && matches!(c, '\n' | '\r'))) {
        return Err(FieldFault::Unprintable);
    }
    let valid = |is_valid: bool, fault: FieldFault| if is_valid { Ok(()) } else { Err(fault) };
    match check {
        Check::Line | Check::Lines | Check::File => {}
        Check::Country3 => valid(is_country3(&value), FieldFault::Country3)?,
        Check::Country2 => valid(is_country2(&value), FieldFault::Country2)?,
        Check::Region => valid(is_region(&value), FieldFault::Region)?,
        Check::Language => valid(is_language(&value), FieldFault::Language)?,
        Check::Date => valid(is_day(&value), FieldFault::Date)?,
        Check::ShortDate => valid(is_month(&value), FieldFault::ShortDate)?,
        Check::Phone => valid(is_phone(&value), FieldFault::Phone)?,
        Check::Email => {
            let fits = is_email(&value) && value.chars().count() <= EMAIL_CHARS_MAX;
            valid(fits, FieldFault::Email)?;
        }
        // a JSON number has lost the zero that it began with
        Check::Occupation if are_digits(&value, 1, 3) => return Ok(format!("{value:0>3}")),
        Check::Occupation => return Err(FieldFault::Occupation),
        Check::Whole => valid(are_digits(&value, 1, 18), FieldFault::Number)?,
        Check::Decimal => valid(is_decimal(&value), FieldFault::Number)?,
        Check::Ip => valid(value.parse::<IpAddr>().is_ok(), FieldFault::Ip)?,
        Check::Choice(choices) => valid(choices.contains(&value.as_str()), FieldFault::Choice)?,
        Check::Digits { least, most } => valid(are_digits(&value, least, most), FieldFault::Digits)?,
        Check::Clabe => valid(is_clabe(&value), FieldFault::Digits)?,
        Check::Cbu => valid(is_cbu(&value), FieldFault::Digits)?,
        Check::Luhn => valid(is_luhn(&value), FieldFault::Digits)?,
    }
    Ok(value)
}

fn are_digits(value: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    are_digits(whole, 1, 30) && are_digits(decimals, 1, 30)
}

fn is_day(value: &str) -> bool {
    value.len() == 10
        && value.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok_and(|day| day.to_string() == value)
}

fn is_month(value: &str) -> bool {
    let Some((year, month)) = value.split_once('-') else { return false };
    let month = if are_digits(month, 2, 2) { month.parse().unwrap_or(0) } else { 0 };
    are_digits(year, 2, 2) && (1..=12).contains(&month)
}

/// A country code never begins with 0; the longest number has 15 digits.
fn is_phone(value: &str) -> bool {
    value.strip_prefix('+').is_some_and(|digits| are_digits(digits, 7, 15) && !digits.starts_with('0'))
}

fn is_region(value: &str) -> bool {
    let Some((country, part)) = value.split_once('-') else { return false };
    let fits = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit();
    is_country2(country) && (1..=3).contains(&part.len()) && part.bytes().all(fits)
}

fn digits(value: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    value.bytes().map(|byte| u32::from(byte).saturating_sub(u32::from(b'0')))
}

/// Weights 3, 7, 1; each product modulo ten (Banco de México).
fn is_clabe(value: &str) -> bool {
    let weighted = |value: &str| {
        let weights = [3_u32, 7, 1].into_iter().cycle();
        digits(value).take(17).zip(weights).map(|(digit, weight)| digit * weight % 10).sum::<u32>()
    };
    are_digits(value, 18, 18) && digits(value).last() == Some((10 - weighted(value) % 10) % 10)
}

/// Two blocks, of 8 and 14 digits, each with its own last one (Banco Central de la República Argentina).
fn is_cbu(value: &str) -> bool {
    let checks = |block: &str| {
        let mut rest = digits(block).rev();
        let last = rest.next();
        let weights = [3_u32, 1, 7, 9].into_iter().cycle();
        let sum: u32 = rest.zip(weights).map(|(digit, weight)| digit * weight).sum();
        last == Some((10 - sum % 10) % 10)
    };
    are_digits(value, 22, 22)
        && value.split_at_checked(8).is_some_and(|(bank, account)| checks(bank) && checks(account))
}

fn is_luhn(value: &str) -> bool {
    let doubled = |(place, digit): (usize, u32)| match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    are_digits(value, 12, 19) && digits(value).rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}
