use proptest::prelude::*;

use super::*;

fn hash_of(len: usize) -> String {
    BASE64_STANDARD.encode(vec![0xab; len])
}

#[test]
fn r_me_001_request_memos_are_read_by_type() {
    assert_eq!(Memo::parse("id", "123"), Ok(Memo::Id(123)));
    assert_eq!(Memo::parse("text", "hello"), MemoText::new("hello").map(Memo::Text));
    assert_eq!(Memo::parse("hash", &hash_of(32)), Ok(Memo::Hash([0xab; 32])));
    assert_eq!(Memo::parse("return", &hash_of(32)), Err(MemoError::Return));
    for memo_type in ["", "none", "ID", "memo_id", "MEMO_ID", "Text", " id"] {
        assert_eq!(Memo::parse(memo_type, "1"), Err(MemoError::Type), "{memo_type}");
    }
}

#[test]
fn r_me_001_values_print_as_the_seps_write_them() {
    for (memo_type, value) in [("id", "18446744073709551615"), ("text", "grüße"), ("hash", &hash_of(32))] {
        let memo = Memo::parse(memo_type, value).expect("a memo");
        assert_eq!((memo.memo_type(), memo.value().as_deref()), (memo_type, Some(value)));
    }
    assert_eq!((Memo::None.memo_type(), Memo::None.value()), ("none", None));
    assert_eq!(Memo::Return([0xab; 32]).value(), Some(hash_of(32)));
    assert_eq!(Memo::Return([0xab; 32]).memo_type(), "return");
}

#[test]
fn peer_r_10_015_r_me_002_id_memos_are_ascii_digits_of_64_bits() {
    for (text, id) in
        [("0", 0), ("007", 7), ("9223372036854775808", 1 << 63), ("18446744073709551615", u64::MAX)]
    {
        assert_eq!(Memo::parse("id", text), Ok(Memo::Id(id)));
    }
    for text in ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "٣", "18446744073709551616", "1_0"] {
        assert_eq!(Memo::parse("id", text), Err(MemoError::Id), "{text}");
    }
}

#[test]
fn t_re_03_text_is_counted_in_bytes_not_characters() {
    let border = format!("{}🚀", "x".repeat(24));
    assert_eq!(border.len(), 28);
    assert_eq!(Memo::parse("text", &border).expect("28 bytes").value(), Some(border));
    for text in [format!("{}🚀", "x".repeat(25)), "x".repeat(29), "ü".repeat(15), String::new()] {
        assert_eq!(Memo::parse("text", &text), Err(MemoError::Text), "{text}");
    }
    assert!(MemoText::new([0xff; 28]).is_ok());
    assert_eq!(MemoText::new([0xff; 29]), Err(MemoError::Text));
    assert!(MemoText::new([]).is_ok(), "the ledger allows an empty text");
}

#[test]
fn t_re_03_hashes_are_exactly_32_bytes() {
    for len in [0, 31, 33] {
        assert_eq!(Memo::parse("hash", &hash_of(len)), Err(MemoError::Hash), "{len}");
    }
}

#[test]
fn r_me_004_r_28_001_r_28_002_hashes_are_strict_standard_base64() {
    let good = BASE64_STANDARD.encode([0xfb; 32]);
    assert!(good.contains('+') || good.contains('/'), "the vector tells the alphabets apart");
    let url_safe = good.replace('+', "-").replace('/', "_");
    let unpadded = good.trim_end_matches('=').to_owned();
    let wrapped = format!("{}\n{}", &good[..20], &good[20..]);
    let spaces = good.replace('+', " ");
    let trailing_bits = hash_of(32).replace("s=", "t=");
    assert_ne!(trailing_bits, hash_of(32));
    let hex = hex::encode([0xab; 32]);
    for text in [url_safe, unpadded, wrapped, spaces, trailing_bits, hex, format!("{good}\n")] {
        assert_eq!(Memo::parse("hash", &text), Err(MemoError::Hash), "{text}");
    }
}

