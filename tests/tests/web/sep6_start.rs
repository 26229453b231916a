//! `GET /deposit` and `GET /withdraw`: what is taken, what is refused, and what the wallet is told at once.

use anchor_core::account::{Account, ContractId};
use anchor_core::integration::{Agreement, StartStep};
use anchor_core::keys::SigningKey;
use anchor_core::memo::Memo;
use anchor_core::testing::fakes::samples;
use anchor_core::transaction::{InfoField, Kind, Protocol, State, Status};
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::sep6::{account, assert_refused, good, logged_in, shown, started, transactions};

const BOTH: [&str; 2] = ["deposit", "withdraw"];

#[actix_web::test]
async fn r_06_055_r_06_056_r_06_057_r_06_059_r_06_061_r_06_062_r_06_064_deposit_that_is_agreed_at_once_says_how_to_pay()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (body, stored) = started(&anchor, &token, "deposit", &[]).await?;
    let id = stored.id.to_string();
    let instructions = json!({
        "bank_account_number": { "value": "4711", "description": "Account number" },
        "external_transfer_memo": { "value": id, "description": "Reference" },
    });
    let expected = json!({
        "how": format!("Send the money as follows. Account number: 4711. Reference: {id}. Bank: Test Bank."),
        "id": id, "instructions": instructions,
        "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0,
    });
    assert_eq!(body, expected);
    assert_eq!((stored.protocol, stored.status()), (Protocol::Sep6, Status::PendingUserTransferStart));
    // decided in the commit that made it: there was never anything else
    let history = anchor.anchor.store().fact_list(stored.id).await?;
    assert_eq!(history.iter().map(|record| record.fact.name()).collect::<Vec<_>>(), ["terms_agreed"]);
    let shown = shown(&anchor, &token, &stored).await?;
    assert_eq!(
        (&shown["status"], &shown["instructions"]),
        (&"pending_user_transfer_start".into(), &instructions)
    );
    Ok(())
}

#[actix_web::test]
async fn r_06_094_r_06_095_r_06_096_r_06_097_r_06_098_withdrawal_that_is_agreed_at_once_says_where_to_pay()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let (body, stored) = started(&anchor, &token, "withdraw", &[]).await?;
    let receiving = stored.receiving().context("reserved")?;
    let expected = json!({
        "account_id": samples::distribution().account().to_string(), "memo_type": "id",
        "memo": receiving.memo.value(), "id": stored.id.to_string(),
        "min_amount": 0.5, "max_amount": 1000, "fee_fixed": 0.25, "fee_percent": 0,
    });
    assert_eq!(body, expected);
    assert_eq!((stored.kind, stored.status()), (Kind::Withdrawal, Status::PendingUserTransferStart));
    Ok(())
}

