//! Wallets built on the official SDKs, which nobody here wrote, against the example anchor as a program of its own.

use anchor_core::account::AccountId;
use anchor_core::amount::StellarAmount;
use anchor_core::keys::SigningKey;
use anchor_core::stellar::horizon::{HorizonLedger, HorizonOptions};
use anchor_core::stellar::{Ledger as _, Network};
use anchor_devnet::{CloseMode, Devnet};
use anchor_tests::anchor_process::AnchorProgram;
use anchor_tests::database::TestDatabase;
use anchor_tests::found;
use anchor_tests::wallet_host::WalletHost;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;

/// Without a port: only this satisfies every checker of `web_auth_domain` (see tests/clients/README.md).
const HOST_URL: &str = "http://localhost";

/// An anchor that offers TEST for a fee of 1, and its network.
struct Running {
    devnet: Devnet,
    anchor: AnchorProgram,
    _process: Child,
    _folder: TempDir,
}

impl Running {
    async fn on(database: &TestDatabase) -> Result<Self> {
        Self::with(database, &[]).await
    }

    async fn with(database: &TestDatabase, settings: &[(&'static str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let devnet = Devnet::builder().close(CloseMode::Instant).start().await?;
        let anchor = AnchorProgram::new(folder.path(), database.url(), &devnet.url()).await?;
        let anchor = anchor.calling_itself(HOST_URL);
        let anchor = settings.iter().fold(anchor, |anchor, (name, value)| anchor.with(name, value));
        anchor.run_once(&["testnet", "issue", "--asset", "TEST"]).await?;
        let process = anchor.start_server(&["all"]).await?;
        Ok(Self { devnet, anchor, _process: process, _folder: folder })
    }

    /// As curl's option: connections for the anchor's name go to the port where it listens.
    fn connect_to(&self) -> String {
        format!("localhost:80:{}", self.anchor.listen)
    }

    /// What the ledger says the wallet of this report holds of the asset.
    async fn held(&self, report: &Value) -> Result<StellarAmount> {
        let network = Network::new("Test SDF Network ; September 2015");
        let ledger = HorizonLedger::new(&self.devnet.url().parse()?, network, HorizonOptions::default())?;
        let account: AccountId = text(report, "/account")?.parse()?;
        let account = ledger.account(&account).await?.context("the wallet has no account")?;
        let asset = text(report, "/toml/asset")?;
        let line = account.trust_lines.iter().find(|line| asset.ends_with(&line.asset.to_string()));
        Ok(line.with_context(|| format!("no trust line for {asset}"))?.balance)
    }

    /// The amounts of the bank's transfers.
    fn transfers(&self) -> Result<Vec<String>> {
        let book = std::fs::read_to_string(self.anchor.bank_book()).unwrap_or_default();
        book.lines().map(|line| text(&serde_json::from_str(line)?, "/amount")).collect()
    }
}

fn text(report: &Value, pointer: &str) -> Result<String> {
    let found = report.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer} in {report:#}"))
}

fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("a payload")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?)
}

