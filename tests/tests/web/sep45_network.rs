//! What the network may do while contract accounts log in: be away, lag, stand still, archive, upgrade.

use std::time::Duration;

use anchor_core::account::ContractId;
use anchor_core::amount::StellarAmount;
use anchor_core::stellar::Network;
use anchor_core::stellar::contracts::{ContractLedger as _, Simulated, inspect};
use anchor_core::stellar::rpc::{RpcLedger, RpcOptions};
use anchor_core::testing::fakes::samples;
use anchor_devnet::{ContractKind, Fault, FaultRule};
use anchor_tests::contract_wallet::{call, credentials, credentials_mut, payload, sign, signature};
use anchor_tests::logs::Log;
use anyhow::{Context as _, Result};
use stellar_xdr::{
    HostFunction, InvokeHostFunctionOp, LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits, Memo,
    MuxedAccount, Operation, OperationBody, Preconditions, ScVal, SequenceNumber,
    SorobanAddressCredentialsWithDelegates, SorobanAuthorizationEntry, SorobanCredentials,
    SorobanDelegateSignature, Transaction, TransactionEnvelope, TransactionExt, TransactionV1Envelope,
    Uint256, VecM, WriteXdr as _,
};

use super::sep45_stand::{LEDGERS, Stand, client, key, of_client, on_devnet, web_auth};

fn silence(stand: &Stand) {
    stand.devnet.faults().add(FaultRule::new(Fault::ServerError { status: 500 }).route("/rpc"));
}

/// What a server says to these entries, of a transaction with this source.
async fn simulated(
    stand: &Stand,
    source: [u8; 32],
    entries: &[SorobanAuthorizationEntry],
) -> Result<Simulated> {
    let invocation = InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(call(&entries[0])?.clone()),
        auth: entries.to_vec().try_into()?,
    };
    let body = OperationBody::InvokeHostFunction(invocation);
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(source)),
        fee: 100,
        seq_num: SequenceNumber(1),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: [Operation { source_account: None, body }].try_into()?,
        ext: TransactionExt::V0,
    };
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
    let limits = Limits { depth: 200, len: 100_000 };
    Ok(rpc(stand)?.simulate(&envelope.to_xdr_base64(limits)?).await?)
}

fn rpc(stand: &Stand) -> Result<RpcLedger> {
    let url = stand.devnet.rpc_url().parse()?;
    Ok(RpcLedger::new(&url, Network::new(Network::TESTNET), [], RpcOptions::default())?)
}

