//! What nobody should get in with. Simulation alone would let some of it through; the devnet's does, as the real one.

use anchor_core::account::ContractId;
use anchor_core::keys::SigningKey;
use anchor_core::testing::fakes::samples;
use anchor_devnet::{ContractKind, Fault, FaultRule};
use anchor_tests::contract_wallet::{call, contract, credentials, credentials_mut, encode, sign};
use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use stellar_xdr::{
    InvokeContractArgs, ScSymbol, ScVal, ScVec, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials, VecM,
};

use super::sep45_stand::{
    LEDGERS, PATH, Stand, argument, client, forge, key, of_account, of_client, replace, sign_all, web_auth,
};

/// What is told, or what it is called, and what is done.
type Lie<'a, T> = (&'a str, &'a dyn Fn(&mut T));

/// Sends it, and returns the text of the 400 that has to come.
async fn refused(stand: &Stand, entries: &[SorobanAuthorizationEntry]) -> Result<String> {
    let answer = stand.send(entries).await?;
    ensure!(answer.status == 400, "let in, or an accident: {answer:?}");
    answer.error()
}

/// From now on the network answers no question: what is refused all the same is refused without asking.
fn silence(stand: &Stand) -> u64 {
    stand.devnet.faults().add(FaultRule::new(Fault::ServerError { status: 500 }).route("/rpc"))
}

fn times_asked(stand: &Stand, silence: u64) -> u64 {
    let faults = stand.devnet.faults().list();
    faults.iter().find(|fault| fault.id == silence).map_or(0, |fault| fault.fired)
}

#[actix_web::test]
async fn r_45_044_t_45_03_empty_list_is_refused_and_nobody_is_asked() -> Result<()> {
    let stand = Stand::new().await?;
    let signed = stand.signed().await?;
    let silence = silence(&stand);
    assert!(refused(&stand, &[]).await?.contains("empty"));
    assert_eq!(times_asked(&stand, silence), 0);
    // the fault is there
    assert_eq!(stand.send(&signed).await?.status, 503);
    assert_eq!(times_asked(&stand, silence), 1);
    Ok(())
}

