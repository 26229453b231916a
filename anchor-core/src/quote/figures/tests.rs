use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::fee::FeeDetail;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn ratio(text: &str) -> Ratio {
    text.parse().unwrap()
}

fn fixed(fee: &str) -> QuoteFee {
    QuoteFee::Schedule(FeeSchedule { fixed: amount(fee), ..FeeSchedule::default() })
}

fn scales(sell: u8, buy: u8) -> Scales {
    Scales { sell, buy }
}

/// As whole numbers of 10^-80, so that the checks below share no line with what they check.
fn fine(text: &str) -> BigUint {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 80, "{text}");
    format!("{whole}{fraction:0<80}").parse().unwrap()
}

/// Rounded to so many decimals, halves away from zero: `numerator ÷ denominator` in units of 10^-decimals.
fn round(numerator: &BigUint, denominator: &BigUint, decimals: u8) -> BigUint {
    let scaled = numerator * BigUint::from(10_u8).pow(decimals.into());
    (scaled * 2_u8 + denominator) / (denominator * 2_u8)
}

/// The formulas of SEP-38, to the decimals of the bought asset (R-38-052 to R-38-056); the first one that fails.
fn broken_formula(
    sell: &str,
    buy: &str,
    fee: &str,
    side: Side,
    price: &str,
    total: &str,
    d: u8,
) -> Option<&'static str> {
    let one = fine("1");
    let (sell, buy, fee) = (fine(sell), fine(buy), fine(fee));
    let (price, total) = (fine(price), fine(total));
    if round(&sell, &total, d) != round(&buy, &one, d) {
        return Some("sell / total_price = buy");
    }
    let holds = match side {
        Side::Sell => round(&(&sell - &fee), &one, d) == round(&(&price * &buy), &(&one * &one), d),
        Side::Buy => round(&sell, &price, d) == round(&(&buy + &fee), &one, d),
    };
    if holds { None } else { Some("price") }
}

fn assert_holds(figures: &Figures) {
    let Figures { sell, buy, fee, fee_side, price, total_price, scales } = figures;
    let broken = broken_formula(
        &sell.to_string(),
        &buy.to_string(),
        &fee.total.to_string(),
        *fee_side,
        &price.to_string(),
        &total_price.to_string(),
        scales.buy,
    );
    assert_eq!(broken, None, "{figures:?}");
}

fn figures(given: Given, price: &str, fee: &str, side: Side, scales: Scales) -> Figures {
    let figures = Figures::new(given, &ratio(price), &fixed(fee), side, scales).unwrap();
    assert_holds(&figures);
    figures
}

fn texts(figures: &Figures) -> [String; 4] {
    let Figures { sell, buy, price, total_price, .. } = figures;
    [sell.to_string(), buy.to_string(), price.to_string(), total_price.to_string()]
}

#[test]
fn r_38_046_r_38_052_r_38_053_r_38_054_examples_of_the_protocol_come_out() {
    let brl = |amount_text| Given::Sell(amount(amount_text));
    let one = figures(brl("542"), "5", "42", Side::Sell, scales(2, 7));
    assert_eq!(texts(&one), ["542", "100", "5", "5.42"]);
    let two = figures(brl("542"), "5", "8.4", Side::Buy, scales(2, 7));
    assert_eq!(texts(&two), ["542", "100", "5", "5.42"]);
    let four = figures(Given::Sell(amount("100")), "0.18", "10", Side::Sell, scales(7, 2));
    assert_eq!(texts(&four), ["100", "500", "0.18", "0.2"]);
    // the third one has a fee of four decimals in a currency of two: 55.5556 BRL
    let three = figures(Given::Sell(amount("100")), "0.18", "55.55", Side::Buy, scales(7, 2));
    assert_eq!(texts(&three)[..2], ["100", "500"]);
    assert_eq!(broken_formula("100", "500", "55.5556", Side::Buy, "0.18", "0.2", 2), None);
}

