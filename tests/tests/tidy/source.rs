//! A source file as the rules see it: its text, and its tokens without comments.

use std::path::Path;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use proc_macro2::{TokenStream, TokenTree};

/// One file of the workspace.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the workspace's folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Empty when the file is not Rust.
    pub(crate) tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) is_literal: bool,
}

impl Source {
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self> {
        let mut tokens = Vec::new();
        if has_extension(path, "rs") {
            let stream = TokenStream::from_str(text);
            let stream = stream.map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
            flatten(stream, &mut tokens);
        }
        Ok(Self { path: path.to_owned(), text: text.to_owned(), tokens })
    }

    pub(crate) fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }

    /// Whether the path starts with one of these, which end in `/` for a folder and in nothing for a module.
    pub(crate) fn is_in(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| self.path.starts_with(prefix))
    }

    /// A file of one of the published crates.
    pub(crate) fn is_library(&self) -> bool {
        self.is_in(&["anchor-core/src/", "anchor-web/src/", "anchor-worker/src/"])
    }

    /// Holds tests only, beside the module that it tests.
    pub(crate) fn is_test_sibling(&self) -> bool {
        self.path.split_once("/src/").is_some_and(|(_, inside)| {
            Path::new(inside)
                .components()
                .any(|part| part.as_os_str() == "tests.rs" || part.as_os_str() == "tests")
        })
    }

    /// Lines of the tokens that `pattern` matches in sequence, as in `["Utc", "::", "now"]`.
    pub(crate) fn lines_with(&self, pattern: &[&str]) -> Vec<usize> {
        self.tokens
            .windows(pattern.len())
            .filter(|window| {
                window.iter().zip(pattern).all(|(token, text)| !token.is_literal && token.text == *text)
            })
            .filter_map(|window| window.first().map(|token| token.line))
            .collect()
    }
}

/// Every text file of the workspace, without what is built, installed or hidden.
pub(crate) fn read_all(workspace: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![workspace.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let kind = entry.file_type()?;
            if kind.is_dir() && !is_foreign(&name) {
                folders.push(path);
            } else if kind.is_file() && is_ours(&name) {
                let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                let path = path.strip_prefix(workspace)?.to_string_lossy();
                sources.push(Source::parse(&path, &text)?);
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn is_foreign(folder: &str) -> bool {
    matches!(folder, "target" | "node_modules" | "book" | "__pycache__" | ".git")
}

fn is_ours(file: &str) -> bool {
    file == "run"
        || ["rs", "toml", "md", "sql", "html", "mjs", "py", "sh"].iter().any(|kind| has_extension(file, kind))
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Groups become their brackets and what is between; `::` becomes one token; the text of doc comments is left out.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                tokens.push(Token { text: open.to_owned(), line, is_literal: false });
                flatten(group.stream(), tokens);
                let line = group.span_close().start().line;
                tokens.push(Token { text: close.to_owned(), line, is_literal: false });
            }
            TokenTree::Ident(word) => {
                let text = word.to_string();
                if text == "doc"
                    && matches!(trees.peek(), Some(TokenTree::Punct(mark)) if mark.as_char() == '=')
                {
                    trees.next();
                    trees.next();
                }
                tokens.push(Token { text, line, is_literal: false });
            }
            TokenTree::Punct(mark) => {
                let mut text = mark.as_char().to_string();
                if text == ":"
                    && matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':')
                {
                    trees.next();
                    text.push(':');
                }
                tokens.push(Token { text, line, is_literal: false });
            }
            TokenTree::Literal(literal) => {
                tokens.push(Token { text: literal.to_string(), line, is_literal: true });
            }
        }
    }
}
