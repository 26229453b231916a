//! One token, its accounts, and transactions about it. Keys and times are fixed; nothing here is secret.
#![expect(clippy::expect_used, reason = "constants that were read once are valid for ever")]

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::ScriptedQuotes;
use crate::amount::{Amount, Money};
use crate::asset::{
    Asset, AssetDescription, AssetId, Authorization, Offer, ReceiveOffer, ReceiveQuotes, StellarAsset,
    SuspensePolicy,
};
use crate::clock::parse_utc;
use crate::config::Config;
use crate::fee::FeeSchedule;
use crate::id::{IdSource, SequentialIds, TransactionId};
use crate::integration::ScheduledFee;
use crate::keys::SigningKey;
use crate::memo::Memo;
use crate::ops::amounts;
use crate::quote::{CountryCode, DeliveryMethod, QuoteAsset, QuoteDesk, QuoteFee, Ratio, Side};
use crate::transaction::{
    Actor, Applied, ApplyContext, Fact, Kind, NewTransaction, Protocol, Receiving, Request, Terms,
    Transaction,
};

/// Pays deposits and receives withdrawals.
pub fn distribution() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// Issues the token.
pub fn issuer() -> SigningKey {
    SigningKey::from_seed([2; 32])
}

/// A user.
pub fn user() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

/// A photo (of nothing) by a camera that wrote down where it was.
pub fn jpeg_with_place() -> Vec<u8> {
    let mut photo = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len().saturating_add(2)).unwrap_or_default();
        photo.extend_from_slice(&[0xff, marker]);
        photo.extend_from_slice(&length.to_be_bytes());
        photo.extend_from_slice(body);
    };
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    segment(0xe1, b"Exif\0\0GPS here");
    segment(0xfe, b"a comment");
    segment(0xdb, &[1; 65]);
    segment(0xc0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]);
    segment(0xc4, &[0; 17]);
    segment(0xda, &[1, 1, 0, 0, 63, 0]);
    photo.extend_from_slice(&[0x12, 0x34, 0xff, 0xd9]);
    photo
}

/// A picture that says that it has this size.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap_or_default();
        picture.extend_from_slice(&length.to_be_bytes());
        picture.extend_from_slice(name);
        picture.extend_from_slice(body);
        picture.extend_from_slice(&[0; 4]);
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[size.as_slice(), &[8, 0, 0, 0, 0]].concat());
    chunk(b"IDAT", &[0; 12]);
    chunk(b"IEND", &[]);
    picture
}

/// A key that seals customers' data, as it stands in `CUSTOMER_KEYS`.
pub const CUSTOMER_KEY: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// When the samples begin: 2026-01-01T00:00:00Z.
pub fn start() -> DateTime<Utc> {
    parse_utc("2026-01-01T00:00:00Z").expect("a constant")
}

/// `USDC` of [`issuer`].
pub fn token() -> StellarAsset {
    StellarAsset::Credit { code: "USDC".parse().expect("a constant"), issuer: issuer().account() }
}

/// US dollars.
pub fn usd(amount: &str) -> Money {
    Money { amount: amount.parse().expect("an amount"), asset: dollars() }
}

/// [`token`] against dollars, both ways, 0.50 to 1000, at 0.25 each.
pub fn asset() -> Asset {
    let offer = Offer {
        min: Some("0.5".parse().expect("a constant")),
        max: Some("1000".parse().expect("a constant")),
        fee: FeeSchedule { fixed: "0.25".parse().expect("a constant"), ..FeeSchedule::default() },
        funding_methods: Vec::new(),
    };
    Asset {
        id: token(),
        off_chain: dollars(),
        off_chain_scale: 2,
        distribution: distribution().account(),
        deposit: Some(offer.clone()),
        withdrawal: Some(offer),
        receive: None,
        funding_window: Duration::from_secs(24 * 3600),
        suspense: SuspensePolicy::default(),
        authorization: Authorization::default(),
        description: AssetDescription {
            name: None,
            desc: "A dollar for tests".to_owned(),
            status: "test".to_owned(),
            display_decimals: 2,
            anchor_asset_type: "fiat".to_owned(),
            anchor_asset: Some("USD".to_owned()),
            redemption_instructions: None,
            image: None,
        },
    }
}

