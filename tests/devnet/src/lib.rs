#![doc = include_str!("../README.md")]

mod clock;
mod contracts;
mod control;
mod core;
mod devnet;
mod faults;
mod friendbot;
mod horizon;
pub mod ledger;
mod replica;
mod rpc;
mod server;

pub use self::{
    clock::Clock,
    contracts::ContractKind,
    devnet::{Beside, CloseMode, Devnet, DevnetBuilder, StartError, TESTNET_PASSPHRASE},
    faults::{Fault, FaultRule, Faults, InstalledFault, Timeout},
    friendbot::FriendbotError,
    rpc::Dialect,
};
