//! How the pages look and whether everybody can use them: each is audited by axe-core and photographed, on a phone
//! and on a desk, in light and dark, with and without scripts, from left to right and from right to left.
//!
//! The pictures are in `target/screenshots`: look at them after a change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anchor_core::amount::Money;
use anchor_core::ops;
use anchor_core::transaction::{Actor, Fact, Kind, Receipt, Settlement, State};
use anchor_tests::browser::{Browser, Look};
use anchor_tests::found;
use anyhow::{Context as _, Result, ensure};
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::support::Site;
use crate::{address, go_on, serve_anchor, serve_anchor_with, type_into};

/// A browser that looks at every page through the eyes of axe-core.
struct Camera {
    browser: Browser,
    axe: String,
    name: &'static str,
    /// Whether pages may run scripts.
    script: bool,
}

/// Where pages may run no scripts, timers never go off, but what WebDriver runs still works: axe-core gets timers that
/// need none.
const TIMERS_WITHOUT_SCRIPTS: &str = "window.setTimeout = (run, _, ...values) => {
    Promise.resolve().then(() => run(...values));
    return 0;
};";

impl Camera {
    async fn new(name: &'static str, look: Look<'_>) -> Result<Option<Self>> {
        let (Some(chromium), Some(axe)) = (found::chromium(), found::axe()) else { return Ok(None) };
        Ok(Some(Self { browser: Browser::start_as(&chromium, look).await?, axe, name, script: look.script }))
    }

    fn client(&self) -> &Client {
        &self.browser.client
    }