/// Why all these rules: a transaction's source agrees to everything, and simulation does not ask who signed for it.
#[actix_web::test]
async fn r_45_045_r_45_046_simulation_alone_lets_in_whoever_stands_for_the_source() -> Result<()> {
    let stand = Stand::new().await?;
    let server = samples::distribution().account();
    let mut entries = stand.signed().await?;
    let ours = entries.iter().position(|entry| {
        credentials(entry).is_ok_and(|it| it.address == anchor_tests::contract_wallet::account(&server))
    });
    entries[ours.context("our entry")?].credentials = SorobanCredentials::SourceAccount;
    let as_server = simulated(&stand, *server.as_bytes(), &entries).await?;
    assert!(matches!(as_server, Simulated::Succeeded { .. }), "{as_server:?}");
    let as_nobody = simulated(&stand, [1; 32], &entries).await?;
    assert!(matches!(as_nobody, Simulated::Refused { .. }), "{as_nobody:?}");
    assert_eq!(stand.send(&entries).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_45_053_t_45_24_network_that_is_away_is_503_and_costs_no_challenge() -> Result<()> {
    let stand = Stand::new().await?;
    let entries = stand.signed().await?;
    for fault in [
        Fault::ServerError { status: 500 },
        Fault::RateLimit { retry_after: 1 },
        Fault::TimeoutBefore { by: anchor_devnet::Timeout::Cut },
        Fault::TimeoutAfter { by: anchor_devnet::Timeout::Answer },
    ] {
        stand.devnet.faults().add(FaultRule::new(fault.clone()).route("/rpc"));
        let answer = stand.send(&entries).await?;
        assert_eq!(answer.status, 503, "{fault:?}");
        answer.error()?;
        stand.devnet.faults().clear();
    }
    assert_eq!(stand.send(&entries).await?.status, 200, "the same challenge");
    Ok(())
}

#[actix_web::test]
async fn r_45_024_challenges_are_made_without_the_network_for_some_seconds_and_then_not() -> Result<()> {
    let stand = Stand::new().await?;
    stand.challenge(&client()).await?;
    silence(&stand);
    // one look at the ledger is enough for many
    for _ in 0..20 {
        stand.challenge(&client()).await?;
    }
    stand.anchor.clock.advance(Duration::from_secs(5));
    for _ in 0..3 {
        let answer = stand.ask(&client(), "").await;
        assert_eq!(answer.status, 503);
        answer.error()?;
    }
    let fired: u64 = stand.devnet.faults().list().iter().map(|fault| fault.fired).sum();
    assert_eq!(fired, 1, "who comes right after a failure does not make it worse");
    stand.devnet.faults().clear();
    stand.anchor.clock.advance(Duration::from_secs(1));
    stand.challenge(&client()).await?;
    Ok(())
}

#[actix_web::test]
async fn network_that_stands_still_lets_nobody_in() -> Result<()> {
    let stand = Stand::new().await?;
    // the clock of the anchor, which stands at the beginning of the year, goes on: no ledger closes meanwhile
    let closed_at = i64::try_from(stand.devnet.network().latest().closed_at)?;
    let at = |seconds| chrono::DateTime::from_timestamp(closed_at + seconds, 0).context("a time");
    stand.anchor.clock.set(at(300)?);
    let entries = stand.signed().await?;
    stand.anchor.clock.set(at(306)?);
    assert_eq!(stand.ask(&client(), "").await.status, 503);
    assert_eq!(stand.send(&entries).await?.status, 503);
    stand.devnet.clock().advance(306);
    stand.devnet.close_ledger()?;
    stand.anchor.clock.set(at(308)?);
    assert_eq!(stand.send(&entries).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn server_that_lags_behind_is_not_believed() -> Result<()> {
    let stand = Stand::new().await?;
    for _ in 0..30 {
        stand.devnet.close_ledger()?;
    }
    let entries = stand.signed().await?;
    let stale = stand.devnet.faults().add(FaultRule::new(Fault::Stale { ledgers: 13 }).route("/rpc"));
    assert_eq!(stand.send(&entries).await?.status, 503);
    stand.devnet.faults().remove(stale);
    stand.devnet.faults().add(FaultRule::new(Fault::Stale { ledgers: 3 }).route("/rpc"));
    assert_eq!(stand.send(&entries).await?.status, 200, "a little is usual");
    Ok(())
}

#[actix_web::test]
async fn r_45_052_t_45_21_archived_contract_is_no_obstacle_and_the_operator_hears_of_it() -> Result<()> {
    let stand = Stand::new().await?;
    stand.devnet.archive_contract(web_auth().as_bytes());
    let entries = stand.signed().await?;
    let log = Log::of_this_thread();
    assert_eq!(stand.send(&entries).await?.status, 200);
    assert!(log.end()?.contains("contract is archived"));
    Ok(())
}

#[actix_web::test]
async fn r_45_054_account_that_does_more_than_to_verify_is_let_in_and_logged() -> Result<()> {
    let stand = Stand::new().await?;
    let busy = ContractId::from_bytes([23; 32]);
    stand.devnet.install_contract(*busy.as_bytes(), ContractKind::Busy);
    for (account, is_logged) in [(busy, true), (client(), false)] {
        let mut entries = stand.challenge(&account).await?;
        stand.sign(&mut entries, &key())?;
        let log = Log::of_this_thread();
        assert_eq!(stand.send(&entries).await?.status, 200);
        assert_eq!(log.end()?.contains("would do more than to verify"), is_logged);
    }
    Ok(())
}

#[actix_web::test]
async fn r_45_062_r_45_063_contract_that_asks_nobody_lets_nobody_in() -> Result<()> {
    let stand = Stand::new().await?;
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::Careless);
    // the network would: whoever simulates and looks no further lets in anybody as anybody
    let mut entries = stand.challenge(&client()).await?;
    credentials_mut(of_client(&mut entries)?)?.signature_expiration_ledger = stand.latest() + LEDGERS;
    let alone = simulated(&stand, [1; 32], &entries).await?;
    assert!(matches!(alone, Simulated::Succeeded { .. }), "{alone:?}");
    let log = Log::of_this_thread();
    let answer = stand.send(&entries).await?;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.error()?.contains("did not verify the account"));
    assert!(log.end()?.contains("WEB_AUTH_CONTRACT_ID is not a contract that can be used"));
    // and a contract without the function
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::Open);
    assert_eq!(stand.send(&stand.signed().await?).await?.status, 400);
    Ok(())
}

#[actix_web::test]
async fn r_45_064_contract_with_other_code_than_the_pinned_lets_nobody_in() -> Result<()> {
    let hash = hex::encode(ContractKind::WebAuth.code_hash());
    let stand = Stand::with(&[("WEB_AUTH_CONTRACT_HASH", &hash)], |devnet| devnet).await?;
    let entries = stand.signed().await?;
    // upgraded by whoever may
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::Incurious);
    stand.anchor.clock.advance(Duration::from_secs(5));
    let log = Log::of_this_thread();
    assert_eq!(stand.ask(&client(), "").await.status, 503);
    assert!(log.end()?.contains("other code than WEB_AUTH_CONTRACT_HASH"));
    assert_eq!(stand.send(&entries).await?.status, 503);
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::WebAuth);
    stand.anchor.clock.advance(Duration::from_secs(5));
    assert_eq!(stand.send(&entries).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_005_r_45_051_operator_is_told_what_keeps_contract_accounts_out() -> Result<()> {
    let stand = Stand::new().await?;
    let (anchor, server) = (&stand.anchor.anchor, samples::distribution().account());
    let sep45 = anchor.config().sep45.clone().context("on")?;
    let look = async || {
        let contracts = anchor.contracts().context("on")?;
        let found = inspect(contracts, anchor.ledger(), &sep45, &server).await;
        anyhow::Ok(found.into_iter().filter_map(|found| found.result.err()).collect::<Vec<_>>())
    };
    let problems = look().await?;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("does not exist"));
    stand.anchor.ledger.fund(server, StellarAmount::from_stroops(100_000_000).unwrap());
    assert_eq!(look().await?, Vec::<String>::new());
    stand.anchor.ledger.edit(server, |account| account.medium_threshold = 2);
    assert!(look().await?[0].contains("medium threshold"));
    stand.anchor.ledger.edit(server, |account| account.medium_threshold = 1);
    stand.devnet.install_contract(*web_auth().as_bytes(), ContractKind::Open);
    assert!(look().await?[0].contains("no function web_auth_verify"));
    silence(&stand);
    assert_eq!(look().await?.len(), 2);
    Ok(())
}

