use std::fmt;

use url::Url;

use super::Reader;
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

impl Reader<'_> {
    pub(super) fn interactive_ui(&mut self, local_mode: bool) -> Option<InteractiveUi> {
        let url = self.url("INTERACTIVE_UI_URL")?;
        if url.scheme() != "https" && !local_mode {
            self.problem("INTERACTIVE_UI_URL", "an https:// address (http:// needs LOCAL_MODE=1)");
        }
        let keys = self.secrets("INTERACTIVE_UI_KEY");
        if keys.iter().any(|key| self.text("SERVER_JWT_KEY").is_some_and(|all| all.contains(key.expose()))) {
            self.problem("INTERACTIVE_UI_KEY", "another key than SERVER_JWT_KEY");
        }
        Some(InteractiveUi { url, keys })
    }
}
