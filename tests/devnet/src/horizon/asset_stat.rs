//! Issued assets and who holds them: `/assets`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stellar_xdr::{AccountFlags, Asset, LedgerEntryData, TrustLineFlags};

use super::{
    account,
    amount::wide_decimal,
    asset,
    call::{Answer, Call},
    hal::{self, Record},
    problem::Problem,
    query,
};

pub(crate) async fn list(call: Call) -> Answer {
    let page = call.query.page(None)?;
    let code = call.query.text("asset_code");
    if let Some(code) = code.filter(|code| !asset::valid_code(code)) {
        return Err(Problem::invalid_field("asset_code", &format!("{code} is not a valid asset code")));
    }
    let issuer = call.query.account("asset_issuer")?;
    let cursor = page.cursor.as_deref().map(parse_cursor).transpose()?;
    let all: Vec<(Token, Asset, Stat)> = collect(&call)
        .into_iter()
        .filter_map(|(asset, stat)| Some((token(&asset)?, asset, stat)))
        .filter(|(token, ..)| code.is_none_or(|code| token.0 == code))
        .filter(|(token, ..)| issuer.as_ref().is_none_or(|issuer| token.1 == issuer.to_string()))
        .collect();
    let chosen = page.cut(all, cursor, |(token, ..)| token.clone());
    let records =
        chosen.iter().map(|(token, asset, stat)| Record::new(render(&call, token, asset, stat))).collect();
    Ok(hal::page(&call, &page, records))
}

/// Code, issuer and type, in the order in which assets are listed.
type Token = (String, String, String);

#[derive(Default)]
struct Stat {
    /// Trustlines and their balances: authorized, authorized to maintain liabilities, unauthorized.
    lines: [(u32, i128); 3],
    claimable: (u32, i128),
}

fn collect(call: &Call) -> BTreeMap<Asset, Stat> {
    enum Holding {
        Line { class: usize, balance: i64 },
        Claimable(i64),
    }
    let holdings = call.view.select(|_, data| match data {
        LedgerEntryData::Trustline(line) => {
            let has = |flag: TrustLineFlags| line.flags & flag as u32 != 0;
            let class = match () {
                () if has(TrustLineFlags::AuthorizedFlag) => 0,
                () if has(TrustLineFlags::AuthorizedToMaintainLiabilitiesFlag) => 1,
                () => 2,
            };
            Some((asset::of_trustline(&line.asset)?, Holding::Line { class, balance: line.balance }))
        }
        LedgerEntryData::ClaimableBalance(balance) => {
            Some((balance.asset.clone(), Holding::Claimable(balance.amount)))
        }
        _ => None,
    });
    let mut stats = BTreeMap::<Asset, Stat>::new();
    for (asset, holding) in holdings {
        let stat = stats.entry(asset).or_default();
        let (slot, amount) = match holding {
            Holding::Line { class, balance } => (&mut stat.lines[class], balance),
            Holding::Claimable(amount) => (&mut stat.claimable, amount),
        };
        slot.0 += 1;
        slot.1 += i128::from(amount);
    }
    stats
}

fn token(asset: &Asset) -> Option<Token> {
    let (code, issuer) = asset::code_and_issuer(asset)?;
    Some((code, issuer.to_string(), asset::kind(asset).to_owned()))
}

fn parse_cursor(cursor: &str) -> Result<Token, Problem> {
    let invalid = || Problem::invalid_field("cursor", "the cursor is not a valid paging_token");
    let mut parts = cursor.splitn(3, '_');
    let mut part = || parts.next().map(str::to_owned).ok_or_else(invalid);
    let token = (part()?, part()?, part()?);
    query::account_id("cursor", &token.1)?;
    Ok(token)
}

fn render(call: &Call, (code, issuer, kind): &Token, asset: &Asset, stat: &Stat) -> Value {
    let issuing = asset::code_and_issuer(asset).and_then(|(_, issuer)| account::entry(&call.view, issuer));
    let flags = issuing.as_ref().map_or(0, |account| account.flags);
    let flag = |flag: AccountFlags| flags & flag as u32 != 0;
    let domain =
        issuing.map(|account| String::from_utf8_lossy(account.home_domain.0.as_slice()).trim().to_owned());
    let toml = domain.filter(|domain| !domain.is_empty());
    let toml = toml.map(|domain| format!("https://{domain}/.well-known/stellar.toml")).unwrap_or_default();
    let [authorized, maintaining, unauthorized] = stat.lines;
    json!({
        "_links": { "toml": { "href": toml } },
        "asset_type": kind,
        "asset_code": code,
        "asset_issuer": issuer,
        "paging_token": format!("{code}_{issuer}_{kind}"),
        "num_claimable_balances": stat.claimable.0,
        "num_liquidity_pools": 0,
        "num_contracts": 0,
        "accounts": {
            "authorized": authorized.0,
            "authorized_to_maintain_liabilities": maintaining.0,
            "unauthorized": unauthorized.0,
        },
        "claimable_balances_amount": wide_decimal(stat.claimable.1),
        "liquidity_pools_amount": wide_decimal(0),
        "contracts_amount": wide_decimal(0),
        "balances": {
            "authorized": wide_decimal(authorized.1),
            "authorized_to_maintain_liabilities": wide_decimal(maintaining.1),
            "unauthorized": wide_decimal(unauthorized.1),
        },
        "flags": {
            "auth_required": flag(AccountFlags::RequiredFlag),
            "auth_revocable": flag(AccountFlags::RevocableFlag),
            "auth_immutable": flag(AccountFlags::ImmutableFlag),
            "auth_clawback_enabled": flag(AccountFlags::ClawbackEnabledFlag),
        },
    })
}