#[actix_web::test]
async fn r_45_005_server_of_another_network_is_asked_nothing() -> Result<()> {
    let stand = Stand::with(&[], |devnet| devnet.passphrase("Another Network ; for tests")).await?;
    let answer = stand.ask(&client(), "").await;
    assert_eq!(answer.status, 503);
    answer.error()?;
    Ok(())
}

#[actix_web::test]
async fn r_45_051_server_account_of_a_higher_threshold_lets_nobody_in() -> Result<()> {
    let stand = Stand::new().await?;
    let server = samples::distribution();
    let options = stellar_xdr::SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: Some(1),
        low_threshold: Some(1),
        med_threshold: Some(2),
        high_threshold: Some(1),
        home_domain: None,
        signer: None,
    };
    use anchor_devnet::ledger::build;
    let source = on_devnet(&server.account());
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: source.clone() });
    let sequence = match stand.devnet.network().entry(&key).context("funded")?.data {
        LedgerEntryData::Account(ref account) => account.seq_num.0,
        _ => anyhow::bail!("no account"),
    };
    let envelope = build::Draft::new(&source, sequence + 1)
        .operation(OperationBody::SetOptions(options))
        .sign(stand.devnet.network().network_id(), &[server.dalek()]);
    stand.devnet.submit(envelope);
    stand.devnet.close_ledger()?;
    let answer = stand.send(&stand.signed().await?).await?;
    assert_eq!(answer.status, 400, "{answer:?}");
    Ok(())
}

