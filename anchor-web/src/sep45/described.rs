//! Both methods, described.

use actix_web::http::StatusCode;
use anchor_core::config::ClientAttribution;

use super::{ChallengeWire, TokenWire, issue, redeem};
use crate::config::CONTRACT_AUTH_PATH;
use crate::error::SepError;
use crate::openapi::{Description, of, shapes};

pub(crate) fn describe(api: &mut Description<'_>) {
    let config = &api.anchor.config().sep10;
    let mut issue = of(issue)
        .about("A challenge for a contract account to sign")
        .needs::<shapes::ContractId>("account", "Who logs in: a contract")
        .needs::<String>("home_domain", "Where the wallet found this anchor")
        .may::<String>("client_domain", "The wallet's own domain, to be proved")
        .answers::<ChallengeWire<'static>>(StatusCode::OK, "The challenge");
    if config.client_attribution != ClientAttribution::Off {
        issue = issue.refuses(&SepError::forbidden(""));
    }
    let redeem = of(redeem)
        .about("A token for signed authorization entries, once")
        .needs::<String>(
            "authorization_entries",
            "The challenge with signatures: a list of entries as XDR in base64",
        )
        .answers::<TokenWire>(StatusCode::OK, "The token");
    api.group("SEP-45", "Authentication of contract accounts").open("get", CONTRACT_AUTH_PATH, issue).open(
        "post",
        CONTRACT_AUTH_PATH,
        redeem,
    );
}
