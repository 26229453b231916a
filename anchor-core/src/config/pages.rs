//! How the hosted pages look.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::Reader;

/// `BRAND_COLOR`, `BRAND_LOGO` and `PAGES_DIR`. The name on the pages is `ORG_NAME`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PagesConfig {
    /// `BRAND_COLOR`: buttons and links; ours if absent.
    pub color: Option<Color>,
    /// `BRAND_LOGO`: a picture (SVG, PNG, JPEG or WebP) beside the name.
    pub logo: Option<PathBuf>,
    /// `PAGES_DIR`: files that take the place of ours, or add to them.
    pub folder: Option<PathBuf>,
}

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// Not six hexadecimal digits after a `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written #rrggbb")]
pub struct ColorError;

impl Color {
    /// From red, green and blue.
    pub const fn new(rgb: [u8; 3]) -> Self {
        Self(rgb)
    }

    /// Red, green and blue.
    pub const fn rgb(self) -> [u8; 3] {
        self.0
    }
}

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(ColorError)?;
        let mut rgb = [0; 3];
        hex::decode_to_slice(digits, &mut rgb).map_err(|_| ColorError)?;
        Ok(Self(rgb))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Reader<'_> {
    pub(super) fn pages(&mut self) -> PagesConfig {
        let color = self.text("BRAND_COLOR").and_then(|text| {
            let color = text.parse().ok();
            if color.is_none() {
                self.problem("BRAND_COLOR", "a colour such as #2b4fd8");
            }
            color
        });
        let path = |name| self.text(name).map(PathBuf::from);
        PagesConfig { color, logo: path("BRAND_LOGO"), folder: path("PAGES_DIR") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_read_as_it_is_written() {
        assert_eq!("#2B4fd8".parse::<Color>().map(|color| color.to_string()).as_deref(), Ok("#2b4fd8"));
        for wrong in ["", "#", "2b4fd8", "#2b4fd", "#2b4fd88", "#2b4fdg", "red", "#ééé", "url(x)"] {
            assert_eq!(wrong.parse::<Color>(), Err(ColorError), "{wrong}");
        }
    }
}
