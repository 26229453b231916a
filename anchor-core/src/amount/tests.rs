#![allow(clippy::arithmetic_side_effects, reason = "an overflow here fails the test")]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const NOT_PLAIN_DECIMALS: [&str; 22] = [
    "", " ", ".", "-1", "+1", "-0", ".5", "5.", "1.2.3", "1_000", "1,000", "1e3", "1E3", "0x10", " 1", "1 ",
    "1\n", "NaN", "inf", "１", "٣", "1.-5",
];

fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

fn stellar(text: &str) -> Result<StellarAmount, AmountError> {
    text.parse()
}

fn ratio(numerator: u128, denominator: u128) -> (u128, NonZero<u128>) {
    (numerator, NonZero::new(denominator).expect("not zero"))
}

#[test]
fn r_38_061_only_plain_decimals_are_amounts() {
    for text in NOT_PLAIN_DECIMALS {
        assert_eq!(text.parse::<Amount>(), Err(AmountError::Syntax), "{text}");
        assert_eq!(Amount::parse(text, 2), Err(AmountError::Syntax), "{text}");
        assert_eq!(stellar(text), Err(AmountError::Syntax), "{text}");
    }
}

#[test]
fn r_38_061_too_many_decimals_are_refused_even_if_they_are_zeros() {
    assert_eq!(stellar("0.00000001"), Err(AmountError::TooPrecise { max: 7 }));
    assert_eq!(stellar("1.00000000"), Err(AmountError::TooPrecise { max: 7 }));
    assert_eq!(stellar("1.0000000000000000000"), Err(AmountError::TooPrecise { max: 7 }));
    assert_eq!(Amount::parse("1.005", 2), Err(AmountError::TooPrecise { max: 2 }));
    assert_eq!("0.0000000000000000001".parse::<Amount>(), Err(AmountError::TooPrecise { max: 18 }));
}

#[test]
fn the_ledger_ends_at_the_largest_signed_64_bit_number_of_stroops() {
    let max = stellar("922337203685.4775807").expect("the largest");
    assert_eq!(max.stroops(), i64::MAX);
    assert_eq!(max.to_string(), "922337203685.4775807");
    assert_eq!(stellar("922337203685.4775808"), Err(AmountError::TooLarge));
    assert_eq!(max.checked_add(StellarAmount::ONE_STROOP), None);
    assert_eq!(StellarAmount::from_stroops(-1), Err(AmountError::Negative));
    assert_eq!(StellarAmount::from_stroops(i64::MIN), Err(AmountError::Negative));
}

#[test]
fn absurdly_long_numbers_are_refused() {
    let power_of_400 = format!("1{}", "0".repeat(400));
    assert_eq!(stellar(&power_of_400), Err(AmountError::TooLarge));
    assert_eq!(stellar(&"9".repeat(10_000_000)), Err(AmountError::TooLarge));
    assert_eq!(stellar(&format!("0.{}", "0".repeat(400))), Err(AmountError::TooLarge));
    assert_eq!(amount(&"0".repeat(64)), Amount::zero(0));
    assert_eq!("0".repeat(65).parse::<Amount>(), Err(AmountError::TooLarge));
}

#[test]
fn leading_zeros_do_not_change_a_value() {
    assert_eq!(stellar("007.50").expect("seven and a half").stroops(), 75_000_000);
}

#[test]
fn amounts_print_as_the_shortest_plain_decimal() {
    for (stroops, text) in
        [(0, "0"), (1, "0.0000001"), (105_000_000, "10.5"), (1_000_000_000, "100"), (10_000_000, "1")]
    {
        let amount = StellarAmount::from_stroops(stroops).expect("not negative");
        assert_eq!(amount.to_string(), text);
        assert_eq!(stellar(text), Ok(amount));
    }
    assert_eq!(amount("1.50").to_string(), "1.5");
}

#[test]
fn fixed_display_pads_but_never_drops_a_digit() {
    assert_eq!(amount("10.5").display_fixed(2), "10.50");
    assert_eq!(amount("10").display_fixed(2), "10.00");
    assert_eq!(amount("10").display_fixed(0), "10");
    assert_eq!(amount("10.123").display_fixed(2), "10.123");
    assert_eq!(amount("0.05").display_fixed(1), "0.05");
}

#[test]
fn parsing_for_an_asset_keeps_the_scale_of_the_asset() {
    let parsed = Amount::parse("1.5", 2).expect("fits");
    assert_eq!((parsed.minor(), parsed.scale()), (150, 2));
    assert_eq!((amount("1.50").minor(), amount("1.50").scale()), (150, 2));
    assert_eq!(Amount::zero(200).scale(), MAX_SCALE);
}

#[test]
fn equal_values_are_equal_at_any_scale() {
    let set: HashSet<Amount> = ["1.5", "1.50", "1.500000000000000000", "01.5"].map(amount).into();
    assert_eq!(set.len(), 1);
    assert!(amount("1.49") < amount("1.5") && amount("2") > amount("1.999"));
}

