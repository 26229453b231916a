//! Reads the sources and holds the walls of the design: who may import whom, what may not be written at all.

#[path = "tidy/conformance.rs"]
mod conformance;
#[path = "tidy/interop.rs"]
mod interop;
#[path = "tidy/peers.rs"]
mod peers;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use anchor_tests::found::workspace;
use anyhow::{Context as _, Result};

use rules::{LINES_LISTED, RULES};
use source::{Source, read_all};

/// An alarm on a metric that nobody exports never rings.
#[test]
fn every_metric_that_operators_are_told_of_is_exported() -> Result<()> {
    let code: String = read_all(workspace())?
        .iter()
        .filter(|source| source.is_rust() && source.path.starts_with("anchor-"))
        .flat_map(|source| source.text.chars().filter(|c| !c.is_whitespace()))
        .collect();
    for page in ["examples/production/alerts.yml", "docs/operating.md"] {
        let text = std::fs::read_to_string(workspace().join(page))?;
        let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
        let names: BTreeSet<&str> =
            text.split(|c| !is_part(c)).filter_map(|word| word.strip_prefix("anchor_")).collect();
        assert!(names.len() > 10, "{page}: {names:?}");
        for name in names {
            // a counter is registered without what its name ends in
            let registered = name.strip_suffix("_total").unwrap_or(name);
            assert!(
                code.contains(&format!("register(\"{registered}\",")),
                "{page}: nobody exports anchor_{name}"
            );
        }
    }
    Ok(())
}

#[test]
fn sources_respect_every_wall() -> Result<()> {
    let sources = read_all(workspace())?;
    assert!(
        sources.iter().any(|source| source.path == "anchor-core/src/lib.rs"),
        "the sources were not found"
    );
    for source in sources.iter().filter(|source| source.is_rust() && !source.is_test_sibling()) {
        let length = source.text.lines().count();
        if length > LINES_LISTED {
            writeln!(std::io::stderr(), "long, think again: {length} lines in {}", source.path)?;
        }
    }
    let broken: Vec<String> = sources.iter().flat_map(violations).collect();
    assert!(broken.is_empty(), "{} violations:\n{}", broken.len(), broken.join("\n"));
    Ok(())
}

#[test]
fn both_databases_have_the_same_migrations() -> Result<()> {
    let migrations = workspace().join("migrations");
    let (sqlite, postgres) = (folders(&migrations.join("sqlite"))?, folders(&migrations.join("postgres"))?);
    assert_eq!(sqlite, postgres);
    for (backend, name) in
        sqlite.iter().map(|name| ("sqlite", name)).chain(postgres.iter().map(|name| ("postgres", name)))
    {
        for script in ["up.sql", "down.sql"] {
            let script = migrations.join(backend).join(name).join(script);
            assert!(script.is_file(), "{} is missing", script.display());
        }
    }
    Ok(())
}

#[test]
fn links_between_documents_resolve() -> Result<()> {
    let sources = read_all(workspace())?;
    let mut dead = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        let folder = workspace().join(&source.path);
        let folder = folder.parent().context("a file has a folder")?;
        for (line, link) in relative_links(&source.text) {
            if !folder.join(&link).exists() {
                dead.push(format!("{}:{line}: {link}", source.path));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
    Ok(())
}

/// Targets of `[text](target)` that are files of the workspace, without their `#fragment`.
fn relative_links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        in_code ^= line.trim_start().starts_with("```");
        for (at, _) in line.match_indices("](").filter(|_| !in_code) {
            let target = line[at + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                links.push((number, target.to_owned()));
            }
        }
    }
    links
}

/// Killed and started by itself: a job that has no service is done by nobody.
#[test]
fn compose_file_has_a_service_for_every_job() -> Result<()> {
    let text = std::fs::read_to_string(workspace().join("examples/testnet-anchor/docker-compose.yml"))?;
    let named = |line: &str| {
        let (name, rest) = line.strip_prefix("  ")?.split_once(':')?;
        rest.contains("command: [worker,").then(|| {
            assert!(rest.contains(&format!("[worker, {name}]")), "{line}");
            name.to_owned()
        })
    };
    let services: BTreeSet<String> = text.lines().filter_map(named).collect();
    let jobs: BTreeSet<String> = anchor_worker::jobs::NAMES.iter().map(ToString::to_string).collect();
    assert_eq!(services, jobs);
    let readme = std::fs::read_to_string(workspace().join("anchor-worker/README.md"))?;
    let handbook = std::fs::read_to_string(workspace().join("docs/operating.md"))?;
    for job in jobs {
        let row = format!("\n| `{job}` |");
        assert!(readme.contains(&row) && handbook.contains(&row), "{job} is not explained");
    }
    Ok(())
}

