//! The ledger seen from outside: submit, close, look.

mod accounts;
mod claimable;
mod conservation;
mod fee_bump;
mod fixture;
mod history;
mod hostile;
mod offers;
mod options;
mod path_payments;
mod payments;
mod persistence;
mod queue;
mod races;
mod signatures;
mod sponsoring;
mod trust;
mod validity;
