//! What a request costs at the very least: a server that does nothing but the one thing that cannot be left out.
//!
//! Each of the anchor's endpoints is measured against one of these, by the same client, on the same kind of database,
//! in the same run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use actix_web::error::{ErrorInternalServerError, ErrorUnauthorized};
use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Result as WebResult, web};
use anchor_core::account::AccountId;
use anchor_core::keys::{SigningKey, verify};
use anchor_core::stellar::Network;
use anchor_core::stellar::challenge::{CHALLENGE_SECONDS, ChallengeSpec};
use anyhow::{Context as _, Result, bail};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{PgConnection, SqliteConnection};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use stellar_xdr::{Limits, ReadXdr as _, TransactionEnvelope};

/// As many rows as the anchor has transactions.
pub(super) const ROWS: u64 = 100_000;
/// As many connections as the anchor's pool has.
const POOL: u32 = 8;
const TOKEN_KEY: &[u8] = b"a-key-for-the-ceilings-0123456789";
const PASSPHRASE: &str = anchor_devnet::TESTNET_PASSPHRASE;
const DOMAIN: &str = "localhost:8000";

diesel::table! {
    ceiling_rows (id) {
        id -> Text,
        data -> Text,
    }
}

/// How to start the server of ceilings.
#[derive(Debug, Clone, clap::Args)]
pub struct Ceilings {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// An empty database.
    #[arg(long)]
    database: String,
    /// The network's Horizon.
    #[arg(long)]
    horizon: String,
    /// A file with the anchor's answer to `/info`.
    #[arg(long)]
    info: PathBuf,
    /// A file with the anchor's answer to `/transaction`, which becomes each row.
    #[arg(long)]
    row: PathBuf,
}

/// What a wallet's token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    home_domain: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Challenge {
    pub(super) transaction: String,
    pub(super) network_passphrase: String,
}

/// `{"transaction": …}`
type Signed = std::collections::BTreeMap<String, String>;

#[derive(Debug, Serialize)]
struct Committed {
    id: String,
}

struct State {
    info: web::Bytes,
    rows: Rows,
    key: DecodingKey,
    network: Network,
    server: SigningKey,
    client: AccountId,
    /// Where the network tells of `client`.
    account_url: String,
    http: reqwest::Client,
    next: AtomicU64,
}

/// The id of a row.
pub(super) fn row_id(number: u64) -> String {
    format!("{number:032x}")
}

/// A token that the server accepts.
///
/// # Errors
/// When it cannot be signed.
pub(super) fn token(account: &str) -> Result<String> {
    let now = chrono::Utc::now().timestamp();
    let claims = Claims {
        iss: format!("http://{DOMAIN}"),
        sub: account.to_owned(),
        iat: now,
        exp: now.saturating_add(86_400),
        jti: "0".repeat(64),
        home_domain: DOMAIN.to_owned(),
    };
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(TOKEN_KEY))?)
}

/// The key that signs the challenges of `/build`, on behalf of their client.
pub(super) fn client() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

impl Ceilings {
    /// Serves until it is killed.
    ///
    /// # Errors
    /// The database's or the listener's.
    pub async fn serve(self) -> Result<()> {
        let row = std::fs::read_to_string(&self.row)?;
        let state = web::Data::new(State {
            info: std::fs::read(&self.info)?.into(),
            rows: Rows::open(&self.database, &row)?,
            key: DecodingKey::from_secret(TOKEN_KEY),
            network: Network::new(PASSPHRASE.to_owned()),
            server: SigningKey::from_seed([8; 32]),
            client: client().account(),
            account_url: format!("{}/accounts/{}", self.horizon, client().account()),
            http: reqwest::Client::builder().no_proxy().build()?,
            next: AtomicU64::new(ROWS),
        });
        let app = move || {
            App::new()
                .app_data(state.clone())
                .route("/bare", web::get().to(bare))
                .route("/row", web::get().to(row_of_token))
                .route("/commit", web::post().to(commit))
                .route("/build", web::get().to(build))
                .route("/verify", web::post().to(verify_twice))
                .route("/login", web::post().to(log_in))
        };
        Ok(HttpServer::new(app).bind(self.listen)?.run().await?)
    }
}

/// A bare handler: the bytes that the anchor answers to `/info`.
async fn bare(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(state.info.clone())
}

/// A bare check of the token and the read of one row.
async fn row_of_token(state: web::Data<State>, request: HttpRequest) -> WebResult<HttpResponse> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    let token = token.ok_or_else(|| ErrorUnauthorized("no token"))?;
    jsonwebtoken::decode::<Claims>(token, &state.key, &Validation::new(Algorithm::HS256))
        .map_err(ErrorUnauthorized)?;
    let id = request.query_string().trim_start_matches("id=").to_owned();
    let data = web::block(move || state.rows.read(&id)).await?.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(data))
}

/// A bare commit of one row.
async fn commit(state: web::Data<State>, body: web::Bytes) -> WebResult<HttpResponse> {
    let id = row_id(state.next.fetch_add(1, Ordering::Relaxed));
    let answer = Committed { id: id.clone() };
    let data = String::from_utf8(body.to_vec()).map_err(ErrorInternalServerError)?;
    web::block(move || state.rows.insert(&id, &data)).await?.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(answer))
}

