use super::*;
use crate::testing::fakes::samples;

/// With what every anchor needs.
fn settings(given: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let seed = samples::issuer().to_strkey();
    Config::from_source(|name| {
        let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        given.or_else(|| match name {
            "SIGNING_SEED" => Some(seed.expose().clone()),
            "SERVER_JWT_KEY" => Some("0123456789abcdefghijklmnopqrstuvwxyz".to_owned()),
            _ => None,
        })
    })
}

#[test]
fn each_problem_is_named_once_and_nobody_is_called_a_test_on_the_public_network() {
    let problems = settings(&[("SIGNING_SEED", "nonsense")]).unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(settings(&[]).unwrap().org_name, "Testnet Anchor");
    let public = [("STELLAR_NETWORK_PASSPHRASE", Network::PUBLIC), ("HOST_URL", "https://anchor.example")];
    assert_eq!(settings(&public).unwrap().org_name, "anchor.example");
}

#[test]
fn stellar_rpc_is_read_with_its_authorization_and_nonsense_is_named_without_its_value() {
    assert!(settings(&[]).unwrap().rpc.is_empty());
    let rpc = [
        ("STELLAR_RPC_URI", "https://rpc.example/"),
        ("STELLAR_RPC_AUTHORIZATION", "Key 123"),
        ("STELLAR_RPC_AUTHORIZATION_HEADER", "X-Api-Key"),
    ];
    let server = &settings(&rpc).unwrap().rpc[0];
    assert_eq!(server.header, "X-Api-Key");
    assert_eq!(server.authorization.as_ref().unwrap().expose(), "Key 123");
    let wrong = [
        ("STELLAR_RPC_URI", "rpc.example"),
        ("STELLAR_RPC_AUTHORIZATION", "Key\u{e4}"),
        ("STELLAR_RPC_AUTHORIZATION_HEADER", "X: Y"),
    ];
    let problems = settings(&wrong).unwrap_err().problems;
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(!problems.concat().contains("Key") && !problems.concat().contains("rpc.example"));
}

#[test]
fn contract_accounts_are_asked_about_where_the_ledger_is_read_or_elsewhere() {
    let contract = "CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA";
    assert!(settings(&[("SEP45_RPC_URI", "https://own.example")]).unwrap().sep45.is_none());
    let both = [("WEB_AUTH_CONTRACT_ID", contract), ("STELLAR_RPC_URI", "https://ledger.example")];
    let sep45 = settings(&both).unwrap().sep45.unwrap();
    assert_eq!(sep45.contract.to_string(), contract);
    assert_eq!(sep45.rpc[0].url.host_str(), Some("ledger.example"));
    let hash = "3c8d0b8b347752e57abe0b50380401ca8f5793bc971b685fd072571bbf5d54cc";
    let own = [
        ("SEP45_RPC_URI", "https://own.example"),
        ("SEP45_RPC_AUTHORIZATION", "Bearer a"),
        ("WEB_AUTH_CONTRACT_HASH", hash),
    ];
    let sep45 = settings(&[&both[..], &own].concat()).unwrap().sep45.unwrap();
    assert_eq!(sep45.rpc[0].url.host_str(), Some("own.example"));
    assert_eq!(sep45.rpc[0].authorization.as_ref().unwrap().expose(), "Bearer a");
    assert_eq!(sep45.code_hash.map(hex::encode).as_deref(), Some(hash));
    for wrong in [
        ("WEB_AUTH_CONTRACT_ID", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"),
        ("WEB_AUTH_CONTRACT_HASH", &hash[1..]),
        ("SEP45_RPC_URI", "own.example"),
    ] {
        let problems = settings(&[wrong]).unwrap_err().problems;
        assert!(problems[0].contains(wrong.0) && !problems.concat().contains(wrong.1), "{problems:?}");
    }
}

#[test]
fn several_servers_are_read_and_each_provider_gets_its_own_key_only() {
    let given = [
        ("HORIZON_URI", "https://one.example, https://two.example\nhttps://three.example"),
        ("STELLAR_RPC_URI", "https://a.example https://b.example/rpc"),
        ("STELLAR_RPC_AUTHORIZATION", "Bearer a"),
        ("STELLAR_RPC_AUTHORIZATION_HEADER_2", "X-Api-Key"),
        ("LEDGER_QUORUM", "2"),
    ];
    let config = settings(&given).unwrap();
    let hosts: Vec<_> = config.horizon.iter().filter_map(Url::host_str).collect();
    assert_eq!(hosts, ["one.example", "two.example", "three.example"]);
    assert_eq!((config.rpc.len(), config.ledger_quorum), (2, 2));
    assert_eq!(config.rpc[0].authorization.as_ref().unwrap().expose(), "Bearer a");
    assert!(config.rpc[1].authorization.is_none(), "the first provider's key is nobody else's business");
    assert_eq!((&*config.rpc[0].header, &*config.rpc[1].header), ("Authorization", "X-Api-Key"));
    for wrong in [
        [("HORIZON_URI", "https://one.example,https://one.example/")],
        [("HORIZON_URI", "https://one.example,two.example")],
        [("LEDGER_QUORUM", "2")],
        [("LEDGER_QUORUM", "0")],
    ] {
        assert_eq!(settings(&wrong).unwrap_err().problems.len(), 1, "{wrong:?}");
    }
}

#[test]
fn path_of_the_description_is_plain_or_refused() {
    assert_eq!(settings(&[]).unwrap().openapi_path, None, "nothing is served without it");
    for path in ["/openapi.json", "/.well-known/openapi.json"] {
        assert_eq!(settings(&[("OPENAPI_PATH", path)]).unwrap().openapi_path.as_deref(), Some(path));
    }
    for wrong in ["openapi.json", "/", "/a/", "//a", "/a?b", "/{a}", "/a b", "/../a", "https://a.example/b"] {
        assert_eq!(settings(&[("OPENAPI_PATH", wrong)]).unwrap_err().problems.len(), 1, "{wrong}");
    }
}

#[test]
fn debug_shows_no_secret_and_no_key_in_an_address() {
    let mut config = samples::config();
    config.horizon = vec!["https://user:hunter2@horizon.example/key-1234/?token=5678".parse().unwrap()];
    let rpc = [
        ("STELLAR_RPC_URI", "https://rpc.example/key-4321"),
        ("STELLAR_RPC_AUTHORIZATION", "Bearer opensesame"),
    ];
    config.rpc = settings(&rpc).unwrap().rpc;
    let text = format!("{config:?}");
    assert!(text.contains("horizon.example") && text.contains("rpc.example"), "{text}");
    for secret in ["hunter2", "key-1234", "5678", "key-4321", "opensesame", "a-key-for-tests", "sqlite"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!text.contains(samples::distribution().to_strkey().expose()), "{text}");
}
