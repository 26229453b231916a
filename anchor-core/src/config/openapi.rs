use super::Reader;

impl Reader<'_> {
    pub(super) fn openapi_path(&mut self) -> Option<String> {
        let path = self.text("OPENAPI_PATH")?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let mut parts = path.split('/');
        let is_rooted = parts.next() == Some("");
        if !is_rooted || !parts.all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain)) {
            self.problem("OPENAPI_PATH", "a path such as /openapi.json");
            return None;
        }
        Some(path)
    }
}
