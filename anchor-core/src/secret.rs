//! Values that must not be seen.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

/// Holds a secret: prints as `[redacted]`, cannot be serialised, and is overwritten when dropped.
///
/// Not comparable either: compare secrets in constant time, after [`expose`](Self::expose).
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in. Copies made before are the caller's to wipe.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself: keep it short-lived, and out of logs and errors.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl FromStr for Secret<String> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
