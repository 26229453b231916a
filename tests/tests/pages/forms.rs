//! The forms: what is sent is checked again, comes from our own page, and is stored once.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use anchor_core::customer::Kept;
use anchor_core::memo::Memo;
use anchor_core::transaction::{Kind, State};

use crate::support::{Answer, Site, Visitor, distribution};

const FILLED: [(&str, &str); 5] = [
    ("amount", "100"),
    ("first_name", "Ana"),
    ("email_address", "ana@example.org"),
    ("address_country_code", "ID"),
    ("terms", "true"),
];

fn filled_but(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    FILLED.map(|(known, filled)| if known == name { (known, value) } else { (known, filled) }).to_vec()
}

async fn is_refused(visitor: &Visitor<'_>, answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.body);
    let site = visitor.site;
    let id = visitor.path.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(site.transaction(id).await.state, State::Collecting);
    assert_eq!(anchor_core::ops::answers::fetch(&site.anchor, id).await.unwrap(), Default::default());
}

#[actix_web::test]
async fn r_24_070_deposit_form_leads_to_instructions_and_awaits_the_money() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let sent = visitor.post("amount", &FILLED).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, visitor.path.clone()));

    let transaction = site.transaction(started.id).await;
    assert_eq!(transaction.state, State::AwaitingFunds);
    let amounts = transaction.amounts.unwrap();
    let text = (amounts.amount_in.amount, amounts.fee.total, amounts.amount_out.amount);
    assert_eq!(text, ("100".parse().unwrap(), "1.5".parse().unwrap(), "98.5".parse().unwrap()));
    let answers = anchor_core::ops::answers::fetch(&site.anchor, started.id).await.unwrap();
    assert_eq!(answers.find("email_address"), Some("ana@example.org"));

    let status = visitor.get().await.body;
    for shown in ["Send the money", "100.00 USD", "98.50 USDC", "0011 2233 4455", &started.id.to_string()] {
        assert!(status.contains(shown), "{shown}");
    }
    assert!(!status.contains("<form"));
}

#[actix_web::test]
async fn r_24_111_r_24_113_s_24_10_withdrawal_form_reserves_account_and_id_memo() {
    let site = Site::new().await;
    let started = site.start(Kind::Withdrawal).await;
    let visitor = site.visit(&started).await;
    assert_eq!(visitor.post("amount", &[("amount", "20.1234567")]).await.status, StatusCode::SEE_OTHER);
    assert!(visitor.get().await.body.contains("Your bank account"));
    assert_eq!(
        visitor.post("bank", &[("bank_account_number", "GB33555")]).await.status,
        StatusCode::SEE_OTHER
    );

    let transaction = site.transaction(started.id).await;
    assert_eq!(transaction.state, State::AwaitingPayment);
    let receiving = transaction.receiving().unwrap();
    assert_eq!(receiving.account, distribution());
    let Memo::Id(memo) = receiving.memo else { panic!("{:?}", receiving.memo) };
    assert!(memo > 0 && memo <= 1 << 53);
    let found = site.anchor.store().transaction_by_memo(&receiving.account, &receiving.memo).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(started.id));

    let status = visitor.get().await.body;
    for shown in
        [memo.to_string(), distribution().to_string(), "••• 555".to_owned(), "20.1234567 USDC".to_owned()]
    {
        assert!(status.contains(&shown), "{shown}");
    }
    assert!(!status.contains("GB33555"), "only the masked number is shown");
}

#[actix_web::test]
async fn peer_r_24_072_s_24_16_form_without_csrf_token_is_refused() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let mut fields = vec![("_page", "amount")];
    fields.extend(FILLED);
    is_refused(&visitor, &visitor.post_raw(&fields).await, StatusCode::FORBIDDEN).await;
    for wrong in ["", "x", &visitor.csrf[1..], &format!("{}x", visitor.csrf)] {
        let mut fields = fields.clone();
        fields.push(("_csrf", wrong));
        is_refused(&visitor, &visitor.post_raw(&fields).await, StatusCode::FORBIDDEN).await;
    }
    // a browser that says where the form comes from is believed
    let mut fields = fields.clone();
    fields.push(("_csrf", &visitor.csrf));
    let request = TestRequest::post().uri(&visitor.path).set_form(&fields);
    let request = visitor.request(request).insert_header(("sec-fetch-site", "cross-site"));
    is_refused(&visitor, &site.send(request).await, StatusCode::FORBIDDEN).await;
}