#[test]
fn r_38_055_r_38_057_r_38_059_known_vectors_come_out() {
    let real = figures(Given::Sell(amount("100")), "0.1837", "1.23", Side::Sell, scales(7, 2));
    assert_eq!(real.buy, amount("537.67"), "down");
    let buys =
        |total: &str| broken_formula("100", "537.67", "1.23", Side::Sell, &real.price.to_string(), total, 2);
    assert_eq!(buys("0.185988"), None);
    assert_eq!(buys("0.18599"), Some("sell / total_price = buy"));

    let rupiah = figures(Given::Sell(amount("1000000")), "0.0000612", "250", Side::Sell, scales(7, 2));
    assert_eq!(rupiah.buy, amount("16335784313.72"));
    let buys = |total: &str| {
        broken_formula("1000000", "16335784313.72", "250", Side::Sell, &rupiah.price.to_string(), total, 2)
    };
    assert_eq!(buys("0.00006121530382598"), None);
    assert_eq!(buys("0.0000612153"), Some("sell / total_price = buy"), "ten decimals are not enough");

    let yen = figures(Given::Sell(amount("10")), "0.0067", "0.5", Side::Sell, scales(7, 0));
    assert_eq!(yen.buy, amount("1417"));
    let priced =
        |price: &str| broken_formula("10", "1417", "0.5", Side::Sell, price, &yen.total_price.to_string(), 0);
    assert_eq!(priced("0.00670431"), None, "up");
    assert_eq!(priced("0.00670430"), Some("price"), "to the nearest, 9.5 becomes 9.4999");

    let bought = figures(Given::Buy(amount("33.33")), "0.18371234567", "1", Side::Sell, scales(7, 2));
    assert_eq!(bought.sell, amount("7.1231325"), "up");
    assert_eq!(bought.buy, amount("33.33"));
}

#[test]
fn r_38_047_side_that_the_client_fixed_is_returned_unchanged() {
    for side in [Side::Sell, Side::Buy] {
        let sold = figures(Given::Sell(amount("100")), "5.42", "0.5", side, scales(2, 7));
        assert_eq!(sold.sell, amount("100"));
        let bought = figures(Given::Buy(amount("100")), "5.42", "0.5", side, scales(2, 7));
        assert_eq!(bought.buy, amount("100"));
    }
}

#[test]
fn r_38_048_r_38_049_r_38_050_fee_is_of_one_side_and_its_lines_add_up() {
    let schedule = FeeSchedule {
        fixed: amount("0.333"),
        percent: "1.2345678".parse().unwrap(),
        minimum: Some(amount("2")),
    };
    for (side, scale) in [(Side::Sell, 2), (Side::Buy, 7)] {
        let fee = QuoteFee::Schedule(schedule.clone());
        for given in ["3", "77.77", "12345.67"] {
            let given = Given::Sell(amount(given));
            let made = Figures::new(given, &ratio("0.5"), &fee, side, scales(2, 7)).unwrap();
            assert_holds(&made);
            assert_eq!(made.fee_side, side);
            let lines = made.fee.details.iter().map(|line| line.amount);
            let sum = lines.clone().try_fold(Amount::zero(0), Amount::checked_add).unwrap();
            assert_eq!(sum, made.fee.total);
            assert!(lines.into_iter().all(|line| line.rescale_exact(scale).is_some()));
        }
    }
    // of the business's own making, too
    let line =
        |name: &str, text: &str| FeeDetail { name: name.into(), description: None, amount: amount(text) };
    let own = FeeBreakdown::new(amount("3"), vec![line("Network", "1"), line("Service", "2")]).unwrap();
    let made = |fee: FeeBreakdown| {
        let fee = QuoteFee::Fixed(fee);
        Figures::new(Given::Sell(amount("100")), &ratio("2"), &fee, Side::Sell, scales(2, 7))
    };
    assert_eq!(made(own.clone()).unwrap().fee, own);
    let fine = FeeBreakdown::new(amount("0.001"), Vec::new()).unwrap();
    assert!(matches!(made(fine), Err(FiguresError::Fee(_))), "finer than a cent");
}

#[test]
fn r_38_051_fee_of_nothing_is_in_the_sold_asset_and_both_prices_are_one() {
    for side in [Side::Sell, Side::Buy] {
        let free = figures(Given::Sell(amount("100")), "0.1837", "0", side, scales(7, 2));
        assert_eq!((free.fee_side, free.fee.total.to_string()), (Side::Sell, "0".to_owned()));
        assert!(free.fee.details.is_empty());
        assert_eq!(free.price, free.total_price);
    }
}

#[test]
fn r_38_058_prices_are_plain_decimals_without_zeros_at_their_end() {
    let shown = |text: &str| text.parse::<Price>().unwrap().to_string();
    for (text, expected) in [
        ("0.2000", "0.2"),
        ("5", "5"),
        ("100", "100"),
        ("0.00006121530382598", "0.00006121530382598"),
        ("12300.00", "12300"),
        ("000.50", "0.5"),
    ] {
        assert_eq!(shown(text), expected);
    }
    let tiny = figures(Given::Sell(amount("0.0000100")), "0.0000000001", "0", Side::Sell, scales(7, 2));
    assert!(!tiny.price.to_string().contains('e'), "{}", tiny.price);
    for wrong in ["", "0", "0.000", "-1", "+1", "1e3", ".5", "5.", "1,5", " 1", "NaN", "١", &"9".repeat(99)]
    {
        assert!(wrong.parse::<Price>().is_err(), "{wrong}");
    }
}