#[test]
fn only_relative_links_outside_code_are_followed() {
    let text = "[a](b.md#c) [d](https://example.com)\n```\n[x](y)\n```\n[e](#f) ![g](h/i.png \"t\")";
    assert_eq!(relative_links(text), [(1, "b.md".to_owned()), (5, "h/i.png".to_owned())]);
}

fn folders(parent: &Path) -> Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(parent).with_context(|| parent.display().to_string())?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn violations(source: &Source) -> Vec<String> {
    let broken =
        RULES.iter().flat_map(|(name, rule)| rule(source).into_iter().map(move |found| (name, found)));
    broken.map(|(name, found)| format!("{}:{}: {name}: {}", source.path, found.line, found.what)).collect()
}

/// The lines that some rule refuses in a file of this path and text.
fn refused(path: &str, text: &str) -> Vec<usize> {
    let source = Source::parse(path, text).unwrap_or_else(|error| panic!("{error}"));
    RULES.iter().flat_map(|(_, rule)| rule(&source)).map(|found| found.line).collect()
}

fn assert_refused(path: &str, text: &str) {
    assert!(!refused(path, text).is_empty(), "nothing refuses {path}:\n{text}");
}

fn assert_allowed(path: &str, text: &str) {
    assert_eq!(refused(path, text), [0; 0], "{path}:\n{text}");
}

#[test]
fn diesel_outside_its_store_is_refused() {
    assert_eq!(refused("anchor-core/src/ops/start.rs", "fn f() {}\nuse diesel::prelude::*;"), [2]);
    assert_refused("anchor-web/src/sep24.rs", "#[derive(diesel::Queryable)] struct Row;");
    assert_refused("anchor-core/src/store.rs", "use ::diesel::Connection;");
    assert_refused("anchor-core/src/anchor.rs", "use diesel_migrations::embed_migrations;");
    assert_allowed("anchor-core/src/store/diesel/rows.rs", "use diesel::prelude::*;");
    assert_allowed("anchor-core/src/store.rs", "mod diesel; pub use self::diesel::DieselStore;");
    assert_allowed("anchor-core/src/ops/start.rs", "// diesel does this\nfn f() { let s = \"diesel\"; }");
}

#[test]
fn http_client_outside_the_adapters_is_refused() {
    assert_refused("anchor-core/src/ops/submit.rs", "fn f() { let c = reqwest::Client::new(); }");
    assert_refused("anchor-web/src/sep10.rs", "use reqwest::Client;");
    assert_allowed("anchor-core/src/stellar/horizon/client.rs", "use reqwest::Client;");
    assert_allowed("anchor-core/src/http.rs", "use reqwest::Client;");
    assert_allowed("anchor-core/src/http/own.rs", "use reqwest::Client;");
}

#[test]
fn stellar_rpc_outside_its_adapter_is_refused() {
    assert_refused("anchor-core/src/ops/submit.rs", "fn f() { call(\"sendTransaction\"); }");
    assert_allowed("anchor-core/src/stellar/rpc/submit.rs", "fn f() { call(\"sendTransaction\"); }");
    assert_allowed("anchor-core/src/ops/submit.rs", "// sendTransaction\nfn send_transaction() {}");
}

#[test]
fn web_framework_outside_web_is_refused() {
    assert_refused("anchor-core/src/ops/start.rs", "use actix_web::web;");
    assert_refused("anchor-worker/src/driver.rs", "fn f(t: &tera::Tera) {}");
    assert_allowed("anchor-web/src/lib.rs", "use actix_web::web; use tera::Tera;");
}

#[test]
fn web_and_worker_that_meet_are_refused() {
    assert_refused("anchor-web/src/lib.rs", "use anchor_worker::Worker;");
    assert_refused("anchor-worker/src/lib.rs", "use anchor_web::Sep24;");
    assert_refused("anchor-core/src/lib.rs", "pub use anchor_web as web;");
    assert_refused("anchor-worker/Cargo.toml", "[dependencies]\nactix-web.workspace = true\n");
    assert_refused("anchor-web/Cargo.toml", "[dependencies]\nanchor-worker = \"1\"\n");
    assert_allowed("anchor-web/Cargo.toml", "[dependencies]\nactix-web.workspace = true\n");
}

#[test]
fn protocol_in_the_worker_is_refused() {
    assert_eq!(refused("anchor-worker/src/jobs/expire.rs", "fn f() {}\n// as SEP-24 says"), [2]);
    assert_refused("anchor-worker/src/jobs/expire.rs", "fn sep24() {}");
    assert_refused("anchor-worker/src/jobs/expire.rs", "use Protocol::Sep31;");
    assert_allowed("anchor-worker/src/jobs/expire.rs", "// a separate step, in parsep3\nfn separated() {}");
    assert_allowed("anchor-web/src/sep24.rs", "fn sep24() {}");
}

