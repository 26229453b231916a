//! Accounts: `/accounts`, `/accounts/{id}`, its data entries, and the listings under an account.

use actix_web::{HttpResponse, http::StatusCode, http::header, web};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1Ext, AccountEntryExtensionV2,
    AccountEntryExtensionV2Ext, AccountEntryExtensionV3, AccountFlags, AccountId, Asset, DataEntry,
    LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyAccount, LedgerKeyData,
    LedgerKeyTrustLine, Liabilities, PublicKey, SignerKey, SponsorshipDescriptor, String64, TrustLineAsset,
    TrustLineEntry, TrustLineEntryExt, TrustLineFlags, Uint256,
};

use super::{
    amount::decimal,
    asset,
    call::{Answer, Call, Format},
    hal::{self, Record, link, paged_link},
    listing, operation,
    problem::Problem,
    query, stream, time, transaction,
};
use crate::replica::{Scope, View};

/// Accounts by signer, sponsor or asset; exactly one of them.
pub(crate) async fn list(call: Call) -> Answer {
    let page = call.query.page(None)?;
    let signer = call.query.account("signer")?;
    let sponsor = call.query.account("sponsor")?;
    if call.query.text("asset") == Some("native") {
        return Err(Problem::invalid_field("asset", "you can't filter by asset: native"));
    }
    let asset = call.query.asset("asset")?;
    if usize::from(signer.is_some()) + usize::from(sponsor.is_some()) + usize::from(asset.is_some()) != 1 {
        return Err(Problem::new(
            "invalid_accounts_params",
            "Invalid Accounts Parameters",
            StatusCode::BAD_REQUEST,
            "Exactly one of signer, sponsor and asset has to be given.",
        ));
    }
    let found: Vec<AccountId> = call.view.select(|entry, data| match data {
        LedgerEntryData::Account(account) => {
            let signs = signer.as_ref().is_some_and(|signer| signs(account, signer));
            let sponsored = sponsor.is_some() && sponsor_of(entry) == sponsor;
            (signs || sponsored).then(|| account.account_id.clone())
        }
        LedgerEntryData::Trustline(line) => {
            let held = asset.is_some() && asset::of_trustline(&line.asset) == asset;
            held.then(|| line.account_id.clone())
        }
        _ => None,
    });
    let chosen = page.cut(found, page.cursor.clone(), ToString::to_string);
    let records =
        chosen.iter().filter_map(|id| render(&call.base, &call.view, id)).map(Record::new).collect();
    Ok(hal::page(&call, &page, records))
}

pub(crate) async fn one(call: Call, id: web::Path<String>) -> Answer {
    let id = query::account_id("account_id", &id)?;
    let body = render(&call.base, &call.view, &id).ok_or_else(Problem::not_found)?;
    match call.format {
        Format::Json => Ok(hal::object(&body)),
        Format::EventStream => {
            let source = Changes { base: call.base.clone(), id, last: None };
            stream::serve(&call, 10, source)
        }
        Format::Raw | Format::Other => Err(Problem::not_acceptable()),
    }
}

/// A data entry; raw with `Accept: application/octet-stream`.
pub(crate) async fn data(call: Call, path: web::Path<(String, String)>) -> Answer {
    let (id, name) = path.into_inner();
    let account_id = query::account_id("account_id", &id)?;
    let data_name = String64(name.as_str().try_into().map_err(|_| Problem::not_found())?);
    let key = LedgerKey::Data(LedgerKeyData { account_id, data_name });
    let entry = call.view.entry(&key).ok_or_else(Problem::not_found)?;
    let LedgerEntryData::Data(DataEntry { data_value, .. }) = &entry.data else {
        return Err(Problem::not_found());
    };
    if call.format == Format::Raw {
        let raw = data_value.0.to_vec();
        return Ok(HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
            .body(raw));
    }
    let mut body = json!({ "value": BASE64_STANDARD.encode(data_value.0.as_slice()) });
    if let Some(sponsor) = sponsor_of(&entry) {
        body["sponsor"] = sponsor.to_string().into();
    }
    Ok(hal::object(&body))
}

pub(crate) async fn transactions(call: Call, id: web::Path<String>) -> Answer {
    let scope = Scope::Account(query::account_id("account_id", &id)?);
    listing::serve(call, transaction::Listing { scope }).await
}

pub(crate) async fn operations(call: Call, id: web::Path<String>) -> Answer {
    let scope = Scope::Account(query::account_id("account_id", &id)?);
    listing::serve(call, operation::Listing { scope, only_payments: false }).await
}

pub(crate) async fn payments(call: Call, id: web::Path<String>) -> Answer {
    let scope = Scope::Account(query::account_id("account_id", &id)?);
    listing::serve(call, operation::Listing { scope, only_payments: true }).await
}

/// Streams an account whenever it has changed.
struct Changes {
    base: String,
    id: AccountId,
    last: Option<Value>,
}

