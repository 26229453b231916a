use anchor_devnet::{CloseMode, Devnet, ledger::build};

use super::support::{World, answer, id};

#[tokio::test]
async fn friendbot_funds_a_new_account_with_a_real_transaction() {
    let world = World::instant().await;
    let address = id(&build::key("alice")).to_string();
    let body = world.body(&format!("/friendbot?addr={address}")).await;
    assert_eq!(body["successful"], true);
    assert_eq!(world.body(&format!("/transactions/{}", body["hash"].as_str().unwrap())).await, body);
    let account = world.body(&format!("/accounts/{address}")).await;
    assert_eq!(account["balances"][0]["balance"], "10000.0000000");
}

#[tokio::test]
async fn friendbot_refuses_a_funded_account_and_a_bad_address() {
    let world = World::manual().await;
    let [alice] = world.funded(["alice"]).await;
    let form = [("addr", id(&alice).to_string())];
    let again = world.http.post(world.url("/friendbot")).form(&form).send().await.unwrap();
    let (status, body) = answer(again).await;
    assert_eq!((status.as_u16(), &body["status"]), (400, &400.into()));
    assert!(body["detail"].as_str().unwrap().contains("createAccountAlreadyExist"));
    for bad in ["/friendbot", "/friendbot?addr=GABC"] {
        let (status, body) = world.get(bad).await;
        assert_eq!((status.as_u16(), &body["extras"]["invalid_field"]), (400, &"addr".into()));
    }
}

#[tokio::test]
async fn many_accounts_are_funded_at_once() {
    let world = World::start(Devnet::builder().close(CloseMode::Instant)).await;
    let keys: Vec<_> = (0..40).map(|number| build::key(&format!("account {number}"))).collect();
    let ids: Vec<_> = keys.iter().map(id).collect();
    let funded = futures_util::future::join_all(ids.iter().map(|id| world.devnet.fund(id))).await;
    assert!(funded.iter().all(Result::is_ok), "{funded:?}");
}

#[tokio::test]
async fn friendbot_answers_at_the_root_of_a_host_of_its_own() {
    let world = World::manual().await;
    let address = id(&build::key("alice")).to_string();
    let request = world.http.get(world.url(&format!("/?addr={address}"))).header("Host", "friendbot.example");
    let (status, body) = answer(request.send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &body["successful"]), (200, &true.into()), "{body}");
    assert!(world.body(&format!("/?addr={address}")).await["network_passphrase"].is_string());
}
