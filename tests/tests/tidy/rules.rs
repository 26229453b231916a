//! The walls, each a function from one file to the lines that break it.

use crate::source::Source;

/// A line that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) line: usize,
    pub(crate) what: String,
}

pub(crate) type Rule = fn(&Source) -> Vec<Violation>;

/// Every rule that looks at one file at a time.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("only the diesel store knows SQL", diesel_stays_in_its_store),
    ("only ledger adapters and the guarded client make HTTP requests", reqwest_stays_in_its_adapters),
    ("only the adapter asks Stellar RPC", rpc_stays_in_its_adapter),
    ("only anchor-web serves HTTP and renders pages", web_frameworks_stay_in_web),
    ("web and worker never import each other, core imports neither", crates_point_one_way),
    ("no protocol is named in the worker", worker_names_no_protocol),
    ("a transaction does no input or output and never asks for the time", transaction_is_pure),
    ("integrations never reach the store", integrations_never_reach_the_store),
    ("no floating point near money", core_has_no_floats),
    ("nothing is left for later", nothing_is_left_for_later),
    ("a file has at most 800 lines", files_are_short),
    ("time and ids come from their injected sources", time_and_ids_are_injected),
    ("tests contact nobody but this machine", tests_stay_on_this_machine),
    ("a crate depends only on what its side of the walls may use", manifests_respect_the_walls),
];

/// At this length a file is listed, above [`LINES_MAX`] it is refused.
pub(crate) const LINES_LISTED: usize = 500;
pub(crate) const LINES_MAX: usize = 800;

fn diesel_stays_in_its_store(source: &Source) -> Vec<Violation> {
    if !source.is_library() || source.is_in(&["anchor-core/src/store/diesel"]) {
        return Vec::new();
    }
    let own_module = |index: usize| {
        let before = |distance: usize| index.checked_sub(distance).map(|at| source.tokens[at].text.as_str());
        before(1) == Some("mod")
            || before(1) == Some("::") && matches!(before(2), Some("store" | "self" | "super"))
    };
    words(source, |index, word| is_crate(word, "diesel") && !own_module(index))
}

fn reqwest_stays_in_its_adapters(source: &Source) -> Vec<Violation> {
    let adapters = ["anchor-core/src/stellar/horizon", "anchor-core/src/stellar/rpc", "anchor-core/src/http"];
    if !source.is_library() || source.is_in(&adapters) {
        return Vec::new();
    }
    words(source, |_, word| word == "reqwest")
}

/// By the methods' names, which nothing else is called by.
fn rpc_stays_in_its_adapter(source: &Source) -> Vec<Violation> {
    const METHODS: [&str; 9] = [
        "getHealth",
        "getNetwork",
        "getLatestLedger",
        "getLedgers",
        "getFeeStats",
        "getLedgerEntries",
        "sendTransaction",
        "getTransaction",
        "getTransactions",
    ];
    if !source.is_library() || source.is_in(&["anchor-core/src/stellar/rpc"]) {
        return Vec::new();
    }
    let literals = source.tokens.iter().filter(|token| token.is_literal);
    let named = literals.filter(|token| METHODS.contains(&token.text.trim_matches('"')));
    named.map(|token| Violation { line: token.line, what: token.text.clone() }).collect()
}

fn web_frameworks_stay_in_web(source: &Source) -> Vec<Violation> {
    if !source.is_in(&["anchor-core/src/", "anchor-worker/src/"]) {
        return Vec::new();
    }
    words(source, |_, word| word.starts_with("actix_") || word == "tera")
}

fn crates_point_one_way(source: &Source) -> Vec<Violation> {
    words(source, |_, word| match word {
        "anchor_web" => source.is_in(&["anchor-core/src/", "anchor-worker/src/"]),
        "anchor_worker" => source.is_in(&["anchor-core/src/", "anchor-web/src/"]),
        _ => false,
    })
}