#[actix_web::test]
async fn peer_user_a_cannot_submit_user_b_form() {
    let site = Site::new().await;
    let (a, b) = (site.start(Kind::Deposit).await, site.start(Kind::Deposit).await);
    let (visitor_a, visitor_b) = (site.visit(&a).await, site.visit(&b).await);
    // A's cookie and A's secret at B's address
    let crossed =
        Visitor { site: &site, path: visitor_b.path.clone(), cookie: visitor_a.cookie, csrf: visitor_a.csrf };
    is_refused(&crossed, &crossed.post("amount", &FILLED).await, StatusCode::FORBIDDEN).await;
    // B's cookie with A's secret
    let crossed = Visitor { cookie: visitor_b.cookie.clone(), ..crossed };
    is_refused(&crossed, &crossed.post("amount", &FILLED).await, StatusCode::FORBIDDEN).await;
    // no cookie at all
    let crossed = Visitor { cookie: "anchor_visit=".to_owned(), csrf: visitor_b.csrf.clone(), ..crossed };
    is_refused(&crossed, &crossed.post("amount", &FILLED).await, StatusCode::FORBIDDEN).await;
}

#[actix_web::test]
async fn r_24_072_limits_are_enforced_by_the_server_with_our_words() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    for (amount, words) in [
        ("4.99", "At least 5.00 USD."),
        ("10000.01", "At most 10000.00 USD."),
        ("10.001", "At most 2 decimals."),
        ("", "Please answer this."),
        ("0", "At least 5.00 USD."),
        ("1e3", "plain digits"),
        ("1,000", "plain digits"),
        ("-5", "plain digits"),
        ("+5", "plain digits"),
        ("NaN", "plain digits"),
        ("٥٠", "plain digits"),
        ("99999999999999999999999999999999999999999999", "plain digits"),
    ] {
        let answer = visitor.post("amount", &filled_but("amount", amount)).await;
        is_refused(&visitor, &answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(answer.body.contains(words), "{amount}: {}", answer.body);
        assert!(
            answer.body.contains("aria-describedby=\"field-amount-error field-amount-limits\" autofocus")
        );
        assert!(answer.body.contains("value=\"ana@example.org\""), "other answers stay");
    }
}

#[actix_web::test]
async fn wrong_answers_are_told_at_their_fields() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let long: &'static str = Box::leak("ä".repeat(61).into_boxed_str());
    let huge: &'static str = Box::leak("a".repeat(100_000).into_boxed_str());
    for (field, value, words) in [
        ("first_name", "", "Please answer this."),
        ("first_name", long, "At most 60 characters."),
        ("first_name", huge, "At most"),
        ("first_name", "Ana\u{0}Maria", "special characters"),
        ("email_address", "ana", "not an e-mail address"),
        ("email_address", "a@b@c.d", "not an e-mail address"),
        ("address_country_code", "XX", "choose one of the answers"),
        ("terms", "", "tick this box"),
        ("first_name", "Nobody", "Nobody &lt;b&gt;cannot"),
    ] {
        let answer = visitor.post("amount", &filled_but(field, value)).await;
        is_refused(&visitor, &answer, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(answer.body.contains(words), "{field}={value:.20}");
        assert!(answer.body.contains(&format!("id=\"field-{field}-error\"")), "{field}");
    }
    let mut fields = FILLED.to_vec();
    fields.push(("birth_date", "1990-02-30"));
    assert!(visitor.post("amount", &fields).await.body.contains("year-month-day"));
}

#[actix_web::test]
async fn s_24_13_markup_in_answers_is_shown_as_text() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    for payload in [
        "\"><script>alert(1)</script>",
        "' autofocus onfocus=alert(1) x='",
        "{{ 7*7 }}",
        "</main><svg/onload=x>",
    ] {
        for field in
            ["amount", "first_name", "email_address", "address_country_code", "terms", "birth_date", "_page"]
        {
            let mut fields = filled_but(field, Box::leak(payload.to_owned().into_boxed_str()));
            fields.push(("birth_date", payload));
            // another answer is wrong for sure, so that the page comes back
            fields.retain(|(name, _)| *name != "terms");
            let answer = visitor.post("amount", &fields).await;
            let body = &answer.body;
            assert!(
                !body.contains("<script>alert")
                    && !body.contains("<svg")
                    && !body.contains(" onfocus=alert(1) x='"),
                "{body}"
            );
            assert!(!body.contains("value=\"49\""), "{body}");
        }
    }
}

#[actix_web::test]
async fn malformed_forms_are_400_and_huge_ones_too() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let post = || visitor.request(TestRequest::post().uri(&visitor.path));
    let json = post().insert_header(("content-type", "application/json")).set_payload("{}");
    is_refused(&visitor, &site.send(json).await, StatusCode::BAD_REQUEST).await;
    let huge = post()
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(format!("first_name={}", "a".repeat(1_000_000)));
    is_refused(&visitor, &site.send(huge).await, StatusCode::BAD_REQUEST).await;
    let many = "a=1&".repeat(20_000);
    let many = post().insert_header(("content-type", "application/x-www-form-urlencoded")).set_payload(many);
    is_refused(&visitor, &site.send(many).await, StatusCode::FORBIDDEN).await;
}