#[actix_web::test]
async fn r_06_058_r_06_063_r_06_177_r_06_212_r_06_213_what_is_decided_later_is_said_by_the_transaction()
-> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    terms.say(StartStep::Later);
    for path in BOTH {
        let (body, stored) = started(&anchor, &token, path, &[]).await?;
        assert_eq!(stored.state, State::Deciding);
        for absent in ["instructions", "account_id", "memo", "memo_type", "extra_info"] {
            assert_eq!(body[absent], Value::Null, "{path} {absent}");
        }
        let before = shown(&anchor, &token, &stored).await?;
        assert_eq!((&before["status"], &before["instructions"]), (&json!("pending_anchor"), &Value::Null));
    }
    // a business that does not answer decides later too
    terms.fail();
    assert_eq!(started(&anchor, &token, "deposit", &[]).await?.1.state, State::Deciding);

    terms.agree();
    let settings = anchor_core::ops::JobSettings::new("a test");
    anchor.clock.advance(std::time::Duration::from_secs(60));
    anchor_core::ops::decide::decide(&anchor.anchor, &settings).await?;
    for transaction in anchor.anchor.store().transaction_list(&Default::default()).await? {
        let shown = shown(&anchor, &token, &transaction).await?;
        assert_eq!(
            (&shown["status"], &shown["amount_in"]),
            (&json!("pending_user_transfer_start"), &json!("100"))
        );
        match transaction.kind {
            Kind::Deposit => assert_eq!(shown["instructions"]["bank_account_number"]["value"], "4711"),
            Kind::Withdrawal => {
                assert_eq!(shown["withdraw_anchor_account"], samples::distribution().account().to_string());
                assert_eq!(
                    (&shown["withdraw_memo_type"], shown["withdraw_memo"].is_string()),
                    (&"id".into(), true)
                );
            }
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_035_r_06_036_r_06_084_assets_and_accounts_have_to_be_there() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in BOTH {
        for code in ["-", "", "NOT_SUPPORTED", "usdc", "native"] {
            assert_refused(&anchor.get(&good(path, &[("asset_code", code)]), &token).await, code);
        }
    }
    let contract = Account::Contract(ContractId::from_bytes([3; 32])).to_string();
    let broken = account().replace('G', "A");
    let lower = account().to_lowercase();
    for wrong in ["invalid-account", "not a valid account", &broken, &lower, &contract, &account()[1..]] {
        for path in BOTH {
            assert_refused(&anchor.get(&good(path, &[("account", wrong)]), &token).await, wrong);
        }
    }
    for path in BOTH {
        let own = samples::distribution().account().to_string();
        let answer = anchor.get(&good(path, &[("account", &own)]), &token).await;
        assert_eq!(
            answer.status,
            if path == "deposit" { 400 } else { 200 },
            "tokens to ourselves reach nobody"
        );
    }
    Ok(())
}

/// It answered 500 elsewhere.
#[actix_web::test]
async fn peer_r_06_036_deposit_without_an_account_is_400() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in ["deposit", "deposit-exchange"] {
        for account in ["-", "", "undefined"] {
            let answer = anchor.get(&good(path, &[("account", account)]), &token).await;
            assert_refused(&answer, path);
            assert_eq!(answer.error()?, "account is required");
        }
    }
    assert_eq!(transactions(&anchor).await?, 0);
    Ok(())
}

#[actix_web::test]
async fn r_06_018_r_06_026_r_06_086_r_06_087_r_06_092_account_may_be_anybodys() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let stranger = SigningKey::from_seed([9; 32]).account();
    for path in BOTH {
        let other =
            [("account", &*stranger.to_string()), ("memo", "-"), ("wallet_name", "w"), ("wallet_url", "u")];
        let (_, stored) = started(&anchor, &token, path, &other).await?;
        assert_eq!(stored.request.account, stranger.into());
        assert_eq!(stored.subject.account(), samples::user().account().into());
    }
    // the token says whose it is; what told users apart before is not looked at
    let legacy = [("account", "-"), ("memo", "12"), ("memo_type", "id"), ("dest", "x"), ("dest_extra", "y")];
    let (_, stored) = started(&anchor, &token, "withdraw", &legacy).await?;
    assert_eq!((stored.request.account, stored.request.memo), (samples::user().account().into(), Memo::None));
    Ok(())
}

#[actix_web::test]
async fn r_06_037_r_06_038_r_06_052_r_06_053_r_06_085_r_06_090_r_06_091_r_38_024_funding_method_is_one_of_those_listed()
-> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for (path, method) in [("deposit", "SWIFT"), ("withdraw", "cash")] {
        let (_, stored) = started(&anchor, &token, path, &[("funding_method", method)]).await?;
        assert_eq!(stored.request.funding_method.as_deref(), Some(method));
        // its name until 4.2.0; the newer name goes before
        let (_, stored) =
            started(&anchor, &token, path, &[("funding_method", "-"), ("type", method)]).await?;
        assert_eq!(stored.request.funding_method.as_deref(), Some(method));
        let (_, stored) = started(&anchor, &token, path, &[("type", "bank_account")]).await?;
        assert_eq!(stored.request.funding_method.as_deref(), Some("SEPA"));
        for wrong in ["sepa", "TED", "SEPA "] {
            assert_refused(&anchor.get(&good(path, &[("funding_method", wrong)]), &token).await, wrong);
        }
        assert_refused(
            &anchor.get(&good(path, &[("funding_method", "-")]), &token).await,
            "which of the two?",
        );
    }
    let mut only = samples::asset_by_api();
    only.deposit.as_mut().context("offered")?.funding_methods.truncate(1);
    let (anchor, _) = crate::sep6::by_api_with(&[], |builder| builder.asset(only)).await?;
    let token = anchor.log_in(&samples::user()).await?;
    let (_, stored) = started(&anchor, &token, "deposit", &[("funding_method", "-")]).await?;
    assert_eq!(stored.request.funding_method.as_deref(), Some("SEPA"));
    Ok(())
}