    /// A picture; and nobody is kept out, nothing is cut off, and nothing was refused by the policy.
    async fn shoot(&self, page: &str) -> Result<()> {
        let client = self.client();
        if !self.script {
            client.execute(TIMERS_WITHOUT_SCRIPTS, vec![]).await?;
        }
        let path = pictures()?.join(format!("{}-{page}.png", self.name));
        std::fs::write(path, client.screenshot().await?)?;
        let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let wider = client.execute(wider, vec![]).await?;
        ensure!(wider == json!(0), "{}: {page} is {wider} pixels too wide", self.name);
        let foreign = "return performance.getEntriesByType('resource').map((entry) => entry.name)
            .filter((name) => !name.startsWith(location.origin + '/') && !name.startsWith('data:'))";
        let foreign = client.execute(foreign, vec![]).await?;
        ensure!(foreign == json!([]), "{}: {page} loads {foreign}", self.name);
        client.execute(&self.axe, vec![]).await?;
        let audit = "return axe.run(document, { resultTypes: ['violations'], preload: false }).then(
            (report) => report.violations.map((violation) => ({
                rule: violation.id, impact: violation.impact,
                nodes: violation.nodes.map((node) => node.html + ' ' + node.failureSummary),
            })),
            (error) => [{ rule: String(error) }],
        );";
        let violations = client.execute(audit, vec![]).await?;
        ensure!(violations == json!([]), "{}: {page}: {violations:#}", self.name);
        Ok(())
    }

    async fn wait_for(&self, css: &str) -> Result<()> {
        let found = self.client().wait().for_element(Locator::Css(css)).await;
        found.map(drop).with_context(|| format!("{}: no {css}", self.name))
    }

    /// A deposit from the first page to the last, a withdrawal up to its instructions, and what refuses.
    async fn walk(&self, site: &Site, extra: &str) -> Result<()> {
        let client = self.client();
        let started = site.start(Kind::Deposit).await;
        client.goto(&address(site, &started, extra)).await?;
        self.wait_for("#field-amount").await?;
        self.shoot("1-form").await?;
        type_into(client, "field-amount", "0.123").await?;
        go_on(client).await?;
        self.wait_for("[role=alert]").await?;
        self.shoot("2-errors").await?;
        type_into(client, "field-amount", "250").await?;
        type_into(client, "field-first_name", "Ana").await?;
        type_into(client, "field-email_address", "ana@example.org").await?;
        client.find(Locator::Id("field-address_country_code")).await?.select_by_value("ID").await?;
        client.find(Locator::Id("field-terms")).await?.click().await?;
        go_on(client).await?;
        self.wait_for("#status .pay").await?;
        self.shoot("3-instructions").await?;
        let amounts = ops::amounts::received(site.anchor.fee(), &site.asset, Kind::Deposit, "250".parse()?)?;
        let receipt = Receipt {
            reference: "BANK-1".to_owned(),
            amount: Money { amount: "250".parse()?, asset: site.asset.off_chain.clone() },
            from: None,
            ledger: None,
            return_fee: None,
        };
        let fact = Fact::FundsReceived { receipt, settlement: Settlement::Accept(amounts) };
        ops::commit(&site.anchor, &site.transaction(started.id).await, fact, Actor::Worker, false).await?;
        let host = site.anchor.config().host_url();
        client.goto(&format!("{host}{}", site.more_info_path(started.id).await)).await?;
        self.wait_for("#status").await?;
        self.shoot("4-more-info").await?;

        let started = site.start(Kind::Withdrawal).await;
        client.goto(&address(site, &started, extra)).await?;
        type_into(client, "field-amount", "100").await?;
        go_on(client).await?;
        type_into(client, "field-bank_account_number", "GB33BUKB20201555555555").await?;
        self.shoot("5-second-page").await?;
        go_on(client).await?;
        self.wait_for("#status .qr svg").await?;
        self.shoot("6-payment").await?;
        ensure!(site.transaction(started.id).await.state == State::AwaitingPayment);

        self.introduce(site, extra).await?;
        client.goto(&format!("{host}/sep24/interactive/{}?token=wrong", started.id)).await?;
        client.goto(&format!("{host}/sep24/transaction/more_info?token=old")).await?;
        self.wait_for(".notice").await?;
        self.shoot("9-expired").await
    }

    /// Somebody whom the business does not know: personal data by their SEP-9 names, and a photo of a document.
    async fn introduce(&self, site: &Site, extra: &str) -> Result<()> {
        let client = self.client();
        let started =
            site.start_with(Kind::Deposit, |new| new.request.customer = Some("unknown".to_owned())).await;
        client.goto(&address(site, &started, extra)).await?;
        type_into(client, "field-amount", "100").await?;
        go_on(client).await?;
        self.wait_for("#field-photo_id_front").await?;
        self.shoot("7-identity").await?;

        let files = tempfile::tempdir()?;
        let (wrong, photo) = (files.path().join("holiday.gif"), files.path().join("passport.jpg"));
        std::fs::write(&wrong, b"GIF89a")?;
        std::fs::write(&photo, b"\xff\xd8\xff a photo")?;
        type_into(client, "field-first_name", "Ana").await?;
        type_into(client, "field-mobile_number", "+55 11 98765 4321").await?;
        type_into(client, "field-children", "99").await?;
        self.upload(&wrong).await?;
        go_on(client).await?;
        self.wait_for("[role=alert]").await?;
        self.wait_for("#field-photo_id_front-error").await?;
        self.shoot("8-identity-errors").await?;
        type_into(client, "field-last_name", "Souza").await?;
        type_into(client, "field-children", "2").await?;
        type_into(client, "field-address_country_code", "BRA").await?;
        // as the browser's own calendar fills it in: what is typed depends on the language
        let day = "arguments[0].value = '1990-12-31'";
        let field = client.find(Locator::Id("field-birth_date")).await?;
        client.execute(day, vec![serde_json::to_value(field)?]).await?;
        self.upload(&photo).await?;
        go_on(client).await?;
        self.wait_for("#status .pay").await?;
        ensure!(site.transaction(started.id).await.state == State::AwaitingFunds);
        Ok(())
    }

    /// Files cannot be cleared as text can.
    async fn upload(&self, file: &Path) -> Result<()> {
        let field = self.client().find(Locator::Id("field-photo_id_front")).await?;
        Ok(field.send_keys(&file.display().to_string()).await?)
    }

    async fn style(&self, css: &str, property: &str) -> Result<Value> {
        let script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]";
        Ok(self.client().execute(script, vec![json!(css), json!(property)]).await?)
    }
}

