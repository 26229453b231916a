//! Fills in the anchor's pages, the way a patient person would.

use anchor_core::amount::StellarAmount;
use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// More pages than any flow should have.
const PAGES_MAX: usize = 20;

struct Form {
    action: Url,
    fields: Vec<(String, String)>,
}

/// Opens the flow in a browser of its own, and answers every form until there is none.
pub async fn fill(address: &str, amount: StellarAmount) -> Result<()> {
    let browser = Client::builder().cookie_store(true).build()?;
    let mut answer = browser.get(address).send().await?;
    for _ in 0..PAGES_MAX {
        let address = answer.url().clone();
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{address} answered {status}");
        }
        let Some(form) = form(&Html::parse_document(&text), &address, amount)? else { return Ok(()) };
        answer = browser.post(form.action).form(&form.fields).send().await?;
    }
    bail!("the flow does not end")
}

/// The page's form with all its fields answered; `None` on a page without a question.
fn form(page: &Html, address: &Url, amount: StellarAmount) -> Result<Option<Form>> {
    let select = |selector: &str| Selector::parse(selector).ok().context("selector");
    let Some(form) = page.select(&select("form[method=post]")?).next() else { return Ok(None) };
    let action = address.join(form.attr("action").unwrap_or_default())?;
    let mut fields = Vec::new();
    for field in form.select(&select("input[name], select[name]")?) {
        let name = field.attr("name").unwrap_or_default();
        fields.push((name.to_owned(), value(field, name, amount, &select("option")?)));
    }
    Ok(Some(Form { action, fields }))
}

fn value(field: ElementRef<'_>, name: &str, amount: StellarAmount, option: &Selector) -> String {
    if field.value().name() == "select" {
        let options = field.select(option).filter_map(|option| option.attr("value"));
        return options.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_owned();
    }
    match (field.attr("type").unwrap_or("text"), name) {
        ("hidden", _) => field.attr("value").unwrap_or_default().to_owned(),
        (_, "amount") => amount.to_string(),
        ("checkbox", _) => "true".to_owned(),
        ("email", _) => "demo@wallet.example".to_owned(),
        ("date", _) => "1990-01-31".to_owned(),
        _ => "1234567890".to_owned(),
    }
}
