//! Sends money through a receiving anchor.

use std::path::PathBuf;

use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, Result};
use clap::Parser;
use demo_wallet::anchor::AnchorClient;
use demo_wallet::auth;
use demo_wallet::ledger::Account;
use sending_anchor::arguments::Remittance;
use sending_anchor::callbacks::{self, Inbox};
use sending_anchor::journal::Journal;
use sending_anchor::receiver::Receiver;
use sending_anchor::send;
use url::Url;

/// Sends one payment, and follows it to its end.
#[derive(Parser)]
struct Cli {
    /// The receiving anchor, which has to know our account in its `SENDING_ANCHORS`
    #[arg(long, default_value = "http://localhost:8000")]
    anchor: String,
    /// The token that is paid
    #[arg(long, default_value = "TEST")]
    asset: String,
    #[command(flatten)]
    remittance: Remittance,
    /// Our key; it is made if it is not there
    #[arg(long, default_value = "sending-anchor.seed")]
    key: PathBuf,
    /// Where we remember how far our payments have come
    #[arg(long, default_value = "sending-anchor.payments")]
    journal: PathBuf,
    /// Where we listen for news
    #[arg(long, default_value = "127.0.0.1:8003")]
    listen: String,
    /// How the receiving anchor reaches that
    #[arg(long, default_value = "http://localhost:8003/news")]
    news: Url,
}

#[actix_web::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    let mut journal = Journal::open(&cli.journal, &cli.remittance.order)?;
    let client = AnchorClient::discover(&cli.anchor, &cli.asset, None).await?;
    let account = Account::open(&cli.key, &client.toml).await?;
    println!("we are   {}", account.key.account());
    account.trust(&client.toml.asset).await.context("the trust line could not be added")?;
    let token = auth::authenticate(&client, &account.key).await.context("the anchor did not let us in")?;
    let host = cli.news.host_str().unwrap_or_default();
    let host = cli.news.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let inbox = web::Data::new(Inbox::new(client.toml.signing_key, host));
    let (data, path) = (inbox.clone(), cli.news.path().to_owned());
    let app = move || App::new().app_data(data.clone()).route(&path, web::post().to(callbacks::post));
    let server = HttpServer::new(app).workers(1).bind(&cli.listen)?.run();
    actix_web::rt::spawn(server);

    let order = cli.remittance.into_order(Some(1), Some(2));
    let anchor = Receiver { client, token };
    let id = send::announce(&anchor, &order, &mut journal, Some(&cli.news)).await?;
    inbox.expect(&id);
    println!("sent     {id}");
    let payment = send::follow(&anchor, &account, &order, &mut journal).await?;
    println!("done     {}: {}", payment.status, payment.amount_out.unwrap_or_default());
    println!("news     {}", inbox.statuses(&id).join(", "));
    Ok(())
}
