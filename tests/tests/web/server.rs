//! What only a real connection shows.

use std::net::TcpListener;
use std::time::Duration;

use anchor_tests::web::TestAnchor;
use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[actix_web::test]
async fn interop_fact_12_connection_that_is_closed_says_so_and_the_server_stops_when_told() -> Result<()> {
    let anchor = TestAnchor::new().await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let server = actix_web::rt::spawn(anchor_web::serve(anchor.web.clone(), listener, shutdown));

    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"GET /sep24/info HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut text = String::new();
    // ends only because the server closes
    tokio::time::timeout(Duration::from_secs(20), connection.read_to_string(&mut text)).await??;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{text}");

    assert!(stop.send(()).is_ok());
    tokio::time::timeout(Duration::from_secs(30), server).await???;
    Ok(())
}
