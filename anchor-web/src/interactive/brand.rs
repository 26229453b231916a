//! From one colour to a style that can be read in light and dark (WCAG 2.2 §1.4.3).

use anchor_core::config::Color;

/// What the pages' style calls `--act-ground`: the darkest ground in light mode that links stand on, and the lightest
/// in dark mode.
const LIGHT: Color = Color::new([0xee, 0xf2, 0xff]);
const DARK: Color = Color::new([0x1d, 0x25, 0x45]);
const WHITE: Color = Color::new([255; 3]);
const INK: Color = Color::new([0x0b, 0x0d, 0x12]);

/// Relative luminance in millionths for every 15th value of a channel (IEC 61966-2-1); in between it is interpolated.
const LINEAR: [u64; 18] = [
    0, 4777, 12983, 26241, 45186, 70360, 102242, 141263, 187821, 242281, 304987, 376262, 456411, 545724,
    644480, 752942, 871367, 1_000_000,
];

/// Overrides the accent of the pages' style.
pub(super) fn style(color: Color) -> String {
    let (light, dark) = (readable_on(color, LIGHT), readable_on(color, DARK));
    let rule = |accent| format!(":root{{--accent:{accent};--on-accent:{}}}", ink_on(accent));
    format!("\n{}\n@media (prefers-color-scheme: dark){{{}}}\n", rule(light), rule(dark))
}

/// The colour itself if it is readable on this ground, else the nearest mixture with black or white that is.
fn readable_on(color: Color, ground: Color) -> Color {
    let end = if luminance(ground) > 180_000 { 0 } else { 255 };
    let mixed = |percent: u64| {
        color.rgb().map(|channel| {
            let mixed = (u64::from(channel) * (100 - percent) + end * percent) / 100;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        })
    };
    let steps = (0..=100).map(|percent| Color::new(mixed(percent)));
    steps.into_iter().find(|color| is_readable(*color, ground)).unwrap_or(WHITE)
}

/// White or almost black, whichever contrasts more.
fn ink_on(color: Color) -> Color {
    if contrast_permille(WHITE, color) >= contrast_permille(INK, color) { WHITE } else { INK }
}

fn is_readable(one: Color, other: Color) -> bool {
    contrast_permille(one, other) >= 4_500
}

fn contrast_permille(one: Color, other: Color) -> u64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 50_000) * 1000 / (one.min(other) + 50_000)
}

/// In millionths.
fn luminance(color: Color) -> u64 {
    let [red, green, blue] = color.rgb().map(linear);
    (red * 2126 + green * 7152 + blue * 722) / 10_000
}

fn linear(channel: u8) -> u64 {
    let (step, rest) = (usize::from(channel) / 15, u64::from(channel) % 15);
    let low = LINEAR[step];
    let high = LINEAR.get(step + 1).copied().unwrap_or(low);
    low + (high - low) * rest / 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_what_the_guidelines_say() {
        let color = |text: &str| text.parse::<Color>().unwrap_or(WHITE);
        assert_eq!(contrast_permille(WHITE, color("#000000")), 21_000);
        for (text, expected) in [("#767676", 4_540), ("#ff0000", 3_990), ("#2b4fd8", 6_540)] {
            let found = contrast_permille(WHITE, color(text));
            assert!(found.abs_diff(expected) < 60, "{text}: {found}");
        }
    }

    #[test]
    fn every_colour_becomes_readable_in_light_and_dark() {
        for text in ["#ffff00", "#000000", "#ffffff", "#2b4fd8", "#00b386", "#7f7f7f", "#ff6600"] {
            let color: Color = text.parse().unwrap_or(WHITE);
            for ground in [LIGHT, DARK] {
                let accent = readable_on(color, ground);
                assert!(is_readable(accent, ground), "{text} on {ground}: {accent}");
                assert!(is_readable(ink_on(accent), accent), "{text}: {accent}");
            }
        }
    }

    #[test]
    fn colour_that_is_readable_stays_as_it_is() {
        assert!(style(Color::new([0x2b, 0x4f, 0xd8])).contains("--accent:#2b4fd8;--on-accent:#ffffff"));
    }
}
