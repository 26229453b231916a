use super::*;

const GOOD: &str = r#"
[[types]]
name = "sep6"
description = "People"
roles = ["sep6"]
automatic = true
fields = ["first_name", "family_name", "colour", "mobile_number"]
optional = ["address"]
verified = ["mobile_number"]

[fields.colour]
type = "string"
description = "Your favourite colour"
choices = ["red", "green"]

[codes]
url = "https://codes.example/send"
token = "hunter2"
"#;

fn fault(change: (&str, &str)) -> String {
    let text = GOOD.replacen(change.0, change.1, 1);
    assert_ne!(text, GOOD);
    FileCustomers::parse(&text, false).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn r_12_045_file_says_what_is_asked() {
    let customers = FileCustomers::parse(GOOD, false).unwrap();
    assert!(!format!("{customers:?}").contains("hunter2"));
    let [of] = customers.types() else { panic!("one type") };
    assert_eq!((&*of.name, of.automatic, of.fields.len()), ("sep6", true, 5));
    assert!(of.field("mobile_number").unwrap().verified && of.field("address").unwrap().optional);
    assert_eq!(of.field("last_name").unwrap().name, "family_name");
    assert_eq!(of.field("colour").unwrap().choices, ["red", "green"]);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (change, said) in [
        ((r#""first_name""#, r#""shoe_size""#), "shoe_size"),
        ((r#""first_name""#, r#""last_name""#), "family_name twice"),
        ((r#""first_name""#, r#""card.number""#), "card.token"),
        (("[fields.colour]", "[fields.last_name]"), "of its own"),
        (("[fields.colour]", "[fields.memo]"), "of its own"),
        (("[fields.colour]", "[fields.colour_file_id]"), "of its own"),
        (("[codes]", "[other]"), "cannot be used"),
        (("https://codes.example", "https://10.0.0.1"), "[codes]"),
        ((r#"verified = ["mobile_number"]"#, r#"verified = ["city"]"#), "city"),
    ] {
        assert!(fault(change).contains(said), "{said}: {}", fault(change));
    }
    let without = GOOD.split("[codes]").next().unwrap();
    assert!(matches!(FileCustomers::parse(without, false), Err(FileError::NoCodes)));
    assert!(matches!(FileCustomers::parse("types = []", false), Err(FileError::NoTypes)));
    assert!(matches!(FileCustomers::parse("", false), Err(FileError::Syntax(_))));
    let twice = format!("{without}[[types]]\nname = \"sep6\"\ndescription = \"\"\nfields = []\n");
    assert!(matches!(FileCustomers::parse(&twice, false), Err(FileError::TypeTwice(_))));
}
