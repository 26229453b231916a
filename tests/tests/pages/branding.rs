//! Name, colour, logo and files of the business (docs/pages.md).

use std::path::Path;

use actix_web::http::StatusCode;
use anchor_core::transaction::Kind;
use anchor_web::WebError;

use crate::support::{HOST, Site, SystemOrManual};

/// A folder for `PAGES_DIR` with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

async fn site(settings: &[(&str, &Path)]) -> Site {
    let settings: Vec<_> = settings.iter().map(|(name, path)| (*name, path.to_str().unwrap())).collect();
    Site::with(HOST, SystemOrManual::Manual, &settings).await
}

/// The first page of a deposit.
async fn first_page(site: &Site) -> String {
    let started = site.start(Kind::Deposit).await;
    site.visit(&started).await.get().await.body
}

/// What is served where the page says `attribute="…name"`.
async fn linked(site: &Site, page: &str, name: &str) -> String {
    let end = page.find(&format!("/{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let start = page[..end].rfind('"').unwrap() + 1;
    let answer = site.get(&page[start..=end + name.len()]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(answer.header("content-security-policy").contains("sandbox"), "no page of its own");
    answer.body
}

#[actix_web::test]
async fn colour_and_logo_are_on_every_page() {
    let files = folder(&[("mark.SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>")]);
    let logo = files.path().join("mark.SVG");
    let site = site(&[("BRAND_COLOR", Path::new("#006644")), ("BRAND_LOGO", &logo)]).await;
    let page = first_page(&site).await;
    assert!(linked(&site, &page, "pages.css").await.contains("--accent:#006644"));
    assert!(linked(&site, &page, "logo.svg").await.starts_with("<svg"));
    let notice = site.get("/sep24/transaction/more_info").await.body;
    assert!(notice.contains("logo.svg") && notice.contains("Example &amp; Sons &lt;Bank&gt;"), "{notice}");
}

#[actix_web::test]
async fn files_take_the_place_of_ours_one_by_one() {
    let files = folder(&[
        (
            "templates/notice.html",
            b"{% extends \"base.html\" %}{% block main %}{% include \"x.html\" %}{% endblock %}",
        ),
        (
            "templates/x.html",
            b"<main>Ours: {{ view.title }} <img alt=\"\" src=\"{{ assets[\"cat.png\"] }}\"></main>",
        ),
        ("templates/notes.txt", b"{{ not looked at"),
        ("static/cat.png", b"a picture"),
        ("static/pages.css", b"body { color: red }"),
        ("locales/en.txt", b"continue = Onwards"),
    ]);
    let site = site(&[("PAGES_DIR", files.path())]).await;
    let page = first_page(&site).await;
    assert!(page.contains("Onwards") && page.contains("What you get"), "{page}");
    assert!(linked(&site, &page, "pages.css").await.starts_with("body { color: red }"));
    let notice = site.get("/sep24/transaction/more_info").await.body;
    assert!(notice.contains("Ours: This link has expired"), "{notice}");
    assert_eq!(linked(&site, &notice, "cat.png").await, "a picture");
}

#[actix_web::test]
async fn template_that_fails_on_a_page_gives_way_to_ours() {
    let files = folder(&[("templates/form.html", b"{{ view.nothing.of.this }}")]);
    let site = site(&[("PAGES_DIR", files.path())]).await;
    assert!(first_page(&site).await.contains("name=\"amount\""));
}

#[actix_web::test]
async fn file_that_cannot_be_used_is_named_before_anything_is_served() {
    let large = vec![b' '; 1024 * 1024 + 1];
    let cases: [(&str, &[u8]); 5] = [
        ("static/run.exe", b""),
        ("static/large.css", &large),
        ("locales/de.txt", b"\xff"),
        ("templates/form.html", b"{% if %}"),
        ("templates/base.html", b"{% include \"nowhere.html\" %}"),
    ];
    for (name, content) in cases {
        let files = folder(&[(name, content)]);
        let refused =
            Site::try_with(HOST, SystemOrManual::Manual, &[("PAGES_DIR", files.path().to_str().unwrap())])
                .await;
        let Err(WebError::Pages(error)) = refused else { panic!("{name} is accepted") };
        let said = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(said.contains(name.rsplit_once('/').unwrap().1), "{name}: {said}");
    }
}
