//! The accounts behind the assets.

use super::super::Parts;
use super::signers::{Duty, Hands};
use super::{Report, chain};
use crate::account::AccountId;
use crate::asset::{Asset, Authorization, StellarAsset};
use crate::stellar::{AccountSnapshot, Ledger};

/// The ledger's limit for an account's home domain.
const HOME_DOMAIN_BYTES_MAX: usize = 32;

pub(super) async fn check(report: &mut Report, context: &Parts, asset: &Asset, hands: &Hands) {
    let code = asset.id.code();
    if let Some(issuer) = asset.id.issuer()
        && let Some(issuer) = account(report, context, &format!("{code} issuer"), issuer).await
    {
        let wanted = context.config.home_domain();
        let domain = match issuer.home_domain.clone() {
            Some(domain) if domain == wanted => Ok(domain),
            _ if wanted.len() > HOME_DOMAIN_BYTES_MAX => Err(format!(
                "{wanted:?} has more than {HOME_DOMAIN_BYTES_MAX} bytes, which no account can name"
            )),
            other => Err(format!("{:?} on the ledger, should be {wanted:?}", other.unwrap_or_default())),
        };
        report.check(format!("{code} issuer's home domain"), domain);
        if asset.authorization != Authorization::Never {
            let key = match hands.sign(&issuer, Duty::Authorizes, "ISSUER_SEEDS") {
                Ok(_) if !issuer.auth_required => {
                    Err("the issuer does not ask for it (AUTH_REQUIRED)".into())
                }
                signs => signs,
            };
            report.check(format!("{code} trust lines can be authorised"), key);
        }
    }
    let name = format!("{code} distribution");
    let Some(distribution) = account(report, context, &name, &asset.distribution).await else { return };
    report.check(format!("{name} balance"), balance(&distribution, &asset.id));
    let memo = if distribution.memo_required { Ok(String::new()) } else { Err("not set (SEP-29)".into()) };
    report.check(format!("{name} asks wallets for a memo"), memo);
    let key = hands.sign(&distribution, Duty::Pays, "DISTRIBUTION_SEEDS");
    report.check(format!("{name} key"), key);
}

async fn account(
    report: &mut Report,
    context: &Parts,
    name: &str,
    id: &AccountId,
) -> Option<AccountSnapshot> {
    let found = context.ledger.account(id).await;
    let exists = match &found {
        Ok(Some(_)) => Ok(id.to_string()),
        Ok(None) => Err(format!("{id} does not exist")),
        Err(error) => Err(chain(error)),
    };
    report.check(name, exists);
    found.ok().flatten()
}

fn balance(account: &AccountSnapshot, asset: &StellarAsset) -> Result<String, String> {
    let lumens = format!("{} XLM", account.balance);
    match asset {
        StellarAsset::Native => Ok(lumens),
        StellarAsset::Credit { issuer, .. } if *issuer == account.id => Ok(format!("issues, {lumens}")),
        StellarAsset::Credit { code, .. } => {
            let line = account.trust_lines.iter().find(|line| line.asset == *asset);
            line.map(|line| format!("{} {code}, {lumens}", line.balance)).ok_or("no trust line".into())
        }
    }
}