impl stream::Source for Changes {
    fn next(&mut self, view: &View, _: usize) -> Result<Vec<stream::Event>, Problem> {
        let body = render(&self.base, view, &self.id).ok_or_else(Problem::not_found)?;
        if self.last.as_ref() == Some(&body) {
            return Ok(Vec::new());
        }
        self.last = Some(body.clone());
        Ok(vec![stream::Event { id: None, body }])
    }
}

/// The key of an account's entry.
pub(crate) fn key(account_id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: account_id.clone() })
}

/// An account's entry.
pub(crate) fn entry(view: &View, id: &AccountId) -> Option<AccountEntry> {
    match &view.entry(&key(id))?.data {
        LedgerEntryData::Account(account) => Some(account.clone()),
        _ => None,
    }
}

/// An account's trustlines, ordered by asset.
pub(crate) fn trustlines(view: &View, id: &AccountId) -> Vec<(std::sync::Arc<LedgerEntry>, TrustLineEntry)> {
    let start =
        LedgerKey::Trustline(LedgerKeyTrustLine { account_id: id.clone(), asset: TrustLineAsset::Native });
    let own = |key: &LedgerKey| matches!(key, LedgerKey::Trustline(line) if line.account_id == *id);
    let entries = view.entries_while(&start, own).into_iter();
    entries
        .filter_map(|entry| match &entry.data {
            LedgerEntryData::Trustline(line) => Some((line.clone(), entry)),
            _ => None,
        })
        .map(|(line, entry)| (entry, line))
        .collect()
}

/// Who pays an entry's reserve, if not its owner.
pub(crate) fn sponsor_of(entry: &LedgerEntry) -> Option<AccountId> {
    match &entry.ext {
        LedgerEntryExt::V1(extension) => extension.sponsoring_id.0.clone(),
        LedgerEntryExt::V0 => None,
    }
}

/// When a ledger closed, as the `last_modified_time` fields tell it.
pub(crate) fn closed_at(view: &View, ledger: u32) -> Value {
    view.ledger(ledger).map_or(Value::Null, |ledger| time::rfc3339(ledger.closed_at).into())
}

fn render(base: &str, view: &View, id: &AccountId) -> Option<Value> {
    let entry = view.entry(&key(id))?;
    let LedgerEntryData::Account(account) = &entry.data else { return None };
    let address = id.to_string();
    let extension = Extensions::of(account);
    let flag = |flag: AccountFlags| account.flags & flag as u32 != 0;
    let mut body = json!({
        "_links": links(base, &address),
        "id": address,
        "account_id": address,
        "sequence": account.seq_num.0.to_string(),
        "subentry_count": account.num_sub_entries,
        "last_modified_ledger": entry.last_modified_ledger_seq,
        "last_modified_time": closed_at(view, entry.last_modified_ledger_seq),
        "thresholds": {
            "low_threshold": account.thresholds.0[1],
            "med_threshold": account.thresholds.0[2],
            "high_threshold": account.thresholds.0[3],
        },
        "flags": {
            "auth_required": flag(AccountFlags::RequiredFlag),
            "auth_revocable": flag(AccountFlags::RevocableFlag),
            "auth_immutable": flag(AccountFlags::ImmutableFlag),
            "auth_clawback_enabled": flag(AccountFlags::ClawbackEnabledFlag),
        },
        "balances": balances(view, account),
        "signers": signers(account, &extension),
        "data": data_entries(view, id),
        "num_sponsoring": extension.v2.map_or(0, |v2| v2.num_sponsoring),
        "num_sponsored": extension.v2.map_or(0, |v2| v2.num_sponsored),
        "paging_token": address,
    });
    if let Some(v3) = extension.v3.filter(|v3| v3.seq_ledger > 0) {
        body["sequence_ledger"] = v3.seq_ledger.into();
        body["sequence_time"] = v3.seq_time.0.to_string().into();
    }
    if let Some(destination) = &account.inflation_dest {
        body["inflation_destination"] = destination.to_string().into();
    }
    if !account.home_domain.0.is_empty() {
        body["home_domain"] = String::from_utf8_lossy(account.home_domain.0.as_slice()).into();
    }
    if let Some(sponsor) = sponsor_of(&entry) {
        body["sponsor"] = sponsor.to_string().into();
    }
    Some(body)
}

fn links(base: &str, address: &str) -> Value {
    let own = format!("/accounts/{address}");
    let listing = |name: &str| paged_link(base, &format!("{own}/{name}"));
    json!({
        "self": link(base, &own),
        "transactions": listing("transactions"),
        "operations": listing("operations"),
        "payments": listing("payments"),
        "effects": listing("effects"),
        "offers": listing("offers"),
        "trades": listing("trades"),
        "data": link(base, &format!("{own}/data/{{key}}")),
    })
}

/// The extensions an account entry may have grown.
struct Extensions<'a> {
    liabilities: Liabilities,
    v2: Option<&'a AccountEntryExtensionV2>,
    v3: Option<&'a AccountEntryExtensionV3>,
}

