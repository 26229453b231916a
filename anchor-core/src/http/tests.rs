use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Answers every connection with this, and says how many there were.
async fn server(answer: &'static str) -> (u16, Arc<std::sync::atomic::AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

#[test]
fn peer_private_addresses_are_not_global() {
    let inside = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for address in inside {
        assert!(!is_global(address.parse().unwrap()), "{address}");
    }
    for address in ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
        assert!(is_global(address.parse().unwrap()), "{address}");
    }
}

#[tokio::test]
async fn peer_r_06_209_hosts_inside_are_never_contacted_however_they_are_written() {
    let (port, count) = server(OK).await;
    let guarded = GuardedClient::new(false).unwrap();
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "localhost.",
        "LOCALHOST",
    ];
    for host in hosts {
        for scheme in ["http", "https"] {
            let address = format!("{scheme}://{host}:{port}/");
            let fetched = guarded.fetch_text(&address, 100).await;
            let refused = matches!(
                fetched,
                Err(GuardError::Address
                    | GuardError::Forbidden
                    | GuardError::Port
                    | GuardError::Unreachable(_))
            );
            assert!(refused, "{address}: {fetched:?}");
            if let Ok(url) = Url::parse(&address) {
                assert!(guarded.post_json(&url, &[], Vec::new()).await.is_err(), "{address}");
            }
        }
    }
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[test]
fn only_the_port_of_https_is_contacted() {
    let checked = |address: &str, local_mode| check_url(&address.parse().unwrap(), local_mode);
    for local_mode in [false, true] {
        assert!(checked("https://wallet.example/cb", local_mode).is_ok());
        assert!(checked("https://wallet.example:443/cb", local_mode).is_ok());
        for port in [22, 80, 5432, 8443] {
            let found = checked(&format!("https://wallet.example:{port}/"), local_mode);
            assert!(matches!(found, Err(GuardError::Port)), "{port}: {found:?}");
        }
    }
}

#[test]
fn local_mode_speaks_plain_http_to_this_machine_only() {
    let checked = |address: &str, local_mode| check_url(&address.parse().unwrap(), local_mode);
    for local in
        ["http://localhost:3000/", "http://wallet.localhost/", "http://127.0.0.1:1/", "http://[::1]/"]
    {
        assert!(checked(local, true).is_ok(), "{local}");
        assert!(checked(local, false).is_err(), "{local}");
    }
    for other in ["http://wallet.example/", "http://wallet.example:3000/", "http://localhost.example/"] {
        assert!(matches!(checked(other, true), Err(GuardError::Address)), "{other}");
    }
    for inside in ["https://10.0.0.1/", "https://169.254.169.254/", "https://[fd12::1]/"] {
        assert!(matches!(checked(inside, true), Err(GuardError::Forbidden)), "{inside}");
    }
}

#[tokio::test]
async fn local_mode_reaches_loopback_and_nothing_else_inside() {
    let (port, _) = server(OK).await;
    let guarded = GuardedClient::new(true).unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let text = guarded.fetch_text(&format!("http://{host}:{port}/"), 100).await.unwrap();
        assert_eq!(text, "hello");
    }
    let metadata = guarded.fetch_text("http://169.254.169.254/", 100).await;
    assert!(matches!(metadata, Err(GuardError::Address)), "{metadata:?}");
}

#[tokio::test]
async fn large_answers_and_redirects_are_refused() {
    let (port, _) = server(OK).await;
    let guarded = GuardedClient::new(true).unwrap();
    let large = guarded.fetch_text(&format!("http://localhost:{port}/"), 4).await;
    assert!(matches!(large, Err(GuardError::Body)), "{large:?}");

    let (port, _) =
        server("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
    let moved = guarded.fetch_text(&format!("http://localhost:{port}/"), 100).await;
    assert!(matches!(moved, Err(GuardError::Status(302))), "{moved:?}");
}

#[tokio::test]
async fn nobody_listening_is_certainly_not_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://localhost:{}/", listener.local_addr().unwrap().port())).unwrap();
    drop(listener);
    let posted = GuardedClient::new(true).unwrap().post_json(&url, &[], b"{}".to_vec()).await;
    assert!(matches!(posted, Err(GuardError::Unreachable(_))), "{posted:?}");
}

/// A client whose name server gives these answers, one after the other, and a count of the questions.
fn with_answers(
    local_mode: bool,
    answers: &[&[&str]],
) -> (GuardedClient, Arc<std::sync::atomic::AtomicUsize>) {
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let parse = |address: &&str| SocketAddr::new(address.parse().unwrap(), 0);
    let answers: Vec<Vec<SocketAddr>> =
        answers.iter().map(|answer| answer.iter().map(parse).collect()).collect();
    let count = Arc::clone(&asked);
    let lookup: Lookup = Box::new(move |_| {
        let at = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let answer = answers[at.min(answers.len() - 1)].clone();
        async move { Ok(answer) }.boxed()
    });
    (GuardedClient::with_lookup(local_mode, lookup).unwrap(), asked)
}

#[tokio::test]
async fn peer_s_10_12_host_that_resolves_inside_is_not_contacted() {
    for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"] {
        let (guarded, _) = with_answers(false, &[&[inside]]);
        let answer = guarded.fetch_text("https://wallet.example/.well-known/stellar.toml", 100).await;
        assert!(matches!(answer, Err(GuardError::Forbidden)), "{inside}: {answer:?}");
    }
}

#[tokio::test]
async fn peer_s_10_12_name_that_is_rebound_after_the_check_gains_nothing() {
    let (port, count) = server(OK).await;
    let address = format!("http://wallet.localhost:{port}/");
    // good for the check, bad for whoever would ask again to connect
    let (guarded, asked) = with_answers(true, &[&["127.0.0.1"], &["10.0.0.1"]]);
    assert_eq!(guarded.fetch_text(&address, 100).await.unwrap(), "hello");
    let asked = || asked.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(asked(), 1, "what was checked is what was contacted");
    // the next connection is checked anew
    let again = guarded.fetch_text(&address, 100).await;
    assert!(matches!(again, Err(GuardError::Forbidden)), "{again:?}");
    assert_eq!((asked(), count.load(std::sync::atomic::Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn peer_s_10_12_of_several_addresses_only_allowed_ones_are_tried() {
    let (port, _) = server(OK).await;
    let (guarded, _) = with_answers(true, &[&["10.0.0.1", "127.0.0.1", "169.254.169.254"]]);
    let text = guarded.fetch_text(&format!("http://wallet.localhost:{port}/"), 100).await;
    assert_eq!(text.unwrap(), "hello");
}
