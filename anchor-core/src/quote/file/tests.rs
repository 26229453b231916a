use super::*;
use crate::clock::ManualClock;
use crate::integration::{PriceAnswer, PriceQuestion, QuoteIntegration as _};
use crate::quote::{Given, QuoteFee, Ratio};
use crate::testing::fakes::samples;

const FILE: &str = r#"
lifetime_seconds = 120
lifetime_max_seconds = 600
open_of_user = 3

[[assets]]
id = "iso4217:BRL"
decimals = 2
country_codes = ["BR"]
sell_delivery_methods = [{ name = "PIX", description = "Pay by PIX" }]
buy_delivery_methods = [{ name = "PIX", description = "Be paid by PIX" }]
open_max = "100000"
open_max_of_user = "5000.50"

[[assets]]
id = "stellar:native"
decimals = 7

[[pairs]]
sell = "iso4217:BRL"
buy = "stellar:native"
price = "0.5"
margin_percent = "10"
fee = { fixed = "1", percent = "0.5" }
fee_in = "buy"
"#;

fn read(text: &str) -> Result<(QuoteDesk, PricedRates), FileError> {
    parse(text, true, Arc::new(ManualClock::new(samples::start())))
}

#[tokio::test]
async fn file_says_all_that_is_needed() {
    let (desk, rates) = read(FILE).unwrap();
    let (reals, lumens): (AssetId, AssetId) =
        ("iso4217:BRL".parse().unwrap(), "stellar:native".parse().unwrap());
    assert!(desk.trades(&reals, &lumens) && !desk.trades(&lumens, &reals));
    assert_eq!((desk.lifetime.as_secs(), desk.lifetime_max.as_secs(), desk.open_of_user), (120, 600, 3));
    let asset = |id: &AssetId| desk.asset(id).unwrap().clone();
    assert_eq!(asset(&reals).open_max_of_user, Some("5000.50".parse().unwrap()));
    let question = |one: &AssetId, other: &AssetId| {
        PriceQuestion::new(asset(one), asset(other), Given::Sell("10".parse().unwrap()))
    };
    let PriceAnswer::Offered(offer) = rates.price(&question(&reals, &lumens)).await.unwrap() else {
        panic!()
    };
    assert_eq!(offer.price, Ratio::new(55, 100).unwrap(), "with the margin");
    assert_eq!(offer.fee_side, Side::Buy);
    let QuoteFee::Schedule(fee) = offer.fee else { panic!() };
    assert_eq!(fee.fixed, "1".parse().unwrap());
    let reverse = rates.price(&question(&lumens, &reals)).await.unwrap();
    assert_eq!(reverse, PriceAnswer::NotOffered, "no direction follows from the other");
}

#[test]
fn file_that_says_too_little_or_too_much_is_refused() {
    assert!(matches!(read("x = 1"), Err(FileError::Syntax(_))));
    assert!(matches!(read(&FILE.replace("open_of_user", "open_off_user")), Err(FileError::Syntax(_))));
    assert!(matches!(read(&FILE.replace("price = \"0.5\"", "price = \"0\"")), Err(FileError::Syntax(_))));
    assert!(matches!(read(&FILE.replace("price = \"0.5\"", "price = 0.5")), Err(FileError::Syntax(_))));
    assert!(matches!(read(&FILE.replace("price = \"0.5\"\n", "")), Err(FileError::NoPrice(_))));
    assert!(matches!(
        read(&FILE.replace("lifetime_seconds = 120", "lifetime_seconds = 0")),
        Err(FileError::Desk(_))
    ));
    let missing = load(Path::new("/nowhere/quotes.toml"), true, Arc::new(ManualClock::new(samples::start())));
    assert!(matches!(missing, Err(FileError::Unreadable { .. })));
    let fetched = |url: &str| {
        let rates = format!("[rates]\nurl = \"{url}\"\nmax_age_seconds = 60\n");
        format!("{}\n{rates}", FILE.replace("price = \"0.5\"\n", ""))
    };
    assert!(read(&fetched("http://localhost:9/rates")).is_ok());
    for wrong in
        ["http://rates.example/", "https://10.0.0.1/", "https://rates.example:8443/", "ftp://rates.example/"]
    {
        assert!(matches!(read(&fetched(wrong)), Err(FileError::Rates(_))), "{wrong}");
    }
}

#[test]
fn file_of_the_book_can_be_used() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/quotes.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let (file, rates) = (blocks.next().unwrap(), blocks.next().unwrap());
    assert!(read(file).is_ok());
    let fetched = file.replace("price = \"5.42\"", "").to_owned() + rates;
    assert!(read(&fetched).is_ok(), "{fetched}");
}
