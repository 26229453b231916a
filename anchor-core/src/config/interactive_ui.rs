use std::fmt;

use url::Url;

use crate::secret::Secret;

/// The business's own pages instead of the hosted ones (`INTERACTIVE_UI_URL`, `INTERACTIVE_UI_KEY`).
#[derive(Clone)]
#[non_exhaustive]
pub struct InteractiveUi {
    /// Where users are sent; a signed `token` is added to its query.
    pub url: Url,
    /// Shared with the pages: the first signs the hand-over, all are accepted on the way back.
    pub keys: Vec<Secret<String>>,
}

impl fmt::Debug for InteractiveUi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InteractiveUi").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}
