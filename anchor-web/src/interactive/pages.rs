//! What the pages are made of: what is in the binary, and the business's files that take its place (`PAGES_DIR`).
//!
//! ```text
//! PAGES_DIR/templates/status.html   instead of ours, or a new one to be included
//! PAGES_DIR/static/pages.css        instead of ours, or a picture or font of your own
//! PAGES_DIR/locales/de.txt          another language, or some texts of one that is there
//! ```
//!
//! Everything is read once, at the start: what cannot be used keeps the server from starting, not a user from paying.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anchor_core::config::PagesConfig;
use tera::{Context, Tera};

use super::assets::Assets;
use super::brand;
use super::messages::Languages;

/// The templates in the binary. They end in `.html`, so that everything in them is escaped.
const TEMPLATES: [(&str, &str); 7] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("field.html", include_str!("../../templates/field.html")),
    ("form.html", include_str!("../../templates/form.html")),
    ("notice.html", include_str!("../../templates/notice.html")),
    ("qr.html", include_str!("../../templates/qr.html")),
    ("rows.html", include_str!("../../templates/rows.html")),
    ("status.html", include_str!("../../templates/status.html")),
];

const STYLE: (&str, &str) = ("pages.css", include_str!("../../static/pages.css"));
const SCRIPT: (&str, &str) = ("pages.js", include_str!("../../static/pages.js"));

/// Larger files are refused: all are held in memory, and phones load them.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[expect(clippy::expect_used, reason = "the templates are part of the binary, and tests render each of them")]
static BUILT_IN: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates(TEMPLATES).expect("the templates can be parsed");
    tera
});

/// Templates, files and texts of the hosted pages.
#[derive(Debug)]
pub(crate) struct Pages {
    templates: Option<Tera>,
    pub(super) assets: Assets,
    pub(super) logo: Option<String>,
    pub(crate) languages: Languages,
}

/// A file that should change the pages cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// It is not there, or may not be read.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has more than a mebibyte.
    #[error("{} is larger than {FILE_BYTES_MAX} bytes", .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("{} is not UTF-8", .path.display())]
    NotText {
        /// Which file.
        path: PathBuf,
    },
    /// It is no kind of file that is served.
    #[error("{} is none of css, js, svg, png, jpg, jpeg, webp, ico and woff2", .path.display())]
    NotServed {
        /// Which file.
        path: PathBuf,
    },
    /// A template has an error.
    #[error("a template of PAGES_DIR cannot be used")]
    Template(#[source] tera::Error),
}

impl Pages {
    /// # Errors
    /// The first file that cannot be used.
    pub(crate) fn load(config: &PagesConfig) -> Result<Self, PagesError> {
        let folder = config.folder.as_deref();
        let mut assets = Assets::default();
        let brand = config.color.map(brand::style).unwrap_or_default();
        let mut style = STYLE.1.to_owned();
        // names are ours, so that these are always served
        let _ours = assets.insert(SCRIPT.0, SCRIPT.1.as_bytes().to_vec());
        for (name, path) in files(folder, "static")? {
            if name == STYLE.0 {
                style = text(&path)?;
            } else if !assets.insert(&name, bytes(&path)?) {
                return Err(PagesError::NotServed { path });
            }
        }
        let _ours = assets.insert(STYLE.0, format!("{style}{brand}").into_bytes());
        let logo = config.logo.as_deref().map(|path| logo(&mut assets, path)).transpose()?;
        let locales = files(folder, "locales")?;
        let locales = locales.iter().filter_map(|(name, path)| {
            let tag = name.strip_suffix(".txt")?.to_ascii_lowercase();
            Some(text(path).map(|text| (tag, text)))
        });
        let languages = Languages::new(&locales.collect::<Result<Vec<_>, _>>()?);
        Ok(Self { templates: templates(folder)?, assets, logo, languages })
    }

    /// One page. A template of the business that fails on a page gives way to ours: users go on.
    pub(super) fn render(&self, template: &str, context: &Context) -> Result<String, tera::Error> {
        let theirs = self.templates.as_ref().map(|templates| templates.render(template, context));
        match theirs {
            Some(Ok(html)) => Ok(html),
            Some(Err(error)) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                tracing::error!(template, "PAGES_DIR: {error}{}", cause.unwrap_or_default());
                BUILT_IN.render(template, context)
            }
            None => BUILT_IN.render(template, context),
        }
    }
}

/// `None` if the business has none of its own.
fn templates(folder: Option<&Path>) -> Result<Option<Tera>, PagesError> {
    let files = files(folder, "templates")?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut templates: Vec<_> =
        TEMPLATES.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect();
    // others would not be escaped
    for (name, path) in files.into_iter().filter(|(name, _)| name.ends_with(".html")) {
        templates.retain(|(known, _)| *known != name);
        templates.push((name, text(&path)?));
    }
    let mut tera = Tera::default();
    tera.add_raw_templates(templates).map_err(PagesError::Template)?;
    Ok(Some(tera))
}

/// Adds the logo and returns the name of its asset.
fn logo(assets: &mut Assets, path: &Path) -> Result<String, PagesError> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = format!("logo.{end}");
    let is_picture = matches!(end.as_str(), "svg" | "png" | "jpg" | "jpeg" | "webp");
    if is_picture && assets.insert(&name, bytes(path)?) {
        return Ok(name);
    }
    Err(PagesError::NotServed { path: path.to_owned() })
}

/// The files of one folder, by name. None if there is no such folder; but `PAGES_DIR` itself has to be there.
fn files(folder: Option<&Path>, part: &str) -> Result<Vec<(String, PathBuf)>, PagesError> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let unreadable = |source| PagesError::Unreadable { path: folder.join(part), source };
    fs::read_dir(folder).map_err(|source| PagesError::Unreadable { path: folder.to_owned(), source })?;
    let entries = match fs::read_dir(folder.join(part)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        // what editors and file managers leave behind
        let name = name.filter(|name| !name.starts_with('.') && !name.ends_with('~'));
        files.extend(name.filter(|_| path.is_file()).map(|name| (name, path)));
    }
    files.sort();
    Ok(files)
}

fn bytes(path: &Path) -> Result<Vec<u8>, PagesError> {
    let unreadable = |source| PagesError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(PagesError::TooLarge { path: path.to_owned() });
    }
    fs::read(path).map_err(unreadable)
}

fn text(path: &Path) -> Result<String, PagesError> {
    String::from_utf8(bytes(path)?).map_err(|_| PagesError::NotText { path: path.to_owned() })
}
