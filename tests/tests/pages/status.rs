//! What is shown of a transaction, to the user in the flow and to whoever has the signed address.

use std::time::Duration;

use actix_web::http::StatusCode;
use anchor_core::amount::Money;
use anchor_core::id::{AttemptId, TransactionId};
use anchor_core::ops::amounts::{AmountsError, SENT_BACK_LATE};
use anchor_core::ops::{self, Committed};
use anchor_core::transaction::{
    Actor, Amounts, Effect, Fact, FailureCode, InfoField, InfoNeed, Kind, Protocol, Receipt, Settlement,
    State, Terms, TransactionHash,
};

use crate::support::Site;

const XSS: &str = "\"><script>alert(1)</script>'&";

async fn moved(site: &Site, id: TransactionId, fact: Fact) {
    let before = site.transaction(id).await;
    let committed = ops::commit(&site.anchor, &before, fact, Actor::Worker, false).await.unwrap();
    assert!(matches!(committed, Committed::Moved(_)), "{committed:?}");
}

fn amounts(site: &Site, kind: Kind, amount: &str) -> Amounts {
    ops::amounts::received(site.anchor.fee(), &site.asset, kind, amount.parse().unwrap()).unwrap()
}

async fn agreed(site: &Site, kind: Kind) -> TransactionId {
    let started = site.start(kind).await;
    let terms = Terms {
        kind,
        amounts: Some(amounts(site, kind, "100")),
        instructions: vec![anchor_core::transaction::Instruction {
            qr: true,
            ..anchor_core::transaction::Instruction::new(format!("Label {XSS}"), format!("Value {XSS}"))
        }],
        receiving: None,
        counterpart: Some(format!("••• 555 {XSS}")),
        deadline: Some(anchor_core::clock::Clock::now(&site.clock) + Duration::from_secs(86_400)),
    };
    moved(site, started.id, Fact::TermsAgreed { terms }).await;
    started.id
}

#[actix_web::test]
async fn r_24_109_more_info_opens_without_the_apis_token() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let page = site.get(&site.more_info_path(started.id).await).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(page.body.contains("Not finished yet"));
    assert!(!page.body.contains("<form") && !page.body.contains("<input"));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn peer_s_24_20_more_info_is_not_readable_by_public_hash() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Deposit).await;
    let path = site.more_info_path(id).await;
    let (_, token) = path.split_once("token=").unwrap();
    let other = site.start(Kind::Deposit).await.id;
    let hash = "ab".repeat(32);
    for query in [
        String::new(),
        format!("id={id}"),
        format!("id={id}&token="),
        format!("id={id}&token={id}"),
        format!("stellar_transaction_id={hash}"),
        format!("id={hash}"),
        format!("id={other}&token={token}"),
        format!("id={id}&token={}", &token[..token.len() - 2]),
        format!("id={id}&token={}", "x".repeat(7000)),
    ] {
        let page = site.get(&format!("/sep24/transaction/more_info?{query}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{query:.80}");
        assert!(!page.body.contains("100.00"));
    }
    assert_eq!(site.get(&path).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn r_24_109_more_info_address_ends() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Deposit).await;
    let path = site.more_info_path(id).await;
    site.clock.advance(Duration::from_secs(8 * 24 * 3600));
    let page = site.get(&path).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("Open the details again from your wallet"));
    assert_eq!(site.get(&site.more_info_path(id).await).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn peer_s_24_13_xss_in_more_info_is_escaped() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Deposit).await;
    let check = |body: &str| {
        assert!(!body.contains("<script>alert"), "{body}");
        assert!(!body.contains("\"><script>"), "an attribute ended early");
    };
    let shown = site.get(&site.more_info_path(id).await).await.body;
    assert!(shown.contains("Label &quot;&gt;&lt;script&gt;"), "{shown}");
    check(&shown);
    moved(&site, id, Fact::FundsRejected { reason: format!("No {XSS}") }).await;
    let shown = site
        .get(&format!("{}&lang={}", site.more_info_path(id).await, "%22%3E%3Cscript%3Ealert(1)"))
        .await
        .body;
    assert!(shown.contains("No &quot;&gt;&lt;script&gt;"), "{shown}");
    check(&shown);
}

