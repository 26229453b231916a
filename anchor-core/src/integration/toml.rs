//! The last word on stellar.toml.

/// Amends the generated stellar.toml, for what neither a setting nor the file of `STELLAR_TOML` can say.
///
/// # Example
/// ```
/// use anchor_core::integration::TomlIntegration;
///
/// struct Validators;
///
/// impl TomlIntegration for Validators {
///     fn amend(&self, document: &mut toml::Table) {
///         document.insert("URI_REQUEST_SIGNING_KEY".into(), "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ".into());
///     }
/// }
/// ```
pub trait TomlIntegration: Send + Sync {
    /// Changes the document before it is served.
    ///
    /// # When it is called
    /// Once, at start.
    /// # What to return
    /// Nothing; the start fails if signing key, passphrase or endpoints were changed.
    /// # If it is called twice
    /// Must do the same.
    /// # If it fails
    /// It cannot.
    fn amend(&self, document: &mut toml::Table);
}
