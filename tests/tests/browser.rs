//! The browser harness itself: it opens pages of this machine and leaves nothing running.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use anchor_tests::browser::Browser;
use anchor_tests::found;
use anyhow::Result;
use fantoccini::Locator;

/// Answers every request with one page that says which language was asked for.
fn serve_language() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            let language = request.lines().find_map(|line| line.strip_prefix("accept-language:"));
            let page = format!("<p id=language>{}</p>", language.unwrap_or_default());
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _unused = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    Ok(url)
}

#[tokio::test]
async fn browser_opens_a_page_in_the_language_it_was_started_with() -> Result<()> {
    let Some(chromium) = found::chromium() else { return Ok(()) };
    let browser = Browser::start(&chromium, "pt-BR").await?;
    browser.client.goto(&serve_language()?).await?;
    let shown = browser.client.find(Locator::Id("language")).await?.text().await?;
    assert!(shown.contains("pt-br"), "{shown}");
    Ok(())
}