#[actix_web::test]
async fn r_45_011_r_45_026_r_45_027_t_45_23_what_is_no_list_is_400_and_never_500() -> Result<()> {
    let stand = Stand::new().await?;
    let silence = silence(&stand);
    let deep = {
        let mut value = ScVal::Void;
        for _ in 0..30 {
            value = ScVal::Vec(Some(ScVec([value].try_into()?)));
        }
        value
    };
    let text = "AAAAAA==";
    let bodies = [
        json!({}),
        json!({ "authorization_entries": "" }),
        json!({ "authorization_entries": null }),
        json!({ "authorization_entries": 5 }),
        json!({ "authorization_entries": [text] }),
        json!({ "authorization_entries": { "0": text } }),
        json!({ "authorization_entries": "not base64!" }),
        json!({ "authorization_entries": "AAAAAA" }),
        json!({ "authorization_entries": "AAAA AA==" }),
        json!({ "authorization_entries": "AAAA\nAA==" }),
        // a count of four thousand millions, and half an entry
        json!({ "authorization_entries": BASE64_STANDARD.encode([0xff; 4]) }),
        json!({ "authorization_entries": BASE64_STANDARD.encode([0, 0, 0, 1, 0, 0, 0, 1]) }),
        json!({ "authorization_entries": "A".repeat(50_004) }),
        json!({ "authorization_entries": "A".repeat(100_000) }),
        json!([text]),
        Value::Null,
    ];
    for body in bodies {
        let answer = stand.anchor.post(PATH, "", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.error()?;
    }
    // something behind the list
    let entries = vec![SorobanAuthorizationEntry {
        credentials: SorobanCredentials::SourceAccount,
        root_invocation: invocation(deep),
    }];
    let mut bytes = BASE64_STANDARD.decode(encode(entries.clone())?)?;
    assert_eq!(stand.send(&entries).await?.status, 400);
    bytes.extend([0; 4]);
    assert_eq!(stand.send_text(&BASE64_STANDARD.encode(bytes)).await.status, 400);
    // a form whose + arrives as a space
    let spaced = stand.send_form("authorization_entries=AAAA+AAA".to_owned()).await;
    assert_eq!(spaced.status, 400);
    assert!(spaced.error()?.contains("%2B"));
    assert_eq!(times_asked(&stand, silence), 0);
    Ok(())
}

fn invocation(argument: ScVal) -> SorobanAuthorizedInvocation {
    SorobanAuthorizedInvocation {
        function: SorobanAuthorizedFunction::ContractFn(InvokeContractArgs {
            contract_address: contract(&web_auth()),
            function_name: ScSymbol("web_auth_verify".try_into().unwrap()),
            args: [argument].try_into().unwrap(),
        }),
        sub_invocations: VecM::default(),
    }
}

#[actix_web::test]
async fn nesting_deeper_than_any_stack_ends_nothing() -> Result<()> {
    let stand = Stand::new().await?;
    // discriminants of vectors that hold one vector each, as long as it may be
    let level = [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1];
    let start = BASE64_STANDARD.decode(encode(stand.challenge(&client()).await?)?)?;
    let mut bytes = start[..64].to_vec();
    bytes.extend(level.repeat(3_000));
    let answer = stand.send_text(&BASE64_STANDARD.encode(bytes)).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    Ok(())
}

#[actix_web::test]
async fn r_45_038_r_45_043_t_45_04_t_45_05_our_own_entry_has_to_come_back_as_it_was_issued() -> Result<()> {
    let stand = Stand::new().await?;
    let signed = stand.signed().await?;
    let silence = silence(&stand);
    let (server, network) = (samples::distribution(), &stand.anchor.anchor.config().network);
    let without: Vec<_> = signed[..1].to_vec();
    refused(&stand, &without).await?;
    let twice_the_client = vec![signed[0].clone(), signed[0].clone()];
    refused(&stand, &twice_the_client).await?;

    let changes: [Lie<'_, SorobanAuthorizationEntry>; 6] = [
        ("by another key", &|entry| {
            sign(entry, &key(), 500, network).unwrap();
        }),
        ("not signed", &|entry| credentials_mut(entry).unwrap().signature = ScVal::Void),
        ("for longer", &|entry| credentials_mut(entry).unwrap().signature_expiration_ledger += 1),
        ("with another number", &|entry| credentials_mut(entry).unwrap().nonce ^= 1),
        ("twice", &|entry| {
            let ScVal::Vec(Some(list)) = &mut credentials_mut(entry).unwrap().signature else { panic!() };
            list.0 = [list.0[0].clone(), list.0[0].clone()].try_into().unwrap();
        }),
        // even with a signature of ours: entries of this kind are never issued
        ("of another kind", &|entry| {
            let it = credentials(entry).unwrap().clone();
            entry.credentials = SorobanCredentials::AddressV2(it);
            sign(entry, &server, 500, network).unwrap();
        }),
    ];
    for (what, change) in changes {
        let mut entries = signed.clone();
        change(of_account(&mut entries, &server.account())?);
        let error = refused(&stand, &entries).await?;
        assert!(error.contains("not as it was issued"), "{what}: {error}");
    }
    assert_eq!(times_asked(&stand, silence), 0, "and nobody was asked");
    Ok(())
}

#[actix_web::test]
async fn r_45_028_t_45_06_challenge_of_one_account_is_of_no_use_to_another() -> Result<()> {
    let stand = Stand::new().await?;
    let (other, other_key) = (ContractId::from_bytes([8; 32]), SigningKey::from_seed([88; 32]));
    let kind = ContractKind::Key { key: *other_key.account().as_bytes() };
    stand.devnet.install_contract(*other.as_bytes(), kind);
    // somebody answers their own challenge in another's name, and the other way round
    let mut entries = stand.challenge(&other).await?;
    let in_the_name_of = contract(&client());
    credentials_mut(of_client(&mut entries)?)?.address = in_the_name_of;
    stand.sign(&mut entries, &other_key)?;
    refused(&stand, &entries).await?;

    let mut entries = stand.challenge(&other).await?;
    let stolen = stand.challenge(&client()).await?;
    let arguments = call(&stolen[0])?.args.clone();
    for entry in &mut entries {
        let SorobanAuthorizedFunction::ContractFn(call) = &mut entry.root_invocation.function else {
            panic!()
        };
        call.args = arguments.clone();
    }
    credentials_mut(of_client(&mut entries)?)?.address = contract(&client());
    stand.sign(&mut entries, &other_key)?;
    assert!(refused(&stand, &entries).await?.contains("not as it was issued"));
    Ok(())
}

#[actix_web::test]
async fn r_45_031_r_45_037_t_45_07_entries_of_two_challenges_are_refused() -> Result<()> {
    let stand = Stand::new().await?;
    let (one, two) = (stand.signed().await?, stand.signed().await?);
    let error = refused(&stand, &[one[0].clone(), two[1].clone()]).await?;
    assert!(error.contains("different arguments"), "{error}");
    Ok(())
}

#[actix_web::test]
async fn r_45_045_t_45_10_credentials_that_nobody_signs_are_refused() -> Result<()> {
    let stand = Stand::new().await?;
    for place in 0..2 {
        let mut entries = stand.signed().await?;
        entries[place].credentials = SorobanCredentials::SourceAccount;
        assert!(refused(&stand, &entries).await?.contains("source account"));
    }
    let mut entries = stand.signed().await?;
    let more = SorobanAuthorizationEntry {
        credentials: SorobanCredentials::SourceAccount,
        root_invocation: entries[0].root_invocation.clone(),
    };
    entries.push(more);
    assert!(refused(&stand, &entries).await?.contains("source account"));
    Ok(())
}

#[actix_web::test]
async fn r_45_039_r_45_048_t_45_11_one_entry_for_each_and_no_other() -> Result<()> {
    let stand = Stand::new().await?;
    let network = stand.anchor.anchor.config().network.clone();
    let signed = stand.signed().await?;
    let silence = silence(&stand);
    let only_ours = vec![signed[1].clone()];
    refused(&stand, &only_ours).await?;
    // a third one, of somebody else or of the same
    let mut third = signed[0].clone();
    credentials_mut(&mut third)?.address = anchor_tests::contract_wallet::account(&key().account());
    sign(&mut third, &key(), 500, &network)?;
    for third in [third, signed[0].clone(), signed[1].clone()] {
        let entries = [signed.clone(), vec![third]].concat();
        assert!(refused(&stand, &entries).await?.contains("no other"));
    }
    // somebody else's instead of the client's
    let mut entries = signed.clone();
    credentials_mut(&mut entries[0])?.address = contract(&ContractId::from_bytes([9; 32]));
    refused(&stand, &entries).await?;
    // many
    let many: Vec<_> = std::iter::repeat_n(signed[0].clone(), 20).collect();
    refused(&stand, &many).await?;
    assert_eq!(times_asked(&stand, silence), 0);
    Ok(())
}

#[actix_web::test]
async fn r_45_029_r_45_030_r_45_048_t_45_12_t_45_13_only_the_call_of_a_challenge_is_authorized() -> Result<()>
{
    let stand = Stand::new().await?;
    let other = ContractId::from_bytes([46; 32]);
    stand.devnet.install_contract(*other.as_bytes(), ContractKind::WebAuth);
    let changes: [Lie<'_, SorobanAuthorizedInvocation>; 4] = [
        ("WEB_AUTH_CONTRACT_ID", &|root| called(root).contract_address = contract(&other)),
        ("web_auth_verify", &|root| {
            called(root).function_name = ScSymbol("transfer".try_into().unwrap());
        }),
        ("sub-invocations", &|root| root.sub_invocations = [invocation(ScVal::Void)].try_into().unwrap()),
        ("call of a contract", &|root| {
            root.function =
                SorobanAuthorizedFunction::CreateContractHostFn(stellar_xdr::CreateContractArgs {
                    contract_id_preimage: stellar_xdr::ContractIdPreimage::Asset(stellar_xdr::Asset::Native),
                    executable: stellar_xdr::ContractExecutable::StellarAsset,
                });
        }),
    ];
    for (told, change) in changes {
        // in one entry, in the other, and in both: also where it bears our signature
        for places in [&[0_usize][..], &[1], &[0, 1]] {
            let mut entries = stand.signed().await?;
            for place in places {
                change(&mut entries[*place].root_invocation);
            }
            sign_all(&stand, &mut entries)?;
            let error = refused(&stand, &entries).await?;
            assert!(error.contains(told), "{error}");
        }
    }
    Ok(())
}

fn called(root: &mut SorobanAuthorizedInvocation) -> &mut InvokeContractArgs {
    let SorobanAuthorizedFunction::ContractFn(call) = &mut root.function else { panic!("not a call") };
    call
}

#[actix_web::test]
async fn r_45_032_r_45_033_r_45_034_challenges_of_other_servers_are_refused() -> Result<()> {
    let stand = Stand::new().await?;
    let server = SigningKey::from_seed([5; 32]).account().to_string();
    for (name, value, told) in [
        ("home_domain", "evil.example", "home domain"),
        ("web_auth_domain", "evil.example", "web authentication domain"),
        ("web_auth_domain_account", server.as_str(), "server's account"),
        ("account", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ", "contract"),
        ("account", "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ", "contract"),
        ("account", "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDB", "contract"),
        // not one of ours, though it is signed
        ("nonce", "2318448561", "nonce"),
        ("nonce", "1767226500-12345678901234567890123456789012345678", "nonce"),
    ] {
        let mut entries = stand.challenge(&client()).await?;
        forge(&stand, &mut entries, |arguments| replace(arguments, name, value))?;
        let error = refused(&stand, &entries).await?;
        assert!(error.contains(told), "{name}={value}: {error}");
    }
    // the way of making them is good
    let mut entries = stand.challenge(&client()).await?;
    forge(&stand, &mut entries, |_| {})?;
    assert_eq!(stand.send(&entries).await?.status, 200);
    Ok(())
}

#[actix_web::test]
async fn r_45_035_r_45_036_r_45_047_arguments_are_those_of_a_challenge_and_no_other() -> Result<()> {
    let stand = Stand::new().await?;
    let key = key().account().to_string();
    let changes: [Lie<'_, Vec<stellar_xdr::ScMapEntry>>; 9] = [
        ("client_domain", &|arguments| {
            arguments.insert(1, argument("client_domain", "wallet.example").unwrap());
        }),
        ("client_domain", &|arguments| {
            arguments.insert(1, argument("client_domain_account", &key).unwrap());
        }),
        ("unknown", &|arguments| arguments.push(argument("zebra", "striped").unwrap())),
        ("missing", &|arguments| drop(arguments.remove(2))),
        ("twice", &|arguments| arguments.insert(0, arguments[0].clone())),
        ("order", &|arguments| arguments.swap(0, 1)),
        ("symbols", &|arguments| arguments[0].val = ScVal::Symbol(ScSymbol("C".try_into().unwrap()))),
        ("symbols", &|arguments| arguments[0].key = argument("a", "account").unwrap().val),
        ("empty", &|arguments| replace(arguments, "nonce", "")),
    ];
    for (told, change) in changes {
        let mut entries = stand.challenge(&client()).await?;
        forge(&stand, &mut entries, change)?;
        let error = refused(&stand, &entries).await?;
        assert!(error.contains(told), "{told}: {error}");
    }
    // not one map
    for args in [vec![], vec![ScVal::Void], vec![ScVal::Map(None)], vec![ScVal::Void, ScVal::Void]] {
        let mut entries = stand.challenge(&client()).await?;
        for entry in &mut entries {
            called(&mut entry.root_invocation).args = args.clone().try_into()?;
        }
        sign_all(&stand, &mut entries)?;
        assert!(refused(&stand, &entries).await?.contains("one map"));
    }
    Ok(())
}

#[actix_web::test]
async fn r_45_037_challenge_is_good_for_15_minutes_whatever_the_ledger_does() -> Result<()> {
    let stand = Stand::new().await?;
    // signed for so long that no ledger ends it
    let (mut early, mut late) = (stand.challenge(&client()).await?, stand.challenge(&client()).await?);
    for entries in [&mut early, &mut late] {
        stand.sign_until(entries, &key(), stand.latest() + 100_000)?;
    }
    stand.anchor.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(stand.send(&early).await?.status, 200);
    stand.anchor.clock.advance(std::time::Duration::from_secs(1));
    assert!(refused(&stand, &late).await?.contains("too old"));
    // nor one from a future that no clock of ours can have
    let mut entries = stand.challenge(&client()).await?;
    forge(&stand, &mut entries, |arguments| replace(arguments, "nonce", &"9".repeat(49)))?;
    assert!(refused(&stand, &entries).await?.contains("too old"));
    Ok(())
}

#[actix_web::test]
async fn r_45_021_r_45_042_r_45_065_t_45_14_signature_is_good_for_as_many_ledgers_as_it_says() -> Result<()> {
    let stand = Stand::new().await?;
    let mut entries = stand.challenge(&client()).await?;
    stand.sign_until(&mut entries, &key(), stand.latest() + 1)?;
    for _ in 0..2 {
        stand.devnet.close_ledger()?;
    }
    let error = refused(&stand, &entries).await?;
    assert!(error.contains("expired") && error.contains("sign again"), "{error}");
    // it did not use up the challenge: signed again, it is good, also for the shortest time
    stand.sign_until(&mut entries, &key(), stand.latest())?;
    assert_eq!(stand.send(&entries).await?.status, 200);
    // longer than the network takes it
    let mut entries = stand.challenge(&client()).await?;
    stand.sign_until(&mut entries, &key(), u32::MAX)?;
    assert!(refused(&stand, &entries).await?.contains("did not authorize"));
    // ours ends as well
    let entries = {
        let mut entries = stand.challenge(&client()).await?;
        stand.sign_until(&mut entries, &key(), stand.latest() + 1_000)?;
        entries
    };
    for _ in 0..=180 {
        stand.devnet.close_ledger()?;
    }
    assert!(refused(&stand, &entries).await?.contains("too old"));
    Ok(())
}

#[actix_web::test]
async fn r_45_042_t_45_15_t_45_16_account_decides_and_nobody_else() -> Result<()> {
    let stand = Stand::new().await?;
    let [missing, open, closed, busy] = [20, 21, 22, 23].map(|byte| ContractId::from_bytes([byte; 32]));
    stand.devnet.install_contract(*open.as_bytes(), ContractKind::Open);
    stand.devnet.install_contract(*closed.as_bytes(), ContractKind::Closed);
    stand.devnet.install_contract(*busy.as_bytes(), ContractKind::Busy);
    for (account, status) in [(missing, 400), (closed, 400), (open, 200), (busy, 200)] {
        let mut entries = stand.challenge(&account).await?;
        stand.sign(&mut entries, &key())?;
        let answer = stand.send(&entries).await?;
        assert_eq!(answer.status, status, "{account}: {answer:?}");
    }
    // another key than the account's
    let mut entries = stand.challenge(&client()).await?;
    stand.sign(&mut entries, &SigningKey::from_seed([9; 32]))?;
    assert!(refused(&stand, &entries).await?.contains("did not authorize"));
    Ok(())
}

#[actix_web::test]
async fn r_45_050_signature_may_be_absent_where_the_account_wants_none_and_nowhere_else() -> Result<()> {
    let stand = Stand::new().await?;
    let open = ContractId::from_bytes([21; 32]);
    stand.devnet.install_contract(*open.as_bytes(), ContractKind::Open);
    for (account, status) in [(open, 200), (client(), 400)] {
        let mut entries = stand.challenge(&account).await?;
        // as it came: the network takes no entry that says not until when
        assert!(refused(&stand, &entries).await?.contains("not signed"));
        credentials_mut(of_client(&mut entries)?)?.signature_expiration_ledger = stand.latest() + LEDGERS;
        assert_eq!(stand.send(&entries).await?.status, status, "{account}");
    }
    Ok(())
}
