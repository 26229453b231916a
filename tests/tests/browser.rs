//! The hosted pages in a real browser, as a wallet opens them: a window with `postMessage`, a person who types and
//! clicks. And the harness itself: it opens pages of this machine and leaves nothing running.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer, rt};
use anchor_core::amount::Money;
use anchor_core::ops;
use anchor_core::transaction::{Actor, Fact, Kind, Receipt, Settlement, State};
use anchor_tests::browser::Browser;
use anchor_tests::found;
use anyhow::{Context as _, Result};
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use support::{Site, Started, SystemOrManual};

#[path = "browser/callbacks.rs"]
mod callbacks;
#[path = "browser/look.rs"]
mod look;
#[path = "pages/support.rs"]
mod support;

/// Answers every request with one page that says which language was asked for.
fn serve_language() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let language = request.lines().find_map(|line| line.strip_prefix("accept-language:"));
            let page = format!("<p id=language>{}</p>", language.unwrap_or_default());
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _unused = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    Ok(url)
}

#[tokio::test]
async fn browser_opens_a_page_in_the_language_it_was_started_with() -> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let browser = Browser::start(&chromium, "pt-BR").await?;
    browser.client.goto(&serve_language()?).await?;
    let shown = browser.client.find(Locator::Id("language")).await?.text().await?;
    assert!(shown.contains("pt-br"), "{shown}");
    Ok(())
}

/// A wallet on another origin, that remembers what its window is told.
const WALLET: &str = "<!doctype html><title>Wallet</title><script>
    window.told = [];
    addEventListener('message', (event) => told.push(event.data));
</script>";

fn serve_wallet() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _unused = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _unused = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{WALLET}", WALLET.len());
        }
    });
    Ok(url)
}

/// An anchor that listens; it ends with the test.
async fn serve_anchor() -> Result<Site> {
    serve_anchor_with(&[]).await
}

/// With other settings.
async fn serve_anchor_with(settings: &[(&str, &str)]) -> Result<Site> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = format!("http://localhost:{}", listener.local_addr()?.port());
    let site = Site::with(&host, SystemOrManual::System, settings).await;
    let web = site.web.clone();
    let server = HttpServer::new(move || App::new().configure(web.routes())).workers(1).disable_signals();
    rt::spawn(server.listen(listener)?.run());
    Ok(site)
}

fn address(site: &Site, started: &Started, extra: &str) -> String {
    let host = site.anchor.config().host_url();
    format!("{host}/sep24/interactive/{}?token={}{extra}", started.id, started.token)
}

/// Opens `url` from a wallet's page, in a window of its own, and goes there.
async fn open_from_wallet(client: &Client, url: &str) -> Result<WindowHandle> {
    client.goto(&serve_wallet()?).await?;
    let wallet = client.window().await?;
    client
        .execute("window.open(arguments[0], '_blank', 'popup,width=390,height=844')", vec![json!(url)])
        .await?;
    let popup = client.windows().await?.into_iter().find(|window| *window != wallet).unwrap();
    client.switch_to_window(popup).await?;
    Ok(wallet)
}

async fn type_into(client: &Client, id: &str, text: &str) -> Result<()> {
    let field = client.wait().for_element(Locator::Id(id)).await.with_context(|| format!("no #{id}"))?;
    field.clear().await?;
    Ok(field.send_keys(text).await?)
}

/// By the keyboard: a price that appears at that moment may move the button away from below the mouse.
async fn go_on(client: &Client) -> Result<()> {
    let button = client.find(Locator::Css("form button.button")).await?;
    Ok(button.send_keys(&Key::Enter.to_string()).await?)
}

async fn headline(client: &Client, expected: &str) -> Result<()> {
    let heading = format!("//h1[normalize-space()='{expected}']");
    client.wait().for_element(Locator::XPath(&heading)).await.with_context(|| heading.clone())?;
    Ok(())
}

async fn told(client: &Client) -> Result<Vec<Value>> {
    Ok(serde_json::from_value(client.execute("return window.told", vec![]).await?)?)
}

