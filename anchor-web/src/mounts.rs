//! Which endpoints there are: those of the active SEPs, as far as the anchor has something for them.

use actix_web::web::ServiceConfig;
use anchor_core::Anchor;
use anchor_core::config::Sep;

use crate::openapi::Description;
use crate::{health, interactive, openapi, sep1, sep6, sep10, sep12, sep24, sep31, sep38, sep45};

/// What is mounted, and described, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    StellarToml,
    Authentication,
    ContractAuthentication,
    Pages,
    Hosted,
    Received,
    ByApi,
    Customers,
    Quotes,
    Health,
    OpenApi,
}

impl Mount {
    /// In the order in which paths are looked for.
    pub(crate) fn all(anchor: &Anchor) -> impl Iterator<Item = Self> {
        let config = anchor.config();
        let by_api = anchor.speaks_by_api();
        [
            (Self::StellarToml, config.speaks(Sep::Sep1)),
            (Self::Authentication, config.speaks(Sep::Sep10)),
            (Self::ContractAuthentication, anchor.contracts().is_some()),
            // before the API, which answers for all other paths below its own
            (Self::Pages, config.speaks(Sep::Sep24) || by_api),
            (Self::Hosted, config.speaks(Sep::Sep24)),
            (Self::Received, anchor.receives()),
            (Self::ByApi, by_api),
            (Self::Customers, anchor.customers().is_some()),
            (Self::Quotes, anchor.quote_desk().is_some()),
            (Self::Health, true),
            (Self::OpenApi, config.openapi_path.is_some()),
        ]
        .into_iter()
        .filter_map(|(mount, is_there)| is_there.then_some(mount))
    }

    pub(crate) fn routes(self, app: &mut ServiceConfig, anchor: &Anchor) {
        match self {
            Self::StellarToml => sep1::routes(app),
            Self::Authentication => sep10::routes(app),
            Self::ContractAuthentication => sep45::routes(app),
            Self::Pages => interactive::routes(app),
            Self::Hosted => sep24::routes(app),
            Self::Received => sep31::routes(app),
            Self::ByApi => sep6::routes(app, anchor.fee_is_own()),
            Self::Customers => sep12::routes(app),
            Self::Quotes => sep38::routes(app),
            Self::Health => health::routes(app),
            Self::OpenApi => openapi::routes(app, anchor.config()),
        }
    }

    pub(crate) fn describe(self, api: &mut Description<'_>) {
        match self {
            Self::StellarToml => sep1::describe(api),
            Self::Authentication => sep10::describe(api),
            Self::ContractAuthentication => sep45::describe(api),
            Self::Pages => interactive::describe(api),
            Self::Hosted => sep24::describe(api),
            Self::Received => sep31::describe(api),
            Self::ByApi => sep6::describe(api),
            Self::Customers => sep12::describe(api),
            Self::Quotes => sep38::describe(api),
            Self::Health => health::describe(api),
            Self::OpenApi => openapi::describe(api),
        }
    }
}
