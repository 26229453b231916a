//! The nonce among the arguments: decimal digits, as in the SEP's samples, that say until when the challenge is good, and
//! that nobody can guess.

/// Unix seconds until the year 2286.
const TIME_DIGITS: usize = 10;

/// All numbers of 128 bits.
const RANDOM_DIGITS: usize = 39;

/// Larger times do not fit.
const TIME_MAX: u64 = 9_999_999_999;

/// `None` for a time that no challenge has.
pub(super) fn write(max_time: u64, random: u128) -> Option<String> {
    (max_time <= TIME_MAX).then(|| format!("{max_time:010}{random:039}"))
}

/// Until when the challenge is good. That it is a nonce of ours is not said by its form, but by our signature.
pub(super) fn max_time(text: &str) -> Option<u64> {
    let is_ours = text.len() == TIME_DIGITS + RANDOM_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.get(..TIME_DIGITS).filter(|_| is_ours)?.parse().ok()
}