#[actix_web::test]
async fn r_06_039_r_06_040_r_06_041_r_06_168_memo_of_a_deposit_is_kept_and_shown() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let hash = BASE64_STANDARD.encode([7; 32]);
    for (memo_type, memo) in
        [("id", "18446744073709551615"), ("text", "é".repeat(14).as_str()), ("hash", &hash)]
    {
        let extra = [("memo_type", memo_type), ("memo", memo)];
        let (_, stored) = started(&anchor, &token, "deposit", &extra).await?;
        let shown = shown(&anchor, &token, &stored).await?;
        assert_eq!((&shown["deposit_memo"], &shown["deposit_memo_type"]), (&memo.into(), &memo_type.into()));
    }
    let long = "é".repeat(15);
    let short = BASE64_STANDARD.encode([7; 31]);
    for (memo_type, memo) in [
        ("id", "18446744073709551616"),
        ("id", "-1"),
        ("id", " 1"),
        ("id", "0x1"),
        ("text", &long),
        ("hash", &short),
        ("hash", &hex::encode([7; 32])),
        ("return", &hash),
        ("id", "-"),
        ("-", "1"),
        ("id", ""),
    ] {
        let extra = [("memo_type", memo_type), ("memo", memo)];
        assert_refused(&anchor.get(&good("deposit", &extra), &token).await, &format!("{extra:?}"));
    }
    let muxed = Account::Muxed { account: samples::user().account(), id: 1 }.to_string();
    let both = [("account", muxed.as_str()), ("memo_type", "id"), ("memo", "1")];
    assert_refused(&anchor.get(&good("deposit", &both), &token).await, "two hints for one payment");
    started(&anchor, &token, "deposit", &both[..1]).await?;
    Ok(())
}

