//! The OpenAPI document: everything that is mounted, and nothing else; every name that is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest, web};
use anchor_core::asset::Asset;
use anchor_core::fee::{FeeBreakdown, FeeError};
use anchor_core::integration::{FeeInput, FeeIntegration};
use anchor_core::testing::fakes::{ScriptedCustomers, samples};
use anchor_tests::found;
use anchor_tests::web::TestAnchor;
use anchor_web::{Web, WebError};
use anyhow::{Context as _, Result};
use serde_json::Value;

const PATH: &str = "/.well-known/openapi.json";
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Says no figures, so that there is an endpoint for them.
struct OwnFee;

impl FeeIntegration for OwnFee {
    fn fee(&self, _: &FeeInput<'_>) -> Result<FeeBreakdown, FeeError> {
        unreachable!("nobody asks")
    }
}

/// An anchor with every endpoint that there is.
async fn with_everything() -> Result<TestAnchor> {
    let settings = [
        ("OPENAPI_PATH", PATH),
        ("SENDING_ANCHORS", &samples::user().account().to_string()),
        ("CUSTOMER_KEYS", samples::CUSTOMER_KEY),
        ("WEB_AUTH_CONTRACT_ID", "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA"),
        ("SEP45_RPC_URI", "http://localhost:9"),
        ("INTERACTIVE_UI_URL", "http://localhost:3000"),
        ("INTERACTIVE_UI_KEY", "another-key-for-tests-0123456789-abcdefgh"),
    ];
    let asset = Asset { receive: samples::received_asset().receive, ..samples::asset_by_api() };
    TestAnchor::with(&settings, |builder| {
        let builder = builder.quotes(samples::quote_desk(), samples::quotes());
        builder.asset(asset).customers(ScriptedCustomers::new()).fee(OwnFee)
    })
    .await
}

async fn document(anchor: &TestAnchor) -> Result<Value> {
    let answer = anchor.get(PATH, "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    answer.json()
}

/// Methods by path.
fn described(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let methods = |item: Value| item.as_object().into_iter().flat_map(|item| item.keys().cloned()).collect();
    paths.into_iter().map(|(path, item)| (path, methods(item))).collect()
}

/// As actix has them, with all that answers anything but 405.
async fn mounted(anchor: &TestAnchor) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let tree = web::to(|request: HttpRequest| async move { format!("{:#?}", request.resource_map()) });
    let app = init_service(App::new().configure(anchor.web.routes()).default_service(tree)).await;
    let tree = read_body(call_service(&app, TestRequest::get().uri("/nowhere").to_request()).await).await;
    let mut mounted = BTreeMap::new();
    for path in leaves(std::str::from_utf8(&tree)?) {
        let address: String = path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let mut methods = BTreeSet::new();
        for method in METHODS {
            let request =
                TestRequest::default().method(Method::from_bytes(method.to_uppercase().as_bytes())?);
            let response = call_service(&app, request.uri(&address).to_request()).await;
            if response.status() != 405 {
                methods.insert(method.to_owned());
            }
        }
        mounted.insert(path, methods);
    }
    Ok(mounted)
}

/// The whole patterns of the resources in actix's own map of them, which only its debug form shows.
fn leaves(tree: &str) -> Vec<String> {
    let lines: Vec<_> = tree.lines().collect();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut nodes: Vec<(usize, String)> = Vec::new();
    for pair in lines.windows(2) {
        if pair[0].trim() == "patterns: Single(" {
            let pattern = pair[1].trim().trim_end_matches(',').trim_matches('"');
            nodes.push((depth(pair[0]), pattern.to_owned()));
        }
    }
    let mut leaves = Vec::new();
    for (index, (depth, pattern)) in nodes.iter().enumerate() {
        if nodes.get(index + 1).is_some_and(|(next, _)| next > depth) {
            continue; // a scope
        }
        let mut above = *depth;
        let mut path = pattern.clone();
        for (depth, prefix) in nodes[..index].iter().rev() {
            if *depth < above {
                above = *depth;
                path.insert_str(0, prefix);
            }
        }
        leaves.push(path);
    }
    leaves
}

#[actix_web::test]
async fn everything_that_is_mounted_is_described_and_nothing_else() -> Result<()> {
    let anchor = with_everything().await?;
    let (mounted, described) = (mounted(&anchor).await?, described(&document(&anchor).await?));
    assert!(mounted.len() > 35, "the map was not read: {mounted:#?}");
    assert_eq!(described, mounted);
    Ok(())
}

