//! The texts of the pages in the user's language. One file a language under `locales/`, all with the same keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

/// Everything beyond is not looked at: nobody speaks that many languages.
const WANTED_BYTES_MAX: usize = 256;

static LANGUAGES: LazyLock<Vec<Messages>> = LazyLock::new(|| {
    vec![
        Messages::read("en", include_str!("../../locales/en.txt")),
        Messages::read("es", include_str!("../../locales/es.txt")),
        Messages::read("pt", include_str!("../../locales/pt.txt")),
        Messages::read("fr", include_str!("../../locales/fr.txt")),
        Messages::read("id", include_str!("../../locales/id.txt")),
    ]
});

/// The texts of one language.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Messages {
    #[serde(skip)]
    tag: &'static str,
    texts: BTreeMap<&'static str, &'static str>,
}

/// What a user reads: the texts, and the tag that the business's own pages may look at.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    /// The texts.
    pub(crate) messages: &'static Messages,
    /// Lower case, perhaps with a region (`pt-br`); of the same language as the texts.
    pub(crate) tag: String,
}

impl Language {
    /// The first of the wanted languages that there are texts in, or English. Each item is a tag, or a list of
    /// tags as in `Accept-Language`.
    pub(crate) fn negotiate<'a>(wanted: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let tags = wanted.into_iter().flatten().flat_map(by_preference);
        tags.filter_map(|tag| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default();
            let messages = LANGUAGES.iter().find(|messages| messages.tag == primary)?;
            Some(Self { messages, tag })
        })
        .next()
        .unwrap_or_else(Self::english)
    }

    /// What is left when nothing fits.
    pub(crate) fn english() -> Self {
        Self { messages: &LANGUAGES[0], tag: "en".to_owned() }
    }
}

impl Messages {
    fn read(tag: &'static str, file: &'static str) -> Self {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let texts = lines.filter_map(|line| line.split_once(" = ")).collect();
        Self { tag, texts }
    }

    /// The language of these texts, as in `<html lang>`.
    pub(crate) const fn tag(&self) -> &'static str {
        self.tag
    }

    /// One text; English if it is not translated.
    pub(crate) fn text<'a>(&self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// One text, if there is one of this name.
    pub(crate) fn find(&self, key: &str) -> Option<&'static str> {
        self.texts.get(key).or_else(|| LANGUAGES[0].texts.get(key)).copied()
    }

    /// One text with its `{name}`s filled in.
    pub(crate) fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.text(key);
        // one pass: what is filled in is never looked at again
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

/// The tags of an `Accept-Language` header, lower case, best first.
fn by_preference(list: &str) -> Vec<String> {
    let end = list.floor_char_boundary(WANTED_BYTES_MAX);
    let mut tags: Vec<(u16, String)> = list[..end]
        .split(',')
        .filter_map(|item| {
            let (tag, quality) = item.split_once(';').unwrap_or((item, "q=1"));
            let weight = permille(quality.trim().strip_prefix("q=").unwrap_or("1"));
            let tag = tag.trim().to_ascii_lowercase();
            let valid = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            (valid && !tag.is_empty() && weight > 0).then_some((weight, tag))
        })
        .collect();
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

/// `0.8` is 800.
fn permille(quality: &str) -> u16 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: u16 = whole.parse().unwrap_or(0);
    whole.min(1).saturating_mul(1000).saturating_add(digits.parse().unwrap_or(0)).min(1000)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn negotiated(wanted: &[Option<&str>]) -> String {
        Language::negotiate(wanted.iter().copied()).tag
    }

    #[test]
    fn languages_have_the_same_keys_and_placeholders() {
        fn placeholders(text: &str) -> BTreeSet<&str> {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
        }
        let english = &LANGUAGES[0];
        for language in LANGUAGES.iter() {
            assert!(language.texts.keys().eq(english.texts.keys()), "{}", language.tag);
            for (key, text) in &language.texts {
                assert_eq!(placeholders(text), placeholders(english.text(key)), "{} {key}", language.tag);
            }
        }
    }

    #[test]
    fn t_24_17_region_falls_back_to_language_and_garbage_to_english() {
        assert_eq!(negotiated(&[Some("pt-BR")]), "pt-br");
        assert_eq!(Language::negotiate([Some("pt-BR")]).messages.tag(), "pt");
        assert_eq!(negotiated(&[Some("xx"), Some("<script>")]), "en");
        assert_eq!(negotiated(&[Some(&"é".repeat(400)), None]), "en");
    }

    #[test]
    fn first_source_that_is_spoken_wins_and_weights_are_obeyed() {
        assert_eq!(negotiated(&[None, Some("id"), Some("fr")]), "id");
        assert_eq!(negotiated(&[Some("ja"), Some("de;q=0.9, es;q=0.3, fr;q=0.8")]), "fr");
        assert_eq!(negotiated(&[Some("es;q=0, id;q=0.1")]), "id");
    }

    #[test]
    fn filled_in_values_are_not_filled_again() {
        let english = Language::english().messages;
        let text = english.fill("limits.between", &[("min", "{max}"), ("max", "2")]);
        assert_eq!(text, "From {max} to 2");
    }
}