#[actix_web::test]
async fn r_24_109_s_24_10_deposit_is_followed_from_instructions_to_delivery() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Deposit).await;
    let path = site.more_info_path(id).await;
    let waiting = site.get(&path).await.body;
    assert!(
        waiting.contains("data-live") && waiting.contains("Send the money") && waiting.contains("••• 555")
    );

    let receipt = Receipt {
        reference: "BANK-1".to_owned(),
        amount: Money { amount: "100".parse().unwrap(), asset: site.asset.off_chain.clone() },
        from: Some("Ana Secret".to_owned()),
        ledger: None,
        return_fee: None,
    };
    let settlement = Settlement::Accept(amounts(&site, Kind::Deposit, "100"));
    moved(&site, id, Fact::FundsReceived { receipt, settlement }).await;
    let funded = site.get(&path).await.body;
    assert!(funded.contains("Your money has arrived") && funded.contains("BANK-1"));
    assert!(!funded.contains("Ana Secret"), "who sent it is not shown to whoever has the address");
    assert!(!funded.contains("How to send the money"), "nobody pays twice");

    moved(&site, id, Fact::TrustMissing).await;
    assert!(site.get(&path).await.body.contains("Add USDC to your wallet"));
    moved(&site, id, Fact::Held { reason: "sanctions list".into() }).await;
    let held = site.get(&path).await.body;
    assert!(held.contains("We are checking this transaction") && !held.contains("sanctions"));
    moved(&site, id, Fact::Released).await;

    let attempt = anchor_core::transaction::Attempt {
        id: AttemptId::new(site.anchor.ids().next()),
        purpose: anchor_core::transaction::AttemptPurpose::Payment,
        hash: TransactionHash::from_bytes([9; 32]),
        envelope: "AAAA".into(),
        source: crate::support::distribution(),
        sequence: 1,
        max_time: 1,
        fee: 100,
        unsigned: None,
        reclaim: None,
    };
    let (open, hash) = (attempt.id, attempt.hash);
    moved(&site, id, Fact::AttemptOpened { attempt }).await;
    let effect = Effect::Delivered { claimable_balance: None };
    moved(&site, id, Fact::AttemptApplied { attempt: open, hash, ledger: 3, effect }).await;
    let paid = site.get(&path).await.body;
    assert!(
        paid.contains("Deposit completed")
            && paid.contains(&hash.to_string())
            && paid.contains("Paid on Stellar")
    );
    assert!(!paid.contains("data-live"));
}

/// Whoever looks at the page has to do it in the wallet, in whichever language.
#[actix_web::test]
async fn what_is_missing_is_said_in_every_language() {
    let site = Site::new().await;
    let fields = vec![InfoField::new("purpose", "What for")];
    let needs = [
        (InfoNeed::Customer { message: None }, "pending_customer_info_update"),
        (InfoNeed::Transaction { fields, message: None }, "pending_transaction_info_update"),
    ];
    for (need, status) in needs {
        // only a transaction by API can be asked
        let id = site.start_with(Kind::Deposit, |new| new.protocol = Protocol::Sep6).await.id;
        moved(&site, id, Fact::InfoNeeded { need }).await;
        assert_eq!(site.transaction(id).await.status().as_str(), status);
        let mut told = std::collections::BTreeSet::new();
        for language in ["en", "es", "fr", "id", "pt"] {
            let path = format!("{}&lang={language}", site.more_info_path(id).await);
            let page = site.get(&path).await.body;
            let title = page.split("<h1").nth(1).unwrap().split("</h1>").next().unwrap().to_owned();
            told.insert(title.split_once('>').unwrap().1.trim().to_owned());
        }
        assert_eq!(told.len(), 5, "{status}: {told:?}");
    }
}

#[actix_web::test]
async fn late_transaction_tells_nobody_to_pay() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Withdrawal).await;
    let path = site.more_info_path(id).await;
    assert!(site.get(&path).await.body.contains("How to pay"));
    // the job that expires it has not come yet
    site.clock.advance(Duration::from_secs(86_400));
    let late = site.get(&path).await.body;
    assert!(late.contains("do not send anything") && !late.contains("How to pay"));
    assert_eq!(site.transaction(id).await.state, State::AwaitingPayment);
}

#[actix_web::test]
async fn failed_transaction_says_why() {
    let site = Site::new().await;
    let id = agreed(&site, Kind::Deposit).await;
    moved(&site, id, Fact::Failed { code: FailureCode::TooSmall, reason: "Too little for us.".into() }).await;
    let page = site.get(&site.more_info_path(id).await).await.body;
    assert!(page.contains("Not completed") && page.contains("Too little for us."));
}

#[actix_web::test]
async fn r_24_034_r_24_109_more_info_is_in_the_users_language_with_what_the_anchor_itself_has_to_say() {
    let site = Site::new().await;
    let started = site.start_with(Kind::Deposit, |new| new.request.language = Some("es".into())).await;
    let path = site.more_info_path(started.id).await;
    let shown = site.get(&path).await.body;
    assert!(shown.contains("<html lang=\"es\""), "the wallet's choice: {shown}");
    let (address, _) = path.split_once("&lang=").unwrap_or((&path, ""));
    let shown = site.get(&format!("{address}&lang=fr-CA")).await.body;
    assert!(shown.contains("<html lang=\"fr\""), "the address goes before it: {shown}");

    let reasons = [
        (AmountsError::TooSmall.sent_back(), "demasiado pequeño"),
        (AmountsError::TooLarge.sent_back(), "demasiado grande"),
        (SENT_BACK_LATE.to_owned(), "ya había terminado"),
        ("Lo dice el banco.".to_owned(), "Lo dice el banco."),
    ];
    for (number, (reason, said)) in reasons.into_iter().enumerate() {
        let id = agreed(&site, Kind::Deposit).await;
        let receipt = Receipt {
            reference: format!("BANK-{number}"),
            amount: Money { amount: "100".parse().unwrap(), asset: site.asset.off_chain.clone() },
            from: None,
            ledger: None,
            return_fee: None,
        };
        let settlement = Settlement::Return { reason };
        moved(&site, id, Fact::FundsReceived { receipt, settlement }).await;
        let shown = site.get(&format!("{}&lang=es", site.more_info_path(id).await)).await.body;
        assert!(shown.contains(said) && !shown.contains("The money is"), "{said}: {shown}");
    }
}