#[actix_web::test]
async fn double_submit_agrees_once() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let other = filled_but("amount", "200");
    let (one, two) = futures_util::join!(visitor.post("amount", &FILLED), visitor.post("amount", &other));
    assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let facts = site.anchor.store().fact_list(started.id).await.unwrap();
    assert_eq!(facts.len(), 1, "one agreement, no anomaly");
    let before = site.transaction(started.id).await;
    assert_eq!(visitor.post("amount", &filled_but("amount", "300")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.transaction(started.id).await, before);
    // what the rails will read is what was agreed, however late another tab's answers are
    let store = site.anchor.store();
    store.answers_put(started.id, &Kept::Clear("{}".to_owned())).await.unwrap();
    let answers = anchor_core::ops::answers::fetch(&site.anchor, started.id).await.unwrap();
    let answered: anchor_core::amount::Amount = answers.text("amount", "amount").unwrap().parse().unwrap();
    assert_eq!(answered, before.amounts.unwrap().amount_in.amount);
}

#[actix_web::test]
async fn stale_tab_changes_nothing_and_shows_the_due_page() {
    let site = Site::new().await;
    let started = site.start(Kind::Withdrawal).await;
    let visitor = site.visit(&started).await;
    visitor.post("amount", &[("amount", "20")]).await;
    let stale = visitor.post("amount", &[("amount", "9000")]).await;
    assert_eq!((stale.status, stale.location()), (StatusCode::SEE_OTHER, visitor.path.clone()));
    let answers = anchor_core::ops::answers::fetch(&site.anchor, started.id).await.unwrap();
    assert_eq!(answers.text("amount", "amount"), Some("20"));
    assert!(visitor.get().await.body.contains("Your bank account"));
}

#[actix_web::test]
async fn starting_over_forgets_the_answers() {
    let site = Site::new().await;
    let started = site.start(Kind::Withdrawal).await;
    let visitor = site.visit(&started).await;
    visitor.post("amount", &[("amount", "20")]).await;
    visitor.post("bank", &[("_step", "restart")]).await;
    assert!(visitor.get().await.body.contains("Withdraw USDC"));
}

#[actix_web::test]
async fn price_is_shown_before_anything_is_agreed_with_and_without_script() {
    let site = Site::new().await;
    let started =
        site.start_with(Kind::Deposit, |new| new.request.amount = Some("100".parse().unwrap())).await;
    let visitor = site.visit(&started).await;
    let page = visitor.get().await.body;
    assert!(
        page.contains("<dd><bdi>1.50 USD</bdi></dd>") && page.contains("<dd><bdi>98.50 USDC</bdi></dd>"),
        "{page}"
    );

    let mut fields = filled_but("amount", "200");
    fields.push(("_step", "preview"));
    let shown = visitor.post("amount", &fields).await;
    is_refused(&visitor, &shown, StatusCode::OK).await;
    assert!(shown.body.contains("<dd><bdi>198.00 USDC</bdi></dd>") && shown.body.contains("value=\"Ana\""));

    let priced = visitor.get_at(&format!("{}/preview?amount=300", visitor.path)).await;
    assert!(priced.body.contains("297.50 USDC"), "{}", priced.body);
    let wrong = visitor.get_at(&format!("{}/preview?amount=1%3Cb%3E", visitor.path)).await;
    assert!(wrong.body.contains("plain digits") && !wrong.body.contains("<b>"));
    assert_eq!(site.get(&format!("{}/preview?amount=300", visitor.path)).await.status, StatusCode::FORBIDDEN);
}

#[actix_web::test]
async fn redirect_leaves_by_a_link_because_form_redirects_are_blocked() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let left = visitor.post("amount", &filled_but("first_name", "Redirect")).await;
    assert_eq!(left.status, StatusCode::OK);
    assert!(left.body.contains("href=\"https://kyc.example/start?a=1&amp;b=2\""), "{}", left.body);
    assert!(left.body.contains("kyc.example"));
    // the business's mistake is not the user's way out
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let wrong = visitor.post("amount", &filled_but("first_name", "Elsewhere")).await;
    is_refused(&visitor, &wrong, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(!wrong.body.contains("javascript:"));
}

