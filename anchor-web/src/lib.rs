#![doc = include_str!("../README.md")]

mod auth;
mod callback_url;
#[cfg(feature = "cli")]
pub mod cli;
mod config;
mod documents;
mod error;
mod extract;
mod health;
mod history;
mod interactive;
mod limits;
mod links;
mod middleware;
mod mounts;
mod observe;
mod openapi;
pub mod own_pages;
mod refusals;
mod requests;
mod sep1;
mod sep10;
mod sep12;
mod sep24;
mod sep31;
mod sep38;
mod sep45;
mod sep6;
mod serve;
mod state;
mod tokens;
mod unread;
mod wallet_domains;
mod wire;

pub use documents::{Documents, documents};
pub use interactive::PagesError;
pub use sep1::TomlError;
pub use serve::serve;
pub use state::{Web, WebError};
pub use tokens::TokenError;