#[actix_web::test]
async fn r_24_069_r_24_077_r_24_078_t_24_11_deposit_is_clicked_through_and_the_wallets_window_is_told()
-> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let browser = Browser::start(&chromium, "en").await?;
    let (client, site) = (&browser.client, serve_anchor().await?);
    let started = site.start(Kind::Deposit).await;
    let both = "&callback=postMessage&on_change_callback=postmessage";
    let wallet = open_from_wallet(client, &address(&site, &started, both)).await?;

    headline(client, "Deposit USDC").await?;
    let here = client.current_url().await?;
    assert_eq!(here.query(), None, "the token is gone from the address bar");

    // priced while it is typed, by our own script and style only
    type_into(client, "field-amount", "250").await?;
    let received = "//dd[normalize-space()='247.75 USDC']";
    client.wait().for_element(Locator::XPath(received)).await?;

    // a wrong page comes back with the cursor in the first wrong field
    go_on(client).await?;
    client.wait().for_element(Locator::Css("[role=alert]")).await?;
    let focused = client.execute("return document.activeElement.id", vec![]).await?;
    assert_eq!(focused, json!("field-first_name"));
    type_into(client, "field-first_name", "Ana").await?;
    let error = client.find(Locator::Id("field-first_name-error")).await?;
    assert!(!error.is_displayed().await?, "what is being corrected is no longer called wrong");
    type_into(client, "field-email_address", "ana@example.org").await?;
    client.find(Locator::Id("field-address_country_code")).await?.select_by_value("ID").await?;
    client.find(Locator::Css("label[for=field-terms]")).await?.click().await?;
    go_on(client).await?;

    headline(client, "Send the money").await?;
    assert_eq!(site.transaction(started.id).await.state, State::AwaitingFunds);
    let reference = format!("[data-copy='{}']", started.id);
    assert!(client.find(Locator::Css(&reference)).await?.is_displayed().await?);

    // the page follows what happens without being reloaded
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
    headline(client, "Your money has arrived").await?;

    client.find(Locator::Id("close")).await?.click().await?;
    client.switch_to_window(wallet).await?;
    assert_eq!(client.windows().await?.len(), 1, "the window has closed itself");
    let told = told(client).await?;
    let statuses: Vec<_> = told.iter().map(|message| message["transaction"]["status"].clone()).collect();
    // two changes, and once that the user has finished
    assert_eq!(statuses, ["pending_user_transfer_start", "pending_anchor", "pending_anchor"]);
    assert!(told.iter().all(|message| message["transaction"]["id"] == started.id.to_string()));
    Ok(())
}

#[actix_web::test]
async fn r_24_076_r_24_077_closed_window_tells_the_wallet_once_and_only_what_it_asked_for() -> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let browser = Browser::start(&chromium, "pt-BR").await?;
    let (client, site) = (&browser.client, serve_anchor().await?);
    let started = site.start(Kind::Withdrawal).await;
    let wallet = open_from_wallet(client, &address(&site, &started, "&callback=postMessage")).await?;

    headline(client, "Levantar USDC").await?;
    type_into(client, "field-amount", "100").await?;
    go_on(client).await?;
    headline(client, "Your bank account").await?;
    type_into(client, "field-bank_account_number", "GB33BUKB20201555555555").await?;
    go_on(client).await?;
    headline(client, "Envie os seus USDC").await?;
    let receiving = site.transaction(started.id).await.terms.unwrap().receiving.unwrap();
    let memo = format!("[data-copy='{}']", receiving.memo.value().unwrap());
    assert!(client.find(Locator::Css(&memo)).await?.is_displayed().await?);

    // back by the history: nothing is agreed twice, nothing breaks
    client.back().await?;
    client.refresh().await?;
    headline(client, "Envie os seus USDC").await?;
    client.close_window().await?;
    client.switch_to_window(wallet).await?;
    let told = told(client).await?;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["transaction"]["withdraw_memo"], json!(receiving.memo.value()));
    Ok(())
}

#[actix_web::test]
async fn r_24_066_t_24_08_address_opened_in_a_second_browser_is_refused() -> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let site = serve_anchor().await?;
    let started = site.start(Kind::Deposit).await;
    let url = address(&site, &started, "");
    let (first, second) = (Browser::start(&chromium, "en").await?, Browser::start(&chromium, "es").await?);
    first.client.goto(&url).await?;
    headline(&first.client, "Deposit USDC").await?;
    second.client.goto(&url).await?;
    headline(&second.client, "Este enlace ya no funciona").await?;
    second.client.goto(first.client.current_url().await?.as_str()).await?;
    headline(&second.client, "Abra esta página desde su billetera").await?;
    first.client.goto(&url).await?;
    headline(&first.client, "Deposit USDC").await?;
    Ok(())
}

#[actix_web::test]
async fn r_24_064_t_24_08_address_that_is_opened_too_late_says_what_to_do() -> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let site = serve_anchor().await?;
    let started = site.start(Kind::Deposit).await;
    site.clock.advance(Duration::from_secs(301));
    let browser = Browser::start(&chromium, "en").await?;
    browser.client.goto(&address(&site, &started, "")).await?;
    headline(&browser.client, "This link does not work any more").await?;
    let advice = browser.client.find(Locator::Css(".notice .lead")).await?.text().await?;
    assert!(advice.contains("wallet"), "{advice}");
    assert_eq!(site.transaction(started.id).await.state, State::Collecting);
    Ok(())
}
