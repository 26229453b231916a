use super::*;

fn home(text: &str) -> Result<HomeDomains, DomainError> {
    text.parse()
}

#[test]
fn r_10_024_domain_is_a_bare_host_in_one_form() {
    for (text, written) in [
        ("anchor.example", "anchor.example"),
        ("Anchor.EXAMPLE", "anchor.example"),
        ("localhost:8000", "localhost:8000"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a_b.example", "a_b.example"),
    ] {
        assert_eq!(text.parse::<Domain>().unwrap().as_str(), written);
    }
    let long = format!("{}.example", "a".repeat(57));
    for text in [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a.example",
        "a-.example",
        "https://a.example",
        "a/b",
        "u@a.example",
        "a?b",
        "a#b",
        "a b",
        "a\n",
        "b\u{fc}cher.example",
        "a:0",
        "a:65536",
        "a:+1",
        "a:",
        "a:1:2",
        "[::1]",
        "*",
        "*.a",
        &long,
    ] {
        assert_eq!(text.parse::<Domain>(), Err(DomainError::Domain), "{text:?}");
    }
}

#[test]
fn host_and_port_are_told_apart() {
    let domain: Domain = "localhost:8000".parse().unwrap();
    assert_eq!((domain.host(), domain.port()), ("localhost", Some(8000)));
    let domain: Domain = "anchor.example".parse().unwrap();
    assert_eq!((domain.host(), domain.port()), ("anchor.example", None));
}

#[test]
fn wildcard_stands_for_all_below_and_not_for_lookalikes() {
    let matches = |pattern: &str, domain: &str| {
        pattern.parse::<DomainPattern>().unwrap().matches(&domain.parse().unwrap())
    };
    assert!(matches("*.anchor.example", "a.anchor.example"));
    assert!(matches("*.Anchor.example", "a.b.anchor.example"));
    assert!(matches("*.localhost:8000", "a.localhost:8000"));
    assert!(matches("*", "anything.example"));
    for other in ["anchor.example", "evilanchor.example", "a.anchor.example.evil", "a.anchor.example:8000"] {
        assert!(!matches("*.anchor.example", other), "{other}");
    }
    for pattern in ["", "*.", "**", "a.*.b", "*a.example", "*.*"] {
        assert_eq!(pattern.parse::<DomainPattern>(), Err(DomainError::Pattern), "{pattern}");
    }
}

#[test]
fn first_home_domain_is_the_default_and_has_no_wildcard() {
    let domains = home("anchor.example, other.example, *.anchor.example").unwrap();
    assert_eq!(domains.default_domain().as_str(), "anchor.example");
    assert_eq!(domains.listed().map(Domain::as_str).collect::<Vec<_>>(), ["anchor.example", "other.example"]);
    assert_eq!(domains.find("A.anchor.example").unwrap().as_str(), "a.anchor.example");
    assert_eq!(domains.find("third.example"), None);
    assert!(domains.covers("a.anchor.example") && !domains.covers("A.anchor.example"));
    for first in ["*.anchor.example", "*"] {
        assert_eq!(home(first), Err(DomainError::Default));
    }
    assert_eq!(home("anchor.example,,"), Err(DomainError::Pattern));
}

#[test]
fn r_10_048_t_10_22_home_domain_has_at_most_59_bytes() {
    let domain = |len: usize| format!("{}.{}", "a".repeat(30), "b".repeat(len - 31));
    assert!(home(&domain(59)).is_ok());
    assert_eq!(home(&domain(60)), Err(DomainError::Long));
    assert_eq!(home(&format!("a.example,{}", domain(60))), Err(DomainError::Long));
    let all = home("a.example,*").unwrap();
    assert!(all.find(&domain(59)).is_some() && all.find(&domain(60)).is_none());
}
