//! Terms in words.

use crate::amount::Amount;
use crate::asset::{
    Asset, Authorization, Offer, OtherAmount, ReceiveOffer, ReceiveQuotes, Remedy, SuspensePolicy,
};

/// All terms, each with a name.
pub(super) fn terms(asset: &Asset) -> Vec<(&'static str, String)> {
    let authorize = match asset.authorization {
        Authorization::Never => "never",
        Authorization::Always => "always",
        Authorization::Ask => "ask",
    };
    let description = &asset.description;
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    vec![
        ("pays", format!("{} with {} decimals", asset.off_chain, asset.off_chain_scale)),
        ("distribution", asset.distribution.to_string()),
        ("deposit", direction(asset.deposit.as_ref())),
        ("withdrawal", direction(asset.withdrawal.as_ref())),
        ("from other anchors", asset.receive.as_ref().map_or_else(|| "off".into(), received)),
        ("waits for money", format!("{} hours", hours(asset))),
        ("suspense", policy(&asset.suspense)),
        ("authorize trust lines", authorize.to_owned()),
        ("status", description.status.clone()),
        ("name", text(&description.name)),
        ("description", description.desc.clone()),
        ("anchored to", format!("{} {}", description.anchor_asset_type, text(&description.anchor_asset))),
        ("redemption", text(&description.redemption_instructions)),
        ("image", text(&description.image)),
    ]
}

/// Whole hours, and what is left of one as a fraction.
fn hours(asset: &Asset) -> String {
    let seconds = asset.funding_window.as_secs();
    match (seconds / 3600, seconds % 3600 / 36) {
        (hours, 0) => hours.to_string(),
        (hours, hundredths) => format!("{hours}.{hundredths:02}"),
    }
}

/// A line for each term that is another one now.
pub(super) fn differences(before: &Asset, after: &Asset) -> Vec<String> {
    let both = terms(before).into_iter().zip(terms(after));
    let changed = both.filter(|((_, before), (_, after))| before != after);
    let mut lines: Vec<_> =
        changed.map(|((term, before), (_, after))| format!("{term}: {before} -> {after}")).collect();
    if lines.is_empty() {
        lines.push("Nothing is different.".into());
    } else {
        lines.push("Restart servers and workers: they read it at their start.".into());
    }
    lines
}

fn direction(offer: Option<&Offer>) -> String {
    let Some(offer) = offer else { return "off".into() };
    let limit = |limit: Option<Amount>| limit.map_or_else(|| "no limit".into(), |limit| limit.to_string());
    let fee = &offer.fee;
    let by = match offer.funding_methods.as_slice() {
        [] => String::new(),
        methods => format!(", by API through {}", methods.join(" or ")),
    };
    format!("from {} to {}, fee {} + {} %{by}", limit(offer.min), limit(offer.max), fee.fixed, fee.percent)
}

fn received(receive: &ReceiveOffer) -> String {
    let quotes = match receive.quotes {
        ReceiveQuotes::None => "no quotes",
        ReceiveQuotes::Supported => "quotes possible",
        ReceiveQuotes::Required => "quotes required",
    };
    let limits = direction(Some(&Offer { funding_methods: Vec::new(), ..receive.offer.clone() }));
    format!("{limits}, by {}, {quotes}", receive.offer.funding_methods.join(" or "))
}

fn policy(policy: &SuspensePolicy) -> String {
    let word = |remedy: Remedy| match remedy {
        Remedy::Hold => "hold",
        Remedy::Refund => "refund",
    };
    let other_amount = match policy.other_amount {
        OtherAmount::Credit => "credit",
        OtherAmount::Refund => "refund",
        OtherAmount::Hold => "hold",
    };
    format!(
        "unmatched {}, wrong asset {}, duplicate {}, late {}, other amount {other_amount}; refund fee {}",
        word(policy.unmatched),
        word(policy.wrong_asset),
        word(policy.duplicate),
        word(policy.late),
        policy.refund_fee,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;

    #[test]
    fn differences_name_what_was_and_what_is() {
        let before = samples::asset();
        let mut after = before.clone();
        assert_eq!(differences(&before, &after), ["Nothing is different."]);
        after.withdrawal = None;
        after.description.status = "live".into();
        let lines = differences(&before, &after);
        assert!(lines[0].starts_with("withdrawal: from ") && lines[0].ends_with(" -> off"), "{lines:?}");
        assert!(lines[1].ends_with(" -> live") && lines.len() == 3, "{lines:?}");
    }
}