/// A challenge is built and signed, for whoever asks.
async fn build(state: web::Data<State>) -> WebResult<HttpResponse> {
    let spec = ChallengeSpec {
        network: &state.network,
        server: &state.server,
        client: state.client.into(),
        memo: None,
        home_domain: DOMAIN,
        web_auth_domain: DOMAIN,
        client_domain: None,
        nonce: [1; 48],
        now: u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default(),
        ttl: CHALLENGE_SECONDS,
    };
    let transaction = spec.build().map_err(ErrorInternalServerError)?;
    let network_passphrase = state.network.passphrase().to_owned();
    Ok(HttpResponse::Ok().json(Challenge { transaction, network_passphrase }))
}

/// A signed challenge is decoded and its two signatures are checked, nothing else.
async fn verify_twice(state: web::Data<State>, body: web::Json<Signed>) -> WebResult<HttpResponse> {
    Ok(HttpResponse::Ok().json(Committed { id: verified(&state, &body)? }))
}

/// And the two things that a login cannot do without: the account is read from the network, and one row is committed.
async fn log_in(state: web::Data<State>, body: web::Json<Signed>) -> WebResult<HttpResponse> {
    let proof = verified(&state, &body)?;
    let account = state.http.get(&state.account_url).send().await.map_err(ErrorInternalServerError)?;
    if account.status() != reqwest::StatusCode::OK {
        return Err(ErrorInternalServerError("no account"));
    }
    account.bytes().await.map_err(ErrorInternalServerError)?;
    let id = row_id(state.next.fetch_add(1, Ordering::Relaxed));
    let answer = Committed { id: id.clone() };
    web::block(move || state.rows.insert(&id, &proof)).await?.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(answer))
}

/// What names the challenge, if it is signed by both.
fn verified(state: &State, body: &Signed) -> WebResult<String> {
    let text = body.get("transaction").ok_or_else(|| ErrorUnauthorized("no transaction"))?;
    let envelope = TransactionEnvelope::from_xdr_base64(text, Limits { depth: 100, len: 64 * 1024 });
    let TransactionEnvelope::Tx(envelope) = envelope.map_err(ErrorUnauthorized)? else {
        return Err(ErrorUnauthorized("no version 1 envelope"));
    };
    let hash = envelope.tx.hash(*state.network.id()).map_err(ErrorUnauthorized)?;
    let signers = [state.server.account(), state.client];
    let holds = envelope.signatures.len() == signers.len()
        && signers
            .iter()
            .zip(envelope.signatures.iter())
            .all(|(account, signature)| verify(account, &hash, &signature.signature.0));
    if holds { Ok(hex::encode(sha2::Sha256::digest(hash))) } else { Err(ErrorUnauthorized("not signed")) }
}

/// The table of either database.
enum Rows {
    /// Writers queue, as the anchor's do.
    Sqlite(Pool<ConnectionManager<SqliteConnection>>, Mutex<()>),
    Postgres(Pool<ConnectionManager<PgConnection>>),
}

/// The settings that the anchor gives its connections.
#[derive(Debug)]
struct AsTheAnchor;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for AsTheAnchor {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> std::result::Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Rows {
    fn open(url: &str, row: &str) -> Result<Self> {
        const TABLE: &str = "CREATE TABLE ceiling_rows (id TEXT PRIMARY KEY NOT NULL, data TEXT NOT NULL)";
        let row = row.replace('\'', "''");
        if let Some(path) = url.strip_prefix("sqlite://") {
            let pool = Pool::builder()
                .max_size(POOL)
                .min_idle(Some(1))
                .connection_customizer(Box::new(AsTheAnchor))
                .build(ConnectionManager::<SqliteConnection>::new(path))?;
            pool.get()?.batch_execute(&format!(
                "{TABLE}; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS} - 1) \
                 INSERT INTO ceiling_rows SELECT printf('%032x', i), '{row}' FROM n"
            ))?;
            return Ok(Self::Sqlite(pool, Mutex::new(())));
        }
        if !url.starts_with("postgres") {
            bail!("neither sqlite:// nor postgres://");
        }
        let manager = ConnectionManager::<PgConnection>::new(url);
        let pool = Pool::builder().max_size(POOL).test_on_check_out(false).build(manager)?;
        pool.get().context("PostgreSQL")?.batch_execute(&format!(
            "{TABLE}; INSERT INTO ceiling_rows SELECT lpad(to_hex(i), 32, '0'), '{row}' \
             FROM generate_series(0, {ROWS} - 1) AS n(i)"
        ))?;
        Ok(Self::Postgres(pool))
    }

    fn read(&self, id: &str) -> Result<String> {
        let query = ceiling_rows::table.find(id).select(ceiling_rows::data);
        Ok(match self {
            Self::Sqlite(pool, _) => query.first(&mut pool.get()?)?,
            Self::Postgres(pool) => query.first(&mut pool.get()?)?,
        })
    }

    fn insert(&self, id: &str, data: &str) -> Result<()> {
        let values = (ceiling_rows::id.eq(id), ceiling_rows::data.eq(data));
        let query = diesel::insert_into(ceiling_rows::table).values(values);
        match self {
            Self::Sqlite(pool, writer) => {
                let _turn = writer.lock().unwrap_or_else(PoisonError::into_inner);
                query.execute(&mut pool.get()?)?
            }
            Self::Postgres(pool) => query.execute(&mut pool.get()?)?,
        };
        Ok(())
    }
}