#[test]
fn impure_transaction_is_refused() {
    let path = "anchor-core/src/transaction/machine.rs";
    assert_refused(path, "use crate::store::Store;");
    assert_refused(path, "use crate::{amount::Amount, store};");
    assert_refused(path, "async fn f() {}");
    assert_refused(path, "fn f(clock: &dyn Clock) {}");
    assert_refused(path, "fn f() { let t = clock.now(); }");
    assert_refused("anchor-core/src/transaction.rs", "use tokio::time;");
    assert_allowed(path, "fn f(now: Timestamp, flag: &AtomicBool) { flag.store(true, Relaxed); g(now) }");
    assert_allowed("anchor-core/src/ops/submit.rs", "use crate::store::Store; async fn f() { clock.now(); }");
}

#[test]
fn integration_that_reaches_the_store_is_refused() {
    assert_refused("anchor-core/src/integration/rails.rs", "use crate::store::Store;");
    assert_refused("anchor-core/src/integration.rs", "use super::{store, asset};");
    assert_allowed(
        "anchor-core/src/integration/rails.rs",
        "use crate::asset::Asset; fn f(store: u8) -> u8 { store }",
    );
}

#[test]
fn floating_point_in_core_is_refused() {
    assert_refused("anchor-core/src/amount.rs", "fn f(a: f64) {}");
    assert_refused("anchor-core/src/amount.rs", "fn f() { let a = 1f32; }");
    assert_refused("anchor-core/src/amount.rs", "fn f(v: Value) { v.as_f64(); }");
    assert_allowed(
        "anchor-core/src/amount.rs",
        "const A: u64 = 0x1f64; fn f(x: ((u8, u8),)) -> u8 { x.0.1 }",
    );
    assert_allowed("anchor-web/src/metrics.rs", "fn f(a: f64) {}");
}

#[test]
fn work_left_for_later_is_refused() {
    assert_eq!(refused("anchor-web/src/lib.rs", "fn a() {}\n// TODO: more"), [2]);
    assert_refused("docs/operating.md", "FIXME later");
    assert_refused("examples/x/src/main.rs", "fn main() { todo!() }");
    assert_refused("tests/tests/x.rs", "#[test] #[ignore] fn t() {}");
    assert_refused("tests/tests/x.rs", "#[test] #[ignore = \"slow\"] fn t() {}");
    assert_refused("anchor-core/src/lib.rs", "fn f() { unimplemented!(\"soon\") }");
    assert_allowed("anchor-core/src/lib.rs", "fn ignore() {}");
}

#[test]
fn long_file_is_refused_unless_it_holds_only_tests() {
    let long = "fn f() {}\n".repeat(801);
    assert_refused("anchor-core/src/lib.rs", &long);
    assert_refused("tests/tests/crash.rs", &long);
    assert_allowed("anchor-core/src/amount/tests.rs", &long);
    assert_allowed("anchor-core/src/lib.rs", &"fn f() {}\n".repeat(800));
}

#[test]
fn time_or_id_from_the_system_is_refused() {
    assert_refused("anchor-core/src/ops/start.rs", "fn f() { chrono::Utc::now(); }");
    assert_refused("anchor-worker/src/driver.rs", "fn f() { std::time::SystemTime::now(); }");
    assert_refused("anchor-web/src/sep24.rs", "fn f() { uuid::Uuid::now_v7(); }");
    assert_refused("anchor-core/src/store/diesel/rows.rs", "fn f() { Uuid::new_v4(); }");
    assert_allowed("anchor-core/src/clock.rs", "fn f() { Utc::now(); }");
    assert_allowed("anchor-core/src/id.rs", "fn f() { Uuid::now_v7(); }");
    assert_allowed("examples/testnet-anchor/src/main.rs", "fn f() { Utc::now(); }");
}

#[test]
fn public_host_in_a_test_is_refused() {
    assert_refused("tests/tests/x.rs", "const A: &str = \"https://api.stellar.expert/x\";");
    assert_refused(
        "anchor-core/src/stellar/horizon/tests.rs",
        "const A: &str = \"http://horizon.stellar.org\";",
    );
    assert_refused("tests/clients/x.mjs", "fetch('https://api.github.com/')");
    assert_allowed(
        "tests/tests/x.rs",
        "// see https://developers.stellar.org\nconst A: &str = \"http://127.0.0.1:80\";",
    );
    assert_allowed(
        "tests/tests/x.rs",
        "const A: &str = \"https://wallet.example.com/cb http://localhost:1 https://{host}/\";",
    );
    assert_allowed("anchor-core/src/config.rs", "const A: &str = \"https://horizon-testnet.stellar.org\";");
}
