//! A file that a user sent with a page.

/// The kinds of files that can be asked for. What a file is shows in its first bytes, whatever the browser calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileType {
    /// A photo.
    Jpeg,
    /// A picture.
    Png,
    /// A document.
    Pdf,
}

impl FileType {
    /// Pictures and documents.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Pdf];

    /// `image/jpeg` and the like.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// What starts like this; says nothing about the rest, which may be broken or harmful.
    pub fn of(content: &[u8]) -> Option<Self> {
        let signature = |file: &Self| -> &[u8] {
            match file {
                Self::Jpeg => b"\xff\xd8\xff",
                Self::Png => b"\x89PNG\r\n\x1a\n",
                Self::Pdf => b"%PDF-",
            }
        };
        Self::ALL.into_iter().find(|file| content.starts_with(signature(file)))
    }
}

/// The content, in memory only: it is handed to the integration with its page, and not stored.
///
/// After a crash between `submit` and the commit of what it answered, the page is asked, and the file handed over,
/// again: keep it under the transaction's id and the field's name, so that it replaces the first one.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The bytes.
    pub content: Vec<u8>,
}

impl Upload {
    /// These bytes.
    pub const fn new(content: Vec<u8>) -> Self {
        Self { content }
    }

    /// What its first bytes say.
    pub fn file_type(&self) -> Option<FileType> {
        FileType::of(&self.content)
    }
}

/// Files are personal data: only their size is shown.
impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({} bytes)", self.content.len())
    }
}