fn statuses(report: &Value, of: &str) -> Vec<String> {
    let statuses = report[of]["statuses"].as_array().cloned().unwrap_or_default();
    statuses.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

anchor_tests::on_each_database! {
    /// The whole life of a customer; every number is said by the anchor, by Horizon and by the ledger itself.
    async fn r_24_010_typescript_wallet_deposits_and_withdraws_on_fake_rails(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let report = node.run("wallet.mjs", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
            ("horizon", &running.devnet.url()),
            ("asset", "TEST"),
            ("deposit-amount", "25"),
            ("withdraw-amount", "10.5"),
        ]).await?;

        for (pointer, wanted) in [
            ("/balances/before", "0.0000000"),
            ("/deposit/status", "completed"),
            ("/deposit/amount_in", "25"),
            ("/deposit/amount_fee", "1"),
            ("/deposit/amount_out", "24"),
            ("/balances/after_deposit", "24.0000000"),
            ("/withdrawal/status", "completed"),
            ("/withdrawal/amount_in", "10.5"),
            ("/withdrawal/amount_fee", "1"),
            ("/withdrawal/amount_out", "9.5"),
            ("/balances/after_withdrawal", "13.5000000"),
        ] {
            assert_eq!(text(&report, pointer)?, wanted, "{pointer} in {report:#}");
        }
        assert_eq!(running.held(&report).await?, "13.5".parse()?);
        assert_eq!(text(&report, "/withdrawal/paid_in")?, text(&report, "/withdrawal/stellar_transaction_id")?);
        assert_eq!(running.transfers()?, ["9.5"]);
        Ok(())
    }

    async fn interop_part_8_1_typescript_wallet_makes_itself_known_and_forgotten(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let report = node.run("customer.mjs", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
        ]).await?;
        for (pointer, wanted) in [
            ("/stranger", "CustomerNotFoundError"),
            ("/asked/status", "NEEDS_INFO"),
            ("/asked/fields/email_address/type", "string"),
            ("/more/status", "NEEDS_INFO"),
            ("/more/fields/id_number/type", "string"),
            ("/more/provided_fields/photo_id_front/type", "binary"),
            ("/accepted/status", "ACCEPTED"),
        ] {
            assert_eq!(text(&report, pointer)?, wanted, "{pointer} in {report:#}");
        }
        assert_ne!(report["gone"], "known", "{report:#}");
        Ok(())
    }

    /// By API: a customer who is known first, then a deposit, a withdrawal, and an exchange at a firm price.
    async fn r_06_212_typescript_wallet_deposits_withdraws_and_exchanges_by_api(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let report = node.run("sep6.mjs", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
            ("horizon", &running.devnet.url()),
            ("asset", "TEST"),
            ("deposit-amount", "25"),
            ("withdraw-amount", "10.5"),
            ("customer", "first_name=Ada&last_name=Lovelace&email_address=ada@wallet.example"),
        ]).await?;
        for (pointer, wanted) in [
            ("/deposit/kind", "deposit"),
            ("/deposit/amount_out", "24"),
            ("/withdrawal/amount_in", "10.5"),
            ("/withdrawal/amount_out", "9.5"),
            ("/exchange/kind", "deposit-exchange"),
            ("/exchange/amount_in", "547.4"),
            ("/exchange/amount_in_asset", "iso4217:BRL"),
            ("/exchange/amount_out", "100"),
            ("/balance", "113.5000000"),
        ] {
            assert_eq!(text(&report, pointer)?, wanted, "{pointer} in {report:#}");
        }
        assert_eq!(report["kinds"], serde_json::json!(["deposit-exchange", "withdrawal", "deposit"]), "{report:#}");
        assert_eq!(running.transfers()?, ["9.5"]);
        Ok(())
    }

    /// 5.40 and one per cent for a token, and a fee of two; the deposit is about what was promised.
    async fn r_24_138_typescript_wallet_gets_a_quote_and_deposits_with_it(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let report = node.run("quotes.mjs", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
            ("asset", "TEST"),
            ("sell", "iso4217:BRL"),
            ("amount", "547.4"),
            ("by", "PIX"),
        ]).await?;
        let quote = &report["quote"];
        for (pointer, wanted) in [
            ("/quote/sell_amount", "547.4"),
            ("/quote/buy_amount", "100"),
            ("/quote/price", "5.454"),
            ("/quote/sell_delivery_method", "PIX"),
            ("/transaction/amount_in", "547.4"),
            ("/transaction/amount_in_asset", "iso4217:BRL"),
            ("/transaction/amount_out", "100"),
            ("/transaction/amount_fee", "2"),
        ] {
            assert_eq!(text(&report, pointer)?, wanted, "{pointer} in {report:#}");
        }
        assert_eq!(report["transaction"]["quote_id"], quote["id"], "{report:#}");
        assert_eq!(report["prices"][0]["asset"], quote["buy_asset"], "{report:#}");
        Ok(())
    }

    /// The deposit waits in `pending_trust` and goes on by itself.
    async fn typescript_wallet_that_trusts_late_gets_its_deposit(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let report = node.run("wallet.mjs", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
            ("horizon", &running.devnet.url()),
            ("asset", "TEST"),
            ("trustline", "asks"),
            ("deposit-amount", "7"),
        ]).await?;

        assert!(statuses(&report, "deposit").contains(&"pending_trust".into()), "{report:#}");
        assert_eq!(text(&report, "/balances/after_deposit")?, "6.0000000");
        assert_eq!(running.held(&report).await?, "6".parse()?);
        Ok(())
    }

    /// The SDK's own checks of the challenge, as JSON and as a form, alone and as a user of an omnibus account.
    async fn python_wallet_authenticates(database: TestDatabase) -> Result<()> {
        let Some(python) = found::python() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let connect_to = running.connect_to();
        let options = [("home-domain", "localhost"), ("connect-to", connect_to.as_str())];
        for memo in [None, Some(("memo", "1234567"))] {
            let options: Vec<_> = options.into_iter().chain(memo).collect();
            let report = python.run("wallet.py", &options).await?;
            for token in ["/token_for_json", "/token_for_form"] {
                assert_eq!(text(&report, token)?.split('.').count(), 3, "{token} in {report:#}");
            }
            assert!(!text(&report, "/refusal_of_unsigned")?.is_empty());
        }
        Ok(())
    }

    /// The same for a wallet that proves its domain by a second key, which its own stellar.toml names.
    async fn python_wallet_proves_its_domain(database: TestDatabase) -> Result<()> {
        let Some(python) = found::python() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let key = SigningKey::generate();
        let host = WalletHost::with_key(key.account()).await?;
        let report = python.run("wallet.py", &[
            ("home-domain", "localhost"),
            ("connect-to", &running.connect_to()),
            ("client-domain", &host.domain()),
            ("client-secret", key.to_strkey().expose()),
        ]).await?;
        for token in ["/token_for_json", "/token_for_form"] {
            assert_eq!(claims(&text(&report, token)?)?["client_domain"], host.domain());
        }
        assert_eq!(host.asked(), 1, "the file is remembered");
        Ok(())
    }

    /// Both JavaScript SDKs: each step by hand, verified as a server does; then as wallets, with the requests signed by
    /// the account and by the wallet's domain.
    async fn javascript_wallets_authenticate_prove_their_domain_and_sign_requests(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::on(&database).await?;
        let connect_to = running.connect_to();
        let options = [("home-domain", "localhost"), ("connect-to", connect_to.as_str())];
        for memo in ["0", "18446744073709551615"] {
            let options: Vec<_> = options.into_iter().chain([("memo", memo)]).collect();
            let report = node.run("auth.mjs", &options).await?;
            let account = text(&report, "/by_hand/account")?;
            assert_eq!(text(&report, "/by_hand/claims/sub")?, format!("{account}:{memo}"));
        }

        let key = SigningKey::generate();
        let host = WalletHost::with_key(key.account()).await?;
        let (domain, secret) = (host.domain(), key.to_strkey());
        let wallet = [("client-domain", domain.as_str()), ("client-secret", secret.expose().as_str())];
        let options: Vec<_> = options.into_iter().chain(wallet).collect();
        let report = node.run("auth.mjs", &options).await?;
        for way in ["by_hand", "wallet", "signed_wallet"] {
            assert_eq!(text(&report, &format!("/{way}/claims/client_domain"))?, domain, "{way}");
            let account = text(&report, &format!("/{way}/account"))?;
            assert_eq!(text(&report, &format!("/{way}/claims/sub"))?, account, "{way}");
        }
        assert!(report.pointer("/signed_account/claims/sub").is_some(), "{report:#}");
        assert!(report.pointer("/signed_account/claims/client_domain").is_none(), "{report:#}");
        Ok(())
    }

    /// Nobody else gets a challenge there, so that a token proves that the SDK signed its request.
    async fn javascript_wallet_signs_its_requests_where_that_is_required(database: TestDatabase) -> Result<()> {
        let Some(node) = found::node() else { return Ok(()) };
        let running = Running::with(&database, &[("SEP10_AUTHORIZATION_REQUIRED", "1")]).await?;
        let key = SigningKey::generate();
        let host = WalletHost::with_key(key.account()).await?;
        let (connect_to, domain, secret) = (running.connect_to(), host.domain(), key.to_strkey());
        let options = [
            ("home-domain", "localhost"),
            ("connect-to", connect_to.as_str()),
            ("client-domain", domain.as_str()),
            ("client-secret", secret.expose().as_str()),
        ];
        let refused = node.run("auth.mjs", &options).await.err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|text| text.contains("answered 401")), "{refused:?}");
        let options: Vec<_> = options.into_iter().chain([("signed-only", "yes")]).collect();
        let report = node.run("auth.mjs", &options).await?;
        assert_eq!(text(&report, "/signed_wallet/claims/client_domain")?, domain);
        assert!(report.pointer("/signed_account/claims/sub").is_some(), "{report:#}");
        Ok(())
    }
}