#[test]
fn r_38_060_huge_and_tiny_prices_lose_nothing_on_the_way() {
    // a third of a unit, and as much of it as there is
    let third = Ratio::new(1, 3).unwrap();
    let whole = Given::Sell(amount("1234567890.1234567"));
    let made = Figures::new(whole, &third, &fixed("0"), Side::Sell, scales(7, 7)).unwrap();
    assert_eq!(made.buy, amount("3703703670.3703701"));
    let price = Ratio::new(10_u128.pow(38) - 1, 10_u128.pow(38)).unwrap();
    let made = Figures::new(Given::Buy(amount("1")), &price, &fixed("0"), Side::Sell, scales(7, 7)).unwrap();
    assert_eq!(made.sell, amount("1"), "up, from 0.99…");
    let too_much = Figures::new(
        Given::Sell(amount("900000000000")),
        &"0.0000001".parse().unwrap(),
        &fixed("0"),
        Side::Sell,
        scales(7, 7),
    );
    assert_eq!(too_much, Err(FiguresError::TooLarge));
}

#[test]
fn r_38_061_amounts_that_come_to_nothing_are_refused() {
    let try_it = |given, price: &str, fee: &str, side| {
        Figures::new(given, &ratio(price), &fixed(fee), side, scales(2, 2)).err()
    };
    let sell = |text| Given::Sell(amount(text));
    assert_eq!(try_it(sell("0.01"), "5", "0", Side::Sell), Some(FiguresError::TooSmall));
    assert_eq!(try_it(sell("0.01"), "5", "0", Side::Buy), Some(FiguresError::TooSmall));
    assert_eq!(try_it(sell("0"), "5", "0", Side::Sell), Some(FiguresError::TooSmall));
    assert_eq!(
        try_it(sell("1"), "5", "1", Side::Sell),
        Some(FiguresError::FeeTooHigh),
        "as much as the amount"
    );
    assert_eq!(try_it(sell("1"), "5", "2", Side::Sell), Some(FiguresError::FeeTooHigh));
    assert_eq!(try_it(sell("5"), "5", "1", Side::Buy), Some(FiguresError::FeeTooHigh));
    assert_eq!(try_it(sell("0.001"), "5", "0", Side::Sell), Some(FiguresError::TooPrecise(2)));
    let all = FeeSchedule { percent: "100".parse().unwrap(), ..FeeSchedule::default() };
    for (given, side) in
        [(sell("1"), Side::Sell), (Given::Buy(amount("1")), Side::Sell), (Given::Buy(amount("1")), Side::Buy)]
    {
        let all = QuoteFee::Schedule(all.clone());
        let refused = Figures::new(given, &ratio("5"), &all, side, scales(2, 2));
        assert_eq!(refused, Err(FiguresError::FeeTooHigh), "{given:?} {side:?}");
    }
    let much = Figures::new(
        Given::Buy(amount("92233720368547758.07")),
        &ratio("5"),
        &fixed("0"),
        Side::Sell,
        scales(2, 2),
    );
    assert_eq!(much, Err(FiguresError::TooLarge));
}

/// What the anchor loses by rounding is nothing, and the client loses less than two units of the rounded asset.
fn assert_in_favour(figures: &Figures, given: Given, price: &Ratio) {
    let units = |amount: Amount, scale: u8| {
        BigUint::from(u128::try_from(amount.rescale_exact(scale).unwrap().minor()).unwrap())
    };
    let Scales { sell: s, buy: b } = figures.scales;
    let ten = |n: u8| BigUint::from(10_u8).pow(n.into());
    let (mut net, mut gross) = (units(figures.sell, s), units(figures.buy, b));
    match figures.fee_side {
        Side::Sell => net -= units(figures.fee.total, s),
        Side::Buy => gross += units(figures.fee.total, b),
    }
    // net / 10^s >= price × gross / 10^b
    let paid = &net * &price.denominator * ten(b);
    let worth = |gross: BigUint| gross * &price.numerator * ten(s);
    assert!(paid >= worth(gross.clone()), "the anchor loses: {figures:?}");
    if let Given::Sell(_) = given {
        assert!(paid < worth(gross + 1_u8), "the client gets a unit less than they could: {figures:?}");
    }
}

