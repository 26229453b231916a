//! What a withdrawal's user has to pay, as a SEP-7 address that wallets scan.

use anchor_core::asset::StellarAsset;
use anchor_core::memo::Memo;
use anchor_core::stellar::Network;
use anchor_core::transaction::Transaction;
use url::form_urlencoded::byte_serialize;

/// `web+stellar:pay?…` (SEP-7 §Operation pay), unsigned; `None` where nothing is to be paid on the ledger.
pub(super) fn payment_request(transaction: &Transaction, passphrase: &str) -> Option<String> {
    let terms = transaction.terms.as_ref()?;
    let receiving = terms.receiving.as_ref()?;
    let mut parameters = vec![
        ("destination", receiving.account.to_string()),
        ("amount", terms.amounts.amount_in.amount.to_string()),
    ];
    if let StellarAsset::Credit { code, issuer } = &transaction.asset {
        parameters.push(("asset_code", code.to_string()));
        parameters.push(("asset_issuer", issuer.to_string()));
    }
    let memo_type = match receiving.memo {
        Memo::Text(_) => Some("MEMO_TEXT"),
        Memo::Id(_) => Some("MEMO_ID"),
        Memo::Hash(_) => Some("MEMO_HASH"),
        Memo::Return(_) => Some("MEMO_RETURN"),
        Memo::None => None,
    };
    if let (Some(memo_type), Some(memo)) = (memo_type, receiving.memo.value()) {
        parameters.extend([("memo", memo), ("memo_type", memo_type.to_owned())]);
    }
    if passphrase != Network::PUBLIC {
        parameters.push(("network_passphrase", passphrase.to_owned()));
    }
    // SEP-7 wants %20 and not +
    let escaped = |value: &str| byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
    let query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    Some(format!("web+stellar:pay?{}", query.join("&")))
}