#[test]
fn amounts_have_a_bound_far_above_the_ledger() {
    let largest = Amount::new(10_i128.pow(30), 0).expect("the largest");
    assert_eq!(largest.minor(), 10_i128.pow(30));
    assert_eq!(Amount::new(10_i128.pow(30) + 1, 0), Err(AmountError::TooLarge));
    assert_eq!(Amount::new(i128::MAX, 18), Err(AmountError::TooLarge));
    assert_eq!(Amount::new(-1, 0), Err(AmountError::Negative));
    assert_eq!(Amount::new(i128::MIN, 0), Err(AmountError::Negative));
    assert_eq!(Amount::new(1, 19), Err(AmountError::TooPrecise { max: 18 }));
    assert_eq!(largest.checked_add(amount("1")), None);
    assert_eq!(largest.rescale(1, Rounding::Down), Err(AmountError::TooLarge));
    assert_eq!(largest.rescale(255, Rounding::Up), Err(AmountError::TooPrecise { max: 18 }));
    assert_eq!(largest.to_stellar(), Err(AmountError::TooLarge));

    let ledger = Amount::from(StellarAmount::from_stroops(i64::MAX).expect("the largest"));
    assert!(ledger.rescale_exact(18).is_some(), "every ledger amount fits at every scale");
}

#[test]
fn amounts_too_fine_for_the_ledger_are_not_rounded_onto_it() {
    assert_eq!(amount("0.00000010").to_stellar(), Ok(StellarAmount::ONE_STROOP));
    assert_eq!(amount("0.00000015").to_stellar(), Err(AmountError::TooPrecise { max: 7 }));
}

#[test]
fn each_rounding_goes_where_its_name_says() {
    let cases = [
        ("1.24", "1.2", "1.3", "1.2"),
        ("1.25", "1.2", "1.3", "1.2"),
        ("1.35", "1.3", "1.4", "1.4"),
        ("1.26", "1.2", "1.3", "1.3"),
        ("1.20", "1.2", "1.2", "1.2"),
        ("0.05", "0", "0.1", "0"),
        ("0.950", "0.9", "1", "1"),
    ];
    for (from, down, up, even) in cases {
        for (rounding, to) in [(Rounding::Down, down), (Rounding::Up, up), (Rounding::HalfEven, even)] {
            let rounded = amount(from).rescale(1, rounding).expect("fits");
            assert_eq!(rounded, amount(to), "{from} {rounding:?}");
            assert_eq!(rounded.scale(), 1);
        }
    }
    assert_eq!(amount("1.25").rescale_exact(1), None);
    assert_eq!(amount("1.20").rescale_exact(1), Some(amount("1.2")));
}

#[test]
fn r_38_060_a_ratio_is_rounded_once() {
    let (one, three) = ratio(1, 3);
    assert_eq!(amount("1").mul_ratio(one, three, 2, Rounding::Down), Ok(amount("0.33")));
    assert_eq!(amount("1").mul_ratio(one, three, 2, Rounding::Up), Ok(amount("0.34")));
    // 0.4999… would become 0.5 and then 1 if it were rounded in two steps
    let (n, d) = ratio(4_999_999_999, 10_000_000_000);
    assert_eq!(amount("1").mul_ratio(n, d, 0, Rounding::HalfEven), Ok(amount("0")));
    let (n, d) = ratio(u128::MAX, 1);
    assert_eq!(amount("2").mul_ratio(n, d, 0, Rounding::Down), Err(AmountError::TooLarge));
    let (n, d) = ratio(1, u128::MAX);
    assert_eq!(amount("2.5").mul_ratio(n, d, 0, Rounding::Down), Err(AmountError::TooLarge));
}

#[test]
fn amounts_travel_as_strings_and_are_checked_on_the_way_back() {
    assert_eq!(serde_json::to_string(&amount("10.50")).expect("json"), r#""10.5""#);
    assert_eq!(
        serde_json::from_str::<StellarAmount>(r#""0.0000001""#).expect("json"),
        StellarAmount::ONE_STROOP
    );
    for json in [r#""-1""#, "1", "1.5", "null", r#""1e3""#, r#""0.00000001""#] {
        assert!(serde_json::from_str::<StellarAmount>(json).is_err(), "{json}");
    }
}

#[test]
fn money_mixes_with_its_own_asset_only() {
    let money =
        |amount_: &str, asset: &str| Money { amount: amount(amount_), asset: asset.parse().expect("asset") };
    let (one, two, euro) =
        (money("1", "iso4217:USD"), money("2.0", "iso4217:USD"), money("1", "iso4217:EUR"));
    assert_eq!(one.checked_add(&one), Some(two.clone()));
    assert_eq!(two.checked_sub(&one), Some(one.clone()));
    assert_eq!(one.checked_sub(&two), None);
    assert_eq!(one.checked_add(&euro), None);
    assert_eq!(one.checked_sub(&euro), None);
    assert_eq!(one.partial_cmp(&two), Some(Ordering::Less));
    assert_eq!(one.partial_cmp(&euro), None);
    assert_ne!(one, euro);
    assert_eq!(two.to_string(), "2 iso4217:USD");
}

prop_compose! {
    /// Small enough that every amount can be written in 10^-18 units inside an i128.
    fn any_amount()(minor in 0_i128..10_i128.pow(19), scale in 0_u8..=18) -> Amount {
        Amount::new(minor, scale).expect("in range")
    }
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::Down), Just(Rounding::Up), Just(Rounding::HalfEven)]
}

