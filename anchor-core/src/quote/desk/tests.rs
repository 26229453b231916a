use super::*;

const ISSUER: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";

fn token() -> AssetId {
    format!("stellar:USDC:{ISSUER}").parse().unwrap()
}

fn reals() -> AssetId {
    "iso4217:BRL".parse().unwrap()
}

fn yen() -> AssetId {
    "iso4217:JPY".parse().unwrap()
}

fn assets() -> [QuoteAsset; 2] {
    [QuoteAsset::new(token(), 7), QuoteAsset::new(reals(), 2)]
}

fn problem(desk: Result<QuoteDesk, DeskError>) -> DeskProblem {
    match desk {
        Err(DeskError::Problem { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

fn code(text: &str) -> CountryCode {
    text.parse().unwrap()
}

#[test]
fn r_38_026_country_codes_are_of_iso_3166_2_or_two_letters() {
    for valid in ["BR", "US", "BR-SP", "US-CA", "GB-ENG", "FR-75"] {
        assert_eq!(code(valid).to_string(), valid);
    }
    for wrong in ["", "B", "BRA", "br", "BR-", "BR-ABCD", "BR-sp", "-SP", "BR SP", "76", "BRA-SP"] {
        assert!(wrong.parse::<CountryCode>().is_err(), "{wrong}");
    }
}

#[test]
fn r_38_034_country_covers_its_regions_and_itself() {
    for (one, other) in [("BR", "BR"), ("BR", "BR-SP"), ("BR-SP", "BR"), ("BR-SP", "BR-SP")] {
        assert!(code(one).covers(&code(other)), "{one} {other}");
    }
    for (one, other) in [("BR-SP", "BR-RJ"), ("BR", "BN"), ("BR-SP", "US"), ("US-SP", "BR-SP")] {
        assert!(!code(one).covers(&code(other)), "{one} {other}");
    }
}

#[test]
fn r_38_028_both_kinds_of_assets_are_quoted() {
    let [on_ledger, outside] = assets();
    assert_eq!(QuoteDesk::new([on_ledger], []), Err(DeskError::OneSided));
    assert_eq!(QuoteDesk::new([outside], []), Err(DeskError::OneSided));
    assert!(QuoteDesk::new(assets(), []).is_ok());
}

#[test]
fn r_38_076_one_of_a_pair_is_on_the_ledger() {
    let all = || assets().into_iter().chain([QuoteAsset::new(yen(), 0)]);
    let desk = |sell, buy| QuoteDesk::new(all(), [(sell, buy)]);
    assert!(desk(token(), reals()).is_ok());
    assert!(desk(yen(), token()).is_ok());
    assert_eq!(problem(desk(reals(), yen())), DeskProblem::Pair, "money against money");
    assert_eq!(problem(desk(token(), token())), DeskProblem::Pair);
    let native: AssetId = "stellar:native".parse().unwrap();
    assert_eq!(problem(desk(native.clone(), reals())), DeskProblem::Unlisted);
    let two = all().chain([QuoteAsset::new(native.clone(), 7)]);
    assert!(QuoteDesk::new(two, [(native, token())]).is_ok(), "because it is listed so");
    assert_eq!(problem(QuoteDesk::new(all(), [(token(), reals()), (token(), reals())])), DeskProblem::Twice);
}

#[test]
fn r_38_022_assets_on_the_ledger_have_no_delivery_methods_and_no_countries() {
    let [on_ledger, outside] = assets();
    let method = || [DeliveryMethod::new("PIX", "By PIX")];
    for dressed in [
        on_ledger.clone().sold_by(method()),
        on_ledger.clone().bought_by(method()),
        on_ledger.clone().countries([code("BR")]),
    ] {
        assert_eq!(problem(QuoteDesk::new([dressed, outside.clone()], [])), DeskProblem::OnLedger);
    }
    let dressed = outside.clone().sold_by(method()).bought_by(method()).countries([code("BR")]);
    assert!(QuoteDesk::new([on_ledger.clone(), dressed], []).is_ok());
    for names in [["PIX", "PIX"], ["", "PIX"]] {
        let methods = names.map(|name| DeliveryMethod::new(name, "x"));
        let wrong = outside.clone().sold_by(methods);
        assert_eq!(problem(QuoteDesk::new([on_ledger.clone(), wrong], [])), DeskProblem::Methods);
    }
}

#[test]
fn limits_and_lifetimes_have_to_make_sense() {
    let [on_ledger, outside] = assets();
    let limited = |all: &str| outside.clone().promised_at_most(Some(all.parse().unwrap()), None);
    for wrong in ["0.001", "100000000000000000000"] {
        let desk = QuoteDesk::new([on_ledger.clone(), limited(wrong)], []);
        assert_eq!(problem(desk), DeskProblem::Limits, "{wrong}");
    }
    let fine = QuoteAsset::new(reals(), 8);
    assert_eq!(problem(QuoteDesk::new([on_ledger.clone(), fine], [])), DeskProblem::Decimals);
    assert_eq!(problem(QuoteDesk::new([on_ledger.clone(), on_ledger, outside], [])), DeskProblem::Twice);
    let desk = QuoteDesk::new(assets(), []).unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(desk.clone().lasting(seconds(0), seconds(9)), Err(DeskError::Lifetime));
    assert_eq!(desk.clone().lasting(seconds(10), seconds(9)), Err(DeskError::Lifetime));
    assert!(desk.lasting(seconds(9), seconds(9)).is_ok());
}
