//! `GET /deposit`, `/withdraw`, and the two that exchange.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::integration::WithdrawalIntegration;
use anchor_core::ops::start::{ApiRequest, StartRequest, Told, by_api};
use anchor_core::store::Callbacks;
use anchor_core::transaction::{InfoField, Kind, Transaction};
use serde::Serialize;

use crate::auth::User;
use crate::callback_url;
use crate::error::SepError;
use crate::extract::Params;
use crate::refusals::not_started;
use crate::state::WebState;
use crate::wire::sep6::started::{DepositWire, WithdrawWire};

pub(super) async fn deposit(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let asked = Asked::read(&state, &request)?;
    let request = StartRequest { asset_code: asked.text("asset_code")?, ..asked.deposit()? };
    let started = start(user, &state, Kind::Deposit, asked.with(request, &[])?).await?;
    Ok(fresh(DepositWire::new(&state.anchor, &started)))
}

pub(super) async fn deposit_exchange(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let asked = Asked::read(&state, &request)?;
    let request = asked.exchange("destination_asset", "source_asset", asked.deposit()?)?;
    let started = start(user, &state, Kind::Deposit, asked.with(request, &[])?).await?;
    Ok(fresh(DepositWire::new(&state.anchor, &started)))
}

pub(super) async fn withdraw(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let asked = Asked::read(&state, &request)?;
    let request = StartRequest { asset_code: asked.text("asset_code")?, ..asked.withdrawal()? };
    let started = start(user, &state, Kind::Withdrawal, asked.with(request, fields(&state))?).await?;
    Ok(fresh(WithdrawWire::new(&state.anchor, &started)))
}

pub(super) async fn withdraw_exchange(
    user: User,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let asked = Asked::read(&state, &request)?;
    let request = asked.exchange("source_asset", "destination_asset", asked.withdrawal()?)?;
    let started = start(user, &state, Kind::Withdrawal, asked.with(request, fields(&state))?).await?;
    Ok(fresh(WithdrawWire::new(&state.anchor, &started)))
}

async fn start(user: User, state: &WebState, kind: Kind, asked: ApiRequest) -> Result<Transaction, SepError> {
    let _turn = state.limits.turn()?;
    let started = by_api(&state.anchor, kind, user.subject, user.client_domain, &asked).await;
    started.map_err(|error| not_started(state, asked.request.language.as_deref(), error))
}

fn fresh(document: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(document)
}

/// What every withdrawal may tell.
fn fields(state: &WebState) -> &[InfoField] {
    state.anchor.withdrawal().map(WithdrawalIntegration::fields).unwrap_or_default()
}

/// What was a parameter of every request before `/info` and SEP-12 asked for it.
const TOLD: [&str; 3] = ["email_address", "dest", "dest_extra"];

/// The parameters, and whether wallets on this machine may be called back.
struct Asked {
    params: Params,
    local_mode: bool,
}

impl Asked {
    fn read(state: &WebState, request: &HttpRequest) -> Result<Self, SepError> {
        Ok(Self { params: Params::from_query(request)?, local_mode: state.anchor.config().local_mode })
    }

    /// Some wallets write `undefined` where they have nothing to say.
    fn text(&self, name: &str) -> Result<Option<String>, SepError> {
        Ok(self.params.text(name)?.filter(|text| *text != "undefined").map(str::to_owned))
    }

    /// `claimable_balance_supported` is a word like all parameters here.
    fn deposit(&self) -> Result<StartRequest, SepError> {
        let name = "claimable_balance_supported";
        let claimable_balances = self.text(name)?.is_some() && self.params.flag(name)?;
        Ok(StartRequest {
            memo: self.text("memo")?,
            memo_type: self.text("memo_type")?,
            claimable_balances,
            ..self.common()?
        })
    }

    /// `memo` and `memo_type` told users apart before tokens did; they are no longer looked at.
    fn withdrawal(&self) -> Result<StartRequest, SepError> {
        Ok(StartRequest {
            memo: self.text("refund_memo")?,
            memo_type: self.text("refund_memo_type")?,
            ..self.common()?
        })
    }

    fn common(&self) -> Result<StartRequest, SepError> {
        Ok(StartRequest {
            amount: self.text("amount")?,
            account: self.text("account")?,
            language: self.text("lang")?,
            customer_id: self.text("customer_id")?,
            ..StartRequest::default()
        })
    }

    /// The asset on the ledger is named by its code; some wallets use SEP-38's name for it.
    fn exchange(
        &self,
        on_ledger: &'static str,
        off_chain: &'static str,
        request: StartRequest,
    ) -> Result<StartRequest, SepError> {
        let name = self.text(on_ledger)?;
        let named = name.as_deref().and_then(|name| name.strip_prefix("stellar:"));
        let (asset_code, asset_issuer) = match named.map(|named| named.split_once(':')) {
            Some(Some((code, issuer))) => (Some(code.to_owned()), Some(issuer.to_owned())),
            Some(None) => (named.map(str::to_owned), None),
            None => (name, None),
        };
        Ok(StartRequest {
            asset_code,
            asset_issuer,
            off_chain_asset: self.text(off_chain)?,
            quote_id: self.text("quote_id")?,
            exchange: true,
            ..request
        })
    }

    fn with(&self, request: StartRequest, fields: &[InfoField]) -> Result<ApiRequest, SepError> {
        let funding_method = match self.text("funding_method")? {
            // its name until 4.2.0
            None => self.text("type")?,
            given => given,
        };
        let mut told = Vec::new();
        for name in TOLD
            .into_iter()
            .chain(fields.iter().map(|field| field.name.as_str()).filter(|name| !TOLD.contains(name)))
        {
            if let Some(value) = self.text(name)? {
                told.push((name.to_owned(), value));
            }
        }
        Ok(ApiRequest {
            request,
            funding_method,
            country_code: self.text("country_code")?,
            location_id: self.text("location_id")?,
            callbacks: self.callbacks()?,
            told: Told(told),
        })
    }

    fn callbacks(&self) -> Result<Callbacks, SepError> {
        let Some(address) = self.text("on_change_callback")? else { return Ok(Callbacks::default()) };
        let checked = callback_url::check(&address, self.local_mode);
        let refused = |_| {
            SepError::bad_request("on_change_callback is not an https address that this anchor would call")
        };
        Ok(Callbacks { finished: None, on_change: Some(checked.map_err(refused)?) })
    }
}