#[test]
fn r_28_002_the_decoder_is_strict_about_the_vectors_of_the_sep() {
    for (text, bytes) in [
        ("AAAABgABAvD+/wAA", "00000006000102f0feff0000"),
        ("AAAABAABAvA=", "00000004000102f0"),
        ("AAAACgABAvD+/wAAAAAAAA==", "0000000a000102f0feff000000000000"),
    ] {
        assert_eq!(BASE64_STANDARD.decode(text).map(hex::encode).ok().as_deref(), Some(bytes));
    }
    for text in ["AAAACgABAvD+/wAAAAAAAA", "AAAACgABAvD-_wAAAAAAAA==", "AAAACgAB\nAvD+/wAAAAAAAA=="] {
        assert!(BASE64_STANDARD.decode(text).is_err(), "{text}");
    }
}

#[test]
fn r_me_005_type_and_raw_bytes_decide_equality() {
    assert_ne!(Memo::parse("text", "123"), Memo::parse("id", "123"));
    assert_ne!(Memo::Hash([1; 32]), Memo::Return([1; 32]));
    assert_ne!(Memo::Id(0), Memo::None);
    let (one, two) = (Memo::Text(MemoText(vec![0xff])), Memo::Text(MemoText(vec![0xfe])));
    assert_eq!(one.value(), two.value(), "both are shown as a replacement character");
    assert_ne!(one, two);
    assert_ne!(one.to_storage(), two.to_storage());
}

#[test]
fn stored_memos_have_one_spelling() {
    assert_eq!(Memo::Id(u64::MAX).to_string(), "id:18446744073709551615");
    assert_eq!(Memo::None.to_string(), "none:");
    assert_eq!(Memo::Text(MemoText(b"hi:".to_vec())).to_storage(), ("text".to_owned(), "68693a".to_owned()));
    let upper = "AB".repeat(32);
    for (memo_type, value) in [
        ("id", "01"),
        ("id", "+1"),
        ("id", ""),
        ("id", "-1"),
        ("none", "x"),
        ("text", "6"),
        ("text", "FF"),
        ("hash", "ab"),
        ("hash", &upper),
        ("return", ""),
        ("", ""),
        ("TEXT", ""),
    ] {
        assert_eq!(Memo::from_storage(memo_type, value), Err(MemoError::Storage), "{memo_type} {value}");
    }
    let too_long = "61".repeat(29);
    assert_eq!(Memo::from_storage("text", &too_long), Err(MemoError::Storage));
}

#[test]
fn debug_of_text_is_escaped() {
    let text = MemoText::new([b'a', b'\n', 0xff]).expect("3 bytes");
    assert_eq!(format!("{text:?}"), r#""a\n\xff""#);
}

fn any_memo() -> impl Strategy<Value = Memo> {
    prop_oneof![
        Just(Memo::None),
        proptest::collection::vec(any::<u8>(), 0..=28).prop_map(|bytes| Memo::Text(MemoText(bytes))),
        any::<u64>().prop_map(Memo::Id),
        any::<[u8; 32]>().prop_map(Memo::Hash),
        any::<[u8; 32]>().prop_map(Memo::Return),
    ]
}

proptest! {
    #[test]
    fn stored_memos_are_exact(memo in any_memo()) {
        let (memo_type, value) = memo.to_storage();
        prop_assert_eq!(Memo::from_storage(&memo_type, &value), Ok(memo.clone()));
        prop_assert_eq!(memo.to_string().parse(), Ok(memo.clone()));
        let json = serde_json::to_string(&memo).expect("json");
        prop_assert_eq!(serde_json::from_str::<Memo>(&json).expect("json"), memo);
    }

    #[test]
    fn hostile_requests_never_panic(memo_type in "id|text|hash|\\PC{0,5}", memo in "\\PC{0,60}|[0-9]{0,30}") {
        let parsed = Memo::parse(&memo_type, &memo);
        if let Ok(parsed) = parsed {
            prop_assert_eq!(parsed.memo_type(), memo_type);
        }
    }
}