/// The value in units of 10^-18, computed without the code under test.
fn atto(amount: Amount) -> i128 {
    amount.minor() * 10_i128.pow(u32::from(18 - amount.scale()))
}

proptest! {
    #[test]
    fn printed_amounts_parse_to_the_same_value(amount in any_amount(), width in 0_u8..30) {
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        let text = amount.display_fixed(width);
        prop_assert!(text.split_once('.').map_or(0, |(_, decimals)| decimals.len()) >= usize::from(width));
        if amount.rescale(width.max(amount.scale()), Rounding::Down).is_ok() {
            prop_assert_eq!(text.parse(), Ok(amount));
        }
    }

    #[test]
    fn printed_stroops_parse_to_the_same_stroops(stroops in 0..=i64::MAX) {
        let amount = StellarAmount::from_stroops(stroops).expect("not negative");
        prop_assert_eq!(stellar(&amount.to_string()), Ok(amount));
        prop_assert_eq!(Amount::from(amount).to_stellar(), Ok(amount));
    }

    #[test]
    fn stroops_add_and_subtract_exactly_or_not_at_all(a in 0..=i64::MAX, b in 0..=i64::MAX) {
        let of = |stroops| StellarAmount::from_stroops(stroops).ok();
        let (one, two) = (of(a).expect("not negative"), of(b).expect("not negative"));
        prop_assert_eq!(one.checked_add(two), a.checked_add(b).and_then(of));
        prop_assert_eq!(one.checked_sub(two), of(a - b));
        prop_assert_eq!(one.cmp(&two), a.cmp(&b));
    }

    #[test]
    fn any_text_is_read_exactly_or_refused(text in "[-+0-9._eE ]{0,40}|\\PC{0,20}") {
        if let Ok(amount) = text.parse::<Amount>() {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits.parse(), Ok(amount.minor()));
        }
    }

    #[test]
    fn order_equality_and_hash_agree_with_the_rational_number(a in any_amount(), b in any_amount()) {
        prop_assert_eq!(a.cmp(&b), atto(a).cmp(&atto(b)));
        prop_assert_eq!(a == b, atto(a) == atto(b));
        if let Some(same) = a.rescale_exact(18) {
            prop_assert_eq!(HashSet::from([a, same]).len(), 1);
        }
    }

    #[test]
    fn addition_is_exact_and_subtraction_undoes_it(a in any_amount(), b in any_amount()) {
        prop_assert_eq!(a.checked_add(b), b.checked_add(a));
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(atto(sum), atto(a) + atto(b));
            prop_assert_eq!(sum.checked_sub(b), Some(a));
        }
        match a.checked_sub(b) {
            Some(rest) => prop_assert_eq!(atto(rest), atto(a) - atto(b)),
            None => prop_assert!(a < b || a.aligned(b).is_none()),
        }
    }

    #[test]
    fn rounding_moves_by_less_than_one_unit(a in any_amount(), scale in 0_u8..=18, rounding in any_rounding()) {
        let unit = 10_i128.pow(u32::from(18 - scale));
        if let Ok(rounded) = a.rescale(scale, rounding) {
            let error = atto(rounded) - atto(a);
            prop_assert_eq!(rounded.scale(), scale);
            match rounding {
                Rounding::Down => prop_assert!(-unit < error && error <= 0),
                Rounding::Up => prop_assert!((0..unit).contains(&error)),
                Rounding::HalfEven => prop_assert!(2 * error.abs() <= unit),
            }
        }
    }

    #[test]
    fn hostile_numbers_never_panic(
        minor in any::<i128>(), scale in any::<u8>(), to in any::<u8>(),
        numerator in any::<u128>(), denominator in 1..=u128::MAX, rounding in any_rounding(),
    ) {
        let amounts = [Amount::new(minor, scale), Amount::new(minor % 10_i128.pow(30), scale % 19)];
        for a in amounts.into_iter().flatten() {
            let (numerator, denominator) = ratio(numerator, denominator);
            let _ = a.mul_ratio(numerator, denominator, to, rounding);
            let _ = (a.rescale(to, rounding), a.to_stellar(), a.checked_add(a), a.checked_sub(a), a.to_string());
        }
    }
}
