#![allow(clippy::arithmetic_side_effects, reason = "an overflow here fails the test")]

use proptest::prelude::*;

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn schedule(fixed: &str, percent: &str, minimum: Option<&str>) -> FeeSchedule {
    FeeSchedule {
        fixed: amount(fixed),
        percent: percent.parse().expect("a percentage"),
        minimum: minimum.map(amount),
    }
}

fn lines(fee: &FeeBreakdown) -> Vec<(&str, String)> {
    fee.details.iter().map(|detail| (detail.name.as_str(), detail.amount.to_string())).collect()
}

#[test]
fn percentages_are_exact_decimals_from_0_to_100() {
    for (text, printed) in [("0", "0"), ("100", "100"), ("0.0000001", "0.0000001"), ("1.50", "1.5")] {
        assert_eq!(text.parse::<Percent>().expect("a percentage").to_string(), printed);
    }
    for text in
        ["", "-1", "100.0000001", "101", "1e1", "0.00000001", "5%", "NaN", "4294967296", "99999999999999"]
    {
        assert_eq!(text.parse::<Percent>(), Err(FeeError::Percent), "{text}");
    }
}

#[test]
fn a_schedule_is_free_by_default() {
    let fee = FeeSchedule::default().fee(&amount("123.45"), 2).expect("a fee");
    assert!(fee.total.is_zero() && fee.details.is_empty());
    assert_eq!(serde_json::from_str::<FeeSchedule>("{}").expect("json"), FeeSchedule::default());
    assert!(serde_json::from_str::<FeeSchedule>(r#"{"fixd":"1"}"#).is_err(), "a typing error is not free");
}

#[test]
fn r_24_129_fees_are_rounded_up_once() {
    let fee = schedule("1", "0.5", None).fee(&amount("100.01"), 2).expect("a fee");
    assert_eq!(fee.total, amount("1.51"), "1 + 0.50005");
    assert_eq!(lines(&fee), [("Fixed fee", "1".to_owned()), ("Service fee", "0.51".to_owned())]);

    let fee = schedule("0.004", "0.004", None).fee(&amount("100"), 2).expect("a fee");
    assert_eq!(fee.total, amount("0.01"), "0.004 + 0.004: two roundings would charge 0.02");
    assert_eq!(fee.total.scale(), 2);

    let fee = schedule("0", "0.0000001", None).fee(&amount("0.0000001"), 7).expect("a fee");
    assert_eq!(fee.total, amount("0.0000001"), "never rounded to nothing");
}

#[test]
fn the_minimum_tops_up_what_is_missing() {
    let small = schedule("1", "1", Some("5")).fee(&amount("100"), 2).expect("a fee");
    assert_eq!(small.total, amount("5"));
    assert_eq!(
        lines(&small),
        [("Fixed fee", "1".to_owned()), ("Service fee", "1".to_owned()), ("Minimum fee", "3".to_owned())]
    );
    let large = schedule("1", "1", Some("5")).fee(&amount("1000"), 2).expect("a fee");
    assert_eq!((large.total, large.details.len()), (amount("11"), 2));
}

#[test]
fn details_must_add_up() {
    let detail = |text| FeeDetail { name: "x".to_owned(), description: None, amount: amount(text) };
    assert!(FeeBreakdown::new(amount("3"), vec![detail("1"), detail("2.00")]).is_ok());
    assert!(FeeBreakdown::new(amount("3"), vec![]).is_ok());
    assert_eq!(FeeBreakdown::new(amount("3"), vec![detail("1")]), Err(FeeError::Sum));
    assert_eq!(FeeBreakdown::new(amount("3"), vec![detail("4")]), Err(FeeError::Sum));
    let huge = Amount::new(10_i128.pow(30), 0).expect("the largest");
    let overflow = vec![FeeDetail { amount: huge, ..detail("1") }; 2];
    assert_eq!(FeeBreakdown::new(huge, overflow), Err(FeeError::Sum));
}

#[test]
fn a_stored_breakdown_is_checked_again() {
    let fee = schedule("1", "1", None).fee(&amount("100"), 2).expect("a fee");
    let json = serde_json::to_string(&fee).expect("json");
    assert_eq!(
        json,
        r#"{"total":"2","details":[{"name":"Fixed fee","amount":"1"},{"name":"Service fee","amount":"1"}]}"#
    );
    assert_eq!(serde_json::from_str::<FeeBreakdown>(&json).expect("json"), fee);
    assert!(serde_json::from_str::<FeeBreakdown>(&json.replace(r#""total":"2""#, r#""total":"3""#)).is_err());
}

proptest! {
    #[test]
    fn the_fee_is_the_exact_fee_plus_less_than_one_unit(
        fixed in 0_i128..10_i128.pow(9), fixed_scale in 0_u8..=7,
        percent in 0_i128..=1_000_000_000, minimum in proptest::option::of(0_i128..10_i128.pow(9)),
        minor in 0_i128..10_i128.pow(12), scale in 0_u8..=7, to in 0_u8..=7,
    ) {
        let schedule = FeeSchedule {
            fixed: Amount::new(fixed, fixed_scale).expect("small"),
            percent: Amount::new(percent, 7).expect("small").to_string().parse().expect("a percentage"),
            minimum: minimum.map(|minimum| Amount::new(minimum, 7).expect("small")),
        };
        let fee = schedule.fee(&Amount::new(minor, scale).expect("small"), to).expect("small");

        // in units of 10^-16: 7 decimals of the amount, and 9 of the percentage
        let power = |exponent: u8| 10_i128.pow(u32::from(exponent));
        let exact = fixed * power(16 - fixed_scale) + minor * percent * power(7 - scale);
        let exact = exact.max(minimum.unwrap_or(0) * power(9));
        let charged = fee.total.minor() * power(16 - to);
        prop_assert!(charged >= exact && charged - exact < power(16 - to));
        prop_assert_eq!(fee.total.scale(), to);
        prop_assert!(FeeBreakdown::new(fee.total, fee.details).is_ok());
    }

    #[test]
    fn hostile_amounts_never_panic(
        fixed in any::<u128>(), minor in any::<u128>(), scales in any::<[u8; 3]>(), percent in 0_i128..=1_000_000_000,
    ) {
        let bound = 10_u128.pow(30) + 1;
        let amount = |minor: u128, scale: u8| {
            Amount::new(i128::try_from(minor % bound).expect("small"), scale % 19).expect("in range")
        };
        let schedule = FeeSchedule {
            fixed: amount(fixed, scales[0]),
            percent: Amount::new(percent, 7).expect("small").to_string().parse().expect("a percentage"),
            minimum: None,
        };
        let _ = schedule.fee(&amount(minor, scales[1]), scales[2]);
    }
}
