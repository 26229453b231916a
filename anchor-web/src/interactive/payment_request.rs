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
    let mut parameters = vec![("destination", receiving.account.to_string())];
    if let Some(amounts) = &terms.amounts {
        parameters.push(("amount", amounts.amount_in.amount.to_string()));
    }
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

#[cfg(test)]
mod tests {
    use anchor_core::id::{IdSource as _, RandomIds, TransactionId};
    use anchor_core::testing::fakes::samples;
    use anchor_core::transaction::Kind;
    use url::Url;

    use super::*;

    fn agreed(kind: Kind) -> Transaction {
        let mut transaction = samples::started(TransactionId::new(RandomIds.next()), kind);
        transaction.terms = Some(samples::terms(kind, "20.5", 7));
        transaction
    }

    fn parameters(request: &str) -> Vec<(String, String)> {
        let url = Url::parse(request).unwrap();
        assert_eq!((url.scheme(), url.path()), ("web+stellar", "pay"));
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn r_07_001_request_names_all_that_a_wallet_needs_in_the_words_of_sep_7() {
        let withdrawal = agreed(Kind::Withdrawal);
        let StellarAsset::Credit { issuer, .. } = &withdrawal.asset else { panic!("lumens") };
        let (anchor, issuer) = (samples::distribution().account().to_string(), issuer.to_string());
        let expected = [
            ("destination", anchor.as_str()),
            ("amount", "20.5"),
            ("asset_code", "USDC"),
            ("asset_issuer", &issuer),
            ("memo", "7"),
            ("memo_type", "MEMO_ID"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = payment_request(&withdrawal, Network::PUBLIC).unwrap();
        assert_eq!(parameters(&request), expected);
        let request = payment_request(&withdrawal, Network::TESTNET).unwrap();
        assert_eq!(request.matches('+').count(), 1, "only that of the scheme: {request}");
        let network = ("network_passphrase".to_owned(), Network::TESTNET.to_owned());
        assert_eq!(parameters(&request).last(), Some(&network));
    }

    #[test]
    fn r_07_001_lumens_have_no_asset_and_deposits_no_request() {
        let mut lumens = agreed(Kind::Withdrawal);
        lumens.asset = StellarAsset::Native;
        let request = payment_request(&lumens, Network::PUBLIC).unwrap();
        assert!(!request.contains("asset_"), "{request}");
        assert_eq!(payment_request(&agreed(Kind::Deposit), Network::PUBLIC), None);
    }
}