fn pictures() -> Result<PathBuf> {
    let folder = found::workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Every letter of the texts becomes an Arabic one; `{placeholders}` stay.
fn from_right_to_left(english: &str) -> String {
    let letters: BTreeMap<char, char> =
        "abcdefghijklmnopqrstuvwxyz".chars().zip("ابجديفقهوزحطيكلمنسعفصقرشتث".chars()).collect();
    let turn = |text: &str| {
        let mut inside = false;
        let turned = text.chars().map(|letter| {
            inside = if inside { letter != '}' } else { letter == '{' };
            if inside { letter } else { *letters.get(&letter.to_ascii_lowercase()).unwrap_or(&letter) }
        });
        turned.collect::<String>()
    };
    let lines = english.lines().filter_map(|line| line.split_once(" = "));
    let texts = lines.map(|(key, text)| match key {
        "_dir" => "_dir = rtl\n".to_owned(),
        key => format!("{key} = {}\n", turn(text)),
    });
    texts.collect()
}

#[actix_web::test]
async fn pages_are_usable_on_a_desk() -> Result<()> {
    let Some(camera) = Camera::new("desk", Look::desk("en")).await? else { return Ok(()) };
    camera.walk(&serve_anchor().await?, "").await
}

#[actix_web::test]
async fn pages_are_usable_on_a_phone_in_the_dark() -> Result<()> {
    let look = Look { phone: true, dark: true, ..Look::desk("es") };
    let Some(camera) = Camera::new("phone-dark-es", look).await? else { return Ok(()) };
    camera.walk(&serve_anchor().await?, "").await?;
    assert_eq!(camera.style("body", "backgroundColor").await?, json!("rgb(16, 18, 22)"));
    Ok(())
}

#[actix_web::test]
async fn pages_are_usable_without_scripts() -> Result<()> {
    let look = Look { script: false, ..Look::desk("fr") };
    let Some(camera) = Camera::new("desk-no-script-fr", look).await? else { return Ok(()) };
    let site = serve_anchor().await?;
    let started = site.start(Kind::Deposit).await;
    let client = camera.client();
    client.goto(&address(&site, &started, "")).await?;
    type_into(client, "field-amount", "250").await?;
    client.find(Locator::Css("button[value=preview]")).await?.click().await?;
    let received = client.wait().for_element(Locator::XPath("//dd[normalize-space()='247.75 USDC']")).await;
    received.context("the price is shown by a button")?;
    camera.walk(&site, "").await
}

#[actix_web::test]
async fn pages_are_usable_from_right_to_left_in_the_colours_of_the_business() -> Result<()> {
    let look = Look { phone: true, ..Look::desk("ar") };
    let Some(camera) = Camera::new("phone-rtl-brand", look).await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let english = include_str!("../../../anchor-web/locales/en.txt");
    std::fs::create_dir(folder.path().join("locales"))?;
    std::fs::write(folder.path().join("locales/ar.txt"), from_right_to_left(english))?;
    let logo = folder.path().join("logo.svg");
    std::fs::write(
        &logo,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="30" fill="#0a7f5a"/></svg>"##,
    )?;
    let (folder, logo) = (folder.path().display().to_string(), logo.display().to_string());
    let settings =
        [("PAGES_DIR", folder.as_str()), ("BRAND_COLOR", "#00b386"), ("BRAND_LOGO", logo.as_str())];
    let site = serve_anchor_with(&settings).await?;
    let started = site.start(Kind::Deposit).await;
    camera.client().goto(&address(&site, &started, "")).await?;
    assert_eq!(camera.style("html", "direction").await?, json!("rtl"));
    let width =
        camera.client().execute("return document.querySelector('.logo').naturalWidth", vec![]).await?;
    assert_ne!(width, json!(0), "the logo is loaded");
    assert_ne!(camera.style(".button", "backgroundColor").await?, json!("rgb(43, 79, 216)"));
    camera.walk(&site, "").await
}
