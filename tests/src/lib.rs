//! Scenarios, crash matrix and tidy checks over the whole workspace.
//!
//! What the tests share lives here: databases ([`database`], [`postgres`], [`scratch`]), a ledger without a server
//! ([`ledger`]), an anchor's web side ([`web`]) and its socket ([`served`]), what is logged ([`logs`]), a browser
//! ([`browser`]), wallet SDKs ([`clients`]), a contract account's wallet ([`contract_wallet`]), a whole anchor as a program ([`anchor_process`]) and under attack ([`siege`]) or
//! under load ([`load`], [`pace`]), from one seed ([`sim`]) or as a model ([`model`]), and the programs that a test may find missing ([`found`]).

pub mod anchor_process;
pub mod browser;
pub mod clients;
pub mod contract_wallet;
pub mod database;
pub mod found;
pub mod ledger;
pub mod load;
pub mod logs;
pub mod model;
pub mod pace;
pub mod postgres;
pub mod program;
pub mod scratch;
pub mod served;
pub mod siege;
pub mod sim;
pub mod wallet_host;
pub mod web;