fn worker_names_no_protocol(source: &Source) -> Vec<Violation> {
    if !source.is_in(&["anchor-worker/src/"]) {
        return Vec::new();
    }
    lines(source, |line| {
        let line = line.to_ascii_lowercase();
        line.match_indices("sep").any(|(at, _)| {
            let after = line[at + 3..].trim_start_matches(['-', '_', ' ']);
            let starts_a_word = !line[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
            starts_a_word && after.starts_with(|next: char| next.is_ascii_digit())
        })
    })
}

fn transaction_is_pure(source: &Source) -> Vec<Violation> {
    if !source.is_in(&["anchor-core/src/transaction.rs", "anchor-core/src/transaction/"]) {
        return Vec::new();
    }
    let mut found = words(source, |_, word| matches!(word, "tokio" | "Clock" | "async"));
    found.extend(calls(source, &["now", "("]));
    found.extend(names_module(source, "store"));
    found
}

fn integrations_never_reach_the_store(source: &Source) -> Vec<Violation> {
    if !source.is_in(&["anchor-core/src/integration"]) {
        return Vec::new();
    }
    names_module(source, "store")
}

fn core_has_no_floats(source: &Source) -> Vec<Violation> {
    if !source.is_in(&["anchor-core/src/"]) {
        return Vec::new();
    }
    let is_float = |text: &str| text.ends_with("f32") || text.ends_with("f64");
    let mut found =
        words(source, |_, word| matches!(word, "f32" | "f64") || is_float(word) && word.contains("_f"));
    let literals = source.tokens.iter().filter(|token| {
        token.is_literal
            && token.text.starts_with(|first: char| first.is_ascii_digit())
            && is_float(&token.text)
            && !token.text.starts_with("0x")
    });
    found.extend(literals.map(|token| Violation { line: token.line, what: token.text.clone() }));
    found
}

fn nothing_is_left_for_later(source: &Source) -> Vec<Violation> {
    // This file and its tests have to spell the words.
    if source.is_in(&["tests/tests/tidy"]) {
        return Vec::new();
    }
    let mut found = lines(source, |line| {
        line.split(|letter: char| !letter.is_alphanumeric()).any(|word| matches!(word, "TODO" | "FIXME"))
    });
    for pattern in [["todo", "!"].as_slice(), &["unimplemented", "!"], &["#", "[", "ignore"]] {
        found.extend(calls(source, pattern));
    }
    found
}

fn files_are_short(source: &Source) -> Vec<Violation> {
    let length = source.text.lines().count();
    if !source.is_rust() || source.is_test_sibling() || length <= LINES_MAX {
        return Vec::new();
    }
    vec![Violation { line: length, what: format!("{length} lines") }]
}

fn time_and_ids_are_injected(source: &Source) -> Vec<Violation> {
    if !source.is_library() || source.is_in(&["anchor-core/src/clock", "anchor-core/src/id"]) {
        return Vec::new();
    }
    let sources =
        [["Utc", "now"], ["Local", "now"], ["SystemTime", "now"], ["Uuid", "now_v7"], ["Uuid", "new_v4"]];
    sources.iter().flat_map(|[owner, function]| calls(source, &[owner, "::", function])).collect()
}

/// Hosts that test sources may name although they are not on this machine, because nothing is ever fetched there.
const NAMED_HOSTS: &[(&str, &str)] = &[
    ("www.w3.org", "the name of a vocabulary in XML"),
    ("stellar.org", "Horizon names its problem types with it"),
    ("friendbot.stellar.org", "a name the devnet answers to when a client has it built in"),
    ("horizon-testnet.stellar.org", "a name the devnet answers to when a client has it built in"),
];

fn tests_stay_on_this_machine(source: &Source) -> Vec<Violation> {
    let is_test = source.is_in(&["tests/"]) || source.is_test_sibling();
    if !is_test || source.is_in(&["tests/tests/tidy"]) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if source.is_rust() {
        for token in source.tokens.iter().filter(|token| token.is_literal) {
            found.extend(foreign_hosts(&token.text).map(|what| Violation { line: token.line, what }));
        }
    } else if ["mjs", "py", "sh"].iter().any(|kind| source.path.ends_with(&format!(".{kind}"))) {
        for (line, text) in (1..).zip(source.text.lines()) {
            found.extend(foreign_hosts(text).map(|what| Violation { line, what }));
        }
    }
    found
}

fn foreign_hosts(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("://").filter_map(|(at, _)| {
        let scheme = &text[..at];
        let host =
            text[at + 3..].split(['/', ':', ',', '"', '\'', '`', '?', '#', ' ', '\\', '<', '>']).next()?;
        let host = host.rsplit('@').next()?.trim_end_matches(['.', ',', ';', ')', ']']);
        let is_http = scheme.ends_with("http") || scheme.ends_with("https");
        (is_http && !is_reserved(host) && !NAMED_HOSTS.iter().any(|(named, _)| *named == host))
            .then(|| host.to_owned())
    })
}

/// This machine, a name that RFC 2606 and RFC 6761 promise nobody has, a placeholder, or no host at all.
fn is_reserved(host: &str) -> bool {
    let last_label = host.rsplit('.').next().unwrap_or(host);
    let second_level = host.rsplit('.').nth(1).unwrap_or_default();
    host.is_empty()
        || host.contains(['{', '}', '$', '%', '['])
        || host.starts_with("127.")
        || ["10.", "192.168.", "169.254.", "0.0.0.0"].iter().any(|private| host.starts_with(private))
        || matches!(last_label, "localhost" | "example" | "test" | "invalid" | "local" | "internal")
        || second_level == "example" && matches!(last_label, "com" | "org" | "net")
        || !host.contains('.')
}

fn manifests_respect_the_walls(source: &Source) -> Vec<Violation> {
    let forbidden: &[&str] = match source.path.as_str() {
        "anchor-core/Cargo.toml" => &["actix", "tera", "anchor-web", "anchor-worker"],
        "anchor-web/Cargo.toml" => &["diesel", "reqwest", "anchor-worker"],
        "anchor-worker/Cargo.toml" => &["diesel", "reqwest", "actix", "tera", "anchor-web"],
        _ => return Vec::new(),
    };
    let manifest: toml::Table = match source.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Violation { line: 1, what: error.to_string() }],
    };
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(|table| table.keys());
    let is_forbidden = |name: &&String| forbidden.iter().any(|start| name.starts_with(start));
    names.filter(is_forbidden).map(|name| Violation { line: 1, what: name.clone() }).collect()
}

