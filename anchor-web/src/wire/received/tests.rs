use anchor_core::amount::Money;
use anchor_core::fee::FeeBreakdown;
use anchor_core::id::{IdSource as _, RandomIds};
use anchor_core::quote::QuoteUse;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{AfterInfo, InfoField, Kind, RefundVia};
use serde_json::{Value, json};

use super::*;

fn token(amount: &str) -> Money {
    Money { amount: amount.parse().unwrap(), asset: samples::token().into() }
}

fn received() -> Transaction {
    samples::received(TransactionId::new(RandomIds.next()))
}

fn shown(transaction: &Transaction) -> Value {
    serde_json::to_value(ReceivedWire::new(transaction)).unwrap()
}

fn amounts(sell: &str, fee: &str, buy: Money) -> Amounts {
    let fee = FeeBreakdown::new(fee.parse().unwrap(), Vec::new()).unwrap();
    Amounts { amount_in: token(sell), fee, fee_asset: None, amount_out: buy }
}

fn refund(id: &str, amount: &str, fee: &str) -> Refund {
    let (amount, fee) = (amount.parse().unwrap(), fee.parse().unwrap());
    Refund { id: id.to_owned(), via: RefundVia::Ledger, amount, fee }
}

#[test]
fn r_31_068_r_31_070_r_31_071_r_31_072_what_went_back_is_taken_off_what_goes_out() {
    let mut transaction = received().priced(amounts("110", "5", samples::usd("105")));
    transaction.refunds = vec![refund("a", "4", "3"), refund("a", "6", "2")];
    let shown = shown(&transaction);
    assert_eq!(
        (&shown["amount_in"], &shown["amount_fee"], &shown["amount_out"]),
        (&json!("110"), &json!("5"), &json!("90"))
    );
    let payments =
        json!([{ "id": "a", "amount": "4", "fee": "3" }, { "id": "a", "amount": "6", "fee": "2" }]);
    let refunds = json!({ "amount_refunded": "10", "amount_fee": "5", "payments": payments });
    assert_eq!(shown["refunds"], refunds, "and no id_type");
    assert_eq!(shown["refunded"], false);
}

#[test]
fn r_31_074_quoted_amounts_are_those_of_the_quote() {
    let reals = Money { amount: "500".parse().unwrap(), asset: samples::money("BRL") };
    let use_of =
        QuoteUse { id: QuoteId::new(RandomIds.next()), expires_at: samples::start(), off_chain_scale: 2 };
    let mut transaction = received();
    transaction.off_chain_asset = samples::money("BRL");
    let transaction = transaction.quoted(use_of, amounts("100", "10", reals));
    let shown = shown(&transaction);
    let token = format!("stellar:{}", samples::token());
    let expected = json!({
        "amount_in": "100", "amount_in_asset": token, "amount_out": "500", "amount_out_asset": "iso4217:BRL",
        "amount_fee": "10", "amount_fee_asset": token, "fee_details": { "total": "10", "asset": token },
        "quote_id": transaction.quote.as_ref().unwrap().id.to_string(),
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
}

#[test]
fn r_31_069_what_is_asked_is_shown_while_it_is() {
    let mut transaction = received();
    let purpose = InfoField::new("purpose", "What for").choices(["gift", "rent"]);
    let need = InfoNeed::Transaction {
        fields: vec![purpose, InfoField::new("note", "Anything else").optional()],
        message: Some("please say".to_owned()),
    };
    transaction.state = State::AwaitingInfo { need, resume: AfterInfo::Decide };
    let asked = shown(&transaction);
    assert_eq!(asked["status"], "pending_transaction_info_update");
    assert_eq!(asked["required_info_message"], "please say");
    let fields = json!({ "transaction": {
        "purpose": { "description": "What for", "choices": ["gift", "rent"], "optional": false },
        "note": { "description": "Anything else", "optional": true },
    } });
    assert_eq!(asked["required_info_updates"], fields);
    transaction.state = State::Deciding;
    let later = shown(&transaction);
    assert!(later.get("required_info_updates").is_none() && later.get("required_info_message").is_none());
    let need = InfoNeed::Customer { message: None };
    transaction.state = State::AwaitingInfo { need, resume: AfterInfo::PayOut };
    let asked = shown(&transaction);
    assert_eq!(asked["status"], "pending_customer_info_update");
    assert!(asked.get("required_info_updates").is_none());
}

#[test]
fn r_31_063_fee_details_are_always_there_and_nothing_is_null() {
    let shown = shown(&received());
    let token = format!("stellar:{}", samples::token());
    assert_eq!(shown["fee_details"], json!({ "total": "0", "asset": token }));
    assert!(shown.as_object().unwrap().values().all(|value| !value.is_null()), "{shown}");
}

#[test]
fn r_31_044_start_tells_where_to_pay_as_one_group_or_not_at_all() {
    let undecided = received();
    let text = |transaction: &Transaction| serde_json::to_value(StartedWire::new(transaction)).unwrap();
    assert_eq!(text(&undecided), json!({ "id": undecided.id.to_string() }));
    let mut agreed = undecided;
    agreed.terms = Some(samples::terms(Kind::Withdrawal, "10", u64::MAX));
    let told = json!({
        "id": agreed.id.to_string(), "stellar_account_id": samples::distribution().account().to_string(),
        "stellar_memo_type": "id", "stellar_memo": u64::MAX.to_string(),
    });
    assert_eq!(text(&agreed), told);
}