#[actix_web::test]
async fn r_06_089_refund_memo_and_its_type_come_together() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in ["withdraw", "withdraw-exchange"] {
        let pair = [("refund_memo", "back to Ada"), ("refund_memo_type", "text")];
        let (_, stored) = started(&anchor, &token, path, &pair).await?;
        assert_eq!(stored.request.memo.value().as_deref(), Some("back to Ada"));
        for one in pair {
            assert_refused(&anchor.get(&good(path, &[one]), &token).await, path);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_042_r_06_043_r_06_045_r_06_047_r_06_048_r_06_049_r_06_051_r_06_054_r_06_088_what_else_is_told_is_there_for_the_business()
-> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    let told = [
        ("email_address", "ada@wallet.example"),
        ("lang", "pt-BR"),
        ("country_code", "BRA"),
        ("location_id", "shop 12"),
        ("claimable_balance_supported", "true"),
        ("dest", "4711"),
        ("dest_extra", "BIC"),
    ];
    for path in BOTH {
        let (_, stored) = started(&anchor, &token, path, &told).await?;
        let request = &stored.request;
        assert_eq!(request.language.as_deref(), Some("pt-BR"));
        assert_eq!((request.country.as_deref(), request.location.as_deref()), (Some("BRA"), Some("shop 12")));
        assert_eq!(request.claimable_balances, path == "deposit");
        let asked = terms.asked().pop().context("asked")?;
        assert_eq!((asked.language.as_str(), asked.transaction.id), ("pt-br", stored.id));
        assert_eq!(asked.answers.text("request", "email_address"), Some("ada@wallet.example"));
        assert_eq!(asked.answers.text("request", "dest"), Some("4711"));
        assert!(!format!("{asked:?}").contains("ada@"), "{asked:?}");
        assert_eq!(anchor_core::ops::answers::fetch(&anchor.anchor, stored.id).await?, asked.answers);
        // an unknown language is no error
        started(&anchor, &token, path, &[("lang", "xx"), ("customer_id", "c-12")]).await?;
        started(&anchor, &token, path, &[("lang", "not a language")]).await?;
        for wrong in [
            ("country_code", "BR"),
            ("country_code", "bra"),
            ("country_code", "XXX"),
            ("country_code", "B1A"),
        ] {
            assert_refused(&anchor.get(&good(path, &[wrong]), &token).await, wrong.1);
        }
        assert_refused(&anchor.get(&good(path, &[("location_id", &*"x".repeat(300))]), &token).await, "long");
    }
    for wrong in ["yes", "1", "TRUE"] {
        let extra = [("claimable_balance_supported", wrong)];
        assert_refused(&anchor.get(&good("deposit", &extra), &token).await, wrong);
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_046_amounts_are_plain_decimals_within_the_limits() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    for path in BOTH {
        for amount in ["0.5", "1000", "100.00", "100.0000000", "099"] {
            started(&anchor, &token, path, &[("amount", amount)]).await?;
        }
        for amount in [
            "0",
            "-1",
            "+1",
            "1e2",
            "NaN",
            "inf",
            "0x10",
            "1,5",
            "1.",
            " 1",
            "0.49",
            "1000.01",
            "1e999999999",
            "١",
        ] {
            assert_refused(&anchor.get(&good(path, &[("amount", amount)]), &token).await, amount);
        }
    }
    // more decimals than the money has
    assert_refused(&anchor.get(&good("deposit", &[("amount", "1.001")]), &token).await, "1.001");
    started(&anchor, &token, "withdraw", &[("amount", "1.0000001")]).await?;
    assert_refused(&anchor.get(&good("withdraw", &[("amount", "1.00000001")]), &token).await, "8 decimals");
    Ok(())
}

/// The wallet announced none, so the user may send what they like.
#[actix_web::test]
async fn amount_may_be_left_open() -> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    for path in BOTH {
        let (_, stored) = started(&anchor, &token, path, &[("amount", "-")]).await?;
        assert_eq!((stored.status(), &stored.amounts), (Status::PendingUserTransferStart, &None));
        let shown = shown(&anchor, &token, &stored).await?;
        assert_eq!((&shown["amount_in"], &shown["fee_details"]), (&Value::Null, &Value::Null));
    }
    // the business may say the amount; what it cannot be is refused
    terms.say(StartStep::Agreed(Agreement::new("12".parse()?)));
    let (_, stored) = started(&anchor, &token, "deposit", &[("amount", "-")]).await?;
    assert_eq!(stored.amounts.context("agreed")?.amount_out.amount.to_string(), "11.75");
    terms.say(StartStep::Agreed(Agreement::new("0.1".parse()?)));
    assert_refused(&anchor.get(&good("deposit", &[]), &token).await, "too little");
    Ok(())
}

#[actix_web::test]
async fn r_06_044_r_06_011_callback_is_remembered_if_it_would_be_called() -> Result<()> {
    let (anchor, _, token) = logged_in().await?;
    let address = "https://wallet.example/news?x=1";
    for path in BOTH {
        let (_, stored) = started(&anchor, &token, path, &[("on_change_callback", address)]).await?;
        let callbacks = anchor.anchor.store().callbacks_fetch(stored.id).await?;
        assert_eq!((callbacks.on_change.as_deref(), callbacks.finished), (Some(address), None));
        for wrong in [
            "http://wallet.example/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "https://u:p@wallet.example/",
            "https://wallet.example:8443/",
            "postMessage",
            "javascript:alert(1)",
            "ftp://wallet.example/",
            "nonsense",
        ] {
            assert_refused(&anchor.get(&good(path, &[("on_change_callback", wrong)]), &token).await, wrong);
        }
    }
    Ok(())
}

#[actix_web::test]
async fn r_06_093_what_is_missing_is_asked_for_by_the_transaction_and_not_by_an_error() -> Result<()> {
    let (anchor, terms, token) = logged_in().await?;
    let fields = vec![InfoField::new("bank_branch", "Which branch")];
    for (step, status) in [
        (StartStep::NeedsCustomerInfo { message: Some("who?".to_owned()) }, "pending_customer_info_update"),
        (
            StartStep::NeedsTransactionInfo { fields, message: Some("where?".to_owned()) },
            "pending_transaction_info_update",
        ),
    ] {
        terms.say(step);
        for path in BOTH {
            let (body, stored) = started(&anchor, &token, path, &[]).await?;
            assert!(body["extra_info"]["message"].is_string(), "{body}");
            assert_eq!(shown(&anchor, &token, &stored).await?["status"], status);
        }
    }
    Ok(())
}