#[actix_web::test]
async fn r_45_049_t_45_20_newer_credentials_are_taken_where_the_network_takes_them() -> Result<()> {
    for (protocol, status) in [(27, 200), (23, 400)] {
        let stand = Stand::with(&[], |devnet| devnet.protocol(protocol)).await?;
        let network = &stand.anchor.anchor.config().network;
        let mut entries = stand.challenge(&client()).await?;
        let entry = of_client(&mut entries)?;
        entry.credentials = SorobanCredentials::AddressV2(credentials(entry)?.clone());
        sign(entry, &key(), stand.latest() + LEDGERS, network)?;
        assert_eq!(stand.send(&entries).await?.status, status, "protocol {protocol}");

        let shared = ContractId::from_bytes([30; 32]);
        let kind = ContractKind::Delegate { key: *key().account().as_bytes() };
        stand.devnet.install_contract(*shared.as_bytes(), kind);
        stand.devnet.fund(&on_devnet(&key().account())).await?;
        let mut entries = stand.challenge(&shared).await?;
        let entry = of_client(&mut entries)?;
        delegated(entry, 1, 1)?;
        credentials_mut(entry)?.signature_expiration_ledger = stand.latest() + LEDGERS;
        let payload = payload(entry, network)?;
        let SorobanCredentials::AddressWithDelegates(it) = &mut entry.credentials else { panic!() };
        let mut delegates = it.delegates.to_vec();
        delegates[0].signature = signature(&key(), &payload)?;
        it.delegates = delegates.try_into()?;
        let answer = stand.send(&entries).await?;
        assert_eq!(answer.status, status, "protocol {protocol}: {answer:?}");
    }
    Ok(())
}

/// So many delegates, one behind the other as deep as said.
fn delegated(entry: &mut SorobanAuthorizationEntry, count: usize, depth: usize) -> Result<()> {
    let address = anchor_tests::contract_wallet::account(&key().account());
    let bare =
        SorobanDelegateSignature { address, signature: ScVal::Void, nested_delegates: VecM::default() };
    let mut delegate = bare.clone();
    for _ in 1..depth {
        delegate = SorobanDelegateSignature { nested_delegates: [delegate].try_into()?, ..bare.clone() };
    }
    entry.credentials = SorobanCredentials::AddressWithDelegates(SorobanAddressCredentialsWithDelegates {
        address_credentials: credentials(entry)?.clone(),
        delegates: std::iter::repeat_n(delegate, count).collect::<Vec<_>>().try_into()?,
    });
    Ok(())
}

#[actix_web::test]
async fn r_45_049_delegates_are_counted_before_anybody_looks_at_them() -> Result<()> {
    let stand = Stand::with(&[], |devnet| devnet.protocol(27)).await?;
    for (count, depth, is_too_many) in
        [(32, 1, false), (33, 1, true), (1, 8, false), (1, 9, true), (17, 2, true)]
    {
        let mut entries = stand.signed().await?;
        delegated(of_client(&mut entries)?, count, depth)?;
        let answer = stand.send(&entries).await?;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.error()?.contains("too many delegates"), is_too_many, "{count} {depth}");
    }
    Ok(())
}
