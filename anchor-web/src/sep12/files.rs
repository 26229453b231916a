//! `/customer/files`: files that come before the request that refers to them. No content ever leaves again.

use actix_web::{HttpRequest, HttpResponse, web};
use anchor_core::ops::customer;

use super::{fresh, refused};
use crate::auth::KnownUser;
use crate::error::SepError;
use crate::extract::{OneUpload, Params};
use crate::state::WebState;
use crate::wire::customer::{FileWire, FilesWire};

pub(super) async fn upload(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    OneUpload(uploads): OneUpload,
) -> Result<HttpResponse, SepError> {
    let missing = || SepError::bad_request("a part named file is required, in multipart/form-data");
    let content = uploads.files.get(OneUpload::PART).ok_or_else(missing)?;
    let _turn = state.limits.turn()?;
    let file = customer::upload(&state.anchor, &user.subject, content).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(FileWire::new(&file)))
}

pub(super) async fn list(
    KnownUser(user): KnownUser,
    state: web::Data<WebState>,
    request: HttpRequest,
) -> Result<HttpResponse, SepError> {
    let params = Params::from_query(&request)?;
    let (file, of) = (params.text("file_id")?, params.text("customer_id")?);
    let _turn = state.limits.turn()?;
    let files = customer::files(&state.anchor, &user.subject, file, of).await.map_err(refused)?;
    Ok(fresh(HttpResponse::Ok()).json(FilesWire { files: files.iter().map(FileWire::new).collect() }))
}
