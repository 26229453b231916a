//! Probes, described.

use actix_web::http::StatusCode;
use serde_json::json;

use super::{HealthWire, live, ready};
use crate::config::HEALTH_PATH;
use crate::openapi::{Description, of};

pub(crate) fn describe(api: &mut Description<'_>) {
    let ready = of(ready)
        .about("Whether this process and what it depends on are well")
        .answers::<HealthWire>(StatusCode::OK, "They are, or well enough")
        .answers::<HealthWire>(StatusCode::SERVICE_UNAVAILABLE, "They are not");
    let text = || json!({ "type": "string" });
    let alive = json!({
        "type": "object",
        "required": ["status", "version"],
        "properties": { "status": text(), "version": text() },
    });
    let live = of(live).about("Whether this process is alive").answers_as(
        StatusCode::OK,
        "It is",
        "application/json",
        alive,
    );
    api.group("Health", "For load balancers and operators; nobody is counted here")
        .closed("get", HEALTH_PATH, ready)
        .closed("get", &format!("{HEALTH_PATH}/live"), live);
}
