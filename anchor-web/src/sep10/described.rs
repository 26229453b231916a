//! Both methods of `/auth`, described.

use actix_web::http::StatusCode;
use anchor_core::config::ClientAttribution;

use super::{ChallengeWire, TokenWire, issue, redeem};
use crate::config::AUTH_PATH;
use crate::error::SepError;
use crate::openapi::{Description, Who, of, shapes};

pub(crate) fn describe(api: &mut Description<'_>) {
    let config = &api.anchor.config().sep10;
    let mut issue = of(issue)
        .about("A challenge for an account to sign")
        .asks_who(Who::Signer)
        .needs::<shapes::Account>("account", "Who logs in: an account or a muxed account")
        .may::<shapes::MemoId>("memo", "Tells users of a shared account apart")
        .may::<String>("home_domain", "Where the wallet found this anchor")
        .may::<String>("client_domain", "The wallet's own domain, to be proved")
        .answers::<ChallengeWire<'static>>(StatusCode::OK, "The challenge");
    if config.authorization_required {
        issue = issue.refuses(&SepError::unauthorized(""));
    }
    if config.client_attribution != ClientAttribution::Off {
        issue = issue.refuses(&SepError::forbidden(""));
    }
    let redeem = of(redeem)
        .about("A token for a signed challenge, once")
        .needs::<String>("transaction", "The challenge with signatures: an envelope as XDR in base64")
        .answers::<TokenWire>(StatusCode::OK, "The token");
    api.group("SEP-10", "Authentication").open("get", AUTH_PATH, issue).open("post", AUTH_PATH, redeem);
}
