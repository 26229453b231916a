//! The texts of the pages in the user's language. One file a language under `locales/`, all with the same keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

/// Everything beyond is not looked at: nobody speaks that many languages.
const WANTED_BYTES_MAX: usize = 256;

/// The languages in the binary; the first has every text and is what is left when nothing fits.
const BUILT_IN: [(&str, &str); 5] = [
    ("en", include_str!("../../locales/en.txt")),
    ("es", include_str!("../../locales/es.txt")),
    ("pt", include_str!("../../locales/pt.txt")),
    ("fr", include_str!("../../locales/fr.txt")),
    ("id", include_str!("../../locales/id.txt")),
];

/// All languages of the pages: those in the binary, changed and added to by the business's files.
#[derive(Debug)]
pub(crate) struct Languages(Vec<Arc<Messages>>);

/// The texts of one language.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Messages {
    #[serde(skip)]
    tag: String,
    texts: BTreeMap<String, String>,
}

/// What a user reads: the texts, and the tag that the business's own pages may look at.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    /// The texts.
    pub(crate) messages: Arc<Messages>,
    /// Lower case, perhaps with a region (`pt-br`); of the same language as the texts.
    pub(crate) tag: String,
}

impl Languages {
    /// `files` are pairs of a tag and a text in the form of `locales/en.txt`. Texts that a file does not have are
    /// ours in that language, or English.
    pub(crate) fn new(files: &[(String, String)]) -> Self {
        let (tag, english) = BUILT_IN[0];
        let english = Messages { tag: tag.to_owned(), texts: read(english) };
        let mut languages: Vec<_> =
            BUILT_IN.iter().map(|(tag, file)| english.translated(tag, read(file))).collect();
        for (tag, file) in files {
            match languages.iter_mut().find(|language| language.tag == *tag) {
                Some(language) => language.texts.extend(read(file)),
                None => languages.push(english.translated(tag, read(file))),
            }
        }
        Self(languages.into_iter().map(Arc::new).collect())
    }

    /// The first of the wanted languages that there are texts in, or English. Each item is a tag, or a list of
    /// tags as in `Accept-Language`.
    pub(crate) fn negotiate<'a>(&self, wanted: impl IntoIterator<Item = Option<&'a str>>) -> Language {
        let tags = wanted.into_iter().flatten().flat_map(by_preference);
        tags.filter_map(|tag| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default();
            let messages = self.0.iter().find(|messages| messages.tag == primary)?.clone();
            Some(Language { messages, tag })
        })
        .next()
        .unwrap_or_else(|| self.english())
    }

    /// What is left when nothing fits.
    pub(crate) fn english(&self) -> Language {
        Language { messages: self.0[0].clone(), tag: self.0[0].tag.clone() }
    }
}

/// One `key = text` a line.
fn read(file: &str) -> BTreeMap<String, String> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let texts = lines.filter_map(|line| line.split_once(" = "));
    texts.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}

impl Messages {
    /// Texts that are missing stay as they are here.
    fn translated(&self, tag: &str, texts: BTreeMap<String, String>) -> Self {
        let mut all = self.texts.clone();
        all.extend(texts);
        Self { tag: tag.to_owned(), texts: all }
    }

    /// The language of these texts, as in `<html lang>`.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// One text; English if it is not translated.
    pub(crate) fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// One text, if there is one of this name.
    pub(crate) fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
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

    fn built_in() -> Languages {
        Languages::new(&[])
    }

    fn negotiated(wanted: &[Option<&str>]) -> String {
        built_in().negotiate(wanted.iter().copied()).tag
    }

    #[test]
    fn languages_have_the_same_keys_and_placeholders() {
        fn placeholders(text: &str) -> BTreeSet<&str> {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
        }
        let english = read(BUILT_IN[0].1);
        for (tag, file) in BUILT_IN {
            let texts = read(file);
            assert!(texts.keys().eq(english.keys()), "{tag}");
            for (key, text) in &texts {
                assert_eq!(placeholders(text), placeholders(&english[key]), "{tag} {key}");
            }
        }
    }

    #[test]
    fn t_24_17_region_falls_back_to_language_and_garbage_to_english() {
        assert_eq!(negotiated(&[Some("pt-BR")]), "pt-br");
        assert_eq!(built_in().negotiate([Some("pt-BR")]).messages.tag(), "pt");
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
    fn business_changes_single_texts_and_adds_languages() {
        let files = [("es", "continue = Siga"), ("ar", "_dir = rtl\ncontinue = متابعة")];
        let files = files.map(|(tag, file)| (tag.to_owned(), file.to_owned()));
        let languages = Languages::new(&files);
        let texts = |tag| languages.negotiate([Some(tag)]).messages;
        assert_eq!(texts("es").text("continue"), "Siga");
        assert_eq!(texts("es").text("_dir"), "ltr");
        assert_eq!(texts("ar-EG").text("_dir"), "rtl");
        assert_eq!(texts("ar").text("copy"), "Copy", "English where nothing is said");
        assert_eq!(texts("en").text("continue"), "Continue");
    }

    #[test]
    fn filled_in_values_are_not_filled_again() {
        let english = built_in().english().messages;
        let text = english.fill("limits.between", &[("min", "{max}"), ("max", "2")]);
        assert_eq!(text, "From {max} to 2");
    }
}
