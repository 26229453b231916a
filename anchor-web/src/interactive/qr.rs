//! Codes for phones' cameras, drawn as one path of an inline SVG: no picture is loaded, no style attribute is needed.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};
use serde::Serialize;

/// The standard wants four light modules around the code.
const QUIET: usize = 4;

/// More would make modules too small for a phone's camera.
const BYTES_MAX: usize = 600;

/// What a template draws.
#[derive(Debug, Serialize)]
pub(super) struct Qr {
    /// Width and height in modules.
    size: usize,
    /// The dark modules, as the `d` of an SVG path.
    path: String,
    /// What it is for, for those who do not see it.
    label: String,
}

impl Qr {
    /// `None` if the text is too long to be read from a screen.
    pub(super) fn of(text: &str, label: String) -> Option<Self> {
        if text.is_empty() || text.len() > BYTES_MAX {
            return None;
        }
        let code = QrCode::new(text).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, modules) in code.to_colors().chunks(width).enumerate() {
            let mut column = 0;
            for run in modules.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                    // writing to a string cannot fail
                    let _infallible = write!(path, "M{x} {y}h{length}v1h-{length}z");
                }
                column += run.len();
            }
        }
        Some(Self { size: width + 2 * QUIET, path, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_its_finder_pattern_inside_a_quiet_zone() {
        let qr = Qr::of("hello", String::new());
        let (size, path) = qr.map(|qr| (qr.size, qr.path)).unwrap_or_default();
        assert_eq!(size, 21 + 8);
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
    }

    #[test]
    fn text_that_no_camera_would_read_has_no_code() {
        assert!(Qr::of(&"a".repeat(BYTES_MAX + 1), String::new()).is_none());
        assert!(Qr::of("", String::new()).is_none());
    }
}