#[actix_web::test]
async fn document_has_only_what_this_anchor_serves() -> Result<()> {
    let settings = [("OPENAPI_PATH", PATH), ("ACTIVE_SEPS", "sep-1,sep-10")];
    let anchor = TestAnchor::with(&settings, |builder| builder).await?;
    let described = described(&document(&anchor).await?);
    assert_eq!(described, mounted(&anchor).await?);
    let paths: Vec<_> = described.keys().map(String::as_str).collect();
    assert_eq!(paths, [PATH, "/.well-known/stellar.toml", "/auth", "/health", "/health/live"]);
    Ok(())
}

#[actix_web::test]
async fn nothing_is_served_without_a_path_nor_at_one_that_is_taken() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    for path in [PATH, "/openapi.json", "/"] {
        assert_eq!(anchor.get(path, "").await.status, 404, "{path}");
    }
    for taken in
        ["/auth", "/health", "/health/live", "/.well-known/stellar.toml", "/sep24/openapi.json", "/sep6"]
    {
        let refused = TestAnchor::with(&[("OPENAPI_PATH", taken)], |builder| builder).await.unwrap_err();
        assert!(matches!(refused.downcast_ref(), Some(WebError::OpenApiPath)), "{taken}: {refused}");
    }
    let near = TestAnchor::with(&[("OPENAPI_PATH", "/sep24.json")], |builder| builder).await?;
    Web::new(near.anchor.clone())?;
    Ok(())
}

/// What a handler asks a request for, by the functions that read it.
fn names_read(source: &str) -> BTreeSet<String> {
    let readers = ["text", "raw_text", "scalar", "decimal", "flag", "nested", "first"];
    let mut names = BTreeSet::new();
    for (at, _) in source.match_indices("(\"") {
        let reader: String =
            source[..at].chars().rev().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let reader: String = reader.chars().rev().collect();
        let name: String = source[at + 2..].chars().take_while(|c| *c != '"').collect();
        if readers.contains(&reader.as_str())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            names.insert(name);
        }
    }
    names
}

/// Parameters of these paths, and members of their bodies.
fn names_described(document: &Value, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    let items = paths.filter(|(path, _)| path.starts_with(prefix)).filter_map(|(_, item)| item.as_object());
    for operation in items.flat_map(|item| item.values()) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        names.extend(parameters.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)));
        for content in
            operation["requestBody"]["content"].as_object().into_iter().flat_map(|each| each.values())
        {
            let schema = match content["schema"]["$ref"].as_str() {
                Some(path) => document.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null),
                None => &content["schema"],
            };
            members(schema, &mut names);
        }
    }
    names
}

/// Members of an object, and of those within.
fn members(schema: &Value, names: &mut BTreeSet<String>) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        names.insert(name.clone());
        members(member, names);
    }
}

#[actix_web::test]
async fn every_name_that_a_handler_reads_is_described() -> Result<()> {
    let document = document(&with_everything().await?).await?;
    let sources = found::workspace().join("anchor-web/src");
    for (module, prefix) in [
        ("sep6", "/sep6/"),
        ("history", "/sep6/transaction"),
        ("history", "/sep24/transaction"),
        ("sep10", "/auth"),
        ("sep12", "/sep12/"),
        ("sep24", "/sep24/transaction"),
        ("sep31", "/sep31/"),
        ("sep38", "/sep38/"),
        ("interactive", "/sep24/"),
    ] {
        let mut read = names_read(&std::fs::read_to_string(sources.join(format!("{module}.rs")))?);
        for file in files(&sources.join(module))? {
            read.extend(names_read(&file));
        }
        let described = names_described(&document, prefix);
        let forgotten: Vec<_> =
            read.difference(&described).filter(|name| !is_not_asked_for(module, name)).collect();
        assert!(forgotten.is_empty(), "{prefix} does not say that these are read: {forgotten:?}");
        assert!(!read.is_empty(), "{module}");
    }
    Ok(())
}

/// Texts of the pages and the like, which are read by functions of the same names.
fn is_not_asked_for(module: &str, name: &str) -> bool {
    module == "interactive"
        && !["token", "callback", "on_change_callback", "lang", "id", "amount"].contains(&name)
}

fn files(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let rust = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let rust = rust.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    rust.map(|path| Ok(std::fs::read_to_string(path)?)).collect()
}

/// Every reference leads somewhere, and no schema stands there for nobody.
#[actix_web::test]
async fn document_refers_to_what_is_in_it() -> Result<()> {
    let document = document(&with_everything().await?).await?;
    let mut referred = BTreeSet::new();
    references(&document, &mut referred);
    for reference in &referred {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    for name in document["components"]["schemas"].as_object().context("schemas")?.keys() {
        assert!(referred.contains(&format!("/components/schemas/{name}")), "nobody refers to {name}");
    }
    let text = document.to_string();
    for secret in [samples::CUSTOMER_KEY, "key-for-tests"] {
        assert!(!text.contains(secret), "the document tells a secret");
    }
    Ok(())
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found.insert(reference.trim_start_matches('#').to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