fn schedules() -> impl Strategy<Value = FeeSchedule> {
    let fixed = (0..5_000_000_i128, 0..8_u8).prop_map(|(minor, scale)| Amount::new(minor, scale).unwrap());
    let percent =
        (0..200_000_000_i128).prop_map(|units| Amount::new(units, 7).unwrap().to_string().parse().unwrap());
    let minimum = proptest::option::of(
        (0..5_000_000_i128, 0..8_u8).prop_map(|(minor, scale)| Amount::new(minor, scale).unwrap()),
    );
    (fixed, percent, minimum).prop_map(|(fixed, percent, minimum)| FeeSchedule { fixed, percent, minimum })
}

fn ratios() -> impl Strategy<Value = Ratio> {
    let decimal = (1..10_u128.pow(12), 0..14_u32)
        .prop_map(|(digits, scale)| Ratio::new(digits, 10_u128.pow(scale)).unwrap());
    let fraction = (1..10_u128.pow(18), 1..10_u128.pow(18)).prop_map(|(n, d)| Ratio::new(n, d).unwrap());
    prop_oneof![decimal, fraction]
}

fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Sell), Just(Side::Buy)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn r_38_056_r_38_062_formulas_hold_for_all_amounts_prices_fees_and_decimals(
        minor in prop_oneof![1..1000_i128, 1..10_i128.pow(9), 1..10_i128.pow(17)],
        sells in any::<bool>(),
        s in 0..=7_u8,
        b in 0..=7_u8,
        price in ratios(),
        schedule in schedules(),
        side in sides(),
    ) {
        let scale = if sells { s } else { b };
        let fixed = Amount::new(minor, scale).unwrap();
        let given = if sells { Given::Sell(fixed) } else { Given::Buy(fixed) };
        let fee = QuoteFee::Schedule(schedule);
        match Figures::new(given, &price, &fee, side, scales(s, b)) {
            Ok(made) => {
                assert_holds(&made);
                assert_in_favour(&made, given, &price);
                prop_assert_eq!(if sells { made.sell } else { made.buy }, fixed);
                prop_assert!(!made.sell.is_zero() && !made.buy.is_zero());
                // and the same again: an indicative price and the quote after it agree
                let again = Figures::new(given, &price, &fee, side, scales(s, b)).unwrap();
                prop_assert_eq!(&again, &made);
                let stored: Figures = serde_json::from_str(&serde_json::to_string(&made).unwrap()).unwrap();
                prop_assert_eq!(texts(&stored), texts(&made));
            }
            Err(error) => prop_assert!(
                !matches!(error, FiguresError::Price | FiguresError::TooPrecise(_) | FiguresError::Fee(_)),
                "{error}"
            ),
        }
    }

    #[test]
    fn whoever_buys_what_a_sale_comes_to_does_not_pay_more_than_the_sale(
        minor in 1000..10_i128.pow(12),
        price in ratios(),
        schedule in schedules(),
        side in sides(),
    ) {
        let fee = QuoteFee::Schedule(schedule);
        let sale = Figures::new(Given::Sell(Amount::new(minor, 2).unwrap()), &price, &fee, side, scales(2, 7));
        if let Ok(sale) = sale {
            let purchase = Figures::new(Given::Buy(sale.buy), &price, &fee, side, scales(2, 7)).unwrap();
            prop_assert!(purchase.sell <= sale.sell, "{:?} {:?}", sale, purchase);
        }
    }
}

#[test]
fn r_38_056_formulas_hold_for_every_pair_of_decimals() {
    for s in 0..=7 {
        for b in 0..=7 {
            for side in [Side::Sell, Side::Buy] {
                for price in ["0.1837", "5.42", "16234.5", "0.0000612", "1", "3.3333333333"] {
                    for given in [Given::Sell(amount("98765")), Given::Buy(amount("98765"))] {
                        let fee = FeeSchedule {
                            fixed: amount("1"),
                            percent: "0.35".parse().unwrap(),
                            minimum: Some(amount("2")),
                        };
                        let fee = QuoteFee::Schedule(fee);
                        let made = Figures::new(given, &ratio(price), &fee, side, scales(s, b));
                        match made {
                            Ok(made) => assert_holds(&made),
                            Err(error) => assert!(
                                matches!(error, FiguresError::FeeTooHigh | FiguresError::TooLarge),
                                "{error}: {price} {given:?} {side:?} {s} {b}"
                            ),
                        }
                    }
                }
            }
        }
    }
}