/// [`asset`], also taken from sending anchors: 1 to 10,000 at 2 and one per cent each, by SEPA or PIX.
pub fn received_asset() -> Asset {
    let percent = "1".parse().expect("a constant");
    let offer = Offer {
        min: Some("1".parse().expect("a constant")),
        max: Some("10000".parse().expect("a constant")),
        fee: FeeSchedule { fixed: "2".parse().expect("a constant"), percent, ..FeeSchedule::default() },
        funding_methods: Vec::new(),
    };
    let receive = ReceiveOffer::new(offer, ["SEPA", "PIX"]);
    Asset { receive: Some(ReceiveOffer { quotes: ReceiveQuotes::Supported, ..receive }), ..asset() }
}

/// [`asset`] by API too: paid in by SEPA, SWIFT or PIX, paid out by SEPA, in cash or by PIX.
pub fn asset_by_api() -> Asset {
    let mut asset = asset();
    let methods = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    if let Some(offer) = &mut asset.deposit {
        offer.funding_methods = methods(["SEPA", "SWIFT", "PIX"]);
    }
    if let Some(offer) = &mut asset.withdrawal {
        offer.funding_methods = methods(["SEPA", "cash", "PIX"]);
    }
    asset
}

/// The settings of an anchor on the test network, with [`distribution`]'s key.
pub fn config() -> Config {
    let seed = distribution().to_strkey();
    Config::from_source(|name| match name {
        "SIGNING_SEED" | "DISTRIBUTION_SEEDS" => Some(seed.expose().clone()),
        "SERVER_JWT_KEY" => Some("a-key-for-tests-0123456789-abcdefgh".to_owned()),
        "CUSTOMER_KEYS" => Some(CUSTOMER_KEY.to_owned()),
        _ => None,
    })
    .expect("constants")
}

/// A new transaction of [`user`], [`Collecting`](crate::transaction::State::Collecting).
pub fn started(id: TransactionId, kind: Kind) -> Transaction {
    let account = user().account().into();
    Transaction::start(NewTransaction {
        id,
        kind,
        protocol: Protocol::Sep24,
        asset: token(),
        off_chain_asset: dollars(),
        subject: account_subject(),
        client_domain: None,
        request: Request::new(account),
        at: start(),
        deadline: start() + chrono::Duration::hours(1),
    })
}

/// A payment that [`user`] announces as a sending anchor, not decided on yet.
pub fn received(id: TransactionId) -> Transaction {
    let started = started(id, Kind::Withdrawal);
    Transaction::start(NewTransaction {
        id,
        kind: started.kind,
        protocol: Protocol::Sep31,
        asset: started.asset,
        off_chain_asset: started.off_chain_asset,
        subject: started.subject,
        client_domain: None,
        request: started.request,
        at: start(),
        deadline: start() + chrono::Duration::hours(1),
    })
}

/// What is agreed for `amount`; a withdrawal's tokens are to be paid under `memo`.
pub fn terms(kind: Kind, amount: &str, memo: u64) -> Terms {
    let amount: Amount = amount.parse().expect("an amount");
    let receiving = match kind {
        Kind::Deposit => None,
        Kind::Withdrawal => Some(Receiving { account: distribution().account(), memo: Memo::Id(memo) }),
    };
    Terms {
        kind,
        amounts: Some(amounts::agreed(&ScheduledFee, &asset(), kind, amount).expect("within the limits")),
        instructions: Vec::new(),
        receiving,
        counterpart: None,
        deadline: Some(start() + chrono::Duration::days(1)),
    }
}

