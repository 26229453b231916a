//! `callback` and `on_change_callback` as addresses: the anchor's server tells the wallet's server, and the browser,
//! which is on its way through the pages, has no part in it.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use anchor_core::keys::verify;
use anchor_core::transaction::{Actor, Fact, FailureCode, Kind};
use anchor_tests::browser::Browser;
use anchor_tests::found;
use anchor_worker::{Worker, WorkerConfig};
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::Locator;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::Site;
use crate::{address, go_on, headline, open_from_wallet, serve_anchor, told, type_into};

/// What the wallet's server got.
#[derive(Debug)]
struct Posted {
    path: String,
    content_type: String,
    signature: String,
    body: Bytes,
}

/// A wallet's server: its address, and what is posted to it.
struct WalletServer {
    host: String,
    posted: UnboundedReceiver<Posted>,
}

impl WalletServer {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let host = format!("localhost:{}", listener.local_addr()?.port());
        let (sender, posted) = unbounded_channel();
        let app = move || App::new().app_data(Data::new(sender.clone())).default_service(web::to(take));
        rt::spawn(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run());
        Ok(Self { host, posted })
    }

    /// As the wallet appends it to the address.
    fn parameter(&self, name: &str, path: &str) -> String {
        let url = format!("http://{}{path}", self.host);
        format!("&{}", url::form_urlencoded::Serializer::new(String::new()).append_pair(name, &url).finish())
    }

    /// All that came, as a wallet reads it: signed by the anchor for this host, at this time.
    fn read(&mut self, site: &Site) -> Result<Vec<(String, Value)>> {
        let mut news = Vec::new();
        while let Ok(posted) = self.posted.try_recv() {
            ensure!(posted.content_type == "application/json", "{posted:?}");
            let signature = posted.signature.strip_prefix("t=").context("a time")?;
            let (time, signature) = signature.split_once(", s=").context("a signature")?;
            let mut signed = format!("{time}.{}.", self.host).into_bytes();
            signed.extend_from_slice(&posted.body);
            let anchor = site.anchor.config().signing_key.account();
            ensure!(
                verify(&anchor, &signed, &BASE64_STANDARD.decode(signature)?),
                "not the anchor's signature"
            );
            news.push((posted.path, serde_json::from_slice(&posted.body)?));
        }
        Ok(news)
    }
}

async fn take(request: HttpRequest, body: Bytes, posted: Data<UnboundedSender<Posted>>) -> HttpResponse {
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (content_type, signature) = (header("content-type"), header("signature"));
    let path = format!("{} {}", request.method(), request.uri());
    let _unused = posted.send(Posted { path, content_type, signature, body });
    HttpResponse::Ok().finish()
}

/// The worker tells what is to be told, until nothing is left.
async fn deliver(site: &Site) -> Result<()> {
    site.clock.advance(Duration::from_secs(1));
    let worker = Worker::new(site.anchor.clone(), WorkerConfig::default())?.jobs(["deliver_events"])?;
    worker.run_until_idle().await?;
    Ok(())
}

#[actix_web::test]
async fn r_24_075_r_24_076_r_24_079_r_24_081_wallets_server_is_told_while_the_browser_tells_nobody()
-> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let browser = Browser::start(&chromium, "en").await?;
    let (client, site) = (&browser.client, serve_anchor().await?);
    let mut wallet = WalletServer::start()?;
    let both = wallet.parameter("callback", "/finished?user=7")
        + &wallet.parameter("on_change_callback", "/changed?user=7");
    let started = site.start_with(Kind::Deposit, |new| new.request.customer = Some("plain".to_owned())).await;
    let opener = open_from_wallet(client, &address(&site, &started, &both)).await?;

    headline(client, "Deposit USDC").await?;
    assert_eq!(
        client.current_url().await?.query(),
        None,
        "the wallet's address is gone from the address bar"
    );
    deliver(&site).await?;
    assert_eq!(wallet.read(&site)?, [], "nothing has happened yet");
    type_into(client, "field-amount", "250").await?;
    go_on(client).await?;
    headline(client, "Send the money").await?;
    let page = client.source().await?;
    assert!(!page.contains(&wallet.host) && !page.contains("user=7"), "{page}");
    deliver(&site).await?;
    let news = wallet.read(&site)?;
    let shown = site.anchor.documents().context("documents")?.document(&site.transaction(started.id).await);
    assert_eq!(shown["transaction"]["status"], "pending_user_transfer_start");
    let mut paths: Vec<&str> = news.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["POST /changed?user=7", "POST /finished?user=7"]);
    assert!(
        news.iter().all(|(_, document)| *document == shown),
        "the whole transaction, as the API shows it"
    );

    // the window closes: nobody is told a second time, and not by the browser
    client.find(Locator::Id("close")).await?.click().await?;
    client.switch_to_window(opener).await?;
    assert_eq!(client.windows().await?.len(), 1, "the window has closed itself");
    assert_eq!(told(client).await?, [json!(null); 0]);
    deliver(&site).await?;
    assert_eq!(wallet.read(&site)?, []);

    // later changes are told as well, the end of the flow is not
    let fact = Fact::Failed { code: FailureCode::Error, reason: "The bank has closed.".to_owned() };
    let transaction = site.transaction(started.id).await;
    anchor_core::ops::commit(&site.anchor, &transaction, fact, Actor::Operator("ana".to_owned()), false)
        .await?;
    deliver(&site).await?;
    let news = wallet.read(&site)?;
    assert_eq!(news.len(), 1, "{news:?}");
    assert_eq!((&*news[0].0, &news[0].1["transaction"]["status"]), ("POST /changed?user=7", &json!("error")));
    Ok(())
}

/// The same wallet, or another one that guessed, gets nothing of what it did not ask for.
#[actix_web::test]
async fn peer_one_wallets_news_is_told_to_that_wallet_only() -> Result<()> {
    let site = serve_anchor().await?;
    let (mut one, mut two) = (WalletServer::start()?, WalletServer::start()?);
    let mut ids = Vec::new();
    for wallet in [&one, &two] {
        let started =
            site.start_with(Kind::Deposit, |new| new.request.customer = Some("plain".to_owned())).await;
        let both =
            wallet.parameter("callback", "/finished") + &wallet.parameter("on_change_callback", "/changed");
        let visitor = site.visit_with(&started, &both).await;
        visitor.post("amount", &[("amount", "100")]).await;
        ids.push(started.id.to_string());
    }
    // and a wallet that wants to hear of nothing
    let silent = site.start_with(Kind::Deposit, |new| new.request.customer = Some("plain".to_owned())).await;
    site.visit(&silent).await.post("amount", &[("amount", "100")]).await;
    deliver(&site).await?;
    for (wallet, id) in [(&mut one, &ids[0]), (&mut two, &ids[1])] {
        let news = wallet.read(&site)?;
        assert_eq!(news.len(), 2, "{news:?}");
        assert!(news.iter().all(|(_, document)| document["transaction"]["id"] == **id), "{news:?}");
    }
    Ok(())
}