#[actix_web::test]
async fn failing_integration_is_an_apology_without_its_reason() {
    let site = Site::new().await;
    for customer in ["unreachable", "panics"] {
        let started =
            site.start_with(Kind::Deposit, |new| new.request.customer = Some(customer.into())).await;
        let visitor = site.visit(&started).await;
        let shown = visitor.get().await;
        assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(shown.body.contains("Nothing is lost") && shown.body.contains("Try again"));
        assert!(!shown.body.contains("secret-host") && !shown.body.contains("a bug"));
    }
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    let sent = visitor.post("amount", &filled_but("first_name", "Panic")).await;
    is_refused(&visitor, &sent, StatusCode::SERVICE_UNAVAILABLE).await;
}

#[actix_web::test]
async fn flow_that_ran_out_of_time_agrees_nothing() {
    let site = Site::new().await;
    let started = site.start(Kind::Deposit).await;
    let visitor = site.visit(&started).await;
    site.clock.advance(Duration::from_secs(3600));
    is_refused(&visitor, &visitor.get().await, StatusCode::GONE).await;
    let late = visitor.post("amount", &FILLED).await;
    is_refused(&visitor, &late, StatusCode::GONE).await;
    assert!(late.body.contains("nothing has to be paid"));
}

#[actix_web::test]
async fn r_24_038_t_24_09_amount_in_the_address_is_not_looked_at() {
    let site = Site::new().await;
    let started = site.start_with(Kind::Deposit, |new| new.request.customer = Some("plain".into())).await;
    let visitor = site.visit_with(&started, "&amount=9999&transaction_id=x").await;
    assert!(!visitor.path.contains("amount"));
    assert!(!visitor.get_at(&format!("{}?amount=9999", visitor.path)).await.body.contains("9999"));
}

#[actix_web::test]
async fn personal_data_is_asked_for_in_the_users_words_with_the_right_keys() {
    let site = Site::new().await;
    let started = site.start_with(Kind::Deposit, |new| new.request.customer = Some("sep9".to_owned())).await;
    let visitor = site.visit(&started).await;
    for language in ["en", "es", "pt", "fr", "id"] {
        let page = visitor.get_at(&format!("{}?lang={language}", visitor.path)).await.body;
        assert!(!page.contains(">field."), "{language} has no word for a field of SEP-9: {page}");
    }
    let page = visitor.get_at(&format!("{}?lang=es", visitor.path)).await.body;
    for expected in [
        "Fecha de nacimiento",
        "type=\"date\" id=\"field-birth_date\"",
        "type=\"tel\" id=\"field-mobile_number\"",
        "type=\"email\" id=\"field-email_address\"",
        "autocomplete=\"family-name\"",
        "De 0 a 20",
        "inputmode=\"numeric\"",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    for (answer, problem) in [
        ("", "answer this"),
        ("2.5", "whole number"),
        ("x", "whole number"),
        ("21", "At most 20"),
        ("-1", "At least 0"),
    ] {
        let refused = visitor.post("person", &[("children", answer)]).await;
        is_refused(&visitor, &refused, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(refused.body.contains(problem), "{answer}: {}", refused.body);
    }
    let taken = visitor.post("person", &[("children", "3"), ("birth_date", "1990-12-31")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
}

#[actix_web::test]
async fn file_reaches_the_business_if_it_is_what_was_asked_for() {
    let site = Site::new().await;
    let started = site.start_with(Kind::Deposit, |new| new.request.customer = Some("photo".to_owned())).await;
    let visitor = site.visit(&started).await;
    let page = visitor.get().await.body;
    assert!(
        page.contains("enctype=\"multipart/form-data\"") && page.contains("accept=\"image/jpeg,image/png\"")
    );
    let large = [b"\xff\xd8\xff".to_vec(), vec![0; 4 * 1024 * 1024]].concat();
    let cases: [(&[u8], StatusCode, &str); 4] = [
        (b"\xff\xd8\xff photo", StatusCode::UNPROCESSABLE_ENTITY, "The business got 9 bytes."),
        (b"%PDF-1.7", StatusCode::UNPROCESSABLE_ENTITY, "accepted kinds"),
        (b"", StatusCode::UNPROCESSABLE_ENTITY, "answer this"),
        (&large, StatusCode::BAD_REQUEST, "not complete"),
    ];
    for (content, status, said) in cases {
        let mut body = Vec::new();
        for (name, value) in [("_csrf", visitor.csrf.as_str()), ("_page", "photo")] {
            let part = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(
            b"--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n",
        );
        body.extend_from_slice(b"Content-Type: image/jpeg\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = TestRequest::post().uri(&visitor.path);
        let request = request.insert_header(("content-type", "multipart/form-data; boundary=x"));
        let answer = site.send(visitor.request(request.set_payload(body))).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
    }
}