fn is_crate(word: &str, name: &str) -> bool {
    word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// Words of the code, not of comments or strings.
fn words(source: &Source, breaks: impl Fn(usize, &str) -> bool) -> Vec<Violation> {
    let tokens = source.tokens.iter().enumerate();
    let broken = tokens.filter(|(index, token)| !token.is_literal && breaks(*index, &token.text));
    broken.map(|(_, token)| Violation { line: token.line, what: token.text.clone() }).collect()
}

fn calls(source: &Source, pattern: &[&str]) -> Vec<Violation> {
    let found = source.lines_with(pattern).into_iter();
    found.map(|line| Violation { line, what: pattern.concat() }).collect()
}

fn lines(source: &Source, breaks: impl Fn(&str) -> bool) -> Vec<Violation> {
    let broken = (1..).zip(source.text.lines()).filter(|(_, line)| breaks(line));
    broken.map(|(line, text)| Violation { line, what: text.trim().to_owned() }).collect()
}

/// A module as part of a path (`crate::store`, `store::Store`) or of a `use` with braces; not a method or a variable.
fn names_module(source: &Source, module: &str) -> Vec<Violation> {
    let mut in_use = false;
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        match token.text.as_str() {
            "use" => in_use = true,
            ";" => in_use = false,
            _ => {}
        }
        let text_at =
            |at: Option<usize>| at.and_then(|at| source.tokens.get(at)).map(|near| near.text.as_str());
        let is_path =
            text_at(index.checked_add(1)) == Some("::") || text_at(index.checked_sub(1)) == Some("::");
        if !token.is_literal && token.text == module && (in_use || is_path) {
            found.push(Violation { line: token.line, what: module.to_owned() });
        }
    }
    found
}