/// A deposit whose money is awaited.
pub fn deposit(id: TransactionId, amount: &str) -> Transaction {
    agreed(id, terms(Kind::Deposit, amount, 0))
}

/// A withdrawal whose tokens are awaited under memo id 1.
pub fn withdrawal(id: TransactionId, amount: &str) -> Transaction {
    agreed(id, terms(Kind::Withdrawal, amount, 1))
}

fn agreed(id: TransactionId, terms: Terms) -> Transaction {
    let ids: &dyn IdSource = &SequentialIds::default();
    let context = ApplyContext { ids, actor: Actor::User, at: start() };
    let transaction = started(id, terms.kind);
    match transaction.apply(Fact::TermsAgreed { terms }, &context) {
        Applied::Changed(change) => change.into_transaction(),
        Applied::Unchanged | Applied::Anomaly(..) => transaction,
    }
}

/// Money outside the ledger.
pub fn money(code: &str) -> AssetId {
    format!("iso4217:{code}").parse().expect("a currency")
}

/// [`token`], lumens, and the money of four countries. Reals come in two ways, dollars and euros in one, yen in none. Not
/// everything is exchanged for everything.
pub fn quote_desk() -> QuoteDesk {
    let both = |asset: QuoteAsset, names: &[&str]| {
        let methods = names.iter().map(|name| DeliveryMethod::new(*name, format!("By {name}")));
        let methods: Vec<_> = methods.collect();
        asset.sold_by(methods.clone()).bought_by(methods)
    };
    let codes = |codes: &[&str]| -> Vec<CountryCode> {
        codes.iter().map(|code| code.parse().expect("a constant")).collect()
    };
    let (token, lumens) = (AssetId::from(token()), AssetId::from(StellarAsset::Native));
    let assets = [
        QuoteAsset::new(token.clone(), 7),
        QuoteAsset::new(lumens.clone(), 7),
        both(QuoteAsset::new(money("BRL"), 2), &["PIX", "TED"]).countries(codes(&["BR"])),
        both(QuoteAsset::new(money("USD"), 2), &["WIRE"]).countries(codes(&["US-CA", "US-NY"])),
        both(QuoteAsset::new(money("EUR"), 2), &["SEPA"]).countries(codes(&["DE", "FR-75"])),
        QuoteAsset::new(money("JPY"), 0),
    ];
    let mut pairs = vec![(lumens, token.clone())];
    for code in ["BRL", "USD", "EUR", "JPY"] {
        pairs.extend([(token.clone(), money(code)), (money(code), token.clone())]);
    }
    QuoteDesk::new(assets, pairs).expect("a desk that makes sense")
}

/// Prices for [`quote_desk`]: 5.42 reals for a token and 0.1837 tokens for a real, say; one unit of what is sold is the fee.
/// There is no price of yen in tokens.
pub fn quotes() -> ScriptedQuotes {
    let (quotes, token) = (ScriptedQuotes::default(), AssetId::from(token()));
    let ratio = |text: &str| -> Ratio { text.parse().expect("a constant") };
    for (code, sold, bought) in [("BRL", "5.42", "0.1837"), ("USD", "1.01", "1.01"), ("EUR", "0.93", "1.09")]
    {
        quotes.price(money(code), token.clone(), ratio(sold));
        quotes.price(token.clone(), money(code), ratio(bought));
    }
    quotes.price(token.clone(), money("JPY"), ratio("0.0067"));
    quotes.price(StellarAsset::Native.into(), token, ratio("8"));
    let fixed = Amount::new(1, 0).expect("a constant");
    quotes.charge(QuoteFee::Schedule(FeeSchedule { fixed, ..FeeSchedule::default() }), Side::Sell);
    quotes
}

fn dollars() -> AssetId {
    "iso4217:USD".parse().expect("a constant")
}

fn account_subject() -> crate::account::Subject {
    crate::account::Account::from(user().account()).into()
}