impl<'a> Extensions<'a> {
    fn of(account: &'a AccountEntry) -> Self {
        let AccountEntryExt::V1(v1) = &account.ext else {
            return Self { liabilities: Liabilities::default(), v2: None, v3: None };
        };
        let v2 = match &v1.ext {
            AccountEntryExtensionV1Ext::V2(v2) => Some(v2),
            AccountEntryExtensionV1Ext::V0 => None,
        };
        let v3 = match v2.map(|v2| &v2.ext) {
            Some(AccountEntryExtensionV2Ext::V3(v3)) => Some(v3),
            _ => None,
        };
        Self { liabilities: v1.liabilities.clone(), v2, v3 }
    }
}

/// Trustlines first, lumens last.
fn balances(view: &View, account: &AccountEntry) -> Vec<Value> {
    let mut balances: Vec<Value> =
        trustlines(view, &account.account_id).iter().map(|(entry, line)| balance(entry, line)).collect();
    let liabilities = Extensions::of(account).liabilities;
    balances.push(json!({
        "balance": decimal(account.balance),
        "buying_liabilities": decimal(liabilities.buying),
        "selling_liabilities": decimal(liabilities.selling),
        "asset_type": asset::kind(&Asset::Native),
    }));
    balances
}

fn balance(entry: &LedgerEntry, line: &TrustLineEntry) -> Value {
    let has = |flag: TrustLineFlags| line.flags & flag as u32 != 0;
    let authorized = has(TrustLineFlags::AuthorizedFlag);
    let maintains = authorized || has(TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag);
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("balance", decimal(line.balance).into());
    put("limit", decimal(line.limit).into());
    put("last_modified_ledger", entry.last_modified_ledger_seq.into());
    put("is_authorized", authorized.into());
    put("is_authorized_to_maintain_liabilities", maintains.into());
    if has(TrustLineFlags::TrustlineClawbackEnabledFlag) {
        put("is_clawback_enabled", true.into());
    }
    if let Some(sponsor) = sponsor_of(entry) {
        put("sponsor", sponsor.to_string().into());
    }
    match (&line.asset, asset::of_trustline(&line.asset)) {
        (TrustLineAsset::PoolShare(pool), _) => {
            put("asset_type", "liquidity_pool_shares".into());
            put("liquidity_pool_id", hex::encode(pool.0.0).into());
        }
        (_, held) => {
            let liabilities = match &line.ext {
                TrustLineEntryExt::V1(v1) => v1.liabilities.clone(),
                TrustLineEntryExt::V0 => Liabilities::default(),
            };
            put("buying_liabilities", decimal(liabilities.buying).into());
            put("selling_liabilities", decimal(liabilities.selling).into());
            asset::insert(&mut body, "", &held.unwrap_or(Asset::Native));
        }
    }
    Value::Object(body)
}

/// The additional signers in their order, the master key last.
fn signers(account: &AccountEntry, extensions: &Extensions<'_>) -> Vec<Value> {
    let mut signers = Vec::new();
    for (position, signer) in account.signers.iter().enumerate() {
        let mut body = json!({
            "weight": signer.weight,
            "key": signer.key.to_string(),
            "type": signer_kind(&signer.key),
        });
        let sponsor = extensions.v2.and_then(|v2| v2.signer_sponsoring_i_ds.get(position));
        if let Some(SponsorshipDescriptor(Some(sponsor))) = sponsor {
            body["sponsor"] = sponsor.to_string().into();
        }
        signers.push(body);
    }
    signers.push(json!({
        "weight": account.thresholds.0[0],
        "key": account.account_id.to_string(),
        "type": "ed25519_public_key",
    }));
    signers
}

fn signer_kind(key: &SignerKey) -> &'static str {
    match key {
        SignerKey::Ed25519(_) => "ed25519_public_key",
        SignerKey::PreAuthTx(_) => "preauth_tx",
        SignerKey::HashX(_) => "sha256_hash",
        SignerKey::Ed25519SignedPayload(_) => "ed25519_signed_payload",
    }
}

fn signs(account: &AccountEntry, signer: &AccountId) -> bool {
    let PublicKey::PublicKeyTypeEd25519(Uint256(wanted)) = &signer.0;
    let additional =
        account.signers.iter().any(|own| matches!(&own.key, SignerKey::Ed25519(key) if key.0 == *wanted));
    additional || (account.account_id == *signer && account.thresholds.0[0] > 0)
}

fn data_entries(view: &View, id: &AccountId) -> Value {
    let start = LedgerKey::Data(LedgerKeyData { account_id: id.clone(), data_name: String64::default() });
    let own = |key: &LedgerKey| matches!(key, LedgerKey::Data(data) if data.account_id == *id);
    let mut object = Map::new();
    for entry in view.entries_while(&start, own) {
        if let LedgerEntryData::Data(data) = &entry.data {
            let name = String::from_utf8_lossy(data.data_name.0.as_slice()).into_owned();
            object.insert(name, BASE64_STANDARD.encode(data.data_value.0.as_slice()).into());
        }
    }
    Value::Object(object)
}
